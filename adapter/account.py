"""What became of every input unit: mapped, kept as a document, withheld or refused. Nothing goes without a line.

The account stays with the holder (`OUT.account.json`, terminal): it names withheld things and goes to no recipient.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from mappings.problems import Problem, Severity

Outcome = Literal["mapped", "kept", "withheld", "refused"]


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def account(units: Iterable[Unit], problems: Iterable[Problem] = ()) -> Account:
    """Close the account.

    Raises:
        ValueError: a source is listed twice.
    """
    rows = tuple(sorted(units, key=lambda unit: unit.source))
    if len({row.source for row in rows}) != len(rows):
        raise ValueError("a unit stands twice on the account")
    return Account(units=rows, problems=tuple(problems))
