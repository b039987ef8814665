"""What base FHIR R4 (4.0.1) says of its types: elements, cardinalities, types, required codes, reference targets.

The facts are in definitions.json beside this module, made by `python -m adapter.validation.definitions SOURCE_FOLDER`.
They are read once, when first asked for; a type is unfolded when it is first met.
"""

import functools
import importlib.resources
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

FILE = "definitions.json"
FORMAT = 1
PRIMITIVES = frozenset(
    """
    base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string
    time unsignedInt uri url uuid xhtml
    """.split()  # noqa: SIM905
)
_KIND = re.compile(r"([^,()]+)(?:\(([^)]*)\))?(?:,|$)")
# What SimpleQuantity (a profile on Quantity) adds, sqty-1, is an invariant; its JSON name stays Quantity.
_NAMED_AS = {"SimpleQuantity": "Quantity"}


class Element(msgspec.Struct, frozen=True, kw_only=True):
    """One element as it stands in JSON; a choice `value[x]` is one Element for each of its types.

    Attributes:
        name: JSON property, e.g. `valueQuantity`.
        step: FHIRPath step, e.g. `value.ofType(Quantity)`.
        group: the name in the definition, e.g. `value[x]`.
        kind: primitive or complex type, `Resource`, or the path of a backbone element.
        min, max: cardinality of the group; no max is `*`.
        targets: resource types a Reference may point to; empty is any.
        binding: the value set of a required binding, where its codes are known.
    """

    name: str
    step: str
    group: str
    kind: str
    min: int
    max: int | None
    targets: frozenset[str] = frozenset()
    binding: str | None = None


class TypeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The elements of one type, inherited ones included, by JSON property, and the groups that must be present."""

    elements: Mapping[str, Element]
    required: Mapping[str, tuple[Element, ...]]


@functools.cache
def _facts() -> dict[str, Any]:
    text = importlib.resources.files("adapter.validation").joinpath(FILE).read_text("utf-8")
    facts: dict[str, Any] = json.loads(text)
    if facts["format"] != FORMAT:
        raise ValueError(f"{FILE} has format {facts['format']}, this version reads {FORMAT}: make it again")
    return facts


@functools.cache
def resource_types() -> frozenset[str]:
    """The concrete resource types of R4."""
    return frozenset(_facts()["resources"])


@functools.cache
def codes(value_set: str) -> frozenset[str]:
    """The codes of a required value set, whatever their system."""
    return frozenset(code for codes in _facts()["codes"][value_set].values() for code in codes)


@functools.cache
def codings(value_set: str) -> frozenset[tuple[str, str]]:
    """The (system, code) pairs of a required value set."""
    return frozenset((system, code) for system, codes in _facts()["codes"][value_set].items() for code in codes)


@functools.cache
def listing(value_set: str) -> str:
    """The codes of a short value set for a message, empty for a long one."""
    names = [code for codes in _facts()["codes"][value_set].values() for code in codes]
    return " | ".join(names) if len(names) <= 20 else ""


@functools.cache
def element_names() -> frozenset[str]:
    """Every element name of R4: what may be shown of an unexpected property without showing data."""
    return frozenset(name for kind in _facts()["types"] for name in type_facts(kind).elements)


@functools.cache
def type_facts(kind: str) -> TypeFacts:
    """The elements of a type or backbone path.

    Raises:
        KeyError: no such type.
    """
    if kind in _NAMED_AS:
        return type_facts(_NAMED_AS[kind])
    base, own = _facts()["types"][kind]
    elements = dict(type_facts(base).elements) if base else {}
    for name, fact in own.items():
        elements.update({element.name: element for element in _elements(name, fact)})
    groups: dict[str, list[Element]] = {}
    for element in elements.values():
        if element.min:
            groups.setdefault(element.group, []).append(element)
    return TypeFacts(elements=elements, required={group: tuple(members) for group, members in groups.items()})


def _elements(group: str, fact: str) -> list[Element]:
    cardinality, _, rest = fact.partition(" ")
    kinds, _, value_set = rest.partition(" = ")
    low, _, high = cardinality.partition("..")
    stem = group.removesuffix("[x]")
    made = []
    for match in _KIND.finditer(kinds):
        kind, targets = match[1], match[2]
        shown = _NAMED_AS.get(kind, kind)
        chosen = stem != group
        made.append(
            Element(
                name=stem + shown[0].upper() + shown[1:] if chosen else group,
                step=f"{stem}.ofType({shown})" if chosen else group,
                group=group,
                kind=kind,
                min=int(low),
                max=None if high == "*" else int(high),
                targets=frozenset(targets.split("|")) if targets else frozenset(),
                binding=value_set if value_set in _facts()["codes"] else None,
            )
        )
    return made
