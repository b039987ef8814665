"""When a new event can have happened. A time without a zone may be of any: a day begins at UTC+14, ends at UTC-12.

A record is append-only, so an event ahead of its time would bar every true one behind it: it is refused at the door.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from mappings.domain.custody import compared, earliest, last_day, latest
from mappings.domain.material import CustodyEvent
from mappings.domain.values import Moment
from mappings.problems import Problem, problem

NEXT = dt.timedelta(seconds=1)
Place = Callable[[str], str]
"""Name of a field (`at`, `due_back`) -> what the one who told it calls it."""


def faults_of_time(
    before: Iterable[CustodyEvent], fresh: Iterable[tuple[CustodyEvent, Place]], now: Moment
) -> Iterator[Problem]:
    """What is wrong with the times of new events, each with how its fields are called.

    `custody.future`: it lies ahead in every zone. `custody.order`: it was over, in every zone, before one of the same
    item that is recorded. `custody.due`: it is due back before its own day, as that is written.

    Args:
        before: the events that are recorded.
        now: to the second, with its offset.
    """
    listed = list(before)
    for event, place in fresh:
        if earliest(event.at) >= earliest(now) + NEXT:
            yield problem("value", place("at"), _AHEAD, rule="custody.future")
        elif (later := _later(listed, event)) is not None:
            message = (
                f"lies before `{later.id}` ({later.kind}), which is recorded for the same item: mend the time, or "
                f"where that of `{later.id}` is wrong, mend it in case.json"
            )
            yield problem("business-rule", place("at"), message, rule="custody.order")
        if event.due_back is not None and last_day(event.due_back) < earliest(event.at).date():
            message = "lies before the day of the event, as that is written (in UTC where no time is given): mend it"
            yield problem("value", place("due_back"), message, rule="custody.due")
        listed.append(event)


def _later(listed: list[CustodyEvent], event: CustodyEvent) -> CustodyEvent | None:
    """The last of the recorded events that cannot have happened before this one."""
    next_ones: set[str] = set()
    for one in reversed(listed):
        shared = set(one.items) & set(event.items)
        if shared and latest(event.at) < earliest(one.at):
            return one
        if shared - next_ones and compared(one.at, event.at) == 1:  # two days count as days of one zone
            return one
        next_ones |= shared
    return None


def ahead(events: Iterable[CustodyEvent], now: Moment) -> Iterator[Problem]:
    """Events in case.json, as somebody wrote them, that lie ahead in every zone (`custody.future`).

    Tomorrow's day is taken once it has begun in UTC+14: whoever wrote it down may be there.
    """
    for number, event in enumerate(events):
        if earliest(event.at) >= earliest(now) + NEXT:
            yield problem("value", f"case.json $.custody[{number}].at", _AHEAD, rule="custody.future")


_AHEAD = "lies in the future: an event is recorded once it has happened; mend the time"
