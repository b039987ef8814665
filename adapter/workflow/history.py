"""Who decided, who found what, and what stays: Provenance of the request's Task (45 CFR 164.524(d)(1), (a)(3))."""

from collections.abc import Iterator, Mapping

from adapter.consent.reasons import grounds
from adapter.workflow.matter import At
from adapter.workflow.state import HARM, denied_items, determinations
from mappings.domain.provenance import Agent, Origin
from mappings.domain.values import Moment
from mappings.fhir import review_task

REMAINDER = "https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(d)(1)"
BUNDLE = "released-bundle"
"""Local name of the Bundle that went."""


def origins(at: At, people: Mapping[str, str]) -> Iterator[Origin]:
    """The Provenance of the request, oldest first; `people` leads from a professional's name to a local name."""
    yield from _findings(at, people)
    yield from _decisions(at)
    if at.goes:
        yield _remainder(at)


def _decisions(at: At) -> Iterator[Origin]:
    """One for each decision on record; where none is, the one that was made now."""
    rows: list[tuple[str, str, list[str]]] = [
        (f"decided-{row['id']}", row["decided_at"], [reason["code"] for reason in row["reasons"]])
        for row in at.ledger.decisions
    ]
    now = ("decided", str(at.now), [reason.code for reason in at.checked.decision.reasons])
    for number, (name, time, codes) in enumerate(rows or [now]):
        yield Origin(
            id=name,
            targets=(at.request,),
            recorded=Moment(time),
            activity="revise" if number else "create",
            agents=_holder(at),
            policies=addresses(codes),
        )


def _holder(at: At) -> tuple[Agent, ...]:
    return (Agent(role="author", who=at.case.holder), Agent(role="custodian", who=at.case.holder))


def _findings(at: At, people: Mapping[str, str]) -> Iterator[Origin]:
    """Each determination on which something is, or was, denied, and the decision of the reviewing official."""
    codes = {reason.code for reason in at.checked.decision.reasons} & HARM
    for number, made in enumerate(determinations(at), start=1):
        if made.professional and made.professional in people:
            who = Agent(role="author", who=people[made.professional], on_behalf_of=at.case.holder)
            yield _found(at, f"found-{number}", at.request, who, addresses(sorted(codes)), made.made_on)
    review = at.access.review
    if review is not None and review.decision and review.official and review.official in people and denied_items(at):
        who = Agent(role="verifier", who=people[review.official], on_behalf_of=at.case.holder)
        policies = addresses(["REVIEW_DECISION_BINDS"])
        yield _found(at, "reviewed", f"{at.access.id}{review_task.SUFFIX}", who, policies, review.decided_on)


def _found(at: At, name: str, target: str, who: Agent, policies: tuple[str, ...], day: str | None) -> Origin:
    occurred = Moment(day) if day else None
    custodian = Agent(role="custodian", who=at.case.holder)
    return Origin(
        id=name,
        targets=(target,),
        recorded=at.now,
        occurred=occurred,
        activity="create",
        agents=(who, custodian),
        policies=policies,
    )


def _remainder(at: At) -> Origin:
    """What goes of what was asked for, and what stays (45 CFR 164.524(d)(1))."""
    right = any(reason.code == "RELEASE_REMAINDER" for reason in at.checked.decision.reasons)
    codes = [reason.code for reason in at.checked.decision.basis]
    return Origin(
        id="remainder",
        targets=(BUNDLE,),
        recorded=at.now,
        activity="disclose",
        agents=(Agent(role="custodian", who=at.case.holder),),
        policies=(*((REMAINDER,) if right else ()), *addresses(codes)),
        sources=at.goes,
        removed=tuple(name for name in at.checked.decision.excluded if name not in at.goes),
    )


def addresses(codes: list[str]) -> tuple[str, ...]:
    """Where the citations of these reasons can be read, each once; of a code that is no more, none."""
    table = grounds()
    return tuple(dict.fromkeys(table[code].uri for code in codes if code in table))
