"""Ring 1: is it FHIR R4 at all: element names, cardinalities, JSON types, primitive formats.

Judged by the base R4 definitions alone and not by fhir.resources: that library knows R4B only, coerces what JSON keeps
apart, lets empty and null pass, costs several times the time, and its messages show values.
Walking the resource also yields its nodes, on which the later rings judge.
"""

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from adapter.validation import primitives
from adapter.validation.facts import (
    PRIMITIVES,
    Element,
    TypeFacts,
    element_names,
    resource_types,
    type_facts,
)
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, Severity, problem

# R4 says SHOULD NOT, or only readers mind.
_WARNINGS = frozenset({"fhir.base64-blanks", "fhir.blank"})
_MAX_OBJECTS = 100  # inside one another; real resources have a dozen, and Python follows no more than about 250
_SUGGESTING = 100  # looking for what was meant costs time; past so many problems nobody reads it


class Scope(msgspec.Struct, kw_only=True):
    """One resource that is not contained: what `#id` and relative references inside it start from."""

    where: str
    resource: Json
    full_url: str | None = None


class Node(NamedTuple):
    """One element as met in an instance.

    Attributes:
        where: FHIRPath.
        kind: type, or the path of a backbone element.
        value: the JSON value; an object for complex kinds, a well-formed primitive otherwise.
        element: its definition; none for a resource.
        scope: the resource it stands in.
    """

    where: str
    kind: str
    value: Any
    element: Element | None
    scope: Scope


class Walk:
    """One pass over a resource; fills `problems` and `nodes`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes: list[Node] = []
        self._depth = 0

    def resource(self, value: Any, where: str | None, *, outer: Scope | None = None, full_url: Any = None) -> None:
        """Walk a resource: of its own, or contained in `outer`."""
        kind = value.get("resourceType") if isinstance(value, dict) else None
        known = isinstance(kind, str) and kind in resource_types()
        where = where or (str(kind) if known else "Resource")
        if not isinstance(value, dict):
            self._report("structure", where, "must be a resource, a JSON object", "fhir.json")
        elif not known:
            message = "must name a resource type of FHIR R4"
            self._report("structure", f"{where}.resourceType", message, "fhir.resourceType")
        else:
            url = full_url if isinstance(full_url, str) else None
            scope = outer or Scope(where=where, resource=value, full_url=url)
            self.nodes.append(Node(where, str(kind), value, None, scope))
            self._members(value, str(kind), where, scope)

    def _report(self, code: IssueType, where: str, message: str, rule: str) -> None:
        severity: Severity = "warning" if rule in _WARNINGS else "error"
        self.problems.append(problem(code, where, message, rule=rule, severity=severity))

    def _object(self, value: Any, element: Element, kind: str, where: str, scope: Scope) -> None:
        if not isinstance(value, dict):
            self._report("structure", where, "must be a JSON object", "fhir.json")
        elif not set(value) - {"id"}:
            self._report("invariant", where, "is empty: give it a value or leave it out", "ele-1")
        else:
            if kind != "Element":
                self.nodes.append(Node(where, kind, value, element, scope))
            self._members(value, kind, where, scope)

    def _members(self, value: Json, kind: str, where: str, scope: Scope) -> None:
        if self._depth > _MAX_OBJECTS:
            self._report("too-long", where, f"is nested deeper than {_MAX_OBJECTS} objects", "fhir.json")
            return
        self._depth += 1
        facts = type_facts(kind)
        groups: dict[str, str] = {}
        for position, (name, item) in enumerate(value.items()):
            plain = name[1:] if name[:1] == "_" else name
            element = facts.elements.get(plain)
            if element is None or (plain != name and element.kind not in PRIMITIVES):
                if name != "resourceType" or kind not in resource_types():
                    self._unknown(name, position, facts, where)
                continue
            if groups.setdefault(element.group, plain) != plain:
                stem = element.group.removesuffix("[x]")
                self._report("structure", f"{where}.{stem}", "is given in two types: keep one", "fhir.cardinality")
            if plain == name:
                self._element(element, item, value.get(f"_{name}"), f"{where}.{element.step}", value, scope)
            elif plain not in value:
                self._element(element, None, item, f"{where}.{element.step}", value, scope)
        self._missing(facts, groups, where)
        self._depth -= 1

    def _missing(self, facts: TypeFacts, groups: Mapping[str, str], where: str) -> None:
        for group, members in facts.required.items():
            if group not in groups:
                low = members[0].min
                message = f"is missing: it must be given at least {'once' if low == 1 else f'{low} times'}"
                self._report("required", f"{where}.{group.removesuffix('[x]')}", message, "fhir.cardinality")

    def _unknown(self, name: str, position: int, facts: TypeFacts, where: str) -> None:
        """Report a property that the type has not; its name is shown only where it is one that FHIR knows."""
        plain = name.removeprefix("_")
        place = f"{where}.{plain}" if plain in element_names() else where
        message = f"property {position + 1} of the object is not an element here"
        near = []
        if len(self.problems) < _SUGGESTING:
            near = difflib.get_close_matches(plain[:64], facts.elements, n=1, cutoff=0.75)
        self._report("structure", place, message + (f"; is {near[0]} meant?" if near else ""), "fhir.element")

    def _element(self, element: Element, value: Any, extra: Any, where: str, parent: Json, scope: Scope) -> None:
        if element.max == 1:
            if isinstance(value, list):
                self._report(
                    "structure", where, "must not repeat: give one value, without brackets", "fhir.cardinality"
                )
            elif value is None and extra is None:
                self._report("structure", where, "is null: leave the element out", "fhir.json")
            else:
                self._single(element, value, extra, where, parent, scope)
            return
        if not isinstance(value if value is not None else extra, list):
            self._report("structure", where, "must be a list, even of one value", "fhir.json")
            return
        values = value if isinstance(value, list) else []
        extras = extra if isinstance(extra, list) else []
        count = max(len(values), len(extras))
        if not count or (isinstance(value, list) and not value):
            self._report("structure", where, "is an empty list: leave the element out", "fhir.json")
        if element.max is not None and count > element.max:
            self._report("structure", where, f"is given more than {element.max} times", "fhir.cardinality")
        if element.min > count:
            self._report("required", where, f"is given fewer than {element.min} times", "fhir.cardinality")
        for index in range(count):
            one = values[index] if index < len(values) else None
            other = extras[index] if index < len(extras) else None
            if one is None and other is None:
                self._report("structure", f"{where}[{index}]", "is null: leave the element out", "fhir.json")
            else:
                self._single(element, one, other, f"{where}[{index}]", parent, scope)

    def _single(self, element: Element, value: Any, extra: Any, where: str, parent: Json, scope: Scope) -> None:
        if element.kind in PRIMITIVES:
            self._primitive(element, value, extra, where, scope)
        elif element.kind == "Resource" and element.name == "contained":
            self.resource(value, where, outer=scope)
        elif element.kind == "Resource":
            self.resource(value, where, full_url=parent.get("fullUrl"))
        else:
            self._object(value, element, element.kind, where, scope)

    def _primitive(self, element: Element, value: Any, extra: Any, where: str, scope: Scope) -> None:
        if value is not None:
            found = primitives.check(element.kind, value)
            if found:
                rule, message = found
                code: IssueType = "structure" if rule == "fhir.json" else "invariant" if rule[:3] == "txt" else "value"
                self._report(code, where, message, rule)
            else:
                self.nodes.append(Node(where, element.kind, value, element, scope))
                if element.kind == "base64Binary" and len(value.split(maxsplit=1)) > 1:
                    message = "has blanks inside base64, which many readers refuse: take them out"
                    self._report("value", where, message, "fhir.base64-blanks")
        if extra is not None:
            self._object(extra, element, "Element", where, scope)
