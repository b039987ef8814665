"""Research for which records of 50 or more people were disclosed: accounted for by protocol (45 CFR 164.528(b)(4)).

It is nobody's own line: every accounting whose time has one of the days lists the protocol, and says that information
about the individual may or may not have been among what went. A day counts for itself: records of at least 50 people
went on it, so that there were as many in any time that holds the day. What reaches 50 only over many days is written
down line by line, for each patient.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.ledger.tables import RESEARCH

LEAST = 50
"""Individuals, from which on 45 CFR 164.528(b)(4)(i) lets a protocol stand for the lines."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """What 45 CFR 164.528(b)(4)(i)(A)-(E) asks for of a protocol or other research activity.

    `first`, `last`: days (ISO) of the first and last disclosure within the time that is accounted for.
    """

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


def protocols(connection: sa.Connection, span: tuple[dt.date, dt.date]) -> tuple[Protocol, ...]:
    """Every protocol with a disclosure within two days, both included, by its first day, in the words told last."""
    first, last = (day.isoformat() for day in span)
    words: dict[tuple[str, ...], Mapping[Any, Any]] = {}
    days: dict[tuple[str, ...], set[str]] = {}
    for row in connection.execute(sa.select(RESEARCH).order_by(RESEARCH.c.number)).mappings():
        within = {day for day in row["days"].split(",") if first <= day <= last}
        which = tuple(" ".join(row[name].split()).casefold() for name in _WHICH)
        if within:
            words[which] = row
            days.setdefault(which, set()).update(within)
    found = (
        Protocol(first=min(days[which]), last=max(days[which]), **{name: row[name] for name in _WORDS})
        for which, row in words.items()
    )
    return tuple(sorted(found, key=lambda one: (one.first, one.name)))
