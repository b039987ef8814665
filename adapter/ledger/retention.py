"""How long rows are kept (45 CFR 164.530(j)(2)), and the archive to which those past their term may go.

What belongs together (a request with its decisions, releases, disclosures and notices) is kept together: six years from
the last day of any of it. What is still owed to somebody is not past its term: a request that is not met, and what an
accounting that is not given yet covers (164.528(a)(1)). What alone tells that two numbers are one person's stays as
long as anything that is filed under one of them: without it an accounting would miss lines. Nothing goes by itself. An
archive holds the rows with their hashes; in the ledger their places in the chain stay, and a row of it (a checkpoint)
tells the digests of both, so that it still verifies.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid5

import msgspec
import sqlalchemy as sa

from adapter.consent.clock import local_date, years_after
from adapter.consent.policy import Policy
from adapter.ledger.accounting import six_years
from adapter.ledger.appending import Appending, canonical
from adapter.ledger.chain import GENESIS, link
from adapter.ledger.due import owed
from adapter.ledger.engine import reading, writing
from adapter.ledger.store import Ledger
from adapter.ledger.tables import (
    ARCHIVED,
    CHAINED,
    CHECKPOINTS,
    DECISIONS,
    DISCLOSURES,
    NOTICES,
    RECIPIENTS,
    RELEASES,
    REPORTED,
    REQUESTS,
    RESEARCH,
    SHIPMENTS,
    SUBJECTS,
    SUSPENSIONS,
)
from adapter.ledger.together import Groups, tying
from adapter.whole import write_whole
from mappings.identity import DEFAULT_NAMESPACE, within
from mappings.problems import Problem, problem, refuse

RULE = "ledger.archive"
_DAYS: dict[sa.Table, tuple[str, ...]] = {
    SHIPMENTS: ("recorded_at",),
    DISCLOSURES: ("disclosed_at",),
    RELEASES: ("decided_at",),
    NOTICES: ("sent_at", "promised_on"),
    DECISIONS: ("decided_at", "deadline"),
    SUBJECTS: (),
    REQUESTS: ("recorded_at", "received_at"),
    REPORTED: ("reported_at", "disclosed_at"),
    SUSPENSIONS: ("recorded_at", "stated_on", "until"),
    RECIPIENTS: ("recorded_at",),
    RESEARCH: ("recorded_at", "last_on"),
}
"""Table -> columns that say when a row was made or in effect; in the order in which rows can be removed."""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs together and is past its term.

    Attributes:
        case: the name of the case or request; None of what was told by hand: a disclosure, a suspension, research.
        last: the last day on which something of it was made or in effect (ISO).
        kept_until: the last day of its term.
        rows: (table, number) of each row.
    """

    case: str | None
    last: str
    kept_until: str
    rows: tuple[tuple[str, int], ...]


def past_term(ledger: Ledger, policy: Policy, today: dt.date) -> tuple[Past, ...]:
    """What is past its term on a day, the oldest first.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    with reading(ledger.engine) as connection:
        return _past(connection, policy, today)


def archive(ledger: Ledger, policy: Policy, at: str, target: Path) -> int:
    """Move what is past its term to a new file; how many rows. The file is complete before a row goes.

    Run again after a crash, it goes on with the file that is there. Where nothing is past its term, no file is made.

    Raises:
        ProblemError: the file is there and is another, it cannot be written, or the ledger cannot be written.
    """
    with writing(ledger.engine) as connection:
        chain = Appending(connection)
        places = [place for group in _past(connection, policy, dt.date.fromisoformat(at[:10])) for place in group.rows]
        if not places:
            return 0
        rows = sorted(_rows(connection, places), key=lambda row: row["number"])
        data = b"".join(canonical(row).encode() + b"\n" for row in rows)
        _keep(data, target)
        _move(chain, rows, hashlib.sha256(data).hexdigest(), at)
        return len(rows)


def check_archive(ledger: Ledger, data: bytes) -> tuple[Problem, ...]:
    """Whether an archive is one of this ledger and every row in it as it was written.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    digest = hashlib.sha256(data).hexdigest()
    asked = sa.select(ARCHIVED.c.number, ARCHIVED.c.hash).join(
        CHECKPOINTS, ARCHIVED.c.checkpoint_id == CHECKPOINTS.c.id
    )
    with reading(ledger.engine) as connection:
        held = {row.number: row.hash for row in connection.execute(asked.where(CHECKPOINTS.c.archive_sha256 == digest))}
    if not held:
        message = "is no archive of this ledger, or not as it was written"
        return (problem("invariant", "--archive", message, rule=RULE),)
    rows = [json.loads(text) for text in data.splitlines()]
    wrong = [
        row["number"]
        for row in rows
        if link(row["before"], row["number"], row["table"], row["row"]) != row["hash"]
        or held.get(row["number"]) != row["hash"]
    ]
    return tuple(
        problem("invariant", f"--archive row {number}", "is not as it was written", rule=RULE) for number in wrong
    )


def rows_digest(rows: Iterable[tuple[int, str]]) -> str:
    """The digest of the places of archived rows: sha256 of the JSON text of [[number, hash], ...] by number."""
    return hashlib.sha256(canonical([list(row) for row in sorted(rows)]).encode()).hexdigest()


def _past(connection: sa.Connection, policy: Policy, today: dt.date) -> tuple[Past, ...]:
    rows = [
        (table, dict(row))
        for table, days in _DAYS.items()
        for row in connection.execute(sa.select(*_needed(table, days))).mappings()
    ]
    groups, key_of = Groups(), _keys(rows)
    for table, row in rows:
        if table in (DECISIONS, RELEASES) and row["content_sha256"]:
            groups.join(key_of(table, row), f"content {row['content_sha256']}")
    held: dict[str, list[tuple[sa.Table, dict[str, Any]]]] = {}
    for table, row in rows:
        held.setdefault(groups.of(key_of(table, row)), []).append((table, row))
    unmet = {one.request for one in owed(connection, policy, today.isoformat())}
    requests = [row for table, row in rows if table is REQUESTS and row["id"] in unmet]
    kept = {groups.of(key_of(REQUESTS, row)) for row in requests}
    since = _accounted_since([row for row in requests if row["pathway"] == "accounting"], policy)
    found = {key: _group(members, policy) for key, members in held.items() if key not in kept}
    past = {key: one for key, one in found.items() if today.isoformat() > one.kept_until and one.last < since}
    needed = tying(
        {key: _numbers(members) for key, members in held.items()},
        {key: (one.last, one.rows) for key, one in past.items()},
    )
    return tuple(sorted((one for key, one in past.items() if key not in needed), key=lambda one: (one.last, one.rows)))


def _numbers(members: list[tuple[sa.Table, dict[str, Any]]]) -> tuple[str, ...]:
    """The numbers of patients that rows are filed under, each as one text."""
    filed = (f"{row['system']}|{row['value']}" for _, row in members if row.get("value") is not None)
    return tuple(dict.fromkeys(filed))


def _accounted_since(requests: list[dict[str, Any]], policy: Policy) -> str:
    """The first day that accountings not given yet cover: six years before the first was received (164.528(a)(1)).

    Where nobody knows when one was received, it may cover every day; where none is open, no day is covered.
    """
    if any(row["received_at"] is None for row in requests):
        return dt.date.min.isoformat()
    days = [
        local_date(row["received_at"], row["holder_tz"], policy)
        or dt.date.fromisoformat(row["received_at"][:10]) - dt.timedelta(days=1)  # no zone: it may be the day before
        for row in requests
    ]
    return six_years(min(days), policy).isoformat() if days else dt.date.max.isoformat()


def _needed(table: sa.Table, days: tuple[str, ...]) -> list[sa.Column[Any]]:
    names = (
        "id", "number", "request_id", "matter_id", "case_id", "decision_id", "release_id", "disclosure_id",
        "content_sha256", "pathway", "holder_tz", "system", "value", *days,
    )  # fmt: skip
    return [table.c[name] for name in names if name in table.c]


def _keys(rows: list[tuple[sa.Table, dict[str, Any]]]) -> Any:
    """Which matter a row is of, by what it refers to."""
    matter = {row["id"]: f"matter {row['matter_id']}" for table, row in rows if table is REQUESTS}
    decision = {
        row["id"]: matter.get(row["request_id"], f"case {row['case_id']}") for table, row in rows if table is DECISIONS
    }
    release = {row["id"]: decision[row["decision_id"]] for table, row in rows if table is RELEASES}
    disclosed = {row["id"]: release[row["release_id"]] for table, row in rows if table is DISCLOSURES}
    known = {REQUESTS: matter, DECISIONS: decision, RELEASES: release, DISCLOSURES: disclosed}

    def key(table: sa.Table, row: dict[str, Any]) -> str:
        if table in known:
            return known[table][row["id"]]
        if table is RECIPIENTS:  # kept with the disclosure that it is about
            return disclosed.get(row["disclosure_id"], f"{REPORTED.name} {row['disclosure_id']}")
        if table is SHIPMENTS:
            return release[row["release_id"]]
        if table in (SUBJECTS, NOTICES):
            return matter[row["request_id"]]
        return f"{table.name} {row['id']}"

    return key


def _group(members: list[tuple[sa.Table, dict[str, Any]]], policy: Policy) -> Past:
    days = [str(row[name])[:10] for table, row in members for name in _DAYS[table] if row[name]]
    last = max(days)
    names = (row.get("case_id") for _, row in members)
    return Past(
        case=next((name for name in names if name), None),
        last=last,
        kept_until=years_after(dt.date.fromisoformat(last), policy.retention_years, policy).isoformat(),
        rows=tuple(sorted(((table.name, int(row["number"])) for table, row in members), key=lambda place: place[1])),
    )


def _rows(connection: sa.Connection, places: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """The rows at these places, each with the hash of the row before it."""
    hashes = {0: GENESIS}
    for table in (*CHAINED, ARCHIVED):
        hashes.update((row.number, row.hash) for row in connection.execute(sa.select(table.c.number, table.c.hash)))
    tables = {table.name: table for table in _DAYS}
    found = []
    for name in dict.fromkeys(name for name, _ in places):
        wanted = {number for table, number in places if table == name}
        for row in connection.execute(sa.select(tables[name])).mappings():
            if row["number"] in wanted:
                plain = {
                    key: value for key, value in row.items() if value is not None and key not in ("number", "hash")
                }
                number = int(row["number"])
                found.append(
                    {"table": name, "number": number, "hash": row["hash"], "before": hashes[number - 1], "row": plain}
                )
    return found


def _keep(data: bytes, target: Path) -> None:
    """The file, complete and on the disk, for its owner alone."""
    if target.exists():
        if target.is_file() and target.read_bytes() == data:
            return
        message = "is there already and is not this archive; name another file, or take that one away"
        raise refuse("conflict", "--to", message, rule=RULE)
    try:
        write_whole(data, target)
    except OSError:
        message = "cannot be written; check the folder, its rights and its space. Nothing was removed"
        raise refuse("no-store", "--to", message, rule=RULE) from None


def _move(chain: Appending, rows: list[dict[str, Any]], digest: str, at: str) -> None:
    places = [(row["number"], row["hash"]) for row in rows]
    name = str(uuid5(DEFAULT_NAMESPACE, within("checkpoint", digest)))
    checkpoint = {
        "id": name,
        "archived_at": at,
        "rows": len(rows),
        "rows_sha256": rows_digest(places),
        "archive_sha256": digest,
    }
    chain.append(CHECKPOINTS, checkpoint)
    for table in _DAYS:
        numbers = [row["number"] for row in rows if row["table"] == table.name]
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            chain.connection.execute(table.delete().where(table.c.number.in_(some)))
    chain.connection.execute(
        ARCHIVED.insert(), [{"number": number, "hash": mark, "checkpoint_id": name} for number, mark in places]
    )


_AT_ONCE = 500
"""Numbers in one statement: databases take only so many."""
