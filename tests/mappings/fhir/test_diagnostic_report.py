"""Reports as DiagnosticReport."""

import pathlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.domain.report import Finding, Report, Section
from mappings.domain.values import Code, Concept, Identifier, Moment
from mappings.fhir import diagnostic_report
from mappings.fhir.context import Reading, inverse
from mappings.fhir.diagnostic_report import findings_to_fhir, from_fhir, read, to_fhir
from mappings.problems import ProblemError
from tests.mappings.fhir import foreign
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_material import WRITING, reports

FULL = Report(
    id="item",
    role="review",
    kind="pathology-consult",
    status="final",
    identifiers=(Identifier(system="http://center.example.org/reports", value="C26-1", kind="FILL"),),
    effective=Moment("2026-01"),
    issued=Moment("2026-01-20T10:00:00.5-05:00"),
    authors=("two",),
    organization="three",
    sections=(
        Section(kind="gross", text="Two cassettes."),
        Section(kind="ancillary", text="ER positive."),
        Section(kind="diagnosis", text="Invasive carcinoma,\ngrade 3."),
    ),
    findings=(Finding(id="one", kind="grade", text="G3"), Finding(id="two", kind="margin", absent="unknown")),
    conclusion="Invasive carcinoma, grade 3.",
    conclusion_codes=(Concept(codes=(Code(system="http://snomed.info/sct", code="254837009"),)),),
    examined=("one", "two"),
    studies=("three",),
    documents=("two",),
    extends="one",
    addendum_of="two",
    summary_of=("one", "two"),
    request="request",
)
MINIMAL = Report(id="item", role="original", kind="cytology", status="registered")
RADIOLOGY = Report(
    id="item",
    role="original",
    kind="radiology",
    status="appended",
    sections=(Section(kind="history", text="Pain."), Section(kind="gross", text="A cyst.")),
)


@pytest.mark.parametrize("report", [FULL, MINIMAL, RADIOLOGY])
def test_what_is_written_is_read_again(report: Report) -> None:
    results = findings_to_fhir(report, WRITING)
    assert from_fhir(to_fhir(report, WRITING), inverse(WRITING), results=results) == report


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports)
def test_law(report: Report) -> None:
    results = findings_to_fhir(report, WRITING)
    assert from_fhir(to_fhir(report, WRITING), inverse(WRITING), results=reversed(results)) == report


def test_rules_are_true() -> None:
    check_rules(diagnostic_report, to_fhir(FULL, WRITING))
    check_fields(diagnostic_report, Report, "report")


def test_relations_are_extensions_of_fhir_itself() -> None:
    assert [(e["url"].rpartition("/")[2], e["valueReference"]) for e in to_fhir(FULL, WRITING)["extension"]] == [
        ("diagnosticReport-extends", WRITING.to("one")),
        ("diagnosticReport-addendumOf", WRITING.to("two")),
        ("diagnosticReport-summaryOf", WRITING.to("one")),
        ("diagnosticReport-summaryOf", WRITING.to("two")),
    ]


def test_kind_and_role() -> None:
    written = to_fhir(FULL, WRITING)
    assert [c["coding"][0]["code"] for c in written["category"]] == ["LP7839-6", "pathology-consult", "review"]
    assert written["code"]["coding"] == [
        {"system": "http://loinc.org", "code": "60570-9", "display": "Pathology Consult note"}
    ]
    assert written["performer"] == [WRITING.to("three")]
    assert written["resultsInterpreter"] == [WRITING.to("two")]
    assert written["issued"] == "2026-01-20T10:00:00.5-05:00"
    assert written["effectiveDateTime"] == "2026-01"


def test_sections_are_contained_with_their_words() -> None:
    written = to_fhir(FULL, WRITING)
    assert written["contained"][0] == {
        "resourceType": "Observation",
        "id": "section-1",
        "status": "final",
        "code": {
            "coding": [
                {"system": "http://loinc.org", "code": "22634-0", "display": "Pathology report gross observation"}
            ]
        },
        "valueString": "Two cassettes.",
    }
    assert written["result"][:3] == [{"reference": f"#section-{number}"} for number in (1, 2, 3)]
    assert written["result"][3:] == [WRITING.to("one"), WRITING.to("two")]


def test_history_in_radiology_has_its_own_code() -> None:
    written = to_fhir(RADIOLOGY, WRITING)
    assert [c["code"]["coding"][0]["code"] for c in written["contained"]] == ["11329-0", "22634-0"]
    assert {c["status"] for c in written["contained"]} == {"final"}


def test_forms_and_concordances() -> None:
    form: dict[str, Any] = {
        "title": "Review",
        "contentType": "application/pdf",
        "hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        "url": "no",
    }
    form["extension"] = [{"url": "http://example.org/size", "valueString": "1"}]
    written = to_fhir(FULL, WRITING, forms={"two": form}, concordances=("three",))
    assert written["presentedForm"] == [
        {
            "extension": [{"url": "http://example.org/size", "valueString": "1"}],
            "contentType": "application/pdf",
            "url": WRITING.urls["two#binary"],
            "hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "title": "Review",
        }
    ]
    assert written["result"][-1] == WRITING.to("three")


def test_a_document_without_its_bytes_is_refused() -> None:
    report = Report(id="item", role="original", kind="radiology", status="final", documents=("three",))
    with pytest.raises(ProblemError) as caught:
        to_fhir(report, WRITING)
    assert caught.value.problems[0].code == "not-found"


LOINC = "http://loinc.org"
V2 = "http://terminology.hl7.org/CodeSystem/v2-0074"


@pytest.mark.parametrize(
    ("code", "category", "kind"),
    [
        ("11529-5", None, "surgical-pathology"),
        ("60571-7", None, "pathology-consult"),
        ("68604-8", None, "radiology"),
        ("58410-2", (V2, "LAB"), "laboratory"),
        ("58410-2", (V2, "GE"), "genomics"),
        ("58410-2", (LOINC, "LP29684-5"), "radiology"),
        ("11529-5", (V2, "LAB"), "surgical-pathology"),
    ],
)
def test_kind_of_a_foreign_report(code: str, category: tuple[str, str] | None, kind: str) -> None:
    resource: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": "1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
    }
    if category:
        resource["category"] = [{"coding": [{"system": category[0], "code": category[1]}]}]
    found = from_fhir(resource, Reading({}))
    assert (found.kind, found.role, found.id) == (kind, "original", "DiagnosticReport/1")


def foreign_report(**more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "11529-5"}]}
    return {"resourceType": "DiagnosticReport", "id": "1", "status": "final", "code": code, **more}


def test_a_kind_in_no_table_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir(foreign_report(code={"text": "Rosebud"}), Reading({}))
    assert caught.value.problems[0].code == "code-invalid"
    assert "Rosebud" not in str(caught.value)


def test_a_status_that_no_report_of_a_case_has_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        from_fhir(foreign_report(status="entered-in-error"), Reading({}))
    assert caught.value.problems[0].where == "DiagnosticReport"


def test_performers_of_a_foreign_report() -> None:
    performers = [{"reference": f"{name}/1"} for name in ("Practitioner", "Organization", "PractitionerRole")]
    found = from_fhir(foreign_report(performer=performers), Reading({}))
    assert (found.organization, found.authors) == ("Organization/1", ("Practitioner/1", "PractitionerRole/1"))


def test_results_that_no_finding_can_hold_are_told() -> None:
    resource = foreign_report(
        contained=[{"resourceType": "Observation", "id": "a", "code": {"text": "x"}, "valueString": "Rosebud"}],
        result=[{"reference": "#a"}, {"reference": "Observation/b"}, {"reference": "Observation/missing"}],
    )
    other = {"resourceType": "Observation", "id": "b", "code": {"text": "x"}, "valueTime": "10:00:00"}
    found, problems = read(resource, Reading({}), results=[other])
    assert [finding.id for finding in found.findings] == ["Observation/1.a"]
    assert [(problem.severity, problem.where) for problem in problems] == [
        ("warning", "DiagnosticReport.result[1].resolve().Observation.value")
    ]


def test_a_finding_contained_in_a_carried_report_is_named_by_its_url() -> None:
    observation = {"resourceType": "Observation", "id": "a", "code": {"text": "x"}, "valueString": "y"}
    resource = foreign_report(contained=[observation], result=[{"reference": "#a"}])
    url = "http://lab.example.org/fhir/DiagnosticReport/1"
    found = from_fhir(resource, Reading({"DiagnosticReport/1": url}))
    assert [finding.id for finding in found.findings] == [url + "#a"]


def test_a_result_with_the_code_of_a_heading_is_a_section() -> None:
    words = {
        "resourceType": "Observation",
        "id": "b",
        "code": {"coding": [{"system": LOINC, "code": "24419-4"}]},
        "valueString": "A cyst.",
    }
    found = from_fhir(foreign_report(result=[{"reference": "Observation/b"}]), Reading({}), results=[words])
    assert found.sections == (Section(kind="gross", text="A cyst."),)
    assert found.findings == ()


def test_real_reports(shared: pathlib.Path) -> None:
    observations = list(foreign.real(shared, "Observation"))
    found = [
        foreign.outcome(from_fhir, resource, results=observations)
        for resource in foreign.real(shared, "DiagnosticReport")
    ]
    kept = [item for item in found if isinstance(item, Report)]
    assert len(kept) > 0.5 * len(found) > 10
    assert sum(len(report.findings) for report in kept) > 100


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_only_problems_are_raised(data: st.DataObject) -> None:
    resource = data.draw(foreign.broken(to_fhir(FULL, WRITING)))
    results = [data.draw(foreign.broken(item)) for item in findings_to_fhir(FULL, WRITING)]
    assert foreign.outcome(from_fhir, resource, results=results) is not None
