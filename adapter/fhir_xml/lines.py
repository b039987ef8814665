"""The lines of the XML elements that FHIRPaths name."""

import re
from collections.abc import Iterable

from adapter.fhir_xml.divs import Node

_STEP = re.compile(r"([A-Za-z]\w*)(?::[^.\[(]*)?(?:\.ofType\((\w+)\))?(?:\[(\d+)\])?")


def steps(where: str) -> list[tuple[str, str, int]]:
    """The steps of a place below its root: (name, JSON property where a choice says its type, index or -1)."""
    found = []
    for step in _STEP.finditer(where.partition(" ")[0]):
        name, kind = step[1], step[2] or ""
        found.append((name, name + kind[:1].upper() + kind[1:], -1 if step[3] is None else int(step[3])))
    return found[1:]


def lines_of(root: Node, places: Iterable[str]) -> dict[str, int]:
    """The line of the element at each place; of the nearest around it where it is missing."""
    named: dict[Node, dict[str, list[Node]]] = {}
    return {place: int(_node(root, place, named).sourceline or 1) for place in places}


def _node(root: Node, where: str, named: dict[Node, dict[str, list[Node]]]) -> Node:
    """The element at a place; `named` remembers what has been looked through."""
    node = root
    for name, chosen, index in steps(where):
        if node not in named:
            named[node] = _by_name(node)
        fitting = named[node].get(chosen) or named[node].get(name, [])
        if index >= len(fitting) or not fitting:
            break
        node = fitting[max(index, 0)]
    return node


def _by_name(node: Node) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for child in _inside(node):
        found.setdefault(_local(child), []).append(child)
    return found


def _inside(node: Node) -> list[Node]:
    """The elements of a node; `contained` and `resource` hold a resource, whose elements they are."""
    below = [child for child in node if isinstance(child.tag, str)]
    holds = _local(node) in ("contained", "resource") and len(below) == 1 and _local(below[0])[:1].isupper()
    return [child for child in below[0] if isinstance(child.tag, str)] if holds else below


def _local(node: Node) -> str:
    return str(node.tag).rpartition("}")[2]
