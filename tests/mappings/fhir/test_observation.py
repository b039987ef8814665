"""Findings and concordances as Observation."""

import pathlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.domain.concordance import Concordance, Difference
from mappings.domain.report import Finding, Report
from mappings.domain.values import Code, Concept, Moment, Quantity
from mappings.fhir import observation
from mappings.fhir.context import Reading, Writing, inverse
from mappings.fhir.observation import from_fhir, to_fhir
from mappings.fhir.wire import dumps
from mappings.problems import ProblemError
from tests.mappings.fhir import foreign
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_material import WRITING, concordances, findings

REPORT = Report(
    id="three",
    role="original",
    kind="surgical-pathology",
    status="partial",
    effective=Moment("2026-01-15"),
    organization="one",
    authors=("two",),
)
GRADE = Finding(
    id="item",
    kind="grade",
    value=Concept(text="G2"),
    interpretation="abnormal",
    body_site=Concept(text="breast"),
    method=Concept(text="Nottingham"),
    part="one",
    diagnosis="two",
)
SIZE = Finding(
    id="item",
    kind="tumor-size",
    code=Concept(codes=(Code(system="http://loinc.org", code="21889-1"),)),
    quantity=Quantity(value=Decimal("72.50"), unit="mm", code="mm"),
)
WORDS = Finding(id="item", kind="other", code=Concept(text="necrosis"), text="none seen")
ABSENT = Finding(id="item", kind="biomarker", absent="not-performed")
CONCORDANCE = Concordance(
    id="item",
    original="one",
    review="two",
    degree="major",
    differences=(
        Difference(aspect="grade", original="G2", review="G3"),
        Difference(aspect="grade", original="G1"),
        Difference(aspect="grade", review="G4"),
        Difference(aspect="margin"),
    ),
    impact="treatment-changed",
    findings=("three",),
    stated_by="three",
    at=Moment("2026-02"),
    comment="seen on recuts",
)
AGREE = Concordance(id="item", original="one", review="two", degree="agree")
EXAMPLES: tuple[Finding | Concordance, ...] = (GRADE, SIZE, WORDS, ABSENT, CONCORDANCE, AGREE)
OURS = "https://w3id.org/second-opinion/fhir/CodeSystem/"


@pytest.mark.parametrize("item", EXAMPLES)
def test_what_is_written_is_read_again(item: Finding | Concordance) -> None:
    assert from_fhir(to_fhir(item, WRITING, report=REPORT), inverse(WRITING)) == item


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(findings | concordances)
def test_law(item: Finding | Concordance) -> None:
    assert from_fhir(to_fhir(item, WRITING), inverse(WRITING)) == item


def test_a_code_of_the_source_that_says_the_kind_is_kept() -> None:
    code = Concept(codes=(Code(system="http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", code="C18000"),))
    item = Finding(id="item", kind="grade", code=code, text="G2")
    assert from_fhir(to_fhir(item, WRITING), inverse(WRITING)) == item


def _histology(*codes: Code) -> Finding:
    return Finding(id="item", kind="histology", value=Concept(codes=codes, text="squamous cell carcinoma"))


def test_a_histology_in_icd_o_3_says_type_and_behavior_in_one_and_has_the_code_that_mcode_has_for_that() -> None:
    item = _histology(Code(system="http://terminology.hl7.org/CodeSystem/icd-o-3", code="8070/3"))
    made = to_fhir(item, WRITING)
    assert made["code"]["coding"] == [
        {
            "system": f"{OURS}finding-kind",
            "code": "histology",
            "display": "Histologic type",
            "userSelected": False,
        },
        {
            "system": "http://loinc.org",
            "code": "31206-6",
            "display": "Behavior ICD-O-3 Cancer",
            "userSelected": False,
        },
    ]
    assert from_fhir(made, inverse(WRITING)) == item


@pytest.mark.parametrize("codes", [(), (Code(system="http://snomed.info/sct", code="28899001"),)])
def test_a_histology_without_it_says_the_type_alone(codes: tuple[Code, ...]) -> None:
    made = to_fhir(_histology(*codes), WRITING)
    assert [coding["code"] for coding in made["code"]["coding"]] == ["histology"]


def test_rules_are_true() -> None:
    check_rules(observation, *(to_fhir(item, WRITING, report=REPORT) for item in EXAMPLES))
    check_fields(observation, Finding, "finding")
    check_fields(observation, Concordance, "concordance")


def test_finding() -> None:
    written = to_fhir(GRADE, WRITING, report=REPORT)
    assert written["status"] == "preliminary"
    assert written["effectiveDateTime"] == "2026-01-15"
    assert written["performer"] == [WRITING.to("one"), WRITING.to("two")]
    assert [concept["coding"][0]["code"] for concept in written["category"]] == ["laboratory", "grade"]
    assert written["code"]["coding"][0] == {
        "system": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
        "code": "C18000",
        "display": "Histologic Grade",
        "userSelected": False,
    }
    assert written["interpretation"][0]["coding"][0]["code"] == "A"
    assert written["specimen"] == WRITING.to("one")
    assert written["focus"] == [WRITING.to("two")]


def test_a_finding_without_its_report_claims_no_status() -> None:
    written = to_fhir(GRADE, WRITING)
    assert written["status"] == "unknown"
    assert [concept["coding"][0]["code"] for concept in written["category"]] == ["grade"]


def test_digits_of_a_quantity() -> None:
    assert b'"valueQuantity":{"value":72.50,"unit":"mm"' in dumps(to_fhir(SIZE, WRITING))


def test_concordance() -> None:
    written = to_fhir(CONCORDANCE, WRITING)
    assert written["code"]["coding"][0]["system"] == OURS + "observation-code"
    assert written["focus"] == [WRITING.to("one"), WRITING.to("two")]
    assert written["derivedFrom"] == [WRITING.to("three")]
    assert written["valueCodeableConcept"]["coding"][0]["code"] == "major"
    said = [(c["code"]["coding"][0]["code"], c.get("valueString")) for c in written["component"]]
    assert said == [
        ("original-grade", "G2"),
        ("review-grade", "G3"),
        ("original-grade", "G1"),
        ("review-grade", None),
        ("original-grade", None),
        ("review-grade", "G4"),
        ("original-margin", None),
        ("review-margin", None),
        ("impact", None),
    ]
    assert written["component"][-1]["valueCodeableConcept"]["coding"][0]["code"] == "treatment-changed"


def test_a_report_is_no_target_of_derived_from() -> None:
    writing = Writing({**WRITING.urls, "three": "http://example.org/fhir/DiagnosticReport/1"})
    with pytest.raises(ProblemError) as caught:
        to_fhir(CONCORDANCE, writing)
    assert caught.value.problems[0].where == "Observation.derivedFrom"


@pytest.mark.parametrize("kind", ["DocumentReference", "Observation"])
def test_a_carried_document_or_observation_is_one(kind: str) -> None:
    url = f"http://example.org/fhir/{kind}/1"
    written = to_fhir(CONCORDANCE, Writing({**WRITING.urls, "three": url}))
    assert written["derivedFrom"] == [{"reference": url}]


@pytest.mark.parametrize("left", [[], [{"reference": "DiagnosticReport/1"}]])
def test_a_concordance_names_two_reports(left: list[dict[str, Any]]) -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir({**to_fhir(AGREE, WRITING), "focus": left}, inverse(WRITING))
    assert caught.value.problems[0].where == "Observation.focus"


def test_an_unlisted_degree_is_refused() -> None:
    resource = {**to_fhir(AGREE, WRITING), "valueCodeableConcept": {"text": "Rosebud"}}
    with pytest.raises(ProblemError) as caught:
        from_fhir(resource, inverse(WRITING))
    assert caught.value.problems[0].code == "code-invalid"
    assert "Rosebud" not in str(caught.value)


FOREIGN = {"resourceType": "Observation", "id": "1", "status": "final", "code": {"text": "x"}}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "invariant"),
        ({"valueDateTime": "2026-01-15"}, "not-supported"),
        ({"dataAbsentReason": {"coding": [{"system": "http://x.org", "code": "z"}]}}, "code-invalid"),
        ({"valueCodeableConcept": {}}, "invariant"),
    ],
)
def test_what_no_finding_can_hold_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir({**FOREIGN, **more}, Reading({}))
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "21908-9"}]}}, "stage-group"),
        (
            {
                "category": [
                    {
                        "coding": [
                            {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}
                        ]
                    }
                ]
            },
            "imaging",
        ),
        ({}, "other"),
    ],
)
def test_kind_of_a_foreign_finding(more: dict[str, Any], kind: str) -> None:
    found = from_fhir({**FOREIGN, "valueInteger": 3, **more}, Reading({}))
    assert isinstance(found, Finding)
    assert (found.kind, found.quantity) == (kind, Quantity(value=Decimal(3)))


def test_real_observations(shared: pathlib.Path) -> None:
    found = [foreign.outcome(from_fhir, resource) for resource in foreign.real(shared, "Observation")]
    read = [item for item in found if isinstance(item, Finding)]
    assert len(read) > 0.7 * len(found) > 100
    assert {"imaging", "stage-group", "other"} == {item.kind for item in read}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(EXAMPLES))
def test_only_problems_are_raised(data: st.DataObject, item: Finding | Concordance) -> None:
    resource = data.draw(foreign.broken(to_fhir(item, WRITING, report=REPORT)))
    assert foreign.outcome(from_fhir, resource) is not None
