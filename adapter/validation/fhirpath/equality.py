"""When two values are equal, equivalent or in order (FHIRPath N1, sections 6.1 and 6.2)."""

import datetime
import re
from decimal import Decimal
from typing import Any

from adapter.validation.fhirpath.values import MOMENTS, QUANTITIES, TIMES, Value


class Failed(Exception):
    """What HL7's engine answers with an exception: the expression has no result, an invariant is not satisfied."""


MOMENT = re.compile(
    r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?)?(?:T(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?(Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_UCUM = "http://unitsofmeasure.org"
_TIME: dict[Any, tuple[str, int | Decimal]] = {
    "a": ("mo", 12), "mo": ("mo", 1), "wk": ("s", 604_800), "d": ("s", 86_400), "h": ("s", 3600), "min": ("s", 60),
    "s": ("s", 1), "ms": ("s", Decimal("0.001")),
}  # fmt: skip
_BLANKS = re.compile(r"\s+")


def text(value: Value) -> str | None:
    """A primitive as text; none for what has no value or is complex."""
    data = value[0]
    if type(data) is str:
        return data
    if data is True or data is False:
        return "true" if data else "false"
    if data is None or type(data) in (dict, list):
        return None
    return str(getattr(data, "text", data))


def number(data: Any) -> int | Decimal | None:
    """A JSON number, none for anything else."""
    if isinstance(data, bool) or not isinstance(data, int | Decimal):
        return None
    return data


def equal(one: Value, other: Value) -> bool | None:
    """`=` of two single values; none where dates of unlike precision leave it open.

    Primitives of unlike types are compared as text, as HL7's engine does.
    """
    a, b = one[0], other[0]
    if type(a) is str and type(b) is str:
        if a == b:
            return True
        if one[2] in MOMENTS and other[2] in MOMENTS:
            order = moments(a, b)
            return None if order is None else order == 0
        if one[2] in TIMES and other[2] in TIMES:
            order = moments("T" + a, "T" + b)
            return None if order is None else order == 0
        return False
    if type(a) is dict or type(b) is dict:
        if one[2] in QUANTITIES and other[2] in QUANTITIES and "System.Quantity" in (one[2], other[2]):
            order = _quantities(a, b)
            return None if order is None else order == 0
        return type(a) is type(b) and _same(a, b)
    if a is None or b is None:  # primitives of extensions alone
        return a is b and one[1] == other[1]
    first, second = number(a), number(b)
    if first is not None and second is not None:
        return first == second
    return text(one) == text(other)


def _same(a: Any, b: Any) -> bool:
    """Deep equality of JSON; a boolean is no number.

    What the first leaves out is not compared, as HL7's engine does: a coding is the same with a display or without.
    """
    if type(a) is dict and type(b) is dict:
        return all(key in b and _same(item, b[key]) for key, item in a.items())
    if type(a) is list and type(b) is list:
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def equal_all(left: list[Value], right: list[Value]) -> bool | None:
    """`=` of two collections, in order."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    results = [equal(a, b) for a, b in zip(left, right, strict=True)]
    return False if False in results else None if None in results else True


def within(value: Value, values: list[Value]) -> bool:
    """Whether a collection has a value."""
    return any(equal(other, value) for other in values)


def distinct(values: list[Value]) -> list[Value]:
    """The values without their repetitions, in order."""
    if len(values) < 2:
        return values
    if all(type(value[0]) is str and value[2] not in MOMENTS for value in values):
        return list({value[0]: value for value in reversed(values)}.values())[::-1]
    made: list[Value] = []
    for value in values:
        if not within(value, made):
            made.append(value)
    return made


def equivalent(one: Value, other: Value) -> bool:
    """`~` of two single values: case and blanks apart, numbers to the precision of the coarser."""
    a, b = one[0], other[0]
    if isinstance(a, str) and isinstance(b, str):
        if one[2] in MOMENTS and other[2] in MOMENTS:
            return moments(a, b) == 0
        return _BLANKS.sub(" ", a.strip()).lower() == _BLANKS.sub(" ", b.strip()).lower()
    first, second = number(a), number(b)
    if first is not None and second is not None:
        places = min(_places(first), _places(second))
        return round(Decimal(first), places) == round(Decimal(second), places)
    if isinstance(a, dict) and isinstance(b, dict):
        if one[2] in QUANTITIES and other[2] in QUANTITIES:
            return _quantities(a, b) == 0
        keys = (set(a) | set(b)) - {"id"}
        return all(_alike(a.get(key), b.get(key)) for key in keys)
    return bool(equal(one, other))


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(any(_alike(item, other) for other in b) for item in a)
    return equivalent((a, None, ""), (b, None, ""))


def _places(value: int | Decimal) -> int:
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def order(one: Value, other: Value) -> int | None:
    """-1, 0 or 1 as the first is before, with or after the second; none where that is open.

    Raises:
        Failed: they are of types that have no order between them.
    """
    a, b = one[0], other[0]
    first, second = number(a), number(b)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    if isinstance(a, str) and isinstance(b, str):
        if one[2] in MOMENTS or other[2] in MOMENTS:
            return moments(a, b)
        if one[2] in TIMES or other[2] in TIMES:
            return moments("T" + a, "T" + b)
        return (a > b) - (a < b)
    if isinstance(a, dict) and isinstance(b, dict):
        return _quantities(a, b) if one[2] in QUANTITIES and other[2] in QUANTITIES else None
    if a is None or b is None:
        return None
    raise Failed


def _quantities(a: Any, b: Any) -> int | None:
    """The order of two quantities of one unit, or of two units of time; of other units it is open."""
    if type(a) is not dict or type(b) is not dict:
        return None
    first, second = number(a.get("value")), number(b.get("value"))
    if first is None or second is None:
        return None
    keys = ("code", "system") if "code" in a or "code" in b else ("unit",)
    if any(a.get(key) != b.get(key) for key in keys):
        scales = [_scale(each) for each in (a, b)]
        if scales[0] is None or scales[1] is None or scales[0][0] != scales[1][0]:
            return None
        first, second = first * scales[0][1], second * scales[1][1]
    return (first > second) - (first < second)


def _scale(quantity: Any) -> tuple[str, int | Decimal] | None:
    """What a unit of time is in months or in seconds; a month has no number of days."""
    return _TIME.get(str(quantity.get("code"))) if quantity.get("system") == _UCUM else None


def moments(a: str, b: str) -> int | None:
    """The order of two dates, times of day (`T10:00`) or both; none where one says less than is needed."""
    one, other = MOMENT.fullmatch(a), MOMENT.fullmatch(b)
    if not a or not b or one is None or other is None:
        return None
    if len(a) == len(b) and one.lastindex == other.lastindex and one[7] == other[7]:
        return (a > b) - (a < b)
    if one[4] and other[4] and one[1] and other[1]:
        if bool(one[7]) != bool(other[7]):
            return None
        return _instants(one, other)
    return _parts(one, other)


def _parts(one: re.Match[str], other: re.Match[str]) -> int | None:
    for group in range(1, 7):
        a, b = one[group], other[group]
        if a is None and b is None and not (group < 4 and (one[4] or other[4])):
            return 0
        if a is None and b is None:
            continue
        if a is None or b is None:
            return None
        first, second = Decimal(a), Decimal(b)
        if first != second:
            return 1 if first > second else -1
    return 0


def _instants(one: re.Match[str], other: re.Match[str]) -> int | None:
    """Both have a date and at least the hour; their offsets are taken off."""
    first, second = _seconds(one), _seconds(other)
    if first is None or second is None:
        return None
    precision = min(_precision(one), _precision(other))
    if precision < max(_precision(one), _precision(other)):
        unit = (3600, 60)[precision]
        first, second = first // unit, second // unit
        if first == second:
            return None
    return (first > second) - (first < second)


def _precision(match: re.Match[str]) -> int:
    return 2 if match[6] else 1 if match[5] else 0


def _seconds(match: re.Match[str]) -> Decimal | None:
    """Seconds since year 1, UTC; a leap second is the second after 59."""
    try:
        day = datetime.date(int(match[1]), int(match[2] or 1), int(match[3] or 1)).toordinal()
    except ValueError:
        return None
    zone = match[7] or "Z"
    offset = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[4:6])) * (-60 if zone[0] == "-" else 60)
    return day * 86400 + int(match[4]) * 3600 + int(match[5] or 0) * 60 + Decimal(match[6] or 0) - offset
