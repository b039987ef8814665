"""What reader and writer share: where an element of a type stands in XML, and how a primitive is written there."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from adapter.validation.facts import PRIMITIVES, Element, resource_types, type_facts
from mappings.fhir.wire import ExactDecimal, number

FHIR = "http://hl7.org/fhir"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MAX_DEPTH = 100
"""Objects inside one another; validation draws the line there too, and JSON at twice as many lists and objects."""
RULE = "fhir.xml"

_INTEGERS = frozenset(("integer", "unsignedInt", "positiveInt"))
_BOOLEANS = {"true": True, "false": False}


class Form(NamedTuple):
    """How a type stands in XML.

    Attributes:
        elements: by JSON property, those that are XML attributes left out.
        order: JSON property -> place of its group in the definition, in which XML elements must stand.
        attributes: JSON properties that are XML attributes.
    """

    elements: Mapping[str, Element]
    order: Mapping[str, int]
    attributes: frozenset[str]


@functools.cache
def form(kind: str) -> Form:
    """The form of a type, a backbone path or, for what stands on a primitive, `Element`."""
    facts = type_facts(kind).elements
    groups: dict[str, int] = {}
    order = {name: groups.setdefault(element.group, len(groups)) for name, element in facts.items()}
    names = () if kind in resource_types() else ("id", "url") if kind == "Extension" else ("id",)
    elements = {name: element for name, element in facts.items() if name not in names}
    return Form(elements, order, frozenset(names))


def is_primitive(element: Element) -> bool:
    """Whether it has a value of its own (`xhtml`, which is XML itself, has not)."""
    return element.kind in PRIMITIVES and element.kind != "xhtml"


def value_of(kind: str, text: str) -> Any:
    """The JSON value of a primitive; text that is not of its type stays text, for the validator to find."""
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    if kind == "decimal" or kind in _INTEGERS:
        made = number(text)
        return text if made is None else made
    return text


def text_of(kind: str, value: Any) -> str | None:
    """What stands in the attribute `value`; None where XML would be read as something else."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, ExactDecimal):
        text = value.text
    elif isinstance(value, int | str):
        text = str(value)
    else:
        return None
    return text if same(value_of(kind, text), value) else None


def same(one: Any, other: Any) -> bool:
    """Whether two primitives are the same token."""
    if isinstance(one, ExactDecimal) and isinstance(other, ExactDecimal):
        return one.text == other.text
    return type(one) is type(other) and bool(one == other)
