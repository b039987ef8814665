"""The clock of an access request (45 CFR 164.524(b)(2)), and the other terms the law sets.

Date arithmetic only, never multiples of 24 hours: day 0 is the local date of receipt, the term ends at the end of a
local day, weekends and holidays do not move it, and no open question stops it.
"""

import datetime as dt
import functools
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from adapter.consent.facts import Facts, moment
from adapter.consent.groups import ExtensionNotice
from adapter.consent.policy import Policy
from adapter.consent.rules import RIGHT, Finding, Matter, blank, missing, note, request_rule


def years_after(day: dt.date, years: int, policy: Policy) -> dt.date:
    """Return the anniversary of a day; 29 February goes where the policy says."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1) if policy.leap_day_to_march else dt.date(day.year + years, 2, 28)


@functools.cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def local_date(text: str | None, zone: str | None, policy: Policy) -> dt.date | None:
    """Return the local date of a time, or None where it cannot be known.

    A date, and a time without offset, are local already; a time with offset needs the holder's time zone.
    """
    if text is None:
        return None
    value = moment(text)
    if not isinstance(value, dt.datetime):
        return value
    if value.tzinfo is None:
        return value.date()
    if not policy.receipt_day_is_local:
        return value.astimezone(dt.UTC).date()
    known = _zone(zone) if zone else None
    return value.astimezone(known).date() if known else None


def day_of_receipt(facts: Facts, policy: Policy) -> dt.date | None:
    """Return day 0, or None where receipt or time zone is unknown."""
    return local_date(facts.received_at, facts.holder_tz, policy)


def day_of_decision(facts: Facts, policy: Policy) -> dt.date | None:
    """Return the day the decision is made: `as_of`, else the day of receipt."""
    return local_date(facts.as_of or facts.received_at, facts.holder_tz, policy)


def day_for_papers(facts: Facts, policy: Policy) -> dt.date | None:
    """Return the day papers are judged on: the local day, else the day of the decision as its own offset writes it."""
    known = day_of_decision(facts, policy)
    written = facts.as_of or facts.received_at
    if known is not None or written is None:
        return known
    value = moment(written)
    return value.date() if isinstance(value, dt.datetime) else value


def _limit(day0: dt.date, policy: Policy) -> dt.date:
    days = min(policy.access_days, policy.state_access_days or policy.access_days)
    return day0 + dt.timedelta(days=days)


def judge_notices(day0: dt.date, facts: Facts, policy: Policy) -> tuple[dt.date, tuple[str, ...]]:
    """Return the deadline of an access request, and one reason code for each extension notice.

    Only the first notice that is timely, written, reasoned and dated moves the deadline, never past day 60.
    """
    limit = _limit(day0, policy)
    cap = limit + dt.timedelta(days=policy.extension_days)
    deadline, codes, extended = limit, list[str](), False
    for notice in facts.extension_notices:
        code = "EXTENSION_SECOND" if extended else _fault(notice, day0, limit)
        if code is None and notice.promised_date is not None:
            deadline, extended = min(notice.promised_date, cap), True
            code = "EXTENSION_TOO_LONG" if notice.promised_date > cap else "EXTENSION_VALID"
        codes.append(code or "EXTENSION_INCOMPLETE")
    return deadline, tuple(codes)


def _fault(notice: ExtensionNotice, day0: dt.date, limit: dt.date) -> str | None:
    """Say why a notice extends nothing, or None."""
    if notice.sent_on is None or notice.written is not True or blank(notice.reasons) or notice.promised_date is None:
        return "EXTENSION_INCOMPLETE"
    if notice.sent_on > limit:
        return "EXTENSION_LATE"
    return "EXTENSION_INCOMPLETE" if notice.sent_on < day0 or notice.promised_date <= limit else None


def access_deadline(facts: Facts, policy: Policy) -> dt.date | None:
    """Return the last day to act on an access request, or None where day 0 is unknown."""
    day0 = day_of_receipt(facts, policy)
    return None if day0 is None else judge_notices(day0, facts, policy)[0]


@request_rule(
    "clock.access",
    "45 CFR 164.524(b)(2)",
    "Day 30 after local receipt; one written, reasoned, timely extension to day 60 at most; lateness denies nothing.",
    bases=RIGHT,
)
def clock(matter: Matter) -> Iterator[Finding]:
    facts, policy = matter.facts, matter.policy
    day0 = day_of_receipt(facts, policy)
    if day0 is None:
        yield missing("received_at" if facts.received_at is None else "holder_tz")
        return
    deadline, codes = judge_notices(day0, facts, policy)
    yield note("DUE_30_DAYS")
    yield from (note(code) for code in codes)
    if matter.today is not None and matter.today > deadline:
        yield note("OVERDUE")


@request_rule(
    "clock.writing",
    "45 CFR 164.524(b)(1)",
    "Writing may be insisted on only where individuals were told so; then an oral request waits for it.",
    bases=RIGHT,
)
def written(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if facts.request_form in ("written", "electronic") or facts.written_required is False:
        return
    if facts.request_form != "oral":
        yield missing("request_form")
    elif facts.written_required is None:
        yield missing("written_required")
    elif facts.informed_of_written_rule is None:
        yield missing("informed_of_written_rule")
    else:
        informed = facts.informed_of_written_rule
        yield Finding(code="WRITTEN_REQUEST_REQUIRED", effect="hold") if informed else note("WRITTEN_RULE_NOT_INFORMED")


RULES = (clock, written)
