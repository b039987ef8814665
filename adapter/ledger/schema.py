"""The schema of a ledger: made where there is none, taken over from an earlier version, refused of a later one.

What schema 1 held keeps every value; its rows get their place in the chain, and a row of their own says so. What was
done to them before nobody can show. Schemas 2 to 4 get what they lack; their rows stay as they are, hash and all: a
column that holds nothing is not in the hash. A row of the chain says when that was done.
"""

from uuid import uuid5

import sqlalchemy as sa

from adapter.ledger.appending import Appending, canonical
from adapter.ledger.chain import GENESIS
from adapter.ledger.engine import RULE, absent, writing
from adapter.ledger.tables import (
    ARCHIVED,
    CHECKPOINTS,
    DECISIONS,
    DISCLOSURES,
    HEAD,
    METADATA,
    NOTICES,
    POLICIES,
    RECIPIENTS,
    RELEASES,
    REPORTED,
    RESEARCH,
    SHIPMENTS,
    SUSPENSIONS,
    TAKEOVERS,
    VERSION,
    VERSIONS,
)
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError, refuse

_ADVISORY = 0x5EC0_9140
"""Key of the lock under which PostgreSQL makes the tables."""

_OLD = sa.MetaData()
"""Schema 1 under the names its tables get while they are taken over."""


def _old(name: str, *columns: str) -> sa.Table:
    json = ("reasons", "excluded", "basis", "audit_event")
    held = [sa.Column(column, sa.JSON if column in json else sa.Text) for column in columns]
    return sa.Table(f"schema1_{name}", _OLD, sa.Column("id", sa.String(36), primary_key=True), *held)


_BEFORE: dict[sa.Table, tuple[sa.Table, str]] = {
    DECISIONS: (
        _old(
            "decision", "case_id", "decided_at", "outcome", "deadline", "facts_sha256", "reasons", "excluded"
        ),
        "decided_at",
    ),
    RELEASES: (
        _old("release", "decision_id", "content_sha256", "decided_at", "basis", "state", "audit_event"), "decided_at"
    ),
    DISCLOSURES: (
        _old(
            "disclosure", "release_id", "disclosed_at", "recipient", "recipient_address", "description", "purpose",
            "accounting", "manifest_sha256",
        ),
        "disclosed_at",
    ),
}  # fmt: skip
"""Table -> what it was in schema 1, and by which column its rows are put in order."""


_NEW_TABLES = {
    2: (POLICIES, REPORTED, SUSPENSIONS, CHECKPOINTS, ARCHIVED, RECIPIENTS, RESEARCH, SHIPMENTS),
    3: (RECIPIENTS, RESEARCH, SHIPMENTS),
    4: (SHIPMENTS,),
}
_NEW_COLUMNS = {
    2: (DECISIONS.c.policy_from, DECISIONS.c.policy_sha256, DISCLOSURES.c.exemption, NOTICES.c.reasons),
    3: (),
    4: (),
}
"""What a schema lacks."""


def version_of(connection: sa.Connection) -> int:
    """The version of the schema that is there; 0 where there is none.

    Raises:
        ProblemError: tables of it are gone.
    """
    names = set(sa.inspect(connection).get_table_names())
    if VERSIONS.name in names:
        found = int(connection.execute(sa.select(VERSIONS.c.version)).scalar_one())
        if found == VERSION and (lost := METADATA.tables.keys() - names):
            raise _lost(lost)
        return found
    if HEAD.name in names:  # schema 1 had none
        raise _lost({VERSIONS.name})
    return 1 if DECISIONS.name in names else 0


def _lost(tables: set[str]) -> ProblemError:
    message = (
        f"has lost what it was made with (table {', '.join(sorted(tables))}): restore the database from a backup, and "
        "run `second-opinion ledger verify` on it. Nothing was written"
    )
    return refuse("no-store", "ledger", message, rule=RULE)


def check(version: int) -> None:
    """Raise ProblemError unless the schema is this one."""
    if version == 0:
        raise absent()
    if version < VERSION:
        message = (
            f"is of an earlier version (schema {version}); `second-opinion ledger migrate` takes it over (so does the "
            "next export): every row is kept"
        )
        raise refuse("not-supported", "ledger", message, rule=RULE)
    if version > VERSION:
        message = (
            f"was written by a newer version of the adapter (schema {version}, this one knows {VERSION}); update the "
            "adapter. Nothing was changed"
        )
        raise refuse("not-supported", "ledger", message, rule=RULE)


def bring_up(engine: sa.Engine, at: str) -> int:
    """Make the tables, or take over an earlier version; how many rows were taken over. `at` is the time it is done."""
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))
        found = version_of(connection)  # again, now that nobody else can change it
        if found == 0:
            _make(connection)
            return 0
        if found == 1:
            return _take_over(connection, at)
        if found in _NEW_TABLES:
            _bring_on(connection, found, at)
            return 0
        check(found)
        return 0


def _make(connection: sa.Connection) -> None:
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(VERSIONS.insert().values(version=VERSION))
    connection.execute(HEAD.insert().values(only=1, number=0, hash=GENESIS))


def _take_over(connection: sa.Connection, at: str) -> int:
    for table, (old, _) in _BEFORE.items():
        connection.execute(sa.text(f"ALTER TABLE {_quoted(connection, table)} RENAME TO {_quoted(connection, old)}"))
    connection.execute(sa.text("DROP INDEX IF EXISTS ix_decision_case_id"))
    _make(connection)
    rows = sum(_count(connection, old) for old, _ in _BEFORE.values())
    chain = Appending(connection)
    name = str(uuid5(DEFAULT_NAMESPACE, f"takeover|{at}"))
    chain.append(TAKEOVERS, {"id": name, "taken_over_at": at, "version": 1, "rows": rows})
    for table, (old, order) in _BEFORE.items():
        for row in connection.execute(sa.select(old).order_by(old.c[order], old.c.id)).mappings():
            chain.append(table, {_now_named(key): _text(value) for key, value in row.items()})
    if sum(_count(connection, table) for table in _BEFORE) != rows:
        raise _incomplete()
    for old, _ in reversed(_BEFORE.values()):
        old.drop(connection)
    return rows


def _bring_on(connection: sa.Connection, found: int, at: str) -> None:
    """What is new is added, no row is touched, and the chain says when."""
    for column in _NEW_COLUMNS[found]:
        named = connection.dialect.identifier_preparer.quote(column.name)
        kind = column.type.compile(connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE {_quoted(connection, column.table)} ADD COLUMN {named} {kind}"))
    METADATA.create_all(connection, tables=_NEW_TABLES[found], checkfirst=False)
    connection.execute(VERSIONS.update().values(version=VERSION))
    name = str(uuid5(DEFAULT_NAMESPACE, f"takeover|{found}|{at}"))
    Appending(connection).append(TAKEOVERS, {"id": name, "taken_over_at": at, "version": found, "rows": 0})


def _now_named(column: str) -> str:
    return "state_before" if column == "state" else column


def _text(value: object) -> object:
    return value if value is None or isinstance(value, str) else canonical(value)


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _quoted(connection: sa.Connection, table: sa.Table) -> str:
    return connection.dialect.identifier_preparer.quote(table.name)


def _incomplete() -> ProblemError:
    return refuse("exception", "ledger", "could not be taken over whole; it stays as it was", rule=RULE)
