"""The labels of a laboratory: accession, part, block and slide, read from and printed as text by a table of schemes.

No standard says what stands on a block or slide; laboratories print the parts of one number in forms of their own
(`data/label-schemes.csv`). A text that no scheme fits, or that schemes read in two ways, is a Problem: nothing is
guessed. Where a laboratory's scheme is known it is named, and then only that one is tried.
"""

import re
from collections.abc import Mapping
from functools import cache

import msgspec

from mappings.problems import refuse
from mappings.terminology.tables import records

RULE = "material.label"
PIECES: Mapping[str, tuple[str, str]] = {
    # a number per year with the letters of its series, in the orders that are in use: S26-1234, S-26-1234, 26-S-1234
    "accession": ("accession", r"[A-Z]{1,4}-?\d{2}-\d{1,7}|\d{2}-?[A-Z]{1,4}-?\d{3,7}"),
    "part": ("part", r"[A-E]?[A-Z]"),  # A to Z, then AA and on: no specimen has parts beyond the E's
    "block": ("block", r"[1-9]\d{0,2}"),
    "slide": ("slide", r"[1-9]\d{0,2}"),
    "frozen": ("block", r"FS[1-9]\d?"),
    "numbered_part": ("part", r"[1-9]\d{0,2}"),
    "lettered_block": ("block", r"[A-E]?[A-Z]"),
}
"""Placeholder of a scheme -> the field of the label, and what may stand there."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a label says. A part has no block, a block no slide; a slide straight from a part has no block."""

    accession: str
    part: str | None = None
    block: str | None = None
    slide: str | None = None

    @property
    def level(self) -> str:
        """`slide`, `block` or `part`: what the label is on."""
        return "slide" if self.slide else "block" if self.block else "part"


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One way of printing: its name, its form with placeholders, an example, and what it is in words."""

    name: str
    form: str
    example: str
    about: str

    @property
    def family(self) -> str:
        """The first word of its name: a laboratory prints parts, blocks and slides in one family of schemes."""
        return self.name.partition("-")[0]


@cache
def schemes() -> tuple[Scheme, ...]:
    """Every scheme, in the order of the table."""
    rows = records("label-schemes")
    return tuple(Scheme(name=r["scheme"], form=r["pattern"], example=r["example"], about=r["about"]) for r in rows)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    steps = re.split(r"(\{\w+\})", form)
    made = (f"(?P<{PIECES[s[1:-1]][0]}>{PIECES[s[1:-1]][1]})" if s.startswith("{") else re.escape(s) for s in steps)
    return re.compile("".join(made))


def readings(text: str, scheme: str | None = None) -> dict[Label, tuple[str, ...]]:
    """Every way in which the text can be read, with the names of the schemes that read it so.

    `scheme` is a scheme or a family of schemes (`dash`: all whose name begins so); None tries all.
    """
    found: dict[Label, tuple[str, ...]] = {}
    for each in schemes():
        if scheme in (None, each.name, each.family) and (seen := _pattern(each.form).fullmatch(text)):
            label = Label(**{name: value for name, value in seen.groupdict().items() if value})
            found[label] = (*found.get(label, ()), each.name)
    return found


def parse(text: str, scheme: str | None = None, *, where: str = "label") -> Label:
    """Read a label.

    Raises:
        ProblemError: `value` where no scheme fits, `multiple-matches` where schemes read it differently (they are
            named, so that one can be chosen), `code-invalid` for a scheme that is none. The text is never told.
    """
    _known(scheme, where)
    found = readings(text, scheme)
    if not found:
        raise refuse("value", where, "fits no scheme of labels: add one, or name the item itself", rule=RULE)
    if len(found) > 1:
        named = "; ".join(f"{', '.join(names)} ({label.level})" for label, names in found.items())
        message = f"can be read in {len(found)} ways: {named}; name the scheme of the laboratory"
        raise refuse("multiple-matches", where, message, rule=RULE)
    return next(iter(found))


def print_label(label: Label, scheme: str) -> str:
    """The label as this scheme prints it (or the scheme of the family that has just the fields of the label).

    Raises:
        ProblemError: `code-invalid` for a scheme that is none, `value` where it has no place for a field of the label.
    """
    _known(scheme, "label")
    told = {name: value for name in ("accession", "part", "block", "slide") if (value := getattr(label, name))}
    for each in (s for s in schemes() if scheme in (s.name, s.family)):
        holes = re.findall(r"\{(\w+)\}", each.form)
        fields = {PIECES[hole][0]: hole for hole in holes}
        if fields.keys() == told.keys() and all(re.fullmatch(PIECES[fields[n]][1], told[n]) for n in told):
            return each.form.format(**{fields[name]: value for name, value in told.items()})
    raise refuse("value", "label", "cannot be printed by this scheme: it has no place for what it says", rule=RULE)


def _known(scheme: str | None, where: str) -> None:
    names = {name for each in schemes() for name in (each.name, each.family)}
    if scheme is not None and scheme not in names:
        raise refuse("code-invalid", where, f"is no scheme of labels; there are {', '.join(sorted(names))}", rule=RULE)
