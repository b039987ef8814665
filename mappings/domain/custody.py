"""Where slides and blocks are: the record of hand-overs, followed event by event.

The record is append-only and told in the order in which things happened. What cannot have happened (a return of what
never left, a shipment after the disposal) is a Problem that names the event, and is not followed: what was known
before stands. 42 CFR 493.1105(a)(7) makes the laboratory keep slides and blocks, so it must be able to say where
they are.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

import msgspec

from mappings.domain.material import CustodyEvent
from mappings.domain.sections import Stock
from mappings.domain.values import Fact, Moment, PartialDate
from mappings.problems import Problem, problem

Place = Literal["kept", "in-transit", "away", "lost", "discarded"]
Release = Literal["recut", "loan", "transfer"]


class Whereabouts(Fact, frozen=True, kw_only=True):
    """Where one part, block or slide is after the last event that could be followed.

    Attributes:
        place: `kept` where it belongs, `in-transit`, `away` with somebody else, `lost`, `discarded`.
        last: the kind of the last event; `since` is when the place was reached (a request or damage moves nothing).
        who: who has it, or is to get it while it is on its way; None where the record does not say.
        source: whose it is: the first to be asked for it, to release or to ship it.
        recipient: who asked for it or was sent it last.
        due_back: the day of return of the loan that runs.
        carrier, tracking: of the shipment under way.
        asked: when it was asked for last, and `form` in what form.
        damaged: whether it broke.
        wanted: how many sections were asked for last.
    """

    item: str
    place: Place = "kept"
    last: str | None = None
    since: Moment | None = None
    who: str | None = None
    source: str | None = None
    recipient: str | None = None
    due_back: PartialDate | None = None
    carrier: str | None = None
    tracking: str | None = None
    asked: Moment | None = None
    form: Release | None = None
    damaged: bool = False
    wanted: int | None = None

    def overdue(self, today: date) -> bool:
        """Whether a loan that runs should have come back before this day; what is lost is lost, not overdue."""
        return self.place in ("in-transit", "away") and self.due_back is not None and last_day(self.due_back) < today


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a record of custody says: where each item is, in the order in which they first occur, and what is wrong.

    `left` leads from a block to the sections that are left in it, where that is known.
    """

    places: Mapping[str, Whereabouts]
    problems: tuple[Problem, ...]
    left: Mapping[str, int] = msgspec.field(default_factory=dict)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What following a record takes of the case.

    Attributes:
        holder: local name of the organization whose case it is.
        organizations: party -> the organization it acts for (a role stands for its organization).
        slides: local names of the glass slides: nothing is cut from a slide.
        sections: block or slide -> how many sections are told of it; `cut_from`: slide -> its block, or nothing.
    """

    holder: str
    organizations: Mapping[str, str] = msgspec.field(default_factory=dict)
    slides: frozenset[str] = frozenset()
    sections: Mapping[str, int] = msgspec.field(default_factory=dict)
    cut_from: Mapping[str, str] = msgspec.field(default_factory=dict)

    def same(self, one: str | None, other: str | None) -> bool:
        """Whether both are the same organization, as far as both are told."""
        return one is None or other is None or self.at(one) == self.at(other)

    def at(self, party: str) -> str:
        """The organization of a party."""
        return self.organizations.get(party, party)


POSSIBLE: Mapping[str, frozenset[str]] = {
    "kept": frozenset(("requested", "released", "shipped", "received", "lost", "broken", "recut", "discarded")),
    "in-transit": frozenset(("requested", "received", "returned", "lost", "broken")),
    "away": frozenset(("requested", "released", "shipped", "returned", "lost", "broken", "recut", "discarded")),
    "lost": frozenset(("requested", "received", "returned")),
    "discarded": frozenset(),
}
"""Place -> the kinds of event that can happen to what is there. What was lost turns up by `received` or `returned`."""

_WHY = {
    ("kept", "returned"): ("never-left", "it never left: record first that it was shipped or received"),
    ("in-transit", "shipped"): ("two-places", "it is on its way already: record first that it arrived"),
    ("in-transit", "released"): ("two-places", "it is on its way already: record first that it arrived"),
    ("in-transit", "recut"): ("two-places", "it is on its way: nobody can cut it until it arrives"),
    ("in-transit", "discarded"): ("two-places", "it is on its way: record that it arrived, or that it was lost"),
    ("away", "received"): ("two-places", "somebody has it already: record first that it was shipped or returned"),
}
_HANDS = frozenset(("released", "shipped", "discarded"))
"""Kinds that only who has the material can do."""


def follow(events: Iterable[CustodyEvent], setting: Setting) -> Record:
    """Follow a record of custody.

    Events are taken in the order of the list, which is that in which they were recorded. Where two times of one item
    contradict that order it is an error; where they cannot be told apart (the same instant, or a day without a time)
    the order of the list counts, and an information says so.
    """
    places: dict[str, Whereabouts] = {}
    problems: list[Problem] = []
    last: dict[str, Moment] = {}
    stock = Stock(setting.sections, setting.cut_from)
    for number, event in enumerate(events):
        where = f"case.json $.custody[{number}]"
        before_all = len(problems)
        counted = [*stock.faults(event, where)]
        problems += counted
        if len(set(event.items)) != len(event.items):
            problems.append(_wrong("repeated", where, "names an item twice: name it once"))
        for item in dict.fromkeys(event.items):
            before = places.get(item, Whereabouts(item=item))
            found = [*_order(last.get(item), event, where), *_faults(before, event, setting, where)]
            problems += found
            if not any(one.stops for one in (*found, *counted)):
                places[item] = _moved(before, event, setting)
                last[item] = event.at
            else:
                places.setdefault(item, before)
        if not any(one.stops for one in problems[before_all:]):
            stock.take(event)
    return Record(places=places, problems=tuple(dict.fromkeys(problems)), left=stock.left)


def _wrong(rule: str, where: str, message: str) -> Problem:
    return problem("business-rule", where, message, rule=f"custody.{rule}")


def _order(before: Moment | None, event: CustodyEvent, where: str) -> Iterator[Problem]:
    order = None if before is None else compared(before, event.at)
    if order == 1:
        yield _wrong("order", where, "lies before the event of the same item that is listed before it: mend the time")
    elif order == 0:
        message = "cannot be told from the event before it by its time: the order of the list counts"
        yield problem("informational", where, message, rule="custody.order", severity="information")


def _faults(now: Whereabouts, event: CustodyEvent, setting: Setting, where: str) -> Iterator[Problem]:
    """Why this cannot have happened to what is there."""
    kind = event.kind
    if now.place == "discarded":
        yield _wrong("after-discard", where, "the item was discarded: nothing can happen to it any more")
    elif kind not in POSSIBLE[now.place]:
        rule, why = _WHY.get((now.place, kind), (now.place, f"the item is {now.place}: this cannot have happened"))
        yield _wrong(rule, where, why)
    elif kind == "received" and now.place == "kept" and not _may_begin(now, event, setting):
        yield _wrong(
            "not-sent", where, "it was not sent: record first that it was shipped, or released to be handed over"
        )
    elif kind == "recut" and now.item in setting.slides and now.last is not None:
        yield _wrong("recut", where, "nothing is cut from a slide: name the block, or the new slide before all else")
    elif kind == "returned" and not setting.same(event.to, now.source):
        yield _wrong("returned", where, "goes to another than whose it is: record it as shipped to them")
    elif kind == "returned" and now.place == "away" and not setting.same(event.by, now.who):
        message = "is returned by another than who had it; ask both how it came there, and record that"
        yield problem("business-rule", where, message, rule="custody.returned", severity="warning")
    elif kind in _HANDS and now.place == "away" and not setting.same(event.by, now.who):
        yield _wrong("two-places", where, "`by` does not have the item: record first how it came there")
    elif kind == "received" and now.place == "in-transit" and not setting.same(receiver(event), now.who):
        message = "arrived elsewhere than it was sent; tell the carrier and the sender"
        yield problem("business-rule", where, message, rule="custody.addressee", severity="warning")


def _may_begin(now: Whereabouts, event: CustodyEvent, setting: Setting) -> bool:
    """Handed over after a release; or the holder's own record begins with the arrival (a review center's does)."""
    begins = now.last is None and receiver(event) is not None and setting.same(receiver(event), setting.holder)
    return begins or now.last == "released"


def receiver(event: CustodyEvent) -> str | None:
    """Who has the item after a `received`: `to`, or where only one party is told, that one."""
    return event.to or event.by


def _moved(now: Whereabouts, event: CustodyEvent, setting: Setting) -> Whereabouts:
    change = msgspec.structs.replace
    known = change(now, last=event.kind, due_back=event.due_back or now.due_back, form=event.form or now.form)
    match event.kind:
        case "requested":
            asked = change(
                known, asked=event.at, source=now.source or event.to, recipient=event.by, wanted=event.sections
            )
            return change(asked, last=now.last if now.place in ("in-transit", "away", "lost") else "requested")
        case "released":
            return change(known, since=event.at, source=now.source or event.by, recipient=event.to or now.recipient)
        case "shipped":
            sent = change(known, place="in-transit", since=event.at, who=event.to, source=now.source or event.by)
            to = now.recipient if setting.same(event.to, sent.source) else event.to
            return change(sent, recipient=to, carrier=event.carrier, tracking=event.tracking)
        case "received":
            who = receiver(event) or now.who
            if now.source is not None and who is not None and setting.same(who, now.source):
                return _home(known, event, who)
            return change(known, place="away", since=event.at, who=who, recipient=who, carrier=None, tracking=None)
        case "returned":
            return _home(known, event, event.to or now.source)
        case "lost":
            return change(known, place="lost", since=event.at)
        case "broken":
            return change(known, damaged=True)
        case "discarded":
            return change(known, place="discarded", since=event.at, due_back=None, carrier=None, tracking=None)
        case _:
            return change(known, since=now.since or event.at, who=now.who or event.by)


def _home(now: Whereabouts, event: CustodyEvent, who: str | None) -> Whereabouts:
    return msgspec.structs.replace(
        now, place="kept", since=event.at, who=who, due_back=None, carrier=event.carrier, tracking=event.tracking
    )


# --- time


def compared(one: Moment, other: Moment) -> Literal[-1, 0, 1]:
    """-1 where the first lies before the other, 1 behind it, 0 where they cannot be told apart.

    Two times with their offsets are instants: nothing is tolerated. Two without are taken to be of one zone. Beside an
    instant, one without offset is behind it only where it is so in every zone, since nobody knows the one it is of.
    """
    if one.offset and other.offset:
        first, second = earliest(one), earliest(other)
        return -1 if first < second else 1 if first > second else 0
    shorter = 19 if one.floating and other.floating else min(len(one), len(other), 10)
    mine, theirs = one[:shorter], other[:shorter]
    if mine > theirs and bool(one.offset) != bool(other.offset):
        return 1 if earliest(one) > latest(other) else 0
    return -1 if mine < theirs else 1 if mine > theirs else 0


EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""Where a day begins first, and where it ends last."""


def earliest(at: Moment) -> datetime:
    """The first instant that a time can mean."""
    if at.time:
        return _exact(at, EAST)
    year, month, day = (*(int(part) for part in at.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=EAST)


def latest(at: Moment) -> datetime:
    """The last instant that a time can mean."""
    return _exact(at, WEST) if at.time else datetime.combine(last_day(at.date), time.max, WEST)


def _exact(at: Moment, zone: timezone) -> datetime:
    read = datetime.fromisoformat(at.replace(":60", ":59"))  # a leap second has no datetime
    return read if read.tzinfo else read.replace(tzinfo=zone)


def in_order(events: Iterable[CustodyEvent]) -> bool:
    """Whether no event of an item lies before the one of the same item that is listed before it."""
    last: dict[str, Moment] = {}
    for event in events:
        if any(item in last and compared(last[item], event.at) == 1 for item in event.items):
            return False
        last |= dict.fromkeys(event.items, event.at)
    return True


def last_day(day: PartialDate) -> date:
    """The last day that a date can mean: a month or year that is named ends with its last day."""
    parts = [int(part) for part in day.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    return date(year, month, parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1])
