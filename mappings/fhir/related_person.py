"""Somebody who acts for the patient <-> RelatedPerson (https://hl7.org/fhir/R4/relatedperson.html)."""

from mappings.domain.party import PATIENT, RelatedPerson
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import Rule, compact, construct, first_of, from_table_list, many, read_date
from mappings.fhir.parts import expect
from mappings.fhir.people import address, contact_point, human_name, read_addresses, read_contacts, read_names
from mappings.fhir.wire import Json
from mappings.problems import refuse

PROFILE = "http://hl7.org/fhir/StructureDefinition/RelatedPerson"
RULES = (
    Rule("(always)", "RelatedPerson.active", "true: who no longer acts is not in the case"),
    Rule("patient", "RelatedPerson.patient"),
    Rule("related_person.relationship", "RelatedPerson.relationship", "table relationship"),
    Rule("related_person.names", "RelatedPerson.name"),
    Rule("related_person.contacts", "RelatedPerson.telecom"),
    Rule("related_person.birth_date", "RelatedPerson.birthDate", "as precise as known"),
    Rule("related_person.addresses", "RelatedPerson.address"),
)


def to_fhir(person: RelatedPerson, ctx: Writing) -> Json:
    """Write somebody who acts for the patient."""
    return compact(
        {
            "resourceType": "RelatedPerson",
            "id": ctx.id(person.id),
            "meta": ctx.meta(),
            "active": True,
            "patient": ctx.to(PATIENT),
            "relationship": from_table_list("relationship", person.relationship),
            "name": many(human_name, person.names),
            "telecom": many(contact_point, person.contacts),
            "birthDate": person.birth_date and str(person.birth_date),
            "address": many(address, person.addresses),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> RelatedPerson:
    """Read a RelatedPerson; a relationship that gives no authority the table knows is `other`.

    Raises:
        ProblemError: it is no longer active (who does not act must not look as if they did), or a value is not valid.
    """
    expect(resource, "RelatedPerson")
    if resource.get("active") is False:
        message = "says that this person no longer acts for the patient; name one who does"
        raise refuse("business-rule", "RelatedPerson.active", message, rule="fhir.reading")
    return construct(
        RelatedPerson,
        "RelatedPerson",
        id=ctx.own(resource),
        names=read_names(resource.get("name")),
        relationship=first_of("relationship", resource.get("relationship")) or "other",
        contacts=read_contacts(resource.get("telecom")),
        addresses=read_addresses(resource.get("address")),
        birth_date=read_date(resource, "birthDate"),
    )
