"""Is the ledger as it was written? Every row is read again and held against the chain."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import years_after
from adapter.consent.policy import Policy
from adapter.ledger.chain import GENESIS, link
from adapter.ledger.engine import reading
from adapter.ledger.retention import rows_digest
from adapter.ledger.store import Ledger
from adapter.ledger.tables import (
    ARCHIVED,
    CHAINED,
    CHECKPOINTS,
    DECISIONS,
    DISCLOSURES,
    HEAD,
    NOTICES,
    RECIPIENTS,
    RELEASES,
    REPORTED,
    REQUESTS,
    RESEARCH,
    SHIPMENTS,
    SUSPENSIONS,
    TAKEOVERS,
)
from mappings.problems import Problem, problem

WINDOW = 500
"""Rows that are held at a time."""
_ANY = 1 << 62
MOST = 100
"""Problems that are told one by one."""
_DATED = {
    REQUESTS: "recorded_at",
    DECISIONS: "decided_at",
    RELEASES: "decided_at",
    DISCLOSURES: "disclosed_at",
    SHIPMENTS: "recorded_at",
    NOTICES: "sent_at",
    REPORTED: "reported_at",
    SUSPENSIONS: "until",
    RECIPIENTS: "recorded_at",
    RESEARCH: "last_on",
}
_NUMBERED = (*CHAINED, ARCHIVED)


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        head: the hash of the last row; written down elsewhere, it shows later that nothing was cut off.
        rows: rows of each table.
        taken_over: rows that come from a ledger without a chain; what was done to them before cannot be shown.
        archived: rows that went to an archive; their places in the chain are here.
        unclosed: releases whose delivery was prepared and never recorded as done.
        older: rows of each table dated before `older_than`, past the term they are kept for (45 CFR 164.530(j)(2)).
    """

    head: str
    rows: dict[str, int]
    taken_over: int
    archived: int
    unclosed: int
    older: dict[str, int]
    older_than: str
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """Whether every row is as it was written."""
        return not self.problems


def verify(ledger: Ledger, policy: Policy, today: dt.date, anchor: str | None = None) -> Verified:
    """Verify the chain; `anchor` is a head that was written down earlier: the chain must still have it.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    limit = _years_before(today, policy).isoformat()
    with reading(ledger.engine) as connection:
        walk = _Walk(anchor)
        head = connection.execute(sa.select(HEAD.c.number, HEAD.c.hash)).first()
        for number, found in _by_number(connection):
            walk.step(number, found)
        rows = {table.name: _count(connection, table) for table in CHAINED}
        archived = _count(connection, ARCHIVED)
        walk.end(head, sum(rows.values()) + archived)
        walk.archives(connection)
        taken = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(TAKEOVERS.c.rows), 0))).scalar_one()
        closed = sa.select(DISCLOSURES.c.release_id)
        never = sa.and_(
            RELEASES.c.id.not_in(closed), sa.func.coalesce(RELEASES.c.state_before, "prepared") != "delivered"
        )
        unclosed = _count(connection, RELEASES, never)
        older = {table.name: _count(connection, table, table.c[column] < limit) for table, column in _DATED.items()}
    return Verified(
        head=walk.hash,
        rows=rows,
        taken_over=int(taken),
        archived=archived,
        unclosed=unclosed,
        older={name: count for name, count in older.items() if count},
        older_than=limit,
        problems=walk.told(),
    )


Found = list[tuple[sa.Table, dict[str, Any]]]


class _Walk:
    """From the first row to the last, with the hash of the row before in hand."""

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.number, self.hash, self.walked = 0, GENESIS, 0
        self.problems: list[Problem] = []
        self.anchored = anchor in (None, GENESIS)

    def step(self, number: int, found: Found) -> None:
        """The rows that say they are this number: there should be one, and the number the next one."""
        if number < 1 or len(found) > 1:
            names = ", ".join(sorted({table.name for table, _ in found}))
            self._tell(f"{names} {number}", "a row was inserted: its number is taken or none of the chain")
            if number < 1:
                self.walked += len(found)
                return
        self.walked += len(found)
        gap = number != self.number + 1
        if gap:
            last = number - 1
            where = f"row {last}" if last == self.number + 1 else f"rows {self.number + 1} to {last}"
            self._tell(where, "is not there: what had this place was removed")
        table, row = next((pair for pair in found if self._follows(number, *pair)), found[0])
        if not gap and not self._follows(number, table, row):
            self._tell(f"{table.name} {number}", "is not as it was written: it was changed, or put in another place")
        self.number, self.hash = number, str(row["hash"])
        self.anchored = self.anchored or self.hash == self.anchor

    def _follows(self, number: int, table: sa.Table, row: dict[str, Any]) -> bool:
        if table is ARCHIVED:
            return True  # its checkpoint answers for it
        try:
            return bool(link(self.hash, number, table.name, row) == row["hash"])
        except ValueError:
            return False

    def end(self, head: Any, rows: int) -> None:
        """The head says the same as the last row, every row was met, and so was the anchor."""
        if self.walked != rows:
            self._tell("rows", "without a number of the chain are there: they were inserted or changed")
        if head is None or (head.number, head.hash) != (self.number, self.hash):
            self._tell("chain_head", "does not name the last row: rows were cut off or added, or it was changed")
        if not self.anchored:
            self._tell("--head", "is no hash of this chain: rows were cut off or rewritten since it was written down")

    def archives(self, connection: sa.Connection) -> None:
        """Every checkpoint tells the rows that went, and no other went."""
        held: dict[str, list[tuple[int, str]]] = {}
        for row in connection.execute(sa.select(ARCHIVED)):
            held.setdefault(row.checkpoint_id, []).append((row.number, row.hash))
        for row in connection.execute(sa.select(CHECKPOINTS)):
            rows = held.pop(row.id, [])
            if (len(rows), rows_digest(rows)) != (row.rows, row.rows_sha256):
                self._tell(f"checkpoint {row.number}", "does not tell the rows that are said to be archived")
        if held:
            self._tell("archived", "has rows that no checkpoint tells of: they were removed")

    def _tell(self, where: str, message: str) -> None:
        self.problems.append(problem("invariant", f"ledger {where}", message, rule="ledger.chain"))

    def told(self) -> tuple[Problem, ...]:
        """The Problems; of very many the first."""
        if len(self.problems) <= MOST:
            return tuple(self.problems)
        rest = problem("invariant", "ledger", f"has {len(self.problems) - MOST} more such places", rule="ledger.chain")
        return (*self.problems[:MOST], rest)


def _by_number(connection: sa.Connection) -> Iterator[tuple[int, Found]]:
    """The rows of all tables by their number, a window at a time."""
    bounds = [
        connection.execute(
            sa.select(sa.func.min(table.c.number), sa.func.max(table.c.number)).where(
                table.c.number.between(-_ANY, _ANY)  # on SQLite a number can be made a text
            )
        ).one()
        for table in _NUMBERED
    ]
    lowest = min((low for low, _ in bounds if low is not None), default=1)
    highest = max((high for _, high in bounds if high is not None), default=0)
    start = lowest
    while start <= highest:
        window: dict[int, Found] = {}
        for table in _NUMBERED:
            within = sa.select(table).where(table.c.number.between(start, start + WINDOW - 1))
            for row in connection.execute(within).mappings():
                window.setdefault(row["number"], []).append((table, dict(row)))
        yield from sorted(window.items())
        start = start + WINDOW if window else _next(connection, start + WINDOW)


def _next(connection: sa.Connection, start: int) -> int:
    """The next number from here on that some row has; a wide gap is not walked through."""
    nexts = [
        connection.execute(sa.select(sa.func.min(table.c.number)).where(table.c.number >= start)).scalar_one()
        for table in _NUMBERED
    ]
    return min((number for number in nexts if number is not None), default=start)


def _count(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()


def _years_before(today: dt.date, policy: Policy) -> dt.date:
    """The first day whose rows are still within the term."""
    return years_after(today, -policy.retention_years, policy)
