"""Findings of a report and the concordance of two reports <-> Observation (https://hl7.org/fhir/R4/observation.html).

A concordance is no decision: it says how a review compares with the original, as its author states it. Its focus is
the original first and the review second; it is derived from what both rest on (a DiagnosticReport may not stand there).
"""

from mappings.domain.concordance import Concordance, Difference
from mappings.domain.party import PATIENT
from mappings.domain.report import Finding, Report
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
    note,
    objects,
    quantity,
    read_concept,
    read_moment,
    read_note,
    read_quantity,
    read_table,
    text,
)
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Observation"
DERIVED_FROM = (
    "DocumentReference",
    "ImagingStudy",
    "Media",
    "QuestionnaireResponse",
    "Observation",
    "MolecularSequence",
)
"""What Observation.derivedFrom may point at."""
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


def is_concordance(resource: Json) -> bool:
    """Whether an Observation is a concordance of ours."""
    return read_table("observation-code", resource.get("code")) == "concordance"


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


# --- concordance


def concordance_to_fhir(concordance: Concordance, ctx: Writing) -> Json:
    """Write a concordance.

    Raises:
        ProblemError: `not-found` for a reference that would dangle, `business-rule` where a finding is of a type
            that Observation.derivedFrom may not point at.
    """
    findings = ctx.to_all(concordance.findings)
    _check_derived(findings)
    return compact(
        {
            "resourceType": "Observation",
            "id": ctx.id(concordance.id),
            "meta": ctx.meta(),
            "status": "final",
            "code": from_table("observation-code", "concordance"),
            "subject": ctx.to(PATIENT),
            "focus": ctx.to_all((concordance.original, concordance.review)),
            **moment("effectiveDateTime", concordance.at),
            "performer": [ctx.to(concordance.stated_by)] if concordance.stated_by else None,
            "valueCodeableConcept": from_table("concordance-degree", concordance.degree),
            "note": note(concordance.comment),
            "derivedFrom": findings,
            "component": _components(concordance),
        }
    )


def _check_derived(references: list[Json]) -> None:
    for reference in references:
        parts = str(reference["reference"]).split("/")
        if len(parts) > 1 and parts[-2] not in DERIVED_FROM:
            message = f"may point at {', '.join(DERIVED_FROM)}: name the diagnosis findings, else the document"
            raise refuse("business-rule", "Observation.derivedFrom", message, rule="fhir.observation")


def _components(concordance: Concordance) -> list[Json]:
    made = []
    for difference in concordance.differences:
        for name, words in (("original", difference.original), ("review", difference.review)):
            said = {"valueString": words} if words else {"dataAbsentReason": from_table("absent-reason", "unknown")}
            made.append({"code": from_table(f"concordance-{name}", difference.aspect), **said})
    if concordance.impact:
        value = from_table("concordance-impact", concordance.impact)
        made.append({"code": from_table("concordance-component", "impact"), "valueCodeableConcept": value})
    return made


def concordance_from_fhir(resource: Json, ctx: Reading) -> Concordance:
    """Read a concordance.

    Raises:
        ProblemError: the degree is not in its table, or it does not name the original and the review.
    """
    focus = ctx.all(resource.get("focus"))
    if len(focus) != 2:
        message = "a concordance names two things: the original report, then the review"
        raise refuse("required", "Observation.focus", message, rule="fhir.observation")
    components = objects(resource.get("component"))
    impacts = [c.get("valueCodeableConcept") for c in components if read_table("concordance-component", c.get("code"))]
    degree = read_concept(resource.get("valueCodeableConcept"))
    return construct(
        Concordance,
        "Observation",
        id=ctx.own(resource),
        original=focus[0],
        review=focus[1],
        degree=table("concordance-degree").required(degree, "Observation.value"),
        differences=_read_differences(components),
        impact=first_of("concordance-impact", impacts),
        findings=ctx.all(resource.get("derivedFrom")),
        stated_by=next(iter(ctx.all(resource.get("performer"))), None),
        at=read_moment(resource, "effectiveDateTime"),
        comment=read_note(resource.get("note")),
    )


def _read_differences(components: list[Json]) -> tuple[Difference, ...]:
    """Pair each component about the original with the one about the review that follows it."""
    sides: list[tuple[str, str, str | None]] = []
    for component in components:
        for side in ("original", "review"):
            aspect = read_table(f"concordance-{side}", component.get("code"))
            if aspect:
                sides.append((side, aspect, text(component.get("valueString"))))
    made: list[Difference] = []
    while sides:
        side, aspect, words = sides.pop(0)
        if side == "original" and sides and sides[0][:2] == ("review", aspect):
            made.append(
                construct(Difference, "Observation.component", aspect=aspect, original=words, review=sides.pop(0)[2])
            )
        else:
            made.append(construct(Difference, "Observation.component", **{"aspect": aspect, side: words}))
    return tuple(made)
