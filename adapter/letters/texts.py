"""The words of the letters: one file a letter, tables of plain words, and how values are put into them.

The templates are `string.Template`; a value is never read as one, has one line, and cannot fake a paragraph.
"""

import csv
import datetime as dt
import functools
import io
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import resources
from string import Template

import msgspec

from mappings.terminology.tables import table

_STEERING = re.compile("[\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that turn the direction of what follows, or are none; shown as U+FFFD, not left out."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a template: paragraphs have an empty line between them; `after` stands behind its list or table."""

    heading: str | None = None
    text: str = ""
    after: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one letter."""

    title: str
    citations: tuple[str, ...]
    part: dict[str, Part]


class Blank(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one form to fill in: `fields` are its lines, `text` and `after` the statements around them."""

    title: str
    citation: str
    text: str
    fields: tuple[str, ...]
    after: str = ""


@functools.cache
def words_of(kind: str) -> Words:
    """The words of a letter, or of what every letter has (`common`)."""
    return msgspec.convert(_toml("templates", kind), Words)


@functools.cache
def blank_form(name: str) -> Blank:
    """A form to fill in."""
    return msgspec.convert(_toml("blanks", name), Blank)


@functools.cache
def plain_words(table: str) -> Mapping[str, Mapping[str, str]]:
    """A table of plain words by the value of its first column."""
    text = resources.files("adapter.letters").joinpath(f"{table}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    return {row[next(iter(row))]: row for row in rows}


def _toml(folder: str, name: str) -> dict[str, object]:
    place = resources.files("adapter.letters").joinpath(folder, f"{name}.toml")
    return tomllib.loads(place.read_text(encoding="utf-8"))


def paragraphs(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The paragraphs of a template with the values in them, each on one line."""
    told = (Template(" ".join(part.split())).substitute(values) for part in re.split(r"\n\s*\n", text.strip()))
    return tuple(part for part in told if part)


def line(value: str) -> str:
    """A value as one line; a character that would steer the page is shown as U+FFFD."""
    shown = "".join("\ufffd" if unicodedata.category(c) == "Cc" and not c.isspace() else c for c in value)
    return _STEERING.sub("\ufffd", " ".join(shown.split()))


def purpose_in_words(code: str) -> str:
    """What something was disclosed for: a purpose of ours in its words, one that was told in words as it was told.

    >>> purpose_in_words("payment"), purpose_in_words("legal_proceedings"), purpose_in_words("Health oversight")
    ('healthcare payment', 'legal proceedings', 'Health oversight')
    """
    known = table("purpose-of-use")
    if code in known.values:
        return str(known.codings(code)[0].display).lower()
    return code.replace("_", " ")


def long_date(day: dt.date) -> str:
    """A day as a letter writes it.

    >>> long_date(dt.date(2026, 1, 12))
    'January 12, 2026'
    """
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def known_date(text: str) -> str:
    """A date as precise as it is known.

    >>> known_date("2023-10"), known_date("2023"), known_date("2023-10-02T10:00:00Z")
    ('October 2023', '2023', 'October 2, 2023')
    """
    year, *rest = text[:10].split("-")
    if len(rest) == 2:
        return long_date(dt.date.fromisoformat(text[:10]))
    return f"{MONTHS[int(rest[0]) - 1]} {year}" if rest else year


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = tuple(names)
    return f"{', '.join(first)} and {last}" if first else last


def counted(things: Iterable[str]) -> tuple[str, ...]:
    """Things in their order, those alike once with their number.

    >>> counted(["a report", "a scan", "a report"])
    ('a report (2 of them)', 'a scan')
    """
    return tuple(name if number == 1 else f"{name} ({number} of them)" for name, number in Counter(things).items())
