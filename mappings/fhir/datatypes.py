"""FHIR R4 datatypes to and from the small values of the domain (https://hl7.org/fhir/R4/datatypes.html).

Writers give dictionaries in the order of the FHIR page and never a null. Readers take what they understand of a foreign
resource; what the domain has no place for stays in the carried original.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mappings.domain.values import (
    Code,
    Concept,
    Moment,
    PartialDate,
    Quantity,
    Span,
)
from mappings.fhir.wire import ExactDecimal, Json
from mappings.identity import structure
from mappings.problems import refuse
from mappings.terminology.tables import Table, table

RAW_TIME = structure("raw-time")
"""Extension on a dateTime: the time as the source wrote it, without an offset (a FHIR time needs one)."""

RAW_START = structure("raw-start")
"""Extension on Period.start: a start of another precision than the end, within which the end lies."""

T = TypeVar("T")


class Rule:
    """One line of the mapping table: where a domain field goes in FHIR, and what happens on the way."""

    def __init__(self, domain: str, fhir: str, note: str = "") -> None:
        self.domain = domain
        self.fhir = fhir
        self.note = note

    def __repr__(self) -> str:
        return f"Rule({self.domain!r}, {self.fhir!r}, {self.note!r})"


def compact(members: Json) -> Json:
    """The object without members that are None, empty text, empty list or empty object (FHIR has none of these)."""
    return {key: value for key, value in members.items() if value is not None and value not in ("", [], {}, ())}


def many(write: Callable[[T], Json], values: Iterable[T]) -> list[Json]:
    """Write each."""
    return [write(value) for value in values]


def objects(value: object) -> list[Json]:
    """The objects of a JSON list; anything else is no list of objects."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A JSON string, or None."""
    return value if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """The strings of a JSON list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


# --- dates and times


def moment(element: str, value: Moment | None) -> Json:
    """The members for a dateTime element; for a time without offset the date, with the raw time beside it."""
    if value is None:
        return {}
    if not value.floating:
        return {element: str(value)}
    raw = {"extension": [{"url": RAW_TIME, "valueString": value.time}]}
    return {element: str(value.date), f"_{element}": raw}


def read_moment(resource: Json, element: str) -> Moment | None:
    """The dateTime of an element, with the raw time put back where we had set it aside."""
    value = resource.get(element)
    if not isinstance(value, str):
        return None
    raw = extension(resource.get(f"_{element}"), RAW_TIME)
    joined = f"{value}T{raw['valueString']}" if raw and "valueString" in raw else value
    return valid(Moment, joined, element)


def read_date(resource: Json, element: str) -> PartialDate | None:
    """The date of an element."""
    value = resource.get(element)
    return valid(PartialDate, value, element) if isinstance(value, str) else None


def valid(make: Callable[..., T], *args: Any) -> T:
    """Construct a domain value; the last argument names the place for the Problem where it is not valid."""
    *values, where = args
    try:
        return make(*values)
    except ValueError as error:
        raise refuse("value", where, str(error), rule="fhir.datatype") from None


def construct(make: Callable[..., T], where: str, **fields: Any) -> T:
    """Construct a domain struct from keyword fields; ValueError becomes a Problem at `where`."""
    try:
        return make(**fields)
    except ValueError as error:
        raise refuse("invariant", where, str(error), rule="fhir.reading") from None


def period(value: Span | None) -> Json | None:
    """A Period; a start that cannot be told from the end (2026 to 2026-03) is set aside, as FHIR's per-1 asks for.

    The start and not the end, because a Period without end would say that it goes on.
    """
    if value is None:
        return None
    start, end = moment("start", value.start), moment("end", value.end)
    if start and end and _same_but_vaguer(start["start"], end["end"]):
        start = {"_start": {"extension": [{"url": RAW_START, "valueString": str(value.start)}]}}
    return {**start, **end}


def _same_but_vaguer(start: str, end: str) -> bool:
    """Whether one is the other with less precision: then there is no order between them."""
    shorter = min(len(start), len(end), 10)
    return start[:shorter] == end[:shorter] and start != end and min(len(start), len(end)) <= 10


def read_period(value: object) -> Span | None:
    """A Period as a Span."""
    if not isinstance(value, dict):
        return None
    start, end = read_moment(value, "start"), read_moment(value, "end")
    aside = extension(value.get("_start"), RAW_START)
    if aside and start is None:
        start = valid(Moment, aside.get("valueString"), "Period.start")
    return construct(Span, "Period", start=start, end=end) if start or end else None


# --- codes


def coding(value: Code) -> Json:
    """A Coding."""
    return compact({"system": value.system, "version": value.version, "code": value.code, "display": value.display})


def read_coding(value: object) -> Code | None:
    """A Coding; None without system or code."""
    if not isinstance(value, dict) or not text(value.get("system")) or not text(value.get("code")):
        return None
    return construct(
        Code,
        "Coding",
        system=value["system"],
        code=value["code"],
        display=text(value.get("display")),
        version=text(value.get("version")),
    )


def concept(value: Concept | None) -> Json | None:
    """A CodeableConcept."""
    return compact({"coding": many(coding, value.codes), "text": value.text}) if value else None


def read_concept(value: object) -> Concept | None:
    """A CodeableConcept; None where it holds neither a code with its system nor text."""
    if not isinstance(value, dict):
        return None
    codes = tuple(code for item in objects(value.get("coding")) if (code := read_coding(item)))
    words = text(value.get("text"))
    if not codes and not words:
        words = next((d for item in objects(value.get("coding")) if (d := text(item.get("display")))), None)
    return Concept(codes=codes, text=words) if codes or words else None


def from_table(name: str, value: str | None) -> Json | None:
    """The CodeableConcept a table holds for a value."""
    return None if value is None else concept(table(name).concept(value))


def from_table_list(name: str, value: str | None) -> list[Json]:
    """The same as a list of one (or none)."""
    return [made] if (made := from_table(name, value)) else []


def read_table(name: str, value: object) -> str | None:
    """The table's word for a CodeableConcept, or None."""
    return table(name).value_of(read_concept(value))


def first_of(name: str, values: object) -> str | None:
    """The table's word for the first CodeableConcept of a list that it lists."""
    found = (read_table(name, value) for value in objects(values))
    return next((word for word in found if word is not None), None)


def concept_beside(values: object, known: Table) -> Concept | None:
    """The first CodeableConcept of a list that the table does not list."""
    read = (read_concept(value) for value in objects(values))
    return next((c for c in read if c and known.value_of(c) is None), None)


# --- numbers


def quantity(value: Quantity | None) -> Json | None:
    """A Quantity; the number keeps its digits, the unit code is UCUM."""
    if value is None:
        return None
    return compact(
        {
            "value": ExactDecimal(str(value.value)),
            "comparator": value.comparator,
            "unit": value.unit,
            "system": "http://unitsofmeasure.org" if value.code else None,
            "code": value.code,
        }
    )


def read_quantity(value: object) -> Quantity | None:
    """A Quantity; None without a number."""
    if not isinstance(value, dict) or not isinstance(value.get("value"), (int, ExactDecimal)):
        return None
    ucum = value.get("system") == "http://unitsofmeasure.org"
    return construct(
        Quantity,
        "Quantity",
        value=ExactDecimal(str(value["value"])),
        comparator=text(value.get("comparator")),
        unit=text(value.get("unit")),
        code=text(value.get("code")) if ucum else None,
    )


# --- extensions, annotations


def extension(element: object, url: str) -> Json | None:
    """The first extension of that url on an element or resource, or None."""
    found = objects(element.get("extension")) if isinstance(element, dict) else []
    return next((item for item in found if item.get("url") == url), None)


def extensions(element: object, url: str) -> list[Json]:
    """All extensions of that url."""
    found = objects(element.get("extension")) if isinstance(element, dict) else []
    return [item for item in found if item.get("url") == url]


def note(value: str | None) -> list[Json]:
    """A list of one Annotation (or none)."""
    return [{"text": value}] if value else []


def read_note(values: object) -> str | None:
    """The first Annotation's text."""
    return next((words for item in objects(values) if (words := text(item.get("text")))), None)
