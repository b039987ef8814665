"""The accounting of disclosures that a patient may ask for (45 CFR 164.528(b)), out of the ledger."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import years_after
from adapter.consent.policy import Policy
from adapter.ledger.engine import reading
from adapter.ledger.store import Ledger
from adapter.ledger.tables import DECISIONS, DISCLOSURES, RELEASES, SUBJECTS


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One disclosure with what 45 CFR 164.528(b)(2)(i)-(iv) asks for.

    `request_paper` names the written request in the case, where there is one; `counts` says whether the accounting
    wants the line (164.528(a)(1), 42 CFR 2.25).
    """

    date: str
    recipient: str
    address: str | None
    description: str
    purpose: str
    basis: tuple[str, ...]
    request_paper: str | None
    counts: bool


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """The disclosures of one patient from `since` to `until` (dates), oldest first.

    Attributes:
        known: whether the ledger knows the number at all.
        persons: how many persons (name and birth date) are filed under the number: more than one wants a look.
        unfiled: disclosures from a ledger of an earlier version, which are filed under a case but under no patient.
    """

    since: str
    until: str
    known: bool
    persons: int
    unfiled: int
    lines: tuple[Line, ...]


def accounting(ledger: Ledger, patient: tuple[str, str], span: tuple[dt.date, dt.date]) -> Accounting:
    """The disclosures of the patient with this number (system, value) within two days, both included.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    mine = sa.and_(SUBJECTS.c.system == patient[0], SUBJECTS.c.value == patient[1])
    requests = sa.select(SUBJECTS.c.request_id).where(mine)
    went = sa.select(DECISIONS.c.content_sha256).where(DECISIONS.c.request_id.in_(requests), _LEFT)
    filed = sa.select(DECISIONS.c.content_sha256).where(DECISIONS.c.request_id.is_not(None), _LEFT)
    with reading(ledger.engine) as connection:
        persons = connection.execute(sa.select(SUBJECTS.c.person_sha256).where(mine)).scalars().all()
        lines = _lines(connection, RELEASES.c.content_sha256.in_(went))
        unfiled = _lines(connection, RELEASES.c.content_sha256.not_in(filed))
    return Accounting(
        since=span[0].isoformat(),
        until=span[1].isoformat(),
        known=bool(persons),
        persons=len(set(persons)),
        unfiled=len(_within(unfiled, span)),
        lines=_within(lines, span),
    )


def of_case(ledger: Ledger, case_id: str, span: tuple[dt.date, dt.date]) -> Accounting:
    """The disclosures of a case: so those from an earlier version are found. One name may be of two persons' cases.

    Raises:
        ProblemError: as `accounting`.
    """
    with reading(ledger.engine) as connection:
        found = sa.select(DECISIONS.c.id).where(DECISIONS.c.case_id == case_id)
        known = connection.execute(found.limit(1)).first() is not None
        requests = sa.select(DECISIONS.c.request_id).where(DECISIONS.c.case_id == case_id)
        persons = sa.select(SUBJECTS.c.person_sha256).where(SUBJECTS.c.request_id.in_(requests)).distinct()
        count = len(connection.execute(persons).all())
        lines = _lines(connection, RELEASES.c.decision_id.in_(found))
    return Accounting(
        since=span[0].isoformat(), until=span[1].isoformat(), known=known, persons=count, unfiled=0,
        lines=_within(lines, span),
    )  # fmt: skip


_LEFT = DECISIONS.c.content_sha256.is_not(None)


def _lines(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Line]:
    asked = sa.select(DISCLOSURES, RELEASES.c.basis).join(RELEASES, DISCLOSURES.c.release_id == RELEASES.c.id)
    return [_line(row) for row in connection.execute(asked.where(which).order_by(DISCLOSURES.c.number)).mappings()]


def _line(row: Mapping[Any, Any]) -> Line:
    return Line(
        date=row["disclosed_at"],
        recipient=row["recipient"],
        address=row["recipient_address"],
        description=row["description"],
        purpose=row["purpose"],
        basis=tuple(dict.fromkeys(reason["citation"] for reason in json.loads(row["basis"]))),
        request_paper=row["request_paper"],
        counts=row["accounting"] != "exempt",
    )


def _within(lines: list[Line], span: tuple[dt.date, dt.date]) -> tuple[Line, ...]:
    first, last = (day.isoformat() for day in span)
    return tuple(sorted((line for line in lines if first <= line.date[:10] <= last), key=lambda line: line.date[:10]))


def six_years(until: dt.date, policy: Policy) -> dt.date:
    """The first day of the six years before the day the accounting is asked for (45 CFR 164.528(a)(1))."""
    return years_after(until, -policy.retention_years, policy)
