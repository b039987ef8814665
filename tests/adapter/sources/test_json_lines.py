"""A FHIRPath leads to the line of a JSON text where it stands, or to the nearest around it."""

import pytest

from adapter.sources.json_lines import lines_of

TEXT = b"""\xef\xbb\xbf
{
  "resourceType": "Bundle",
  "entry": [
    {"fullUrl": "a",
     "resource": {"resourceType": "Patient", "active": true, "name": [
        {"text": "}]{["},
        {"given": [
           "A",
           null,
           "C"
         ],
         "_given": [
           null, {"id":
           "x"}
         ]}
     ]}
    },
    null,
    {"resource": {
       "valueQuantity": {
         "value": 1.0,
         "unit": "mg" },
       "status": "final",
       "deep": [[1], [{"status": 1}]]}}
  ]
}
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("Bundle", 2),
        ("Bundle.entry", 4),
        ("Bundle.entry[0].fullUrl", 5),
        ("Bundle.entry[0].resource.active", 6),
        ("Bundle.entry[0].resource.name[0].text", 7),
        ("Bundle.entry[0].resource.name[1]", 8),
        ("Bundle.entry[0].resource.name[1].given[0]", 9),
        ("Bundle.entry[0].resource.birthDate", 6),
        ("Bundle.entry[2]", 20),
        ("Bundle.entry[2].resource.value.ofType(Quantity).value", 22),
        ("Bundle.entry[2].resource.value.ofType(Quantity).code", 21),
        ("Bundle.entry[2].resource.status", 24),
        ("Bundle.entry[2].resource.text", 20),
        ("Bundle.entry[7].resource", 4),
        ("Bundle.entry[2].resource.deep[1].status", 25),
    ],
)
def test_a_place_leads_to_its_line(place: str, line: int) -> None:
    assert lines_of(TEXT, [place]) == {place: line}


def test_many_places_are_found_in_one_pass() -> None:
    places = ["Bundle.entry[2].resource.status", "Bundle.entry[0].fullUrl", "Bundle.entry[2].resource.status"]
    assert lines_of(TEXT, places) == {"Bundle.entry[2].resource.status": 24, "Bundle.entry[0].fullUrl": 5}


@pytest.mark.parametrize("data", [b"[]", b"5", b"", b'{"a"', b'{"a": [', b'{"a": {"b"'])
def test_any_text_has_an_end(data: bytes) -> None:
    assert lines_of(data, ["Patient.a.b"]) == {"Patient.a.b": 1}
