"""Diagnosis there and back as Condition, and mCODE's own examples read."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.clinical import Diagnosis
from mappings.domain.values import Code, Concept, Identifier, Moment
from mappings.fhir import condition
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

SNOMED = "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem"
FULL = Diagnosis(
    id="item",
    code=Concept(codes=(Code(system="http://hl7.org/fhir/sid/icd-10-cm", code="C50.412"),), text="Breast cancer, left"),
    kind="secondary-cancer",
    clinical_status="recurrence",
    certainty="provisional",
    identifiers=(Identifier(system="http://hospital.example.org/problems", value="77"),),
    morphology=Concept(codes=(Code(system="http://terminology.hl7.org/CodeSystem/icd-o-3", code="8500/3"),)),
    body_site=Concept(text="Upper outer quadrant"),
    laterality="left",
    stage=Concept(text="IIA"),
    onset=Moment("2026-01"),
    recorded=Moment("2026-02-03T10:20:30-05:00"),
    asserter="one",
    primary="two",
    evidence=("two", "three"),
    note="Margins unclear.",
)
MINIMAL = Diagnosis(id="item", code=Concept(text="Sarcoma"), clinical_status=None)
FULL_JSON = condition.to_fhir(FULL, WRITING)


def test_full() -> None:
    assert list(FULL_JSON) == [
        "resourceType", "id", "extension", "identifier", "clinicalStatus", "verificationStatus", "category", "code",
        "bodySite", "subject", "onsetDateTime", "recordedDate", "asserter", "stage", "evidence", "note",
    ]  # fmt: skip
    assert FULL_JSON["extension"] == [
        {
            "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
            "valueCodeableConcept": {"coding": [{"system": f"{HL7}/icd-o-3", "code": "8500/3"}]},
        },
        {"url": "http://hl7.org/fhir/StructureDefinition/condition-related", "valueReference": WRITING.to("two")},
    ]
    assert FULL_JSON["bodySite"] == [
        {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier",
                    "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "7771000"}]},
                }
            ],
            "text": "Upper outer quadrant",
        }
    ]
    assert [c["coding"][0]["code"] for c in FULL_JSON["category"]] == ["problem-list-item", "secondary-cancer"]
    assert FULL_JSON["evidence"] == [{"detail": [WRITING.to("two"), WRITING.to("three")]}]
    assert FULL_JSON["onsetDateTime"] == "2026-01"


def test_minimal_has_nothing_made_up() -> None:
    made = condition.to_fhir(MINIMAL, WRITING)
    assert list(made) == ["resourceType", "id", "category", "code", "subject"]


def test_a_time_without_offset_becomes_no_fhir_time() -> None:
    floating = Diagnosis(id="item", code=Concept(text="Sarcoma"), onset=Moment("2026-01-02T10:11:12"))
    made = condition.to_fhir(floating, WRITING)
    assert made["onsetDateTime"] == "2026-01-02"
    assert made["_onsetDateTime"]["extension"][0]["valueString"] == "10:11:12"


def test_the_side_without_a_site() -> None:
    value = Diagnosis(id="item", code=Concept(text="Sarcoma"), laterality="bilateral")
    made = condition.to_fhir(value, WRITING)
    assert list(made["bodySite"][0]) == ["extension"]
    assert there_and_back(condition.to_fhir, condition.from_fhir, value) == value


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Diagnosis) -> None:
    assert there_and_back(condition.to_fhir, condition.from_fhir, value) == value


@given(strategies.diagnoses)
def test_everything_comes_back(value: Diagnosis) -> None:
    assert there_and_back(condition.to_fhir, condition.from_fhir, value) == value


def test_rules() -> None:
    check_rules(condition, FULL_JSON)
    check_fields(condition, Diagnosis, "diagnosis")


@pytest.mark.parametrize("side", ["399488007", "x"])
def test_a_side_that_is_none_of_ours_is_not_read(side: str) -> None:
    coding = {"coding": [{"system": SNOMED, "code": side}]}
    site = {"extension": [{"url": condition.LATERALITY, "valueCodeableConcept": coding}]}
    assert condition.from_fhir({**FULL_JSON, "bodySite": [site]}, Reading({})).laterality is None


def test_unpaired_is_not_the_side_of_a_diagnosis() -> None:
    system = "https://w3id.org/second-opinion/fhir/CodeSystem/laterality"
    coding = {"coding": [{"system": system, "code": "unpaired"}]}
    site = {"extension": [{"url": condition.LATERALITY, "valueCodeableConcept": coding}]}
    assert condition.from_fhir({**FULL_JSON, "bodySite": [site]}, Reading({})).laterality is None


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"code": None}, "required", "Condition.code"),
        (
            {"verificationStatus": {"coding": [{"system": f"{HL7}/condition-ver-status", "code": "entered-in-error"}]}},
            "code-invalid",
            "Condition.verificationStatus",
        ),
        ({"clinicalStatus": {"text": "active"}}, "code-invalid", "Condition.clinicalStatus"),
        ({"onsetDateTime": "2026-02-30"}, "value", "onsetDateTime"),
        ({"resourceType": "Observation"}, "structure", "Condition"),
    ],
)
def test_refused(change: dict[str, Any], code: str, where: str) -> None:
    found = problems_of(condition.from_fhir, {**FULL_JSON, **change})
    assert [(p.code, p.where) for p in found] == [(code, where)]
    assert "2026" not in str(found)


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(condition.from_fhir, resource), (Diagnosis, tuple))


def test_every_real_condition_is_read(shared: pathlib.Path) -> None:
    read = {found.id: found for r in real(shared, "Condition") for found in [condition.from_fhir(r, Reading({}))]}
    assert len(read) >= 80
    primary = read["Condition/primary-cancer-condition-nsclc"]
    assert (primary.kind, primary.laterality, primary.certainty) == ("primary-cancer", "left", "confirmed")
    assert primary.morphology is not None
    assert primary.morphology.has(SNOMED, "35917007")
    assert primary.body_site is not None
    assert primary.body_site.has(SNOMED, "39607008")
    metastasis = read["Condition/secondary-cancer-condition-brain-mets"]
    assert (metastasis.kind, metastasis.primary) == ("secondary-cancer", "Condition/primary-cancer-condition-nsclc")
    assert read["Condition/f202"].kind == "other"
    assert read["Condition/f202"].evidence == ("DiagnosticReport/f201",)


def test_a_claimed_profile_tells_the_kind() -> None:
    claim = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-secondary-cancer-condition|4.0.0"
    foreign = {**FULL_JSON, "category": None, "meta": {"profile": [claim]}}
    assert condition.from_fhir(foreign, Reading({})).kind == "secondary-cancer"


def test_a_related_condition_is_a_primary_only_of_a_cancer() -> None:
    assert condition.from_fhir({**FULL_JSON, "category": None}, Reading({})).primary is None
