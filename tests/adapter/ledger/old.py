"""Ledgers of schema 1, as the version before the chain made it, and of schema 2, which did not name policies."""

import json
from typing import Any

import sqlalchemy as sa

from adapter.ledger.chain import GENESIS, link

_TABLES = (
    "CREATE TABLE decision (id VARCHAR(36) NOT NULL, case_id VARCHAR(200) NOT NULL, decided_at VARCHAR(35) NOT NULL, "
    "outcome VARCHAR(40) NOT NULL, deadline VARCHAR(10), facts_sha256 VARCHAR(64) NOT NULL, reasons JSON NOT NULL, "
    "excluded JSON NOT NULL, PRIMARY KEY (id))",
    "CREATE INDEX ix_decision_case_id ON decision (case_id)",
    "CREATE TABLE release (id VARCHAR(36) NOT NULL, decision_id VARCHAR(36) NOT NULL, content_sha256 VARCHAR(64) NOT "
    "NULL, decided_at VARCHAR(35) NOT NULL, basis JSON NOT NULL, state VARCHAR(10) NOT NULL, audit_event JSON NOT "
    "NULL, PRIMARY KEY (id), FOREIGN KEY(decision_id) REFERENCES decision (id), UNIQUE (content_sha256))",
    "CREATE TABLE disclosure (id VARCHAR(36) NOT NULL, release_id VARCHAR(36) NOT NULL, disclosed_at VARCHAR(35) NOT "
    "NULL, recipient TEXT NOT NULL, recipient_address TEXT, description TEXT NOT NULL, purpose TEXT NOT NULL, "
    "accounting VARCHAR(10) NOT NULL, manifest_sha256 VARCHAR(64) NOT NULL, PRIMARY KEY (id), FOREIGN KEY(release_id) "
    "REFERENCES release (id))",
)
FIRST, SECOND = "2025-01-10T10:00:00-05:00", "2025-02-10T10:00:00-05:00"
REASONS = [{"code": "TREATMENT", "citation": "45 CFR 164.506(c)(2)", "item": 'Zoë\'s "note"'}]
EVENT = {"resourceType": "AuditEvent", "size": 72.5, "who": "Zoë Müller-Test", "none": None, "list": [1, True]}
CONTENTS = ("1" * 64, "2" * 64)
_DECISION = "INSERT INTO decision VALUES (:id, :case, :at, 'permit', :deadline, :facts, :reasons, '[]')"
_RELEASE = "INSERT INTO release VALUES (:id, :decision, :content, :at, :basis, :state, :event)"
_DISCLOSURE = (
    "INSERT INTO disclosure VALUES (:id, :release, :at, 'Test Center', :address, 'what', 'treatment', :acc, :sha)"
)


def schema_1(url: str) -> str:
    """Make such a ledger: three decisions, a release that was delivered twice, one that never was; the same URL."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in _TABLES:
            connection.exec_driver_sql(statement)

        def put(statement: str, **values: object) -> None:
            connection.execute(sa.text(statement), values)

        reasons, event = json.dumps(REASONS), json.dumps(EVENT)
        for number, at in ((2, SECOND), (1, FIRST), (3, SECOND)):
            deadline = "2025-02-09" if number == 1 else None
            put(_DECISION, id=f"decision-{number}", case=f"case-{number}", at=at, deadline=deadline, facts="f" * 64,
                reasons=reasons)  # fmt: skip
        for number, state in ((1, "delivered"), (2, "prepared")):
            put(_RELEASE, id=f"release-{number}", decision=f"decision-{number}", content=CONTENTS[number - 1], at=FIRST,
                basis="[]", state=state, event=event)  # fmt: skip
        for number, (at, address, acc) in enumerate(((FIRST, None, "required"), (SECOND, "1 Test Road", "exempt"))):
            put(_DISCLOSURE, id=f"disclosure-{number}", release="release-1", at=at, address=address, acc=acc,
                sha="d" * 64)  # fmt: skip
    engine.dispose()
    return url


def counts(url: str) -> dict[str, int]:
    """How many rows the three tables of schema 1 have."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in ("decision", "release", "disclosure")
        }
    engine.dispose()
    return found


_TABLES_2 = (
    'CREATE TABLE chain_head ("only" INTEGER NOT NULL, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY '
    '("only"))',
    "CREATE TABLE ledger_version (version INTEGER NOT NULL, PRIMARY KEY (version))",
    "CREATE TABLE request (id VARCHAR(36) NOT NULL, matter_id TEXT NOT NULL, case_id TEXT NOT NULL, recorded_at TEXT "
    "NOT NULL, pathway TEXT, requester TEXT, purpose TEXT, received_at TEXT, holder_tz TEXT, number BIGINT NOT NULL, "
    "hash VARCHAR(64) NOT NULL, PRIMARY KEY (id), UNIQUE (number))",
    "CREATE INDEX ix_request_matter_id ON request (matter_id)",
    "CREATE TABLE takeover (id VARCHAR(36) NOT NULL, taken_over_at TEXT NOT NULL, version INTEGER NOT NULL, rows "
    "BIGINT NOT NULL, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (id), UNIQUE (number))",
    "CREATE TABLE decision (id VARCHAR(36) NOT NULL, request_id VARCHAR(36), case_id TEXT NOT NULL, action TEXT, "
    "decided_at TEXT NOT NULL, outcome TEXT NOT NULL, deadline TEXT, facts_sha256 TEXT NOT NULL, content_sha256 TEXT, "
    "reasons TEXT NOT NULL, excluded TEXT NOT NULL, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY "
    "(id), FOREIGN KEY(request_id) REFERENCES request (id), UNIQUE (number))",
    "CREATE INDEX ix_decision_request_id ON decision (request_id)",
    "CREATE TABLE notice (id VARCHAR(36) NOT NULL, request_id VARCHAR(36) NOT NULL, kind TEXT NOT NULL, sent_at TEXT "
    "NOT NULL, recipient TEXT, document_sha256 TEXT, promised_on TEXT, number BIGINT NOT NULL, hash VARCHAR(64) NOT "
    "NULL, PRIMARY KEY (id), FOREIGN KEY(request_id) REFERENCES request (id), UNIQUE (number))",
    "CREATE INDEX ix_notice_request_id ON notice (request_id)",
    "CREATE TABLE subject (id VARCHAR(36) NOT NULL, request_id VARCHAR(36) NOT NULL, system TEXT NOT NULL, value TEXT "
    "NOT NULL, person_sha256 TEXT NOT NULL, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (id), "
    "FOREIGN KEY(request_id) REFERENCES request (id), UNIQUE (number))",
    "CREATE INDEX ix_subject_request_id ON subject (request_id)",
    "CREATE INDEX ix_subject_value ON subject (value)",
    "CREATE TABLE release (id VARCHAR(36) NOT NULL, decision_id VARCHAR(36) NOT NULL, content_sha256 VARCHAR(64) NOT "
    "NULL, decided_at TEXT NOT NULL, basis TEXT NOT NULL, audit_event TEXT NOT NULL, state_before TEXT, number BIGINT "
    "NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (id), FOREIGN KEY(decision_id) REFERENCES decision (id), UNIQUE "
    "(content_sha256), UNIQUE (number))",
    "CREATE INDEX ix_release_decision_id ON release (decision_id)",
    "CREATE TABLE disclosure (id VARCHAR(36) NOT NULL, release_id VARCHAR(36) NOT NULL, disclosed_at TEXT NOT NULL, "
    "recipient TEXT NOT NULL, recipient_address TEXT, description TEXT NOT NULL, purpose TEXT NOT NULL, request_paper "
    "TEXT, accounting TEXT NOT NULL, manifest_sha256 TEXT NOT NULL, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL, "
    "PRIMARY KEY (id), FOREIGN KEY(release_id) REFERENCES release (id), UNIQUE (number))",
    "CREATE INDEX ix_disclosure_release_id ON disclosure (release_id)",
)
_ROWS_2: tuple[tuple[str, dict[str, Any]], ...] = (
    ("request", {"id": "request-1", "matter_id": "matter-1", "case_id": "case-1", "recorded_at": FIRST,
     "pathway": "access", "requester": "patient", "purpose": None, "received_at": "2025-01-09T09:00:00-05:00",
     "holder_tz": "America/New_York"}),
    ("subject", {"id": "subject-1", "request_id": "request-1", "system": "https://hospital.example/mrn",
     "value": "MRN-0001", "person_sha256": "aa" * 32}),
    ("decision", {"id": "decision-1", "request_id": "request-1", "case_id": "case-1", "action": "export",
     "decided_at": FIRST, "outcome": "permit_with_exclusions", "deadline": "2025-02-08", "facts_sha256": "f" * 64,
     "content_sha256": CONTENTS[0], "reasons": '[{"citation":"45 CFR 164.524(d)(2)","code":"DENIAL_NOTICE_REQUIRED"}]',
     "excluded": "[]"}),
    ("release", {"id": "release-1", "decision_id": "decision-1", "content_sha256": CONTENTS[0], "decided_at": FIRST,
     "basis": "[]", "audit_event": '{"who":"Zoë Müller-Test"}', "state_before": None}),
    ("disclosure", {"id": "disclosure-1", "release_id": "release-1", "disclosed_at": FIRST, "recipient": "Test Center",
     "recipient_address": None, "description": "what", "purpose": "treatment", "request_paper": None,
     "accounting": "required", "manifest_sha256": "d" * 64}),
    ("notice", {"id": "notice-1", "request_id": "request-1", "kind": "acknowledgement", "sent_at": FIRST,
     "recipient": None, "document_sha256": None, "promised_on": None}),
)  # fmt: skip


def schema_2(url: str) -> tuple[str, str]:
    """Make a ledger of schema 2 with a row of every kind; the same URL, and the hash of its head."""
    engine = sa.create_engine(url)
    before = GENESIS
    with engine.begin() as connection:
        for statement in _TABLES_2:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO ledger_version VALUES (2)")
        for number, (table, row) in enumerate(_ROWS_2, 1):
            before = link(before, number, table, row)
            held = row | {"number": number, "hash": before}
            named = ", ".join(f":{name}" for name in held)
            connection.execute(sa.text(f"INSERT INTO {table} ({', '.join(held)}) VALUES ({named})"), held)
        connection.execute(sa.text("INSERT INTO chain_head VALUES (1, :number, :hash)"), {"number": 6, "hash": before})
    engine.dispose()
    return url, before
