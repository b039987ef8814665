"""When a period of a Consent holds: FHIR dates of any precision against a moment, where the time zone may be unknown.

Every edge is a pair (earliest, latest) in UTC: without a zone a date may begin anywhere between UTC+14 and UTC-12.
"""

import datetime as dt
import functools
import re
from zoneinfo import ZoneInfo

Edge = tuple[dt.datetime, dt.datetime]
"""The earliest and the latest instant at which an edge may lie."""

_TEXT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?P<time>T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII,
)
_EAST, _WEST = dt.timedelta(hours=14), dt.timedelta(hours=12)


@functools.cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def edges(text: object, zone: str | None) -> tuple[Edge, Edge] | None:
    """Return when a FHIR date or dateTime begins and when it is over, or None where the text is none of them.

    A time without offset is no FHIR dateTime. Years before 1000 and after 9000 are not counted with.
    """
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if found is None or not 1000 <= int(found["year"]) <= 9000:
        return None
    try:
        if found["time"]:
            exact = dt.datetime.fromisoformat(found[0])
            return (exact, exact), (exact + dt.timedelta(seconds=1), exact + dt.timedelta(seconds=1))
        first = dt.date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None
    return _midnight(first, zone), _midnight(_after(first, found), zone)


def _after(first: dt.date, found: re.Match[str]) -> dt.date:
    """The first day that is no longer meant."""
    if found["day"]:
        return first + dt.timedelta(days=1)
    months = 1 if found["month"] else 12
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


def _midnight(day: dt.date, zone: str | None) -> Edge:
    known = _zone(zone) if zone else None
    if known is not None:
        exact = dt.datetime.combine(day, dt.time(), known).astimezone(dt.UTC)
        return exact, exact
    plain = dt.datetime.combine(day, dt.time(), dt.UTC)
    return plain - _EAST, plain + _WEST


def begun(edge: Edge, now: Edge) -> bool | None:
    """Whether what begins at `edge` has begun at `now`; None where that cannot be known."""
    if now[0] >= edge[1]:
        return True
    return False if now[1] < edge[0] else None


def inside(period: object, now: Edge, zone: str | None) -> tuple[bool | None, bool | None]:
    """(has it begun, is it over) of a FHIR Period; an absent edge is open, an unreadable one unknown."""
    if not isinstance(period, dict):
        return None, None
    start, end = period.get("start"), period.get("end")
    from_, until = edges(start, zone), edges(end, zone)
    has_begun = begun(from_[0], now) if from_ else (None if _said(period, "start") else True)
    over = begun(until[1], now) if until else (None if _said(period, "end") else False)
    return has_begun, over


def within(text: object, period: object, zone: str | None) -> bool | None:
    """Whether a date lies wholly inside a FHIR Period (True), wholly outside (False), or neither can be said (None).

    Dates are compared as dates where the zone is unknown and no edge has a time of day.
    """
    if not isinstance(period, dict):
        return None
    told = (text, period.get("start"), period.get("end"))
    plain = zone or (None if any(isinstance(one, str) and "T" in one for one in told) else "UTC")
    date, start, end = (edges(one, plain) for one in told)
    if date is None or (start is None and _said(period, "start")) or (end is None and _said(period, "end")):
        return None
    early = start is not None and begun(date[1], start[0]) is True
    late = end is not None and begun(end[1], date[0]) is True
    if early or late:
        return False
    after = start is None or begun(start[0], date[0]) is True
    before = end is None or begun(date[1], end[1]) is True
    return True if after and before else None


def _said(period: dict[str, object], member: str) -> bool:
    return member in period or f"_{member}" in period
