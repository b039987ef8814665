"""Rows as the adapter hands them to the ledger, about invented people, and hands that change what they should not."""

import hashlib
import sqlite3
from typing import Any

import sqlalchemy as sa

from adapter.ledger.appending import Appending
from adapter.ledger.shipment import Shipment
from adapter.ledger.store import Entry, Ledger, matter_id, policy_row, request_id
from adapter.ledger.tables import CHECKPOINTS, HEAD, TAKEOVERS

AT = "2026-03-16T10:00:00-04:00"
LATER = "2026-03-17T09:00:00-04:00"
SYSTEM, NUMBER = "https://hospital.example/mrn", "MRN-0001"
PERSON = "aa" * 32
NOTHING = hashlib.sha256(b"[]").hexdigest()
RIGHT = {"code": "ACCESS_RIGHT", "citation": "45 CFR 164.524(a)(1)", "item": "report"}
POLICY = policy_row("2024-04-16", {"access_days": 30, "specimens_in_drs": False})
DENIAL = {"code": "DENIAL_NOTICE_REQUIRED", "citation": "45 CFR 164.524(d)(2)", "item": None}


def entry(case: str = "case-1", number: str = NUMBER, at: str = AT, person: str = PERSON, **told: Any) -> Entry:
    """A decision on a request for access; `told` are columns of the request or of the decision."""
    request: dict[str, Any] = {
        "matter_id": matter_id(case, [(SYSTEM, number)]),
        "case_id": case,
        "recorded_at": at,
        "pathway": "access",
        "requester": "patient",
        "purpose": "patient_request",
        "received_at": "2026-03-02T09:30:00-05:00",
        "holder_tz": "America/New_York",
    }
    decision: dict[str, Any] = {
        "case_id": case,
        "action": "export",
        "decided_at": at,
        "outcome": "permit",
        "deadline": "2026-04-01",
        "facts_sha256": "f" * 64,
        "reasons": [RIGHT],
        "excluded": [],
    }
    request |= {name: value for name, value in told.items() if name in request}
    decision |= {name: value for name, value in told.items() if name in decision}
    subject = {"system": SYSTEM, "value": number, "person_sha256": person}
    return Entry(request={"id": request_id(request), **request}, subjects=(subject,), decision=decision, policy=POLICY)


def release(content: str = "c" * 64, at: str = AT) -> dict[str, Any]:
    """A release of this content."""
    basis = [{"code": "ACCESS_RIGHT", "citation": "45 CFR 164.524(a)(1)"}]
    event = {"resourceType": "AuditEvent", "size": 72.5, "who": "Zoë Müller-Test"}
    return {"content_sha256": content, "decided_at": at, "basis": basis, "audit_event": event}


def disclosure(at: str = AT, accounting: str = "required", **told: Any) -> dict[str, Any]:
    """A line of the accounting."""
    return {
        "disclosed_at": at,
        "recipient": "Test Review Center (synthetic)",
        "recipient_address": "1 Test Road, Exampleton, ND 00000",
        "description": "case case-1: 1 items: pathology report (1)",
        "purpose": "patient_request",
        "request_paper": "directive-letter",
        "accounting": accounting,
        "manifest_sha256": "d" * 64,
        **told,
    }


def notice(kind: str = "acknowledgement", at: str = AT, of: Entry | None = None) -> dict[str, Any]:
    """A letter that was sent."""
    return {
        "request_id": (of or entry()).request["id"],
        "kind": kind,
        "sent_at": at,
        "recipient": "Test Person",
        "document_sha256": "e" * 64,
        "promised_on": "2026-04-20",
        "reasons": "The archive is being moved.",
    }


def reported(at: str = AT, number: str = NUMBER, **told: Any) -> dict[str, Any]:
    """A disclosure that a business associate made, to an agency."""
    return {
        "system": SYSTEM,
        "value": number,
        "reported_at": LATER,
        "disclosed_at": at[:10],
        "recipient": "Test Agency (synthetic)",
        "recipient_address": "2 Test Road, Exampleton, ND 00000",
        "description": "Pathology report",
        "purpose": "Health oversight",
        "basis": "45 CFR 164.512(d)",
        "made_by": "Test Archive Company (synthetic)",
        "request_paper": "letter of the agency",
        **told,
    }


def suspension(until: str = "2026-06-30", number: str = NUMBER, **told: Any) -> dict[str, Any]:
    """The written statement of that agency that an accounting would impede it."""
    return {
        "system": SYSTEM,
        "value": number,
        "recorded_at": LATER,
        "agency": "Test Agency (synthetic)",
        "agency_address": "2 Test Road, Exampleton, ND 00000",
        "official": "Inspector Testofficial",
        "form": "written",
        "stated_on": "2026-03-10",
        "until": until,
        "document_sha256": "b" * 64,
        **told,
    }


def research(**told: Any) -> dict[str, Any]:
    """Research for which records of 60 people went on each of two days."""
    return {
        "recorded_at": LATER,
        "name": "Protocol T-1",
        "purpose": "To learn who comes back.",
        "criteria": "Every sarcoma since 2020.",
        "information": "Pathology reports",
        "days": "2026-02-10,2026-03-10",
        "last_on": "2026-03-10",
        "individuals": 60,
        "sponsor": "Test Foundation (synthetic)",
        "sponsor_address": "3 Test Road",
        "sponsor_phone": "+1 505 555 0103",
        "researcher": "Testresearcher-Poe",
        "researcher_address": "4 Test Road",
        "researcher_phone": "+1 505 555 0104",
        **told,
    }


def know(ledger: Ledger, *, same: bool, at: str = LATER) -> None:
    """Say whether the recipient told last is the agency whose suspension was told last."""
    line, suspended = ledger.rows("reported_disclosure")[-1]["id"], ledger.rows("suspension")[-1]["id"]
    ledger.recipient_known(line, suspended, same, at)


def go(ledger: Ledger, made: Entry, content: str = "c" * 64, **told: Any) -> None:
    """Let something go: prepared, delivered."""
    at = str(made.decision["decided_at"])
    ledger.delivered(ledger.prepare(made, release(content, at)), disclosure(at, **told))


def shipment(*uids: str, **more: object) -> Shipment:
    """Images of an archive, by UID."""
    instances = frozenset((uid, "e" * 64) for uid in uids or ("1.2.3.1",))
    return Shipment(**{"transfer_sha256": "t" * 64, "recorded_at": AT, "instances": instances} | more)  # type: ignore[arg-type]


def fill(url: str) -> str:
    """A ledger with a row of every kind; the hash of its head."""
    ledger = Ledger(url, at=AT)
    ledger.decided(entry("case-2", "MRN-0002", outcome="pend", excluded=["note"], at=LATER))
    go(ledger, entry())
    ledger.noticed(notice())
    ledger.reported(reported())
    ledger.suspended(suspension())
    know(ledger, same=False)
    ledger.researched(research())
    with ledger.engine.begin() as connection:
        row = {"id": "takeover", "taken_over_at": AT, "version": 1, "rows": 0}
        chain = Appending(connection)
        chain.append(TAKEOVERS, row)
        chain.append(
            CHECKPOINTS,
            {"id": "checkpoint", "archived_at": AT, "rows": 0, "rows_sha256": NOTHING, "archive_sha256": "a" * 64},
        )
    ledger.delivered(ledger.rows("release")[0]["id"], disclosure(), shipment())
    with ledger.engine.begin() as connection:
        head = connection.execute(sa.select(HEAD.c.hash)).scalar_one()
    ledger.close()
    return str(head)


def change(url: str, *statements: str) -> None:
    """Change a ledger behind its back, as somebody with a database client does."""
    if url.startswith("sqlite"):
        file = sqlite3.connect(url.removeprefix("sqlite:///"))
        for statement in statements:
            file.execute(statement)
        file.commit()
        file.close()
        return
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")  # foreign keys hold nobody up
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
