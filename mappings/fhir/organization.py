"""A hospital, laboratory, review center or payer <-> Organization (https://hl7.org/fhir/R4/organization.html)."""

from mappings.domain.party import Accreditation, Organization
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    extension,
    extensions,
    first_of,
    from_table,
    from_table_list,
    many,
    period,
    read_concept,
    read_period,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.people import address, contact_point, identifier, read_addresses, read_contacts, read_identifiers
from mappings.fhir.wire import Json
from mappings.identity import structure
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Organization"
ACCREDITATION = structure("accreditation")
"""Extension on Organization with the parts `body`, `number` and `period` (R4 has no Organization.qualification)."""

RULES = (
    Rule("organization.accreditations", "Organization.extension:accreditation", "body by the table accreditation"),
    Rule("organization.identifiers", "Organization.identifier", "NPI, CLIA and others"),
    Rule("(always)", "Organization.active", "true: it takes part in the case"),
    Rule("organization.kind", "Organization.type", "table organization-kind"),
    Rule("organization.name", "Organization.name"),
    Rule("organization.contacts", "Organization.telecom"),
    Rule("organization.addresses", "Organization.address"),
)


def to_fhir(organization: Organization, ctx: Writing) -> Json:
    """Write an organization."""
    return compact(
        {
            "resourceType": "Organization",
            "id": ctx.id(organization.id),
            "meta": ctx.meta(),
            "extension": many(_accreditation, organization.accreditations),
            "identifier": many(identifier, organization.identifiers),
            "active": True,
            "type": from_table_list("organization-kind", organization.kind),
            "name": organization.name,
            "telecom": many(contact_point, organization.contacts),
            "address": many(address, organization.addresses),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Organization:
    """Read an Organization; a type that the table does not list is `other`.

    Raises:
        ProblemError: it has no name, an accreditation by a body that the table does not list, or a value not valid.
    """
    expect(resource, "Organization")
    return construct(
        Organization,
        "Organization",
        id=ctx.own(resource),
        name=required(text(resource.get("name")), "Organization.name"),
        kind=first_of("organization-kind", resource.get("type")) or "other",
        identifiers=read_identifiers(resource.get("identifier")),
        accreditations=tuple(map(_read_accreditation, extensions(resource, ACCREDITATION))),
        contacts=read_contacts(resource.get("telecom")),
        addresses=read_addresses(resource.get("address")),
    )


def _accreditation(value: Accreditation) -> Json:
    parts: list[Json] = [{"url": "body", "valueCodeableConcept": from_table("accreditation", value.body)}]
    if value.number:
        parts.append({"url": "number", "valueString": value.number})
    if value.period:
        parts.append({"url": "period", "valuePeriod": period(value.period)})
    return {"url": ACCREDITATION, "extension": parts}


def _read_accreditation(found: Json) -> Accreditation:
    body, number, span = (extension(found, name) or {} for name in ("body", "number", "period"))
    where = "Organization.extension.body"
    return construct(
        Accreditation,
        "Organization.extension",
        body=table("accreditation").required(read_concept(body.get("valueCodeableConcept")), where),
        number=text(number.get("valueString")),
        period=read_period(span.get("valuePeriod")),
    )
