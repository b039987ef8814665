"""A record of custody is followed event by event, and what cannot have happened is refused."""

from datetime import date
from typing import Any

import pytest

from mappings.domain.custody import POSSIBLE, Record, Setting, Whereabouts, compared, follow, last_day
from mappings.domain.material import CustodyEvent
from mappings.domain.values import Moment, PartialDate

SETTING = Setting(holder="lab", organizations={"dr-lab": "lab", "dr-center": "center"}, slides=frozenset({"slide"}))


def event(kind: str, at: str = "2026-03-01", *items: str, **more: Any) -> CustodyEvent:
    due = {"due_back": PartialDate(more.pop("due"))} if "due" in more else {}
    fields: dict[str, Any] = {"items": items or ("slide",), "kind": kind, "at": Moment(at), **due, **more}
    return CustodyEvent(id=f"event-{kind}-{at[:10]}", **fields)


def record(*events: CustodyEvent, holder: str = "lab") -> Record:
    return follow(events, Setting(holder=holder, organizations=SETTING.organizations, slides=SETTING.slides))


def rules(made: Record) -> list[str]:
    return [found.rule for found in made.problems if found.stops]


OUT = event("shipped", "2026-03-01", by="lab", to="center", carrier="Courier", tracking="T-1", due="2026-06-01")
IN = event("received", "2026-03-03", by="center")
LOST = event("lost", "2026-03-04", by="center")
GONE = event("discarded", "2026-03-05")
BACK = event("returned", "2026-04-01", by="center", to="lab")


@pytest.mark.parametrize(
    ("events", "rule"),
    [
        ((event("returned"),), "custody.never-left"),
        ((event("requested", by="center", to="lab"), event("returned", "2026-03-02")), "custody.never-left"),
        ((event("received", by="center"),), "custody.not-sent"),
        ((event("requested", by="center", to="lab"), event("received", "2026-03-02", by="center")), "custody.not-sent"),
        ((IN, event("shipped", "2026-03-04", by="lab", to="center")), "custody.not-sent"),
        ((OUT, event("shipped", "2026-03-02", by="lab", to="other")), "custody.two-places"),
        ((OUT, event("released", "2026-03-02", by="lab")), "custody.two-places"),
        ((OUT, event("discarded", "2026-03-02")), "custody.two-places"),
        ((OUT, event("recut", "2026-03-02", "slide")), "custody.two-places"),
        ((OUT, IN, event("received", "2026-03-05", by="other")), "custody.two-places"),
        ((OUT, IN, event("shipped", "2026-03-05", by="lab", to="other")), "custody.two-places"),
        ((OUT, IN, event("discarded", "2026-03-05", by="lab")), "custody.two-places"),
        ((LOST, event("shipped", "2026-03-05", by="lab", to="center")), "custody.lost"),
        ((LOST, event("lost", "2026-03-05")), "custody.lost"),
        ((LOST, GONE), "custody.lost"),
        ((event("requested"), event("recut", "2026-03-02")), "custody.recut"),
        ((event("requested", "2026-03-01", "slide", "slide"),), "custody.repeated"),
    ],
)
def test_what_cannot_have_happened_is_refused(events: tuple[CustodyEvent, ...], rule: str) -> None:
    assert rule in rules(record(*events))


@pytest.mark.parametrize(
    "kind", ["requested", "released", "shipped", "received", "returned", "lost", "broken", "recut", "discarded"]
)
def test_nothing_happens_to_what_was_discarded(kind: str) -> None:
    made = record(GONE, event(kind, "2026-03-06", by="lab", to="center"))
    assert rules(made) == ["custody.after-discard"]
    assert made.places["slide"].place == "discarded"


def test_the_event_that_is_refused_is_named_and_is_not_followed() -> None:
    made = record(OUT, event("shipped", "2026-03-02", by="lab", to="other"), IN)
    assert [found.where for found in made.problems if found.stops] == ["case.json $.custody[1]"]
    assert (made.places["slide"].place, made.places["slide"].who) == ("away", "center")


def test_a_message_holds_no_name_and_no_number() -> None:
    made = record(OUT, event("shipped", "2026-03-02", by="lab", to="secret-place", tracking="T-77", note="Jane"))
    text = " ".join(map(str, made.problems))
    assert made.problems
    assert [word for word in ("secret-place", "T-77", "Jane", "slide-") if word in text] == []


def test_a_loan_from_the_request_to_the_return() -> None:
    asked = event("requested", "2026-02-20", by="center", to="lab", form="loan")
    let_go = event("released", "2026-02-25", by="lab", to="center", due="2026-06-01")
    steps = [record(*[asked, let_go, OUT, IN, BACK][: n + 1]).places["slide"] for n in range(5)]
    assert [(s.place, s.last, s.who) for s in steps] == [
        ("kept", "requested", None),
        ("kept", "released", None),
        ("in-transit", "shipped", "center"),
        ("away", "received", "center"),
        ("kept", "returned", "lab"),
    ]
    assert [(s.source, s.recipient) for s in steps[:4]] == [("lab", "center")] * 4
    assert [s.due_back for s in steps] == [None, "2026-06-01", "2026-06-01", "2026-06-01", None]
    assert (steps[2].carrier, steps[2].tracking, steps[3].tracking) == ("Courier", "T-1", None)
    assert steps[4].since == "2026-04-01"
    assert steps[4].form == "loan"


def test_it_comes_back_by_parcel_and_is_no_loan_any_more() -> None:
    parcel = event("shipped", "2026-04-01", by="dr-center", to="dr-lab", tracking="T-2")
    on_its_way = record(OUT, IN, parcel).places["slide"]
    assert (on_its_way.place, on_its_way.who, on_its_way.tracking) == ("in-transit", "dr-lab", "T-2")
    assert (on_its_way.due_back, on_its_way.recipient) == ("2026-06-01", "center")
    home = record(OUT, IN, parcel, event("received", "2026-04-03", by="lab"))
    assert rules(home) == []
    assert (home.places["slide"].place, home.places["slide"].due_back) == ("kept", None)


def test_handed_over_without_a_parcel() -> None:
    made = record(event("released", by="lab", to="center"), event("received", "2026-03-02", by="center"))
    assert rules(made) == []
    assert (made.places["slide"].place, made.places["slide"].who) == ("away", "center")


def test_the_record_of_a_review_center_begins_with_the_arrival() -> None:
    made = record(event("received", by="dr-center"), event("discarded", "2026-03-02", by="center"), holder="center")
    assert rules(made) == []
    assert made.places["slide"].place == "discarded"
    assert rules(record(event("received", by="other"), holder="center")) == ["custody.not-sent"]


def test_what_was_lost_may_turn_up() -> None:
    made = record(OUT, LOST, event("received", "2026-03-09", by="center"))
    assert rules(made) == []
    assert made.places["slide"].place == "away"


def test_what_is_lost_is_not_overdue_and_what_is_broken_still_comes_back() -> None:
    late = date(2026, 6, 2)
    assert record(OUT, IN).places["slide"].overdue(late)
    assert not record(OUT, IN).places["slide"].overdue(date(2026, 6, 1))
    assert not record(OUT, LOST).places["slide"].overdue(late)
    assert not record(OUT, IN, BACK).places["slide"].overdue(late)
    broken = record(OUT, IN, event("broken", "2026-03-04", by="center")).places["slide"]
    assert (broken.place, broken.damaged, broken.overdue(late)) == ("away", True, True)
    assert not record(event("shipped", by="lab", to="center")).places["slide"].overdue(date(2099, 1, 1))


def test_an_arrival_elsewhere_is_told_and_followed() -> None:
    made = record(OUT, event("received", "2026-03-03", by="other"))
    assert [(found.rule, found.severity) for found in made.problems] == [("custody.addressee", "warning")]
    assert made.places["slide"].who == "other"


def test_times_that_cannot_be_told_apart_are_told_and_the_list_counts() -> None:
    made = record(event("released", "2026-03-01", by="lab"), event("shipped", "2026-03-01", by="lab", to="center"))
    assert [(found.rule, found.severity) for found in made.problems] == [("custody.order", "information")]
    assert made.places["slide"].place == "in-transit"
    instants = ("2026-03-01T10:00:00-05:00", "2026-03-01T15:00:00Z")
    same = record(*(event(kind, at, by="lab") for kind, at in zip(("released", "shipped"), instants, strict=True)))
    assert [found.rule for found in same.problems] == ["custody.order"]


def test_times_that_contradict_the_list_are_refused() -> None:
    made = record(
        event("shipped", "2026-03-01T12:00:00-05:00", by="lab", to="center"),
        event("received", "2026-03-01T12:00:00+01:00", by="center"),
    )
    assert rules(made) == ["custody.order"]
    assert made.places["slide"].place == "in-transit"


def test_items_of_one_event_go_their_own_ways() -> None:
    both = event("shipped", "2026-03-01", "slide", "block", by="lab", to="center")
    made = record(both, event("lost", "2026-03-02", "slide"), event("received", "2026-03-03", "block", by="center"))
    assert {name: one.place for name, one in made.places.items()} == {"slide": "lost", "block": "away"}


def test_a_block_is_cut_where_it_is_and_a_new_slide_begins_with_the_cut() -> None:
    made = record(event("recut", "2026-03-01", "block", "slide", by="lab"))
    assert made.problems == ()
    assert {(one.place, one.who, one.since) for one in made.places.values()} == {("kept", "lab", "2026-03-01")}


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("2026-03-01T10:00:00-05:00", "2026-03-01T10:00:00-06:00", -1),
        ("2026-03-02T01:00:00+10:00", "2026-03-01T10:00:00-06:00", -1),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00", 0),
        ("2026-03-01T10:00:00Z", "2026-03-01T09:59:59Z", 1),
        ("2026-03-01T10:00:00", "2026-03-01T09:00:00", 1),
        ("2026-03-01", "2026-03-01T09:00:00Z", 0),
        ("2026-03-02", "2026-03-01T23:00:00-06:00", 0),
        ("2026-03-03", "2026-03-01T23:00:00-06:00", 1),
        ("2026-03-01T10:00:00.001Z", "2026-03-01T10:00:00Z", 1),
        ("2026-03-02T00:00:00+14:00", "2026-03-01T09:59:59Z", 1),
        ("2026-03-02T00:00:00+14:00", "2026-03-01T10:00:00Z", 0),
        ("2026-03-03T00:00:00Z", "2026-03-01", 1),
        ("2026-03-02T12:00:00Z", "2026-03-01", 1),
        ("2026-03-02T11:59:59Z", "2026-03-01", 0),
        ("2026-03-02T23:00:00-12:00", "2026-03-01", 1),
        ("2026-03-02", "2026-03-01T09:59:59Z", 1),
        ("2026-03-02", "2026-03-01T10:00:00Z", 0),
        ("2026-03-01T12:00:00", "2026-02-28T21:59:59Z", 1),
        ("2026-03-01T12:00:00", "2026-02-28T22:00:00Z", 0),
        ("2026-04", "2026-03-31T09:59:59Z", 1),
        ("2026-04", "2026-03-31T10:00:00Z", 0),
        ("2026-03-02", "2026-03-01", 1),
        ("2026-03", "2026-03-01", 0),
        ("2026", "2026-03-01", 0),
        ("2026-04", "2026-03-31", 1),
        ("2025", "2026-03-31", -1),
    ],
)
def test_times_are_compared_as_far_as_they_are_known(one: str, other: str, order: int) -> None:
    assert compared(Moment(one), Moment(other)) == order


@pytest.mark.parametrize(
    ("day", "last"),
    [("2026", date(2026, 12, 31)), ("2024-02", date(2024, 2, 29)), ("2026-06-01", date(2026, 6, 1))],
)
def test_the_last_day_a_date_can_mean(day: str, last: date) -> None:
    assert last_day(PartialDate(day)) == last


def test_every_kind_is_possible_somewhere_and_every_place_is_known() -> None:
    kinds = {kind for allowed in POSSIBLE.values() for kind in allowed}
    assert kinds == {
        "requested", "released", "shipped", "received", "returned", "lost", "broken", "recut", "discarded",
    }  # fmt: skip
    assert set(POSSIBLE) == {"kept", "in-transit", "away", "lost", "discarded"}
    assert Whereabouts(item="slide").place == "kept"
