"""Research for which records of 50 or more people were disclosed: accounted for by protocol (45 CFR 164.528(b)(4)).

It is nobody's own line: an accounting whose time has one of the days lists the protocol, and says that information
about the individual may or may not have been among what went. What counts is how many people it was for one research
purpose "during the period covered by the accounting", on however many days. A row says how many different people it was
on its days together; people of two rows may be the same, and of a row that reaches beyond the period nobody knows how
many fall into it. So there are three answers: surely 50 (one row within the period has them), surely fewer (all rows
together have not), or not sure. Fewer are no protocol: each patient has a line. What is not sure is listed, and the
holder is told to see to the lines.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.ledger.tables import RESEARCH
from mappings.problems import Problem, problem

LEAST = 50
"""Individuals, from which on 45 CFR 164.528(b)(4)(i) lets a protocol stand for the lines."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """What 45 CFR 164.528(b)(4)(i)(A)-(E) asks for of a protocol or other research activity.

    `first`, `last`: days (ISO) of the first and last disclosure within the time that is accounted for; `sure`: whether
    it is certain that it was 50 people or more in that time; `id`: of the row told last.
    """

    id: str
    sure: bool
    name: str
    purpose: str
    criteria: str
    information: str
    first: str
    last: str
    sponsor: str
    sponsor_address: str
    sponsor_phone: str
    researcher: str
    researcher_address: str
    researcher_phone: str


_WHICH = ("name", "sponsor", "researcher")
_WORDS = (
    *_WHICH, "purpose", "criteria", "information", "sponsor_address", "sponsor_phone", "researcher_address",
    "researcher_phone",
)  # fmt: skip


class Studies(msgspec.Struct, frozen=True, kw_only=True):
    """What is `listed` by protocol in an accounting, and the ids of rows of research of surely fewer people."""

    listed: tuple[Protocol, ...] = ()
    fewer: tuple[str, ...] = ()

    def doubts(self) -> tuple[Problem, ...]:
        """A warning for the holder for each research whose lines the patients may need themselves."""
        unsure = "may be of fewer than 50 people within this time: count, and where it is fewer, add"
        fewer = "is of fewer than 50 people within this time, so that no protocol stands for the lines: add"
        told = [(one.id, unsure) for one in self.listed if not one.sure] + [(name, fewer) for name in self.fewer]
        return tuple(
            problem("incomplete", f"ledger research {name}", f"{why} {_LINES}", rule=_RULE, severity="warning")
            for name, why in told
        )


_RULE = "45 CFR 164.528(b)(4)(i)"
_LINES = "each patient's line with `second-opinion ledger disclosed`"


def protocols(connection: sa.Connection, span: tuple[dt.date, dt.date]) -> Studies:
    """Research with a disclosure within two days, both included, by its first day, in the words told last."""
    first, last = (day.isoformat() for day in span)
    told: dict[tuple[str, ...], list[tuple[Mapping[Any, Any], set[str]]]] = {}
    for row in connection.execute(sa.select(RESEARCH).order_by(RESEARCH.c.number)).mappings():
        within = {day for day in row["days"].split(",") if first <= day <= last}
        if within:
            which = tuple(" ".join(row[name].split()).casefold() for name in _WHICH)
            told.setdefault(which, []).append((row, within))
    listed, fewer = [], []
    for rows in told.values():
        latest = rows[-1][0]
        if sum(one["individuals"] for one, _ in rows) < LEAST:
            fewer.append(str(latest["id"]))
            continue
        days = set().union(*(within for _, within in rows))
        sure = any(one["individuals"] >= LEAST and within == set(one["days"].split(",")) for one, within in rows)
        words = {name: latest[name] for name in _WORDS}
        listed.append(Protocol(id=latest["id"], sure=sure, first=min(days), last=max(days), **words))
    return Studies(listed=tuple(sorted(listed, key=lambda one: (one.first, one.name))), fewer=tuple(fewer))
