"""What became of every input unit: mapped, kept as a document, withheld or refused. Nothing goes without a line.

The account stays with the holder (`OUT.account.json`, terminal): it names withheld things and goes to no recipient.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from mappings.fhir.in_pieces import in_pieces
from mappings.problems import Problem, Severity

_INDEX = re.compile(r"\[\d+\]")

Outcome = Literal["mapped", "kept", "withheld", "refused"]


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One thing a source yielded. `source` is the path below what was given, with a locator inside it."""

    source: str
    sha256: str
    outcome: Outcome
    resources: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All units, sorted by source, and what concerns none of them alone."""

    units: tuple[Unit, ...] = ()
    problems: tuple[Problem, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many units had this outcome."""
        return sum(unit.outcome == outcome for unit in self.units)

    def travelling(self, severity: Severity) -> tuple[tuple[str, Problem], ...]:
        """The Problems of this severity on units that go all the same, each with its source."""
        going = (unit for unit in self.units if unit.outcome in ("mapped", "kept"))
        return tuple((unit.source, found) for unit in going for found in unit.problems if found.severity == severity)

    @property
    def incomplete(self) -> bool:
        """Whether units were withheld or refused (exit code 4)."""
        return any(unit.outcome in ("withheld", "refused") for unit in self.units)

    def to_json(self) -> bytes:
        """`account.json`: two-space indent, final newline."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The same, one piece after another."""
        return in_pieces({"units": self.units, "problems": self.problems})


def alike(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The Problems with those that say the same of the same element told once, with how often: no flood.

    The same element is the same FHIRPath but for its indices: `Patient.extension[0]` and `Patient.extension[4]`.
    """
    found: dict[Problem, list[Problem]] = {}
    for each in problems:
        found.setdefault(msgspec.structs.replace(each, where=_INDEX.sub("", each.where)), []).append(each)
    return tuple(_counted(each[0], len(each)) for each in found.values())


def _counted(first: Problem, times: int) -> Problem:
    if times == 1:
        return first
    return msgspec.structs.replace(first, message=f"{first.message} (and {times - 1} more like it)")


def account(units: Iterable[Unit], problems: Iterable[Problem] = ()) -> Account:
    """Close the account.

    Raises:
        ValueError: a source is listed twice.
    """
    rows = tuple(sorted(units, key=lambda unit: unit.source))
    if len({row.source for row in rows}) != len(rows):
        raise ValueError("a unit stands twice on the account")
    return Account(units=rows, problems=tuple(problems))
