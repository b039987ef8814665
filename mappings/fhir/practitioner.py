"""A physician or other professional <-> Practitioner (https://hl7.org/fhir/R4/practitioner.html)."""

from mappings.domain.party import Practitioner
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import Rule, compact, construct, many
from mappings.fhir.parts import expect
from mappings.fhir.people import (
    address,
    contact_point,
    human_name,
    identifier,
    read_addresses,
    read_contacts,
    read_identifiers,
    read_names,
)
from mappings.fhir.wire import Json

PROFILE = "http://hl7.org/fhir/StructureDefinition/Practitioner"
RULES = (
    Rule("practitioner.identifiers", "Practitioner.identifier", "NPI and others; type from the table identifier-type"),
    Rule("practitioner.names", "Practitioner.name"),
    Rule("practitioner.contacts", "Practitioner.telecom"),
    Rule("practitioner.addresses", "Practitioner.address"),
)


def to_fhir(practitioner: Practitioner, ctx: Writing) -> Json:
    """Write a professional."""
    return compact(
        {
            "resourceType": "Practitioner",
            "id": ctx.id(practitioner.id),
            "meta": ctx.meta(),
            "identifier": many(identifier, practitioner.identifiers),
            "name": many(human_name, practitioner.names),
            "telecom": many(contact_point, practitioner.contacts),
            "address": many(address, practitioner.addresses),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Practitioner:
    """Read a Practitioner.

    Raises:
        ProblemError: a value is not valid.
    """
    expect(resource, "Practitioner")
    return construct(
        Practitioner,
        "Practitioner",
        id=ctx.own(resource),
        names=read_names(resource.get("name")),
        identifiers=read_identifiers(resource.get("identifier")),
        contacts=read_contacts(resource.get("telecom")),
        addresses=read_addresses(resource.get("address")),
    )
