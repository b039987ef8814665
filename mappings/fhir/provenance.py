"""Where something comes from <-> Provenance (https://hl7.org/fhir/R4/provenance.html).

In a bundle it speaks of what is released only: `entity.role` removal tells what was withheld and is written for the
holder alone (45 CFR 164.524(d)(1)).
"""

from typing import Any

from mappings.domain.provenance import Agent, Origin
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    first_of,
    from_table,
    many,
    moment,
    objects,
    read_concept,
    read_moment,
    read_table,
    texts,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Provenance"
RULES = (
    Rule("origin.targets", "Provenance.target"),
    Rule("origin.occurred", "Provenance.occurredDateTime"),
    Rule("origin.recorded", "Provenance.recorded", "an instant: with seconds and UTC offset"),
    Rule("origin.policies", "Provenance.policy", "addresses of the citations"),
    Rule("origin.activity", "Provenance.activity", "table origin-activity"),
    Rule("origin.agents.role", "Provenance.agent.type", "table origin-role; transmitter in both systems"),
    Rule("origin.agents.who", "Provenance.agent.who"),
    Rule("origin.agents.on_behalf_of", "Provenance.agent.onBehalfOf"),
    Rule("origin.sources", "Provenance.entity.what", "role source"),
    Rule("origin.removed", "Provenance.entity.what", "role removal; entities of other roles are not read"),
)


def to_fhir(origin: Origin, ctx: Writing) -> Json:
    """Write an origin."""

    def agent(value: Agent) -> Json:
        return compact(
            {
                "type": from_table("origin-role", value.role),
                "who": ctx.to(value.who),
                "onBehalfOf": ctx.maybe(value.on_behalf_of),
            }
        )

    return compact(
        {
            "resourceType": "Provenance",
            "id": ctx.id(origin.id),
            "meta": ctx.meta(),
            "target": ctx.to_all(origin.targets),
            **moment("occurredDateTime", origin.occurred),
            **moment("recorded", origin.recorded),
            "policy": list(origin.policies),
            "activity": from_table("origin-activity", origin.activity),
            "agent": many(agent, origin.agents),
            "entity": [
                *({"role": "source", "what": what} for what in ctx.to_all(origin.sources)),
                *({"role": "removal", "what": what} for what in ctx.to_all(origin.removed)),
            ],
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Origin:
    """Read a Provenance.

    Raises:
        ProblemError: its activity or an agent's role is in no table, or it lacks targets, agents or its time.
    """
    expect(resource, "Provenance")
    entities = {
        role: [item.get("what") for item in objects(resource.get("entity")) if item.get("role") == role]
        for role in ("source", "removal")
    }
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "targets": ctx.all(resource.get("target")),
        "recorded": required(read_moment(resource, "recorded"), "Provenance.recorded"),
        "activity": table("origin-activity").required(read_concept(resource.get("activity")), "Provenance.activity"),
        "agents": tuple(_agent(item, ctx) for item in objects(resource.get("agent"))),
        "policies": texts(resource.get("policy")),
        "sources": ctx.all(entities["source"]),
        "removed": ctx.all(entities["removal"]),
        "occurred": read_moment(resource, "occurredDateTime"),
    }
    return construct(Origin, "Provenance", **fields)


def _agent(item: Json, ctx: Reading) -> Agent:
    role = read_table("origin-role", item.get("type")) or first_of("origin-role", item.get("role"))
    return construct(
        Agent,
        "Provenance.agent",
        role=required(role, "Provenance.agent.type"),
        who=required(ctx.name(item.get("who")), "Provenance.agent.who"),
        on_behalf_of=ctx.name(item.get("onBehalfOf")),
    )
