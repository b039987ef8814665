"""The Bundle of a workflow: assembled, what points elsewhere detached, claimed, labelled, validated."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from adapter.claims import claim
from adapter.letters.html import as_html
from adapter.letters.model import Letter
from adapter.validation import validate_bundle
from adapter.workflow import names
from adapter.workflow.events import gate_records
from adapter.workflow.history import BUNDLE, origins
from adapter.workflow.matter import At
from adapter.workflow.notices import Told, told
from adapter.workflow.papers import APART, papers
from adapter.workflow.state import decided, denied_items, first_deciders, reason_of, status_of
from mappings.domain.material import Document
from mappings.domain.provenance import Origin
from mappings.domain.values import Moment
from mappings.fhir import (
    access_task,
    binary,
    communication,
    consent,
    decision_event,
    document_reference,
    practitioner,
    provenance,
    review_task,
)
from mappings.fhir.bundle import collection
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json
from mappings.identity import sid
from mappings.problems import Problem, ProblemError

LETTER_DIGEST = sid("letter-sha256")
"""System of the SHA-256 of a letter that was sent."""


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """The Bundle, and what the letters still to be sent lack."""

    bundle: Json
    problems: tuple[Problem, ...]


def workflow_of(at: At, families: Iterable[str]) -> Workflow:
    """The workflow of a request as it stands; profiles of `families` are claimed where they are satisfied.

    Raises:
        ProblemError: the review of a denial cannot be as it is stated, or what was made is not valid FHIR.
    """
    notices, lacking = told(at)
    people = _people(at)
    history = list(origins(at, people))
    gates = list(gate_records(at, _organization(at)))
    ctx = _context(at, notices, people, history, [gate.id for gate in gates])
    made = [
        *_tasks(at, ctx, people, history),
        *_communications(at, ctx, notices),
        *_papers(at, ctx),
        *(practitioner.to_fhir(names.unknown_professional(name, who), ctx) for who, name in _strangers(at, people)),
        *(provenance.to_fhir(origin, ctx) for origin in history),
        *(decision_event.to_fhir(gate, ctx, shape=at.consent_shape) for gate in gates),
        *(msgspec.convert(row["audit_event"], dict) for row in at.ledger.releases if row["audit_event"]),
    ]
    parties = list(names.parties(at.case, ctx, made))
    return Workflow(bundle=_bundle(at, ctx, [*parties, *made], frozenset(families)), problems=tuple(lacking))


def _bundle(at: At, ctx: Writing, resources: list[Json], families: frozenset[str]) -> Json:
    here = frozenset(URN + str(resource["id"]) for resource in resources)
    shown = {url: name for name, url in ctx.urls.items()}
    apart = [names.labelled(names.detached(resource, here, shown)) for resource in resources]  # type: ignore[arg-type]
    rows = [(URN + str(resource["id"]), resource) for resource in apart]
    whole = claim(names.labelled(collection(rows, ctx, ctx.id("workflow"), at.now)), (), families)
    meta = {name: value for name, value in whole["meta"].items() if name != "profile"}
    bundle = {**whole, "meta": meta}  # what a case collection is for, a workflow is not
    if wrong := [found for found in validate_bundle(bundle) if found.stops]:
        raise ProblemError(wrong)
    return bundle


def _context(at: At, notices: list[Told], people: dict[str, str], history: list[Origin], gates: list[str]) -> Writing:
    """Where everything is: the case's things as in its bundle, the workflow's own by case and name."""
    letters = [one.notice.document for one in notices if one.notice.document]
    mine = (
        at.request, f"{at.access.id}{review_task.SUFFIX}", "workflow",
        *(paper.name for paper in papers(at.access) if paper.field in APART),
        *(one.notice.id for one in notices), *letters, *(f"{name}#binary" for name in letters),
        *(name for _, name in _strangers(at, people)), *(origin.id for origin in history), *gates,
    )  # fmt: skip
    known = names.own(at, names.named(at), *mine)
    elsewhere = {name: name for gate in at.checked.facts.carried_consents if (name := str(gate.id).partition("#")[0])}
    released = {BUNDLE: URN + names.released_id(at)}
    items = {reason.item for reason in at.checked.decision.reasons if reason.item} | {*at.checked.decision.excluded}
    absent = {name: names.ABSENT + name for name in items if name not in known.urls}
    return msgspec.structs.replace(known, urls={**elsewhere, **absent, **known.urls, **released})


# --- the parts


def _tasks(at: At, ctx: Writing, people: dict[str, str], history: list[Origin]) -> Iterator[Json]:
    status = status_of(at)
    first, last = at.occasion.received, at.occasion.deadline
    own = tuple(origin.id for origin in history if at.request in origin.targets or BUNDLE in origin.targets)
    yield access_task.to_fhir(
        at.access,
        ctx,
        holder=at.case.holder,
        clock=(first, last) if first and last else None,
        status=status,
        reason=reason_of(at, status),
        decided=decided(at.checked.decision, own),
    )
    review = at.access.review
    if review is not None:
        yield review_task.to_fhir(
            at.access,
            ctx,
            denied=denied_items(at),
            deciders=first_deciders(at),
            official=people.get(review.official or ""),
        )


def _people(at: At) -> dict[str, str]:
    """The names of who found and who reviews -> their local names."""
    review = at.access.review
    official = [review.official] if review is not None and (review.official or "").strip() else []
    stated = dict.fromkeys((*first_deciders(at), *(str(name) for name in official)))
    return {
        name: names.professional(at.case, name) or f"professional-{number}"
        for number, name in enumerate(stated, start=1)
    }


def _strangers(at: At, people: dict[str, str]) -> list[tuple[str, str]]:
    """Those of them that are no party of the case."""
    known = {item.id for item in at.case.items()}
    return [(name, local) for name, local in people.items() if local not in known]


def _organization(at: At) -> str | None:
    """The organization that gets it, or that is behind the role that does."""
    party = at.access.recipient_party
    role = next((role for role in at.case.roles if role.id == party), None)
    found = role.organization if role is not None else party
    return next((one.id for one in at.case.organizations if one.id == found), None)


def _communications(at: At, ctx: Writing, notices: list[Told]) -> Iterator[Json]:
    for one in notices:
        made = communication.to_fhir(one.notice, ctx)
        if one.sha256:
            gone = {"type": "DocumentReference", "identifier": {"system": LETTER_DIGEST, "value": one.sha256}}
            made = {**made, "payload": [*made["payload"], {"contentReference": gone}]}
        yield made
        if one.letter is not None and one.notice.document:
            yield from _letter(at, ctx, one.notice.document, one.letter)


def _letter(at: At, ctx: Writing, name: str, made: Letter) -> Iterator[Json]:
    page = as_html(made)
    document = Document(
        id=name,
        path=f"letters/{made.kind}.html",
        content_type="text/html",
        sha256=hashlib.sha256(page).hexdigest(),
        size=len(page),
        kind="denial_letter" if made.kind == "denial" else "letter",
        title=made.title,
        date=Moment(made.date),
        authors=(at.case.holder,),
        language=made.language,
    )
    yield document_reference.to_fhir(document, ctx, sha1=hashlib.sha1(page, usedforsecurity=False).digest())
    yield binary.to_fhir(document, page, ctx)


def _papers(at: At, ctx: Writing) -> Iterator[Json]:
    """The papers as Consents, each with the signed document behind it."""
    decision = at.checked.decision
    policies = tuple(dict.fromkeys(reason.uri for reason in decision.basis or decision.reasons))
    held = {document.id: document for document in at.case.documents}
    shown: set[str] = set()
    for paper in papers(at.access):
        yield consent.to_fhir(
            paper.access,
            ctx,
            holder=at.case.holder,
            policies=policies,
            data=tuple(name for name in at.goes if name in ctx.urls),
            paper=paper.like,
            shape=at.consent_shape,
        )
        name = paper.document
        if name in held and name not in shown:
            shown.add(name)
            yield from _document(at, ctx, _signed(held[name], paper.like))


def _signed(item: Document, like: str) -> Document:
    """The document as the paper it is: who declared it an administrative record said no more than that."""
    if item.kind != "administrative_record":
        return item
    return msgspec.structs.replace(item, kind="authorization" if like == "authorization" else "consent_form")


def _document(at: At, ctx: Writing, item: Document) -> Iterator[Json]:
    file = at.checked.loaded.documents[item.id]
    yield document_reference.to_fhir(item, ctx, sha1=file.sha1)
    if binary.embedded(item):
        yield binary.to_fhir(item, file.read(), ctx)
