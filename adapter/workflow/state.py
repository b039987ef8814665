"""How far a request has come: the status of its Task, by what was decided and what was done about it."""

from adapter.consent.decide import Decision
from adapter.consent.reasons import Reason
from adapter.workflow.matter import At
from mappings.domain.access import Determination
from mappings.fhir.access_task import Decided, Status, Told

HARM = frozenset(("ENDANGERMENT", "HARM_TO_REFERENCED_PERSON", "HARM_VIA_REPRESENTATIVE"))
"""Reasons on a ground that a review is owed for (45 CFR 164.524(a)(3))."""
REVIEWED = frozenset(("REVIEW_DECISION_BINDS", "REVIEWER_NOT_INDEPENDENT"))
"""Reasons that say of an item that its denial was reviewed."""


def status_of(at: At) -> Status:
    """The status of the request's Task.

    What pends is on hold, however late; what is denied or not held is rejected, never completed. A permit is received
    until it is on record, accepted until it is carried out, in progress while part of it is done, and completed when
    what may go was delivered, the denial of the rest was told, and where to ask for what is elsewhere (164.524(d)(3)).
    """
    decision = at.checked.decision
    if not decision.permits:
        return "on-hold" if decision.outcome == "pend" else "rejected"
    went, told = delivered(at), notice_sent(at)
    if went and told:
        return "completed"
    if went or (told and _owed(at)):
        return "in-progress"
    recorded = any(row["outcome"] in ("permit", "permit_with_exclusions") for row in at.ledger.decisions)
    return "accepted" if recorded else "received"


def delivered(at: At) -> bool:
    """Whether what goes on the decision was handed over."""
    return at.content_sha256 is not None and at.content_sha256 in at.ledger.delivered


def notice_sent(at: At) -> bool:
    """Whether nobody is owed a notice that was not sent yet: of denial, or where to ask for what is elsewhere."""
    return _owed(at) <= {row["kind"] for row in at.ledger.notices}


OWED = {"DENIAL_NOTICE_REQUIRED": "denial", "HELD_ELSEWHERE_KNOWN": "redirect"}
"""Reason -> the notice it makes the holder owe, beside what goes, on a request for access."""


def _owed(at: At) -> frozenset[str]:
    if at.access.pathway != "access":
        return frozenset()
    return frozenset(OWED[reason.code] for reason in at.checked.decision.reasons if reason.code in OWED)


def reason_of(at: At, status: Status) -> str | None:
    """Why the Task waits, was refused, or is not done yet; in sentences without a value of the record."""
    decision = at.checked.decision
    if status == "on-hold":
        lacking = [reason for reason in decision.reasons if reason.ground.role == "open"]
        return f"missing: {_sentences(lacking or decision.reasons)}"
    if status == "rejected":
        against = [reason for reason in decision.reasons if reason.ground.role == "exclusion"]
        return _sentences(against or decision.reasons)
    if status == "in-progress":
        return "What may go went; a notice is still owed." if delivered(at) else "Told; still to be delivered."
    return None


def _sentences(reasons: list[Reason] | tuple[Reason, ...]) -> str:
    return " ".join(dict.fromkeys(reason.sentence for reason in reasons))


def decided(decision: Decision, history: tuple[str, ...]) -> Decided:
    """The outcome and each reason, as the Task says them; `history` are the local names of its Provenance."""
    told = tuple(
        Told(code=reason.code, citation=reason.citation, text=reason.sentence, item=reason.item)
        for reason in decision.reasons
    )
    return Decided(outcome=decision.outcome, told=told, history=history)


def denied_items(at: At) -> tuple[str, ...]:
    """The items whose denial may be reviewed, or was: withheld on a ground of harm, or bound by a review."""
    found = (reason for reason in at.checked.decision.reasons if reason.item and reason.code in HARM | REVIEWED)
    return tuple(dict.fromkeys(str(reason.item) for reason in found))


def determinations(at: At) -> tuple[Determination, ...]:
    """The findings on which those items are, or were, denied."""
    items = frozenset(denied_items(at))
    counted = zip(at.access.determinations, at.checked.facts.determinations, strict=True)
    return tuple(
        told for told, made in counted if items & frozenset(made.applies_to) or (items and not made.applies_to)
    )


def first_deciders(at: At) -> tuple[str, ...]:
    """Their names, each once."""
    return tuple(dict.fromkeys(made.professional for made in determinations(at) if made.professional))
