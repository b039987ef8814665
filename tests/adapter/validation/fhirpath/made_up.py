"""Elements made up to call for every invariant: members taken at random, and words that its expressions name."""

import random
import re
from collections.abc import Iterator
from typing import Any

from adapter.validation.facts import PRIMITIVES, Element, resource_types, type_facts
from adapter.validation.fhirpath import Here
from mappings.fhir.wire import ExactDecimal, Json
from tests.adapter.validation.fhirpath.expressions import Met, nothing, published

_WORD = re.compile(r"'([^'\\]{1,60})'")
_NUMBERS = ("integer", "positiveInt", "unsignedInt")
_PLAIN: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "decimal": (ExactDecimal("1.50"), ExactDecimal("-0.5"), 3, ExactDecimal("100.01")),
    "date": ("2020-02-03", "2021-01-01"),
    # Of one precision and offset: the oracle compares the dateTimes of elements as text.
    "dateTime": ("2020-02-03T09:00:00Z", "2020-02-03T10:00:00Z", "2020-02-04T09:30:00Z"),
    "instant": ("2020-02-03T10:00:00Z", "2020-02-03T11:00:00Z"),
    "time": ("10:00:00", "11:00:00"),
    "xhtml": ('<div xmlns="http://www.w3.org/1999/xhtml">x</div>',),
    "base64Binary": ("eA==",),
}
_TEXTS = ("x", "A", "y.z", "Extension.url", "#a", "#", "2", "http://example.org/a")


class Maker:
    """Makes elements of a kind, the same ones from the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words: tuple[str, ...] = ()

    def element(self, kind: str) -> Met:
        """One element with the resource it is asked in."""
        texts = (expression for _, expression in sorted(published().get(kind, ())))
        self._words = tuple(word for text in texts for word in _WORD.findall(text))
        value = self._object(kind, 3)
        root = value if "resourceType" in value else self._object("Observation", 2)
        return Met(kind, value, None, Here(root, root, nothing))

    def _object(self, kind: str, depth: int) -> Json:
        made: Json = {"resourceType": kind} if kind in resource_types() else {}
        asked = " ".join(expression for _, expression in published().get(kind, ()))
        groups: dict[str, list[Element]] = {}
        for element in type_facts(kind).elements.values():
            groups.setdefault(element.group, []).append(element)
        for group, members in groups.items():
            wanted = 0.6 if re.search(rf"\b{group.removesuffix('[x]')}\b", asked) else 0.1
            if self._random.random() < wanted:
                element = self._random.choice(members)
                if element.kind in PRIMITIVES or depth:
                    made.update(self._member(element, depth))
        return made

    def _member(self, element: Element, depth: int) -> Json:
        values = [self._value(element.kind, depth - 1) for _ in range(self._random.choice((1, 1, 2, 3)))]
        values = [value for value in values if value != {}]
        if not values:
            return {}
        return {element.name: values if element.max is None else values[0]}

    def _value(self, kind: str, depth: int) -> Any:
        if kind == "Resource":
            return self._object(self._random.choice(("Patient", "Composition", "Practitioner")), depth)
        if kind not in PRIMITIVES:
            return self._object(kind, depth) if depth >= 0 else {}
        if kind in _NUMBERS:
            return self._random.choice((0, 1, 2, 5))
        return self._random.choice(_PLAIN.get(kind, (*self._words, *_TEXTS)))


def made_up(count: int, seed: int = 4) -> Iterator[Met]:
    """So many elements of each kind that has an invariant."""
    maker = Maker(seed)
    for kind in sorted(published()):
        if kind not in PRIMITIVES and kind != "Resource":
            for _ in range(count):
                yield maker.element(kind)
