"""A server's answer to a search for Consents is believed in nothing that the resources themselves do not say."""

from typing import Any

import msgspec
import pytest

from adapter.consent.foreign_search import Rechecked, Wanted, recheck
from tests.adapter.consent.foreign_given import ACT, LOINC, NOW, Json, concept, consent

MRN = ("https://ehr.example/sid/mrn", "4711")
WANTED = Wanted(
    base="https://ehr.example/r4",
    patients=frozenset(["Patient/p"]),
    numbers=frozenset([MRN]),
    statuses=frozenset(["active"]),
    categories=frozenset([(ACT, "HIPAAAuthCD")]),
    now=(NOW, NOW),
    zone="America/New_York",
)
PERMIT = consent({"type": "permit"})


def answer(*resources: Any, **changes: Any) -> Json:
    """A searchset of these resources."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]} | changes


def told(found: Rechecked) -> list[tuple[str, str, str]]:
    """(severity, code, where) of each problem."""
    return [(one.severity, one.code, one.where) for one in found.problems]


def test_what_is_as_it_was_asked_for_stands_and_what_comes_twice_stands_once() -> None:
    assert recheck(answer(PERMIT, PERMIT), WANTED) == Rechecked(consents=(PERMIT,), problems=(), complete=True)
    assert recheck(answer(), WANTED) == Rechecked(consents=(), problems=(), complete=True)


@pytest.mark.parametrize(
    "patient",
    [
        {"reference": "Patient/p"},
        {"reference": "https://ehr.example/r4/Patient/p/_history/4"},
        {"identifier": {"system": MRN[0], "value": MRN[1]}},
        {"reference": "Patient/p", "identifier": {"system": MRN[0], "value": MRN[1]}},
    ],
)
def test_the_patient_is_known_by_reference_or_number(patient: Json) -> None:
    assert len(recheck(answer(consent({"type": "permit"}, patient=patient)), WANTED).consents) == 1


@pytest.mark.parametrize("patient", [{"reference": "Patient/q"}, {"identifier": {"system": MRN[0], "value": "4712"}}])
def test_a_consent_of_another_patient_is_never_used(patient: Json) -> None:
    found = recheck(answer(consent({"type": "deny"}, patient=patient)), WANTED)
    assert found.consents == ()
    assert told(found) == [("error", "security", "Bundle.entry[0].resource.patient")]
    assert found.complete


@pytest.mark.parametrize(
    "patient",
    [
        None,
        {"display": "P. Testperson"},
        {"reference": "#p"},
        {"reference": "https://other.example/r4/Patient/p"},
        {"reference": "urn:uuid:0d9e6a0e-0000-4000-8000-000000000000"},
        {"identifier": {"value": "4711"}},
        {"identifier": {"system": "https://other.example/sid", "value": "4711"}},
        {"reference": "Patient/p", "identifier": {"system": MRN[0], "value": "4712"}},
        "Patient/p",
    ],
)
def test_one_whose_patient_nobody_can_tell_makes_the_answer_incomplete(patient: Any) -> None:
    found = recheck(answer(PERMIT, consent({"type": "deny"}, patient=patient)), WANTED)
    assert found.consents == (PERMIT,)
    assert told(found) == [("error", "not-supported", "Bundle.entry[1].resource.patient")]
    assert not found.complete


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"status": "inactive"}, "status"),
        ({"status": "proposed"}, "status"),
        ({"category": [concept(LOINC, "59284-0")]}, "category"),
        ({"provision": {"type": "permit", "period": {"end": "2026-03-15"}}}, "provision.period"),
        ({"provision": {"type": "permit", "period": {"start": "2026-03-17"}}}, "provision.period"),
    ],
)
def test_a_permit_that_was_not_asked_for_is_passed_over(changes: Json, where: str) -> None:
    found = recheck(answer(consent({"type": "permit"}, **changes)), WANTED)
    assert found.consents == ()
    assert told(found) == [("information", "informational", f"Bundle.entry[0].resource.{where}")]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "proposed"},
        {"category": [concept(LOINC, "59284-0")]},
        {"category": [concept(LOINC, "59284-0")], "provision": {"type": "permit", "provision": [{"type": "deny"}]}},
        {"category": [concept(LOINC, "59284-0")], "provision": {}},
        {"category": [concept(LOINC, "59284-0")], "provision": None, "policyRule": concept(ACT, "OPTOUT")},
        {"status": "proposed", "provision": {"type": "permit"}, "policyRule": concept(ACT, "OPTOUT")},
    ],
)
def test_one_that_may_deny_is_kept_whatever_was_asked_for(changes: Json) -> None:
    assert len(recheck(answer(consent(**({"provision": {"type": "deny"}} | changes))), WANTED).consents) == 1


def test_what_says_no_status_category_or_period_is_kept_for_the_rules_to_judge() -> None:
    bare = {"resourceType": "Consent", "patient": {"reference": "Patient/p"}, "provision": {"type": "permit"}}
    assert recheck(answer(bare), WANTED).consents == (bare,)


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (answer(PERMIT, link=[{"relation": "next", "url": "https://ehr.example/r4?page=2"}]), "Bundle.link"),
        (answer(PERMIT, {"resourceType": "OperationOutcome", "issue": []}), "Bundle.entry[1].resource"),
        (answer(PERMIT, None), "Bundle.entry[1].resource"),
        (answer(PERMIT, type="collection"), "Bundle"),
        ({"resourceType": "OperationOutcome"}, "Bundle"),
        (answer(entry={"resource": PERMIT}), "Bundle.entry[0].resource"),
    ],
)
def test_an_answer_that_may_lack_something_says_so(made: Json, where: str) -> None:
    found = recheck(made, WANTED)
    assert not found.complete
    assert [place for severity, _, place in told(found) if severity == "error"] == [where]


def test_what_came_along_is_no_consent_and_no_fault() -> None:
    found = recheck(answer(PERMIT, {"resourceType": "Patient", "id": "p"}), WANTED)
    assert found == Rechecked(consents=(PERMIT,), problems=(), complete=True)


def test_no_message_holds_a_value_of_the_patient() -> None:
    found = recheck(answer(consent(None, patient={"reference": "Patient/quetzal"}, id="quetzal")), WANTED)
    assert "quetzal" not in str(found.problems)


@pytest.mark.parametrize("status", ["inactive", "entered-in-error"])
def test_a_denial_that_has_ended_is_kept_by_nobody(status: str) -> None:
    assert recheck(answer(consent({"type": "deny"}, status=status)), WANTED).consents == ()


def test_the_base_may_be_written_with_a_slash_at_its_end() -> None:
    absolute = consent({"type": "permit"}, patient={"reference": "https://ehr.example/r4/Patient/p"})
    assert recheck(answer(absolute), msgspec.structs.replace(WANTED, base="https://ehr.example/r4/")).complete
