"""The life of a request <-> coordination Task `ID#task` (https://hl7.org/fhir/R4/task.html).

The shape is that of HL7 Clinical Order Workflows: the order is the placer's, the Task is where both sides say how far
it is. `from_fhir` gives the events of the request; `service_request.from_fhir` puts both together.
"""

from typing import Any, Literal

from mappings.domain.party import PATIENT
from mappings.domain.request import NEXT, RequestEvent, ReviewRequest, Turnaround
from mappings.domain.values import Moment
from mappings.fhir.context import URN, Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    extensions,
    from_table,
    moment,
    read_moment,
    read_table,
    text,
)
from mappings.fhir.parts import expect, not_after, parts, read_parts
from mappings.fhir.wire import Json
from mappings.identity import structure
from mappings.problems import refuse
from mappings.terminology.tables import table

Shape = Literal["none", "cow", "bser"]
"""The guide (both are in ballot) that the request and its Task are shaped for: HL7 Clinical Order Workflows, BSeR."""

PROFILE = "http://hl7.org/fhir/StructureDefinition/Task"
EVENT = structure("request-event")
"""Extension on Task: one step of the request's life (a Task itself holds only the last)."""
EVENT_PARTS = {"status": "Code", "at": "DateTime", "detail": "Code", "reason": "String"}
RULES = (
    Rule("name of the Task", "Task.identifier", "urn:uuid of the Task itself: the profile wants one"),
    Rule("request.events", "Task.extension:request-event", "every step with its time, detail and reason"),
    Rule("request.events", "Task.status", "of the last step, by the table task-status"),
    Rule("request.events.reason", "Task.statusReason", "of the last step"),
    Rule("request.events.detail", "Task.businessStatus", "of the last step, by the table business-status"),
    Rule("-", "Task.intent", "always order"),
    Rule("-", "Task.code", "fulfill; abort in `ID#abort`"),
    Rule("request.id", "Task.focus", "the ServiceRequest"),
    Rule("patient", "Task.for"),
    Rule("request.events.at", "Task.executionPeriod", "from acceptance to the end"),
    Rule("request.authored_on", "Task.authoredOn", "of an abort Task the time of the cancellation"),
    Rule(
        "request.events.at",
        "Task.lastModified",
        "of the last step, where it can be told to lie behind the request (inv-1)",
    ),
    Rule("request.requester", "Task.requester"),
    Rule("request.performer", "Task.owner"),
    Rule("request.turnaround", "Task.restriction.period", "from acceptance (until then the request) to the latest day"),
)
UNDERWAY = ("in-progress",)
ENDED = ("completed", "rejected", "failed", "cancelled")
IMPLIED = {"in-progress": ("accepted",), "completed": ("accepted", "in-progress"), "failed": ("accepted",)}
"""Steps that must have been where a Task without our history says only the last one."""


def to_fhir(request: ReviewRequest, ctx: Writing) -> Json:
    """Write the coordination Task of the request.

    Raises:
        ProblemError: the turnaround cannot be computed, or something it refers to is not written.
    """
    name = f"{request.id}#task"
    last = request.events[-1] if request.events else None
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(name),
            "meta": ctx.meta(),
            "extension": [parts(EVENT, event, EVENT_PARTS) for event in request.events],
            "identifier": own_identifier(ctx, name),
            "status": table("task-status").code(request.status),
            "statusReason": {"text": last.reason} if last and last.reason else None,
            "businessStatus": from_table("business-status", last.detail if last else None),
            "intent": "order",
            "code": from_table("task-code", "fulfill"),
            "focus": ctx.to(request.id),
            "for": ctx.to(PATIENT),
            "executionPeriod": _execution(request),
            **moment("authoredOn", request.authored_on),
            **moment("lastModified", _modified(request)),
            "requester": ctx.to(request.requester),
            "owner": ctx.to(request.performer),
            "restriction": _restriction(request),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> tuple[RequestEvent, ...]:
    """Read the life of a request from its Task.

    With our history: its steps, and one more where the Task's status has moved on since. Without: the step that the
    status tells, and what it implies where `executionPeriod.start` says when that was.

    Raises:
        ProblemError: a status no request has, or steps whose time nothing tells.
    """
    expect(resource, "Task")
    status = table("task-status").required_code(resource.get("status"), "Task.status")
    if read_table("task-code", resource.get("code")) == "abort":
        raise refuse("not-supported", "Task.code", "asks to abort another Task: read that one", rule="fhir.reading")
    events = tuple(_event(item) for item in extensions(resource, EVENT))
    if status == (events[-1].status if events else "requested"):
        return events
    return (*events, *_missed(resource, events, status))


def _event(item: Json) -> RequestEvent:
    read = read_parts(item, EVENT_PARTS, "Task.extension")
    if "status" not in read or "at" not in read:
        raise refuse("incomplete", "Task.extension", "a step needs status and at", rule="fhir.reading")
    return construct(RequestEvent, "Task.extension", **read)


def _missed(resource: Json, events: tuple[RequestEvent, ...], status: str) -> tuple[RequestEvent, ...]:
    """The steps after the last known one, up to the Task's own status."""
    at = read_moment(resource, "lastModified") or read_moment(resource, "authoredOn")
    before = events[-1].status if events else "requested"
    steps: tuple[str, ...] = ()
    if status not in NEXT[before]:
        steps = IMPLIED.get(status, ())
        while steps and steps[0] not in NEXT[before]:
            steps = steps[1:]
    period = resource.get("executionPeriod")
    started = read_moment(period, "start") if isinstance(period, dict) else None
    if at is None or (steps and started is None):
        message = "nothing tells when this status was reached: give lastModified and executionPeriod.start"
        raise refuse("incomplete", "Task", message, rule="fhir.reading")
    implied = tuple(construct(RequestEvent, "Task.status", status=step, at=started) for step in steps)
    reason = resource.get("statusReason")
    last: dict[str, Any] = {
        "status": status,
        "at": at,
        "detail": read_table("business-status", resource.get("businessStatus")),
        "reason": (text(reason.get("text")) or None) if isinstance(reason, dict) else None,
    }
    return (*implied, construct(RequestEvent, "Task.status", **last))


def needs_abort(request: ReviewRequest) -> bool:
    """Whether the request was cancelled after the work had begun: that takes a Task of its own, `ID#abort`."""
    return request.status == "cancelled" and any(event.status in UNDERWAY for event in request.events)


def abort_to_fhir(request: ReviewRequest, ctx: Writing) -> Json | None:
    """Write the Task `ID#abort` by which the placer asks to stop work that has begun; None where none was asked."""
    if not needs_abort(request):
        return None
    name, asked = f"{request.id}#abort", request.events[-1]
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(name),
            "meta": ctx.meta(),
            "identifier": own_identifier(ctx, name),
            "status": "completed",
            "statusReason": {"text": asked.reason} if asked.reason else None,
            "intent": "order",
            "code": from_table("task-code", "abort"),
            "focus": ctx.to(request.id),
            "for": ctx.to(PATIENT),
            **moment("authoredOn", asked.at),
            **moment("lastModified", asked.at),
            "requester": ctx.to(request.requester),
            "owner": ctx.to(request.performer),
        }
    )


def own_identifier(ctx: Writing, name: str) -> list[Json]:
    """The identifier of a Task or Consent that has no number: the urn:uuid of its own id."""
    return [{"system": "urn:ietf:rfc:3986", "value": URN + ctx.id(name)}]


def window(request: ReviewRequest) -> Turnaround | None:
    """The promised window.

    Raises:
        ProblemError: `value`, where the calendar ends before it.
    """
    try:
        return request.turnaround
    except (ValueError, OverflowError, NotImplementedError):
        message = "no turnaround can be counted from this date: mend the date of request or acceptance"
        raise refuse("value", "request.turnaround", message, rule="request.turnaround") from None


def _modified(request: ReviewRequest) -> Moment | None:
    last = request.events[-1].at if request.events else request.authored_on
    return last if not_after(request.authored_on, last) else None


def _restriction(request: ReviewRequest) -> Json | None:
    promised = window(request)
    if promised is None:
        return None
    start, end = promised.start.isoformat(), promised.latest.isoformat()
    return {"period": compact({"start": start if start <= end else None, "end": end})}


def _execution(request: ReviewRequest) -> Json:
    events = request.events
    start = next((event.at for event in events if event.status == "accepted"), None)
    end = events[-1].at if start and events[-1].status in ENDED and not_after(start, events[-1].at) else None
    return {**moment("start", start), **moment("end", end)}
