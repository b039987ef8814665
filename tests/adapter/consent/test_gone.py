"""Every way in which a text, a reference or a number names what stays behind, beside one that names another thing."""

from typing import Any

import pytest

from adapter.consent.gone import Gone, plain
from mappings.fhir.carried import Carried

BASE = "https://ehr.example/r4"
MRN = "https://ehr.example/sid/mrn"
NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "id": "note",
    "identifier": [{"system": MRN, "value": "NOTE-4711"}, {"value": "X-777777"}],
    "requisition": {"system": MRN, "value": "inner"},
}
REPORT: dict[str, Any] = {
    "resourceType": "DiagnosticReport",
    "id": "report",
    "identifier": [{"system": MRN, "value": "R-1"}],
}
URL = f"{BASE}/DocumentReference/note"


def cleaned(conclusion: Any, going: dict[str, Any] = REPORT, **more: Any) -> dict[str, Any]:
    """What is left of a report that holds a value, when the note stays behind."""
    resource = {**going, "conclusion": conclusion, **more}
    item = Carried(unit="u", base=BASE, full_url=f"{BASE}/DiagnosticReport/report", resource=resource)
    return Gone([URL], [NOTE], [REPORT]).cleaned(item).resource


@pytest.mark.parametrize(
    "text",
    [
        "see DocumentReference/note",
        "see DocumentReference/note.",
        f"see {URL} for more",
        "HTTPS://EHR.example:443/r4/DocumentReference/note",
        "http://ehr.example/r4/DocumentReference/note",
        "see Document%52eference/note",
        "DocumentReference/note/_history/3",
        "DocumentReference?_id=note",
        "DocumentReference?status=current&_id=note",
        "DocumentReference?status=current&amp;_id=note",
        "DocumentReference?_id:exact=note",
        f"{BASE}/DocumentReference?_id=note",
        f"DocumentReference?identifier={MRN}|NOTE-4711",
        f"DocumentReference?identifier:exact={MRN}|NOTE-4711",
        "DocumentReference?identifier=NOTE-4711",
        "DocumentReference?identifier=%7CX-777777",
        "the note X-777777",
        "NOTE-4711",
        "(NOTE-4711)",
    ],
)
def test_a_text_that_names_it_goes(text: str) -> None:
    assert "conclusion" not in cleaned(text)


@pytest.mark.parametrize(
    "text",
    [
        "see DocumentReference/other",
        "see DiagnosticReport/note",
        "https://other.example/r4/DocumentReference/note",
        "DocumentReference?_id=other",
        "DiagnosticReport?_id=note",
        "https://other.example/r4/DocumentReference?_id=note",
        "DocumentReference?name=note",
        f"DocumentReference?identifier={MRN}|R-1",
        "DocumentReference?identifier=R-1",
        f"DocumentReference?subject={MRN}|NOTE-4711x",
        "NOTE-47112",
        "XNOTE-4711",
        "a note of the nurse",
    ],
)
def test_a_text_that_names_another_thing_stays(text: str) -> None:
    assert cleaned(text)["conclusion"] == text


@pytest.mark.parametrize(
    "value",
    [
        {"reference": "DocumentReference/note"},
        {"reference": URL, "display": "a note"},
        {"identifier": {"system": MRN, "value": "NOTE-4711"}},
        {"identifier": {"system": MRN, "value": "NOTE-4711"}, "type": "DocumentReference", "display": "note"},
        {"identifier": {"system": MRN, "value": "inner"}},
        {"system": MRN, "value": "NOTE-4711"},
        {"identifier": {"value": "NOTE-4711"}},
        {"identifier": {"system": "urn:oid:1.2", "value": "X-777777"}},
    ],
)
def test_a_reference_or_a_number_that_means_it_goes(value: dict[str, Any]) -> None:
    left = cleaned("kept", result=[value, {"reference": "Observation/o"}])
    assert left["result"] == [{"reference": "Observation/o"}]
    assert left["conclusion"] == "kept"


@pytest.mark.parametrize(
    "value",
    [
        {"reference": "DocumentReference/other"},
        {"identifier": {"system": MRN, "value": "R-1"}},
        {"identifier": {"system": "https://other.example/sid", "value": "NOTE-4712"}},
        {"system": MRN, "value": "R-1"},
        {"system": "phone", "value": "R-1"},
    ],
)
def test_a_reference_or_a_number_of_another_thing_stays(value: dict[str, Any]) -> None:
    assert cleaned("kept", result=[value])["result"] == [value]


def test_the_element_around_the_name_goes_with_it_and_the_resource_says_so() -> None:
    about = {"text": "see the note", "related": {"reference": "DocumentReference/note"}}
    left = cleaned("kept", extension=[{"url": "urn:a", "valueAnnotation": about}, {"url": "urn:b", "valueCode": "c"}])
    assert left["extension"] == [{"url": "urn:b", "valueCode": "c"}]
    assert [tag["code"] for tag in left["meta"]["tag"]] == ["SUBSETTED"]


def test_what_names_nothing_is_the_same_object() -> None:
    item = Carried(unit="u", base=BASE, full_url=f"{BASE}/DiagnosticReport/report", resource=dict(REPORT))
    assert Gone([URL], [NOTE], [REPORT]).cleaned(item) is item
    assert Gone([], [], [REPORT]).cleaned(item) is item


def test_a_number_that_something_that_goes_has_too_is_looked_for_in_no_text() -> None:
    shared = {**REPORT, "identifier": [{"system": MRN, "value": "NOTE-4711"}]}
    item = Carried(
        unit="u", base=BASE, full_url=f"{BASE}/DiagnosticReport/report", resource={**shared, "conclusion": "NOTE-4711"}
    )
    left = Gone([URL], [NOTE], [shared]).cleaned(item).resource
    assert (left["conclusion"], left["identifier"]) == ("NOTE-4711", shared["identifier"])


def test_a_short_number_is_looked_for_in_no_text() -> None:
    short = {**NOTE, "identifier": [{"system": MRN, "value": "12345"}]}
    resource = {**REPORT, "conclusion": "12345 cells", "result": [{"identifier": {"system": MRN, "value": "12345"}}]}
    item = Carried(unit="u", base=BASE, full_url=f"{BASE}/DiagnosticReport/report", resource=resource)
    left = Gone([URL], [short], [REPORT]).cleaned(item).resource
    assert left["conclusion"] == "12345 cells"
    assert "result" not in left


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://EHR.example:443/r4/X/1", "http://ehr.example:80/r4/X/1"),
        ("urn:uuid:0D9E6A0E-0000-4000-8000-00000000000A", "URN:UUID:0d9e6a0e-0000-4000-8000-00000000000a"),
        ("https://ehr.example/r4/Document%52eference/n", "https://ehr.example/r4/DocumentReference/n"),
    ],
)
def test_two_ways_to_write_one_address(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://ehr.example/r4/X/a", "https://ehr.example/r4/X/A"),
        ("https://ehr.example:8443/r4/X/a", "https://ehr.example/r4/X/a"),
        ("http://ehr.example:443/r4/X/a", "http://ehr.example/r4/X/a"),
    ],
)
def test_two_addresses(one: str, other: str) -> None:
    assert plain(one) != plain(other)


FULL: dict[str, Any] = {
    "use": "official",
    "type": {"text": "number"},
    "system": MRN,
    "value": "12345",
    "period": {"start": "2026"},
    "assigner": {"display": "Holder"},
    "id": "a",
    "extension": [{"url": "urn:x", "valueCode": "y"}],
}
SHORT: dict[str, Any] = {**NOTE, "identifier": [{"system": MRN, "value": "12345"}]}


def left(held: dict[str, Any], *gone: dict[str, Any], going: dict[str, Any] = REPORT, url: str = URL) -> dict[str, Any]:
    """What is left of a report that holds this, when these stay behind."""
    item = Carried(unit="u", base=BASE, full_url=f"{BASE}/DiagnosticReport/report", resource={**REPORT, **held})
    return Gone([url], gone or (SHORT,), [going]).cleaned(item).resource


def test_an_identifier_with_all_its_members_is_one() -> None:
    assert "result" not in left({"result": [FULL]})
    assert "result" not in left({"result": [{"identifier": FULL}]})
    assert left({"result": [FULL | {"value": "12346"}]})["result"] == [FULL | {"value": "12346"}]


def test_a_reference_with_all_its_members_is_one() -> None:
    """By a number that what goes has too: nobody can tell which of both is meant."""
    number = {"system": MRN, "value": "12345"}
    whole = {
        "reference": "#x", "type": "DocumentReference", "identifier": number, "display": "a note", "id": "a",
        "extension": [{"url": "urn:x", "valueCode": "y"}],
    }  # fmt: skip
    shared = {**REPORT, "identifier": [number]}
    for told in (whole, {"identifier": number}):
        found = left({"identifier": [number], "result": [told, {"display": "another"}]}, going=shared)
        assert found["result"] == [{"display": "another"}]
        assert found["identifier"] == [number]


def test_who_assigned_a_number_goes_and_the_number_stays() -> None:
    told = FULL | {"value": "R-2", "assigner": {"reference": "DocumentReference/note"}}
    plain_number = {name: value for name, value in told.items() if name != "assigner"}
    assert left({"identifier": [told]})["identifier"] == [plain_number]


@pytest.mark.parametrize("issuer", ["https://other.example/sid", "urn:oid:1.2.3"])
def test_a_short_number_of_another_issuer_is_another_number(issuer: str) -> None:
    told = {"result": [{"system": issuer, "value": "12345"}]}
    assert left(told)["result"] == told["result"]


def test_what_has_a_word_where_a_number_has_its_issuer_is_no_number() -> None:
    bare = {**NOTE, "identifier": [{"value": "12345"}]}
    told = {"telecom": [{"system": "phone", "value": "12345"}], "result": [{"value": "12345"}]}
    found = left(told, bare)
    assert found["telecom"] == told["telecom"]
    assert "result" not in found


def test_a_search_by_a_bare_number_finds_what_has_it_alone() -> None:
    """A number without its issuer in a search is that of any issuer (R4, search by token)."""
    bare = {**NOTE, "identifier": [{"value": "777777"}]}
    assert "conclusion" not in left({"conclusion": "see DocumentReference?identifier=777777"}, bare)
    short = {**NOTE, "identifier": [{"value": "12345"}]}
    assert "conclusion" not in left({"conclusion": "see DocumentReference?identifier=12345"}, short)
    assert "conclusion" in left({"conclusion": "see DocumentReference?_tag=12345"}, short)
    assert "conclusion" not in left({"conclusion": "see DocumentReference?identifier=%7C777777"}, bare)
    assert "conclusion" not in left({"conclusion": f"DocumentReference?identifier={MRN}|12345"})
    assert "conclusion" in left({"conclusion": f"DocumentReference?identifier={MRN}|12346"})


def test_a_urn_in_a_text_is_found_however_it_is_written() -> None:
    urn = "urn:uuid:0d9e6a0e-0000-4000-8000-00000000000a"
    for text in (urn, f"see {urn} there", f"see {urn.upper()}", f"URN:OID:1.2 and {urn.upper()}."):
        assert "conclusion" not in left({"conclusion": text}, url=urn)
    assert "conclusion" in left({"conclusion": "see urn:uuid:0d9e6a0e-0000-4000-8000-00000000000b"}, url=urn)


def test_a_name_that_goes_on_after_that_of_what_stays_is_another() -> None:
    assert "conclusion" in left({"conclusion": "see DocumentReference/noteX"})
    assert "conclusion" not in left({"conclusion": "see DocumentReference/note..."})
