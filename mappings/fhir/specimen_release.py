"""The release of a slide or block <-> Task (https://hl7.org/fhir/R4/task.html).

One Task for each physical item, because each waits for its own reasons. The window of a loan is the Task's own
restriction: a SupplyRequest beside it would repeat it without patient and without Specimen, which that type cannot
name. A hand-over is a Task of its own with the same focus (`custody_task`), and a Provenance.
"""

from typing import Any

from mappings.domain.party import PATIENT
from mappings.domain.specimen_release import SpecimenRelease
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    from_table,
    moment,
    objects,
    read_concept,
    read_date,
    read_moment,
    read_table,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.task import own_identifier
from mappings.fhir.wire import Json
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Task"
RULES = (
    Rule("name of the Task", "Task.identifier", "urn:uuid of the Task itself"),
    Rule("release.request", "Task.basedOn", "the order of the review"),
    Rule("release.status", "Task.status", "table task-status"),
    Rule("release.reason", "Task.statusReason", "table release-reason; of one that waits, is refused or failed"),
    Rule("-", "Task.intent", "always order"),
    Rule("release.form", "Task.code", "table specimen-release"),
    Rule("release.item", "Task.focus", "the Specimen"),
    Rule("patient", "Task.for"),
    Rule("release.asked", "Task.authoredOn"),
    Rule("release.recipient", "Task.requester, Task.restriction.recipient"),
    Rule("release.holder", "Task.owner", "who keeps it and lets it go"),
    Rule("release.authority", "Task.reasonReference", "the Consent behind it"),
    Rule("release.return_by", "Task.restriction.period.end", "of a loan"),
    Rule(
        "release.paper, release.basis, release.custodian, release.kept_until, release.scans",
        "Task.input",
        "typed by the table release-fact",
    ),
)


def to_fhir(release: SpecimenRelease, ctx: Writing) -> Json:
    """Write a release."""
    window = {"end": str(release.return_by)} if release.return_by else None
    to = ctx.maybe(release.recipient)
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(release.id),
            "meta": ctx.meta(),
            "identifier": own_identifier(ctx, release.id),
            "basedOn": [ctx.to(release.request)] if release.request else None,
            "status": table("task-status").code(release.status),
            "statusReason": from_table("release-reason", release.reason),
            "intent": "order",
            "code": from_table("specimen-release", release.form),
            "focus": ctx.to(release.item),
            "for": ctx.to(PATIENT),
            **moment("authoredOn", release.asked),
            "requester": to,
            "owner": ctx.to(release.holder),
            "reasonReference": ctx.maybe(release.authority),
            "restriction": compact({"period": window, "recipient": [to] if to else None}),
            "input": _inputs(release, ctx),
        }
    )


def _inputs(release: SpecimenRelease, ctx: Writing) -> list[Json]:
    told: dict[str, Json] = {
        "paper": {"valueCodeableConcept": from_table("release-paper", release.paper)},
        "basis": {"valueCodeableConcept": from_table("release-basis", release.basis)},
        "custodian": {"valueString": release.custodian},
        "kept-until": {"valueDate": str(release.kept_until) if release.kept_until else None},
    }
    facts = [{"type": from_table("release-fact", word), **said} for word, said in told.items() if any(said.values())]
    scans = [{"type": from_table("release-fact", "scan"), "valueReference": scan} for scan in ctx.to_all(release.scans)]
    return [*facts, *scans]


def from_fhir(resource: Json, ctx: Reading) -> SpecimenRelease:
    """Read a release.

    Raises:
        ProblemError: another kind of Task, one without item or holder, a reason or status that is in no table, or a
            loan that goes without its terms.
    """
    expect(resource, "Task")
    reason = read_concept(resource.get("statusReason"))
    inputs = [(read_table("release-fact", item.get("type")), item) for item in objects(resource.get("input"))]
    facts = {word: item for word, item in inputs if word}
    restriction = resource.get("restriction")
    window = restriction.get("period") if isinstance(restriction, dict) else None
    based = ctx.all(resource.get("basedOn"))
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "item": required(ctx.name(resource.get("focus")), "Task.focus"),
        "form": table("specimen-release").required(read_concept(resource.get("code")), "Task.code"),
        "status": table("task-status").required_code(resource.get("status"), "Task.status"),
        "reason": table("release-reason").required(reason, "Task.statusReason") if reason else None,
        "holder": required(ctx.name(resource.get("owner")), "Task.owner"),
        "asked": read_moment(resource, "authoredOn"),
        "recipient": ctx.name(resource.get("requester")),
        "request": next(iter(based), None),
        "authority": ctx.name(resource.get("reasonReference")),
        "paper": read_table("release-paper", facts.get("paper", {}).get("valueCodeableConcept")),
        "basis": read_table("release-basis", facts.get("basis", {}).get("valueCodeableConcept")),
        "custodian": text(facts.get("custodian", {}).get("valueString")),
        "return_by": read_date(window, "end") if isinstance(window, dict) else None,
        "kept_until": read_date(facts.get("kept-until", {}), "valueDate"),
        "scans": ctx.all([item.get("valueReference") for word, item in inputs if word == "scan"]),
    }
    return construct(SpecimenRelease, "Task", **fields)
