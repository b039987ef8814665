"""The database under the ledger: transactions that one writer at a time makes, and errors that show no value."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from adapter.config import default_ledger
from mappings.problems import ProblemError, refuse

RULE = "ledger"
WAIT = 60
"""Seconds to wait for another writer."""
_READING = "second_opinion_reading"
_BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))


def engine_for(url: str, *, create: bool) -> sa.Engine:
    """The engine of a ledger; with `create`, an SQLite file is made, for its owner alone.

    Its folder is made only at the default place: a folder that somebody named and that is not there is a slip.

    Raises:
        ProblemError: the URL is none or keeps nothing, its driver is missing, its folder is not there, or (without
            `create`) there is no file.
    """
    with _safely():
        address = sa.make_url(url)
        if _forgets(address):
            message = "names SQLite in memory, which keeps nothing; name a file, as sqlite:////var/lib/ledger.sqlite3"
            raise refuse("value", "ledger", message, rule=RULE)
        file = _file(address)
        if file is not None and create:
            _private(file, make_folder=url == default_ledger())
        elif file is not None and not file.is_file():
            raise absent()
        if address.get_backend_name() != "sqlite":
            return sa.create_engine(address, hide_parameters=True)
        engine = sa.create_engine(address, hide_parameters=True, connect_args={"timeout": WAIT})
        sa.event.listen(engine, "connect", _connected)
        if create:
            sa.event.listen(engine, "connect", _many_readers)
        sa.event.listen(engine, "begin", _begin)
        return engine


def absent() -> ProblemError:
    """There is no ledger where the settings say."""
    message = "is not there yet: the first export makes it; check `ledger` in the settings (a SQLAlchemy URL)"
    return refuse("not-found", "ledger", message, rule=RULE)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes: on SQLite it has the file from its start (BEGIN IMMEDIATE)."""
    with _safely(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that reads one state of everything, whatever others write meanwhile, and keeps nobody waiting."""
    with _safely(), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            chosen = connection.execution_options(**{_READING: True})
        else:
            chosen = connection.execution_options(isolation_level="REPEATABLE READ")
        with chosen.begin():
            yield chosen


@contextmanager
def _safely() -> Iterator[None]:
    """Say what went wrong without the driver's text: it shows parameters, which are about patients."""
    try:
        yield
    except OperationalError as error:
        if _passes(error):
            message = "is busy or cannot be reached just now; try again, and check its address if that does not help"
            raise refuse("transient", "ledger", message, rule=RULE) from None
        raise _unusable() from None
    except (SQLAlchemyError, OSError, ImportError, UnicodeError):
        raise _unusable() from None


def _passes(error: OperationalError) -> bool:
    """Whether trying again can help: a lock on SQLite; a server that is away, anywhere else."""
    if isinstance(error.orig, sqlite3.Error):
        return (getattr(error.orig, "sqlite_errorcode", None) or 0) & 0xFF in _BUSY
    return True


def _unusable() -> ProblemError:
    message = (
        "cannot be opened, read or written; check `ledger` in the settings (a SQLAlchemy URL), its driver, rights and "
        "space"
    )
    return refuse("no-store", "ledger", message, rule=RULE)


def _file(address: sa.URL) -> Path | None:
    """The file of an SQLite ledger; None where it is none we look after."""
    name = address.database
    if address.get_backend_name() != "sqlite" or not name or name.startswith("file:"):
        return None
    return Path(name)


def _forgets(address: sa.URL) -> bool:
    """Whether an SQLite URL is of a database that is gone with its connection, with all that was written down."""
    name = address.database or ""
    if address.get_backend_name() != "sqlite":
        return False
    named = name.removeprefix("file:").partition("?")[0]
    asked = (address.query.get("mode"), address.query.get("vfs"))
    return named in ("", ":memory:") or asked[0] == "memory" or asked[1] == "memdb" or "mode=memory" in name


def _private(place: Path, *, make_folder: bool) -> None:
    """A new SQLite file is for its owner alone; SQLite gives its side files the mode of the file."""
    if make_folder:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not place.parent.is_dir():
        message = "names a file in a folder that is not there; make the folder, or mend `ledger` in the settings"
        raise refuse("no-store", "ledger", message, rule=RULE)
    with suppress(FileExistsError):
        place.touch(mode=0o600, exist_ok=False)


def _connected(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own; `_begin` does
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _many_readers(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")  # stays with the file: readers do not wait for a writer


def _begin(connection: sa.Connection) -> None:
    read = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")
