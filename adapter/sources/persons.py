"""Whose things these are: every carried resource and every image is led back to a person, or to nobody."""

from collections.abc import Iterable

from adapter.holding import Belongs, Ownership
from mappings.dicom.study import Header
from mappings.domain.party import Patient
from mappings.domain.person import Identity, identity_of
from mappings.domain.values import Identifier
from mappings.fhir import patient as patient_mapper
from mappings.fhir.carried import Carried, pointers, subjects
from mappings.fhir.context import Reading
from mappings.fhir.datatypes import read_date
from mappings.fhir.people import read_identifiers, read_names
from mappings.fhir.wire import Json
from mappings.problems import ProblemError

SUPPORTING = frozenset(
    (
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "Location",
        "Endpoint",
        "Device",
        "HealthcareService",
        "InsurancePlan",
        "Medication",
        "OrganizationAffiliation",
        "Substance",
        "Binary",
    )
)
"""Types that are about nobody: they travel with what refers to them."""


def ownership(carried: Iterable[Carried], aliases: dict[str, str]) -> Ownership:
    """Lead every resource back to its person(s): by its subject, else by what it points at (Provenance, AuditEvent)."""
    known = {c.full_url: c for c in carried}
    owners: dict[str, frozenset[str] | Belongs] = {}
    for url, item in known.items():
        if item.type == "Patient":
            owners[url] = frozenset((url,))
        elif item.type in SUPPORTING:
            owners[url] = "nobody"
        else:
            owners[url] = _direct(item, known, aliases)
    for url, item in known.items():
        if owners[url] == "unknown" and not subjects(item.resource):
            owners[url] = _indirect(item, owners, aliases)
    return Ownership(of=owners)


def _direct(item: Carried, known: dict[str, Carried], aliases: dict[str, str]) -> frozenset[str] | Belongs:
    found: set[str] = set()
    for reference in subjects(item.resource):
        literal = reference.get("reference")
        if not isinstance(literal, str):
            continue
        url = resolve(item, literal, aliases)
        target = known.get(url)
        if target is not None and target.type == "Patient":
            found.add(url)
    return frozenset(found) if found else "unknown"


def _indirect(
    item: Carried, owners: dict[str, frozenset[str] | Belongs], aliases: dict[str, str]
) -> frozenset[str] | Belongs:
    found: set[str] = set()
    for _, _, literal in pointers(item.resource):
        target = owners.get(resolve(item, literal, aliases))
        if isinstance(target, frozenset):
            found |= target
    return frozenset(found) if found else "unknown"


def resolve(item: Carried, literal: str, aliases: dict[str, str]) -> str:
    """The fullUrl a literal reference means, duplicates led back to what they repeat."""
    url = item.resolve(literal)
    return aliases.get(url, url)


def patient_identity(resource: Json) -> Identity:
    """The identity in a carried Patient, as far as it can be read."""
    numbers = tuple(
        entry["value"]
        for entry in resource.get("identifier") or []
        if isinstance(entry, dict) and isinstance(entry.get("value"), str) and not entry.get("system")
    )
    try:
        return Identity(
            identifiers=read_identifiers(resource.get("identifier")),
            numbers=numbers,
            names=read_names(resource.get("name")),
            birth_date=read_date(resource, "birthDate"),
        )
    except ProblemError:
        return Identity(numbers=numbers)


def image_identity(header: Header, patient_system: str | None) -> Identity:
    """The identity in an image's header; a number without an issuer gets the system configured for its source."""
    found = header.identity
    if patient_system is None:
        return found
    named = tuple(Identifier(system=patient_system, value=number) for number in found.numbers)
    return Identity(identifiers=(*found.identifiers, *named), names=found.names, birth_date=found.birth_date)


def read_patient(resource: Json) -> Patient | None:
    """A carried Patient as the domain has it, or None where it names nobody."""
    try:
        return patient_mapper.from_fhir(resource, Reading({}))
    except ProblemError:
        return None


__all__ = ["Ownership", "identity_of", "image_identity", "ownership", "patient_identity", "read_patient", "resolve"]
