"""Contained resources (https://hl7.org/fhir/R4/references.html#contained): dom-2 to dom-5, ref-1; element ids."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.validation.invariants import has, objects
from adapter.validation.places import Place, render
from adapter.validation.structure import Node, Scope
from mappings.problems import Problem, problem

_LINKS = frozenset(("uri", "url", "canonical"))
_FRAGMENT = re.compile(r"""\b(?:href|src)\s*=\s*["']#([^"']+)["']""")
_VIEWS = ("snapshot", "differential")
_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)["']""")


def check(nodes: Iterable[Node], scopes: Iterable[Scope]) -> Iterator[Problem]:
    """Yield what is wrong with contained resources, the references to them, and with element ids."""
    links: dict[int, list[tuple[Node, str]]] = {}
    ids: list[Node] = []
    for node in nodes:
        kind = node.kind
        if kind == "Reference" or kind in _LINKS:
            link = node.value.get("reference") if kind == "Reference" else node.value
            if isinstance(link, str) and link[:1] == "#":
                links.setdefault(id(node.scope.root), []).append((node, link[1:]))
        elif kind == "xhtml" and '"#' in node.value.replace("'", '"'):
            links.setdefault(id(node.scope.root), []).extend((node, name) for name in _FRAGMENT.findall(node.value))
        elif kind == "string" and node.element is not None and node.element.name == "id":
            ids.append(node)
    for scope in scopes:
        if scope.outer is None and ("contained" in scope.resource or id(scope) in links):
            yield from _scope(scope, links.get(id(scope), []))
    yield from _ids(ids)


def _scope(scope: Scope, targets: list[tuple[Node, str]]) -> Iterator[Problem]:
    contained = scope.resource.get("contained")
    known = {c["id"] for c in objects(contained) if isinstance(c.get("id"), str)}
    shown = any(node.kind == "xhtml" and local not in known for node, local in targets)
    anchors = _anchors(scope.resource) if shown else frozenset()
    for node, local in targets:
        if node.kind == "Reference" and (local not in known if local else node.scope.outer is None):
            message = "points to a contained resource that is not there: add it or take the reference out"
            yield problem("not-found", node.where, message, rule="ref-1")
        elif node.kind == "xhtml" and local not in known and local not in anchors:
            message = "links to what is not in the resource: a contained resource, or what has this id"
            yield problem("not-found", node.where, message, rule="fhir.narrative-url")
        elif node.kind == "canonical" and local and local not in known:
            message = "names a contained resource that is not there: add it, or name the canonical"
            yield problem("not-found", node.where, message, rule="fhir.contained")
    used = _used(scope, targets)
    seen: set[str] = set()
    for index, resource in enumerate(contained if isinstance(contained, list) else []):
        if not isinstance(resource, dict):
            continue
        where = f"{scope.where}.contained[{index}]"
        if has(resource, "contained"):
            yield problem("invariant", where, "must not itself contain resources", rule="dom-2")
        own = resource.get("id")
        if isinstance(own, str) and own in seen:
            yield problem("duplicate", f"{where}.id", "is the id of another contained resource too", rule="fhir.id")
        seen.add(own if isinstance(own, str) else "")
        if id(resource) not in used:
            message = "is not referenced from the resource that contains it: reference it or take it out"
            yield problem("invariant", where, message, rule="dom-3")
        meta = resource.get("meta")
        if isinstance(meta, dict) and has(meta, "versionId", "lastUpdated"):
            yield problem("invariant", where, "is contained, so it must have no versionId or lastUpdated", rule="dom-4")
        if isinstance(meta, dict) and has(meta, "security"):
            message = "is contained, so it must have no security label of its own"
            yield problem("invariant", where, message, rule="dom-5")


def _anchors(value: Any) -> frozenset[str]:
    """What a narrative may link to: the ids of elements and resources, and those (or names) in narratives."""
    found: set[str] = set()
    queue = [value]
    while queue:
        one = queue.pop()
        if isinstance(one, dict):
            found.update(each for name, each in one.items() if name == "id" and isinstance(each, str))
            div = one.get("div")
            found.update(_ANCHOR.findall(div) if isinstance(div, str) else ())
            queue += one.values()
        elif isinstance(one, list):
            queue += one
    return frozenset(found)


def _used(scope: Scope, targets: list[tuple[Node, str]]) -> set[int]:
    """The contained resources that the container leads to, or that lead to it, with those they lead to."""
    links: dict[int, set[str]] = {}
    for node, local in targets:
        links.setdefault(id(_outermost(node.scope).resource), set()).add(local)
    inner = objects(scope.resource.get("contained"))
    by_id: dict[str, list[int]] = {}
    for resource in inner:
        by_id.setdefault(str(resource.get("id")), []).append(id(resource))
    queue = [id(scope.resource), *(id(resource) for resource in inner if "" in links.get(id(resource), ()))]
    used = set(queue)
    while queue:
        for name in links.pop(queue.pop(), set()):
            found = [each for each in by_id.get(name, ()) if each not in used]
            used.update(found)
            queue += found
    return used


def _outermost(scope: Scope) -> Scope:
    """The resource of `contained` that this scope is, or stands in."""
    while scope.outer is not None and scope.outer.outer is not None:
        scope = scope.outer
    return scope


def _ids(nodes: list[Node]) -> Iterator[Problem]:
    """Element ids are unique within a resource (R4, element.html#id), within each view of a StructureDefinition."""
    seen: set[tuple[Any, ...]] = set()
    for node in nodes:
        mark = (id(node.scope), _view(node.place), node.value)
        if mark in seen:
            message = "is used twice in the resource: make it unique"
            yield problem("duplicate", render(node.place), message, rule="fhir.element-id")
        seen.add(mark)


def _view(place: Place) -> str:
    while type(place) is tuple:
        place, step, _ = place
        if step in _VIEWS:
            return str(step)
    return ""
