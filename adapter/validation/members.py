"""The elements of a JSON object by their name in a definition, a choice (`value[x]`) in whatever type it is given."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from adapter.validation.facts import PRIMITIVES, Element, resource_types, type_facts
from adapter.validation.places import Place
from mappings.fhir.wire import Json

_NAMED_AS = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
_MANY = 4


class Item(NamedTuple):
    """One value met: what JSON holds beside it where it is a primitive, its type (or backbone path), its place."""

    value: Any
    extra: Any
    kind: str
    place: Place


class Slot(NamedTuple):
    """One JSON property, and the one beside it where it is a primitive."""

    name: str
    beside: str | None
    kind: str
    step: str
    single: bool


class Slots(NamedTuple):
    """The properties in which one element of a definition may be given."""

    every: tuple[Slot, ...]
    by_name: Mapping[str, Slot]
    choice: bool


def shown(kind: str) -> str:
    """The type by the name that JSON and profiles use."""
    return _NAMED_AS.get(kind, kind)


@functools.cache
def _groups(kind: str) -> Mapping[str, Slots]:
    try:
        elements: Iterable[Element] = type_facts(kind).elements.values()
    except KeyError:
        return {}
    found: dict[str, list[Slot]] = {}
    for element in elements:
        beside = f"_{element.name}" if element.kind in PRIMITIVES else None
        slot = Slot(element.name, beside, shown(element.kind), element.step, element.max == 1)
        found.setdefault(element.group, []).append(slot)
        if element.group != element.name:
            found.setdefault(element.name, []).append(slot)
    return {name: _slots(slots, name) for name, slots in found.items()}


def _slots(slots: list[Slot], name: str) -> Slots:
    by_name = {slot.name: slot for slot in slots}
    by_name |= {slot.beside: slot for slot in slots if slot.beside}
    return Slots(tuple(slots), by_name, name.endswith("[x]"))


def slots_of(kind: str, name: str) -> Slots | None:
    """The properties of an element `name` (`value[x]`, `valueQuantity` or `code`) of a type or backbone path.

    FHIRPath's `value` finds the choice too; nothing where the type has no such element.
    """
    groups = _groups("Element" if kind in PRIMITIVES else kind)
    return groups.get(name) or groups.get(f"{name}[x]")


def gather(holder: Json, slots: Slots, place: Place) -> list[Item]:
    """The values of one element; what ring 1 finds to be no FHIR at all is left out."""
    found: list[Item] = []
    every = slots.every
    if len(every) > _MANY:
        every = tuple(dict.fromkeys(slots.by_name[name] for name in holder if name in slots.by_name))
    for slot in every:
        value = holder.get(slot.name)
        extra = holder.get(slot.beside) if slot.beside else None
        if value is None and extra is None:
            continue
        if not slot.single:
            _several(found, slot, value, extra, place)
        elif not isinstance(value, list):
            found.append(Item(value, extra, _kind(slot, value), (place, slot.step, None)))
    return found


def _several(found: list[Item], slot: Slot, value: Any, extra: Any, place: Place) -> None:
    values = value if isinstance(value, list) else ()
    extras = extra if isinstance(extra, list) else ()
    for index in range(max(len(values), len(extras))):
        one = values[index] if index < len(values) else None
        other = extras[index] if index < len(extras) else None
        if one is not None or other is not None:
            found.append(Item(one, other, _kind(slot, one), (place, slot.step, index)))


def _kind(slot: Slot, value: Any) -> str:
    if slot.kind == "Resource" and isinstance(value, dict):
        kind = value.get("resourceType")
        return kind if isinstance(kind, str) and kind in resource_types() else "Resource"
    return slot.kind
