"""Where the things of a workflow are, and who takes part; a party that is a name alone becomes a Practitioner."""

from collections.abc import Iterator

import msgspec

from adapter.consent.case_papers import party_name
from adapter.consent.rules import same_name
from adapter.workflow.matter import At
from mappings.domain.case import Case
from mappings.domain.party import Practitioner
from mappings.domain.values import PersonName
from mappings.fhir import (
    organization,
    patient,
    practitioner,
    practitioner_role,
    related_person,
)
from mappings.fhir.bundle import Assembly, bundle_id, writing
from mappings.fhir.context import URN, Writing
from mappings.fhir.datatypes import coding
from mappings.fhir.wire import Json
from mappings.identity import ITEM, resource_id, sid, within
from mappings.terminology.tables import table

_SYSTEM = sid("workflow")
LABELLED = frozenset(
    ("Task", "Communication", "Consent", "Provenance", "AuditEvent", "DocumentReference", "Binary", "Bundle")
)
"""What is the holder's own here; people and organizations are not."""
ABSENT = f"{ITEM}/"
"""Before the name of an item that is no resource: what stands where its fullUrl would."""


def released_id(at: At) -> str:
    """The id of the Bundle in which what goes is exported."""
    return bundle_id(at.case, at.namespace)


def named(at: At) -> Writing:
    """Where the things of the case are, as in its bundle."""
    assembly = Assembly(namespace=at.namespace, decided_at=at.now, policies=(), data={}, sha1={})
    return writing(at.case, at.checked.loaded.carried, assembly)


def own(at: At, ctx: Writing, *names: str) -> Writing:
    """The same with names of the workflow's own; an id depends on the case and the name alone."""
    whole = ctx.id(at.case.request.id)
    made = {name: URN + resource_id(at.namespace, _SYSTEM, within(whole, name)) for name in names}
    return msgspec.structs.replace(ctx, urls={**ctx.urls, **made})


def professional(case: Case, name: str) -> str | None:
    """The local name of the practitioner, or the role of one, who is called so; None where the case has nobody."""
    called = [(role.id, _person(case, role.practitioner)) for role in case.roles]
    called += [(person.id, person.names[0].label) for person in case.practitioners]
    return next((found for found, label in reversed(called) if same_name(label, name)), None)


def _person(case: Case, name: str | None) -> str | None:
    return party_name(case, name)


def unknown_professional(local: str, name: str) -> Practitioner:
    """Somebody of whom nothing but the name is known."""
    return Practitioner(id=local, names=(PersonName(text=name),))


def parties(case: Case, ctx: Writing, made: list[Json]) -> Iterator[Json]:
    """The patient, and every party of the case that these resources refer to, with those behind a role."""
    yield patient.to_fhir(case.patient, ctx)
    said = set(references(made))
    roles = [role for role in case.roles if ctx.urls[role.id] in said]
    said |= {ctx.urls[name] for role in roles for name in (role.practitioner, role.organization) if name in ctx.urls}
    yield from (organization.to_fhir(item, ctx) for item in case.organizations if ctx.urls[item.id] in said)
    yield from (practitioner.to_fhir(item, ctx) for item in case.practitioners if ctx.urls[item.id] in said)
    yield from (practitioner_role.to_fhir(role, ctx) for role in roles)
    yield from (related_person.to_fhir(item, ctx) for item in case.related_persons if ctx.urls[item.id] in said)


def references(value: object) -> Iterator[str]:
    """Every literal reference in a value."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)


def detached(value: object, here: frozenset[str], names: dict[str, str]) -> object:
    """The value with what it points at outside these fullUrls meant by its fullUrl as identifier: nothing dangles.

    Records themselves are not copied into the workflow; `names` gives fullUrl -> name in the case, which is displayed.
    """
    if isinstance(value, list):
        return [detached(item, here, names) for item in value]
    if not isinstance(value, dict):
        return value
    target = value.get("reference")
    if isinstance(target, str) and not target.startswith("#") and target not in here:
        apart = {key: item for key, item in value.items() if key not in ("reference", "identifier", "display")}
        if target.startswith(ABSENT):
            return {**apart, "identifier": {"system": ITEM, "value": target.removeprefix(ABSENT)}}
        label = {"display": names[target]} if names.get(target, target) != target else {}
        return {**apart, "identifier": {"system": "urn:ietf:rfc:3986", "value": target}, **label}
    return {key: detached(item, here, names) for key, item in value.items()}


def labelled(resource: Json) -> Json:
    """The resource with the label that keeps it with the holder; a person or organization has none."""
    if resource["resourceType"] not in LABELLED:
        return resource
    meta = resource.get("meta") or {}
    [code] = table("record-label").codings("holder-only")
    security = [*meta.get("security", ()), coding(code)]
    first: Json = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**first, "meta": {**meta, "security": security}, **{k: v for k, v in resource.items() if k != "meta"}}
