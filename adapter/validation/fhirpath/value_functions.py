"""Functions on single values: strings, numbers and conversions (FHIRPath N1, sections 5.5 to 5.7) as code."""

import re
import warnings
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from adapter.validation.fhirpath.closures import (
    MOST_STEPS,
    Code,
    Exhausted,
    Frame,
    Make,
    This,
    made,
    of_items,
    single,
    spend,
    string,
)
from adapter.validation.fhirpath.equality import moments, number, text
from adapter.validation.fhirpath.syntax import UnsupportedExpression
from adapter.validation.fhirpath.values import Value

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)
_LONGEST = 100_000  # characters that are searched
_MANY = 10  # times that count as any number
_KINDS = {bool: "Boolean", int: "Integer", str: "String"}


def _answer(data: Any) -> list[Value]:
    return [] if data is None else made(data, _KINDS.get(type(data), "Decimal"))


def _of_text(change: Callable[..., Any]) -> Make:
    """A function of a string and of arguments; nothing where any of them is nothing."""

    def make(source: Code, arguments: list[Code]) -> Code:
        def items(this: This, frame: Frame) -> list[Value]:
            subject = string(source.items(this, frame))
            if subject is None:
                return []
            given = [single(argument.items(this, frame)) for argument in arguments]
            if any(one is None for one in given):
                return []
            answer = change(subject, *(one[0] for one in given if one is not None))
            spend(frame, len(answer) if isinstance(answer, str) else 1)
            return _answer(answer)

        return of_items(items)

    return make


def _of_value(change: Callable[[Value], Any], kind: str = "") -> Make:
    """A function of a single value; `kind` where the Python type does not tell the System type."""

    def make(source: Code, _: list[Code]) -> Code:
        def items(this: This, frame: Frame) -> list[Value]:
            value = single(source.items(this, frame))
            data = change(value) if value is not None else None
            return _answer(data) if not kind or data is None else made(data, kind)

        return of_items(items)

    return make


def pattern(expression: Any) -> re.Pattern[str]:
    """A regular expression as HL7's engine reads it: unanchored, a dot takes line ends too.

    Raises:
        UnsupportedExpression: Python does not know it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            made = re.compile(expression, re.DOTALL | re.ASCII)
            if _may_explode(parser.parse(expression)):
                raise UnsupportedExpression("a regular expression that repeats what repeats")
        except (re.error, TypeError, RecursionError, OverflowError):
            raise UnsupportedExpression("a regular expression that Python does not know") from None
    return made


def _may_explode(pattern: Any) -> bool:
    """Whether a repetition has in it another, and nothing that must stand between: then a text can be parted in ways
    without number, and the search for one goes through all of them."""
    for operator, given in pattern:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT") and given[1] >= _MANY:
            inner = _bodies(given[2])
            if any(_repeats(body) and not any(str(step[0]) == "LITERAL" for step in body) for body in inner):
                return True
        if any(_may_explode(each) for each in _inside(given)):
            return True
    return False


def _repeats(pattern: Any) -> bool:
    """Whether what a repetition repeats may take any number of characters."""
    for operator, given in pattern:
        if str(operator) in ("MAX_REPEAT", "MIN_REPEAT") and given[1] >= _MANY:
            return True
        if any(_repeats(each) for each in _inside(given)):
            return True
    return False


def _bodies(pattern: Any) -> list[Any]:
    """What is repeated, by its alternatives, groups opened."""
    while len(pattern) == 1 and str(pattern[0][0]) == "SUBPATTERN":
        pattern = pattern[0][1][-1]
    if len(pattern) == 1 and str(pattern[0][0]) == "BRANCH":
        return list(pattern[0][1][1])
    return [pattern]


def _inside(given: Any) -> Iterator[Any]:
    for each in given if isinstance(given, tuple) else ():
        if isinstance(each, parser.SubPattern):
            yield each
        elif isinstance(each, list):
            yield from (one for one in each if isinstance(one, parser.SubPattern))


def matches(source: Code, wanted: re.Pattern[str], whole: bool) -> Code:
    """`matches` and `matchesFull` of a constant."""
    search = wanted.fullmatch if whole else wanted.search
    simple = not any(mark in wanted.pattern for mark in "*+{?")

    def items(this: This, frame: Frame) -> list[Value]:
        subject = string(source.items(this, frame))
        if subject is None:
            return []
        if len(subject) > _LONGEST and not simple:
            raise Exhausted
        return made(search(subject) is not None, "Boolean")

    return of_items(items)


def replaced(source: Code, wanted: re.Pattern[str], replacement: str) -> Code:
    """`replaceMatches` of constants; `$1` in the replacement is a group."""
    template = re.sub(r"\$(\d)", r"\\g<\1>", replacement.replace("\\", "\\\\"))

    def items(this: This, frame: Frame) -> list[Value]:
        subject = string(source.items(this, frame))
        if subject is None:
            return []
        if len(subject) * (1 + len(template)) > MOST_STEPS:
            raise Exhausted
        return made(wanted.sub(template, subject), "String")

    return of_items(items)


def _substring(subject: str, start: Any, length: Any = None) -> str | None:
    if type(start) is not int or not 0 <= start < len(subject):
        return None
    if length is None:
        return subject[start:]
    return subject[start : start + max(length, 0)] if type(length) is int else None


def _pair(change: Callable[[str, str], Any]) -> Make:
    return _of_text(lambda subject, other: change(subject, other) if isinstance(other, str) else None)


def _replace(subject: str, old: Any, new: Any) -> str | None:
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    if (subject.count(old) + 1) * len(new) > MOST_STEPS:
        raise Exhausted
    return subject.replace(old, new)


def _to_integer(value: Value) -> int | None:
    data = value[0]
    if isinstance(data, int):
        return int(data)
    return int(data) if isinstance(data, str) and _INTEGER.fullmatch(data) else None


def _to_decimal(value: Value) -> Decimal | None:
    data = value[0]
    if isinstance(data, int | Decimal):
        return Decimal(data)
    return Decimal(data) if isinstance(data, str) and _DECIMAL.fullmatch(data) else None


def _to_boolean(value: Value) -> bool | None:
    found = (text(value) or "").lower()
    if found in ("true", "t", "yes", "y", "1", "1.0"):
        return True
    return False if found in ("false", "f", "no", "n", "0", "0.0") else None


def _to_moment(value: Value) -> str | None:
    data = value[0]
    return data if isinstance(data, str) and moments(data, data) == 0 and not data.startswith("T") else None


def _to_date(value: Value) -> str | None:
    found = _to_moment(value)
    return found[:10] if found else None


def _to_time(value: Value) -> str | None:
    data = value[0]
    return data if isinstance(data, str) and moments(f"T{data}", f"T{data}") == 0 else None


def _convertible(change: Callable[[Value], Any]) -> Make:
    return _of_value(lambda value: change(value) is not None)


def _rounded(mode: str) -> Make:
    def change(value: Value) -> int | None:
        found = number(value[0])
        if found is None or not -(10**18) < found < 10**18:
            return None
        return int(Decimal(found).to_integral_value(mode))

    return _of_value(change)


def _absolute(value: Value) -> Any:
    found = number(value[0])
    return None if found is None else abs(found)


def _join(source: Code, arguments: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        between = string(arguments[0].items(this, frame)) if arguments else ""
        return made((between or "").join(text(value) or "" for value in source.items(this, frame)), "String")

    return of_items(items)


def _split(source: Code, arguments: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        subject, between = string(source.items(this, frame)), string(arguments[0].items(this, frame))
        if subject is None or not between:
            return []
        return [(part, None, "System.String") for part in subject.split(between)]

    return of_items(items)


def _characters(source: Code, _: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        return [(one, None, "System.String") for one in string(source.items(this, frame)) or ""]

    return of_items(items)


_CONVERSIONS: dict[str, tuple[Callable[[Value], Any], str]] = {
    "Integer": (_to_integer, "Integer"),
    "Decimal": (_to_decimal, "Decimal"),
    "String": (text, "String"),
    "Boolean": (_to_boolean, "Boolean"),
    "DateTime": (_to_moment, "DateTime"),
    "Date": (_to_date, "Date"),
    "Time": (_to_time, "Time"),
}

FUNCTIONS: dict[str, tuple[int, int, Make]] = {
    "startsWith": (1, 1, _pair(str.startswith)),
    "endsWith": (1, 1, _pair(str.endswith)),
    "contains": (1, 1, _pair(str.__contains__)),
    "indexOf": (1, 1, _pair(str.find)),
    "substring": (1, 2, _of_text(_substring)),
    "length": (0, 0, _of_text(len)),
    "upper": (0, 0, _of_text(str.upper)),
    "lower": (0, 0, _of_text(str.lower)),
    "trim": (0, 0, _of_text(str.strip)),
    "replace": (2, 2, _of_text(_replace)),
    "toChars": (0, 0, _characters),
    "split": (1, 1, _split),
    "join": (0, 1, _join),
    "abs": (0, 0, _of_value(_absolute)),
    "ceiling": (0, 0, _rounded(ROUND_CEILING)),
    "floor": (0, 0, _rounded(ROUND_FLOOR)),
    "truncate": (0, 0, _rounded(ROUND_DOWN)),
    "round": (0, 0, _rounded(ROUND_HALF_UP)),
    **{f"to{name}": (0, 0, _of_value(change, kind)) for name, (change, kind) in _CONVERSIONS.items()},
    **{f"convertsTo{name}": (0, 0, _convertible(change)) for name, (change, _) in _CONVERSIONS.items()},
}
