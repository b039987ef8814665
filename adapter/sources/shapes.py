"""Shapes that R4 has not, in elements that say whose a resource is and what protects it.

A subject that is repeated, a `meta` in a list, a code that is a number: a reader that expects R4 passes them over, and
takes for absent what was said. Where the gate or the identity check reads, what cannot be read stays behind instead.
Identity of a Patient (identifier, name, birth date) is not looked at here: `patient_identity` says what is unreadable.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from adapter.validation.facts import PRIMITIVES, Element, element_names, resource_types, type_facts
from mappings.fhir.carried import SUBJECTS
from mappings.fhir.wire import Json

_READ = frozenset(
    (
        "meta",
        "contained",
        "subject",
        "patient",
        "identifier",
        "masterIdentifier",
        "confidentiality",
        "securityLabel",
        "securityContext",
        "category",
        "type",
        "code",
        "scope",
        "modality",
        "status",
    )
)
_READ_OF = {"DocumentReference": frozenset(("content",)), "ImagingStudy": frozenset(("series",))}
_OF_IDENTITY = frozenset(("identifier", "name", "birthDate"))
_NUMBERS = frozenset(("boolean", "decimal", "integer", "positiveInt", "unsignedInt"))


def unreadable(resource: Json) -> tuple[str, ...]:
    """The places (FHIRPath-like) at which a resource, or one inside it, has a shape that R4 has not; sorted."""
    return tuple(sorted({where for held, where in _resources(resource) for where in _of_resource(held, where)}))


def _resources(resource: Json) -> Iterator[tuple[Json, str]]:
    """The resource and all inside it, each with its place."""
    stack: list[tuple[object, str]] = [(resource, str(resource.get("resourceType")))]
    while stack:
        value, where = stack.pop()
        if isinstance(value, list):
            stack += [(one, f"{where}[{number}]") for number, one in enumerate(value)]
        elif isinstance(value, dict):
            if value.get("resourceType") in resource_types():
                yield value, where
            inner = ((name, one) for name, one in value.items() if isinstance(one, (dict, list)))
            stack += [(one, f"{where}.{name}" if name in element_names() else where) for name, one in inner]


def misshapen(patient: Json, names: Iterable[str]) -> tuple[str, ...]:
    """The places at which these elements of a Patient have a shape that R4 has not."""
    return tuple(_at(patient, "Patient", frozenset(names), "Patient"))


def _of_resource(resource: Json, where: str) -> Iterator[str]:
    kind = str(resource["resourceType"])
    names = _READ | _READ_OF.get(kind, frozenset()) | {path.split(".")[0] for path in SUBJECTS.get(kind, ())}
    yield from _at(resource, kind, names - _OF_IDENTITY if kind == "Patient" else names, where)


def _at(resource: Json, kind: str, names: frozenset[str], where: str) -> Iterator[str]:
    elements = type_facts(kind).elements
    for name in sorted(names & elements.keys() & resource.keys()):
        yield from _wrong(resource[name], elements[name], f"{where}.{name}", strict=name == "meta")


def _wrong(value: Any, element: Element, where: str, *, strict: bool) -> Iterator[str]:
    """The places where a value is repeated and must not be, or the other way round, or of another JSON type."""
    if value is None:
        return
    if isinstance(value, list) != (element.max != 1):
        yield where
        return
    for one in value if isinstance(value, list) else [value]:
        if not _fits(one, element.kind):
            yield where
        elif isinstance(one, dict) and element.kind != "Resource":
            yield from _inside(one, element.kind, where, strict=strict)


def _fits(value: Any, kind: str) -> bool:
    if kind not in PRIMITIVES:
        return isinstance(value, dict)
    return not isinstance(value, (dict, list)) and (value is None or kind in _NUMBERS or isinstance(value, str))


def _inside(value: Json, kind: str, where: str, *, strict: bool) -> Iterator[str]:
    """The places inside an object; `strict` takes an element that R4 does not know for one that cannot be read."""
    elements = type_facts(kind).elements
    for name, inner in value.items():
        element = elements.get(name)
        if element is not None:
            yield from _wrong(inner, element, f"{where}.{name}", strict=strict)
        elif strict and name.removeprefix("_") not in elements:
            yield where
