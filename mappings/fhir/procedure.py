"""A procedure done or planned <-> Procedure (https://hl7.org/fhir/R4/procedure.html)."""

from mappings.domain.clinical import Procedure
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    concept,
    construct,
    many,
    moment,
    note,
    objects,
    period,
    read_concept,
    read_moment,
    read_note,
    read_period,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.people import identifier, read_identifiers
from mappings.fhir.wire import Json

PROFILE = "http://hl7.org/fhir/StructureDefinition/Procedure"
RULES = (
    Rule("procedure.identifiers", "Procedure.identifier"),
    Rule("procedure.status", "Procedure.status"),
    Rule("procedure.code", "Procedure.code", "the codes and words of the source"),
    Rule("patient", "Procedure.subject"),
    Rule("procedure.performed", "Procedure.performedDateTime"),
    Rule("procedure.period", "Procedure.performedPeriod"),
    Rule("procedure.performers", "Procedure.performer.actor"),
    Rule("procedure.reasons", "Procedure.reasonReference"),
    Rule("procedure.body_site", "Procedure.bodySite"),
    Rule("procedure.outcome", "Procedure.outcome"),
    Rule("procedure.note", "Procedure.note"),
)


def to_fhir(procedure: Procedure, ctx: Writing) -> Json:
    """Write a procedure."""
    site = concept(procedure.body_site)
    return compact(
        {
            "resourceType": "Procedure",
            "id": ctx.id(procedure.id),
            "meta": ctx.meta(),
            "identifier": many(identifier, procedure.identifiers),
            "status": procedure.status,
            "code": concept(procedure.code),
            "subject": ctx.to(PATIENT),
            **moment("performedDateTime", procedure.performed),
            "performedPeriod": period(procedure.period),
            "performer": [{"actor": actor} for actor in ctx.to_all(procedure.performers)],
            "reasonReference": ctx.to_all(procedure.reasons),
            "bodySite": [site] if site else None,
            "outcome": concept(procedure.outcome),
            "note": note(procedure.note),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Procedure:
    """Read a Procedure: the first of several body sites and notes.

    Raises:
        ProblemError: it has no code or status, or a value is not valid.
    """
    expect(resource, "Procedure", in_error=True)
    sites = (read_concept(value) for value in objects(resource.get("bodySite")))
    actors = [item.get("actor") for item in objects(resource.get("performer"))]
    return construct(
        Procedure,
        "Procedure",
        id=ctx.own(resource),
        code=required(read_concept(resource.get("code")), "Procedure.code"),
        status=required(text(resource.get("status")), "Procedure.status"),
        identifiers=read_identifiers(resource.get("identifier")),
        performed=read_moment(resource, "performedDateTime"),
        period=read_period(resource.get("performedPeriod")),
        performers=ctx.all(actors),
        body_site=next((site for site in sites if site), None),
        reasons=ctx.all(resource.get("reasonReference")),
        outcome=read_concept(resource.get("outcome")),
        note=read_note(resource.get("note")),
    )
