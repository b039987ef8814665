"""The request for access is a Task; with its Consents it comes back, save for what stays with the holder."""

import datetime as dt
import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.access import Access, Directive, Loan, Representation
from mappings.domain.values import Moment, PartialDate
from mappings.fhir import access_task, consent
from mappings.fhir.context import Reading, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import ACCESSES, HELD_BACK, URLS, WRITING

READING = inverse(WRITING)
FULL = Access(
    id="access-1",
    pathway="access",
    requester="personal_representative",
    recipient="review_center",
    recipient_party="center",
    purpose="patient_request",
    requested_by="daughter",
    recipient_is_provider=True,
    identity_verified=True,
    authority_verified=False,
    request_form="written",
    received_at=Moment("2026-03-01T23:30:00-05:00"),
    holder_tz="America/New_York",
    directive=Directive(written=True, signed=True),
    representative=Representation(type="health_care_proxy", scope="cancer_care"),
    loan=Loan(agreement=True, return_by=PartialDate("2026-09"), custodian="Dr. Block"),
)
MINIMAL = Access(
    id="access-1",
    pathway="disclosure",
    requester="payer",
    recipient="health_plan",
    recipient_party="center",
    purpose="payment",
)

DECIDED = access_task.Decided(
    outcome="pend",
    told=(
        access_task.Told(code="DUE_30_DAYS", citation="45 CFR 164.524(b)(2)(i)", text="Answer within 30 days."),
        access_task.Told(code="ACCESS_RIGHT", citation="45 CFR 164.524(a)(1)", text="A right.", item="report-1"),
        access_task.Told(code="NOT_DECLARED", citation="45 CFR 164.502(a)", text="Not declared.", item="scan.tif"),
    ),
    history=("origin-1",),
)


def written(access: Access, **more: Any) -> Json:
    made: Json = loads(dumps(access_task.to_fhir(access, WRITING, holder="hospital", **more)))
    return made


def papers(access: Access) -> list[Json]:
    return [
        consent.to_fhir(access, WRITING, holder="hospital", policies=(), paper=field)
        for _, field in consent.papers(access)
    ]


@pytest.mark.parametrize("access", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(access: Access) -> None:
    assert access_task.from_fhir(written(access), READING, consents=papers(access)) == access


@given(ACCESSES)
@settings(max_examples=150, deadline=None)
def test_law(access: Access) -> None:
    assert access_task.from_fhir(written(access), READING, consents=papers(access)) == access


@given(HELD_BACK)
@settings(max_examples=50, deadline=None)
def test_restrictions_and_determinations_stay_with_the_holder(held: Any) -> None:
    access, restriction, finding = held
    full = msgspec.structs.replace(access, restrictions=(restriction,), determinations=(finding,))
    assert written(full) == written(access)


def test_rules_are_true() -> None:
    clock = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    check_rules(access_task, written(FULL, clock=clock, status="on-hold", reason="signature missing", decided=DECIDED))
    check_fields(access_task, Access, "access")


def test_the_request_and_its_clock() -> None:
    made = written(
        FULL, clock=(dt.date(2026, 3, 1), dt.date(2026, 3, 31)), status="on-hold", reason="signature missing"
    )
    assert made["restriction"] == {
        "period": {"start": "2026-03-01", "end": "2026-03-31"},
        "recipient": [{"reference": URLS["center"]}],
    }
    assert (made["status"], made["statusReason"]) == ("on-hold", {"text": "signature missing"})
    assert made["code"]["coding"][0]["code"] == "access"
    assert made["authoredOn"] == "2026-03-01T23:30:00-05:00"
    assert made["reasonReference"] == {"reference": URLS["access-1#consent"]}
    assert "reasonReference" not in written(MINIMAL)


def test_what_was_decided_reason_by_reason() -> None:
    made = written(FULL, status="on-hold", reason="x", decided=DECIDED)
    assert made["businessStatus"]["coding"][0]["code"] == "pend"
    assert made["relevantHistory"] == [{"reference": URLS["origin-1"]}]
    clock, right, undeclared = made["output"]
    assert (clock["type"]["coding"][0]["code"], clock["type"]["text"], clock["valueString"]) == (
        "DUE_30_DAYS", "45 CFR 164.524(b)(2)(i)", "Answer within 30 days."
    )  # fmt: skip
    assert right["valueReference"] == {"reference": URLS["report-1"]}
    assert undeclared["valueReference"]["identifier"]["value"] == "scan.tif"


def test_what_was_decided_is_not_read() -> None:
    made = written(FULL, status="on-hold", reason="x", decided=DECIDED)
    assert access_task.from_fhir(made, READING, consents=papers(FULL)) == FULL


@pytest.mark.parametrize("wrong", [{"outcome": "no"}, {"told": (access_task.Told(code="X", citation="y", text="z"),)}])
def test_a_word_of_no_table_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match=r"no row in the table decision-(outcome|reason)"):
        written(FULL, decided=msgspec.structs.replace(DECIDED, **wrong))


def test_false_is_not_unknown() -> None:
    facts = {i["type"]["coding"][0]["code"]: i for i in written(FULL)["input"]}
    assert facts["authority-verified"]["valueBoolean"] is False
    assert "identity-verified" not in {i["type"]["coding"][0]["code"] for i in written(MINIMAL)["input"]}


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(code={"text": "something"}), "access-pathway"),
        (changed(restriction=None), "Task.restriction.recipient: is missing"),
        (changed(input=[]), r"Task\.input\.requester: is missing"),
        (changed(input=written(FULL)["input"][:2]), r"Task\.input\.purpose: is missing"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(resourceType="Consent"), "is not a Task"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        access_task.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: access_task.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said


def test_real_tasks_are_no_requests_for_access(shared: pathlib.Path) -> None:
    said = [outcome(lambda r: access_task.from_fhir(r, Reading({})), item) for _, item in real(shared, "Task")]
    assert len(said) >= 5
    assert "read" not in said
