"""The holder's notices <-> Communication (https://hl7.org/fhir/R4/communication.html).

A notice to the patient says what the law wants said (45 CFR 164.524(d)(2)); the letter itself is a DocumentReference.
"""

from typing import Any

from mappings.domain.access import Notice
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    first_of,
    from_table_list,
    moment,
    objects,
    read_moment,
    text,
)
from mappings.fhir.parts import expect
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Communication"
RULES = (
    Rule("-", "Communication.status", "completed once it is sent, preparation until then"),
    Rule("notice.kind", "Communication.category", "table notice-kind"),
    Rule("patient", "Communication.subject"),
    Rule("notice.about", "Communication.about", "the request's Task and what else it speaks of"),
    Rule("notice.sent", "Communication.sent"),
    Rule("notice.recipient", "Communication.recipient", "of several the first is read"),
    Rule("notice.text", "Communication.payload.contentString", "of several the first is read"),
    Rule("notice.document", "Communication.payload.contentReference", "the letter, a DocumentReference"),
)


def to_fhir(notice: Notice, ctx: Writing) -> Json:
    """Write a notice."""
    words = {"contentString": notice.text} if notice.text else None
    letter = {"contentReference": ctx.to(notice.document)} if notice.document else None
    return compact(
        {
            "resourceType": "Communication",
            "id": ctx.id(notice.id),
            "meta": ctx.meta(),
            "status": "completed" if notice.sent else "preparation",
            "category": from_table_list("notice-kind", notice.kind),
            "subject": ctx.to(PATIENT),
            "about": ctx.to_all(notice.about),
            **moment("sent", notice.sent),
            "recipient": ctx.to_all([notice.recipient] if notice.recipient else []),
            "payload": [payload for payload in (words, letter) if payload],
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Notice:
    """Read a Communication that is one of our kinds of notice.

    Raises:
        ProblemError: it is another kind of message, was not done, or says nothing.
    """
    expect(resource, "Communication")
    if resource.get("status") in ("not-done", "stopped"):
        message = "was not said: it is no notice"
        raise refuse("not-supported", "Communication.status", message, rule="fhir.reading")
    kind = first_of("notice-kind", resource.get("category"))
    if kind is None:
        message = f"is none of the notices; there are {', '.join(table('notice-kind').values)}"
        raise refuse("code-invalid", "Communication.category", message, rule="table.notice-kind")
    payload = objects(resource.get("payload"))
    words = (text(item.get("contentString")) for item in payload)
    letters = (ctx.name(item.get("contentReference")) for item in payload)
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "kind": kind,
        "sent": read_moment(resource, "sent"),
        "recipient": next(iter(ctx.all(resource.get("recipient"))), None),
        "text": next((found for found in words if found), None),
        "about": ctx.all(resource.get("about")),
        "document": next((found for found in letters if found), None),
    }
    return construct(Notice, "Communication", **fields)
