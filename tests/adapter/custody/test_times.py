"""When an event can have happened: not ahead, not before what is recorded, not due back before it."""

import pytest

from adapter.custody.times import ahead, faults_of_time
from mappings.domain.values import Moment
from tests.adapter.custody.given import a_custody_event

NOW = Moment("2026-11-23T18:13:00+00:00")
SHIPPED = a_custody_event("shipped", "slide", by="lab", to="center", at="2026-11-23T18:13:00Z")


def found(*told: tuple[str, dict[str, str]], before: tuple = (), now: Moment = NOW) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    fresh = tuple((a_custody_event(kind, "slide", **more), f"line {n}".__add__) for n, (kind, more) in enumerate(told))
    return [(one.where, one.rule) for one in faults_of_time(before, fresh, now)]


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-25",  # in UTC+14 it is 24 November, 08:13
        "2026-12",
        "2027",
        "2030-01-01",
        "9999-12-31",
        "2026-11-23T18:13:01Z",
        "2026-11-23T13:13:01-05:00",
        "2026-11-24T08:13:01",  # no offset: not even in UTC+14
        "9999-12-31T23:59:60-14:00",
    ],
)
def test_what_lies_ahead_in_every_zone_is_refused(at: str) -> None:
    assert found(("lost", {"at": at})) == [("line 0at", "custody.future")]


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-24",
        "2026-11-23",
        "2026-11",
        "2026",
        "0001-01-01",
        "2026-11-23T18:13:00Z",
        "2026-11-23T18:13:00.900Z",
        "2026-11-24T08:13:00+14:00",
        "2026-11-24T08:13:00",
    ],
)
def test_what_may_be_over_in_some_zone_is_taken(at: str) -> None:
    assert found(("lost", {"at": at})) == []


def test_after_ten_in_utc_the_day_after_tomorrow_has_not_begun_anywhere_and_before_it_nor_has_tomorrow() -> None:
    early = Moment("2026-11-23T09:59:59Z")
    assert found(("lost", {"at": "2026-11-24"}), now=early) == [("line 0at", "custody.future")]
    assert found(("lost", {"at": "2026-11-24"}), now=Moment("2026-11-23T10:00:00Z")) == []


@pytest.mark.parametrize(
    "at", ["2026-11-22", "2026-10", "2025", "2026-11-22T23:59:59", "2026-11-23T18:12:59Z", "2026-11-23T13:12:59-05:00"]
)
def test_what_is_over_in_every_zone_before_what_is_recorded_is_refused(at: str) -> None:
    assert found(("received", {"at": at}), before=(SHIPPED,)) == [("line 0at", "custody.order")]


@pytest.mark.parametrize("at", ["2026-11-23", "2026-11", "2026", "2026-11-23T06:14:00", "2026-11-23T18:13:00Z"])
def test_what_may_be_later_in_some_zone_is_taken(at: str) -> None:
    assert found(("received", {"at": at}), before=(SHIPPED,)) == []


def test_a_day_that_ends_in_the_west_after_the_instant_is_taken() -> None:
    early = a_custody_event("shipped", "slide", at="2026-11-23T11:59:59Z")
    late = a_custody_event("shipped", "slide", at="2026-11-23T12:00:00Z")
    assert found(("received", {"at": "2026-11-22"}), before=(early,)) == []
    assert found(("received", {"at": "2026-11-22"}), before=(late,)) == [("line 0at", "custody.order")]


def test_an_instant_before_a_day_that_had_begun_nowhere_is_refused() -> None:
    day = a_custody_event("shipped", "slide", at="2026-11-23")
    assert found(("received", {"at": "2026-11-22T09:59:59Z"}), before=(day,)) == [("line 0at", "custody.order")]
    assert found(("received", {"at": "2026-11-22T10:00:00Z"}), before=(day,)) == []


def test_two_days_are_taken_to_be_of_one_zone() -> None:
    day = a_custody_event("shipped", "slide", at="2026-11-23")
    assert found(("received", {"at": "2026-11-22"}), before=(day,)) == [("line 0at", "custody.order")]
    assert found(("received", {"at": "2026-11-23"}), before=(day,)) == []


def test_it_is_held_against_every_event_of_the_item_and_those_of_the_same_call() -> None:
    vague = a_custody_event("received", "slide", at="2026-11")
    told = ("returned", {"at": "2026-11-22"})
    assert found(told, before=(SHIPPED, vague)) == [("line 0at", "custody.order")]
    sent = ("shipped", {"at": "2026-11-23T18:13:00Z"})
    assert found(sent, told) == [("line 1at", "custody.order")]
    other = a_custody_event("shipped", "last", at="2026-11-23T18:13:00Z")
    assert found(told, before=(other,)) == []


def test_which_event_is_later_is_said_and_nothing_else() -> None:
    noted = a_custody_event("shipped", "slide", at="2026-11-23T18:13:00Z", tracking="Zebulon", note="Zebulon")
    fresh = (a_custody_event("received", "slide", at="2026-11-22", note="Zebulon"), "--".__add__)
    (one,) = faults_of_time((noted,), (fresh,), NOW)
    assert (one.where, one.stops) == ("--at", True)
    assert "`shipped-slide` (shipped)" in one.message
    assert not {"Zebulon", "2026"} & set(one.message.replace("-", " ").split())


@pytest.mark.parametrize(
    ("at", "due_back"),
    [
        ("2026-11-23", "2026-11-22"),
        ("2026-11-23", "2026-10"),
        ("2026-11-23T01:00:00+14:00", "2026-11-22"),
        ("2026-11", "2026-10-31"),
        ("2026", "2025"),
    ],
)
def test_what_is_due_back_before_the_day_of_the_event_is_refused(at: str, due_back: str) -> None:
    assert found(("shipped", {"at": at, "due_back": due_back})) == [("line 0due_back", "custody.due")]


@pytest.mark.parametrize(
    ("at", "due_back"),
    [("2026-11-23", "2026-11-23"), ("2026-11-23", "2026-11"), ("2026-11", "2026-11-01"), ("2026-11-22", "2027-01-01")],
)
def test_what_is_due_back_on_that_day_or_later_is_taken(at: str, due_back: str) -> None:
    assert found(("shipped", {"at": at, "due_back": due_back})) == []


@pytest.mark.parametrize("at", ["2026-11-25", "2026-12", "2026-11-23T18:13:01Z", "2026-11-24T08:13:01"])
def test_what_somebody_wrote_into_the_case_that_lies_ahead_in_every_zone_is_refused(at: str) -> None:
    events = (SHIPPED, a_custody_event("received", "slide", by="center", at=at))
    [told] = ahead(events, NOW)
    assert (told.where, told.rule, told.stops) == ("case.json $.custody[1].at", "custody.future", True)


@pytest.mark.parametrize("at", ["2026-11-24", "2026-11", "2026", "2026-11-23T18:13:00Z", "2026-11-24T08:13:00"])
def test_what_somebody_wrote_into_the_case_that_may_be_over_somewhere_is_taken(at: str) -> None:
    assert list(ahead((SHIPPED, a_custody_event("received", "slide", by="center", at=at)), NOW)) == []
