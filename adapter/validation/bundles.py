"""Rules on a Bundle as such: bdl-1 to bdl-12 (https://hl7.org/fhir/R4/bundle.html), fullUrl, and no entry twice."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from adapter.validation.facts import resource_types
from adapter.validation.invariants import has, objects
from adapter.validation.resolving import RESTFUL
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, Severity, problem

_REQUESTS = ("batch", "transaction", "history")
_RESPONSES = ("batch-response", "transaction-response", "history")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")


def check(bundle: Json, where: str) -> Iterator[Problem]:
    """Yield what is wrong with a Bundle, its entries' resources and references apart."""
    entries = objects(bundle.get("entry"))
    kind = bundle.get("type")
    yield from _whole(bundle, kind, entries, where)
    raw = bundle.get("entry")
    for index, entry in enumerate(raw if isinstance(raw, list) else []):
        if isinstance(entry, dict):
            place = f"{where}.entry[{index}]"
            yield from _entry(kind, entry, place)
            yield from _full_url(kind, entry, place)
    if kind != "history":
        yield from _repeated(raw if isinstance(raw, list) else [], where)


def _broken(rule: str, where: str, message: str, code: IssueType = "invariant") -> Problem:
    return problem(code, where, message, rule=rule)


def _whole(bundle: Json, kind: Any, entries: list[Json], where: str) -> Iterator[Problem]:
    if has(bundle, "total") and kind not in ("searchset", "history"):
        yield _broken("bdl-1", where, "has a total, which only a searchset or a history has")
    if kind in ("document", "message") and not entries:
        yield _broken("fhir.entries", where, f"is a {kind}, so it must have an entry", "required")
    if kind == "document":
        identifier = bundle.get("identifier")
        if not isinstance(identifier, dict) or not (has(identifier, "system") and has(identifier, "value")):
            yield _broken("bdl-9", where, "is a document, so it must have an identifier with system and value")
        if not bundle.get("timestamp"):
            yield _broken("bdl-10", where, "is a document, so it must have a timestamp")
        if _first(entries) != "Composition":
            yield _broken("bdl-11", where, "is a document, so its first entry must be a Composition")
    if kind == "message" and _first(entries) != "MessageHeader":
        yield _broken("bdl-12", where, "is a message, so its first entry must be a MessageHeader")


def _first(entries: list[Json]) -> Any:
    resource = entries[0].get("resource") if entries else None
    return resource.get("resourceType") if isinstance(resource, dict) else None


def _entry(kind: Any, entry: Json, where: str) -> Iterator[Problem]:
    if has(entry, "search") and kind != "searchset":
        yield _broken("bdl-2", where, "has search, which only an entry of a searchset has")
    if has(entry, "request") != (kind in _REQUESTS):
        yield _broken("bdl-3", where, "must have a request in a batch, transaction or history, and in no other Bundle")
    if has(entry, "response") != (kind in _RESPONSES):
        message = "must have a response in a batch-response, transaction-response or history, and in no other Bundle"
        yield _broken("bdl-4", where, message)
    if kind == "searchset":
        yield from _match(entry, where)
    if not has(entry, "resource", "request", "response"):
        yield _broken("bdl-5", where, "must have a resource, a request or a response")


def _match(entry: Json, where: str) -> Iterator[Problem]:
    """What a searchset asks of its entries (https://hl7.org/fhir/R4/search.html#mode)."""
    search, resource = entry.get("search"), entry.get("resource")
    mode = search.get("mode") if isinstance(search, dict) else None
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if mode not in (None, "match", "include") and kind not in (None, "OperationOutcome"):
        message = "is neither a match nor included, so it must be an OperationOutcome"
        yield _broken("fhir.search", f"{where}.resource", message, "structure")
    if isinstance(resource, dict) and kind != "OperationOutcome" and not has(resource, "id"):
        yield _broken("fhir.search", f"{where}.resource", "is a search result without an id: give it", "required")


def _full_url(kind: Any, entry: Json, where: str) -> Iterator[Problem]:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    place = f"{where}.fullUrl"
    if not has(entry, "fullUrl"):
        if isinstance(resource, dict) and kind not in _RESPONSES:
            # A batch or transaction may leave it out; nothing can then refer to the entry.
            severity: Severity = "warning" if kind in _REQUESTS else "error"
            message = "is missing: every entry with a resource needs one"
            yield problem("required", place, message, rule="fhir.fullUrl", severity=severity)
        return
    if not isinstance(url, str) or not url:
        return
    if "/_history/" in url:
        yield _broken("bdl-8", where, "has a fullUrl of one version: leave /_history/ out")
    elif not _ABSOLUTE.fullmatch(url):
        yield _broken("fhir.fullUrl", place, "must be absolute (https://... or urn:uuid:...)", "value")
    elif isinstance(resource, dict) and (rest := RESTFUL.fullmatch(url)) and rest[1] and rest[2] in resource_types():
        name, own = resource.get("resourceType"), resource.get("id")
        if own is None:
            yield _broken("fhir.fullUrl", where, "has a fullUrl that ends in an id, and a resource without it", "value")
        elif isinstance(own, str) and not url.endswith(f"/{name}/{own}"):
            yield _broken("fhir.fullUrl", place, "must end in the type and id of its resource", "value")


def _name(entry: Any) -> tuple[str, str]:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return (str(resource.get("resourceType")), str(resource.get("id"))) if isinstance(resource, dict) else ("", "")


def _repeated(entries: list[Any], where: str) -> Iterator[Problem]:
    urls: dict[tuple[str, str], int] = {}
    contents: dict[str, int] = {}
    named = Counter(_name(entry) for entry in entries)  # what shares its name with no other repeats none
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        url, resource = entry.get("fullUrl"), entry.get("resource")
        meta = resource.get("meta") if isinstance(resource, dict) else None
        version = str(meta.get("versionId", "")) if isinstance(meta, dict) else ""
        if isinstance(url, str):
            first = urls.setdefault((url, version), index)
            if first != index:
                message = f"has the fullUrl of entry[{first}]: it must be unique"
                yield _broken("bdl-7", f"{where}.entry[{index}]", message)
        if isinstance(resource, dict) and named[_name(entry)] > 1:
            first = contents.setdefault(repr(resource), index)
            if first != index:
                message = f"holds the same content as entry[{first}]: keep one of them"
                yield _broken("fhir.duplicate", f"{where}.entry[{index}].resource", message, "duplicate")
