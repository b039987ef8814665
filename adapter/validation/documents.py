"""Rules on what a document's Bundle holds (https://hl7.org/fhir/R4/documents.html#content)."""

from collections.abc import Iterable, Iterator

from adapter.validation.places import Finding
from adapter.validation.structure import Node, Scope
from adapter.validation.world import World

RULE = "fhir.document"
TYPE = "document"
# What a Composition points to by these must be in the document.
WITHIN = frozenset(("subject", "encounter", "author", "party", "custodian", "detail", "focus", "entry"))


def check(nodes: Iterable[Node], world: World) -> Iterator[Finding]:
    """Yield the entries of documents that nothing ties to their Composition."""
    documents = [each for each in world.scopes.values() if each.kind == "Bundle" and each.resource.get("type") == TYPE]
    if not documents:
        return
    links = _links(nodes, world)
    held: dict[int, list[Scope]] = {}
    for scope in world.scopes.values():
        if scope.bundle is not None and scope.outer is None:
            held.setdefault(id(scope.bundle), []).append(scope)
    for document in documents:
        yield from _untied(held.get(id(document), []), links)


def _untied(entries: list[Scope], links: dict[int, list[Scope]]) -> Iterator[Finding]:
    forward = _reached(links, entries[:1])
    ties: dict[int, list[Scope]] = {id(scope): list(links.get(id(scope), [])) for scope in entries}
    for scope in entries:
        for target in links.get(id(scope), []):
            ties.setdefault(id(target), []).append(scope)
    tied = _reached(ties, entries[:1])
    for scope in entries[1:]:
        place = scope.place[0] if isinstance(scope.place, tuple) else scope.place
        if id(scope) not in tied:
            message = "is tied to the Composition by no reference, in either direction: refer to it or take it out"
            yield Finding("structure", place, message, RULE)
        elif id(scope) not in forward and scope.kind != "Provenance":
            message = "is reached from the Composition only against the direction of a reference: refer to it"
            yield Finding("structure", place, message, RULE, "warning")


def must_be_in(node: Node, world: World) -> bool:
    """Whether a document must hold what this Reference of its Composition points to."""
    if node.scope.kind != "Composition" or node.scope.outer is not None or node.element is None:
        return False
    entries = world.entries(node.scope)
    named = node.element.name in WITHIN and node.owner is not None and node.owner.kind.startswith("Composition")
    return entries is not None and entries.kind == TYPE and named


def _links(nodes: Iterable[Node], world: World) -> dict[int, list[Scope]]:
    """The resources that each resource (with what it contains) points to in its Bundle."""
    found: dict[int, list[Scope]] = {}
    for node in nodes:
        if node.kind == "Reference":
            link = node.value.get("reference")
            if isinstance(link, str) and link[:1] not in ("", "#"):
                found.setdefault(id(node.scope.root), []).extend(world.resolve(link, node.scope))
    return found


def _reached(links: dict[int, list[Scope]], start: list[Scope]) -> set[int]:
    reached = {id(scope) for scope in start}
    queue = list(start)
    while queue:
        for target in links.get(id(queue.pop()), []):
            if id(target) not in reached:
                reached.add(id(target))
                queue.append(target)
    return reached
