"""What becomes of each slide and block that was asked for: a SpecimenRelease under the laboratory's policy.

Derived, not stored: from the record of custody, the papers under `access`, the tissue that is left, and the policy of
the day. The gate decides about information and about what leaves in a bundle; this says what the laboratory does with
the thing itself, and why it waits. A release that waits or is refused is never a denial under 45 CFR 164.524.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

from adapter.consent.names import PHYSICAL
from adapter.custody.policy import Policy, Terms
from adapter.custody.retention import Kept, Thing, kept
from mappings.domain.access import Access
from mappings.domain.case import Case
from mappings.domain.case_record import as_left, record_of
from mappings.domain.custody import Record, Whereabouts
from mappings.domain.material import Block, Slide
from mappings.domain.specimen_release import WAITS, SpecimenRelease
from mappings.domain.values import PartialDate
from mappings.fhir import consent

SUFFIX = ".release"
"""A release is named `ITEM.release`."""


def things(case: Case) -> dict[str, Thing]:
    """Every part, block and slide by its local name."""
    held: tuple[Thing, ...] = (*case.parts, *case.blocks, *case.slides)
    return {thing.id: thing for thing in held}


def releases_of(case: Case, policy: Policy, day: dt.date, record: Record | None = None) -> tuple[SpecimenRelease, ...]:
    """One release for each physical item that was asked for, released or shipped, in the order of the record.

    An item of which nobody says whose it is has none: the record of a review center begins with what others lent.
    """
    made = record or record_of(case)
    case = as_left(case, made)
    held = things(case)
    asked = ((held[name], where) for name, where in made.places.items() if name in held)
    return tuple(
        _release(thing, where, case, policy, day)
        for thing, where in asked
        if where.source is not None and (where.recipient is not None or where.asked is not None)
    )


def _release(thing: Thing, where: Whereabouts, case: Case, policy: Policy, day: dt.date) -> SpecimenRelease:
    form = _form(thing, where, case, policy.terms)
    held = kept(thing, case, policy)
    paper, basis = _paper(case.access, policy.terms)
    loan = case.access.loan if case.access else None
    return_by = (where.due_back or (loan.return_by if loan else None)) if form == "loan" else None
    custodian = loan.custodian if loan and form == "loan" else None
    terms = bool(loan and loan.agreement and custodian and custodian.strip() and return_by)
    status, reason = _status(thing, where, form, case, policy.terms, (held, day), (paper is not None, terms))
    fields: dict[str, Any] = {
        "form": form,
        "status": status,
        "reason": reason,
        "asked": where.asked,
        "holder": where.source,
        "recipient": where.recipient,
        "request": case.request.id,
        "authority": _authority(case.access),
        "paper": paper,
        "basis": basis,
        "custodian": custodian or None,
        "return_by": return_by,
        "kept_until": PartialDate(held.until.isoformat()) if held.until and held.exact and form != "recut" else None,
        "scans": scans_of(thing, case),
    }
    return SpecimenRelease(id=f"{thing.id}{SUFFIX}", item=thing.id, **fields)


# --- in what form


def _form(thing: Thing, where: Whereabouts, case: Case, terms: Terms) -> str:
    """What was asked for or given where the record says so; else what the policy sends."""
    if where.form is not None:
        return where.form
    loan = case.access.loan if case.access else None
    agreed = where.due_back is not None or bool(loan and loan.agreement)
    if isinstance(thing, Slide) and thing.kind != "original" and where.due_back is None:
        return "recut"
    if agreed and terms.agreement_lends_originals:
        return "loan"
    return "recut" if isinstance(thing, Slide) and terms.recuts_first and _block(thing, case) is not None else "loan"


def _block(thing: Thing, case: Case) -> Block | None:
    """The block that can be cut for it: its own, unless nothing is left in it."""
    name = thing.parent if isinstance(thing, Slide) else thing.id
    return next((b for b in case.blocks if b.id == name and b.remaining != "exhausted"), None)


# --- how far it is, and why not farther


def _status(
    thing: Thing,
    where: Whereabouts,
    form: str,
    case: Case,
    terms: Terms,
    held: tuple[Kept, dt.date],
    told: tuple[bool, bool],
) -> tuple[str, str | None]:
    """Status and reason: first what has happened already, then what is asked of every release, then of this form."""
    if (happened := _happened(where, form)) is not None:
        return happened
    for status, reason in (*_of_all(where, told[0]), *_of_form(thing, where, form, case, terms, held, told[1])):
        return status, reason
    return "accepted", None


def _happened(where: Whereabouts, form: str) -> tuple[str, str | None] | None:
    left = where.last in ("shipped", "received", "returned") or where.place in ("in-transit", "away")
    match where.place:
        case "discarded":
            return ("rejected", "discarded") if form != "recut" else ("completed", None)
        case "lost":
            return ("failed", "lost")
        case "in-transit":
            return ("in-progress", None)
        case "away":
            return ("in-progress", None) if form == "loan" else ("completed", None)
    return ("completed", None) if left else None


def _of_all(where: Whereabouts, written: bool) -> Iterator[tuple[str, str]]:
    if where.damaged:
        yield ("on-hold", "damaged")
    if not written:
        yield ("on-hold", "paper-missing")


def _of_form(
    thing: Thing,
    where: Whereabouts,
    form: str,
    case: Case,
    terms: Terms,
    held: tuple[Kept, dt.date],
    agreed: bool,
) -> Iterator[tuple[str, str]]:
    block = _block(thing, case)
    if form == "transfer":
        yield from _retained(*held, terms)
    elif form == "recut" and not (isinstance(thing, Slide) and thing.kind != "original"):
        yield from _cut(block, terms, where.wanted)
    elif form == "loan" and isinstance(thing, Block):
        yield from _lent(thing, terms, agreed)
    if form == "loan" and not agreed:
        yield ("on-hold", "loan-terms")


def _retained(held: Kept, day: dt.date, terms: Terms) -> Iterator[tuple[str, str]]:
    binds = held.binds(day)
    if binds and not terms.transfer_within_retention:
        yield ("rejected", "retention")
    elif binds is None and not terms.transfer_within_retention:
        yield ("on-hold", "retention-unknown")


def _cut(block: Block | None, terms: Terms, wanted: int | None) -> Iterator[tuple[str, str]]:
    """Sections are cut where tissue stays in the block, and where there are as many as are asked for."""
    if block is None:
        yield ("rejected", "quantity")
    elif wanted is not None and block.sections is not None and wanted > block.sections:
        yield ("on-hold", "quantity")
    elif block.remaining is None and block.sections is None:
        yield ("on-hold", "quantity-unknown")
    elif block.remaining == "limited" and not terms.limited_blocks_cut:
        yield ("on-hold", "quantity")


def _lent(block: Block, terms: Terms, agreed: bool) -> Iterator[tuple[str, str]]:
    if block.remaining == "exhausted":
        yield ("rejected", "quantity")
    elif block.remaining is None and block.sections is None and not agreed:
        yield ("on-hold", "quantity-unknown")
    elif block.remaining == "limited" and not (agreed or terms.limited_blocks_lent):
        yield ("on-hold", "quantity")


# --- on what papers, and what instead


def _paper(access: Access | None, terms: Terms) -> tuple[str | None, str | None]:
    """What the release was asked for with, and the basis of the label: unknown is none."""
    if access is None:
        return None, None
    written = access.request_form == "written" or (access.directive is not None and access.directive.written)
    patient = access.requester in ("patient", "personal_representative")
    treats = access.recipient_is_provider is True or access.recipient == "review_center"
    if access.authorization is not None and access.authorization.signed:
        return "authorization", "authorization"
    if patient and (written or not terms.written_request_needed):
        return "patient-request", "treatment" if treats else None
    if access.pathway == "disclosure" and access.purpose == "treatment":
        return "treatment-request", "treatment"
    return None, None


def _authority(access: Access | None) -> str | None:
    papers = consent.papers(access) if access else ()
    return next((name for name, _ in papers), None)


def scans_of(thing: Thing, case: Case) -> tuple[str, ...]:
    """The studies and documents that show it; of a block or part those of its slides."""
    names = _with_children(thing, case)
    shown = {
        line.path or line.item: line.in_law.scan_of.removesuffix(PHYSICAL)
        for line in case.materials
        if line.in_law is not None and line.in_law.scan_of is not None
    }
    found = [study.id for study in case.studies if any(names & set(series.slides) for series in study.series)]
    found += [item.id for item in case.documents if {shown.get(item.path), shown.get(item.id)} & names]
    return tuple(found)


def _with_children(thing: Thing, case: Case) -> set[str]:
    blocks = {thing.id, *(block.id for block in case.blocks if block.part == thing.id)}
    return blocks | {slide.id for slide in case.slides if slide.parent in blocks}


def going(case: Case, items: Collection[str], policy: Policy, day: dt.date) -> tuple[SpecimenRelease, ...]:
    """The releases of what goes to a recipient: of released things (`ID#physical` among `items`), none that waits.

    `case` is the released one, so that nothing in a release tells of what was withheld.
    """
    made = releases_of(case, policy, day)
    return tuple(one for one in made if f"{one.item}{PHYSICAL}" in items and one.status not in WAITS)
