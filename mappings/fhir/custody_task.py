"""One hand-over of slides and blocks <-> Task (https://hl7.org/fhir/R4/task.html).

No guide says in FHIR how a specimen changes hands (IHE PaLM SET says it in HL7 v2): a Task per event, its kind as code,
its items as input. A physical item is never an access item, it has its own release.
"""

from typing import Any

from mappings.domain.material import CustodyEvent
from mappings.domain.party import PATIENT
from mappings.domain.values import Moment
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    from_table,
    moment,
    note,
    objects,
    read_concept,
    read_date,
    read_moment,
    read_note,
    read_table,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.task import own_identifier
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Task"
RULES = (
    Rule("name of the Task", "Task.identifier", "urn:uuid of the Task itself"),
    Rule("event.kind", "Task.status", "table custody-status: asked for, done, or gone wrong (lost, broken)"),
    Rule("-", "Task.intent", "always order"),
    Rule("event.kind", "Task.code", "table custody-kind"),
    Rule("event.items", "Task.focus", "the first; all are inputs"),
    Rule("patient", "Task.for"),
    Rule("event.at", "Task.executionPeriod"),
    Rule("event.by", "Task.requester", "who hands over"),
    Rule("event.to", "Task.owner", "who gets it"),
    Rule("event.note", "Task.note"),
    Rule("event.due_back", "Task.restriction.period.end", "makes it a loan"),
    Rule("event.items, event.carrier, event.tracking", "Task.input", "typed by the table custody-fact"),
    Rule("event.form", "Task.input", "table specimen-release, in an input of the type form"),
    Rule("event.sections", "Task.input", "a number, in an input of the type sections"),
)


def to_fhir(event: CustodyEvent, ctx: Writing) -> Json:
    """Write a hand-over."""
    words = (("carrier", event.carrier), ("tracking", event.tracking))
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(event.id),
            "meta": ctx.meta(),
            "identifier": own_identifier(ctx, event.id),
            "status": table("custody-status").code(event.kind),
            "intent": "order",
            "code": from_table("custody-kind", event.kind),
            "focus": ctx.to(event.items[0]),
            "for": ctx.to(PATIENT),
            "executionPeriod": {**moment("start", event.at), **moment("end", event.at)},
            "requester": ctx.maybe(event.by),
            "owner": ctx.maybe(event.to),
            "note": note(event.note),
            "restriction": {"period": {"end": str(event.due_back)}} if event.due_back else None,
            "input": [
                *(
                    {"type": from_table("custody-fact", "material"), "valueReference": r}
                    for r in ctx.to_all(event.items)
                ),
                *({"type": from_table("custody-fact", word), "valueString": v} for word, v in words if v),
                *([_form(event.form)] if event.form else ()),
                *([_sections(event.sections)] if event.sections else ()),
            ],
        }
    )


def _form(form: str) -> Json:
    return {
        "type": from_table("custody-fact", "form"),
        "valueCodeableConcept": from_table("specimen-release", form),
    }


def _sections(number: int) -> Json:
    return {"type": from_table("custody-fact", "sections"), "valuePositiveInt": number}


def from_fhir(resource: Json, ctx: Reading) -> CustodyEvent:
    """Read a hand-over.

    Raises:
        ProblemError: another kind of Task, one without items or time, or one that did not end as its kind says.
    """
    expect(resource, "Task")
    kind = table("custody-kind").required(read_concept(resource.get("code")), "Task.code")
    if kind != "requested" and resource.get("status") != table("custody-status").code(kind):
        message = "is not how a hand-over of this kind ends: it did not come about as it says"
        raise refuse("conflict", "Task.status", message, rule="table.custody-status")
    period = resource.get("executionPeriod")
    restriction = resource.get("restriction")
    loan = restriction.get("period") if isinstance(restriction, dict) else None
    inputs = [(read_table("custody-fact", i.get("type")), i) for i in objects(resource.get("input"))]
    words = {word: text(item.get("valueString")) for word, item in inputs}
    form = next((item.get("valueCodeableConcept") for word, item in inputs if word == "form"), None)
    at: Moment | None = read_moment(period, "start") if isinstance(period, dict) else None
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "items": ctx.all([item.get("valueReference") for word, item in inputs if word == "material"]),
        "kind": kind,
        "at": required(at, "Task.executionPeriod.start"),
        "by": ctx.name(resource.get("requester")),
        "to": ctx.name(resource.get("owner")),
        "carrier": words.get("carrier"),
        "tracking": words.get("tracking"),
        "due_back": read_date(loan, "end") if isinstance(loan, dict) else None,
        "form": read_table("specimen-release", form),
        "sections": next((item.get("valuePositiveInt") for word, item in inputs if word == "sections"), None),
        "note": read_note(resource.get("note")),
    }
    return construct(CustodyEvent, "Task", **fields)
