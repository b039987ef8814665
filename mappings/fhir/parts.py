"""What several mappers share: extensions of named parts, and the refusals every reader begins with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from mappings.domain.values import Fact, Moment, PartialDate
from mappings.fhir.datatypes import concept, moment, objects, read_concept, read_date, read_moment, text
from mappings.fhir.wire import Json
from mappings.problems import refuse

T = TypeVar("T")
Kinds = Mapping[str, str]
"""Field of a domain struct -> the kind of its value: Boolean, String, Code, Date, DateTime or CodeableConcept."""


def part(name: str, kind: str, value: Any) -> Json | None:
    """One sub-extension (its url is the field's name with `-`), or None where there is no value."""
    if value is None or value == "":
        return None
    element = f"value{kind}"
    if kind == "CodeableConcept":
        said: Json = {element: concept(value)}
    elif kind == "DateTime":
        said = moment(element, value)
    else:
        said = {element: value if isinstance(value, bool) else str(value)}
    return {"url": name.replace("_", "-"), **said}


def parts(url: str, struct: Fact | None, kinds: Kinds, *more: Json) -> Json | None:
    """The extension of that url with a part for every field that has a value; None where there is nothing to say."""
    if struct is None:
        return None
    made = [p for name, kind in kinds.items() if (p := part(name, kind, getattr(struct, name)))]
    return {"url": url, "extension": [*made, *more]} if made or more else None


def read_parts(found: Json | None, kinds: Kinds, where: str) -> dict[str, Any]:
    """The fields of an extension of named parts; what it does not hold is absent.

    Raises:
        ProblemError: `value`, where a part of ours holds no value of its kind.
    """
    read: dict[str, Any] = {}
    names = {name.replace("_", "-"): name for name in kinds}
    for item in objects(found.get("extension")) if found else []:
        name = names.get(str(item.get("url")))
        if name is None:
            continue
        read[name] = _value(item, kinds[name])
        if read[name] is None:
            raise refuse("value", f"{where}.extension.{name}", f"needs value{kinds[name]}", rule="fhir.extension")
    return read


def _value(item: Json, kind: str) -> Any:
    value = item.get(f"value{kind}")
    if kind == "Boolean":
        return value if isinstance(value, bool) else None
    if kind == "CodeableConcept":
        return read_concept(value)
    if kind == "DateTime":
        return read_moment(item, "valueDateTime")
    if kind == "Date":
        return read_date(item, "valueDate")
    return text(value) or None


def a_date(value: str) -> PartialDate | None:
    """The text as a date, or None where it is none."""
    try:
        return PartialDate(value)
    except ValueError:
        return None


def not_after(first: Moment, second: Moment) -> bool:
    """Whether FHIRPath can tell that `first <= second`, which needs one precision (per-1 of Period, inv-1 of Task)."""
    one, two = (str(m.date) if m.floating else str(m) for m in (first, second))
    if len(one) <= 10 or len(two) <= 10:
        return len(one) == len(two) and one <= two
    try:
        return datetime.fromisoformat(one) <= datetime.fromisoformat(two)
    except ValueError:
        return False


def expect(resource: Json, kind: str, *, in_error: bool = False) -> None:
    """Refuse another type, an entry made in error, and a meaning modified in a way that nothing here understands.

    `in_error`: the domain has a word for an entry made in error, so it is read.

    Raises:
        ProblemError: `structure`, `not-supported` or `extension` (https://hl7.org/fhir/R4/extensibility.html#modifierExtension).
    """
    if resource.get("resourceType") != kind:
        raise refuse("structure", kind, f"is not a {kind}", rule="fhir.reading")
    if resource.get("status") == "entered-in-error" and not in_error:
        raise refuse("not-supported", f"{kind}.status", "was entered in error: nothing is read", rule="fhir.reading")
    if resource.get("modifierExtension"):
        message = "changes the meaning of the resource in a way that is not understood: take it out or map it by hand"
        raise refuse("extension", f"{kind}.modifierExtension", message, rule="fhir.reading")


def required(value: T | None, where: str) -> T:
    """The value.

    Raises:
        ProblemError: `required`, where it is absent.
    """
    if value is None or value == "":
        raise refuse("required", where, "is missing, and there is no second opinion without it", rule="fhir.reading")
    return value
