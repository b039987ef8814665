"""The decision: every rule is asked, what was found is combined, nothing else is looked at.

Order [45 CFR 164.524 has none; ours]: basis, identity and authority, standing of a representative, each item's grounds,
form, fee and delivery, then the outcome, then the clock. All items out is a denial, some out a permit with exclusions,
an open question a pend. Unknown pends; lateness denies nothing; what pends moves no deadline.
"""

import datetime as dt
from typing import Literal

import msgspec

from adapter.consent import basis, clock, papers, terms
from adapter.consent.copies import Found, bind_copies, roots_of
from adapter.consent.enclosed import bind_enclosed
from adapter.consent.facts import Facts
from adapter.consent.groups import PrivacyContact
from adapter.consent.inquiry import matter_of, said_of_item, said_of_request
from adapter.consent.notices import to_produce
from adapter.consent.policy import Policy
from adapter.consent.reasons import Reason, grounds, reason
from adapter.consent.rules import RIGHT, Finding, Label, Matter, blank, missing, note

Outcome = Literal[
    "permit", "permit_with_exclusions", "pend", "deny_unreviewable", "deny_reviewable", "deny_not_permitted", "not_held"
]

RELEASES_NOTHING = frozenset({"amendment", "accounting", "retention", "undetermined"})
_UNREVIEWABLE_FIRST: tuple[Label, ...] = (
    "deny_unreviewable", "deny_reviewable", "pend", "deny_not_permitted", "not_held"
)  # fmt: skip
_REVIEWABLE_FIRST: tuple[Label, ...] = (
    "deny_reviewable", "deny_unreviewable", "pend", "deny_not_permitted", "not_held"
)  # fmt: skip


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the law says of one request.

    Attributes:
        outcome: one of seven words.
        deadline: the last day to act (or to keep until), ISO date; None where no term runs.
        released: ids of what may go, in the order asked; empty unless the outcome is a permit.
        excluded: ids of what may not, in the order asked; on a permit, all that is neither released nor a duplicate.
        duplicates: ids of what repeats a released item: produced once, as that item.
        reasons: request first, then item by item; those that concern a release only stand on permits alone.
        produce: names of what has to be produced (reasons.csv).
        papers: the papers (facts of the request) that something released rests on; no other goes along.
    """

    outcome: Outcome
    deadline: str | None
    released: tuple[str, ...]
    excluded: tuple[str, ...]
    duplicates: tuple[str, ...]
    reasons: tuple[Reason, ...]
    produce: tuple[str, ...]
    papers: tuple[str, ...] = ()

    @property
    def permits(self) -> bool:
        """Whether the outcome is a permit, whole or with exclusions."""
        return self.outcome in ("permit", "permit_with_exclusions")

    @property
    def basis(self) -> tuple[Reason, ...]:
        """The legal basis of each released item: what a recipient may be told."""
        return tuple(reason for reason in self.reasons if reason.ground.role == "basis")


def decide(facts: Facts, policy: Policy) -> Decision:
    """Decide one request: pure, the same facts and policy give the same decision."""
    matter = matter_of(facts, policy)
    asked = [finding for _, finding in said_of_request(matter)]
    found: Found = {item.id: [finding for _, finding in said_of_item(matter, item)] for item in facts.materials}
    if policy.identity_before_standing and any(f.effect == "hold" and f.code in WHO for f in asked):
        asked = [finding for finding in asked if finding.effect != "stop"]
    if _has(asked, "stop"):
        return _made(matter, "deny_not_permitted", asked, found, out=tuple(found), deadline=None)
    roots = roots_of(facts.materials)
    bind_copies(found, roots)
    bind_enclosed(found, facts.materials)
    rests = _leave_papers(matter, found)
    deadline = _deadline(matter, asked)
    excluded = tuple(key for key in found if _has(found[key], "exclude"))
    stays = tuple(key for key in found if _has(found[key], "exclude") or _has(found[key], "wait"))
    if _has(asked, "hold") or any(_is_open(each) for each in found.values()):
        return _made(matter, "pend", asked, found, out=excluded, deadline=deadline)
    if matter.basis.name in RELEASES_NOTHING and not excluded:
        return _made(matter, "permit", asked, found, out=(), deadline=deadline)
    going = found.keys() - set(stays)
    if not going:
        outcome: Outcome = "pend" if len(stays) > len(excluded) else _label(found, policy)
        if lacking := _contact_lacks(facts.holder.privacy_contact) if outcome in DENIED else ():
            outcome, asked = "pend", [*asked, *(missing(f"holder.privacy_contact.{name}") for name in lacking)]
        return _made(matter, outcome, asked, found, out=excluded, deadline=deadline)
    twice = _repeats(matter, going, roots)
    once = tuple(key for key in found if key in going - set(twice))
    outcome = "permit_with_exclusions" if stays else "permit"
    made = _made(matter, outcome, asked, found, out=stays, deadline=deadline, released=once, duplicates=twice)
    return msgspec.structs.replace(made, papers=rests)


def _leave_papers(matter: Matter, found: Found) -> tuple[str, ...]:
    """Exclude the documents of papers on which nothing rests that may go, and return the other papers."""
    if matter.basis.name in RELEASES_NOTHING:
        return ()
    may = frozenset(key for key, each in found.items() if not any(f.effect in ("exclude", "wait") for f in each))
    rests = papers.rested_on(matter, may, found)
    for finding in papers.left_behind(matter, may, rests):
        found[str(finding.item)].append(finding)
    return rests


WHO = frozenset({"IDENTITY_NOT_VERIFIED", "AUTHORITY_NOT_VERIFIED"})
"""What is settled before anybody is refused for want of standing."""
DENIED = frozenset({"deny_reviewable", "deny_unreviewable"})


def _contact_lacks(contact: PrivacyContact | None) -> tuple[str, ...]:
    """Name what a contact that is stated lacks for a denial (45 CFR 164.524(d)(2)(iii))."""
    told = {} if contact is None else {"title": contact.title, "phone": contact.phone}
    return tuple(name for name, text in told.items() if blank(text))


def _repeats(matter: Matter, going: set[str], roots: dict[str, str]) -> tuple[str, ...]:
    """Return what need not be produced again; a report or a summary never stands for the images or data it is about."""
    if matter.basis.name == "use":
        return ()
    kind = {item.id: item.kind if matter.basis.name in RIGHT else None for item in matter.facts.materials}
    return tuple(
        key for key, root in roots.items() if key in going and root != key and root in going and kind[key] == kind[root]
    )


def _is_open(found: list[Finding]) -> bool:
    """Whether an item has an open question; one that is out for good has none, one that lacks a paper still has."""
    final = any(finding.effect == "exclude" and finding.label != "pend" for finding in found)
    return _has(found, "hold") and not final


def _has(found: list[Finding], effect: str) -> bool:
    return any(finding.effect == effect for finding in found)


def _label(found: Found, policy: Policy) -> Outcome:
    labels = {finding.label for each in found.values() for finding in each if finding.effect == "exclude"}
    order = _REVIEWABLE_FIRST if policy.reviewable_label_first else _UNREVIEWABLE_FIRST
    return next(label for label in order if label in labels)


def _deadline(matter: Matter, asked: list[Finding]) -> dt.date | None:
    facts, policy = matter.facts, matter.policy
    if matter.basis.name in terms.AMEND | terms.COUNT | terms.KEEP:
        return terms.term(matter.basis.name, facts, policy)
    unwritten = any(finding.code == "WRITTEN_REQUEST_REQUIRED" for finding in asked)
    if matter.basis.name not in RIGHT or (unwritten and policy.clock_waits_for_writing):
        return None
    by_right = any(basis.bases_of(matter, item)[-1].name in RIGHT for item in facts.materials)
    return clock.access_deadline(facts, policy) if by_right or not facts.materials else None


def _made(
    matter: Matter,
    outcome: Outcome,
    asked: list[Finding],
    found: Found,
    *,
    out: tuple[str, ...],
    deadline: dt.date | None,
    released: tuple[str, ...] = (),
    duplicates: tuple[str, ...] = (),
) -> Decision:
    reasons = _reasons(matter, outcome, asked, found, released, duplicates)
    return Decision(
        outcome=outcome,
        deadline=deadline.isoformat() if deadline else None,
        released=released if matter.basis.code else (),
        excluded=out,
        duplicates=duplicates,
        reasons=reasons,
        produce=to_produce(reasons),
    )


def _reasons(
    matter: Matter,
    outcome: Outcome,
    asked: list[Finding],
    found: Found,
    released: tuple[str, ...],
    duplicates: tuple[str, ...],
) -> tuple[Reason, ...]:
    said = [*asked, *_of_denial(matter, outcome, found)]
    goes, repeats = frozenset(released), frozenset(duplicates)
    for item in matter.facts.materials:
        goes_by = basis.bases_of(matter, item)[-1].code
        if item.id in goes and goes_by is not None:
            said.append(note(goes_by, item))
        if item.id in repeats:
            said.append(note("PRODUCE_ONCE", item))
        said.extend(found[item.id])
    table = grounds()
    kept = (f for f in said if table[f.code].role != "release" or (released and (f.item is None or f.item in goes)))
    return tuple(dict.fromkeys(reason(finding.code, finding.item, finding.fact) for finding in kept))


def _of_denial(matter: Matter, outcome: Outcome, found: Found) -> list[Finding]:
    """Say what a denial of access owes: a notice, and the rest where one is released (45 CFR 164.524(d)(1), (d)(2))."""
    denied = any(f.effect == "exclude" and f.label.endswith("viewable") for each in found.values() for f in each)
    if matter.basis.name not in RIGHT or not denied or outcome == "pend":
        return []
    return [note("RELEASE_REMAINDER"), note("DENIAL_NOTICE_REQUIRED")]
