"""Where a server has its tokens: its smart-configuration, else the OAuth extension of its CapabilityStatement."""

from collections.abc import Callable, Iterator
from typing import Any

from adapter.fhir_rest.errors import RULE
from adapter.fhir_rest.transport import Answer, Request, Transport
from adapter.servers import web_root
from mappings.fhir.wire import read_object
from mappings.problems import ProblemError, refuse

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_WHAT = "discovery"
_LIMIT = 16 << 20


def token_endpoint(transport: Transport, tried: Callable[[Callable[[], Answer]], Answer]) -> str:
    """The URL of the token endpoint.

    Raises:
        ProblemError: the server names none, one that is not to be trusted, or says that it does not take our way.
    """
    server, where = transport.server, f"servers.{transport.name} {_WHAT}"
    found = _asked(transport, ".well-known/smart-configuration", tried)
    methods, algorithms = (_texts(found.get(name)) for name in (
        "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported"
    ))  # fmt: skip
    if (methods and "private_key_jwt" not in methods) or (algorithms and server.algorithm not in algorithms):
        message = f"offers no tokens for assertions by {server.algorithm}; check `algorithm`, or set `token_url`"
        raise refuse("not-supported", where, message, rule=RULE)
    place = found.get("token_endpoint")
    if not isinstance(place, str):
        place = next(_of_metadata(_asked(transport, "metadata", tried)), None)
    if place is None:
        message = "names no token endpoint, neither in its smart-configuration nor its metadata; set `token_url`"
        raise refuse("not-found", where, message, rule=RULE)
    if not web_root(place, server.plain_http):
        message = "names a token endpoint without https, or no URL; set `token_url`, or ask its operator"
        raise refuse("security", where, message, rule=RULE)
    return place


def _asked(transport: Transport, path: str, tried: Callable[[Callable[[], Answer]], Answer]) -> dict[str, Any]:
    """A JSON document of the server; nothing where it has none."""
    headers = {"Accept": "application/fhir+json, application/json" if path == "metadata" else "application/json"}
    url = f"{transport.server.url.rstrip('/')}/{path}"
    answer = tried(lambda: transport.whole(Request(method="GET", url=url, what=_WHAT, headers=headers), _LIMIT))
    if answer.status != 200:
        return {}
    try:
        return read_object(answer.data)
    except ProblemError:
        return {}


def _of_metadata(statement: dict[str, Any]) -> Iterator[str]:
    for rest in _rows(statement.get("rest")):
        security = rest.get("security")
        for outer in _rows(security.get("extension") if isinstance(security, dict) else None):
            inner = _rows(outer.get("extension")) if outer.get("url") == OAUTH_URIS else []
            yield from (
                one["valueUri"] for one in inner if one.get("url") == "token" and isinstance(one.get("valueUri"), str)
            )


def _rows(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
