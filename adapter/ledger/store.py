"""The ledger: what was asked, decided, released, disclosed and told. It stays with the holder.

SQLAlchemy Core; SQLite by default, PostgreSQL by URL. Rows are added and never changed, each chained to the one before
(see `chain`). A release is written down before the delivery is made, and its disclosure before it is reported as done:
after a crash in between, the same command finds the release, delivers again with the same time, and closes it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid5

import msgspec
import sqlalchemy as sa

from adapter.ledger import schema
from adapter.ledger.appending import Appending, canonical
from adapter.ledger.engine import engine_for, reading, writing
from adapter.ledger.shipment import Shipment, add_shipment
from adapter.ledger.tables import (
    DECISIONS,
    DISCLOSURES,
    JSON_COLUMNS,
    METADATA,
    NOTICES,
    PLAIN,
    POLICIES,
    RECIPIENTS,
    RELEASES,
    REPORTED,
    REQUESTS,
    RESEARCH,
    SUBJECTS,
    SUSPENSIONS,
    VERSION,
)
from mappings.identity import DEFAULT_NAMESPACE, within
from mappings.problems import refuse

Row = Mapping[str, Any]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with what it is about: rows without the ids that the ledger gives.

    `request` has its `id` (see `request_id`); `subjects` are the numbers its patient is known under; `policy` is the
    one that decided (see `policy_row`).
    """

    request: Row
    subjects: Sequence[Row]
    decision: Row
    policy: Row


class Ledger:
    """One ledger. Every method is one transaction.

    With `at` (the time, as text) it is opened for writing: made where there is none, and one of an earlier version is
    taken over. Without, only what is there is opened.

    Raises:
        ProblemError: it cannot be opened, is not there, or is of another version.
    """

    def __init__(self, url: str, at: str | None = None) -> None:
        self.engine = engine_for(url, create=at is not None)
        self.taken_over = 0
        try:
            with reading(self.engine) as connection:
                found = schema.version_of(connection)
            if at is not None and found < VERSION:
                self.taken_over = schema.bring_up(self.engine, at)
            else:
                schema.check(found)
        except BaseException:  # interrupted too: no connection stays open
            self.close()
            raise

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def first_time(self, content_sha256: str) -> str | None:
        """When the same content was first decided to go, or None: an identical redelivery keeps that time."""
        query = sa.select(RELEASES.c.decided_at).where(RELEASES.c.content_sha256 == content_sha256)
        with reading(self.engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def decided(self, entry: Entry) -> str:
        """Write down a decision on which nothing leaves: denied, or open; its id."""
        with writing(self.engine) as connection:
            return _decision(Appending(connection), entry, "")

    def asked(self, entry: Entry) -> bool:
        """Write down a request with what is decided on it so far; whether the ledger did not say the same already.

        The same is said where the last decision of the matter was the same, on the same facts, under the same policy.
        """
        made = {name: entry.decision[name] for name in ("outcome", "deadline", "facts_sha256")} | {
            "policy_sha256": entry.policy["sha256"]
        }
        made |= {name: canonical(entry.decision[name]) for name in ("reasons", "excluded")}
        matter = sa.select(REQUESTS.c.id).where(REQUESTS.c.matter_id == entry.request["matter_id"])
        last = (
            sa.select(DECISIONS).where(DECISIONS.c.request_id.in_(matter)).order_by(DECISIONS.c.number.desc()).limit(1)
        )
        with writing(self.engine) as connection:
            chain = Appending(connection)
            known = connection.execute(last).mappings().first()
            same = known is not None and known["request_id"] == entry.request["id"]
            if same and known is not None and {name: known[name] for name in made} == made:
                _filed(chain, entry)  # a number of the patient that was not known then
                return False
            _decision(chain, entry, "")
            return True

    def prepare(self, entry: Entry, release: Row) -> str:
        """Write down a decision, and the release made on it where its content is new; the id of the release."""
        content = release["content_sha256"]
        query = sa.select(RELEASES.c.id).where(RELEASES.c.content_sha256 == content)
        with writing(self.engine) as connection:
            chain = Appending(connection)
            decision_id = _decision(chain, entry, content)
            known = connection.execute(query).scalar_one_or_none()
            if known is not None:
                return str(known)
            release_id = _id("release", content)
            chain.add(RELEASES, {"id": release_id, "decision_id": decision_id, **release})
            return release_id

    def delivered(self, release_id: str, disclosure: Row, shipment: Shipment | None = None) -> None:
        """Close a release: it is delivered, with its line for the accounting of disclosures (45 CFR 164.528(b)(2)).

        Every disclosure has its line, also of what went before; the same one told twice is one. `shipment` are the
        images that the line is about.
        """
        disclosure_id = _id("disclosure", release_id, disclosure["manifest_sha256"], disclosure["disclosed_at"])
        with writing(self.engine) as connection:
            chain = Appending(connection)
            chain.add(DISCLOSURES, {"id": disclosure_id, "release_id": release_id, **disclosure})
            if shipment is not None:
                add_shipment(chain, release_id, shipment, disclosure_id)

    def noticed(self, notice: Row) -> str:
        """Write down what the requester was told: a row of `notice`, naming its request by id; the row's own id.

        The same letter told again on the day it was sent is one notice.

        Raises:
            ProblemError: the ledger has no such request.
        """
        told = (str(notice.get(name) or "") for name in ("request_id", "kind", "sent_at", "document_sha256"))
        extends = (str(notice["reasons"]), str(notice.get("promised_on") or "")) if notice.get("reasons") else ()
        notice_id = _id("notice", *told, *extends)
        known = sa.select(REQUESTS.c.id).where(REQUESTS.c.id == notice["request_id"])
        with writing(self.engine) as connection:
            chain = Appending(connection)
            if connection.execute(known).first() is None:
                message = "has no request of this id; `second-opinion ledger due --json` names those that run"
                raise refuse("not-found", "ledger", message, rule="ledger.notice")
            if (same := _same_letter(connection, notice)) is not None:
                return same
            chain.add(NOTICES, {"id": notice_id, **notice})
        return notice_id

    def reported(self, told: Row) -> bool:
        """Write down a disclosure that was made otherwise; whether it is new to the ledger."""
        return self._once(REPORTED, told, "reported_at")

    def suspended(self, told: Row) -> bool:
        """Write down the statement of an agency that suspends an accounting; whether it is new to the ledger."""
        return self._once(SUSPENSIONS, told, "recorded_at")

    def researched(self, told: Row) -> bool:
        """Write down research that is accounted for by protocol; whether it is new to the ledger."""
        return self._once(RESEARCH, told, "recorded_at")

    def recipient_known(self, disclosure: str, suspension: str, same: bool, at: str) -> None:
        """Write down whether who got a disclosure is the agency of a suspension, both by their ids.

        Raises:
            ProblemError: the ledger has no such disclosure or no such suspension.
        """
        with writing(self.engine) as connection:
            chain = Appending(connection)
            if not (chain.has(DISCLOSURES, disclosure) or chain.has(REPORTED, disclosure)):
                message = "is no disclosure of this ledger; `second-opinion ledger disclosures --all --json` names each"
                raise refuse("not-found", "LINE", message, rule="ledger.recipient")
            agency = connection.execute(
                sa.select(SUSPENSIONS.c.agency).where(SUSPENSIONS.c.id == suspension)
            ).scalar_one_or_none()
            if agency is None:
                message = "is no suspension of this ledger; the refusal of the accounting names those that it means"
                raise refuse("not-found", "SUSPENSION", message, rule="ledger.recipient")
            said = "yes" if same else "no"
            row = {"disclosure_id": disclosure, "suspension_id": suspension, "agency": agency, "same": said}
            chain.add(
                RECIPIENTS, {"id": _id(RECIPIENTS.name, disclosure, suspension, said, at), **row, "recorded_at": at}
            )

    def _once(self, table: sa.Table, told: Row, when: str) -> bool:
        """Add a row whose id is what it tells, but for when it was told."""
        key = _id(table.name, *(str(value or "") for name, value in sorted(told.items()) if name != when))
        with writing(self.engine) as connection:
            chain = Appending(connection)
            fresh = not chain.has(table, key)
            chain.add(table, {"id": key, **told})
        return fresh

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, in the order they were written; a release with its `state`, prepared or delivered."""
        chosen = METADATA.tables[table]
        held = JSON_COLUMNS if table not in PLAIN else frozenset[str]()
        with reading(self.engine) as connection:
            found = connection.execute(sa.select(chosen).order_by(chosen.c.number)).mappings()
            rows = [
                {name: json.loads(value) if name in held else value for name, value in row.items()} for row in found
            ]
            if chosen is not RELEASES:
                return rows
            done = set(connection.execute(sa.select(DISCLOSURES.c.release_id)).scalars())
        return [row | {"state": _state(row["id"] in done or row["state_before"] == "delivered")} for row in rows]


def request_id(request: Row) -> str:
    """The id of a request by what is told of it; told otherwise, it is another row of the same matter."""
    names = ("matter_id", "pathway", "requester", "purpose", "received_at", "holder_tz")
    return _id("request", *(str(request[name] or "") for name in names))


def matter_id(case_id: str, identifiers: Sequence[tuple[str, str]]) -> str:
    """What keeps the rows of one request together: its case and its patient, by (system, value)."""
    return _id("matter", case_id, *(part for pair in sorted(identifiers) for part in pair))


def policy_row(effective_from: str, switches: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a policy: its day of effect, its switches as they are turned here, and their digest."""
    told = canonical(switches)
    return {
        "effective_from": effective_from,
        "sha256": hashlib.sha256(told.encode()).hexdigest(),
        "switches": dict(switches),
    }


def _state(delivered: bool) -> str:
    return "delivered" if delivered else "prepared"


def _filed(chain: Appending, entry: Entry) -> None:
    """The request, and the numbers that its patient is known under."""
    request = entry.request["id"]
    chain.add(REQUESTS, dict(entry.request))
    for subject in entry.subjects:
        key = _id("subject", request, subject["system"], subject["value"], subject["person_sha256"])
        chain.add(SUBJECTS, {"id": key, "request_id": request, **subject})


def _decision(chain: Appending, entry: Entry, content: str) -> str:
    _filed(chain, entry)
    request, policy = entry.request["id"], entry.policy
    chain.add(POLICIES, {"id": _id("policy", policy["effective_from"], policy["sha256"]), **policy})
    made = {**entry.decision, "policy_from": policy["effective_from"], "policy_sha256": policy["sha256"]}
    decision = _id("decision", request, made["decided_at"], made["facts_sha256"], content)
    chain.add(DECISIONS, {"id": decision, "request_id": request, "content_sha256": content or None, **made})
    return decision


def _same_letter(connection: sa.Connection, notice: Row) -> str | None:
    """The id of the notice that this letter (by its digest) went out on this day; None where there is none."""
    if notice.get("document_sha256") is None:
        return None
    names = ("request_id", "kind", "document_sha256", "promised_on", "reasons")
    alike = sa.select(NOTICES.c.id, NOTICES.c.sent_at).where(*(NOTICES.c[name] == notice.get(name) for name in names))
    days = {row.sent_at[:10]: str(row.id) for row in connection.execute(alike.order_by(NOTICES.c.number.desc()))}
    return days.get(notice["sent_at"][:10])


def _id(kind: str, *of: str) -> str:
    try:
        return str(uuid5(DEFAULT_NAMESPACE, within(kind, *of)))
    except UnicodeEncodeError:  # bytes of the command line that are no UTF-8
        message = "would have a word that is no UTF-8; give every word of the command in UTF-8. Nothing was written"
        raise refuse("value", "ledger", message, rule="ledger.text") from None
