"""The small values the domain is made of: dates that know their precision, codes, names, identifiers, quantities.

Every struct of the domain derives from `Fact`, is frozen, and is valid once constructed: msgspec checks types when it
decodes, `Fact.__post_init__` checks them when Python constructs, `Fact.check` checks what types cannot say.
"""

import re
import types
import typing
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Self

import msgspec

_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII)


class PartialDate(str):
    """A date as precise as it is known: `2026`, `2026-01` or `2026-01-15` (ISO 8601; FHIR R4 `date`). Never padded."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not isinstance(text, str) or not _is_date(text):
            raise ValueError("is not a date: write YYYY, YYYY-MM or YYYY-MM-DD, as precise as it is known")
        return super().__new__(cls, text)

    @property
    def precision(self) -> Literal["year", "month", "day"]:
        """How much of the date is known."""
        return ("year", "month", "day")[self.count("-")]


class Moment(str):
    """A date of any precision, or a date with a time that keeps its UTC offset or has none."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        date, separator, time = text.partition("T") if isinstance(text, str) else ("", "", "")
        full = len(date) == 10 if separator else True
        if not (_is_date(date) and full and (not separator or _TIME.fullmatch(time))):
            raise ValueError("is not a date or time: write YYYY[-MM[-DD]] or YYYY-MM-DDThh:mm:ss with its UTC offset")
        return super().__new__(cls, text)

    @property
    def date(self) -> PartialDate:
        """The date part, in the offset it was written in."""
        return PartialDate(self[:10])

    @property
    def time(self) -> str | None:
        """The time part with its offset as written, or None."""
        return self[11:] or None

    @property
    def offset(self) -> str | None:
        """`Z`, `+hh:mm` or `-hh:mm`; None where there is no time or the time has no offset."""
        found = _TIME.fullmatch(self[11:])
        return found.group(4) if found else None

    @property
    def floating(self) -> bool:
        """Whether this is a time without an offset (no FHIR dateTime)."""
        return self.time is not None and self.offset is None


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found or found.group(1) == "0000":
        return False
    year, month, day = found.groups()
    return day is None or int(day) <= monthrange(int(year), int(month))[1]


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every domain struct: types and invariants hold from construction on (ValueError where they would not)."""

    def __post_init__(self) -> None:
        for name, fits in _checks(type(self)):
            if not fits(getattr(self, name)):
                raise ValueError(f"field `{name}` is not of its type")
        self.check()

    def check(self) -> None:
        """Raise ValueError where the fields contradict each other; messages name fields, never values."""


@cache
def _checks(struct: type) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    hints = typing.get_type_hints(struct)
    return tuple((field, _predicate(hints[field])) for field in struct.__struct_fields__)  # type: ignore[attr-defined]


def _predicate(hint: Any) -> Callable[[Any], bool]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda _: True
    if origin is Literal:
        return lambda value: value in args
    if origin in (typing.Union, types.UnionType):
        options = [_predicate(arg) for arg in args]
        return lambda value: any(option(value) for option in options)
    if origin is tuple:
        inner = _predicate(args[0])
        return lambda value: type(value) is tuple and all(inner(item) for item in value)
    if origin is dict:
        key, item = _predicate(args[0]), _predicate(args[1])
        return lambda value: type(value) is dict and all(key(k) and item(v) for k, v in value.items())
    if hint is int:
        return lambda value: type(value) is int
    return lambda value: isinstance(value, hint)


def need(condition: object, message: str) -> None:
    """Raise ValueError with the message unless the condition holds (an invariant in one line)."""
    if not condition:
        raise ValueError(message)


class Faults(ValueError):
    """Several invariants that do not hold, each said by itself."""

    def __init__(self, messages: typing.Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("; ".join(self.messages))


def unique(values: typing.Iterable[object], what: str) -> None:
    """Raise ValueError where a value repeats."""
    seen = list(values)
    need(len(set(seen)) == len(seen), f"{what} must not repeat")


class Code(Fact, frozen=True, kw_only=True):
    """One code of one code system; `version` and `display` as the source gave them."""

    system: str
    code: str
    display: str | None = None
    version: str | None = None

    def check(self) -> None:
        need(
            self.system.strip() == self.system != "",
            "field `system` must be a URI: a code without a system means nothing",
        )
        need(self.code.strip() == self.code != "", "field `code` must not be empty or padded")


class Concept(Fact, frozen=True, kw_only=True):
    """A meaning: codes of one or more systems for the same thing, or words where there is no code."""

    codes: tuple[Code, ...] = ()
    text: str | None = None

    def check(self) -> None:
        need(self.codes or self.text, "needs `codes` or `text`")

    @property
    def label(self) -> str:
        """Words for a person: the text, else the first display, else the first code."""
        return self.text or next((c.display for c in self.codes if c.display), None) or self.codes[0].code

    def has(self, system: str, code: str) -> bool:
        """Whether one of the codes is this one (displays do not count)."""
        return any((c.system, c.code) == (system, code) for c in self.codes)


class Identifier(Fact, frozen=True, kw_only=True):
    """A number and who issues it; `kind` is a v2-0203 code (MR, ACSN, PLAC, FILL, NPI, MB)."""

    system: str
    value: str
    kind: Literal["MR", "ACSN", "PLAC", "FILL", "NPI", "MB"] | None = None
    assigner: str | None = None

    def check(self) -> None:
        need(self.system.strip() == self.system != "", "field `system` must be the issuer's URI")
        need(self.value.strip() == self.value != "", "field `value` must not be empty or padded")


class PersonName(Fact, frozen=True, kw_only=True):
    """A name; `text` is the whole name as written where it comes in one piece."""

    family: str | None = None
    given: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    text: str | None = None
    use: Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"] | None = None

    def check(self) -> None:
        need(self.family or self.given or self.text, "needs `family`, `given` or `text`")

    @property
    def label(self) -> str:
        """The name in reading order."""
        parts = (*self.prefix, *self.given, *((self.family,) if self.family else ()), *self.suffix)
        return self.text or " ".join(parts)


class Contact(Fact, frozen=True, kw_only=True):
    """A way to reach somebody."""

    system: Literal["phone", "fax", "email", "pager", "url", "sms", "other"]
    value: str
    use: Literal["home", "work", "temp", "old", "mobile"] | None = None


class Address(Fact, frozen=True, kw_only=True):
    """A postal address; `country` is ISO 3166 where known."""

    lines: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    use: Literal["home", "work", "temp", "old", "billing"] | None = None

    def check(self) -> None:
        need(self.lines or self.city or self.state or self.postal_code or self.country, "needs at least one line")


class Quantity(Fact, frozen=True, kw_only=True):
    """A measured amount; the number keeps its digits, `code` is UCUM where given."""

    value: Decimal
    unit: str | None = None
    code: str | None = None
    comparator: Literal["<", "<=", ">=", ">"] | None = None

    def check(self) -> None:
        need(self.value.is_finite(), "field `value` must be a number")


class Span(Fact, frozen=True, kw_only=True):
    """From and to, each as precise as known; an open end is absent."""

    start: Moment | None = None
    end: Moment | None = None

    def check(self) -> None:
        need(self.start or self.end, "needs `start` or `end`")
        if self.start and self.end:
            need(_in_order(self.start, self.end), "field `end` lies before `start`")


def _in_order(start: Moment, end: Moment) -> bool:
    """Whether the second is not before the first, as far as both are known."""
    if start.offset and end.offset:
        return _instant(start) <= _instant(end)
    if start.floating and end.floating:
        return str(start) <= str(end)
    shorter = min(len(start), len(end), 10)
    return start[:shorter] <= end[:shorter]


def _instant(moment: Moment) -> datetime:
    return datetime.fromisoformat(moment.replace(":60", ":59"))  # a leap second has no datetime
