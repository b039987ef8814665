"""Functions that FHIR adds to FHIRPath (https://hl7.org/fhir/R4/fhirpath.html#functions), and types, as code."""

from collections.abc import Callable
from typing import Any

from adapter.validation import narrative
from adapter.validation.fhirpath.closures import Code, Frame, Here, Items, Make, This, of_items, of_truth, string
from adapter.validation.fhirpath.values import (
    Value,
    has_value,
    is_exactly,
    is_of,
    named,
    resource_kind,
    step,
)
from mappings.fhir.wire import Json


def is_type(source: Code, name: str) -> Code:
    """`is`: of the one value; of several false, of none nothing."""
    known: dict[str, bool] = {}

    def truth(this: This, frame: Frame) -> bool | None:
        values = source.items(this, frame)
        if not values:
            return None
        kind = values[0][2]
        answer = known.get(kind)
        if answer is None:
            known[kind] = answer = is_of(kind, name)
        return answer and len(values) == 1

    return of_truth(truth)


def of_type(source: Code, name: str) -> Code:
    """`as` and `ofType`: the values of the type (HL7's engine lets `as` have several)."""
    known: dict[str, bool] = {}

    def items(this: This, frame: Frame) -> list[Value]:
        made = []
        for value in source.items(this, frame):
            kind = value[2]
            answer = known.get(kind)
            if answer is None:
                known[kind] = answer = is_exactly(kind, name)
            if answer:
                made.append(value)
        return made

    return of_items(items)


def _has_value(source: Code, _: list[Code]) -> Code:
    def truth(this: This, frame: Frame) -> bool:
        values = source.items(this, frame)
        return len(values) == 1 and has_value(values[0])

    return of_truth(truth)


def _get_value(source: Code, _: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        values = source.items(this, frame)
        return values if len(values) == 1 and has_value(values[0]) else []

    return of_items(items)


def _extension(source: Code, arguments: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        url = string(arguments[0].items(this, frame))
        found: list[Value] = []
        for value in source.items(this, frame):
            for name in ("extension", "modifierExtension"):
                named(step(value[2], name), value, found)
        return [one for one in found if one[0].get("url") == url and url is not None]

    return of_items(items)


def resolved(link: str, here: Here) -> Json | None:
    """The resource that a reference leads to, a contained one or the container (`#`) included."""
    if link == "#":
        return here.root
    if link.startswith("#"):
        contained = here.root.get("contained") if isinstance(here.root, dict) else None
        for one in contained if isinstance(contained, list) else ():
            if isinstance(one, dict) and one.get("id") == link[1:]:
                return one
        return None
    return here.resolve(link)


def _resolve(source: Code, _: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        made: list[Value] = []
        for data, _, _ in source.items(this, frame):
            link = data.get("reference") if isinstance(data, dict) else data
            found = resolved(link, frame.here) if isinstance(link, str) else None
            if isinstance(found, dict):
                made.append((found, None, resource_kind(found)))
        return made

    return of_items(items)


def _html(fault: str) -> Make:
    """txt-1 (`htmlChecks`) or txt-2 (`htmlChecks2`) of a narrative."""

    def make(source: Code, _: list[Code]) -> Code:
        def truth(this: This, frame: Frame) -> bool:
            div = string(source.items(this, frame))
            if div is None:
                return False
            found = narrative.check(div)
            return found is None or found[0] != fault

        return of_truth(truth)

    return make


def constants(name: str) -> str | None:
    """The text of a variable that stands for an address."""
    known = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org"}
    if name in known:
        return known[name]
    base = {"vs-": "ValueSet/", "cs-": "", "ext-": "StructureDefinition/"}
    for mark, folder in base.items():
        if name.startswith(mark):
            return f"http://hl7.org/fhir/{folder}{name[len(mark) :]}"
    return None


def _extended(_: This, frame: Frame) -> list[Value]:
    extension = frame.here.extension
    return [(extension, None, "Extension")] if isinstance(extension, dict) else []


def _place(read: Callable[[Frame], Any]) -> Items:
    def items(_: This, frame: Frame) -> list[Value]:
        data = read(frame)
        return [(data, None, resource_kind(data))] if isinstance(data, dict) else []

    return items


VARIABLES: dict[str, Items] = {
    "$this": lambda this, _: [this] if this is not None else [],
    "$index": lambda _, frame: [(frame.index, None, "System.Integer")],
    "$total": lambda _, frame: frame.total,
    "%context": lambda _, frame: [frame.context],
    "%resource": _place(lambda frame: frame.here.resource),
    "%rootResource": _place(lambda frame: frame.here.root),
    "%extension": _extended,
}

FUNCTIONS: dict[str, tuple[int, int, Make]] = {
    "hasValue": (0, 0, _has_value),
    "getValue": (0, 0, _get_value),
    "extension": (1, 1, _extension),
    "resolve": (0, 0, _resolve),
    "htmlChecks": (0, 0, _html("txt-1")),
    "htmlChecks2": (0, 0, _html("txt-2")),
}
