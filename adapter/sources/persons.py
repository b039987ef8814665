"""Whose things these are: every carried resource and every image is led back to a person, or to nobody."""

import re
from collections.abc import Callable, Iterable

from adapter.holding import Belongs, Ownership
from adapter.sources.shapes import misshapen
from mappings.dicom.found import image_identity
from mappings.domain.party import Patient
from mappings.domain.person import Identity, contradicts, identity_of
from mappings.fhir import patient as patient_mapper
from mappings.fhir.carried import Carried, contained, pointers, subjects
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


_PERSONS = frozenset(("Patient", "Group"))
"""Types of a reference that may name a person who is not here."""
_Owner = frozenset[str] | Belongs


def ownership(carried: Iterable[Carried], aliases: dict[str, str]) -> Ownership:
    """Lead every resource back to its person(s): by its subject, else by what it points at (Provenance, AuditEvent).

    One subject-like reference to somebody who is not here makes the owner unknown, whatever the others say.
    """
    return Ownership(of=_Owners(carried, aliases).all())


class _Owners:
    def __init__(self, carried: Iterable[Carried], aliases: dict[str, str]) -> None:
        self._known = {item.full_url: item for item in carried}
        self._aliases = aliases
        self._of: dict[str, _Owner] = {}
        self._strange: set[str] = set()

    def all(self) -> dict[str, _Owner]:
        for url in self._known:
            self._stated(url)
        left = (item for url, item in self._known.items() if self._of[url] == "unknown" and url not in self._strange)
        silent = [item for item in left if not subjects(item.resource)]
        grown = True
        while grown:
            grown = False
            for item in silent:
                found = self._led(item)
                grown |= found != self._of[item.full_url]
                self._of[item.full_url] = found
        for url, item in self._known.items():
            if item.type == "Binary" and not self._open_to(item):
                self._of[url] = "unknown"
        return self._of

    def _stated(self, url: str) -> _Owner:
        """What the resource itself says, by its subjects and those of what it contains."""
        if url in self._of:
            return self._of[url]
        item = self._known[url]
        if item.type == "Patient":
            self._of[url] = frozenset((url,))
            return self._of[url]
        self._of[url] = "nobody"  # while it is asked for: two Groups that are members of each other
        own = [self._named(item, one) for one in subjects(item.resource)]
        parts = (one for part in contained(item.resource) for one in subjects(part))
        inner = [self._named(item, one) for one in parts if isinstance(one.get("reference"), str)]
        found = frozenset(of for named in (*own, *inner) if isinstance(named, frozenset) for of in named)
        if "unknown" in own or "unknown" in inner:
            self._of[url] = "unknown"
            self._strange.add(url)
        elif own or item.type not in SUPPORTING:
            self._of[url] = found or "unknown"
        return self._of[url]

    def _named(self, item: Carried, reference: Json) -> _Owner:
        """The persons one reference names; unknown for somebody who is not here, nobody for a thing or a place."""
        literal = reference.get("reference")
        url = resolve(item, literal, self._aliases) if isinstance(literal, str) else ""
        if url in self._known:
            return self._stated(url)
        said = reference.get("type")
        kind = found[1] if (found := _TYPED.search(url)) else said if isinstance(said, str) else "Patient"
        return "unknown" if kind in _PERSONS or url.startswith("#") else "nobody"

    def _led(self, item: Carried) -> _Owner:
        """Whose a resource without a subject is: of whom that is which it speaks of."""
        about = {member: item.resource.get(member) for member in _ABOUT.get(item.type, ())} or item.resource
        found: set[str] = set()
        for _, _, literal in pointers(about):
            url = resolve(item, literal, self._aliases)
            named = self._known.get(url)
            if url in self._strange or (named is None and _is_patient(url)):
                return "unknown"
            # A Patient who performed, wrote or received something is not thereby the one it is about.
            if named is None or (named.type == "Patient" and item.type not in _ABOUT):
                continue
            owner = self._of[url]
            if isinstance(owner, frozenset):
                found |= owner
        return frozenset(found) if found else "unknown"

    def _open_to(self, item: Carried) -> bool:
        """Whether a Binary's access follows nothing (securityContext), or something whose person is here."""
        context = item.resource.get("securityContext")
        if context is None:
            return True
        literal = context.get("reference") if isinstance(context, dict) else None
        url = resolve(item, literal, self._aliases) if isinstance(literal, str) else ""
        return self._of.get(url, "unknown") != "unknown"


_TYPED = re.compile(r"(?:^|/)([A-Z][A-Za-z]{2,40})/[A-Za-z0-9.-]{1,64}$")
_ABOUT: dict[str, tuple[str, ...]] = {
    "Provenance": ("target",),
    "AuditEvent": ("entity",),
    "VerificationResult": ("target",),
    "MessageHeader": ("focus",),
    "Linkage": ("item",),
}
"""Types that have no subject, and the elements that say what they speak of."""


def _is_patient(url: str) -> bool:
    found = _TYPED.search(url)
    return found is not None and found[1] == "Patient"


def contradicted(item: Carried, patient: Patient) -> bool:
    """Whether a resource states a subject who is somebody else than this patient: no line may vouch for it.

    Read are a contained Patient and the number in a Reference; a Patient who is not here is no contradiction.
    """
    inside = {f"#{part.get('id')}": part for part in contained(item.resource)}
    for reference in subjects(item.resource):
        held = inside.get(str(reference.get("reference")), {})
        if held.get("resourceType") == "Patient" and contradicts(patient, patient_identity(held)):
            return True
        number = reference.get("identifier")
        if isinstance(number, dict) and contradicts(patient, patient_identity({"identifier": [number]})):
            return True
    return False


def resolve(item: Carried, literal: str, aliases: dict[str, str]) -> str:
    """The fullUrl a literal reference means, duplicates led back to what they repeat."""
    url = item.resolve(literal)
    return aliases.get(url, url)


def patient_identity(resource: Json) -> Identity:
    """The identity in a carried Patient; what is there and has not the shape of R4 is named as unreadable."""
    given = resource.get("identifier")
    numbers = tuple(
        entry["value"]
        for entry in (given if isinstance(given, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("value"), str) and not entry.get("system")
    )
    if unreadable := _unreadable(resource):
        return Identity(numbers=numbers, unreadable=unreadable)
    return Identity(
        identifiers=read_identifiers(given),
        numbers=numbers,
        names=read_names(resource.get("name")),
        birth_date=read_date(resource, "birthDate"),
    )


def _unreadable(resource: Json) -> tuple[str, ...]:
    """The parts of an identity that a resource states and nobody can read: a shape R4 has not, or no date."""
    wrong = {where.split(".")[1].partition("[")[0] for where in misshapen(resource, _IDENTITY)}
    return tuple(part for element, part in _IDENTITY.items() if element in wrong or _fails(resource, element))


def _fails(resource: Json, element: str) -> bool:
    try:
        _READERS[element](resource)
    except ProblemError:
        return True
    return False


_READERS: dict[str, Callable[[Json], object]] = {
    "identifier": lambda resource: read_identifiers(resource.get("identifier")),
    "name": lambda resource: read_names(resource.get("name")),
    "birthDate": lambda resource: read_date(resource, "birthDate"),
}
_IDENTITY = {"identifier": "number", "name": "name", "birthDate": "birth date"}


def read_patient(resource: Json) -> Patient | None:
    """A carried Patient as the domain has it, or None where it names nobody."""
    try:
        return patient_mapper.from_fhir(resource, Reading({}))
    except ProblemError:
        return None


__all__ = [
    "Ownership",
    "contradicted",
    "identity_of",
    "image_identity",
    "ownership",
    "patient_identity",
    "read_patient",
    "resolve",
]
