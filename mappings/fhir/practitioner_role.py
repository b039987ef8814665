"""A practitioner at an organization <-> PractitionerRole (https://hl7.org/fhir/R4/practitionerrole.html)."""

from mappings.domain.party import Role
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import Rule, compact, concept, construct, many, objects, read_concept
from mappings.fhir.parts import expect, required
from mappings.fhir.people import contact_point, read_contacts
from mappings.fhir.wire import Json

PROFILE = "http://hl7.org/fhir/StructureDefinition/PractitionerRole"
RULES = (
    Rule("role.practitioner", "PractitionerRole.practitioner"),
    Rule("role.organization", "PractitionerRole.organization"),
    Rule("role.specialty", "PractitionerRole.specialty", "the codes and words of the source"),
    Rule("role.contacts", "PractitionerRole.telecom"),
)


def to_fhir(role: Role, ctx: Writing) -> Json:
    """Write the role of a practitioner at an organization."""
    specialty = concept(role.specialty)
    return compact(
        {
            "resourceType": "PractitionerRole",
            "id": ctx.id(role.id),
            "meta": ctx.meta(),
            "practitioner": ctx.to(role.practitioner),
            "organization": ctx.to(role.organization),
            "specialty": [specialty] if specialty else None,
            "telecom": many(contact_point, role.contacts),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Role:
    """Read a PractitionerRole; of several specialties the first.

    Raises:
        ProblemError: it refers to no practitioner or no organization, or a value is not valid.
    """
    expect(resource, "PractitionerRole")
    specialties = (read_concept(value) for value in objects(resource.get("specialty")))
    return construct(
        Role,
        "PractitionerRole",
        id=ctx.own(resource),
        practitioner=required(ctx.name(resource.get("practitioner")), "PractitionerRole.practitioner"),
        organization=required(ctx.name(resource.get("organization")), "PractitionerRole.organization"),
        specialty=next((value for value in specialties if value), None),
        contacts=read_contacts(resource.get("telecom")),
    )
