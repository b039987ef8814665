"""The clocks that run: requests that are not met yet, by their last day.

Access 30 + 30 days (45 CFR 164.524(b)(2)), amendment 60 + 30 (164.526(b)(2)), accounting 60 + 30 (164.528(c)(1)).
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import extended, local_date
from adapter.consent.groups import ExtensionNotice
from adapter.consent.policy import Policy
from adapter.ledger.engine import reading
from adapter.ledger.store import Ledger
from adapter.ledger.tables import DECISIONS, DISCLOSURES, NOTICES, RELEASES, REQUESTS
from mappings.problems import refuse

IMAGES_ALONE = "deliver-images"
"""The action of a decision on which images went to an archive, and nothing else: that alone meets no request."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One request that is not met.

    Attributes:
        deadline: the last day (ISO date, the holder's); None where none can be known: receipt or time zone is missing.
        days: days left; below zero it is overdue by so many. None without a deadline.
        next: what would close it: `provide access`, `send the denial notice`, `send the redirect notice`,
            `settle what is open`; of an amendment `decide on the amendment`, `send the acceptance`, `send the denial`;
            of an accounting `give the accounting`.
    """

    kind: str = "access"

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
    what it denies was sent; a denial, by its notice (164.524(b)(2)(i)); what pends, by neither. Where something asked
    for is known to be elsewhere, the requester has to be told so too (164.524(d)(3)). Partial release closes nothing.
    The same content decided again with the same outcome reopens nothing that was delivered.

    Raises:
        ProblemError: the ledger cannot be read, or a row of it is not as it was written.
    """
    with reading(ledger.engine) as connection:
        return owed(connection, policy, now)


def owed(connection: sa.Connection, policy: Policy, now: str) -> tuple[Due, ...]:
    """As `due`, within a transaction."""
    asked = sa.select(DECISIONS, REQUESTS).join(REQUESTS, DECISIONS.c.request_id == REQUESTS.c.id)
    last: dict[str, sa.RowMapping] = {}
    going: dict[str, _Going] = {}
    for row in connection.execute(asked.order_by(DECISIONS.c.number)).mappings():
        matter = row[REQUESTS.c.matter_id]
        last[matter] = row
        if row[DECISIONS.c.action] != IMAGES_ALONE:
            going.setdefault(matter, _Going()).step(row)
    went = sa.select(RELEASES.c.content_sha256, DISCLOSURES.c.disclosed_at).join(
        RELEASES, DISCLOSURES.c.release_id == RELEASES.c.id
    )
    deliveries: dict[str, list[str]] = {}
    for content, at in connection.execute(went):
        deliveries.setdefault(content, []).append(at)
    told = sa.select(REQUESTS.c.matter_id, NOTICES).join(REQUESTS, NOTICES.c.request_id == REQUESTS.c.id)
    notices: dict[str, list[Mapping[Any, Any]]] = {}
    for notice in connection.execute(told.order_by(NOTICES.c.number)).mappings():
        notices.setdefault(notice["matter_id"], []).append(notice)
    found: list[Due] = []
    for matter, row in last.items():
        with _as_written(f"request {row[REQUESTS.c.id]}", "it or a row about it "):
            step = _next_step(row, _went(row, going.get(matter), deliveries), notices.get(matter, ()))
            if step:
                found.append(_due(row, step, _deadline(row, notices.get(matter, ()), policy), policy, now))
    return tuple(sorted(found, key=lambda one: (one.deadline is None, one.deadline or "", one.case)))


@contextmanager
def _as_written(where: str, also: str = "") -> Iterator[None]:
    """Within this, a value that cannot be what the ledger wrote is a Problem about its row."""
    try:
        yield
    except (ValueError, TypeError, KeyError):
        message = f"{also}is not as it was written; run `second-opinion ledger verify`"
        raise refuse("invariant", f"ledger {where}", message, rule="ledger.chain") from None


class _Going:
    """What was last to go on a request, and when that was decided, each time since it became so."""

    def __init__(self) -> None:
        self.content: str | None = None
        self.decided: list[str] = []
        self._told: tuple[str | None, ...] = ()

    def step(self, row: Mapping[Any, Any]) -> None:
        """The next decision. Another content, outcome or asker starts anew: what went before is no answer to it."""
        asked = (row[REQUESTS.c[name]] for name in ("pathway", "requester", "purpose"))
        told = (row[DECISIONS.c.outcome], *asked)
        content = row[DECISIONS.c.content_sha256]
        if content is not None:
            again = (content, told) == (self.content, self._told)
            self.content, self.decided = content, [*(self.decided if again else ()), row[DECISIONS.c.decided_at]]
        self._told = told


def _went(row: Mapping[Any, Any], going: _Going | None, deliveries: Mapping[str, list[str]]) -> bool:
    """Whether what was last to go was delivered, on a decision made since the request was received."""
    if going is None or going.content is None:
        return False
    received = row[REQUESTS.c.received_at]
    since = next((at for at in going.decided if received is None or not _before(at, received)), None)
    return since is not None and any(not _before(at, since) for at in deliveries.get(going.content, ()))


def _next_step(row: Mapping[Any, Any], went: bool, notices: Iterable[Mapping[Any, Any]]) -> str | None:
    """What has still to be done; None where the request is met or runs under no clock."""
    pathway, received = row[REQUESTS.c.pathway], row[REQUESTS.c.received_at]
    sent = {told["kind"] for told in notices if received is None or not _before(told["sent_at"], received)}
    if pathway == "amendment":
        return _amendment_step(row[DECISIONS.c.outcome], row[DECISIONS.c.action] == BY_HAND, sent)
    if pathway == "accounting":
        return None if "accounting" in sent else "give the accounting"
    return _access_step(row, went, sent) if pathway == "access" else None


ACCEPTED, DENIED = "amendment-acceptance", "amendment-denial"
BY_HAND = "by-hand"
"""Action of a request that was told by hand: the adapter knows no ground, so any answer is the holder's."""


def _amendment_step(outcome: str, by_hand: bool, sent: set[str]) -> str | None:
    """An amendment is answered by what was decided: accepted, denied (164.526(b)(2)(i)), in part each."""
    if by_hand:
        return None if sent & {ACCEPTED, DENIED} else "decide on the amendment"
    if outcome == "pend":
        return "decide on the amendment"
    if outcome.startswith("permit") and ACCEPTED not in sent:
        return "send the acceptance"
    return "send the denial" if outcome != "permit" and DENIED not in sent else None


def _deadline(row: Mapping[Any, Any], notices: Iterable[Mapping[Any, Any]], policy: Policy) -> str | None:
    """The last day: of access as it was decided, else by the extensions that the ledger knows were sent."""
    days = {
        "amendment": (policy.amendment_days, policy.amendment_extension_days),
        "accounting": (policy.accounting_days, policy.accounting_extension_days),
    }.get(row[REQUESTS.c.pathway])
    zone = row[REQUESTS.c.holder_tz]
    day0 = local_date(row[REQUESTS.c.received_at], zone, policy)
    if days is None or day0 is None:
        told: str | None = row[DECISIONS.c.deadline]
        return told
    kind = f"{row[REQUESTS.c.pathway]}-extension"
    sent = dict.fromkeys(
        (local_date(told["sent_at"], zone, policy), told["reasons"], told["promised_on"])
        for told in notices
        if told["kind"] == kind
    )
    made = (
        ExtensionNotice(
            sent_on=on, written=True, reasons=why, promised_date=dt.date.fromisoformat(until) if until else None
        )
        for on, why, until in sorted(sent, key=lambda each: each[0] or dt.date.max)
    )
    limit = day0 + dt.timedelta(days=days[0])
    return extended(tuple(made), day0, limit, days[1], policy)[0].isoformat()


def _access_step(row: Mapping[Any, Any], went: bool, sent: set[str]) -> str | None:
    outcome = row[DECISIONS.c.outcome]
    if outcome == "pend":
        return "settle what is open"
    if outcome == "not_held":
        return None if sent & {"redirect", "denial"} else "send the redirect notice"
    if outcome.startswith("permit") and not went:
        return "provide access"
    with _as_written(f"decision {row[DECISIONS.c.id]}"):
        codes = {reason["code"] for reason in json.loads(row[DECISIONS.c.reasons])}
    if ("DENIAL_NOTICE_REQUIRED" in codes or outcome.startswith("deny")) and "denial" not in sent:
        return "send the denial notice"
    if "HELD_ELSEWHERE_KNOWN" in codes and "redirect" not in sent:  # owed beside what goes, 164.524(d)(3)
        return "send the redirect notice"
    return None


def _before(one: str, other: str) -> bool:
    """Whether a time lies before another; a date alone is the whole day."""
    first, second = dt.datetime.fromisoformat(one), dt.datetime.fromisoformat(other)
    if first.tzinfo is None or second.tzinfo is None:
        return one[:10] < other[:10]
    return first < second


def _due(row: Mapping[Any, Any], step: str, deadline: str | None, policy: Policy, now: str) -> Due:
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
        kind=row[REQUESTS.c.pathway],
    )
