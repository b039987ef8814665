"""Authorizations (45 CFR 164.508): whether one is valid, whom and what it reaches, and what needs one of its own."""

import calendar
import datetime as dt
import re
from collections.abc import Iterator

from adapter.consent.clock import day_for_papers
from adapter.consent.facts import Facts
from adapter.consent.groups import Authorization, Material
from adapter.consent.law import is_physical, is_psychotherapy
from adapter.consent.rules import DISCLOSURES, Finding, Matter, blank, item_rule, note, out, same_name, wait
from adapter.consent.words import OWN_USES, PURPOSES

OWN = "AUTH_HELP_OWED"
ELEMENTS = ("description", "discloser", "recipient", "purpose")
"""45 CFR 164.508(c)(1)(i)-(iv)."""
STATEMENTS = ("statement_revocation", "statement_conditioning", "statement_redisclosure")
"""45 CFR 164.508(c)(2)(i)-(iii)."""
OWN_REQUEST = "at the request of the individual"
RESEARCH_END = frozenset({"none", "end of the research study"})
MISSING_NAME, OTHER_NAME = "recipient_name", "authorization.recipient_named"
OTHER_PURPOSE = "authorization.purpose_named"
Fault = tuple[str, str | None]
"""A reason code, and the fact it hangs on where the code does not say it."""


_MONTH = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", re.ASCII)
_TERM = re.compile(
    r"\d|\b(?:years?|months?|weeks?|days)\b"
    r"|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)


def expiry_day(text: str | None) -> dt.date | None:
    """Return the last day an expiry leaves (of a month or year its last, of a date-time its own), or None."""
    told = (text or "").strip().upper()
    if found := _MONTH.fullmatch(told):
        year, month = int(found[1]), int(found[2] or 12)
        return dt.date(year, month, calendar.monthrange(year, month)[1]) if year else None
    try:
        return dt.datetime.fromisoformat(told).date()
    except ValueError:
        return None


def is_unclear(text: str | None) -> bool:
    """Whether an expiry speaks of a date or a term that cannot be read: `1 year`, `01/02/2026`. It is no event."""
    return expiry_day(text) is None and _TERM.search(text or "") is not None


def faults_of(consent: Authorization, facts: Facts, today: dt.date | None) -> list[Fault]:
    """Name every defect of 164.508(b)(2) and every missing element of (c); an empty list means valid.

    Args:
        consent: the authorization.
        facts: the request it is to support.
        today: day of the decision; a dated expiry cannot be judged without it.
    """
    lacking = {
        "AUTH_INCOMPLETE": [name for name in ELEMENTS if getattr(consent, name) is not True],
        "AUTH_NO_STATEMENTS": [name for name in STATEMENTS if getattr(consent, name) is not True],
        "AUTH_NO_SIGNATURE": _unsigned(consent, today),
    }
    lacking["AUTH_INCOMPLETE"] += _untrue(consent)
    tests = (
        ("AUTH_REVOKED", consent.revoked is True or consent.revoked_in_writing_on is not None),
        ("AUTH_COMPOUND", consent.compound is True),
        ("AUTH_CONDITIONED", consent.conditioned is True),
        ("SALE_OR_MARKETING_AUTHORIZATION", _unpaid_statement(consent, facts)),
    )
    found: list[Fault] = [(code, f"authorization.{name}") for code, names in lacking.items() for name in names]
    found += [(code, None) for code, holds in tests if holds]
    return (
        found + _expiry_faults(consent, facts, today) + _name_faults(consent, facts) + _purpose_faults(consent, facts)
    )


def _unsigned(consent: Authorization, today: dt.date | None) -> list[str]:
    """Name what the signature lacks: 164.508(c)(1)(vi)."""
    lacking = ["signed"] if consent.signed is not True else []
    if consent.signed_on is None or (today is not None and consent.signed_on > today):
        lacking.append("signed_on")
    if blank(consent.signer):
        lacking.append("signer")
    elif consent.signer != "patient" and consent.representative_authority_described is not True:
        lacking.append("representative_authority_described")
    return lacking


def _untrue(consent: Authorization) -> list[str]:
    """Name what is wrong in what is there: known false, not in plain language, or a purpose that says nothing.

    "At the request of the individual" is a purpose only where the individual began it (164.508(c)(1)(iv)).
    """
    empty = same_name(consent.purpose_named, OWN_REQUEST) and consent.sought_by_holder is True
    wrong = {
        "known_false": consent.known_false is True,
        "plain_language": consent.plain_language is False,
        "purpose_named": empty,
    }
    return [name for name, holds in wrong.items() if holds]


def _unpaid_statement(consent: Authorization, facts: Facts) -> bool:
    paid = consent.remuneration is True or facts.purpose in ("sale", "marketing")
    return paid and consent.statement_remuneration is not True


def _expiry_faults(consent: Authorization, facts: Facts, today: dt.date | None) -> list[Fault]:
    text = (consent.expiry or "").strip().casefold()
    if not text or (text in RESEARCH_END and facts.purpose != "research"):
        return [("AUTH_NO_EXPIRY", None)]
    day = expiry_day(text)
    if consent.expiry_event_occurred is True or (day is not None and today is not None and today > day):
        return [("AUTH_EXPIRED", None)]
    if is_unclear(text):
        return [("FACT_MISSING", "authorization.expiry")]
    return [("FACT_MISSING", "as_of")] if day is not None and today is None else []


def _name_faults(consent: Authorization, facts: Facts) -> list[Fault]:
    if consent.recipient_named is None or same_name(consent.recipient_named, facts.recipient_name):
        return []
    if facts.recipient_name is None:
        return [("FACT_MISSING", MISSING_NAME)]
    return [("AUTHORIZATION_SCOPE_EXCEEDED", OTHER_NAME)]


def _purpose_faults(consent: Authorization, facts: Facts) -> list[Fault]:
    """A purpose that the paper says in a word of the request's is for that purpose only; other words are its own."""
    told = " ".join((consent.purpose_named or "").replace("_", " ").casefold().split())
    named = {word for word in PURPOSES - {"other"} if re.search(rf"\b{word.replace('_', ' ')}\b", told)}
    return [("AUTHORIZATION_SCOPE_EXCEEDED", OTHER_PURPOSE)] if named and facts.purpose not in named else []


def covers(consent: Authorization, item: Material) -> bool:
    """Whether an authorization reaches an item; one that lists nothing reaches all that was described."""
    return consent.covers is None or item.id in consent.covers


@item_rule(
    "authorization.valid",
    "45 CFR 164.508(a)(1), (b)(2), (c)",
    "Without another basis an item needs a valid authorization that reaches it and names the recipient.",
    bases=frozenset({"authorization"}),
)
def authorized(matter: Matter, item: Material) -> Iterator[Finding]:
    consent = matter.facts.authorization
    if consent is None:
        yield wait("AUTHORIZATION_MISSING", item)
        return
    faults = faults_of(consent, matter.facts, day_for_papers(matter.facts, matter.policy))
    yield from (wait(code, item, fact=fact) for code, fact in faults)
    if faults:
        yield note(OWN)
    if not covers(consent, item):
        yield wait("AUTHORIZATION_SCOPE_EXCEEDED", item)
    if consent.sought_by_holder is True and consent.copy_given is not True:
        yield note("AUTHORIZATION_COPY_OWED")


@item_rule(
    "authorization.psychotherapy",
    "45 CFR 164.508(a)(2)",
    "Psychotherapy notes go to nobody, not even for treatment, without an authorization of their own.",
    bases=DISCLOSURES,
)
def psychotherapy(matter: Matter, item: Material) -> Iterator[Finding]:
    if is_psychotherapy(item):
        yield from _on_its_own_paper(matter, item)


def _on_its_own_paper(matter: Matter, item: Material) -> Iterator[Finding]:
    consent = matter.facts.psychotherapy_authorization
    today = day_for_papers(matter.facts, matter.policy)
    faults = faults_of(consent, matter.facts, today) if consent else []
    if consent is None or faults or not covers(consent, item):
        yield out("PSYCHOTHERAPY_AUTHORIZATION_MISSING", item, "pend")
    yield from (wait(code, item, fact=fact) for code, fact in faults)
    if faults:
        yield note(OWN)


@item_rule(
    "use.psychotherapy",
    "45 CFR 164.508(a)(2)(i)",
    "The holder itself uses psychotherapy notes only for their originator's treatment, training, or its own defense.",
    bases=frozenset({"use"}),
)
def own_use(matter: Matter, item: Material) -> Iterator[Finding]:
    if not is_psychotherapy(item):
        return
    if is_own_use_of_notes(matter):
        yield note("NOTES_OWN_USE", item)
        return
    yield from _on_its_own_paper(matter, item)


def is_own_use_of_notes(matter: Matter) -> bool:
    """Whether the holder's use is one that session notes are open to without a paper; a conversion as the policy says.

    42 CFR 2.31(b) names the same three uses of SUD counseling notes.
    """
    facts = matter.facts
    if facts.own_use == "conversion":
        return not matter.policy.conversion_is_use
    return facts.own_use in OWN_USES and OWN_USES[facts.own_use] == facts.purpose


@item_rule(
    "loan.custody",
    "42 CFR 493.1105(a)(7)",
    "A slide or block leaves only on loan, with an agreement, a custodian and a day of return.",
    bases=DISCLOSURES,
)
def custody(matter: Matter, item: Material) -> Iterator[Finding]:
    if not is_physical(item):
        return
    loan = matter.facts.loan
    recorded = loan is not None and loan.agreement is True and loan.return_by is not None and not blank(loan.custodian)
    yield note("SPECIMEN_LOAN_CUSTODY", item) if recorded else out("SPECIMEN_LOAN_CUSTODY", item, "pend")


RULES = (authorized, psychotherapy, own_use)
LOAN_RULES = (custody,)
