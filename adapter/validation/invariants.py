"""Ring 7: the invariants of R4, from its definitions, as FHIRPath compiled to Python; and a few that R4 says in prose.

Not here: the Bundle rules (bdl-*), in `bundles`; those on contained resources (dom-2 to dom-5, ref-1), in `contained`;
txt-1, txt-2 and ele-1, in ring 1. All of them place what they find better, or find it in one pass.
"""

import base64
import binascii
import functools
import hashlib
from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from adapter.validation.facts import type_facts
from adapter.validation.fhirpath import EXHAUSTED, Exhausted, Here, UnsupportedExpression, compiled
from adapter.validation.model import Constraint
from adapter.validation.places import Finding
from adapter.validation.resolving import ABSOLUTE
from adapter.validation.structure import Node, Scope
from adapter.validation.texts import text_of
from adapter.validation.world import World
from mappings.fhir.wire import Json
from mappings.problems import Severity

# dom-6 (a narrative should be there) is best practice: HL7's validator says it only when asked to.
_ELSEWHERE = frozenset(("dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "ref-1", "ele-1", "txt-1", "txt-2"))
_URIS = "urn:ietf:rfc:3986"


class Rule(NamedTuple):
    """One invariant: its id, whether it holds, what to do where it does not; `prose`: said by R4 in words alone."""

    id: str
    holds: Callable[[Any, Any, Here], bool]
    message: str
    severity: Severity = "error"
    prose: bool = False


def check(nodes: Iterable[Node], world: World, garbled: Container[int] = ()) -> list[Finding]:
    """One Finding for each invariant that an element breaks; none of the objects `garbled` by a value that is none."""
    found: list[Finding] = []
    scope: Scope | None = None
    here: Any = None
    for node in nodes:
        element = node.element
        rules = of_kind(node.kind)
        if element is not None and element.constraints:
            rules = (*rules, *_of_element(element.constraints, node.kind))
        if not rules:
            continue
        if node.scope is not scope:
            scope, here = node.scope, world.here(node.scope)
        for rule in rules:
            try:
                if rule.holds(node.value, node.extra, here):
                    continue
            except Exhausted:
                found.append(Finding("too-costly", node.place, EXHAUSTED, rule.id, "warning"))
                continue
            if rule.prose or id(node.value) not in garbled:
                found.append(Finding("invariant", node.place, rule.message, rule.id, rule.severity))
    return found


@functools.cache
def of_kind(kind: str) -> tuple[Rule, ...]:
    """The invariants of a type or backbone path, inherited ones too."""
    try:
        constraints = type_facts(kind).constraints
    except KeyError:  # a primitive
        constraints = ()
    return (*PROSE.get(kind, ()), *_of_element(constraints, kind))


@functools.lru_cache(maxsize=2048)
def _of_element(constraints: tuple[Constraint, ...], kind: str) -> tuple[Rule, ...]:
    rules = []
    for constraint in constraints:
        if constraint.key in _ELSEWHERE or constraint.key.startswith("bdl-"):
            continue
        try:
            holds = compiled(constraint.expression, kind, constraint.key)
        except UnsupportedExpression:  # a test says which
            continue
        rules.append(Rule(constraint.key, holds, text_of(constraint), constraint.severity))
    return tuple(rules)


def has(value: Json, *names: str) -> bool:
    """Whether any of the elements exists, be it only by its extension."""
    return any(name in value or f"_{name}" in value for name in names)


def objects(value: Any) -> list[Json]:
    """The JSON objects in what should be a list of them."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _extension(value: Json, _: Any, __: Any) -> bool:
    """ext-1: a value in one of its types, or nested extensions."""
    return has(value, "extension") != any(name.startswith(("value", "_value")) for name in value)


def _reference(value: Json, _: Any, __: Any) -> bool:
    return "reference" in value or has(value, "reference", "identifier", "display", "extension")


def _absolute(value: Json, _: Any, __: Any) -> bool:
    stated = value.get("system")
    return not isinstance(stated, str) or bool(ABSOLUTE.match(stated))


def _uri_identifier(value: Json, _: Any, __: Any) -> bool:
    stated = value.get("value")
    return value.get("system") != _URIS or not isinstance(stated, str) or bool(ABSOLUTE.match(stated))


def _labels(value: Json, _: Any, __: Any) -> bool:
    """Security labels are a set (resource.html#Meta)."""
    labels = [(str(label.get("system")), str(label.get("code"))) for label in objects(value.get("security"))]
    return len(set(labels)) == len(labels)


def _bytes(value: Json) -> bytes | None:
    data = value.get("data")
    try:
        return base64.b64decode("".join(data.split()), validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _size(value: Json, _: Any, __: Any) -> bool:
    size = value.get("size")
    data = _bytes(value) if isinstance(size, int) else None
    return data is None or len(data) == size


def _hash(value: Json, _: Any, __: Any) -> bool:
    stated = value.get("hash")
    data = _bytes(value) if isinstance(stated, str) else None
    if data is None or not isinstance(stated, str):
        return True
    return base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode() == "".join(stated.split())


PROSE: dict[str, tuple[Rule, ...]] = {
    "Extension": (Rule("ext-1", _extension, "must have either a value or nested extensions, and not both"),),
    # R4 says it in prose (references.html); R5 numbered it ref-2.
    "Reference": (Rule("ref-2", _reference, "points to nothing: give a reference, an identifier or a display"),),
    "Meta": (Rule("fhir.meta.security", _labels, "has the same security label twice: keep one", prose=True),),
    "Identifier": (
        Rule("fhir.identifier.system", _absolute, "has a relative system: name it by an absolute URI", prose=True),
        Rule("fhir.identifier.uri", _uri_identifier, f"has the system {_URIS} and a value that is no URI", prose=True),
    ),
    "Attachment": (
        Rule("fhir.attachment.size", _size, "states a size that is not the number of bytes in its data", prose=True),
        Rule("fhir.attachment.hash", _hash, "states a hash that is not the SHA-1 (base64) of its data", prose=True),
    ),
}
