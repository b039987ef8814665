"""Rings 3 and 4: what a Reference may point to, and whether it resolves inside its Bundle.

A `urn:uuid:` that does not resolve is an error, as nobody could ever resolve it; another target may exist where the
Bundle came from, so its absence is a warning. What a profile asks of targets is in `targets`.
"""

from collections.abc import Iterable, Iterator

from adapter.validation import documents
from adapter.validation.facts import resource_types
from adapter.validation.places import Finding
from adapter.validation.resolving import ABSOLUTE, CONDITIONAL, said_type
from adapter.validation.structure import Node
from adapter.validation.world import World

RULE = "fhir.reference"


def check(nodes: Iterable[Node], world: World) -> Iterator[Finding]:
    """Yield what is wrong with references, and in a Bundle with those that lead nowhere."""
    for node in nodes:
        if node.kind == "Reference":
            link = node.value.get("reference")
            if isinstance(link, str) and link:
                yield from _reference(node, link, world)
            elif isinstance(stated := node.value.get("type"), str) and stated in resource_types():
                yield from _target(node, stated)
        elif node.kind == "url" and node.value[:9] == "urn:uuid:":
            entries = world.entries(node.scope)
            if entries and node.value not in entries.by_url:
                message = "names no entry of the Bundle by its fullUrl: add the entry"
                yield Finding("not-found", node.place, message, RULE)


def _reference(node: Node, link: str, world: World) -> Iterator[Finding]:
    if link.split() != [link]:
        yield Finding("value", node.place, "is not a reference: it holds blanks, take them out", RULE)
        return
    found = world.resolve(link, node.scope)
    here = link.startswith("#")
    entries = None if here else world.entries(node.scope)
    conditional = bool(CONDITIONAL.fullmatch(link))
    if entries and not (entries.conditional and conditional):
        if not found:
            yield _unresolved(node, link, world)
        elif len(found) > 1:
            yield Finding("multiple-matches", node.place, "fits several entries: name the version", RULE)
    kind = found[0].kind if found else None if here else said_type(link)
    if kind is None:
        if not here and not ABSOLUTE.match(link) and not conditional:
            message = "is not a reference: use Type/id, an absolute URL, urn:uuid:... or #id"
            yield Finding("value", node.place, message, RULE)
        return
    yield from _target(node, kind)
    stated = node.value.get("type")
    if isinstance(stated, str) and stated.rpartition("/")[2] != kind:
        yield Finding("structure", node.place, "names a type that is not that of its target", "fhir.reference-type")


def _target(node: Node, kind: str) -> Iterator[Finding]:
    targets = node.element.targets if node.element else frozenset()
    if targets and kind not in targets:
        message = f"points to a {kind}; here it must be {' | '.join(sorted(targets))}"
        yield Finding("structure", node.place, message, "fhir.target")


def _unresolved(node: Node, link: str, world: World) -> Finding:
    if link.lower().startswith("urn:"):
        message = "names no entry of the Bundle by its fullUrl: add the entry or take the reference out"
        return Finding("not-found", node.place, message, RULE)
    if documents.must_be_in(node, world):
        message = "points outside the document, which must hold what its Composition points to: add the entry"
        return Finding("not-found", node.place, message, RULE)
    message = "points outside the Bundle: the target was not supplied"
    return Finding("not-found", node.place, message, RULE, "warning")
