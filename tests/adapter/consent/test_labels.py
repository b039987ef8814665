"""Labels wherever they stand, and items that are several strict kinds at once."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.case_facts import classify_carried
from adapter.consent.labels import labels_of
from adapter.consent.law import classify_resource, data_classes_of, is_part2, material, material_of, strict_kinds
from mappings.fhir.carried import Carried
from tests.adapter.consent.given import CONSENT, TPO_CONSENT, TREATMENT, decided
from tests.adapter.consent.given import REPORT as GIVEN
from tests.small_case import BASE, PATIENT, REPORT, bundle, export

INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
PART2 = {"code": "42CFRPart2"}


def _document(**more: Any) -> dict[str, Any]:
    return {"resourceType": "DocumentReference", "status": "current", **more}


PLACES: dict[str, dict[str, Any]] = {
    "securityLabel": _document(securityLabel=[{"coding": [PART2]}]),
    "securityLabel-of-contained": _document(contained=[_document(securityLabel=[{"coding": [PART2]}])]),
    "inline-on-the-resource": _document(extension=[{"url": INLINE, "valueCoding": PART2}]),
    "inline-deep": _document(
        content=[{"attachment": {"_title": {"extension": [{"url": INLINE, "valueCoding": PART2}]}}}]
    ),
    "inline-concept": _document(extension=[{"url": INLINE, "valueCodeableConcept": {"coding": [PART2]}}]),
    "inside-a-bundle": {
        "resourceType": "Bundle",
        "entry": [{"resource": _document(meta={"security": [{"code": " 42cfrpart2 "}]})}],
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_a_label_binds_wherever_it_stands(place: str) -> None:
    item = classify_resource(PLACES[place])
    assert item is not None
    assert item.part2 is True
    assert item.labels == ("42CFRPart2",)


def test_the_confidentiality_of_a_composition_is_read() -> None:
    item = classify_resource({"resourceType": "Composition", "status": "final", "confidentiality": "V"})
    assert item is not None
    assert item.confidentiality == "V"


def test_other_extensions_and_codes_are_no_labels() -> None:
    other = {"url": "http://example.org/inline", "valueCoding": PART2}
    item = classify_resource(
        _document(extension=[other], type={"coding": [PART2]}, confidentiality=5, securityLabel="x")
    )
    assert item is not None
    assert (item.part2, item.labels, item.confidentiality) == (False, (), None)


def test_the_labels_of_a_bundle_bind_its_entries() -> None:
    item = classify_resource(_document(), [PART2, {"code": "PSYTHPN"}, 5])
    assert item is not None
    assert (item.kind, item.also, item.part2) == ("psychotherapy_notes", ("sud_program_record",), True)


def test_a_carried_resource_is_bound_by_the_labels_it_was_carried_with() -> None:
    carried = Carried(unit="u", base="https://e", full_url="https://e/D/1", resource=_document(), labels=(PART2,))
    item = classify_carried(carried)
    assert item is not None
    assert item.part2 is True


@pytest.mark.parametrize("papers", [("psychotherapy",), ("part2",), ()])
def test_a_psychotherapy_note_of_a_part_2_program_needs_both_papers(papers: tuple[str, ...]) -> None:
    facts = classify_resource(_document(meta={"security": [PART2, {"code": "PSYTHPN"}]}))
    assert facts is not None
    both = msgspec.to_builtins(material_of("both", facts))
    given = {"psychotherapy_authorization": CONSENT} if "psychotherapy" in papers else {}
    given |= {"part2_consent": TPO_CONSENT} if "part2" in papers else {}
    assert decided(TREATMENT, GIVEN, both, **given).released == ("report",)
    all_given = {"psychotherapy_authorization": CONSENT, "part2_consent": TPO_CONSENT}
    assert decided(TREATMENT, GIVEN, both, **all_given).released == ("report", "both")


@pytest.mark.parametrize("also", [("sud_counseling_notes",), ("sud_program_record", "sud_counseling_notes")])
def test_counseling_notes_hidden_under_another_kind_still_need_their_own_consent(also: tuple[str, ...]) -> None:
    item = msgspec.to_builtins(material("both", "psychotherapy_notes", also=also))
    given = {"psychotherapy_authorization": CONSENT, "part2_consent": TPO_CONSENT}
    assert decided(TREATMENT, GIVEN, item, **given).released == ("report",)
    given |= {"counseling_notes_consent": TPO_CONSENT}
    assert decided(TREATMENT, GIVEN, item, **given).released == ("report", "both")


def test_a_psychotherapy_note_hidden_under_another_kind_is_outside_the_right_of_access() -> None:
    item = msgspec.to_builtins(material("both", "sud_program_record", also=("psychotherapy_notes",)))
    assert decided(TREATMENT, GIVEN, item, part2_consent=TPO_CONSENT).released == ("report",)


def test_every_kind_brings_its_classes_of_data() -> None:
    item = material("m", "psychotherapy_notes", also=("sud_program_record",))
    assert data_classes_of(item) == {"mental_health", "sud"}
    assert is_part2(item) is True


def test_several_kinds_told_become_one_and_the_strict_rest() -> None:
    assert strict_kinds("pathology_report", "history_letter") == ("history_letter", ())
    assert strict_kinds("sud_program_record", "history_letter", "psychotherapy_notes") == (
        "sud_program_record",
        ("psychotherapy_notes",),
    )
    assert strict_kinds("sud_program_record", "sud_counseling_notes", "sud_counseling_notes") == (
        "sud_program_record",
        ("sud_counseling_notes",),
    )
    assert strict_kinds("clinical_record", None) == ("clinical_record", ())


def test_the_label_of_a_bundle_keeps_its_entries_back(tmp_path: Path) -> None:
    inside = bundle((f"{BASE}/DiagnosticReport/report", REPORT | {"subject": {"reference": f"{BASE}/Patient/p"}}))
    files = {"fhir/p.json": PATIENT, "fhir/b.json": inside | {"meta": {"security": [PART2]}}}
    made = export(tmp_path, files)
    assert [path for path, content in made.items() if b"Sarcoma of the thigh" in content] == []


def test_a_label_is_read_whatever_shape_its_code_has() -> None:
    for code in ({"value": "HIV"}, ["HIV"], [{"value": [" hiv "]}]):
        assert labels_of({"meta": {"security": [{"code": code}]}}) == {"hiv"}


def test_an_inline_label_may_be_a_code_alone_or_several() -> None:
    for held in ({"valueCode": "HIV"}, {"valueCode": ["HIV"]}, {"valueCoding": {"code": "HIV"}}):
        assert labels_of({"extension": [{"url": f"{INLINE}/", **held}]}) == {"hiv"}
