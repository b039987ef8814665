"""The custody of a case in FHIR for the holder: every release with its reason, every hand-over. It goes to nobody else.

What waits or is refused is said here and in no bundle that leaves: it is a Task, on hold or rejected, and no denial of
access.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from adapter.claims import claim
from adapter.custody.policy import Policy
from adapter.custody.releases import releases_of, things
from mappings.domain.case import Case
from mappings.domain.case_record import as_left
from mappings.domain.links import links_of
from mappings.domain.party import is_foreign
from mappings.domain.specimen_release import SpecimenRelease
from mappings.domain.values import Moment
from mappings.fhir import custody_task, hand_over, patient, provenance, specimen, specimen_release
from mappings.fhir.bundle import MAPPERS, Assembly, Entry, collection, writing
from mappings.fhir.carried import pointers
from mappings.fhir.context import URN, Writing
from mappings.fhir.datatypes import coding
from mappings.fhir.imaging_study import URI
from mappings.fhir.wire import Json
from mappings.identity import resource_id, sid
from mappings.terminology.tables import table

_HOLDERS_OWN = ("Task", "Provenance")
_BESIDE = ("organizations", "practitioners", "roles", "endpoints", "studies")
"""Lists of the case that what is told here points at, and that claims are judged by."""


def custody_bundle(case: Case, policy: Policy, told_at: Moment, namespace: UUID, families: Collection[str]) -> Json:
    """A collection Bundle: the Task of each release and hand-over, the Provenance of each hand-over, what they name.

    Ids are those of the case's bundle. A reference to what is not here (the order, a Consent, what came as FHIR) is a
    logical one: the identifier that its fullUrl is. All that is the holder's own is labelled so.

    Raises:
        ProblemError: something cannot be said honestly in FHIR.
    """
    releases = releases_of(case, policy, dt.date.fromisoformat(told_at.date))
    ctx = _names(case, releases, told_at, namespace)
    told = [(URN + str(made["id"]), made) for made in _told(case, releases, told_at, ctx)]
    around = {URN + str(made["id"]): made for made in _around(as_left(case), ctx)}
    rows = [*_named(told, around), *told]
    here, names = {url for url, _ in rows}, {url: name for name, url in ctx.urls.items()}
    for _, resource in rows:
        _made_logical(resource, here, names)
    kept = [(url, _labelled(made) if made["resourceType"] in _HOLDERS_OWN else made) for url, made in rows]
    identity = resource_id(namespace, sid("custody"), case.id)
    return claim(_labelled(collection(kept, ctx, identity, told_at)), (), families)


def _named(told: list[Entry], around: Mapping[str, Json]) -> Iterator[Entry]:
    """What is told names, and what that names in turn, in the order of `around`; the Patient always."""
    reached = {url for url, made in around.items() if made["resourceType"] == "Patient"}
    waiting = [made for _, made in told]
    while waiting:
        for _, _, literal in pointers(waiting.pop()):
            if literal in around and literal not in reached:
                reached.add(literal)
                waiting.append(around[literal])
    return ((url, made) for url, made in around.items() if url in reached)


def _made_logical(resource: Json, here: Collection[str], names: Mapping[str, str]) -> None:
    """References to what is not here say by its fullUrl, as an identifier, what is meant."""
    for holder, member, literal in list(pointers(resource)):
        if member == "reference" and literal not in here:
            del holder["reference"]
            holder["identifier"] = {"system": URI, "value": literal}
            if names.get(literal, literal) != literal:
                holder["display"] = names[literal]


def _labelled(resource: Json) -> Json:
    """With the label that keeps it with the holder."""
    [code] = table("record-label").codings("holder-only")
    meta = resource.get("meta") or {}
    security = [*meta.get("security", ()), coding(code)]
    first: Json = {name: resource[name] for name in ("resourceType", "id")}
    return {**first, "meta": {**meta, "security": security}, **{k: v for k, v in resource.items() if k != "meta"}}


def _names(case: Case, releases: tuple[SpecimenRelease, ...], told_at: Moment, namespace: UUID) -> Writing:
    assembly = Assembly(
        namespace=namespace, decided_at=told_at, policies=(), data={}, sha1={}, specimen_releases=releases
    )
    known = writing(case, (), assembly)
    named = {name for event in (*case.custody, *releases) for name in links_of(event)}
    return Writing({**{name: name for name in named if is_foreign(name)}, **known.urls}, case.test_data)


def _around(case: Case, ctx: Writing) -> Iterator[Json]:
    yield patient.to_fhir(case.patient, ctx)
    for name, write in MAPPERS:
        if name in _BESIDE:
            items: tuple[Any, ...] = getattr(case, name)
            yield from (write(item, ctx) for item in items if not is_foreign(item.id))
    for thing in things(case).values():
        if not is_foreign(thing.id):
            yield specimen.to_fhir(thing, ctx)


def _told(case: Case, releases: tuple[SpecimenRelease, ...], told_at: Moment, ctx: Writing) -> Iterator[Json]:
    yield from (specimen_release.to_fhir(release, ctx) for release in releases)
    yield from (custody_task.to_fhir(event, ctx) for event in case.custody if not is_foreign(event.id))
    yield from (provenance.to_fhir(origin, ctx) for origin in hand_over.origins(case.custody, told_at))
