"""The letters the law asks for: each a pure function of the case, what was decided, and the holder's contact.

A letter is not issued while an element is missing: one Problem for each, with its paragraph and where to say it.
"""

from collections.abc import Callable

from adapter.consent.decide import Decision
from adapter.letters import asked, denied, granted, records, rights
from adapter.letters.draft import Draft
from adapter.letters.model import AMENDING, COUNTING, KINDS, Kind, Letter
from adapter.letters.occasion import Disclosure, Occasion, Research, Suspension
from mappings.domain.rights import AccountingRequest, AmendmentRequest, Right

__all__ = [
    "AMENDING", "COUNTING", "KINDS", "NOTICE_KINDS", "Disclosure", "Kind", "Letter", "Occasion", "Research",
    "Suspension", "called_for", "letter",
]  # fmt: skip

WRITERS: dict[Kind, Callable[[Draft], None]] = {
    "acknowledgement": granted.acknowledgement,
    "acceptance": granted.acceptance,
    "request-for-information": asked.request_for_information,
    "consent-request": asked.consent_request,
    "extension": granted.extension,
    "denial": denied.denial,
    "review-outcome": denied.review_outcome,
    "redirect": granted.redirect,
    "fee-notice": granted.fee_notice,
    "part2-statement": records.part2_statement,
    "accounting": records.accounting,
    "amendment-acceptance": rights.amendment_acceptance,
    "amendment-denial": rights.amendment_denial,
    "amendment-extension": rights.extension,
    "accounting-extension": rights.extension,
    "accounting-fee-notice": rights.accounting_fee_notice,
    "accounting-suspension": rights.accounting_suspension,
}
NOTICE_KINDS: dict[Kind, str] = {
    **{kind: kind for kind in KINDS},
    "consent-request": "request-for-information",
    "accounting-fee-notice": "fee-notice",
}
"""Kind of letter -> kind of notice in FHIR."""

_PRODUCED: dict[str, Kind] = {
    "acceptance_notice": "acceptance",
    "denial_notice": "denial",
    "review_result_notice": "review-outcome",
    "redirect_notice": "redirect",
    "not_held_notice": "redirect",
    "fee_notice": "fee-notice",
    "corrected_extension_notice": "extension",
    "part2_statement": "part2-statement",
    "accounting": "accounting",
}
"""What a reason says has to be produced -> the letter it is."""
_OF_RELEASES: tuple[Kind, ...] = ("acceptance", "part2-statement")


def letter(kind: Kind, occasion: Occasion) -> Letter:
    """Write a letter.

    Raises:
        ProblemError: an element is missing, or nobody is owed this letter; one Problem each, none with a value.
    """
    draft = Draft(occasion, kind)
    WRITERS[kind](draft)
    return draft.finished()


def _called_for_of(right: Right, decision: Decision) -> tuple[Kind, ...]:
    """Those on a request to amend or for an accounting; one of which a question is open is owed none of them yet."""
    amends = isinstance(right, AmendmentRequest)
    later: Kind = "amendment-extension" if amends else "accounting-extension"
    wanted: list[Kind] = []
    if decision.outcome != "pend" and amends:
        if decision.outcome.startswith("permit"):
            wanted.append("amendment-acceptance")
        if decision.excluded:
            wanted.append("amendment-denial")
    elif decision.outcome != "pend":
        fees = isinstance(right, AccountingRequest) and right.fees
        wanted.append("accounting")
        if fees:
            wanted.append("accounting-fee-notice")
    if decision.deadline and any(told.sent_on is None for told in right.extensions):
        wanted.append(later)
    return tuple(kind for kind in KINDS if kind in wanted)


def called_for(occasion: Occasion) -> tuple[Kind, ...]:
    """The letters that the decision asks for, in the order of `KINDS`."""
    decision, access = occasion.decision, occasion.case.access
    wanted = {_PRODUCED[name] for name in decision.produce if name in _PRODUCED}
    if not decision.released:
        wanted -= set(_OF_RELEASES)
    if not occasion.by_individual:
        wanted &= {"part2-statement"}
    if occasion.right is not None:
        return _called_for_of(occasion.right, decision)
    if asked.asks_of(occasion, "requester"):
        wanted.add("request-for-information")
    if not occasion.by_individual and asked.asks_of(occasion, "patient"):
        wanted.add("consent-request")
    if access and occasion.deadline and any(told.sent_on is None for told in access.extensions):
        wanted.add("extension")
    return tuple(kind for kind in KINDS if kind in wanted)
