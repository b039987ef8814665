"""What expressions work on: JSON values with their FHIR type, and how to get from one to its children.

A value is `(value, extra, kind)`: the JSON value, for a primitive the object of its id and extensions (`_name`) or
None, and the type: an R4 type, the path of a backbone element, or a System type for what an expression has made.
JSON of the wrong shape is passed over: the ring of structure reports it.
"""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from adapter.validation.facts import PRIMITIVES, resource_types, type_facts

Value: TypeAlias = tuple[Any, Any, str]

TRUE: Value = (True, None, "System.Boolean")
FALSE: Value = (False, None, "System.Boolean")
MOMENTS = frozenset({"date", "dateTime", "instant", "System.Date", "System.DateTime"})
TIMES = frozenset({"time", "System.Time"})
QUANTITIES = frozenset({"Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration", "System.Quantity"})
_PRIMITIVE_BASES = {
    "string": frozenset({"code", "id", "markdown"}),
    "uri": frozenset({"url", "canonical", "oid", "uuid"}),
    "integer": frozenset({"unsignedInt", "positiveInt"}),
}
_NO_DOMAIN = frozenset({"Bundle", "Binary", "Parameters"})
_SYSTEM_TYPES = frozenset({"Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"})


class Step(NamedTuple):
    """Where a named child stands in the JSON of a kind.

    Attributes:
        name: JSON property.
        shadow: property of its id and extensions, for a primitive; empty for a complex type.
        kind: its type.
        choices: for `value[x]`, the steps of all properties, shadows included, in place of the rest.
    """

    name: str
    shadow: str
    kind: str
    choices: "Mapping[str, Step] | None" = None


_NOWHERE = Step("", "", "", {})


@functools.cache
def steps(kind: str) -> Mapping[str, Step]:
    """All children of a kind, by JSON property, shadows included."""
    if kind in PRIMITIVES:
        kind = "Element"
    made: dict[str, Step] = {}
    try:
        elements = type_facts(kind).elements
    except KeyError:
        return made
    for element in elements.values():
        shadow = f"_{element.name}" if element.kind in PRIMITIVES else ""
        step = Step(element.name, shadow, element.kind)
        made[element.name] = step
        if shadow:
            made[shadow] = step
    return made


@functools.cache
def step(kind: str, name: str) -> Step:
    """The child of a kind that a FHIRPath step names; a choice also by its JSON property, as HL7's engine has it."""
    known = steps(kind)
    found = known.get(name)
    if found is not None and found.name == name:
        return found
    try:
        elements = type_facts(kind).elements
    except KeyError:
        return _NOWHERE
    names = {element.name for element in elements.values() if element.group == f"{name}[x]"}
    choices = {key: one for key, one in known.items() if one.name in names}
    return Step(name, "", "", choices) if choices else _NOWHERE


def children(value: Value, made: list[Value]) -> None:
    """Append all children."""
    data = value[0]
    if type(data) is not dict:
        data = value[1]
        if type(data) is not dict:
            return
    known = steps(value[2])
    for key in data:
        found = known.get(key)
        if found is not None:
            _one(found, key, data, made)


def named(found: Step, value: Value, made: list[Value]) -> None:
    """Append the children that a step finds in a value."""
    data = value[0]
    if type(data) is not dict:
        data = value[1]
        if type(data) is not dict:
            return
    if found.choices is None:
        _one(found, found.name, data, made)
        return
    for key in data:
        one = found.choices.get(key)
        if one is not None:
            _one(one, key, data, made)


def _one(found: Step, key: str, data: Mapping[str, Any], made: list[Value]) -> None:
    """Append what stands under one property; a shadow is passed over where its property is there too."""
    name, shadow, kind, _ = found
    got = data.get(name)
    if shadow:
        if key is not name and key != name and name in data:
            return
        extra = data.get(shadow)
        if extra is None and got.__class__ in _SCALARS:
            made.append((got, None, kind))
        elif got is not None or extra is not None:
            _primitives(got, extra, kind, made)
    elif type(got) is dict:
        if got:
            made.append((got, None, kind if kind != "Resource" else resource_kind(got)))
    elif type(got) is list:
        for item in got:
            if type(item) is dict and item:
                made.append((item, None, kind if kind != "Resource" else resource_kind(item)))


_SCALARS = frozenset({str, int, bool})


def _primitives(got: Any, extra: Any, kind: str, made: list[Value]) -> None:
    values = got if type(got) is list else [got]
    extras = extra if type(extra) is list else [extra]
    for index in range(max(len(values), len(extras))):
        value = values[index] if index < len(values) else None
        other = extras[index] if index < len(extras) else None
        if type(value) in (dict, list):
            value = None
        if type(other) is not dict or not other:
            other = None
        if value is not None or other is not None:
            made.append((value, other, kind))


def resource_kind(data: Mapping[str, Any]) -> str:
    """The type a resource says it has, `Resource` where it says none of R4."""
    kind = data.get("resourceType")
    return kind if isinstance(kind, str) and kind in resource_types() else "Resource"


def descendants(value: Value) -> list[Value]:
    """All children, their children and so on, level by level."""
    made: list[Value] = []
    children(value, made)
    for one in made:  # grows as it goes
        if type(one[0]) is dict or one[1] is not None:
            children(one, made)
    return made


def has_value(value: Value) -> bool:
    """Whether a primitive has a value and not extensions only."""
    data = value[0]
    return data is not None and data != "" and type(data) is not dict


def is_exactly(kind: str, name: str) -> bool:
    """Whether `as` and `ofType` take the kind for the type: subtypes of complex types and resources, not of primitives.

    HL7's engine has it so: `as(uri)` is not said of a canonical. A System type is said of what the expression has made
    itself and never of an element, `DateTime` not of a dateTime: us-core-1 is satisfied by any date.
    """
    space, _, bare = name.rpartition(".")
    if kind.startswith("System."):
        return space != "FHIR" and kind[7:] == bare
    return space != "System" and (kind == bare or _inherits(kind, bare))


def is_of(kind: str, name: str) -> bool:
    """Whether `is` takes the kind for the type: the type itself, or one derived from it."""
    space, _, bare = name.rpartition(".")
    return is_exactly(kind, name) or (space != "System" and kind in _PRIMITIVE_BASES.get(bare, ()))


def _inherits(kind: str, name: str) -> bool:
    if kind in resource_types():
        return name == "Resource" or (name == "DomainResource" and kind not in _NO_DOMAIN)
    if name == "Quantity":
        return kind in QUANTITIES
    if name == "BackboneElement":
        return "." in kind or kind in ("Timing", "Dosage", "ElementDefinition")
    return name == "Element" and kind != "Resource"


def known_type(name: str) -> bool:
    """Whether a type specifier names a type of FHIR R4 or of FHIRPath."""
    space, _, bare = name.rpartition(".")
    if space in ("", "System") and bare in _SYSTEM_TYPES:
        return True
    if space not in ("", "FHIR"):
        return False
    return bare in PRIMITIVES or bool(steps(bare))
