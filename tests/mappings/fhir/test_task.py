"""The life of a request is its Task; how it moves on there is read back."""

import pathlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.request import RequestEvent, ReviewRequest
from mappings.domain.values import Moment
from mappings.fhir import task
from mappings.fhir.context import Reading, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_rules
from tests.strategies_request import URLS, WRITING, requests

READING = inverse(WRITING)
NEW = ReviewRequest(
    id="request-1",
    scope="pathology-only",
    reasons=("borderline-pathology",),
    question="Melanoma or nevus?",
    authored_on=Moment("2026-03-02T09:00:00-05:00"),
    requester="dr-first",
    performer="center",
)
DONE = msgspec.structs.replace(
    NEW,
    events=(
        RequestEvent(status="accepted", at=Moment("2026-03-03T09:00:00-05:00")),
        RequestEvent(status="in-progress", at=Moment("2026-03-04")),
        RequestEvent(
            status="cancelled",
            at=Moment("2026-03-05T09:00:00-05:00"),
            detail="preliminary-outcome",
            reason="patient withdrew",
        ),
    ),
)


def written(request: ReviewRequest) -> Json:
    made: Json = loads(dumps(task.to_fhir(request, WRITING)))
    return made


@given(requests())
@settings(max_examples=100, deadline=None)
def test_law(request_: ReviewRequest) -> None:
    assert task.from_fhir(written(request_), READING) == request_.events


def test_rules_are_true() -> None:
    check_rules(task, written(DONE))


def test_a_new_request() -> None:
    made = written(NEW)
    assert made["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": URLS["request-1#task"]}]
    assert (made["status"], made["intent"]) == ("requested", "order")
    assert made["code"]["coding"][0]["code"] == "fulfill"
    assert made["focus"] == {"reference": URLS["request-1"]}
    assert made["restriction"] == {"period": {"start": "2026-03-02", "end": "2026-03-11"}}
    assert task.from_fhir(made, READING) == ()


def test_the_clock_starts_with_acceptance() -> None:
    assert written(DONE)["restriction"] == {"period": {"start": "2026-03-03", "end": "2026-03-12"}}
    assert written(DONE)["executionPeriod"] == {
        "start": "2026-03-03T09:00:00-05:00",
        "end": "2026-03-05T09:00:00-05:00",
    }


def test_the_last_step_is_what_the_task_itself_says() -> None:
    made = written(DONE)
    assert made["status"] == "cancelled"
    assert made["statusReason"] == {"text": "patient withdrew"}
    assert made["businessStatus"]["coding"][0]["code"] == "preliminary-outcome"
    assert made["lastModified"] == "2026-03-05T09:00:00-05:00"


def test_last_modified_is_left_out_where_it_cannot_be_told_to_lie_behind_the_request() -> None:
    vague = msgspec.structs.replace(NEW, events=(RequestEvent(status="received", at=Moment("2026-03-02")),))
    assert "lastModified" not in written(vague)


def test_cancelling_work_that_has_begun_takes_a_task_of_its_own() -> None:
    made = task.abort_to_fhir(DONE, WRITING)
    assert made is not None
    assert made["code"]["coding"][0]["code"] == "abort"
    assert made["authoredOn"] == "2026-03-05T09:00:00-05:00"
    before = msgspec.structs.replace(DONE, events=(RequestEvent(status="cancelled", at=Moment("2026-03-05")),))
    assert task.abort_to_fhir(before, WRITING) is None


def test_a_status_that_moved_on_elsewhere_is_one_more_step() -> None:
    accepted = msgspec.structs.replace(NEW, events=DONE.events[:1])
    moved = {
        **written(accepted),
        "status": "rejected",
        "lastModified": "2026-03-06",
        "statusReason": {"text": "no capacity"},
    }
    assert task.from_fhir({**moved, "status": "failed"}, READING) == (
        *accepted.events,
        RequestEvent(status="failed", at=Moment("2026-03-06"), reason="no capacity"),
    )
    assert task.from_fhir({**moved, "status": "completed"}, READING)[1:] == (
        RequestEvent(status="in-progress", at=Moment("2026-03-03T09:00:00-05:00")),
        RequestEvent(status="completed", at=Moment("2026-03-06"), reason="no capacity"),
    )


def foreign(**members: Any) -> Json:
    return {
        "resourceType": "Task",
        "id": "t1",
        "status": "in-progress",
        "intent": "order",
        "authoredOn": "2026-04-01",
        "lastModified": "2026-04-03",
        **members,
    }


def test_a_foreign_task_tells_the_steps_it_implies() -> None:
    read = task.from_fhir(foreign(executionPeriod={"start": "2026-04-02"}), Reading({}))
    assert read == (
        RequestEvent(status="accepted", at=Moment("2026-04-02")),
        RequestEvent(status="in-progress", at=Moment("2026-04-03")),
    )
    assert task.from_fhir(foreign(status="ready"), Reading({})) == (
        RequestEvent(status="accepted", at=Moment("2026-04-03")),
    )


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (foreign(), "nothing tells when this status was reached"),
        (foreign(status="accepted", authoredOn=None, lastModified=None), "nothing tells when"),
        (foreign(status="draft"), "task-status"),
        (foreign(status="entered-in-error"), "entered in error"),
        (foreign(resourceType="ServiceRequest"), "is not a Task"),
        (
            foreign(code={"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "abort"}]}),
            "asks to abort another Task",
        ),
        (foreign(extension=[{"url": task.EVENT}]), "a step needs status and at"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        task.from_fhir(resource, Reading({}))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: task.from_fhir(r, READING), data.draw(broken(written(DONE))))
    assert SECRET not in said


def test_real_ones(shared: pathlib.Path) -> None:
    said = {
        f"{name} {item['id']}": outcome(lambda r: task.from_fhir(r, Reading({})), item)
        for name, item in real(shared, "Task")
    }
    assert said.pop("Task-example1.json example1") == "read"
    assert len(said) >= 4
    assert {text.partition(":")[0] for text in said.values()} <= {"read", "error"}
