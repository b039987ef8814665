"""What a resource or a study is in law."""

from typing import Any

import msgspec
import pytest

from adapter.consent.groups import Material
from adapter.consent.law import classify_resource, classify_study, is_physical, kinds, material, material_of
from tests.adapter.consent.given import TREATMENT, decided

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0074"


def _report(**more: Any) -> dict[str, Any]:
    return {"resourceType": "DiagnosticReport", "status": "final", **more}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (_report(category=[_concept(V2, "SP")]), "pathology_report"),
        (_report(category=[_concept("http://loinc.org", "LP7839-6")]), "pathology_report"),
        (_report(category=[_concept(V2, "RAD")]), "radiology_report"),
        (_report(category=[_concept(V2, "LAB")]), "laboratory_report"),
        (_report(category=[_concept(V2, "LAB"), _concept(V2, "GE")]), "genetic_report"),
        (_report(code=_concept("http://loinc.org", "11526-1"), category=[_concept(V2, "LAB")]), "pathology_report"),
        (_report(code=_concept("http://loinc.org", "60570-9")), "second_opinion_report"),
        (_report(category=[_concept("urn:local", "SP")]), "clinical_record"),
        (_report(), "clinical_record"),
        ({"resourceType": "DocumentReference", "type": _concept("http://loinc.org", "18748-4")}, "radiology_report"),
        (
            {"resourceType": "Composition", "type": _concept("http://loinc.org", "64292-6")},
            "administrative_record",
        ),
        ({"resourceType": "Consent", "scope": _concept("urn:local", "x")}, "administrative_record"),
        (
            {
                "resourceType": "Consent",
                "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "adr"),
            },
            "clinical_record",
        ),
        ({"resourceType": "AuditEvent"}, "administrative_record"),
        ({"resourceType": "Claim"}, "billing_record"),
        ({"resourceType": "Binary"}, "undeclared_document"),
        ({"resourceType": "Bundle"}, "undeclared_document"),
        ({}, "undeclared_document"),
        ({"resourceType": ["Patient"]}, "undeclared_document"),
        ({"resourceType": "Specimen"}, "clinical_record"),
        ({"resourceType": "SomethingNew"}, "clinical_record"),
        ({"resourceType": "Device", "patient": {"reference": "Patient/1"}}, "clinical_record"),
        ({"resourceType": "ImagingStudy", "modality": [{"system": "urn:x", "code": "SM"}]}, "imaging_study"),
        (
            {
                "resourceType": "ImagingStudy",
                "series": [{"modality": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "SM"}}],
            },
            "whole_slide_image",
        ),
    ],
)
def test_kind_by_type_category_and_code(resource: dict[str, Any], kind: str) -> None:
    item = classify_resource(resource)
    assert item is not None
    assert item.kind == kind


@pytest.mark.parametrize(
    "name", ["Patient", "Practitioner", "Organization", "Coverage", "RelatedPerson", "Provenance", "Endpoint", "Device"]
)
def test_who_and_where_are_no_items(name: str) -> None:
    assert classify_resource({"resourceType": name}) is None


@pytest.mark.parametrize(
    ("label", "kind", "part2", "data_class"),
    [
        ("PSYTHPN", "psychotherapy_notes", False, "mental_health"),
        ("HIPAAPsyNotes", "psychotherapy_notes", False, "mental_health"),
        ("42CFRPart2", "sud_program_record", True, "sud"),
        ("ETH", "sud_program_record", True, "sud"),
        ("SUD", "sud_program_record", True, "sud"),
        ("HIV", "pathology_report", False, "hiv"),
        ("GDIS", "pathology_report", False, "genetic"),
    ],
)
@pytest.mark.parametrize("system", [ACT, "urn:local", None])
def test_a_label_counts_in_any_system(label: str, kind: str, part2: bool, data_class: str, system: str | None) -> None:
    coding = {"code": label} | ({"system": system} if system else {})
    item = classify_resource(_report(category=[_concept(V2, "SP")], meta={"security": [coding]}))
    assert item is not None
    assert (item.kind, item.part2, item.data_classes[0]) == (kind, part2, data_class)


def test_labels_add_up() -> None:
    labels = [{"code": "SUD"}, {"code": "HIV"}, {"code": "PSYTHPN"}, {"code": "R"}]
    item = classify_resource(_report(meta={"security": labels}))
    assert item is not None
    assert (item.kind, item.part2, item.confidentiality) == ("psychotherapy_notes", True, "R")
    assert set(item.data_classes) == {"sud", "hiv", "mental_health"}


def test_a_labelled_supporting_resource_is_decided_about() -> None:
    item = classify_resource({"resourceType": "RelatedPerson", "meta": {"security": [{"code": "SUD"}]}})
    assert item is not None
    assert item.part2 is True


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "DiagnosticReport", "meta": 3, "code": "x", "category": {"coding": 5}, "status": ["final"]},
        {"resourceType": "DiagnosticReport", "meta": {"security": [3, None, {"code": ["HIV"]}]}, "category": [None]},
        {"resourceType": "ImagingStudy", "series": {"modality": 4}, "modality": "CT"},
        {"resourceType": None},
    ],
)
def test_malformed_input_is_classified_and_never_raises(resource: dict[str, Any]) -> None:
    assert classify_resource(resource) is not None


@pytest.mark.parametrize(
    ("status", "completed"), [("partial", False), ("final", True), ("cancelled", None), (None, None)]
)
def test_an_unfinished_report_says_so(status: str | None, completed: bool | None) -> None:
    item = classify_resource({"resourceType": "DiagnosticReport", "status": status})
    assert item is not None
    assert item.completed is completed


def test_studies_by_modality() -> None:
    studies: tuple[list[str], ...] = (["SM"], ["CT"], ["SR", "MR"], ["PT", "CT"], ["CT", "SM"], ["US"], [])
    assert [classify_study(each) for each in studies] == [
        "whole_slide_image", "ct_study", "mr_study", "ct_study", "whole_slide_image", "imaging_study", "imaging_study",
    ]  # fmt: skip


def test_a_kind_gives_its_defaults_and_a_line_overrides_them() -> None:
    assert material("m", "glass_slide").maintained_in == "physical"
    assert material("m", "qa_peer_review_file").in_drs is False
    assert material("m", "pathology_report", in_drs=False).in_drs is False
    assert material("m", "martian").in_drs is None


def test_a_classified_psychotherapy_note_does_not_leave() -> None:
    note = classify_resource(_report(meta={"security": [{"code": "PSYTHPN"}]}))
    plain = classify_resource(_report())
    assert note is not None
    assert plain is not None
    facts = [material_of("note", note), material_of("plain", plain)]
    decision = decided(TREATMENT, *(msgspec.to_builtins(fact) for fact in facts))
    assert decision.released == ("plain",)


def test_every_kind_the_rules_name_is_in_the_table() -> None:
    named = {"psychotherapy_notes", "litigation_compilation", "sud_counseling_notes", "administrative_record"}
    assert named <= set(kinds())
    assert {kind for kind, row in kinds().items() if row.part2} == {"sud_program_record", "sud_counseling_notes"}
    assert {kind for kind, row in kinds().items() if row.material == "physical"} == {
        "glass_slide", "paraffin_block", "tissue_specimen",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("consent", "kind"),
    [
        ({"scope": _concept("urn:local", "x")}, "administrative_record"),
        ({}, "administrative_record"),
        ({"scope": _concept(CONSENT_SCOPE, "treatment")}, "clinical_record"),
        (
            {"scope": _concept(CONSENT_SCOPE, "treatment"), "category": [_concept(ACT, "IDSCL")]},
            "administrative_record",
        ),
    ],
)
def test_what_contains_a_consent_is_a_record_of_it_unless_it_is_to_care(consent: dict[str, Any], kind: str) -> None:
    order = {"resourceType": "ServiceRequest", "contained": [{"resourceType": "Consent", **consent}]}
    item = classify_resource(order)
    assert item is not None
    assert item.kind == kind


@pytest.mark.parametrize("name", ["DiagnosticReport", "Observation"])
@pytest.mark.parametrize(
    ("status", "completed"),
    [("preliminary", False), ("registered", False), ("final", True), ("corrected", True), ("unknown", None), (5, None)],
)
def test_a_report_or_an_observation_tells_whether_it_is_finished(
    name: str, status: object, completed: bool | None
) -> None:
    item = classify_resource({"resourceType": name, "status": status})
    assert item is not None
    assert item.completed is completed


def test_a_genetic_report_stays_one_though_a_label_makes_it_more() -> None:
    label = {"meta": {"security": [{"code": "PSYTHPN"}]}}
    item = classify_resource(_report(category=[_concept(V2, "GE")], **label))
    assert item is not None
    assert (item.kind, item.data_classes) == ("psychotherapy_notes", ("mental_health", "genetic"))


def test_a_code_of_a_system_that_is_no_text_is_passed_over() -> None:
    item = classify_resource(_report(code={"coding": [{"system": ["urn:x"], "code": "60570-9"}]}))
    assert item is not None
    assert item.kind == "clinical_record"


@pytest.mark.parametrize(
    ("kind", "kept", "physical"),
    [
        ("pathology_report", "physical", True),
        ("glass_slide", None, True),
        ("glass_slide", "ehr", True),
        ("pathology_report", "paper", False),
        (None, None, False),
        (None, "physical", True),
    ],
)
def test_a_thing_is_physical_by_its_kind_or_by_where_it_is_kept(
    kind: str | None, kept: str | None, physical: bool
) -> None:
    assert is_physical(Material(id="x", kind=kind, maintained_in=kept)) is physical


def test_every_kind_is_called_as_in_its_row() -> None:
    assert {name: row.kind for name, row in kinds().items()} == {name: name for name in kinds()}
