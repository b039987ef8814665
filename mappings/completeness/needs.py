"""The table of what a reviewer needs (`mappings/terminology/data/needs.csv`), and what of it applies to a request.

Columns: need, label, scope (`both` or one), reasons (`any` or a list), level, when (`surgery`: only where something was
cut out), where (FHIRPath of what is looked for), why, reference (where such a requirement is published, or that it is a
rule of this project). A need may have several lines; the first that fits gives its label, and it is required where any
that fits says so.
"""

import typing
from collections.abc import Iterable
from functools import cache
from typing import Literal

from mappings.domain.request import Reason, Scope
from mappings.domain.values import Fact
from mappings.terminology.tables import records

Level = Literal["required", "recommended"]


class Need(Fact, frozen=True, kw_only=True):
    """One line of the table."""

    name: str
    label: str
    level: Level
    scopes: tuple[Scope, ...]
    reasons: tuple[Reason, ...]
    """Empty: whatever the reason."""
    after_surgery: bool = False
    where: str
    why: str
    reference: str


@cache
def lines() -> tuple[Need, ...]:
    """Every line, in the order of the file."""
    return tuple(
        Need(
            name=row["need"],
            label=row["label"],
            level=typing.cast(Level, row["level"]),
            scopes=typing.get_args(Scope) if row["scope"] == "both" else (typing.cast(Scope, row["scope"]),),
            reasons=() if row["reasons"] == "any" else typing.cast(tuple[Reason, ...], tuple(row["reasons"].split())),
            after_surgery=row["when"] == "surgery",
            where=row["where"],
            why=row["why"],
            reference=row["reference"],
        )
        for row in records("needs")
    )


def needs_of(scope: Scope, reasons: Iterable[Reason], *, surgery: bool) -> tuple[Need, ...]:
    """What applies to a request, each need once, in the order of the table."""
    given = frozenset(reasons)
    made: dict[str, Need] = {}
    for line in lines():
        fits = scope in line.scopes and (not line.reasons or given & set(line.reasons))
        if fits and (surgery or not line.after_surgery):
            first = made.setdefault(line.name, line)
            if line.level == "required" != first.level:
                made[line.name] = line
    return tuple(made.values())
