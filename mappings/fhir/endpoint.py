"""Where images can be fetched <-> Endpoint (https://hl7.org/fhir/R4/endpoint.html)."""

from mappings.domain.material import Endpoint
from mappings.domain.values import Concept
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import Rule, coding, compact, construct, from_table_list, read_coding, text
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Endpoint"
RULES = (
    Rule("endpoint.status", "Endpoint.status"),
    Rule("endpoint.connection", "Endpoint.connectionType", "table endpoint-connection"),
    Rule("endpoint.name", "Endpoint.name"),
    Rule("endpoint.organization", "Endpoint.managingOrganization"),
    Rule("(always)", "Endpoint.payloadType", "any (table endpoint-payload): R4 asks for one"),
    Rule("endpoint.address", "Endpoint.address", "a URL without credentials; Endpoint.header is never read"),
)


def to_fhir(endpoint: Endpoint, ctx: Writing) -> Json:
    """Write an endpoint."""
    return compact(
        {
            "resourceType": "Endpoint",
            "id": ctx.id(endpoint.id),
            "meta": ctx.meta(),
            "status": endpoint.status,
            "connectionType": coding(table("endpoint-connection").codings(endpoint.connection)[0]),
            "name": endpoint.name,
            "managingOrganization": ctx.maybe(endpoint.organization),
            "payloadType": from_table_list("endpoint-payload", "any"),
            "address": endpoint.address,
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> Endpoint:
    """Read an Endpoint.

    Raises:
        ProblemError: a connection that the table does not list, an address with credentials, or a value is not valid.
    """
    expect(resource, "Endpoint", in_error=True)
    code = read_coding(resource.get("connectionType"))
    connection = Concept(codes=(code,)) if code else None
    return construct(
        Endpoint,
        "Endpoint",
        id=ctx.own(resource),
        address=required(text(resource.get("address")), "Endpoint.address"),
        connection=table("endpoint-connection").required(connection, "Endpoint.connectionType"),
        status=required(text(resource.get("status")), "Endpoint.status"),
        name=text(resource.get("name")) or None,
        organization=ctx.name(resource.get("managingOrganization")),
    )
