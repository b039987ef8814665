"""A case as a FHIR Bundle: assembled from what is released, taken apart again (https://hl7.org/fhir/R4/bundle.html).

Entries of ours have `urn:uuid` fullUrls, each id derived from what identifies the thing; carried resources keep theirs.
The order is fixed: patient, who and where, materials, reports, request and authority, then what was carried,
by fullUrl. Same contents, same bytes.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec

from mappings.domain.case import Case
from mappings.domain.case_record import as_left
from mappings.domain.document import CaseDocument
from mappings.domain.material import Document, ImagingStudy
from mappings.domain.party import PATIENT, RELEASE, Item, is_foreign
from mappings.domain.provenance import Agent, Origin
from mappings.domain.specimen_release import SpecimenRelease
from mappings.domain.values import Moment
from mappings.fhir import (
    binary,
    composition,
    condition,
    consent,
    coverage,
    custody_task,
    diagnostic_report,
    document_reference,
    endpoint,
    hand_over,
    imaging_study,
    observation,
    organization,
    patient,
    practitioner,
    practitioner_role,
    procedure,
    provenance,
    related_person,
    service_request,
    specimen,
    specimen_release,
    task,
)
from mappings.fhir.carried import Carried
from mappings.fhir.context import URN, Writing
from mappings.fhir.datatypes import compact
from mappings.fhir.wire import Json
from mappings.identity import CASE, DICOM_UID, ISSUER_NOT_STATED, ITEM, NPI, resource_id, within
from mappings.problems import refuse

_SEARCH_SIGNS = re.compile(r"[\\,$|]")

Entry = tuple[str, Json]
"""A fullUrl and the resource it stands for."""

MAPPERS: tuple[tuple[str, Callable[[Any, Writing], Json]], ...] = (
    ("organizations", organization.to_fhir),
    ("practitioners", practitioner.to_fhir),
    ("roles", practitioner_role.to_fhir),
    ("related_persons", related_person.to_fhir),
    ("coverages", coverage.to_fhir),
    ("endpoints", endpoint.to_fhir),
    ("diagnoses", condition.to_fhir),
    ("procedures", procedure.to_fhir),
    ("parts", specimen.to_fhir),
    ("blocks", specimen.to_fhir),
    ("slides", specimen.to_fhir),
    ("custody", custody_task.to_fhir),
    ("studies", imaging_study.to_fhir),
)
"""List of the case -> the mapper of its items, where one item is one resource."""


class Assembly(msgspec.Struct, frozen=True, kw_only=True):
    """What a Bundle is made of besides the case.

    Attributes:
        namespace: the deployment's namespace for ids.
        decided_at: the time of the decision (with offset): the only clock there is.
        policies: addresses of the citations the release rests on.
        data: local name of a document -> its bytes, for those that travel inside the Bundle (at most 5 MB each).
        sha1: local name of a document -> SHA-1 of its bytes (Attachment.hash).
        patients: fullUrls of carried Patients that are the case's patient.
        consent_shape: `pcf` or `fast`.
        task_shape: `none`, `cow` or `bser`.
        specimen_releases: of the slides and blocks that go, and of no others.
    """

    namespace: UUID
    decided_at: Moment
    policies: tuple[str, ...]
    data: Mapping[str, bytes]
    sha1: Mapping[str, bytes]
    patients: tuple[str, ...] = ()
    consent_shape: consent.Shape = "pcf"
    task_shape: task.Shape = "none"
    specimen_releases: tuple[SpecimenRelease, ...] = ()


def assemble(case: Case, carried: Iterable[Carried], assembly: Assembly) -> Json:
    """The collection Bundle of a released case.

    Raises:
        ProblemError: something cannot be said honestly in FHIR, or two entries would be one.
    """
    ctx = writing(case, carried, assembly)
    ours = [(URN + str(resource["id"]), resource) for resource in _resources(case, ctx, assembly)]
    theirs = [(item.full_url, item.resource) for item in sorted(carried, key=lambda c: c.full_url)]
    return collection([*ours, *theirs], ctx, bundle_id(case, assembly.namespace), assembly.decided_at)


def collection(entries: Iterable[Entry], ctx: Writing, identity: str, timestamp: Moment | None) -> Json:
    """A Bundle of type collection."""
    rows = list(entries)
    _check_unique(rows)
    return compact(
        {
            "resourceType": "Bundle",
            "id": identity,
            "meta": ctx.meta(),
            "type": "collection",
            "timestamp": timestamp and str(timestamp),
            "entry": [{"fullUrl": url, "resource": resource} for url, resource in rows],
        }
    )


def document(case: Case, contents: CaseDocument, bundle: Json, ctx: Writing) -> Json:
    """The same entries as a document Bundle, its Composition first (bdl-9: with identifier, bdl-10: with a date)."""
    made = composition.to_fhir(contents, ctx)
    first = {"fullUrl": URN + str(made["id"]), "resource": made}
    system = {"system": CASE, "value": case.id}
    return {**bundle, "identifier": system, "type": "document", "entry": [first, *bundle["entry"]]}


def transaction(entries: Iterable[Entry], ctx: Writing, identity: str) -> Json:
    """Our own entries as one transaction: conditional on an identifier, where none is fit for it put by our id.

    What came as FHIR is the receiver's to place and is never PUT under a source's id.
    """
    rows = [(url, resource) for url, resource in entries if url.startswith(URN)]
    _check_unique(rows)
    told = Counter((res["resourceType"], number) for _, res in rows for number in _numbers(res))
    made = [{"fullUrl": url, "resource": res, "request": _request(res, told)} for url, res in rows]
    return compact({"resourceType": "Bundle", "id": identity, "meta": ctx.meta(), "type": "transaction", "entry": made})


def _request(resource: Json, told: Mapping[tuple[str, tuple[str, str]], int]) -> Json:
    """By a number two entries share (report and addendum) a server makes one; one without issuer is nobody's."""
    kind = str(resource["resourceType"])
    fit = (n for n in _numbers(resource) if told[kind, n] == 1 and n[0] != ISSUER_NOT_STATED)
    if (number := next(fit, None)) is None:
        return {"method": "PUT", "url": f"{kind}/{resource['id']}"}
    return {"method": "POST", "url": kind, "ifNoneExist": f"identifier={'|'.join(map(_searched, number))}"}


def _numbers(resource: Json) -> tuple[tuple[str, str], ...]:
    """System and value of its identifiers that have both, each once."""
    numbers = resource.get("identifier")
    found = numbers if isinstance(numbers, list) else ()
    return tuple(dict.fromkeys((n["system"], n["value"]) for n in found if n.get("system") and n.get("value")))


def _searched(text: str) -> str:
    """One part of a token in a search (https://hl7.org/fhir/R4/search.html#escaping), as it stands in a URL."""
    return quote(_SEARCH_SIGNS.sub(r"\\\g<0>", text), safe=":/")


def take_apart(bundle: Json) -> tuple[Entry, ...]:
    """The entries of a Bundle.

    Raises:
        ProblemError: it is no Bundle, or an entry has no fullUrl or no resource.
    """
    entries = bundle.get("entry") if bundle.get("resourceType") == "Bundle" else None
    if not isinstance(entries, list):
        raise refuse("structure", "Bundle.entry", "this is no Bundle with entries", rule="bundle")
    found = []
    for number, entry in enumerate(entries):
        url, resource = (entry.get("fullUrl"), entry.get("resource")) if isinstance(entry, dict) else (None, None)
        if not isinstance(url, str) or not isinstance(resource, dict):
            message = "an entry needs fullUrl and resource"
            raise refuse("required", f"Bundle.entry[{number}]", message, rule="bundle")
        found.append((url, resource))
    return tuple(found)


# --- names


def writing(case: Case, carried: Iterable[Carried], assembly: Assembly) -> Writing:
    """Where everything of the case is: our own things by derived ids, carried ones by their fullUrl."""
    urls = {item.full_url: item.full_url for item in carried}
    urls |= {binary.binary_name(d): quote(d.path) for d in case.documents if not binary.embedded(d)}
    for name, item in _named(case, assembly):
        urls[name] = URN + _identity(name, item, case, assembly.namespace)
    ids = [url for url in urls.values() if url.startswith(URN)]
    if len(set(ids)) != len(ids):
        message = "two things have the same UID or NPI; each may stand in the case once"
        raise refuse("duplicate", "case.json", message, rule="bundle.identity")
    return Writing(urls, case.test_data)


def _named(case: Case, assembly: Assembly) -> Iterator[tuple[str, Item | None]]:
    yield PATIENT, None
    for item in case.items():
        if not is_foreign(item.id):
            yield item.id, item
    yield from ((f"{case.request.id}#{part}", None) for part in ("task", "abort"))
    yield from ((name, None) for name, _ in (consent.papers(case.access) if case.access else ()))
    yield from ((binary.binary_name(d), None) for d in case.documents if binary.embedded(d))
    yield from ((release.id, None) for release in assembly.specimen_releases)
    yield from ((origin.id, None) for origin in hand_over.origins(case.custody, assembly.decided_at))
    yield RELEASE, None


def _identity(name: str, item: Item | None, case: Case, namespace: UUID) -> str:
    """UIDs and NPIs identify worldwide; anything else only together with the patient and the case."""
    if isinstance(item, ImagingStudy):
        return resource_id(namespace, DICOM_UID, item.uid)
    npi = next((n.value for n in getattr(item, "identifiers", ()) if n.system == NPI), None)
    if npi is not None:
        return resource_id(namespace, NPI, npi)
    return resource_id(namespace, ITEM, within(_person(case), case.id, name))


def _person(case: Case) -> str:
    first = min(case.patient.identifiers, key=lambda i: (i.system, i.value))
    return within(first.system, first.value)


def bundle_id(case: Case, namespace: UUID) -> str:
    """The id of the Bundle of a case."""
    return resource_id(namespace, CASE, within(_person(case), case.id))


# --- resources


def _resources(case: Case, ctx: Writing, assembly: Assembly) -> Iterator[Json]:
    yield patient.to_fhir(case.patient, ctx, also=assembly.patients)
    left = as_left(case)
    for name, write in MAPPERS:
        yield from (write(item, ctx) for item in getattr(left, name) if not is_foreign(item.id))
    yield from (provenance.to_fhir(o, ctx) for o in hand_over.origins(case.custody, assembly.decided_at))
    yield from (specimen_release.to_fhir(item, ctx) for item in assembly.specimen_releases)
    yield from _documents(case, ctx, assembly)
    yield from _reports(case, ctx, assembly)
    papers = consent.papers(case.access) if case.access else ()
    also = tuple(name for name, _ in papers)
    yield service_request.to_fhir(case.request, ctx, also=also, shape=assembly.task_shape)
    yield task.to_fhir(case.request, ctx)
    if (abort := task.abort_to_fhir(case.request, ctx)) is not None:
        yield abort
    released = released_names(case)
    for _, field in papers:
        assert case.access is not None
        yield consent.to_fhir(
            case.access,
            ctx,
            holder=case.holder,
            policies=assembly.policies,
            data=released,
            paper=field,
            shape=assembly.consent_shape,
        )
    yield provenance.to_fhir(_origin(case, assembly), ctx)


def released_names(case: Case) -> tuple[str, ...]:
    """The local names of what was asked for and released: reports, documents, studies."""
    items: tuple[Item, ...] = (*case.reports, *case.documents, *case.studies)
    return tuple(item.id for item in items)


def _documents(case: Case, ctx: Writing, assembly: Assembly) -> Iterator[Json]:
    for item in case.documents:
        yield document_reference.to_fhir(item, ctx, sha1=assembly.sha1.get(item.id))
        if binary.embedded(item):
            yield binary.to_fhir(item, assembly.data[item.id], ctx)


def _reports(case: Case, ctx: Writing, assembly: Assembly) -> Iterator[Json]:
    own = [report for report in case.reports if not is_foreign(report.id)]
    held = {document.id: document for document in case.documents}
    for report in own:
        forms = {name: _form(held[name], ctx, assembly) for name in report.documents if name in held}
        stated = [c.id for c in case.concordances if c.review == report.id]
        yield diagnostic_report.to_fhir(report, ctx, forms=forms, concordances=stated)
        yield from diagnostic_report.findings_to_fhir(report, ctx)
    yield from (observation.to_fhir(item, ctx) for item in case.concordances)


def _form(item: Document, ctx: Writing, assembly: Assembly) -> Json:
    """The members of a report's presentedForm: those of the document's own attachment."""
    made = document_reference.to_fhir(item, ctx, sha1=assembly.sha1.get(item.id))
    attachment: Json = made["content"][0]["attachment"]
    return attachment


def _origin(case: Case, assembly: Assembly) -> Origin:
    """Who released this and on what authority; it speaks of what is released and of nothing else."""
    return Origin(
        id=RELEASE,
        targets=(case.request.id, *released_names(case)),
        recorded=assembly.decided_at,
        activity="disclose",
        agents=(Agent(role="transmitter", who=case.holder), Agent(role="custodian", who=case.holder)),
        policies=assembly.policies,
    )


# --- checks


def _check_unique(rows: list[Entry]) -> None:
    if len({url for url, _ in rows}) != len(rows):
        raise refuse("duplicate", "Bundle.entry", "two entries have the same fullUrl", rule="bdl-7")
