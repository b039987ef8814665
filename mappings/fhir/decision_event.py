"""A decision of the gate <-> AuditEvent, where it rests on a Consent as IHE BALP AuthZconsent wants it.

https://hl7.org/fhir/R4/auditevent.html. It stays with the holder. A decision without a Consent has the other subtype
that BALP lists (AuthZ-Role); no profile of BALP is about that one. Two shapes: `fast` (HL7 FAST) wants an identifier
beside every reference to a person or organization.
"""

from typing import Any, Literal

from mappings.domain.audit import GateRecord, Grounds
from mappings.domain.party import PATIENT
from mappings.fhir.audit_event import NETWORK, network_of
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
from mappings.problems import refuse
from mappings.terminology.tables import table

Shape = Literal["pcf", "fast"]
PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent"
OUTCOMES = {True: "success", False: "minor-failure"}
"""Permitted -> word of the table audit-outcome: 0 went through, 4 was refused."""
RULES = (
    Rule("-", "AuditEvent.type", "DCM 110113 Security Alert, which has the decisions of an authorization service"),
    Rule("record.consents", "AuditEvent.subtype", "AuthZ-Consent with Consents, AuthZ-Role without"),
    Rule("-", "AuditEvent.action", "E"),
    Rule("record.recorded", "AuditEvent.recorded", "an instant: with seconds and UTC offset"),
    Rule("record.permitted", "AuditEvent.outcome", "0 where something may go, 4 where nothing may"),
    Rule("record.text", "AuditEvent.outcomeDesc"),
    Rule("record.purpose", "AuditEvent.purposeOfEvent", "table purpose-of-use"),
    Rule("record.holder, record.address", "AuditEvent.agent.who, AuditEvent.agent.network", "client and authorizer"),
    Rule(
        "record.recipient, record.recipient_organization", "AuditEvent.agent.who", "IRCP, and PROV where there is one"
    ),
    Rule("-", "AuditEvent.agent.type, AuditEvent.agent.requestor", "table audit-agent; it is asked for the recipient"),
    Rule("record.policies", "AuditEvent.agent.policy", "of the recipient: addresses of the citations"),
    Rule("record.holder", "AuditEvent.source.observer", "the same as the authorizer"),
    Rule("patient", "AuditEvent.entity.what", "the first entity, type and role 1"),
    Rule("record.consents", "AuditEvent.entity.what", "type Consent"),
    Rule("record.grounds", "AuditEvent.entity.detail", "of the first Consent: code and citation"),
)


def to_fhir(record: GateRecord, ctx: Writing, *, shape: Shape = "pcf") -> Json:
    """Write the record; `ctx` is the holder's own."""
    by_consent = "consent-decision" if record.consents else "role-decision"
    holder = _to(record.holder, ctx, shape)
    network = {"address": record.address.address, "type": NETWORK[record.address.kind]}
    behind = record.recipient_organization
    return compact(
        {
            "resourceType": "AuditEvent",
            "id": ctx.id(record.id),
            "meta": ctx.meta(),
            "type": _coding("audit-type", "decision"),
            "subtype": [_coding("audit-subtype", by_consent)],
            "action": "E",
            **moment("recorded", record.recorded),
            "outcome": table("audit-outcome").code(OUTCOMES[record.permitted]),
            "outcomeDesc": record.text,
            "purposeOfEvent": from_table_list("purpose-of-use", record.purpose),
            "agent": [
                _agent("client", holder, network=network),
                _agent("user", _to(record.recipient, ctx, shape), policy=list(record.policies)),
                *([_agent("user-organization", _to(behind, ctx, shape))] if behind else []),
                _agent("authorizer", holder),
            ],
            "source": {"observer": holder},
            "entity": [
                {
                    "what": _to(PATIENT, ctx, shape),
                    "type": _coding("audit-entity-type", "person"),
                    "role": _coding("audit-entity-role", "patient"),
                },
                *_consents(record, ctx),
            ],
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> GateRecord:
    """Read an AuditEvent that records a decision about a release.

    Raises:
        ProblemError: it records something else, or does not name who decided and for whom.
    """
    expect(resource, "AuditEvent")
    said = [
        table("audit-subtype").value(c.system, c.code) for c in map(read_coding, objects(resource.get("subtype"))) if c
    ]
    if not {"consent-decision", "role-decision"} & set(said):
        message = "does not record a decision about a release"
        raise refuse("not-supported", "AuditEvent.subtype", message, rule="fhir.reading")
    agents = {read_table("audit-agent", item.get("type")): item for item in objects(resource.get("agent"))}
    client, user, holder = (required(agents.get(word), "AuditEvent.agent") for word in ("client", "user", "authorizer"))
    consents = [item for item in objects(resource.get("entity")) if _is_consent(item)]
    ended = table("audit-outcome").required_code(resource.get("outcome"), "AuditEvent.outcome")
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "recorded": required(read_moment(resource, "recorded"), "AuditEvent.recorded"),
        "permitted": ended == "success",
        "text": required(text(resource.get("outcomeDesc")), "AuditEvent.outcomeDesc"),
        "purpose": first_of("purpose-of-use", resource.get("purposeOfEvent")),
        "holder": required(ctx.name(holder.get("who")), "AuditEvent.agent.who"),
        "address": network_of(client),
        "recipient": required(ctx.name(user.get("who")), "AuditEvent.agent.who"),
        "recipient_organization": ctx.name(agents.get("user-organization", {}).get("who")),
        "policies": texts(user.get("policy")),
        "consents": tuple(required(ctx.name(item.get("what")), "AuditEvent.entity.what") for item in consents),
        "grounds": tuple(_grounds(detail) for item in consents for detail in objects(item.get("detail"))),
    }
    return construct(GateRecord, "AuditEvent", **fields)


def _coding(name: str, word: str) -> Json:
    return coding(table(name).codings(word)[0])


def _agent(role: str, who: Json, **more: Any) -> Json:
    return compact({"type": from_table("audit-agent", role), "who": who, "requestor": role == "user", **more})


def _to(name: str, ctx: Writing, shape: Shape) -> Json:
    reference = ctx.to(name)
    if shape != "fast":
        return reference
    return {**reference, "identifier": {"system": "urn:ietf:rfc:3986", "value": reference["reference"]}}


def _consents(record: GateRecord, ctx: Writing) -> list[Json]:
    details = many(lambda one: {"type": one.code, "valueString": one.citation}, record.grounds)
    kind = _coding("audit-entity-type", "consent")
    return [
        compact({"what": ctx.to(name), "type": kind, "detail": [] if number else details})
        for number, name in enumerate(record.consents)
    ]


def _is_consent(item: Json) -> bool:
    code = read_coding(item.get("type"))
    return code is not None and table("audit-entity-type").value(code.system, code.code) == "consent"


def _grounds(detail: Json) -> Grounds:
    where = "AuditEvent.entity.detail"
    return construct(
        Grounds,
        where,
        code=required(text(detail.get("type")), where),
        citation=required(text(detail.get("valueString")), where),
    )
