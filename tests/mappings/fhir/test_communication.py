"""The holder's notices are Communications, and come back whole."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.access import Notice
from mappings.domain.values import Moment
from mappings.fhir import communication
from mappings.fhir.context import inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import NOTICES, URLS, WRITING

READING = inverse(WRITING)
MINIMAL = Notice(id="notice-1", kind="redirect", text="Ask Valley Laboratory.")
FULL = Notice(
    id="notice-1",
    kind="denial",
    sent=Moment("2026-03-20T12:00:00"),
    recipient="patient",
    text="Access to one item is denied.",
    about=("access-1#task",),
    document="letter-1",
)


def written(notice: Notice) -> Json:
    made: Json = loads(dumps(communication.to_fhir(notice, WRITING)))
    return made


@pytest.mark.parametrize("notice", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(notice: Notice) -> None:
    assert communication.from_fhir(written(notice), READING) == notice


@given(NOTICES)
@settings(max_examples=100, deadline=None)
def test_law(notice: Notice) -> None:
    assert communication.from_fhir(written(notice), READING) == notice


def test_rules_are_true() -> None:
    check_rules(communication, written(FULL))
    check_fields(communication, Notice, "notice")


def test_a_denial_that_was_sent() -> None:
    made = written(FULL)
    assert made["category"][0]["coding"][0]["code"] == "denial"
    assert made["status"] == "completed"
    assert made["sent"] == "2026-03-20"
    assert made["payload"] == [
        {"contentString": "Access to one item is denied."},
        {"contentReference": {"reference": URLS["letter-1"]}},
    ]
    assert written(MINIMAL)["status"] == "preparation"


def test_a_notice_says_something() -> None:
    with pytest.raises(ValueError, match="needs `text` or `document`"):
        Notice(id="notice-1", kind="denial")


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(category=[]), "is none of the notices; there are acknowledgement"),
        (changed(status="not-done"), "was not said"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(payload=[]), "needs `text` or `document`"),
        (changed(sent=7, _sent=7, resourceType="Task"), "is not a Communication"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        communication.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: communication.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said
