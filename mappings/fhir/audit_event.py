"""The holder's record of a disclosure <-> AuditEvent, as IHE BALP PrivacyDisclosure.Source wants it.

https://hl7.org/fhir/R4/auditevent.html. It stays with the holder: it names what was withheld.
"""

from typing import Any

from mappings.domain.audit import DisclosureRecord, NetworkPoint, Withheld
from mappings.domain.party import PATIENT
from mappings.domain.values import Code
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    coding,
    compact,
    construct,
    first_of,
    from_table,
    from_table_list,
    many,
    moment,
    objects,
    read_coding,
    read_moment,
    read_table,
    text,
    texts,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json
from mappings.identity import ITEM
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
NETWORK = {"machine": "1", "ip": "2", "telephone": "3", "email": "4", "uri": "5"}
"""AuditEvent.agent.network.type (http://hl7.org/fhir/network-type)."""
RULES = (
    Rule("-", "AuditEvent.type", "DCM 110106 Export"),
    Rule("-", "AuditEvent.subtype", "ISO 21089 disclose"),
    Rule("-", "AuditEvent.action", "R"),
    Rule("record.recorded", "AuditEvent.recorded", "an instant: with seconds and UTC offset"),
    Rule("record.outcome", "AuditEvent.outcome", "table audit-outcome"),
    Rule("record.outcome_text", "AuditEvent.outcomeDesc"),
    Rule("record.purpose", "AuditEvent.purposeOfEvent", "table purpose-of-use"),
    Rule("record.source, record.recipient", "AuditEvent.agent.type, AuditEvent.agent.who", "DCM 110153 and 110152"),
    Rule("-", "AuditEvent.agent.requestor", "the source acts, the recipient gets"),
    Rule("record.policies", "AuditEvent.agent.policy", "of the source: addresses of the citations"),
    Rule("record.source_address, record.recipient_address", "AuditEvent.agent.network"),
    Rule("record.source", "AuditEvent.source.observer", "the same as the source agent"),
    Rule("patient", "AuditEvent.entity.what", "the first entity, type and role 1"),
    Rule("record.accounting", "AuditEvent.entity.detail", "of the patient: accounting"),
    Rule("record.released", "AuditEvent.entity.what", "lifecycle released"),
    Rule(
        "record.withheld",
        "AuditEvent.entity.what, AuditEvent.entity.lifecycle, AuditEvent.entity.detail",
        "lifecycle withheld with reason and citation; by name where the item is no resource",
    ),
)


def to_fhir(record: DisclosureRecord, ctx: Writing) -> Json:
    """Write the record; `ctx` is the holder's own, not the recipient's."""
    return compact(
        {
            "resourceType": "AuditEvent",
            "id": ctx.id(record.id),
            "meta": ctx.meta(),
            "type": _coding("audit-type", "export"),
            "subtype": [_coding("audit-subtype", "disclose")],
            "action": "R",
            **moment("recorded", record.recorded),
            "outcome": table("audit-outcome").code(record.outcome),
            "outcomeDesc": record.outcome_text,
            "purposeOfEvent": from_table_list("purpose-of-use", record.purpose),
            "agent": [
                _agent("source", record.source, record.source_address, record.policies, ctx),
                _agent("recipient", record.recipient, record.recipient_address, (), ctx),
            ],
            "source": {"observer": ctx.to(record.source)},
            "entity": [
                _patient(record, ctx),
                *(_entity("released", ctx.to(name)) for name in record.released),
                *(_withheld(item, ctx) for item in record.withheld),
            ],
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> DisclosureRecord:
    """Read an AuditEvent that records a disclosure by its source.

    Raises:
        ProblemError: it records something else, or names no source, recipient or released thing.
    """
    expect(resource, "AuditEvent")
    subtypes = [read_coding(item) for item in objects(resource.get("subtype"))]
    exported = _word("audit-type", read_coding(resource.get("type"))) == "export"
    if not exported or not any(_word("audit-subtype", code) == "disclose" for code in subtypes):
        message = "does not record a disclosure by its source"
        raise refuse("not-supported", "AuditEvent.subtype", message, rule="fhir.reading")
    agents = {read_table("audit-agent", item.get("type")): item for item in objects(resource.get("agent"))}
    source, recipient = (required(agents.get(word), "AuditEvent.agent") for word in ("source", "recipient"))
    entities = objects(resource.get("entity"))
    staying = [item for item in entities if _lifecycle(item) == "withheld"]
    gone = [item for item in entities if _lifecycle(item) != "withheld" and not _is_patient(item)]
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "recorded": required(read_moment(resource, "recorded"), "AuditEvent.recorded"),
        "outcome": table("audit-outcome").required_code(resource.get("outcome"), "AuditEvent.outcome"),
        "source": required(ctx.name(source.get("who")), "AuditEvent.agent.who"),
        "source_address": network_of(source),
        "recipient": required(ctx.name(recipient.get("who")), "AuditEvent.agent.who"),
        "recipient_address": network_of(recipient),
        "released": tuple(required(_name(item, ctx), "AuditEvent.entity.what") for item in gone),
        "withheld": tuple(_read_withheld(item, ctx) for item in staying),
        "purpose": first_of("purpose-of-use", resource.get("purposeOfEvent")),
        "policies": texts(source.get("policy")),
        "outcome_text": text(resource.get("outcomeDesc")) or None,
        "accounting": next((_detail(item, "accounting") for item in entities if _is_patient(item)), None),
    }
    return construct(DisclosureRecord, "AuditEvent", **fields)


def _coding(name: str, word: str) -> Json:
    return coding(table(name).codings(word)[0])


def _word(name: str, code: Code | None) -> str | None:
    return table(name).value(code.system, code.code) if code else None


def _agent(role: str, who: str, point: NetworkPoint, policies: tuple[str, ...], ctx: Writing) -> Json:
    return compact(
        {
            "type": from_table("audit-agent", role),
            "who": ctx.to(who),
            "requestor": role == "source",
            "policy": list(policies),
            "network": {"address": point.address, "type": NETWORK[point.kind]},
        }
    )


def _patient(record: DisclosureRecord, ctx: Writing) -> Json:
    return compact(
        {
            "what": ctx.to(PATIENT),
            "type": _coding("audit-entity-type", "person"),
            "role": _coding("audit-entity-role", "patient"),
            "detail": _details(accounting=record.accounting),
        }
    )


def _entity(lifecycle: str, what: Json, **details: str | None) -> Json:
    return compact(
        {
            "what": what,
            "type": _coding("audit-entity-type", "object"),
            "role": _coding("audit-entity-role", "released") if lifecycle == "released" else None,
            "lifecycle": _coding("audit-lifecycle", lifecycle),
            "detail": _details(**details),
        }
    )


def _withheld(item: Withheld, ctx: Writing) -> Json:
    """A withheld item may be no resource at all (a file that nothing declares): then its name in the case says it."""
    what = ctx.to(item.item) if item.item in ctx.urls else {"identifier": {"system": ITEM, "value": item.item}}
    return _entity("withheld", what, reason=item.reason, citation=item.citation)


def _details(**details: str | None) -> list[Json]:
    return many(lambda pair: {"type": pair[0], "valueString": pair[1]}, [(k, v) for k, v in details.items() if v])


# --- reading


def _lifecycle(item: Json) -> str | None:
    return _word("audit-lifecycle", read_coding(item.get("lifecycle")))


def _is_patient(item: Json) -> bool:
    return _word("audit-entity-role", read_coding(item.get("role"))) == "patient"


def _detail(item: Json, kind: str) -> str | None:
    found = (text(d.get("valueString")) for d in objects(item.get("detail")) if d.get("type") == kind)
    return next((value for value in found if value), None)


def _name(item: Json, ctx: Reading) -> str | None:
    what = item.get("what")
    named = what.get("identifier") if isinstance(what, dict) else None
    own = text(named.get("value")) if isinstance(named, dict) and named.get("system") == ITEM else None
    return ctx.name(what) or own


def _read_withheld(item: Json, ctx: Reading) -> Withheld:
    return construct(
        Withheld,
        "AuditEvent.entity",
        item=required(_name(item, ctx), "AuditEvent.entity.what"),
        reason=required(_detail(item, "reason"), "AuditEvent.entity.detail"),
        citation=_detail(item, "citation"),
    )


def network_of(agent: Json) -> NetworkPoint:
    """Where an agent was, read from its `network`."""
    network = agent.get("network")
    point = network if isinstance(network, dict) else {}
    kind = next((word for word, code in NETWORK.items() if code == point.get("type")), None)
    return construct(
        NetworkPoint,
        "AuditEvent.agent.network",
        kind=required(kind, "AuditEvent.agent.network.type"),
        address=required(text(point.get("address")), "AuditEvent.agent.network.address"),
    )
