"""The review of a denial of access <-> Task `ACCESSID#review`, part of the request's (https://hl7.org/fhir/R4/task.html).

45 CFR 164.524(a)(4), (d)(4): a licensed health care professional who did not take part in the denial decides, and that
decision binds. So the owner is never the first decider, and nobody unlicensed: such a Task is refused. Where neither is
known it waits. It stays with the holder; the individual is told the outcome by a notice.
"""

from typing import Any, Literal

from mappings.domain.access import Access, DenialReview
from mappings.domain.party import PATIENT
from mappings.fhir.access_task import SUFFIX as REQUEST
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    from_table,
    objects,
    read_concept,
    read_date,
    read_table,
    text,
)
from mappings.fhir.parts import expect
from mappings.fhir.task import own_identifier
from mappings.fhir.wire import Json
from mappings.problems import ProblemError, refuse
from mappings.terminology.tables import table

State = Literal["requested", "referred", "awaiting_information", "upheld", "overturned"]
PROFILE = "http://hl7.org/fhir/StructureDefinition/Task"
SUFFIX, OFFICIAL = "#review", "#reviewing-official"
"""Of the local name of the access: the Task, and the reviewing official where no party of the case is meant."""
CITATION = "45 CFR 164.524(d)(4)"
REASON = "REVIEW_DECISION_BINDS"
WHERE = "case.json $.access.review"
STATUS: dict[State, str] = {
    "requested": "requested",
    "referred": "in-progress",
    "awaiting_information": "on-hold",
    "upheld": "completed",
    "overturned": "completed",
}
"""State of a review -> word of the table task-status."""
ENDED: dict[str, State] = {"uphold": "upheld", "overturn": "overturned"}
RULES = (
    Rule("name of the Task", "Task.identifier", "urn:uuid of the Task itself"),
    Rule("the request", "Task.partOf", "the Task of the request for access"),
    Rule("review", "Task.status, Task.businessStatus", "by the state of the review, table review-status"),
    Rule("review.official_licensed", "Task.statusReason", "what is missing, while that is unknown"),
    Rule("-", "Task.intent", "always order"),
    Rule("-", "Task.code", "table review-code"),
    Rule("the request", "Task.focus", "the Task whose decision is reviewed"),
    Rule("patient", "Task.for"),
    Rule("review.requested_on", "Task.authoredOn"),
    Rule("review.decided_on", "Task.executionPeriod.end"),
    Rule("who asked", "Task.requester"),
    Rule("review.official", "Task.owner", "by name, and the resource where there is one; never the first decider"),
    Rule("what was denied, review.official_licensed", "Task.input", "typed by the table review-fact"),
    Rule("who denied it", "Task.input", "typed by the table review-fact; a determination's professional"),
    Rule(
        "review.decision", "Task.output", "table review-result, with the citation; one that does not bind is an input"
    ),
)


def state_of(review: DenialReview, deciders: tuple[str, ...]) -> State:
    """How far a review has come; `deciders` are the names of those who made the determinations.

    Raises:
        ProblemError: `business-rule`: the official made one of them or is not licensed, or nobody is named who decided.
    """
    if not (review.official or "").strip():
        if review.decision is not None:
            message = "is missing: a decision on review is somebody's; name the reviewing official"
            raise refuse("required", f"{WHERE}.official", message, rule=CITATION)
        return "requested"
    if any(_same(str(review.official), name) for name in deciders):
        message = "made the determination that is reviewed: refer it to a professional who took no part in the denial"
        raise refuse("business-rule", f"{WHERE}.official", message, rule="45 CFR 164.524(a)(4)")
    if review.official_licensed is False:
        message = "is no licensed health care professional: designate one who is"
        raise refuse("business-rule", f"{WHERE}.official", message, rule="45 CFR 164.524(a)(4)")
    if lacking(review, deciders):
        return "awaiting_information"
    return ENDED[review.decision] if review.decision else "referred"


def lacking(review: DenialReview, deciders: tuple[str, ...]) -> tuple[str, ...]:
    """What has to be known of the official before the decision may bind, as fields of the case."""
    licensed = () if review.official_licensed is not None else ("access.review.official_licensed",)
    return (*licensed, *(() if deciders else ("access.determinations.professional",)))


def to_fhir(
    access: Access,
    ctx: Writing,
    *,
    denied: tuple[str, ...],
    deciders: tuple[str, ...],
    official: str | None = None,
) -> Json:
    """Write the review of the denial of an access.

    Args:
        access: with its `review`.
        ctx: the holder's own.
        denied: local names of the items that are reviewed.
        deciders: names of the professionals on whose determination they were denied.
        official: local name of the reviewing official, where that is something written.

    Raises:
        ProblemError: there is no review, nothing that is reviewed, or the official may not be the one (`state_of`).
    """
    review = access.review
    if review is None or not denied:
        message = "is of no denial that a review is owed for: there is nothing to review"
        raise refuse("business-rule", WHERE, message, rule="45 CFR 164.524(a)(4)")
    name, request, state = f"{access.id}{SUFFIX}", ctx.to(f"{access.id}{REQUEST}"), state_of(review, deciders)
    missing = ", ".join(lacking(review, deciders)) if state == "awaiting_information" else None
    owner = {**(ctx.maybe(official) or {}), "display": review.official} if review.official else None
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(name),
            "meta": ctx.meta(),
            "identifier": own_identifier(ctx, name),
            "partOf": [request],
            "status": table("task-status").code(STATUS[state]),
            "statusReason": {"text": f"missing: {missing}"} if missing else None,
            "businessStatus": from_table("review-status", state),
            "intent": "order",
            "code": from_table("review-code", "review-of-denial"),
            "focus": request,
            "for": ctx.to(PATIENT),
            "executionPeriod": {"end": str(review.decided_on)} if review.decided_on else None,
            "authoredOn": review.requested_on and str(review.requested_on),
            "requester": ctx.maybe(access.requested_by),
            "owner": owner,
            "input": [
                *({"type": _type("denied_item"), "valueReference": item} for item in ctx.to_all(denied)),
                *({"type": _type("first_decider"), "valueString": one} for one in deciders),
                *_licensed(review),
                *_reported(review, state),
            ],
            "output": _result(review, state),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> DenialReview:
    """Read the review of a denial; whose denial it is, is the request's.

    Raises:
        ProblemError: another kind of Task, one whose result and status contradict each other, or whose owner is the
            first decider or not licensed.
    """
    expect(resource, "Task")
    table("review-code").required(read_concept(resource.get("code")), "Task.code")
    owner = resource.get("owner")
    period = resource.get("executionPeriod")
    inputs = [(read_table("review-fact", item.get("type")), item) for item in objects(resource.get("input"))]
    flags = (item.get("valueBoolean") for word, item in inputs if word == "official_licensed")
    deciders = tuple(
        name for word, item in inputs if word == "first_decider" and (name := text(item.get("valueString")))
    )
    said = [*objects(resource.get("output")), *(item for word, item in inputs if word == "reported_result")]
    results = [read_table("review-result", item.get("valueCodeableConcept")) for item in said]
    fields: dict[str, Any] = {
        "requested_on": read_date(resource, "authoredOn"),
        "official": _official(owner, ctx),
        "official_licensed": next((flag for flag in flags if isinstance(flag, bool)), None),
        "decision": next((word for word in results if word), None),
        "decided_on": read_date(period, "end") if isinstance(period, dict) else None,
    }
    review = construct(DenialReview, "Task", **fields)
    _consistent(resource, review, deciders)
    return review


def _consistent(resource: Json, review: DenialReview, deciders: tuple[str, ...]) -> None:
    ended = bool(objects(resource.get("output")))
    try:
        state = state_of(review, deciders)
    except ProblemError as error:
        found = error.problems[0]
        raise refuse(found.code, "Task.owner", found.message, rule=str(found.rule)) from None
    status = table("task-status").required_code(resource.get("status"), "Task.status")
    if status in ("rejected", "failed", "cancelled"):
        message = "says that the review did not come about: keep it as it came"
        raise refuse("not-supported", "Task.status", message, rule="fhir.reading")
    if not (status == "completed") == ended == (state in ENDED.values()):
        message = "and output contradict each other: a review is completed with its result, and not without"
        raise refuse("conflict", "Task.status", message, rule=CITATION)


def _official(owner: object, ctx: Reading) -> str | None:
    if not isinstance(owner, dict):
        return None
    return text(owner.get("display")) or ctx.name(owner)


def _type(word: str) -> Json | None:
    return from_table("review-fact", word)


def _licensed(review: DenialReview) -> list[Json]:
    if review.official_licensed is None:
        return []
    return [{"type": _type("official_licensed"), "valueBoolean": review.official_licensed}]


def _reported(review: DenialReview, state: State) -> list[Json]:
    """What the official is said to have decided, while that does not bind yet."""
    if review.decision is None or state in ENDED.values():
        return []
    return [{"type": _type("reported_result"), "valueCodeableConcept": from_table("review-result", review.decision)}]


def _result(review: DenialReview, state: State) -> list[Json]:
    if state not in ENDED.values() or review.decision is None:
        return []
    binds = {**(from_table("decision-reason", REASON) or {}), "text": CITATION}
    return [{"type": binds, "valueCodeableConcept": from_table("review-result", review.decision)}]


def _same(one: str, other: str) -> bool:
    """Names as people compare them: case and spacing do not matter."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
