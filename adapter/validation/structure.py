"""Ring 1: is it FHIR R4 at all: element names, cardinalities, JSON types, primitive formats.

Judged by the base R4 definitions alone and not by fhir.resources: that library knows R4B only, coerces what JSON keeps
apart, lets empty and null pass, costs several times the time, and its messages show values.
Walking the resource also yields its nodes, on which the later rings judge.
"""

import difflib
from collections.abc import Mapping
from typing import Any, Optional

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
from adapter.validation.places import Place, render
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, Severity, problem

# R4 says SHOULD NOT, or only readers mind.
_WARNINGS = frozenset({"fhir.base64-blanks", "fhir.blank"})
_MAX_OBJECTS = 100  # inside one another; real resources have a dozen, and Python follows no more than about 250
_ABSENT: Any = object()  # of a member that null would not be
_NAMED = 6  # types of a choice that a message names
_LINKS = frozenset({"url", "canonical", "xhtml"})  # kinds of primitives whose targets later rings look for
_SUGGESTING = 100  # looking for what was meant costs time; past so many problems nobody reads it


class Scope(msgspec.Struct, eq=False):
    """One resource, own or contained: what `#id`, relative references and `%resource` inside it start from.

    Attributes:
        place: where it stands.
        resource: its JSON.
        kind: its type.
        full_url: of the entry that holds it.
        outer: the resource that contains it.
        bundle: the nearest Bundle around it.
    """

    place: Place
    resource: Json
    kind: str
    full_url: str | None = None
    outer: Optional["Scope"] = None
    bundle: Optional["Scope"] = None

    @property
    def where(self) -> str:
        """FHIRPath."""
        return render(self.place)

    @property
    def root(self) -> "Scope":
        """The resource that is not contained."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope


class Node(msgspec.Struct, eq=False):
    """One element as met in an instance.

    Attributes:
        place: where it stands; `where` writes it as FHIRPath.
        kind: type, or the path of a backbone element.
        value: the JSON value; an object for complex kinds, a well-formed primitive otherwise.
        element: its definition; none for a resource.
        scope: the resource it stands in.
        owner: the node it is an element of; none for a resource.
        extra: of a primitive, what JSON holds beside it (`_birthDate`).
    """

    place: Place
    kind: str
    value: Any
    element: Element | None
    scope: Scope
    owner: Optional["Node"] = None
    extra: Any = None

    @property
    def where(self) -> str:
        """FHIRPath; ask for it only where there is something to say."""
        return render(self.place)


class Walk:
    """One pass over a resource; fills `problems`, `nodes`, `scopes`, and the ids of objects with a garbled value.

    Of the primitives only those are among the nodes that a later ring looks at by themselves (`_asked_again`).
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes: list[Node] = []
        self.scopes: list[Scope] = []
        self.garbled: set[int] = set()
        self._depth = 0

    def resource(
        self,
        value: Any,
        place: Place | None,
        *,
        outer: Scope | None = None,
        holder: Scope | None = None,
        url: Any = None,
    ) -> None:
        """Walk a resource: of its own, contained in `outer`, or in an entry (with fullUrl `url`) of `holder`."""
        kind = value.get("resourceType") if isinstance(value, dict) else None
        known = isinstance(kind, str) and kind in resource_types()
        place = place or (str(kind) if known else "Resource")
        if not isinstance(value, dict):
            self._report("structure", place, "must be a resource, a JSON object", "fhir.json")
        elif not known:
            message = "must name a resource type of FHIR R4"
            if not any(name == "resourceType" for name in value) and any(n.lower() == "resourcetype" for n in value):
                message = "is missing: the property is spelled resourceType"
            self._report("structure", (place, "resourceType", None), message, "fhir.resourceType")
        else:
            around = outer.bundle if outer else holder if holder is None or holder.kind == "Bundle" else holder.bundle
            full_url = url if isinstance(url, str) else None
            scope = Scope(place, value, str(kind), full_url, outer, around)
            self.scopes.append(scope)
            node = Node(place, str(kind), value, None, scope)
            self.nodes.append(node)
            self._members(value, node)

    def _report(self, code: IssueType, place: Place, message: str, rule: str) -> None:
        severity: Severity = "warning" if rule in _WARNINGS else "error"
        self.problems.append(problem(code, render(place), message, rule=rule, severity=severity))

    def _members(self, value: Json, owner: Node) -> None:
        """Walk the elements of an object: the value of `owner`, or what JSON holds beside it."""
        if self._depth > _MAX_OBJECTS:
            self._report("too-long", owner.place, f"is nested deeper than {_MAX_OBJECTS} objects", "fhir.json")
            return
        self._depth += 1
        kind = owner.kind if value is owner.value else "Element"
        facts = type_facts(kind)
        elements = facts.elements
        groups: dict[str, str] = {}
        for position, (name, item) in enumerate(value.items()):
            element, extra, plain = elements.get(name), _ABSENT, name
            if element is None:
                plain = name[1:] if name[:1] == "_" else name
                element = elements.get(plain)
                if element is None or element.kind not in PRIMITIVES:
                    if name != "resourceType" or kind not in resource_types():
                        self._unknown(name, position, facts, owner.place)
                    continue
                if plain in value:
                    continue
                item, extra = None, item
            elif element.kind in PRIMITIVES:
                extra = value.get("_" + name, _ABSENT)
            if groups.setdefault(element.group, plain) != plain:
                stem = (owner.place, element.group.removesuffix("[x]"), None)
                self._report("structure", stem, "is given in two types: keep one", "fhir.cardinality")
            extra = None if extra is _ABSENT else self._beside(element, item, extra, owner)
            if element.max == 1:
                self._one(element, item, extra, owner)
            else:
                self._many(element, item, extra, owner)
        if facts.required:
            self._missing(facts, groups, owner.place)
        self._depth -= 1

    def _beside(self, element: Element, value: Any, extra: Any, owner: Node) -> Any:
        """What JSON holds beside a primitive that is given; nothing where it has not the shape it must have."""
        if value is None or not (extra is None or (element.max != 1 and not isinstance(extra, list))):
            return extra
        shape = "object" if element.max == 1 else "list"
        message = f"has beside it (_{element.name}) what is no {shape}: mend it or leave it out"
        self._report("structure", (owner.place, element.step, None), message, "fhir.json")
        return None

    def _missing(self, facts: TypeFacts, groups: Mapping[str, str], place: Place) -> None:
        for group, members in facts.required.items():
            if group not in groups:
                low = members[0].min
                message = f"is missing: it must be given at least {'once' if low == 1 else f'{low} times'}"
                self._report("required", (place, group.removesuffix("[x]"), None), message, "fhir.cardinality")

    def _unknown(self, name: str, position: int, facts: TypeFacts, place: Place) -> None:
        """Report a property that the type has not; its name is shown only where it is one that FHIR knows."""
        plain = name.removeprefix("_")
        near = []
        chosen = [each.name for each in facts.elements.values() if each.group == f"{plain}[x]"]
        if chosen:
            named = " | ".join(chosen[:_NAMED]) + (" ..." if len(chosen) > _NAMED else "")
            message = f"must say in its name which type it has: {named}"
            self._report("structure", (place, plain, None), message, "fhir.element")
            return
        if len(self.problems) < _SUGGESTING:
            near = difflib.get_close_matches(plain[:64], facts.elements, n=1, cutoff=0.75)
        message = f"property {position + 1} of the object is not an element here"
        message += f"; is {near[0]} meant?" if near else ""
        self._report("structure", (place, plain, None) if plain in element_names() else place, message, "fhir.element")

    def _one(self, element: Element, value: Any, extra: Any, owner: Node) -> None:
        place = (owner.place, element.step, None)
        if isinstance(value, list):
            self._report("structure", place, "must not repeat: give one value, without brackets", "fhir.cardinality")
        elif value is None and extra is None:
            self._report("structure", place, "is null: leave the element out", "fhir.json")
        else:
            self._single(element, value, extra, place, owner)

    def _many(self, element: Element, value: Any, extra: Any, owner: Node) -> None:
        place, step = (owner.place, element.step, None), element.step
        if not isinstance(value if value is not None else extra, list):
            self._report("structure", place, "must be a list, even of one value", "fhir.json")
            return
        values = value if isinstance(value, list) else []
        extras = extra if isinstance(extra, list) else []
        count = max(len(values), len(extras))
        if not count or (isinstance(value, list) and not value):
            self._report("structure", place, "is an empty list: leave the element out", "fhir.json")
        if element.max is not None and count > element.max:
            self._report("structure", place, f"is given more than {element.max} times", "fhir.cardinality")
        if element.min > count:
            self._report("required", place, f"is given fewer than {element.min} times", "fhir.cardinality")
        for index in range(count):
            one = values[index] if index < len(values) else None
            other = extras[index] if index < len(extras) else None
            if one is None and other is None:
                at = (owner.place, step, index)
                self._report("structure", at, "is null: leave the element out", "fhir.json")
            else:
                self._single(element, one, other, (owner.place, step, index), owner)

    def _single(self, element: Element, value: Any, extra: Any, place: Place, owner: Node) -> None:
        kind = element.kind
        if kind in PRIMITIVES:
            self._primitive(element, value, extra, place, owner)
        elif kind != "Resource":
            if type(value) is not dict and not isinstance(value, dict):
                self._report("structure", place, "must be a JSON object", "fhir.json")
            elif not value or (len(value) == 1 and "id" in value):
                self._report("invariant", place, "is empty: give it a value or leave it out", "ele-1")
            else:
                node = Node(place, kind, value, element, owner.scope, owner)
                self.nodes.append(node)
                self._members(value, node)
        elif element.name == "contained":
            self.resource(value, place, outer=owner.scope)
        else:
            url = owner.value.get("fullUrl") if isinstance(owner.value, dict) else None
            self.resource(value, place, holder=owner.scope, url=url)

    def _primitive(self, element: Element, value: Any, extra: Any, place: Place, owner: Node) -> None:
        kind = element.kind
        if value is not None:
            found = primitives.check(kind, value)
            if found:
                self.garbled.add(id(owner.value))
                rule, message = found
                code: IssueType = "structure" if rule == "fhir.json" else "invariant" if rule[:3] == "txt" else "value"
                self._report(code, place, message, rule)
            else:
                if _asked_again(element, value):
                    self.nodes.append(Node(place, kind, value, element, owner.scope, owner, extra))
                if kind == "base64Binary" and len(value.split(maxsplit=1)) > 1:
                    message = "has blanks inside base64, which many readers refuse: take them out"
                    self._report("value", place, message, "fhir.base64-blanks")
        elif kind == "code" and element.bound is not None and element.bound.strength == "required":
            message = f"has no code, and one of {element.bound.value_set} is required"
            self._report("code-invalid", place, message, "fhir.binding")
        if extra is None:
            return
        if not isinstance(extra, dict):
            self._report("structure", place, "must be a JSON object", "fhir.json")
        elif not extra or (value is None and len(extra) == 1 and "id" in extra):
            self._report("invariant", place, "is empty: give it a value or leave it out", "ele-1")
        else:
            self._members(extra, Node(place, kind, value, element, owner.scope, owner, extra))


def _asked_again(element: Element, value: Any) -> bool:
    """Whether a later ring looks at a primitive by itself; the others are not kept: a study has tens of thousands."""
    if element.bound is not None or element.constraints:
        return True
    kind = element.kind
    return kind in _LINKS or (kind == "uri" and value[:1] == "#") or (kind == "string" and element.name == "id")
