"""The release of a slide or block is a Task, and comes back whole."""

import pathlib
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.specimen_release import WAITS, SpecimenRelease
from mappings.domain.values import Moment, PartialDate
from mappings.fhir import specimen_release
from mappings.fhir.context import Reading, Writing, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from mappings.terminology.tables import table
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import DATES, MOMENTS, SPACE, URLS, WORDS

WRITING = Writing({**URLS, "release-1": f"urn:uuid:{uuid5(SPACE, 'release-1')}"})
READING = inverse(WRITING)
LOAN = SpecimenRelease(
    id="release-1",
    item="slide-1",
    form="loan",
    status="in-progress",
    holder="hospital",
    asked=Moment("2026-02-20T10:00:00-05:00"),
    recipient="center",
    request="request-1",
    authority="access-1#consent",
    paper="authorization",
    basis="authorization",
    custodian="Slide room",
    return_by=PartialDate("2026-09-05"),
    kept_until=PartialDate("2036-02-20"),
    scans=("study-1",),
)
HELD = SpecimenRelease(
    id="release-1", item="block-1", form="transfer", status="rejected", holder="hospital", reason="retention"
)
MINIMAL = SpecimenRelease(id="release-1", item="block-1", form="recut", status="accepted", holder="hospital")


def written(release: SpecimenRelease) -> Json:
    made: Json = loads(dumps(specimen_release.to_fhir(release, WRITING)))
    return made


@st.composite
def releases(draw: st.DrawFn) -> SpecimenRelease:
    status = draw(st.sampled_from(("accepted", "in-progress", "completed", "on-hold", "rejected", "failed")))
    form = draw(st.sampled_from(table("specimen-release").values))
    going = form == "loan" and status == "accepted"
    terms = DATES if going else st.none() | DATES
    fields: dict[str, Any] = {
        "item": draw(st.sampled_from(("slide-1", "slide-2", "block-1"))),
        "reason": draw(st.sampled_from(table("release-reason").values)) if status in WAITS else None,
        "holder": draw(st.sampled_from(("hospital", "dr-first"))),
        "asked": draw(st.none() | MOMENTS),
        "recipient": draw(st.sampled_from((None, "center"))),
        "request": draw(st.sampled_from((None, "request-1"))),
        "authority": draw(st.sampled_from((None, "access-1#consent"))),
        "paper": draw(st.none() | st.sampled_from(table("release-paper").values)),
        "basis": draw(st.none() | st.sampled_from(table("release-basis").values)),
        "custodian": draw(WORDS if going else st.none() | WORDS),
        "return_by": draw(terms) if form == "loan" else None,
        "kept_until": draw(st.none() | DATES),
        "scans": draw(st.sampled_from(((), ("study-1",), ("study-1", "letter-1")))),
    }
    return SpecimenRelease(id="release-1", form=form, status=status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("release", [LOAN, HELD, MINIMAL], ids=["loan", "held", "minimal"])
def test_comes_back(release: SpecimenRelease) -> None:
    assert specimen_release.from_fhir(written(release), READING) == release


@given(releases())
@settings(max_examples=150, deadline=None)
def test_law(release: SpecimenRelease) -> None:
    assert specimen_release.from_fhir(written(release), READING) == release


def test_rules_are_true() -> None:
    check_rules(specimen_release, written(LOAN), written(HELD))
    check_fields(specimen_release, SpecimenRelease, "release")


def test_a_loan_says_who_to_whom_until_when_and_on_what() -> None:
    made = written(LOAN)
    assert (made["status"], made["intent"], made["code"]["coding"][0]["code"]) == ("in-progress", "order", "loan")
    assert made["focus"] == {"reference": URLS["slide-1"]}
    assert (made["owner"], made["requester"]) == ({"reference": URLS["hospital"]}, {"reference": URLS["center"]})
    assert made["restriction"] == {"period": {"end": "2026-09-05"}, "recipient": [{"reference": URLS["center"]}]}
    assert made["basedOn"] == [{"reference": URLS["request-1"]}]
    assert [item["type"]["coding"][0]["code"] for item in made["input"]] == [
        "paper",
        "basis",
        "custodian",
        "kept-until",
        "scan",
    ]
    assert made["input"][4]["valueReference"] == {"reference": URLS["study-1"]}
    assert "statusReason" not in made


def test_one_that_is_refused_says_why() -> None:
    made = written(HELD)
    assert made["status"] == "rejected"
    assert made["statusReason"]["coding"][0]["code"] == "retention"
    assert "input" not in made


def changed(**members: Any) -> Json:
    return {**written(LOAN), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(code={"text": "lipids"}), "specimen-release"),
        (changed(focus={"display": "a slide"}), r"Task\.focus: is missing"),
        (changed(owner=None), r"Task\.owner: is missing"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(status="requested"), "field `status` is not of its type"),
        (changed(status="on-hold"), "`reason` says why it waits"),
        (changed(status="on-hold", statusReason={"text": "later"}), "release-reason"),
        (changed(restriction={"period": {"end": "soon"}}), "is not a date"),
        (changed(status="accepted", restriction={}), "a loan needs `custodian` and `return_by`"),
        (changed(status="accepted", input=[]), "a loan needs `custodian` and `return_by`"),
        (changed(code=written(MINIMAL)["code"]), "only a loan has a day of return"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        specimen_release.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: specimen_release.from_fhir(r, READING), data.draw(broken(written(LOAN))))
    assert SECRET not in said


def test_real_tasks_are_no_releases(shared: pathlib.Path) -> None:
    said = [outcome(lambda r: specimen_release.from_fhir(r, Reading({})), item) for _, item in real(shared, "Task")]
    assert len(said) >= 5
    assert "read" not in said
