"""The line of an XML element that a FHIRPath names."""

import re

from adapter.fhir_xml.divs import Node

_STEP = re.compile(r"([A-Za-z]\w*)(?::[^.\[(]*)?(?:\.ofType\((\w+)\))?(?:\[(\d+)\])?")


def steps(where: str) -> list[tuple[str, str, int]]:
    """The steps of a place below its root: (name, JSON property where a choice says its type, index or -1)."""
    found = []
    for step in _STEP.finditer(where.partition(" ")[0]):
        name, kind = step[1], step[2] or ""
        found.append((name, name + kind[:1].upper() + kind[1:], -1 if step[3] is None else int(step[3])))
    return found[1:]


def line_at(root: Node, where: str) -> int | None:
    """The line of the element at a place; of the nearest around it where it is missing."""
    node = root
    for name, chosen, index in steps(where):
        below = _inside(node)
        fitting = [child for child in below if _local(child) in (name, chosen)]
        if index >= len(fitting) or not fitting:
            break
        node = fitting[max(index, 0)]
    line = node.sourceline
    return int(line) if line is not None else None


def _inside(node: Node) -> list[Node]:
    """The elements of a node; `contained` and `resource` hold a resource, whose elements they are."""
    below = [child for child in node if isinstance(child.tag, str)]
    holds = _local(node) in ("contained", "resource") and len(below) == 1 and _local(below[0])[:1].isupper()
    return [child for child in below[0] if isinstance(child.tag, str)] if holds else below


def _local(node: Node) -> str:
    return str(node.tag).rpartition("}")[2]
