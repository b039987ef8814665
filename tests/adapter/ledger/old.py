"""A ledger of schema 1, as the version before the chain made it."""

import json

import sqlalchemy as sa

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
