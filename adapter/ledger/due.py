"""The clocks that run: requests for access that are not met yet, by their last day (45 CFR 164.524(b)(2))."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import local_date
from adapter.consent.policy import Policy
from adapter.ledger.engine import reading
from adapter.ledger.store import Ledger
from adapter.ledger.tables import DECISIONS, DISCLOSURES, NOTICES, RELEASES, REQUESTS

IMAGES_ALONE = "deliver-images"
"""The action of a decision on which images went to an archive, and nothing else: that alone meets no request."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is not met.

    Attributes:
        deadline: the last day (ISO date, the holder's); None where none can be known: receipt or time zone is missing.
        days: days left; below zero it is overdue by so many. None without a deadline.
        next: what would close it: `provide access`, `send the denial notice`, `send the redirect notice`, or
            `settle what is open`.
    """

    deadline: str | None
    days: int | None
    request: str
    case: str
    requester: str | None
    received_at: str | None
    outcome: str
    decided_at: str
    next: str

    @property
    def overdue(self) -> bool:
        """Whether the last day is over."""
        return self.days is not None and self.days < 0


def due(ledger: Ledger, policy: Policy, now: str) -> tuple[Due, ...]:
    """What is due at a time (date, or date-time with offset), the earliest deadline first, those without one last.

    The decision made last governs a request. A permit is met when what was last to go was delivered, and the notice of
    what it denies was sent; a denial, by its notice (164.524(b)(2)(i)); what pends, by neither. Partial release closes
    nothing.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    with reading(ledger.engine) as connection:
        asked = sa.select(DECISIONS, REQUESTS).join(REQUESTS, DECISIONS.c.request_id == REQUESTS.c.id)
        last: dict[str, sa.RowMapping] = {}
        going: dict[str, tuple[str, str]] = {}
        for row in connection.execute(asked.order_by(DECISIONS.c.number)).mappings():
            matter = row[REQUESTS.c.matter_id]
            last[matter] = row
            if row[DECISIONS.c.content_sha256] is not None and row[DECISIONS.c.action] != IMAGES_ALONE:
                going[matter] = row[DECISIONS.c.content_sha256], row[DECISIONS.c.decided_at]
        went = sa.select(RELEASES.c.content_sha256, DISCLOSURES.c.disclosed_at).join(
            RELEASES, DISCLOSURES.c.release_id == RELEASES.c.id
        )
        deliveries: dict[str, list[str]] = {}
        for content, at in connection.execute(went):
            deliveries.setdefault(content, []).append(at)
        told = sa.select(REQUESTS.c.matter_id, NOTICES.c.kind, NOTICES.c.sent_at).join(
            REQUESTS, NOTICES.c.request_id == REQUESTS.c.id
        )
        notices: dict[str, list[tuple[str, str]]] = {}
        for matter, kind, at in connection.execute(told):
            notices.setdefault(matter, []).append((kind, at))
    found = [
        _due(row, step, policy, now)
        for matter, row in last.items()
        if (step := _next_step(row, _went(row, going.get(matter), deliveries), notices.get(matter, ())))
    ]
    return tuple(sorted(found, key=lambda one: (one.deadline is None, one.deadline or "", one.case)))


def _went(row: Mapping[Any, Any], going: tuple[str, str] | None, deliveries: Mapping[str, list[str]]) -> bool:
    """Whether what was last to go was delivered, on a decision made since the request was received."""
    if going is None:
        return False
    content, decided = going
    received = row[REQUESTS.c.received_at]
    if received is not None and _before(decided, received):
        return False
    return any(not _before(at, decided) for at in deliveries.get(content, ()))


def _next_step(row: Mapping[Any, Any], went: bool, notices: Iterable[tuple[str, str]]) -> str | None:
    """What has still to be done; None where the request is met or runs under no clock."""
    if row[REQUESTS.c.pathway] != "access":
        return None
    received = row[REQUESTS.c.received_at]
    sent = {kind for kind, at in notices if received is None or not _before(at, received)}
    outcome = row[DECISIONS.c.outcome]
    if outcome == "pend":
        return "settle what is open"
    if outcome == "not_held":
        return None if sent & {"redirect", "denial"} else "send the redirect notice"
    if outcome.startswith("permit") and not went:
        return "provide access"
    denied = "DENIAL_NOTICE_REQUIRED" in {reason["code"] for reason in json.loads(row[DECISIONS.c.reasons])}
    if (denied or outcome.startswith("deny")) and "denial" not in sent:
        return "send the denial notice"
    return None


def _before(one: str, other: str) -> bool:
    """Whether a time lies before another; a date alone is the whole day."""
    first, second = dt.datetime.fromisoformat(one), dt.datetime.fromisoformat(other)
    if first.tzinfo is None or second.tzinfo is None:
        return one[:10] < other[:10]
    return first < second


def _due(row: Mapping[Any, Any], step: str, policy: Policy, now: str) -> Due:
    deadline = row[DECISIONS.c.deadline]
    zone = row[REQUESTS.c.holder_tz]
    today = local_date(now, zone, policy) or dt.date.fromisoformat(now[:10])
    return Due(
        deadline=deadline,
        days=(dt.date.fromisoformat(deadline) - today).days if deadline else None,
        request=row[REQUESTS.c.id],
        case=row[REQUESTS.c.case_id],
        requester=row[REQUESTS.c.requester],
        received_at=row[REQUESTS.c.received_at],
        outcome=row[DECISIONS.c.outcome],
        decided_at=row[DECISIONS.c.decided_at],
        next=step,
    )
