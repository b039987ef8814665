"""Contained resources (https://hl7.org/fhir/R4/references.html#contained): dom-2 to dom-5, ref-1; element ids."""

import re
from collections.abc import Iterable, Iterator

from adapter.validation.invariants import has, objects
from adapter.validation.structure import Node
from mappings.problems import Problem, problem

_WORLD = re.compile(r".*\.(contained\[\d+\]|snapshot|differential)(?=\.)")
_LINKS = ("uri", "url", "canonical")


def check(nodes: Iterable[Node]) -> Iterator[Problem]:
    """Yield what is wrong with contained resources and the references to them."""
    scopes: dict[int, list[Node]] = {}
    for node in nodes:
        scopes.setdefault(id(node.scope), []).append(node)
    for members in scopes.values():
        yield from _scope(members)
        yield from _ids(members)


def _local(node: Node) -> str | None:
    """The `#id` that a node points to, without the mark; nothing where it points elsewhere."""
    link = node.value
    if node.kind == "Reference":
        link = node.value.get("reference")
    elif node.kind not in _LINKS:
        return None
    return link[1:] if isinstance(link, str) and link.startswith("#") else None


def _scope(nodes: list[Node]) -> Iterator[Problem]:
    scope = nodes[0].scope
    contained = scope.resource.get("contained")
    inner = f"{scope.where}.contained"
    known = {c["id"] for c in objects(contained) if isinstance(c.get("id"), str)}
    targets = [(node, local) for node in nodes if (local := _local(node)) is not None]
    for node, local in targets:
        if node.kind == "Reference" and (local not in known if local else not node.where.startswith(inner)):
            message = "points to a contained resource that is not there: add it or take the reference out"
            yield problem("not-found", f"{node.where}.reference", message, rule="ref-1")
    used = {local for _, local in targets}
    upward = tuple(node.where for node, local in targets if local == "")
    for index, resource in enumerate(contained if isinstance(contained, list) else []):
        if not isinstance(resource, dict):
            continue
        where = f"{inner}[{index}]"
        if has(resource, "contained"):
            yield problem("invariant", where, "must not itself contain resources", rule="dom-2")
        own = resource.get("id")
        if not (isinstance(own, str) and own in used) and not any(place.startswith(f"{where}.") for place in upward):
            message = "is not referenced from the resource that contains it: reference it or take it out"
            yield problem("invariant", where, message, rule="dom-3")
        meta = resource.get("meta")
        if isinstance(meta, dict) and has(meta, "versionId", "lastUpdated"):
            yield problem("invariant", where, "is contained, so it must have no versionId or lastUpdated", rule="dom-4")
        if isinstance(meta, dict) and has(meta, "security"):
            yield problem(
                "invariant", where, "is contained, so it must have no security label of its own", rule="dom-5"
            )


def _ids(nodes: list[Node]) -> Iterator[Problem]:
    """Element ids are unique within a resource (R4, element.html#id), within each view of a StructureDefinition."""
    seen: set[tuple[str, str]] = set()
    for node in nodes:
        if node.element is None or node.element.name != "id" or node.kind != "string":
            continue
        world = _WORLD.match(node.where)
        mark = (world[0] if world else "", node.value)
        if mark in seen:
            message = "is used twice in the resource: make it unique"
            yield problem("duplicate", node.where, message, rule="fhir.element-id")
        seen.add(mark)
