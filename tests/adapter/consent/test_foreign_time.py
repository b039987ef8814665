"""FHIR dates of a Consent against a moment: what the zone leaves open stays open, and is never taken for a yes."""

import datetime as dt

import pytest

from adapter.consent.foreign_case import now_of, superseded
from adapter.consent.foreign_time import Edge, begun, edges, inside, within
from tests.adapter.consent.foreign_given import Json

HERE = "America/New_York"


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def at(text: str) -> Edge:
    return utc(text), utc(text)


@pytest.mark.parametrize(
    ("text", "first", "over"),
    [
        ("2026-03-16", "2026-03-16T04:00", "2026-03-17T04:00"),
        ("2026-03", "2026-03-01T05:00", "2026-04-01T04:00"),
        ("2026-12", "2026-12-01T05:00", "2027-01-01T05:00"),
        ("2026", "2026-01-01T05:00", "2027-01-01T05:00"),
        ("1000", "1000-01-01T04:56:02", "1001-01-01T04:56:02"),
        ("9000-12-31", "9000-12-31T05:00", "9001-01-01T05:00"),
        ("2026-03-16T10:00:00-04:00", "2026-03-16T14:00", "2026-03-16T14:00:01"),
        ("2026-03-16T10:00:00.5Z", "2026-03-16T10:00:00.500000", "2026-03-16T10:00:01.500000"),
    ],
)
def test_a_date_lasts_as_long_as_it_is_written(text: str, first: str, over: str) -> None:
    assert edges(text, HERE) == (at(first), at(over))


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "../etc/passwd"])
def test_without_a_zone_a_day_begins_anywhere_between_utc_plus_14_and_minus_12(zone: str | None) -> None:
    assert edges("2026-03-16", zone) == (
        (utc("2026-03-15T10:00"), utc("2026-03-16T12:00")),
        (utc("2026-03-16T10:00"), utc("2026-03-17T12:00")),
    )


@pytest.mark.parametrize(
    "text",
    [
        None,
        20260316,
        "",
        "soon",
        "2026-13",
        "2026-02-30",
        "2026-03-16T10:00:00",
        "2026-03-16T10:00Z",
        "2026-03-16T25:00:00Z",
        "0999",
        "9001",
        "2026-03-16 ",
    ],
)
def test_what_is_no_fhir_date_has_no_edges(text: object) -> None:
    assert edges(text, HERE) is None


def test_an_edge_that_may_lie_on_either_side_is_not_said_to_be_past() -> None:
    edge = (utc("2026-03-16T00:00"), utc("2026-03-17T00:00"))
    assert begun(edge, at("2026-03-17T00:00")) is True
    assert begun(edge, at("2026-03-16T23:59:59")) is None
    assert begun(edge, at("2026-03-16T00:00")) is None
    assert begun(edge, at("2026-03-15T23:59:59")) is False
    assert begun(edge, (utc("2026-03-15T00:00"), utc("2026-03-18T00:00"))) is None


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({}, (True, False)),
        ({"start": "2026-03-16"}, (True, False)),
        ({"start": "2026-03-17"}, (False, False)),
        ({"end": "2026-03-16"}, (True, False)),
        ({"end": "2026-03-15"}, (True, True)),
        ({"start": "soon"}, (None, False)),
        ({"_start": {"extension": []}}, (None, False)),
        ({"end": "soon"}, (True, None)),
        ({"_end": {"extension": []}}, (True, None)),
        ("2026", (None, None)),
        (None, (None, None)),
    ],
)
def test_an_absent_edge_is_open_and_an_unreadable_one_unknown(period: object, said: object) -> None:
    assert inside(period, at("2026-03-16T14:00"), HERE) == said


@pytest.mark.parametrize(
    ("text", "period", "zone", "said"),
    [
        ("2026-02-20", {"start": "2026-02-20", "end": "2026-02-20"}, HERE, True),
        ("2026-02-20", {"start": "2026-02-20", "end": "2026-02-20"}, None, True),
        ("2026-02-20", {"start": "2026-02"}, None, True),
        ("2026-02-20", {"end": "2026"}, None, True),
        ("2026-02-20", {}, None, True),
        ("2026-02-20", {"start": "2026-02-21"}, None, False),
        ("2026-02-20", {"end": "2026-02-19"}, None, False),
        ("2026-02", {"start": "2026-02-15"}, None, None),
        ("2026-02", {"end": "2026-02-15"}, None, None),
        ("2026-02-20T10:00:00Z", {"start": "2026-02-20"}, None, None),
        ("2026-02-20T10:00:00Z", {"start": "2026-02-20"}, HERE, True),
        ("2026-02-20", {"start": "2026-02-20T00:00:00Z"}, None, None),
        ("2026-02-20", {"end": "2026-02-20T23:59:59Z"}, HERE, None),
        ("soon", {}, HERE, None),
        (None, {}, HERE, None),
        ("2026-02-20", {"start": "soon"}, HERE, None),
        ("2026-02-20", {"_start": {}}, HERE, None),
        ("2026-02-20", {"end": "soon"}, HERE, None),
        ("2026-02-20", {"_end": {}}, HERE, None),
        ("2026-02-20", None, HERE, None),
    ],
)
def test_a_thing_is_within_a_period_only_with_the_whole_of_its_date(
    text: object, period: object, zone: str | None, said: bool | None
) -> None:
    assert within(text, period, zone) is said


@pytest.mark.parametrize(
    ("as_of", "zone", "now"),
    [
        ("2026-03-16T10:00:00-04:00", None, ("2026-03-16T14:00", "2026-03-16T14:00")),
        ("2026-03-16", HERE, ("2026-03-16T04:00", "2026-03-17T04:00")),
        ("2026-03-16", None, ("2026-03-15T10:00", "2026-03-17T12:00")),
        ("2026-03-16T10:00:00", HERE, ("2026-03-16T04:00", "2026-03-17T04:00")),
    ],
)
def test_a_decision_on_a_day_is_made_at_any_moment_of_it(as_of: str, zone: str | None, now: tuple[str, str]) -> None:
    assert now_of(as_of, zone) == (utc(now[0]), utc(now[1]))


# --- a later Consent of the same number


def numbered(day: str | None, number: str = "7", **more: object) -> Json:
    told: Json = {"dateTime": day} if day else {}
    return {"identifier": [{"system": "urn:oid:1.2.3", "value": number}], "status": "active"} | told | more


def test_the_later_of_one_number_replaces_the_earlier() -> None:
    both = {"old": numbered("2026-01-05"), "new": numbered("2026-02-05")}
    assert superseded(both, HERE) == {"old"}
    assert superseded({**both, "newest": numbered("2026-03-05")}, HERE) == {"old", "new"}


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "entered-in-error"])
def test_one_that_never_held_replaces_none(status: str) -> None:
    assert superseded({"old": numbered("2026-01-05"), "new": numbered("2026-02-05", status=status)}, HERE) == set()


def test_one_that_was_ended_replaces_the_earlier_all_the_same() -> None:
    assert superseded({"old": numbered("2026-01-05"), "new": numbered("2026-02-05", status="inactive")}, HERE) == {
        "old"
    }


@pytest.mark.parametrize(
    "other",
    [
        numbered("2026-01-05"),
        numbered("2026-01"),
        numbered(None),
        numbered("2026-02-05", number="8"),
        {"dateTime": "2026-02-05", "status": "active"},
        {"dateTime": "2026-02-05", "status": "active", "identifier": [{"value": ""}]},
    ],
)
def test_without_an_order_or_a_number_in_common_both_stand(other: Json) -> None:
    assert superseded({"one": numbered("2026-01-05"), "other": other}, HERE) == set()


def test_the_next_day_may_be_the_same_moment_where_the_zone_is_unknown() -> None:
    both = {"one": numbered("2026-01-05"), "other": numbered("2026-01-06")}
    assert superseded(both, HERE) == {"one"}
    assert superseded(both, None) == set()
