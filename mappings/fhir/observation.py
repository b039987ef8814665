"""Findings of a report and the concordance of two reports <-> Observation (https://hl7.org/fhir/R4/observation.html).

How a concordance is written and read is in concordance.py.
"""

from mappings.domain.concordance import Concordance
from mappings.domain.party import PATIENT
from mappings.domain.report import Finding, Report
from mappings.fhir.concordance import concordance_from_fhir, concordance_to_fhir, is_concordance
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    coding,
    compact,
    concept,
    construct,
    first_of,
    from_table,
    from_table_list,
    moment,
    objects,
    quantity,
    read_concept,
    read_quantity,
    read_table,
    text,
)
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Observation"
ICD_O_3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
"""Its morphology codes say type and behavior in one (8070/3): what mCODE's HistologicBehaviorAndType is made of."""
_STATUS = {"partial": "preliminary", "appended": "final"}
"""The status of a report that an Observation does not have, and what its statements are then."""

RULES = (
    Rule("report.status", "Observation.status", "of the report; partial is preliminary, appended is final"),
    Rule("finding.kind", "Observation.category", "table finding-kind; before it imaging or laboratory"),
    Rule("finding.code", "Observation.code", "codes of the source"),
    Rule(
        "finding.kind",
        "Observation.code",
        "where it has no code: table finding-code, userSelected false; a histology in ICD-O-3 has mCODE's code too",
    ),
    Rule("patient", "Observation.subject"),
    Rule("finding.diagnosis", "Observation.focus"),
    Rule("report.effective", "Observation.effectiveDateTime"),
    Rule("report.organization, report.authors", "Observation.performer"),
    Rule("finding.value", "Observation.valueCodeableConcept"),
    Rule("finding.quantity", "Observation.valueQuantity", "the number keeps its digits"),
    Rule("finding.text", "Observation.valueString"),
    Rule("finding.absent", "Observation.dataAbsentReason", "table absent-reason"),
    Rule("finding.interpretation", "Observation.interpretation", "table interpretation"),
    Rule("finding.body_site", "Observation.bodySite"),
    Rule("finding.method", "Observation.method"),
    Rule("finding.part", "Observation.specimen"),
    Rule("concordance", "Observation.code", "table observation-code"),
    Rule("concordance.original, concordance.review", "Observation.focus", "in this order"),
    Rule("concordance.at", "Observation.effectiveDateTime"),
    Rule("concordance.stated_by", "Observation.performer"),
    Rule("concordance.degree", "Observation.valueCodeableConcept", "table concordance-degree"),
    Rule("concordance.comment", "Observation.note"),
    Rule("concordance.findings", "Observation.derivedFrom", "Observations, else documents or studies"),
    Rule(
        "concordance.differences",
        "Observation.component.code, Observation.component.valueString",
        "two each: tables concordance-original and concordance-review",
    ),
    Rule("concordance.differences", "Observation.component.dataAbsentReason", "unknown: that side says nothing"),
    Rule("concordance.impact", "Observation.component.valueCodeableConcept", "table concordance-impact"),
)


def to_fhir(item: Finding | Concordance, ctx: Writing, *, report: Report | None = None) -> Json:
    """Write a finding (of the report, where it is given) or a concordance."""
    if isinstance(item, Finding):
        return finding_to_fhir(item, ctx, report=report)
    return concordance_to_fhir(item, ctx)


def from_fhir(resource: Json, ctx: Reading) -> Finding | Concordance:
    """Read an Observation: a concordance where its code says so, else a finding."""
    return concordance_from_fhir(resource, ctx) if is_concordance(resource) else finding_from_fhir(resource, ctx)


def finding_to_fhir(finding: Finding, ctx: Writing, *, report: Report | None = None) -> Json:
    """Write a finding; its status, time and performers are those of its report (without one the status is unknown).

    Raises:
        ProblemError: `not-found` where what it points at is not part of what is written.
    """
    return compact(
        {
            "resourceType": "Observation",
            "id": ctx.id(finding.id),
            "meta": ctx.meta(),
            "status": status_of(report) if report else "unknown",
            "category": _categories(finding, report),
            "code": _code(finding),
            "subject": ctx.to(PATIENT),
            "focus": [ctx.to(finding.diagnosis)] if finding.diagnosis else None,
            **moment("effectiveDateTime", report.effective if report else None),
            "performer": _performers(report, ctx),
            "valueCodeableConcept": concept(finding.value),
            "valueQuantity": quantity(finding.quantity),
            "valueString": finding.text,
            "dataAbsentReason": from_table("absent-reason", finding.absent),
            "interpretation": from_table_list("interpretation", finding.interpretation),
            "bodySite": concept(finding.body_site),
            "method": concept(finding.method),
            "specimen": ctx.maybe(finding.part),
        }
    )


def status_of(report: Report) -> str:
    """The observation-status of what a report states."""
    return _STATUS.get(report.status, report.status)


def _categories(finding: Finding, report: Report | None) -> list[Json]:
    category = "imaging" if finding.kind == "imaging" else None
    if report is not None:
        category = "imaging" if report.kind.startswith("radiology") else category or "laboratory"
    return from_table_list("finding-category", category) + from_table_list("finding-kind", finding.kind)


def _code(finding: Finding) -> Json | None:
    """The code of the source, or that of the kind, marked as chosen by no person."""
    if finding.code:
        return concept(finding.code)
    made = from_table("finding-code", finding.kind) or {}
    codings = list(made["coding"])
    if finding.kind == "histology" and finding.value and any(c.system == ICD_O_3 for c in finding.value.codes):
        codings.append(coding(table("finding-code").codings("behavior")[0]))
    return {"coding": [{**item, "userSelected": False} for item in codings]}


def _performers(report: Report | None, ctx: Writing) -> list[Json]:
    if report is None:
        return []
    return ctx.to_all((*((report.organization,) if report.organization else ()), *report.authors))


def finding_from_fhir(resource: Json, ctx: Reading, *, local: str | None = None) -> Finding:
    """Read a finding; `local` names one that is contained in its report.

    Raises:
        ProblemError: it has no code or no value of a type that a finding has, or a value is not valid.
    """
    code = resource.get("code")
    kind = first_of("finding-kind", resource.get("category")) or read_table("finding-code", code)
    if kind is None:
        imaging = first_of("finding-category", resource.get("category")) == "imaging"
        kind = "imaging" if imaging else "other"
    focus = ctx.all(resource.get("focus"))
    return construct(
        Finding,
        "Observation",
        id=local or ctx.own(resource),
        kind=kind,
        code=None if _of_kind(code) else read_concept(code),
        **_value(resource),
        interpretation=first_of("interpretation", resource.get("interpretation")),
        body_site=read_concept(resource.get("bodySite")),
        method=read_concept(resource.get("method")),
        part=ctx.name(resource.get("specimen")),
        diagnosis=focus[0] if focus else None,
    )


def _of_kind(code: object) -> bool:
    """Whether the code only repeats the kind: we had marked its codings as chosen by no person."""
    codings = objects(code.get("coding")) if isinstance(code, dict) else []
    ours = table("finding-code")
    return bool(codings) and all(
        item.get("userSelected") is False and ours.value(str(item.get("system")), str(item.get("code")))
        for item in codings
    )


def _value(resource: Json) -> Json:
    names = [name for name in resource if name.startswith("value")]
    if not names:
        absent = read_concept(resource.get("dataAbsentReason"))
        where = "Observation.dataAbsentReason"
        return {"absent": table("absent-reason").required(absent, where)} if absent else {}
    value = resource[names[0]]
    if names == ["valueCodeableConcept"]:
        return {"value": read_concept(value)}
    if names == ["valueQuantity"]:
        return {"quantity": read_quantity(value)}
    if names == ["valueInteger"]:
        return {"quantity": read_quantity({"value": value})}
    if names == ["valueString"]:
        return {"text": text(value)}
    message = "has a value of a type that no finding has; it is kept as it came: give a concept, quantity or string"
    raise refuse("not-supported", "Observation.value", message, rule="fhir.observation")
