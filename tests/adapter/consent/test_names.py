"""Names in a case: each means what it should in every form, and one that means nothing stops the case."""

from pathlib import Path
from typing import Any

import pytest

from adapter.consent.case_facts import facts_of, items_of
from adapter.consent.decide import decide
from adapter.consent.facts import Facts
from adapter.holding import Loaded
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests import golden
from tests.adapter.consent.given import policy
from tests.small_case import BASE, CASE, PATIENT, REPORT, case, write

UID = "1.2.826.0.1.3680043.8.498.77"
STUDY = {
    "resourceType": "ImagingStudy",
    "id": "ct",
    "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{UID}"}],
    "status": "available",
    "subject": {"reference": "Patient/p"},
    "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}],
}
FILES: dict[str, Any] = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/ct.json": STUDY}
NATIVE = {
    "id": "local-report",
    "role": "original",
    "kind": "surgical-pathology",
    "status": "final",
    "issued": "2026-02-21T10:00:00-05:00",
    "findings": [{"id": "local-finding", "kind": "histology", "text": "Sarcoma"}],
}
REPORT_URL, STUDY_URL = f"{BASE}/DiagnosticReport/report", f"{BASE}/ImagingStudy/ct"
NAMES = {
    "DiagnosticReport/report": REPORT_URL,
    REPORT_URL: REPORT_URL,
    UID: STUDY_URL,
    "ImagingStudy/ct": STUDY_URL,
    "local-report": "local-report",
    "local-finding": "local-report",
}
NOTHING = [
    "DiagnosticReport/reprot",
    "local-reprot",
    "1.2.3.4",
    "Patient/p",
    f"{BASE}/DiagnosticReport/x",
    "org-center",
]


def _load(folder: Path, access: dict[str, Any] | None = None, **changes: Any) -> Loaded:
    told = case(access=CASE["access"] | (access or {}), reports=[NATIVE], **changes)
    return load_case(write(folder / "case", FILES, told), DEFAULT_NAMESPACE)


def _facts(loaded: Loaded) -> Facts:
    return facts_of(loaded, str(golden.NOW))


def _restricted(name: str, recipient: str = "review_center") -> dict[str, Any]:
    return {"restrictions": [{"agreed": True, "blocks_recipient": recipient, "items": [name]}]}


@pytest.mark.parametrize("name", NAMES)
def test_a_restriction_binds_what_it_names_in_any_form(name: str, tmp_path: Path) -> None:
    decision = decide(_facts(_load(tmp_path, _restricted(name))), policy())
    assert decision.excluded == (NAMES[name],)


@pytest.mark.parametrize("name", NAMES)
def test_a_determination_is_about_what_it_names_in_any_form(name: str, tmp_path: Path) -> None:
    found = {"ground": "endanger_life_or_safety", "applies_to": [name], "by_licensed_professional": True}
    facts = _facts(_load(tmp_path, {"determinations": [found]}))
    assert NAMES[name] in facts.determinations[0].applies_to


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_offered_is_kept_out_by_any_name(name: str, tmp_path: Path) -> None:
    before = {item.id for item in items_of(_load(tmp_path / "all"))}
    after = {item.id for item in items_of(_load(tmp_path / "less", materials=[{"item": name, "offered": False}]))}
    assert before - after == {NAMES[name]}


@pytest.mark.parametrize("name", NAMES)
def test_a_line_says_what_it_names_in_any_form(name: str, tmp_path: Path) -> None:
    items = items_of(_load(tmp_path, materials=[{"item": name, "sensitivity": "psychotherapy"}]))
    assert [item.id for item in items if item.kind == "psychotherapy_notes"] == [NAMES[name]]


@pytest.mark.parametrize("name", NAMES)
def test_an_authorization_covers_what_it_names_in_any_form(name: str, tmp_path: Path) -> None:
    facts = _facts(_load(tmp_path, {"authorization": {"covers": [name]}}))
    assert facts.authorization is not None
    assert facts.authorization.covers == (NAMES[name],)


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("field", ["restrictions[0].items[0]", "determinations[0].applies_to[0]"])
def test_a_name_that_protects_nothing_stops_the_case(field: str, name: str, tmp_path: Path) -> None:
    access = _restricted(name)
    if field.startswith("determinations"):
        access = {"determinations": [{"ground": "endanger_life_or_safety", "applies_to": [name]}]}
    try:
        _facts(_load(tmp_path, access))
    except ProblemError as error:
        found = [(problem.where, problem.rule) for problem in error.problems]
    assert found == [(f"case.json $.access.{field}", "case.names")]


@pytest.mark.parametrize("name", ["local-reprot", "1.2.3.4", "DiagnosticReport/reprot"])
def test_an_authorization_that_covers_nothing_here_stops_the_case(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="names nothing that is decided about here") as stopped:
        _facts(_load(tmp_path, {"authorization": {"covers": [name]}}))
    assert name not in str(stopped.value)


@pytest.mark.parametrize(
    "line", [{"item": "local-reprot", "offered": False}, {"item": "1.2.3.4", "sensitivity": "hiv"}]
)
def test_a_line_about_nothing_stops_the_case(line: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"materials\[0\]\.item"):
        _facts(_load(tmp_path, materials=[line]))


@pytest.mark.parametrize("line", ["local-reprot", "1.2.3.4"])
def test_a_copy_of_nothing_stops_the_case(line: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"materials\[0\]\.duplicate_of"):
        _facts(_load(tmp_path, materials=[{"item": "local-report", "duplicate_of": line}]))


@pytest.mark.parametrize("recipient", ["org-center", "review center (synthetic)", "review_center"])
def test_a_restriction_blocks_the_recipient_by_local_name_name_or_word(recipient: str, tmp_path: Path) -> None:
    decision = decide(_facts(_load(tmp_path, _restricted("local-report", recipient))), policy())
    assert decision.excluded == ("local-report",)


def test_a_restriction_on_an_organization_blocks_its_roles(tmp_path: Path) -> None:
    role = {"id": "role-reviews", "practitioner": "prac-asks", "organization": "org-center"}
    access = _restricted("local-report", "org-center") | {"recipient_party": "role-reviews"}
    decision = decide(_facts(_load(tmp_path, access, roles=[*CASE["roles"], role])), policy())
    assert decision.excluded == ("local-report",)


@pytest.mark.parametrize("recipient", ["payer", "org-holder", "Holder Hospital (synthetic)"])
def test_a_restriction_on_somebody_else_blocks_nothing(recipient: str, tmp_path: Path) -> None:
    decision = decide(_facts(_load(tmp_path, _restricted("local-report", recipient))), policy())
    assert decision.excluded == ()


@pytest.mark.parametrize("recipient", ["org-centre", "Review Centre", "zq-insurance"])
def test_a_restriction_on_nobody_stops_the_case(recipient: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="names no recipient") as stopped:
        _facts(_load(tmp_path, _restricted("local-report", recipient)))
    assert recipient not in str(stopped.value)


@pytest.mark.parametrize(
    ("access", "kind"),
    [
        ({}, "payer"),
        ({"recipient": "hospital"}, "payer"),
        ({"recipient": "patient"}, "review_center"),
        ({"recipient": "holder"}, "review_center"),
        ({"recipient": "personal_representative"}, "review_center"),
        ({"recipient_party": "patient"}, "review_center"),
    ],
)
def test_a_recipient_that_is_not_the_party_pends(access: dict[str, Any], kind: str, tmp_path: Path) -> None:
    center = CASE["organizations"][1] | {"kind": kind}
    facts = _facts(_load(tmp_path, access, organizations=[CASE["organizations"][0], center]))
    decision = decide(facts, policy())
    assert decision.outcome == "pend"
    assert "recipient" in {reason.fact for reason in decision.reasons}


def test_a_payer_may_be_the_recipient_of_a_payment(tmp_path: Path) -> None:
    center = CASE["organizations"][1] | {"kind": "payer"}
    access = {"recipient": "payer", "recipient_is_provider": False}
    assert _facts(_load(tmp_path, access, organizations=[CASE["organizations"][0], center])).recipient == "payer"


@pytest.mark.parametrize("name", ["urn:uuid:x", "DocumentReference/zz", "https://ehr.example/x", " "])
def test_a_file_is_not_named_by_an_address(name: str, tmp_path: Path) -> None:
    line = {"path": "a.txt", "id": name, "kind": "clinical_record"}
    folder = write(tmp_path / "case", {"a.txt": "x"}, case(materials=[line]))
    with pytest.raises(ProblemError, match="is no local name") as stopped:
        load_case(folder, DEFAULT_NAMESPACE)
    assert [problem.where for problem in stopped.value.problems] == ["case.json $.materials[0].id"]
