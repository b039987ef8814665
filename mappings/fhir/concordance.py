"""The concordance of two reports <-> Observation; what stands in which element is told with observation.py.

A concordance is no decision: it says how a review compares with the original, as its author states it. Its focus is
the original first and the review second; it is derived from what both rest on (a DiagnosticReport may not stand there).
"""

from mappings.domain.concordance import Concordance, Difference
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    compact,
    construct,
    first_of,
    from_table,
    moment,
    note,
    objects,
    read_concept,
    read_moment,
    read_note,
    read_table,
    text,
)
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

DERIVED_FROM = (
    "DocumentReference",
    "ImagingStudy",
    "Media",
    "QuestionnaireResponse",
    "Observation",
    "MolecularSequence",
)
"""What Observation.derivedFrom may point at."""


def is_concordance(resource: Json) -> bool:
    """Whether an Observation is a concordance of ours."""
    return read_table("observation-code", resource.get("code")) == "concordance"


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
