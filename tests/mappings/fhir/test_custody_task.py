"""A hand-over of slides and blocks is a Task, and comes back whole."""

import pathlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.material import CustodyEvent
from mappings.domain.values import Moment, PartialDate
from mappings.fhir import custody_task
from mappings.fhir.context import Reading, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import CUSTODY_EVENTS, URLS, WRITING

READING = inverse(WRITING)
MINIMAL = CustodyEvent(id="event-1", items=("slide-1",), kind="lost", at=Moment("2026-03"))
FULL = CustodyEvent(
    id="event-1",
    items=("slide-1", "block-1"),
    kind="shipped",
    at=Moment("2026-03-05T15:00:00-05:00"),
    by="hospital",
    to="center",
    carrier="Courier",
    tracking="1Z 999",
    due_back=PartialDate("2026-09-05"),
    form="loan",
    sections=10,
    note="keep upright",
)


def written(event: CustodyEvent) -> Json:
    made: Json = loads(dumps(custody_task.to_fhir(event, WRITING)))
    return made


@pytest.mark.parametrize("event", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(event: CustodyEvent) -> None:
    assert custody_task.from_fhir(written(event), READING) == event


@given(CUSTODY_EVENTS)
@settings(max_examples=150, deadline=None)
def test_law(event: CustodyEvent) -> None:
    assert custody_task.from_fhir(written(event), READING) == event


def test_rules_are_true() -> None:
    check_rules(custody_task, written(FULL))
    check_fields(custody_task, CustodyEvent, "event")


def test_a_loan() -> None:
    made = written(FULL)
    assert made["code"]["coding"][0]["code"] == "shipped"
    assert made["status"] == "completed"
    assert made["focus"] == {"reference": URLS["slide-1"]}
    assert [i["valueReference"]["reference"] for i in made["input"][:2]] == [URLS["slide-1"], URLS["block-1"]]
    assert [made["input"][-2][n]["coding"][0]["code"] for n in ("type", "valueCodeableConcept")] == ["form", "loan"]
    assert (made["input"][-1]["type"]["coding"][0]["code"], made["input"][-1]["valuePositiveInt"]) == ("sections", 10)
    assert made["restriction"] == {"period": {"end": "2026-09-05"}}
    assert (made["requester"], made["owner"]) == ({"reference": URLS["hospital"]}, {"reference": URLS["center"]})
    assert written(MINIMAL)["status"] == "failed"


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(code={"text": "lipids"}), "custody-kind"),
        (changed(input=[]), "needs at least one entry in `items`"),
        (changed(executionPeriod={"end": "2026"}), r"executionPeriod\.start: is missing"),
        (changed(restriction={"period": {"end": "soon"}}), "is not a date"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(status="rejected"), "is not how a hand-over of this kind ends"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        custody_task.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: custody_task.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said


def test_real_tasks_are_no_hand_overs(shared: pathlib.Path) -> None:
    said = [outcome(lambda r: custody_task.from_fhir(r, Reading({})), item) for _, item in real(shared, "Task")]
    assert len(said) >= 5
    assert "read" not in said
