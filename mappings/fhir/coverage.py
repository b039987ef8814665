"""The patient's insurance <-> Coverage (https://hl7.org/fhir/R4/coverage.html)."""

from mappings.domain.party import PATIENT, Coverage
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    from_table,
    objects,
    period,
    read_period,
    read_table,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json

PROFILE = "http://hl7.org/fhir/StructureDefinition/Coverage"
MEMBER = "MB"
"""The kind of Identifier that is the number on the card (v2-0203, by the table identifier-type)."""

PLAN = "plan"

RULES = (
    Rule("coverage.member_id", "Coverage.identifier", "type MB; the card names no issuing system"),
    Rule("coverage.status", "Coverage.status"),
    Rule("patient", "Coverage.beneficiary"),
    Rule("coverage.relationship", "Coverage.relationship", "table coverage-relationship"),
    Rule("coverage.period", "Coverage.period"),
    Rule("coverage.payer", "Coverage.payor"),
    Rule("coverage.plan", "Coverage.class", "type by the table coverage-class"),
)


def to_fhir(coverage: Coverage, ctx: Writing) -> Json:
    """Write a coverage of the patient."""
    plan = {"type": from_table("coverage-class", PLAN), "value": coverage.plan}
    return compact(
        {
            "resourceType": "Coverage",
            "id": ctx.id(coverage.id),
            "meta": ctx.meta(),
            "identifier": [{"type": from_table("identifier-type", MEMBER), "value": coverage.member_id}],
            "status": coverage.status,
            "beneficiary": ctx.to(PATIENT),
            "relationship": from_table("coverage-relationship", coverage.relationship),
            "period": period(coverage.period),
            "payor": [ctx.to(coverage.payer)],
            "class": [plan] if coverage.plan else None,
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Coverage:
    """Read a Coverage: the member's number, else the subscriber's; of several payors the first.

    Raises:
        ProblemError: it names no payer that could be looked up, no number, or a value is not valid.
    """
    expect(resource, "Coverage", in_error=True)
    numbers = (item.get("value") for item in objects(resource.get("identifier")) if _is_member(item))
    number = next((found for value in numbers if (found := text(value))), None)
    plans = (item for item in objects(resource.get("class")) if read_table("coverage-class", item.get("type")) == PLAN)
    return construct(
        Coverage,
        "Coverage",
        id=ctx.own(resource),
        payer=required(next(iter(ctx.all(resource.get("payor"))), None), "Coverage.payor.reference"),
        member_id=required(number or text(resource.get("subscriberId")), "Coverage.identifier"),
        status=required(text(resource.get("status")), "Coverage.status"),
        relationship=read_table("coverage-relationship", resource.get("relationship")),
        plan=next((found for item in plans if (found := text(item.get("value")))), None),
        period=read_period(resource.get("period")),
    )


def _is_member(value: Json) -> bool:
    return read_table("identifier-type", value.get("type")) == MEMBER
