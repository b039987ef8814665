"""The request for access and its clock <-> Task `ACCESSID#task` (https://hl7.org/fhir/R4/task.html).

What was asked of the holder, by whom and for whom, in the words of the decision tables. The papers are Consents beside
it. What was decided is written for the holder alone and read by nobody: it is made anew from the facts. Restrictions,
determinations, and what the holder's letters are made from have no FHIR form here, they stay with the holder.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

import msgspec

from mappings.domain.access import Access, Loan, Representation
from mappings.domain.party import PATIENT
from mappings.domain.values import PartialDate
from mappings.fhir import consent
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
from mappings.identity import ITEM
from mappings.terminology.tables import table

Status = Literal["requested", "received", "accepted", "in-progress", "on-hold", "rejected", "completed"]
PROFILE = "http://hl7.org/fhir/StructureDefinition/Task"
SUFFIX = "#task"
RULES = (
    Rule("name of the Task", "Task.identifier", "urn:uuid of the Task itself"),
    Rule("the decision", "Task.status, Task.statusReason", "handed in by the caller: requested until decided"),
    Rule("the decision", "Task.businessStatus", "for the holder alone: table decision-outcome"),
    Rule(
        "the decision",
        "Task.output",
        "for the holder alone: each reason, table decision-reason, its citation, its item",
    ),
    Rule("the decision", "Task.relevantHistory", "for the holder alone: who decided, who found, what stays"),
    Rule("-", "Task.intent", "always order"),
    Rule("access.pathway", "Task.code", "table access-pathway"),
    Rule("patient", "Task.for"),
    Rule("access.received_at", "Task.authoredOn"),
    Rule("access.requested_by", "Task.requester"),
    Rule("holder", "Task.owner"),
    Rule("access.directive, access.authorization, access.part2_consent", "Task.reasonReference", "the first Consent"),
    Rule("the clock", "Task.restriction.period", "from the local day of receipt to the deadline, handed in"),
    Rule("access.recipient_party", "Task.restriction.recipient"),
    Rule(
        "access.requester, access.recipient, access.purpose, access.recipient_is_provider, access.engaged_by_payer,"
        " access.identity_verified, access.authority_verified, access.request_form, access.holder_tz,"
        " access.representative, access.loan",
        "Task.input",
        "one each, typed by the table access-fact",
    ),
    Rule(
        "access.restrictions, access.determinations, access.extensions, access.fees, access.review,"
        " access.received_by_associate_at, access.written_required, access.informed_of_written_rule, access.actions,"
        " access.manner, access.asserted_reason, access.site_demands, access.minimum_necessary, access.involvement,"
        " access.minor, access.inmate, access.election, access.psychotherapy_authorization,"
        " access.counseling_notes_consent, access.proceedings_consent, access.court_order, access.research,"
        " access.limited_data_set, access.required_by_law, access.state_consents",
        "-",
        "stay with the holder",
    ),
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of a decision: its code, its citation as people write it, and its item or, of the request, a text."""

    code: str
    citation: str
    text: str
    item: str | None = None


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided: a word of the table decision-outcome, every reason, and the local names of its Provenance."""

    outcome: str
    told: tuple[Told, ...]
    history: tuple[str, ...] = ()


PLAIN = (
    "requester",
    "recipient",
    "purpose",
    "recipient_is_provider",
    "engaged_by_payer",
    "identity_verified",
    "authority_verified",
    "request_form",
    "holder_tz",
)


def to_fhir(
    access: Access,
    ctx: Writing,
    *,
    holder: str,
    clock: tuple[date, date] | None = None,
    status: Status = "requested",
    reason: str | None = None,
    decided: Decided | None = None,
) -> Json:
    """Write the request.

    `holder` is the local name of the organization asked, `clock` the local day of receipt and the deadline, `status`
    and `reason` what has become of it. `decided` stays with the holder: it names what was withheld.
    """
    name = f"{access.id}{SUFFIX}"
    period = {"start": clock[0].isoformat(), "end": clock[1].isoformat()} if clock else None
    behind = [paper for paper, _ in consent.papers(access)]
    return compact(
        {
            "resourceType": "Task",
            "id": ctx.id(name),
            "meta": ctx.meta(),
            "identifier": own_identifier(ctx, name),
            "status": table("task-status").code(status),
            "statusReason": {"text": reason} if reason else None,
            "businessStatus": from_table("decision-outcome", decided.outcome) if decided else None,
            "intent": "order",
            "code": from_table("access-pathway", access.pathway),
            "for": ctx.to(PATIENT),
            **moment("authoredOn", access.received_at),
            "requester": ctx.maybe(access.requested_by),
            "owner": ctx.to(holder),
            "reasonReference": ctx.to(behind[0]) if behind else None,
            "relevantHistory": ctx.to_all(decided.history) if decided else None,
            "restriction": compact({"period": period, "recipient": [ctx.to(access.recipient_party)]}),
            "input": [_input(word, value) for word, value in _facts(access).items() if value not in (None, "")],
            "output": [_output(reason, ctx) for reason in decided.told] if decided else None,
        }
    )


def from_fhir(resource: Json, ctx: Reading, *, consents: Iterable[Json] = ()) -> Access:
    """Read the request with the Consents that are its papers.

    Raises:
        ProblemError: another kind of Task, or one that lacks requester, recipient or purpose.
    """
    expect(resource, "Task")
    facts = _read_facts(resource)
    restriction = resource.get("restriction")
    parties = ctx.all(restriction.get("recipient")) if isinstance(restriction, dict) else ()
    fields: dict[str, Any] = {
        "id": ctx.own(resource).removesuffix(SUFFIX),
        "pathway": table("access-pathway").required(read_concept(resource.get("code")), "Task.code"),
        "recipient_party": required(next(iter(parties), None), "Task.restriction.recipient"),
        "requested_by": ctx.name(resource.get("requester")),
        "received_at": read_moment(resource, "authoredOn"),
        "representative": _group(Representation, facts, "representative"),
        "loan": _group(Loan, facts, "loan"),
        **{name: facts.get(name) for name in PLAIN},
    }
    for word in ("requester", "recipient", "purpose"):
        required(fields[word], f"Task.input.{word}")
    for item in consents:
        paper = consent.from_fhir(item, ctx)
        fields[next(field for field, kind in consent.PAPERS.items() if isinstance(paper, kind))] = paper
    return construct(Access, "Task", **fields)


def _facts(access: Access) -> dict[str, Any]:
    facts = {name: getattr(access, name) for name in PLAIN}
    for prefix, group in (("representative", access.representative), ("loan", access.loan)):
        if group is not None:
            facts.update({f"{prefix}_{name}": getattr(group, name) for name in group.__struct_fields__})
    return facts


def _input(word: str, value: Any) -> Json:
    kind = "Boolean" if isinstance(value, bool) else "Date" if isinstance(value, PartialDate) else "String"
    said = value if isinstance(value, bool) else str(value)
    return {"type": from_table("access-fact", word), f"value{kind}": said}


def _output(told: Told, ctx: Writing) -> Json:
    kind = {**(from_table("decision-reason", told.code) or {}), "text": told.citation}
    if told.item is None:
        return {"type": kind, "valueString": told.text}
    return {"type": kind, "valueReference": item_reference(told.item, ctx)}


def item_reference(name: str, ctx: Writing) -> Json:
    """A Reference to an item; one that is no resource (a file that nothing declares) is meant by its name."""
    return ctx.to(name) if name in ctx.urls else {"identifier": {"system": ITEM, "value": name}}


def _read_facts(resource: Json) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for item in objects(resource.get("input")):
        word = read_table("access-fact", item.get("type"))
        flag = item.get("valueBoolean")
        value = flag if isinstance(flag, bool) else read_date(item, "valueDate") or text(item.get("valueString"))
        if word is not None:
            facts[word] = value
    return facts


def _group(kind: type[Representation] | type[Loan], facts: dict[str, Any], prefix: str) -> Any:
    """The struct made of the facts with this prefix, or None where there are none."""
    stated = {name.removeprefix(f"{prefix}_"): value for name, value in facts.items() if name.startswith(f"{prefix}_")}
    if not stated:
        return None
    first = kind.__struct_fields__[0]
    required(stated.get(first), f"Task.input.{prefix}_{first}")
    return construct(kind, "Task.input", **stated)
