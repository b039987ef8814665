"""Rings 3 and 4: what a Reference may point to, and whether it resolves inside its Bundle.

Resolution is that of https://hl7.org/fhir/R4/bundle.html#references: an absolute reference is looked up among the
fullUrls; a relative one first gets the base of the fullUrl of the entry it stands in. A `urn:uuid:` that does not
resolve is an error, as nobody could ever resolve it; another target may exist where the Bundle came from, so its
absence is a warning.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from adapter.validation.facts import resource_types
from adapter.validation.invariants import objects
from adapter.validation.structure import Node, Scope
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem

_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/([A-Za-z0-9\-.]{1,64}))?(?:#.*)?")
_RESTFUL = re.compile(r"(https?://.*/|)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")


class Entries(NamedTuple):
    """The entries of one Bundle by fullUrl, and whether it may hold conditional references."""

    by_url: dict[str, list[Json]]
    conditional: bool


def index(bundle: Json) -> Entries:
    """Read the fullUrls of a Bundle."""
    by_url: dict[str, list[Json]] = {}
    for entry in objects(bundle.get("entry")):
        url, resource = entry.get("fullUrl"), entry.get("resource")
        if isinstance(url, str) and isinstance(resource, dict):
            by_url.setdefault(url, []).append(resource)
    return Entries(by_url, bundle.get("type") in ("transaction", "batch"))


def check(nodes: Iterable[Node], entries: Entries | None) -> Iterator[Problem]:
    """Yield what is wrong with the references of a resource, or of a Bundle where its entries are given."""
    for node in nodes:
        if node.kind == "Reference":
            link = node.value.get("reference")
            if isinstance(link, str) and link:
                yield from _reference(node, link, entries)
            elif isinstance(stated := node.value.get("type"), str) and stated in resource_types():
                yield from _target(node, stated, f"{node.where}.type")
        elif node.kind == "url" and entries and node.value[:9] == "urn:uuid:" and node.value not in entries.by_url:
            message = "names no entry of the Bundle by its fullUrl: add the entry"
            yield problem("not-found", node.where, message, rule="fhir.reference")


def _reference(node: Node, link: str, entries: Entries | None) -> Iterator[Problem]:
    where = f"{node.where}.reference"
    found: list[Json] = []
    if not link.startswith("#") and entries and not (entries.conditional and _CONDITIONAL.fullmatch(link)):
        found = resolve(link, node.scope, entries)
        if not found:
            yield _unresolved(link, where)
        elif len(found) > 1:
            yield problem("multiple-matches", where, "fits several entries: name the version", rule="fhir.reference")
    kind = _type(link, node.scope, found)
    if kind is None:
        if not found and not link.startswith("#") and not _ABSOLUTE.match(link) and not _CONDITIONAL.fullmatch(link):
            message = "is not a reference: use Type/id, an absolute URL, urn:uuid:... or #id"
            yield problem("value", where, message, rule="fhir.reference")
        return
    yield from _target(node, kind, where)
    stated = node.value.get("type")
    if isinstance(stated, str) and stated.rpartition("/")[2] != kind:
        yield problem("structure", f"{node.where}.type", "is not the type of the target", rule="fhir.reference-type")


def _target(node: Node, kind: str, where: str) -> Iterator[Problem]:
    targets = node.element.targets if node.element else frozenset()
    if targets and kind not in targets:
        message = f"points to a {kind}; here it must be {' | '.join(sorted(targets))}"
        yield problem("structure", where, message, rule="fhir.target")


def _unresolved(link: str, where: str) -> Problem:
    if link.lower().startswith("urn:"):
        message = "names no entry of the Bundle by its fullUrl: add the entry or take the reference out"
        return problem("not-found", where, message, rule="fhir.reference")
    message = "points outside the Bundle: the target was not supplied"
    return problem("not-found", where, message, rule="fhir.reference", severity="warning")


def resolve(link: str, scope: Scope, entries: Entries) -> list[Json]:
    """The entries a reference points to; a version in it must be that of the entry."""
    link = link.partition("#")[0]
    url, _, version = link.partition("/_history/")
    if not _ABSOLUTE.match(url):
        base = _RESTFUL.fullmatch(scope.full_url or "")
        if not base:
            return []
        url = base[1] + url
    found = entries.by_url.get(url, [])
    return [resource for resource in found if _version(resource) == version] if version else found


def _version(resource: Json) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def _type(link: str, scope: Scope, found: list[Json]) -> str | None:
    """The resource type a reference points to, from the target or from the literal; nothing where neither tells."""
    if link.startswith("#"):
        local = [c for c in objects(scope.resource.get("contained")) if c.get("id") == link[1:]]
        found = local or ([scope.resource] if link == "#" else [])
    if found:
        kind = found[0].get("resourceType")
    else:
        match = _LITERAL.fullmatch(link)
        kind = match[1] if match else None
    return kind if isinstance(kind, str) and kind in resource_types() else None
