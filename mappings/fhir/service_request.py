"""The request for a second opinion <-> ServiceRequest (https://hl7.org/fhir/R4/servicerequest.html).

What is asked is here; what became of it is in the coordination Task (task.py). HL7's codes for a second opinion are
v2-0336 S (reason) and v2-0282 SO and WR (what the receiver should do).
"""

from typing import Any

from mappings.domain.party import PATIENT
from mappings.domain.request import RequestEvent, ReviewRequest, Scope
from mappings.domain.values import Moment, PartialDate
from mappings.fhir import task as life
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    extension,
    first_of,
    from_table,
    many,
    moment,
    note,
    objects,
    read_moment,
    read_note,
    read_table,
    text,
    valid,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.people import identifier, read_identifiers
from mappings.fhir.reasons import factors, read_factors, read_treatment, treatment
from mappings.fhir.wire import Json
from mappings.identity import structure
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/ServiceRequest"
COMPUTED = structure("computed-window")
"""On occurrencePeriod: the window follows from the scope, nobody asked for this date."""
ADDED = structure("added-by-release")
"""On a Reference in supportingInfo: what the release adds beside what the requester named."""
RULES = (
    Rule("request.planned_treatment", "ServiceRequest.extension:planned-treatment"),
    Rule(
        "request.factors",
        "ServiceRequest.extension:decision-factors",
        "with the published discordance rates of the group and their sources; they inform and decide nothing",
    ),
    Rule("request.identifiers", "ServiceRequest.identifier"),
    Rule("request.events", "ServiceRequest.status", "table request-status; on-hold is never said of an emergency"),
    Rule("-", "ServiceRequest.intent", "always order; proposals and plans are not read"),
    Rule("request.scope", "ServiceRequest.category", "evaluation for US Core, then our scope; expedited review"),
    Rule("request.urgency", "ServiceRequest.priority", "emergency is stat; asap is read as urgent"),
    Rule("request.scope", "ServiceRequest.code", "consultation or cancer care review (SNOMED CT)"),
    Rule("-", "ServiceRequest.orderDetail", "second opinion, send written report (v2-0282)"),
    Rule("patient", "ServiceRequest.subject"),
    Rule(
        "request.due",
        "ServiceRequest.occurrencePeriod",
        "from the earliest day to the one asked for, or the window of scope and urgency, marked as computed",
    ),
    Rule("request.authored_on", "ServiceRequest.authoredOn"),
    Rule("request.requester", "ServiceRequest.requester"),
    Rule("request.performer", "ServiceRequest.performer", "of several the first is read"),
    Rule(
        "request.reasons, request.emergency",
        "ServiceRequest.reasonCode",
        "second opinion (v2-0336), then ours; in the shape bser each with the words of its code as text",
    ),
    Rule("request.diagnoses", "ServiceRequest.reasonReference"),
    Rule("request.coverage", "ServiceRequest.insurance"),
    Rule(
        "request.supporting",
        "ServiceRequest.supportingInfo",
        "then what the release adds (Consent, reports, imaging), marked",
    ),
    Rule("request.question", "ServiceRequest.note"),
)


def to_fhir(request: ReviewRequest, ctx: Writing, *, also: tuple[str, ...] = (), shape: life.Shape = "none") -> Json:
    """Write the request; `also` are local names that the release adds to supportingInfo.

    In the shape `bser` every reason has words (BSeR referral-servicerequest: reasonCode.text 1..1).

    Raises:
        ProblemError: something it refers to is not written, or a word is in no table.
    """
    return compact(
        {
            "resourceType": "ServiceRequest",
            "id": ctx.id(request.id),
            "meta": ctx.meta(),
            "extension": [e for e in (treatment(request.planned_treatment), factors(request.factors)) if e],
            "identifier": many(identifier, request.identifiers),
            "status": _status(request.status, bool(request.emergency)),
            "intent": "order",
            "category": _category(request),
            "priority": table("request-priority").code(request.urgency),
            "code": from_table("request-code", request.scope),
            "orderDetail": [from_table("order-detail", word) for word in ("second-opinion", "written-report")],
            "subject": ctx.to(PATIENT),
            "occurrencePeriod": _occurrence(request),
            **moment("authoredOn", request.authored_on),
            "requester": ctx.to(request.requester),
            "performer": [ctx.to(request.performer)],
            "reasonCode": _worded(_reasons(request)) if shape == "bser" else _reasons(request),
            "reasonReference": ctx.to_all(request.diagnoses),
            "insurance": ctx.to_all([request.coverage] if request.coverage else []),
            "supportingInfo": [*ctx.to_all(request.supporting), *_added(also, request, ctx)],
            "note": note(request.question),
        }
    )


def from_fhir(resource: Json, ctx: Reading, *, task: Json | None = None, scope: Scope | None = None) -> ReviewRequest:
    """Read a ServiceRequest with its coordination Task.

    `scope` is what the caller knows where the resource does not say it (an agreement with that partner).

    Raises:
        ProblemError: it is no order, says nothing that makes it a second opinion, has moved on without its Task, or
            lacks what a request needs.
    """
    expect(resource, "ServiceRequest")
    _only_orders(resource)
    urgency = table("request-priority").required_code(resource.get("priority", "routine"), "ServiceRequest.priority")
    reasons = objects(resource.get("reasonCode"))
    performer = next(iter(ctx.all(resource.get("performer"))), None)
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "scope": _scope(resource) or required(scope, "ServiceRequest.category"),
        "reasons": _unique(read_table("request-reason", reason) for reason in reasons),
        "question": required(read_note(resource.get("note")), "ServiceRequest.note"),
        "authored_on": required(read_moment(resource, "authoredOn"), "ServiceRequest.authoredOn"),
        "requester": required(ctx.name(resource.get("requester")), "ServiceRequest.requester"),
        "performer": required(performer, "ServiceRequest.performer"),
        "identifiers": read_identifiers(resource.get("identifier")),
        "urgency": urgency,
        "emergency": _emergency(urgency, reasons),
        "events": _events(resource, ctx, task),
        "due": _due(resource),
        "planned_treatment": read_treatment(resource),
        "factors": read_factors(resource),
        "coverage": next(iter(ctx.all(resource.get("insurance"))), None),
        "diagnoses": ctx.all(resource.get("reasonReference")),
        "supporting": _supporting(resource, ctx),
    }
    return construct(ReviewRequest, "ServiceRequest", **fields)


def _status(status: str, emergency: bool) -> str:
    """An order in an emergency is never on hold: nothing may read it as a reason to hold the treatment back."""
    return "active" if emergency and status == "on-hold" else table("request-status").code(status)


def _category(request: ReviewRequest) -> list[Json | None]:
    made = [from_table("request-category", "evaluation"), from_table("request-scope", request.scope)]
    if request.emergency:
        made.append(from_table("request-category", "concurrent-expedited-review"))
    return made


def _reasons(request: ReviewRequest) -> list[Json | None]:
    made = [from_table("referral-reason", "second-opinion")]
    made.extend(from_table("request-reason", reason) for reason in request.reasons)
    if request.emergency:
        made.append(from_table("emergency", request.emergency))
    return made


def _worded(reasons: list[Json | None]) -> list[Json]:
    """The reasons with the display of their first code as text, where it has one."""
    return [compact({**reason, "text": reason["coding"][0].get("display")}) for reason in reasons if reason]


def _occurrence(request: ReviewRequest) -> Json | None:
    promised = life.window(request)
    earliest = promised.earliest.isoformat() if promised else None
    if request.due is not None:
        return compact({"start": earliest if earliest and earliest <= request.due else None, "end": str(request.due)})
    if promised is None:
        return None
    computed = [{"url": COMPUTED, "valueBoolean": True}]
    return {"extension": computed, "start": earliest, "end": promised.latest.isoformat()}


def _added(names: tuple[str, ...], request: ReviewRequest, ctx: Writing) -> list[Json]:
    mark = [{"url": ADDED, "valueBoolean": True}]
    return [{"extension": mark, **ctx.to(name)} for name in names if name not in request.supporting]


# --- reading


def _only_orders(resource: Json) -> None:
    if not str(resource.get("intent")).endswith("order"):
        message = "is not an order: a proposal or plan is no request for a second opinion"
        raise refuse("not-supported", "ServiceRequest.intent", message, rule="fhir.reading")
    if resource.get("doNotPerform") not in (None, False):
        message = "asks that something is not done: that is no request for a second opinion"
        raise refuse("not-supported", "ServiceRequest.doNotPerform", message, rule="fhir.reading")


def _scope(resource: Json) -> str | None:
    return first_of("request-scope", resource.get("category")) or read_table("request-scope", resource.get("code"))


def _unique(words: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _emergency(urgency: str, reasons: list[Json]) -> str | None:
    if urgency != "emergency":
        return None
    found = first_of("emergency", reasons)
    if found is None:
        message = f"stat needs the emergency among reasonCode; there are {', '.join(table('emergency').values)}"
        raise refuse("business-rule", "ServiceRequest.priority", message, rule="request.emergency")
    return found


def _events(resource: Json, ctx: Reading, task: Json | None) -> tuple[RequestEvent, ...]:
    """The life from the Task; the order's own status must not say that it ended or rests where the Task does not."""
    status = resource.get("status")
    if task is None:
        if status == "active":
            return ()
        message = "only an active request can be read without its Task: give the Task, which tells when this came about"
        raise refuse("incomplete", "ServiceRequest.status", message, rule="fhir.reading")
    _same(resource, ctx, task)
    events = life.from_fhir(task, ctx)
    now = events[-1].status if events else "requested"
    if status not in ("active", table("request-status").code(now)):
        message = "does not agree with Task.status: mend one of them"
        raise refuse("conflict", "ServiceRequest.status", message, rule="fhir.reading")
    return events


def _same(resource: Json, ctx: Reading, task: Json) -> None:
    """Refuse a Task that is about something else: its life is not this request's."""
    focus, whole = ctx.name(task.get("focus")), f"ServiceRequest/{resource.get('id')}"
    if focus not in (None, ctx.own(resource), whole) and not str(focus).endswith(f"/{whole}"):
        message = "is not this ServiceRequest: give the Task of this request"
        raise refuse("conflict", "Task.focus", message, rule="fhir.reading")


def _due(resource: Json) -> PartialDate | None:
    period = resource.get("occurrencePeriod")
    asked = text(resource.get("occurrenceDateTime"))
    if isinstance(period, dict) and not extension(period, COMPUTED):
        asked = text(period.get("end"))
    due = valid(Moment, asked, "ServiceRequest.occurrence").date if asked else None
    return due if due and due.precision == "day" else None


def _supporting(resource: Json, ctx: Reading) -> tuple[str, ...]:
    named = objects(resource.get("supportingInfo"))
    return ctx.all([reference for reference in named if not extension(reference, ADDED)])
