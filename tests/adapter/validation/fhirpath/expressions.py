"""Where the tests find expressions, and the elements to ask them of."""

import functools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from adapter.validation import facts
from adapter.validation.facts import PRIMITIVES, resource_types, type_facts
from adapter.validation.fhirpath import Here
from adapter.validation.model import ProfileNode
from mappings.fhir.wire import Json

ELEMENT = "hasValue() or (children().count() > id.count())"
EXTENSION = "extension.exists() != value.exists()"

Pairs = Mapping[str, frozenset[tuple[str, str]]]


@functools.cache
def published() -> Pairs:
    """(id, expression) of every invariant, by the kind it is asked of: R4's, and those of all profiles at hand."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    kinds, queue = set(resource_types()), sorted(resource_types())
    for kind in queue:  # grows as it goes
        types = type_facts(kind)
        found[kind].update((one.key, one.expression) for one in types.constraints)
        if kind not in resource_types():
            found[kind].add(("ele-1", ELEMENT))
        for element in types.elements.values():
            found[element.kind].update((one.key, one.expression) for one in element.constraints)
            if element.kind not in kinds and element.kind not in PRIMITIVES and element.kind != "Resource":
                kinds.add(element.kind)
                queue.append(element.kind)
    found["Extension"].add(("ext-1", EXTENSION))
    known = facts.definitions()
    for url in sorted(known.profiles()):
        profile = known.profile(url)
        if profile is not None:
            _tree(profile.root, profile.type, found, 0)
    return {kind: frozenset(pairs) for kind, pairs in found.items() if pairs}


def _tree(node: ProfileNode, kind: str, found: dict[str, set[tuple[str, str]]], depth: int) -> None:
    found[kind].update((one.key, one.expression) for one in node.constraints)
    for one in node.slices.values():
        _tree(one, kind, found, depth)
    if kind in PRIMITIVES or kind == "Resource":
        return
    for name, child in node.children.items():
        for element in type_facts(kind).elements.values():
            if element.group == name and depth < 12:
                _tree(child, element.kind, found, depth + 1)


class Met(NamedTuple):
    """An element as met: its type, value, extensions of a primitive, and place."""

    kind: str
    value: Any
    extra: Any
    here: Here


def nothing(_: str) -> None:
    """Nothing is resolved."""


def met(resource: Json, root: Json | None = None) -> Iterator[Met]:
    """Every element of a resource, itself first, those of contained and entered resources too."""
    here = Here(resource, resource if root is None else root, nothing)
    yield from _elements(str(resource["resourceType"]), resource, here)


def _elements(kind: str, value: Json, here: Here) -> Iterator[Met]:
    yield Met(kind, value, None, here)
    for name, element in type_facts(kind).elements.items():
        items = value.get(name)
        shadows = value.get(f"_{name}")
        for index, item in enumerate(items if isinstance(items, list) else [] if items is None else [items]):
            if element.kind in PRIMITIVES:
                extra = shadows[index] if isinstance(shadows, list) else shadows
                yield Met(element.kind, item, extra, here)
            elif element.kind == "Resource":
                yield from met(item, here.root if name == "contained" else None)
            else:
                yield from _elements(element.kind, item, here)
