"""Who things are: the canonical base, identifier systems, and resource ids that are the same on every run.

A resource id is uuid5 over `system|value` in the namespace that the deployment configures, so that the same thing has
the same id in every export of that deployment, and two deployments never collide. Where a value is not globally unique
(a slide label, an accession number), its issuer and the patient go into the value (RFC 4122, section 4.3).
"""

from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

CANONICAL = "https://w3id.org/second-opinion/fhir"
"""Canonical base of our FHIR package (profiles/package.json holds the same; a test compares them)."""

DEFAULT_NAMESPACE = uuid5(NAMESPACE_URL, CANONICAL)
"""Namespace of a deployment that has configured none."""

DICOM_UID = "urn:dicom:uid"
NPI = "http://hl7.org/fhir/sid/us-npi"


def sid(name: str) -> str:
    """The identifier system of ours with this name, e.g. `sid("item")`."""
    return f"{CANONICAL}/sid/{name}"


ITEM = sid("item")
"""System of the name a thing has inside its case (the `id` of a domain object)."""

CASE = sid("case")

ISSUER_NOT_STATED = sid("issuer-not-stated")
"""System of a number that came without its issuer: nothing can be matched by it alone."""


def issuer(word: str) -> str:
    """The system of an issuer that a source names by a word of its own (DICOM's Issuer of Patient ID)."""
    return f"{sid('issuer')}/{quote(word, safe='')}"


def structure(name: str) -> str:
    """URL of a StructureDefinition of ours (profile or extension)."""
    return f"{CANONICAL}/StructureDefinition/{name}"


def code_system(name: str) -> str:
    """URL of a CodeSystem of ours."""
    return f"{CANONICAL}/CodeSystem/{name}"


def value_set(name: str) -> str:
    """URL of a ValueSet of ours."""
    return f"{CANONICAL}/ValueSet/{name}"


def resource_id(namespace: UUID, system: str, value: str) -> str:
    """The id of the resource that `system|value` identifies, as a lower-case UUID string."""
    return str(uuid5(namespace, f"{system}|{value}"))


def within(*parts: str) -> str:
    """Join the parts of a value that is unique only together (issuer, patient, label), unambiguously.

    >>> within("a|b", "c") == within("a", "b|c")
    False
    """
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def file_set_uid(namespace: UUID, value: str) -> str:
    """A DICOM UID below 2.25 (PS3.5 annex B.2) derived from a UUID, for the File-set of this value."""
    return f"2.25.{uuid5(namespace, value).int}"
