"""What base FHIR R4 (4.0.1) says of its types: elements, cardinalities, types, constraints, bindings, targets.

The facts are in definitions.json beside this module, made by `make definitions`. They are read once, when first asked
for; a type is unfolded when it is first met. Profiles and terminology: `Definitions`, in the same way.
"""

import functools
import importlib.resources
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapter.validation.model import PRIMITIVES as PRIMITIVES
from adapter.validation.model import Binding, Constraint
from adapter.validation.sets import Definitions as Definitions
from adapter.validation.sets import Layer

FILE = "definitions.json"
PROFILES = "profiles.json"
TERMINOLOGY = "terminology.json"
OWN = "own.json"
FORMAT = 2
_KIND = re.compile(r"([^,()]+)(?:\(([^)]*)\))?(?:,|$)")
# A profile on Quantity that counts as a type; its JSON name stays Quantity.
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
        bound: the binding, where it is required or has a largest value set.
        constraints: those on this very element, without those of its type.
    """

    name: str
    step: str
    group: str
    kind: str
    min: int
    max: int | None
    targets: frozenset[str] = frozenset()
    bound: Binding | None = None
    constraints: tuple[Constraint, ...] = ()


class TypeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One type or backbone path, with what it inherits.

    Attributes:
        elements: by JSON property.
        required: the groups that must be present.
        constraints: those of the type itself, nearest first; without ele-1 and ext-1, which ring 1 finds.
    """

    elements: Mapping[str, Element]
    required: Mapping[str, tuple[Element, ...]]
    constraints: tuple[Constraint, ...] = ()


class _Folded(msgspec.Struct, frozen=True, rename="camel"):
    """definitions.json as it stands."""

    format: int
    resources: list[str]
    types: dict[str, tuple[str, dict[str, str], str]]
    constraints: dict[str, tuple[str, Any]]
    element_constraints: dict[str, str]
    type_bindings: dict[str, str]
    value_sets: dict[str, str]


def _read(name: str) -> bytes:
    return importlib.resources.files("adapter.validation").joinpath(name).read_bytes()


@functools.cache
def _facts() -> _Folded:
    folded = msgspec.json.decode(_read(FILE), type=_Folded)
    if folded.format != FORMAT:
        raise ValueError(f"{FILE} has format {folded.format}, this version reads {FORMAT}: make it again")
    return folded


@functools.cache
def packaged() -> Definitions:
    """R4's own profiles and extensions, and the packages we build on or claim."""
    layer = Layer(profiles=lambda: _read(PROFILES), terminology=lambda: _read(TERMINOLOGY))
    return Definitions(layers=(layer,), types=type_facts)


@functools.cache
def definitions() -> Definitions:
    """The built-in set: `packaged`, and our own package over it."""
    return packaged().over(lambda: _read(OWN))


@functools.cache
def resource_types() -> frozenset[str]:
    """The concrete resource types of R4."""
    return frozenset(_facts().resources)


@functools.cache
def element_names() -> frozenset[str]:
    """Every element name of R4: what may be shown of an unexpected property without showing data."""
    return frozenset(name for kind in _facts().types for name in type_facts(kind).elements)


@functools.cache
def type_facts(kind: str) -> TypeFacts:
    """The elements of a type or backbone path.

    Raises:
        KeyError: no such type.
    """
    return _unfold(_facts(), kind, type_facts)


def reader(folded: Any) -> Callable[[str], TypeFacts]:
    """Types that are not the built-in ones: `folded` is the content of a definitions.json."""
    facts = msgspec.convert(folded, type=_Folded)

    @functools.cache
    def read(kind: str) -> TypeFacts:
        return _unfold(facts, kind, read)

    return read


def _unfold(facts: _Folded, kind: str, types: Callable[[str], TypeFacts]) -> TypeFacts:
    base, own, keys = facts.types[kind]
    inherited = types(base) if base else None
    elements = dict(inherited.elements) if inherited else {}
    for name, fact in own.items():
        elements.update({element.name: element for element in _elements(facts, f"{kind}.{name}", fact)})
    groups: dict[str, list[Element]] = {}
    for element in elements.values():
        if element.min:
            groups.setdefault(element.group, []).append(element)
    return TypeFacts(
        elements=elements,
        required={group: tuple(members) for group, members in groups.items()},
        constraints=_constraints(facts, keys) + (inherited.constraints if inherited else ()),
    )


def _elements(facts: _Folded, path: str, fact: str) -> list[Element]:
    """Unfold a line such as `0..1 Reference(Patient|Group),string = value-set`."""
    cardinality, _, rest = fact.partition(" ")
    kinds, _, said = rest.partition(" ")
    low, _, high = cardinality.partition("..")
    group = path.rpartition(".")[2]
    stem = group.removesuffix("[x]")
    bound = _bound(facts, said)
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
                bound=bound or _bound(facts, facts.type_bindings.get(kind, "")),
                constraints=_constraints(facts, facts.element_constraints.get(path, "")),
            )
        )
    return made


def _bound(facts: _Folded, said: str) -> Binding | None:
    """Read `= set`, or `< largest strength set` for a binding that is not required."""
    if not said:
        return None
    sign, first, *more = said.split(" ")
    urls = [facts.value_sets.get(name, f"http://hl7.org/fhir/ValueSet/{name}") for name in (first, *more[1:])]
    if sign == "=":
        return Binding(value_set=urls[0])
    return msgspec.convert({"value_set": urls[1], "strength": more[0], "most": urls[0]}, type=Binding)


def _constraints(facts: _Folded, keys: str) -> tuple[Constraint, ...]:
    return tuple(
        Constraint(
            key=each.partition("@")[0], expression=facts.constraints[each][0], severity=facts.constraints[each][1]
        )
        for each in keys.split()
    )
