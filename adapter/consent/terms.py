"""Requests that release nothing: to amend (164.526), for an accounting (164.528), how long to keep (164.530(j)(2))."""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from adapter.consent.clock import day_of_receipt, extended, lacking_receipt, years_after
from adapter.consent.facts import Facts
from adapter.consent.groups import Amendment, Material
from adapter.consent.policy import Policy
from adapter.consent.rules import Finding, Matter, item_rule, missing, note, out, request_rule

AMEND = frozenset({"amendment"})
COUNT = frozenset({"accounting"})
KEEP = frozenset({"retention"})


def term(name: str, facts: Facts, policy: Policy) -> dt.date | None:
    """Return the date of such a request: the last day to act, or until when to keep; None where it cannot be known."""
    if name == "retention":
        days = [day for day in (facts.created_on, facts.last_in_effect_on) if day is not None]
        return years_after(max(days), policy.retention_years, policy) if facts.created_on else None
    day0 = day_of_receipt(facts, policy)
    return None if day0 is None else _extended(name, day0, facts, policy)[0]


def _extended(name: str, day0: dt.date, facts: Facts, policy: Policy) -> tuple[dt.date, tuple[str, ...]]:
    """60 days, and one extension by 30 on the conditions of an access request: 164.526(b)(2), 164.528(c)(1)."""
    days, more = {
        "amendment": (policy.amendment_days, policy.amendment_extension_days),
        "accounting": (policy.accounting_days, policy.accounting_extension_days),
    }[name]
    return extended(facts.extension_notices, day0, day0 + dt.timedelta(days=days), more, policy)


class _Words(NamedTuple):
    due: str
    extended: str
    faulty: str
    overdue: str


_AMENDMENT = _Words("AMENDMENT_DUE_60_DAYS", "AMENDMENT_EXTENDED", "AMENDMENT_EXTENSION_FAULTY", "AMENDMENT_OVERDUE")
_ACCOUNTING = _Words(
    "ACCOUNTING_DUE_60_DAYS", "ACCOUNTING_EXTENDED", "ACCOUNTING_EXTENSION_FAULTY", "ACCOUNTING_OVERDUE"
)


def _clock(matter: Matter, words: _Words) -> Iterator[Finding]:
    facts, policy = matter.facts, matter.policy
    day0 = day_of_receipt(facts, policy)
    if day0 is None:
        yield missing(lacking_receipt(facts, policy) or "received_at")
        return
    deadline, codes = _extended(matter.basis.name, day0, facts, policy)
    yield note(words.due)
    for number, code in enumerate(codes):
        if code == "EXTENSION_VALID" or (code == "EXTENSION_TOO_LONG" and policy.overlong_extension_capped):
            yield note(words.extended)
        if code != "EXTENSION_VALID":
            yield Finding(code=words.faulty, effect="note", fact=f"extension_notices[{number}]")
    if matter.today is not None and matter.today > deadline:
        yield note(words.overdue)


@request_rule(
    "amendment.clock",
    "45 CFR 164.526(b)(2)",
    "A request to amend is answered within 60 days; one extension by 30.",
    bases=AMEND,
)
def amendment_clock(matter: Matter) -> Iterator[Finding]:
    yield from _clock(matter, _AMENDMENT)
    if not matter.facts.materials:
        yield missing("materials")


@item_rule(
    "amendment.grounds",
    "45 CFR 164.526(a)(2)",
    "An amendment may be denied of what was not made here, is outside record set or access, or is accurate.",
    bases=AMEND,
)
def amendment_grounds(matter: Matter, item: Material) -> Iterator[Finding]:
    parts = {part.item: part for part in matter.facts.amendment_parts}
    asked = parts.get(item.id) or matter.facts.amendment or Amendment()
    gone = asked.originator_unavailable_reasonable_basis
    elsewhere = asked.created_here is False
    denied = (elsewhere and gone is False) or asked.in_drs is False or asked.accessible is False
    if denied or asked.accurate_and_complete is True:
        yield out("AMENDMENT_DENIAL_ALLOWED", item, "deny_not_permitted")
        return
    if asked.created_here is None:
        yield missing("amendment.created_here", item)
    elif elsewhere and gone is None:
        yield missing("amendment.originator_unavailable_reasonable_basis", item)
    elif elsewhere:
        yield note("AMENDMENT_GROUND_NOT_MET", item)
    if asked.accurate_and_complete is None:
        yield missing("amendment.accurate_and_complete", item)
    elif asked.created_here is True or gone is True:
        yield note("AMENDMENT_TO_BE_MADE", item)


@request_rule(
    "accounting.clock",
    "45 CFR 164.528(c)(1)",
    "An accounting is given within 60 days; one extension by 30.",
    bases=COUNT,
)
def accounting_clock(matter: Matter) -> Iterator[Finding]:
    yield from _clock(matter, _ACCOUNTING)


@request_rule(
    "retention.term",
    "45 CFR 164.530(j)(2)",
    "A document is kept six years from its making or from when it was last in effect, whichever is later.",
    bases=KEEP,
)
def retention(matter: Matter) -> Iterator[Finding]:
    yield note("RETAIN_SIX_YEARS") if matter.facts.created_on else missing("created_on")


RULES = (amendment_clock, amendment_grounds, accounting_clock, retention)
