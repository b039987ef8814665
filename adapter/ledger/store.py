"""The ledger: what was decided, what was released on it, what was disclosed to whom. It stays with the holder.

SQLAlchemy Core; SQLite by default, any URL that SQLAlchemy knows. A release is written down as `prepared` before the
delivery is made and as `delivered` before it is reported as done: after a crash in between, the same command finds the
prepared row, delivers again with the same time, and closes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid5

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import refuse

METADATA = sa.MetaData()

DECISIONS = sa.Table(
    "decision",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("case_id", sa.String(200), nullable=False, index=True),
    sa.Column("decided_at", sa.String(35), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("deadline", sa.String(10)),
    sa.Column("facts_sha256", sa.String(64), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("excluded", sa.JSON, nullable=False),
)
RELEASES = sa.Table(
    "release",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("decision_id", sa.ForeignKey("decision.id"), nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("decided_at", sa.String(35), nullable=False),
    sa.Column("basis", sa.JSON, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("audit_event", sa.JSON, nullable=False),
)
DISCLOSURES = sa.Table(
    "disclosure",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("release_id", sa.ForeignKey("release.id"), nullable=False),
    sa.Column("disclosed_at", sa.String(35), nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("recipient_address", sa.Text),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("accounting", sa.String(10), nullable=False),
    sa.Column("manifest_sha256", sa.String(64), nullable=False),
)


class Ledger:
    """One ledger. Every method is one transaction."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def first_time(self, content_sha256: str) -> str | None:
        """When the same content was first decided to go, or None: an identical redelivery keeps that time."""
        query = sa.select(RELEASES.c.decided_at).where(RELEASES.c.content_sha256 == content_sha256)
        with self._transaction() as connection:
            return connection.execute(query).scalar_one_or_none()

    def prepare(self, decision: dict[str, Any], release: dict[str, Any]) -> str:
        """Write down a decision, and the release made on it where its content is new; the id of the release."""
        content = release["content_sha256"]
        query = sa.select(RELEASES.c.id).where(RELEASES.c.content_sha256 == content)
        decision_id = _id("decision", decision["decided_at"], decision["facts_sha256"], content)
        with self._transaction() as connection:
            _insert(connection, DECISIONS, {"id": decision_id, **decision})
            known = connection.execute(query).scalar_one_or_none()
            if known is not None:
                return str(known)
            release_id = _id("release", content)
            _insert(
                connection, RELEASES, {"id": release_id, "decision_id": decision_id, "state": "prepared", **release}
            )
            return release_id

    def delivered(self, release_id: str, disclosure: dict[str, Any]) -> None:
        """Close a release: it is delivered, with its line for the accounting of disclosures (45 CFR 164.528(b)(2)).

        Every disclosure has its line, also of what went before; the same one told twice is one.
        """
        disclosure_id = _id("disclosure", release_id, disclosure["manifest_sha256"], disclosure["disclosed_at"])
        with self._transaction() as connection:
            _insert(connection, DISCLOSURES, {"id": disclosure_id, "release_id": release_id, **disclosure})
            connection.execute(RELEASES.update().where(RELEASES.c.id == release_id).values(state="delivered"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, in the order of their ids."""
        chosen = METADATA.tables[table]
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(sa.select(chosen).order_by(chosen.c.id)).mappings()]

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError:
            message = "is busy or cannot be reached just now; try again"
            raise refuse("transient", "ledger", message, rule="ledger") from None
        except SQLAlchemyError:
            # the driver's own message shows parameters, which are about patients
            message = "cannot be read or written; check its address, rights and space"
            raise refuse("no-store", "ledger", message, rule="ledger") from None


def _id(kind: str, *of: str) -> str:
    return str(uuid5(DEFAULT_NAMESPACE, "|".join((kind, *of))))


def _insert(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert a row unless it is there."""
    if connection.execute(sa.select(table.c.id).where(table.c.id == row["id"])).scalar_one_or_none() is None:
        connection.execute(table.insert().values(**row))


def _engine(url: str) -> sa.Engine:
    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            _private(address.database)
        engine = sa.create_engine(address, hide_parameters=True)
        if address.get_backend_name() == "sqlite":
            sa.event.listen(engine, "connect", _durable)
        METADATA.create_all(engine)
    except (SQLAlchemyError, OSError, ImportError):
        message = "cannot be opened; check `ledger` in the settings (a SQLAlchemy URL) and its folder"
        raise refuse("no-store", "ledger", message, rule="ledger") from None
    return engine


def _private(database: str) -> None:
    """A new SQLite file and its folder are for their owner alone; SQLite gives its side files the mode of the file."""
    place = Path(database)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if database != ":memory:" and not database.startswith("file:"):
        with suppress(FileExistsError):
            place.touch(mode=0o600, exist_ok=False)


def _durable(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
