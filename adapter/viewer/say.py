"""The small values in words: dates as precise as they are, codes beside their label, names, quantities."""

import re
from collections.abc import Iterable
from decimal import Decimal

from adapter.viewer.markup import Html, el, fragment, joined
from adapter.viewer.words import CONTACTS, IDENTIFIERS, NAME_USES, SYSTEMS, word
from mappings.domain.values import Address, Concept, Contact, Identifier, PersonName, Quantity, Span
from mappings.fhir.wire import ExactDecimal
from mappings.identity import NPI

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MACHINE = re.compile(
    r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?",
)
_WHEN = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?"
)


def day(text: str) -> str:
    """A date or time in words, never more precise than it is written; other text stays as it is.

    >>> day("2026-01"), day("2026-03-02"), day("2026-03-02T14:05:00-05:00")
    ('Jan 2026', '2 Mar 2026', '2 Mar 2026, 14:05 UTC−05:00')
    >>> day("2026-03-02T14:05:30")
    '2 Mar 2026, 14:05:30 (no time zone)'
    """
    found = _WHEN.fullmatch(text)
    if found is None:
        return text
    year, month, number, clock, seconds, offset = found.groups()
    date = " ".join(p for p in (number and str(int(number)), month and _MONTHS[int(month) - 1], year) if p)
    if clock is None:
        return date
    zone = "(no time zone)" if offset is None else "UTC" if offset == "Z" else f"UTC{offset.replace('-', '−')}"
    return f"{date}, {clock}{seconds if seconds and seconds != ':00' else ''} {zone}"


def when(text: str | None) -> Html | None:
    """A date or time for a person, with its exact text for machines."""
    if not text:
        return None
    return el("time", day(text), datetime=text if _MACHINE.fullmatch(text) else None)


def span(value: Span | None) -> Html | None:
    """From and to; an open end is said."""
    if value is None:
        return None
    start = when(value.start) or fragment("start not stated")
    return fragment(start, " to ", when(value.end) or "open end")


def codes(value: Concept) -> Html | None:
    """The codes of a concept with the short name of their system."""
    told = [el("span", el("code", c.code), " ", SYSTEMS.get(c.system, c.system), class_="code") for c in value.codes]
    return joined(" ", *told) or None


def concept(value: Concept | None) -> Html | None:
    """The label of a concept and, quieter, its codes."""
    if value is None:
        return None
    bare = not value.text and not any(c.display for c in value.codes)
    return joined(" ", None if bare else el("span", value.label), codes(value))


def label(value: Concept | None) -> str | None:
    """The label alone, for dense places."""
    return value.label if value else None


def number(value: Decimal) -> str:
    """A decimal as it was written."""
    return value.text if isinstance(value, ExactDecimal) else f"{value:f}"


def quantity(value: Quantity) -> str:
    """An amount with its unit."""
    return " ".join(p for p in (value.comparator, number(value.value), value.unit or value.code) if p)


def identifier(value: Identifier) -> Html:
    """A number with what it is and who issues it."""
    kind = word(IDENTIFIERS, value.kind)
    issuer = value.assigner or (None if value.system == NPI else value.system)
    said = fragment(kind and f"{kind} ", el("code", value.value))
    return joined(" ", said, el("span", issuer, class_="quiet") if issuer else None)


def labels(values: Iterable[Identifier]) -> str:
    """The bare numbers, for a label on glass."""
    return ", ".join(value.value for value in values)


def names(values: Iterable[PersonName]) -> Html:
    """Every name, each with its use where that is not the usual one."""
    told = []
    for value in values:
        use = None if value.use in (None, "usual", "official") else f" ({word(NAME_USES, value.use)})"
        told.append(fragment(value.label, use))
    return joined("; ", *told)


def contacts(values: Iterable[Contact]) -> Html:
    """Ways to reach somebody, as text: nothing here dials or opens."""
    return joined("; ", *(fragment(f"{word(CONTACTS, v.system)} ", v.value, v.use and f" ({v.use})") for v in values))


def addresses(values: Iterable[Address]) -> Html:
    """Postal addresses, one line each."""
    return joined(
        "; ",
        *(
            ", ".join(p for p in (*v.lines, v.city, " ".join(x for x in (v.state, v.postal_code) if x), v.country) if p)
            for v in values
        ),
    )


def prose(text: str) -> Html:
    """A narrative with its own lines and spaces."""
    return el("div", text, class_="prose")


def count(amount: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{amount} {one if amount == 1 else many or one + 's'}"


def size(octets: int) -> str:
    """A file size a person can grasp (1 kB = 1000 bytes)."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= step:
            return f"{octets / step:.1f} {unit}"
    return count(octets, "byte")
