"""What the live tests judge, and how two independent validators are asked."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from mappings.fhir.bundle import Entry, take_apart, transaction
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json
from tests.live.servers import Server

Medplum = Callable[[list[Any]], list[list[str]]]
"""A list of resources -> for each the issues that Medplum's validator finds."""


class Exported(msgspec.Struct, frozen=True):
    """A scenario as it was exported: the case folder it came from and the case bundle."""

    name: str
    case: Path
    tree: Path
    bundle: Json

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries of the bundle."""
        return take_apart(self.bundle)

    @property
    def ours(self) -> list[Entry]:
        """The entries that the adapter wrote."""
        return [(url, resource) for url, resource in self.entries if url.startswith(URN)]

    @property
    def transaction(self) -> Json:
        """Our entries as a FHIR transaction."""
        return transaction(self.entries, Writing({}, True), str(self.bundle["id"]))


def typed(entries: Iterable[Entry]) -> list[Json]:
    """The resources with references as `Type/id`: of a urn:uuid no validator can tell the type of the target."""
    rows = list(entries)
    places = {url: f"{resource['resourceType']}/{resource['id']}" for url, resource in rows}
    return [_typed(resource, places) for _, resource in rows]


def _typed(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def hapi_errors(hapi: Server, resource: Json) -> set[tuple[str, str]]:
    """FHIRPath and text of what HAPI's $validate calls an error; `body` where it cannot read the resource at all.

    The server has base R4 and no package: it judges without the claims; HL7's own engine judges those.
    """
    meta = {key: value for key, value in resource.get("meta", {}).items() if key != "profile"}
    bare = {key: value for key, value in resource.items() if key != "meta"} | ({"meta": meta} if meta else {})
    answer = hapi.post(f"{resource['resourceType']}/$validate", bare)
    assert answer.body["resourceType"] == "OperationOutcome"
    wrong = [issue for issue in answer.body["issue"] if issue["severity"] in ("error", "fatal")]
    return {(issue.get("location", ["body"])[0], issue["diagnostics"]) for issue in wrong}
