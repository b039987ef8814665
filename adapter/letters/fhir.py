"""A letter as FHIR: Communication, the letter itself as DocumentReference and Binary, and who and what they refer to.

A letter to a patient or representative says which request it answers (a Task with its clock); one to a recipient or
another requester does not: the Task is the holder's. All but people and organizations is labelled for the addressee
alone: the gate lets no letter go with a record, wherever it comes to lie.
"""

import hashlib
from collections.abc import Iterator
from typing import Literal
from uuid import UUID

import msgspec

from adapter.claims import claim
from adapter.letters import NOTICE_KINDS, Letter, Occasion
from adapter.letters.html import as_html
from adapter.letters.parties import AGENCY
from adapter.validation import validate_bundle
from mappings.domain.access import Access, Notice
from mappings.domain.case import Case
from mappings.domain.links import links_of
from mappings.domain.material import Document
from mappings.domain.party import PATIENT, Organization
from mappings.domain.rights import AmendmentRequest, Right
from mappings.domain.values import Moment
from mappings.fhir import (
    access_task,
    binary,
    communication,
    document_reference,
    organization,
    patient,
    practitioner,
    practitioner_role,
    related_person,
)
from mappings.fhir.bundle import Assembly, collection, writing
from mappings.fhir.context import URN, Writing
from mappings.fhir.datatypes import coding, compact, moment
from mappings.fhir.wire import Json, dumps
from mappings.identity import resource_id, sid, within
from mappings.problems import ProblemError
from mappings.terminology.tables import table

NOTICE, LETTER, RIGHT = "notice", "letter", "right"
_SYSTEM = sid("letter")


def as_fhir(
    letter: Letter,
    occasion: Occasion,
    decided_at: Moment,
    namespace: UUID,
    families: frozenset[str],
    sent: Moment | None = None,
) -> bytes:
    """The Bundle (collection) as JSON; profiles of `families` are claimed where they are satisfied.

    With `sent` the Communication is completed; without, it is in preparation.

    Raises:
        ProblemError: what was made is not valid FHIR.
    """
    page = as_html(letter)
    document = Document(
        id=LETTER,
        path=f"letters/{letter.kind}.html",
        content_type="text/html",
        sha256=hashlib.sha256(page).hexdigest(),
        size=len(page),
        kind="denial_letter" if letter.kind == "denial" else "letter",
        title=letter.title,
        date=Moment(letter.date),
        authors=(occasion.case.holder,),
        language=letter.language,
    )
    ctx = _names(occasion.case, letter, decided_at, namespace)
    rows = [
        (URN + str(resource["id"]), _labelled(resource))
        for resource in _resources(letter, occasion, document, page, ctx, sent)
    ]
    made = _labelled(collection(rows, ctx, ctx.id("bundle"), decided_at))
    bundle = claim(made, (), families)
    if wrong := [found for found in validate_bundle(bundle) if found.stops]:
        raise ProblemError(wrong)
    return dumps(bundle)


def _names(case: Case, letter: Letter, decided_at: Moment, namespace: UUID) -> Writing:
    """Where everything is: the things of the case as in its bundle, the letter's own by case, kind and day."""
    assembly = Assembly(namespace=namespace, decided_at=decided_at, policies=(), data={}, sha1={})
    known = writing(case, (), assembly)
    own = {}
    for name in (NOTICE, LETTER, f"{LETTER}#binary", "bundle", "task", AGENCY, RIGHT):
        own[name] = URN + resource_id(
            namespace, _SYSTEM, within(known.id(case.request.id), letter.kind, letter.date, name)
        )
    if case.access is not None:
        own[f"{case.access.id}{access_task.SUFFIX}"] = own["task"]
    return Writing({**known.urls, **own}, case.test_data)


def _resources(
    letter: Letter, occasion: Occasion, document: Document, page: bytes, ctx: Writing, sent: Moment | None
) -> Iterator[Json]:
    case = occasion.case
    own = occasion.by_individual and occasion.right is None and letter.addressee.id != AGENCY
    access = _plain(case.access) if case.access is not None and own else None
    wanted = {letter.addressee.id, case.holder} | (links_of(access) if access else set())
    yield patient.to_fhir(case.patient, ctx)
    yield from _parties(case, wanted | ({occasion.right.requested_by} if occasion.right else set()), ctx)
    if letter.addressee.id == AGENCY:
        yield organization.to_fhir(Organization(id=AGENCY, name=letter.addressee.name), ctx)
    about: tuple[str, ...] = ()
    if access is not None:
        about = (f"{access.id}{access_task.SUFFIX}",)
        clock = (occasion.received, occasion.deadline)
        term = (clock[0], clock[1]) if clock[0] and clock[1] else None
        yield access_task.to_fhir(access, ctx, holder=case.holder, clock=term, status=_status(occasion))
    if occasion.right is not None:
        about = (RIGHT,)
        yield _task(occasion.right, occasion, ctx)
    notice = Notice(
        id=NOTICE,
        kind=NOTICE_KINDS[letter.kind],  # type: ignore[arg-type]
        recipient=letter.addressee.id,
        text=letter.title,
        about=about,
        sent=sent,
        document=LETTER,
    )
    yield communication.to_fhir(notice, ctx)
    yield document_reference.to_fhir(document, ctx, sha1=hashlib.sha1(page, usedforsecurity=False).digest())
    yield binary.to_fhir(document, page, ctx)


_LETTERS_OWN = frozenset(("Task", "Communication", "DocumentReference", "Binary", "Bundle"))


def _labelled(resource: Json) -> Json:
    """The resource with the label that keeps a letter with its addressee; a person or organization has none."""
    if resource["resourceType"] not in _LETTERS_OWN:
        return resource
    [code] = table("record-label").codings("addressee-only")
    meta = resource.get("meta") or {}
    first: Json = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**first, "meta": {**meta, "security": [*meta.get("security", ()), coding(code)]}, **rest}


def _plain(access: Access) -> Access:
    """The request without its papers: they are Consents of their own and are not sent along."""
    return msgspec.structs.replace(access, directive=None, authorization=None, part2_consent=None, loan=None)


def _task(asked: Right, occasion: Occasion, ctx: Writing) -> Json:
    """The request that is answered, with its clock; the law gives it no code, so its kind is said in words."""
    amends = isinstance(asked, AmendmentRequest)
    clock = {"start": occasion.received.isoformat() if occasion.received else None, "end": occasion.decision.deadline}
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(RIGHT),
            "meta": ctx.meta(),
            "status": _status(occasion),
            "intent": "order",
            "code": {"text": AMEND_WORDS if amends else ACCOUNT_WORDS},
            "for": ctx.to(PATIENT),
            **moment("authoredOn", asked.received_at),
            "requester": ctx.to(asked.requested_by),
            "owner": ctx.to(occasion.case.holder),
            "restriction": {"period": compact(clock)},
        }
    )


AMEND_WORDS = "Request to amend (45 CFR 164.526)"
ACCOUNT_WORDS = "Request for an accounting of disclosures (45 CFR 164.528)"


def _status(occasion: Occasion) -> Literal["in-progress", "on-hold", "rejected"]:
    if occasion.decision.permits:
        return "in-progress"
    return "on-hold" if occasion.decision.outcome == "pend" else "rejected"


def _parties(case: Case, wanted: set[str], ctx: Writing) -> Iterator[Json]:
    """The parties named, with the practitioner and organization behind a role."""
    roles = [role for role in case.roles if role.id in wanted]
    behind = {name for role in roles for name in (role.practitioner, role.organization)}
    names = (wanted | behind) - {PATIENT}
    yield from (organization.to_fhir(item, ctx) for item in case.organizations if item.id in names)
    yield from (practitioner.to_fhir(item, ctx) for item in case.practitioners if item.id in names)
    yield from (practitioner_role.to_fhir(role, ctx) for role in roles)
    yield from (related_person.to_fhir(item, ctx) for item in case.related_persons if item.id in names)
