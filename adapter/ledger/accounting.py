"""The accounting of disclosures that a patient may ask for (45 CFR 164.528(b)), out of the ledger."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import years_after
from adapter.consent.policy import Policy
from adapter.ledger.engine import reading
from adapter.ledger.numbers import Number, under
from adapter.ledger.research import Studies, protocols
from adapter.ledger.store import Ledger
from adapter.ledger.suspending import Line, Suspended, in_force
from adapter.ledger.tables import DECISIONS, DISCLOSURES, RELEASES, REPORTED, SUBJECTS

PART2_YEARS = 3
"""The years before the request that 42 CFR 2.25 covers."""


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """The disclosures of one patient from `since` to `until` (dates), oldest first.

    Attributes:
        known: whether the ledger knows the number at all.
        persons: how many persons (name and birth date) are filed under the number: more than one wants a look.
        others: further numbers of the same person, whose disclosures are in it.
        studies: research for which records went, whoever's they were: listed by protocol, or not (164.528(b)(4)).
        unfiled: disclosures from a ledger of an earlier version, which are filed under a case but under no patient.
    """

    since: str
    until: str
    known: bool
    persons: int
    unfiled: int
    lines: tuple[Line, ...]
    others: int = 0
    studies: Studies = Studies()


def accounting(
    ledger: Ledger, patient: Number, span: tuple[dt.date, dt.date], policy: Policy, days: tuple[dt.date, ...] = ()
) -> Accounting:
    """The disclosures of the patient with this number (system, value) within two days, both included.

    Suspensions are those in force on one of the `days`: the day it is asked, which is the last unless it is told.

    A request that names several numbers of one person (same name and birth date) makes them one patient's.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    with reading(ledger.engine) as connection:
        numbers, requests, persons = _same_person(connection, patient)
        went = sa.select(DECISIONS.c.content_sha256).where(DECISIONS.c.request_id.in_(requests), _LEFT)
        filed = sa.select(DECISIONS.c.content_sha256).where(DECISIONS.c.request_id.is_not(None), _LEFT)
        told = _reported(connection, numbers)
        suspended = Suspended(connection, numbers, days or (span[1],))
        studies = protocols(connection, span)
        lines = _lines(connection, RELEASES.c.content_sha256.in_(went), span, policy)
        unfiled = _lines(connection, RELEASES.c.content_sha256.not_in(filed), span, policy)
    return Accounting(
        since=span[0].isoformat(),
        until=span[1].isoformat(),
        known=bool(requests or told),
        persons=persons,
        unfiled=len(_within(unfiled, span)),
        lines=_within(map(suspended.mark, (*lines, *told)), span),
        others=len(numbers) - 1,
        studies=studies,
    )


def of_case(
    ledger: Ledger,
    case_id: str,
    span: tuple[dt.date, dt.date],
    policy: Policy,
    days: tuple[dt.date, ...] = (),
    also: Iterable[Number] = (),
) -> Accounting:
    """The disclosures of a case: so those from an earlier version are found. One name may be of two persons' cases.

    `also` are numbers of its patient, for suspensions. Where no number is known, anybody's suspension may be of it.

    Raises:
        ProblemError: as `accounting`.
    """
    with reading(ledger.engine) as connection:
        found = sa.select(DECISIONS.c.id).where(DECISIONS.c.case_id == case_id)
        known = connection.execute(found.limit(1)).first() is not None
        requests = sa.select(DECISIONS.c.request_id).where(DECISIONS.c.case_id == case_id)
        mine = SUBJECTS.c.request_id.in_(requests)
        persons = set(connection.execute(sa.select(SUBJECTS.c.person_sha256).where(mine)).scalars()) - {""}
        filed = connection.execute(sa.select(SUBJECTS.c.system, SUBJECTS.c.value).where(mine).distinct()).all()
        numbers = {(str(row[0]), str(row[1])) for row in filed} | set(also)
        same = {number for each in numbers for number in _same_person(connection, each)[0]}
        suspended = Suspended(connection, same or None, days or (span[1],))
        studies = protocols(connection, span)
        lines = _lines(connection, RELEASES.c.decision_id.in_(found), span, policy)
    return Accounting(
        since=span[0].isoformat(), until=span[1].isoformat(), known=known, persons=len(persons), unfiled=0,
        lines=_within(map(suspended.mark, lines), span), studies=studies,
    )  # fmt: skip


def suspensions(ledger: Ledger, numbers: Iterable[Number], day: dt.date) -> tuple[Mapping[Any, Any], ...]:
    """The suspensions in force on a day under these numbers, in the order they were written down.

    Raises:
        ProblemError: as `accounting`.
    """
    with reading(ledger.engine) as connection:
        return in_force(connection, numbers, (day,))


_LEFT = DECISIONS.c.content_sha256.is_not(None)


def _same_person(connection: sa.Connection, patient: Number) -> tuple[set[Number], set[str], int]:
    """The numbers of one person, the requests under them, and how many persons the number asked for stands for."""
    rows = connection.execute(
        sa.select(SUBJECTS.c.request_id, SUBJECTS.c.person_sha256).where(under({patient}, SUBJECTS))
    ).all()
    persons = {str(row.person_sha256) for row in rows} - {""}
    numbers, requests = {patient}, {str(row.request_id) for row in rows}
    while len(persons) == 1:
        [person] = persons
        same = SUBJECTS.c.person_sha256.in_((person, ""))
        filed = connection.execute(sa.select(SUBJECTS.c.request_id).where(under(numbers, SUBJECTS), same)).scalars()
        more = {str(request) for request in filed} - requests
        requests |= more
        named = sa.select(SUBJECTS.c.system, SUBJECTS.c.value).where(
            SUBJECTS.c.request_id.in_(requests), SUBJECTS.c.person_sha256 == person
        )
        found = {(str(row[0]), str(row[1])) for row in connection.execute(named)} - numbers
        if not found and not more:
            break
        numbers |= found
    return numbers, requests, len(persons)


def _reported(connection: sa.Connection, numbers: set[Number]) -> list[Line]:
    found = connection.execute(sa.select(REPORTED).where(under(numbers, REPORTED)).order_by(REPORTED.c.number))
    return [
        Line(
            id=row["id"],
            date=row["disclosed_at"],
            recipient=row["recipient"],
            address=row["recipient_address"],
            description=row["description"],
            purpose=row["purpose"],
            basis=(row["basis"],),
            request_paper=row["request_paper"],
            counts=True,
            made_by=row["made_by"],
        )
        for row in found.mappings()
    ]


def _lines(
    connection: sa.Connection, which: sa.ColumnElement[bool], span: tuple[dt.date, dt.date], policy: Policy
) -> list[Line]:
    asked = sa.select(DISCLOSURES, RELEASES.c.basis).join(RELEASES, DISCLOSURES.c.release_id == RELEASES.c.id)
    found = connection.execute(asked.where(which).order_by(DISCLOSURES.c.number)).mappings()
    three_years = years_after(span[1], -PART2_YEARS, policy).isoformat() if policy.part2_accounting else None
    return [_line(row, three_years) for row in found]


def _line(row: Mapping[Any, Any], part2_since: str | None) -> Line:
    word = row["accounting"]
    under_part2 = word == "part2" and part2_since is not None and row["disclosed_at"][:10] >= part2_since
    return Line(
        id=row["id"],
        date=row["disclosed_at"],
        recipient=row["recipient"],
        address=row["recipient_address"],
        description=row["description"],
        purpose=row["purpose"],
        basis=tuple(dict.fromkeys(reason["citation"] for reason in json.loads(row["basis"]))),
        request_paper=row["request_paper"],
        counts=under_part2 or word not in ("exempt", "part2"),
        exemption=row["exemption"],
    )


def _within(lines: Iterable[Line], span: tuple[dt.date, dt.date]) -> tuple[Line, ...]:
    first, last = (day.isoformat() for day in span)
    return tuple(sorted((line for line in lines if first <= line.date[:10] <= last), key=lambda line: line.date[:10]))


def six_years(until: dt.date, policy: Policy) -> dt.date:
    """The first day of the six years before the day the accounting is asked for (45 CFR 164.528(a)(1))."""
    return years_after(until, -policy.retention_years, policy)
