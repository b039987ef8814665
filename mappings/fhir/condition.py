"""A diagnosis <-> Condition (https://hl7.org/fhir/R4/condition.html) in the shapes of mCODE 4.0.0.

https://hl7.org/fhir/us/mcode/STU4/StructureDefinition-mcode-primary-cancer-condition.html
"""

from typing import Any

from mappings.domain.clinical import Diagnosis
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    concept,
    construct,
    extension,
    first_of,
    from_table,
    many,
    moment,
    note,
    objects,
    read_concept,
    read_moment,
    read_note,
    read_table,
    texts,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.people import identifier, read_identifiers
from mappings.fhir.wire import Json
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Condition"
_MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
MORPHOLOGY = f"{_MCODE}histology-morphology-behavior"
LATERALITY = f"{_MCODE}laterality-qualifier"
PRIMARY = "http://hl7.org/fhir/StructureDefinition/condition-related"
"""The extension that mCODE's slice relatedPrimaryCancerCondition is made of."""

CLAIMS = {
    f"{_MCODE}primary-cancer-condition": "primary-cancer",
    f"{_MCODE}secondary-cancer-condition": "secondary-cancer",
}
"""What a foreign resource tells about its kind by the profile it claims."""

RULES = (
    Rule("diagnosis.morphology", "Condition.extension:mcode-histology-morphology-behavior"),
    Rule("diagnosis.primary", "Condition.extension:condition-related", "mCODE relatedPrimaryCancerCondition"),
    Rule("diagnosis.identifiers", "Condition.identifier"),
    Rule("diagnosis.clinical_status", "Condition.clinicalStatus", "table condition-clinical"),
    Rule("diagnosis.certainty", "Condition.verificationStatus", "table condition-certainty; no entered-in-error"),
    Rule("diagnosis.kind", "Condition.category", "table diagnosis-kind, beside problem-list-item"),
    Rule("diagnosis.code", "Condition.code", "the codes and words of the source"),
    Rule("diagnosis.body_site", "Condition.bodySite"),
    Rule("diagnosis.laterality", "Condition.bodySite.extension:mcode-laterality-qualifier", "table laterality"),
    Rule("patient", "Condition.subject"),
    Rule("diagnosis.onset", "Condition.onsetDateTime"),
    Rule("diagnosis.recorded", "Condition.recordedDate"),
    Rule("diagnosis.asserter", "Condition.asserter"),
    Rule("diagnosis.stage", "Condition.stage.summary"),
    Rule("diagnosis.evidence", "Condition.evidence.detail"),
    Rule("diagnosis.note", "Condition.note"),
)


def to_fhir(diagnosis: Diagnosis, ctx: Writing) -> Json:
    """Write a diagnosis."""
    stage = concept(diagnosis.stage)
    site = _body_site(diagnosis)
    return compact(
        {
            "resourceType": "Condition",
            "id": ctx.id(diagnosis.id),
            "meta": ctx.meta(),
            "extension": _extensions(diagnosis, ctx),
            "identifier": many(identifier, diagnosis.identifiers),
            "clinicalStatus": from_table("condition-clinical", diagnosis.clinical_status),
            "verificationStatus": from_table("condition-certainty", diagnosis.certainty),
            "category": [from_table("condition-category", "problem"), from_table("diagnosis-kind", diagnosis.kind)],
            "code": concept(diagnosis.code),
            "bodySite": [site] if site else None,
            "subject": ctx.to(PATIENT),
            **moment("onsetDateTime", diagnosis.onset),
            **moment("recordedDate", diagnosis.recorded),
            "asserter": ctx.maybe(diagnosis.asserter),
            "stage": [{"summary": stage}] if stage else None,
            "evidence": [{"detail": ctx.to_all(diagnosis.evidence)}] if diagnosis.evidence else None,
            "note": note(diagnosis.note),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Diagnosis:
    """Read a Condition: the first of several body sites, stages and notes; `other` where it does not tell its kind.

    Raises:
        ProblemError: it has no code, a status that the tables do not list (entered-in-error is no diagnosis), or a
            value is not valid.
    """
    expect(resource, "Condition")
    site = next(iter(objects(resource.get("bodySite"))), {})
    kind = _kind(resource)
    stages = (read_concept(item.get("summary")) for item in objects(resource.get("stage")))
    related = (extension(resource, PRIMARY) or {}).get("valueReference")
    return construct(
        Diagnosis,
        "Condition",
        id=ctx.own(resource),
        code=required(read_concept(resource.get("code")), "Condition.code"),
        kind=kind or "other",
        clinical_status=_status(resource, "clinicalStatus", "condition-clinical"),
        certainty=_status(resource, "verificationStatus", "condition-certainty"),
        identifiers=read_identifiers(resource.get("identifier")),
        morphology=read_concept((extension(resource, MORPHOLOGY) or {}).get("valueCodeableConcept")),
        body_site=read_concept(site),
        laterality=_laterality(site),
        stage=next((stage for stage in stages if stage), None),
        onset=read_moment(resource, "onsetDateTime"),
        recorded=read_moment(resource, "recordedDate"),
        asserter=ctx.name(resource.get("asserter")),
        primary=ctx.name(related) if kind else None,
        evidence=tuple(name for e in objects(resource.get("evidence")) for name in ctx.all(e.get("detail"))),
        note=read_note(resource.get("note")),
    )


def _extensions(diagnosis: Diagnosis, ctx: Writing) -> list[Json]:
    made: list[Json] = []
    if diagnosis.morphology:
        made.append({"url": MORPHOLOGY, "valueCodeableConcept": concept(diagnosis.morphology)})
    if diagnosis.primary:
        made.append({"url": PRIMARY, "valueReference": ctx.to(diagnosis.primary)})
    return made


def _body_site(diagnosis: Diagnosis) -> Json:
    """The site with its side; the side alone where the site is not known."""
    side = from_table("laterality", diagnosis.laterality)
    qualifier: Json = {"extension": [{"url": LATERALITY, "valueCodeableConcept": side}]} if side else {}
    return {**qualifier, **(concept(diagnosis.body_site) or {})}


def _laterality(site: Json) -> str | None:
    """The side; what is no side of a pair (midline) has no place here."""
    side = read_table("laterality", (extension(site, LATERALITY) or {}).get("valueCodeableConcept"))
    return side if side in ("left", "right", "bilateral") else None


def _status(resource: Json, element: str, name: str) -> str | None:
    value: Any = resource.get(element)
    return None if value is None else table(name).required(read_concept(value), f"Condition.{element}")


def _kind(resource: Json) -> str | None:
    meta = resource.get("meta")
    claimed = texts(meta.get("profile")) if isinstance(meta, dict) else ()
    by_claim = next((CLAIMS[url] for claim in claimed if (url := claim.partition("|")[0]) in CLAIMS), None)
    return first_of("diagnosis-kind", resource.get("category")) or by_claim
