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
    """Return the anniversary of a day; 29 February goes where the policy says, and no day past those that can be told.

    An anniversary after the year 9999 is the last day there is, one before the year 1 the first.
    """
    if not dt.MINYEAR <= day.year + years <= dt.MAXYEAR:
        return dt.date.max if years > 0 else dt.date.min
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1) if policy.leap_day_to_march else dt.date(day.year + years, 2, 28)


@functools.cache
def zone_named(name: str) -> ZoneInfo | None:
    """Return a time zone by its name in the tz database, or None where there is none of that name."""
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
    known = zone_named(zone) if zone else None
    return value.astimezone(known).date() if known else None


def day_of_receipt(facts: Facts, policy: Policy) -> dt.date | None:
    """Return day 0, or None where receipt or time zone is unknown.

    What a business associate received first is received on that day (45 CFR 164.502(a)(4)(ii)), if the policy says so.
    """
    told = [facts.received_at]
    if policy.associate_receipt_starts_clock:
        told.append(facts.received_by_associate_at)
    days = [local_date(text, facts.holder_tz, policy) for text in told if text is not None]
    known = [day for day in days if day is not None]
    return min(known) if known and len(known) == len(days) else None


def lacking_receipt(facts: Facts, policy: Policy) -> str | None:
    """Return the name of the fact without which day 0 is unknown, or None where it is known."""
    if day_of_receipt(facts, policy) is not None:
        return None
    by_associate = policy.associate_receipt_starts_clock and facts.received_by_associate_at is not None
    return "holder_tz" if facts.received_at is not None or by_associate else "received_at"


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
    return extended(facts.extension_notices, day0, _limit(day0, policy), policy.extension_days, policy)


def extended(
    notices: tuple[ExtensionNotice, ...], day0: dt.date, limit: dt.date, more: int, policy: Policy
) -> tuple[dt.date, tuple[str, ...]]:
    """Return the end of a term that one notice may extend, and one reason code for each notice.

    Args:
        notices: what was sent, in the order sent.
        day0: the day of receipt.
        limit: the last day without an extension; a notice sent later extends nothing.
        more: days that the one extension may add.
        policy: whether a promise past the cap extends to the cap, or not at all.
    """
    cap = limit + dt.timedelta(days=more)
    deadline, codes, done = limit, list[str](), False
    for notice in notices:
        code = "EXTENSION_SECOND" if done else _fault(notice, day0, limit)
        if code is None and notice.promised_date is not None:
            too_long = notice.promised_date > cap
            code = "EXTENSION_TOO_LONG" if too_long else "EXTENSION_VALID"
            if not too_long or policy.overlong_extension_capped:
                deadline, done = min(notice.promised_date, cap), True
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
        yield missing(lacking_receipt(facts, policy) or "received_at")
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
