"""Every test with `url` runs on SQLite, and (live) on a PostgreSQL server that is started for it and thrown away."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

_NAMES = count(1)


def _programs() -> Path:
    """The folder of PostgreSQL's own programs, the newest there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    assert found or on_path, "PostgreSQL is missing: tests/live/install.sh installs it"
    return found[-1].parent if found else Path(str(on_path)).parent


def _owner() -> str | None:
    """PostgreSQL does not run as root: then as one who owns nothing."""
    if os.getuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """A server of its own in a temporary folder, reached by a socket there: the URL of a schema, less its name."""
    owner, programs = _owner(), _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if owner:
        shutil.chown(folder, owner)
    server = subprocess.Popen(
        ["sh", "-c", _SERVE, "sh", str(programs), str(folder)],
        user=owner, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == b"ready\n", "PostgreSQL did not start"
        yield f"postgresql+psycopg://ledger@/postgres?host={folder}&options=-csearch_path%3D{{}}"
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


_SERVE = """
set -e
"$1/initdb" -D "$2/data" -U ledger -A trust -E UTF8 --locale=C --no-sync >"$2/log"
options="-c listen_addresses= -c unix_socket_directories=$2 -c fsync=off -c max_connections=40"
"$1/pg_ctl" -D "$2/data" -w -l "$2/log" -o "$options" start >>"$2/log"
echo ready
read -r _ || true
"$1/pg_ctl" -D "$2/data" -m immediate -w stop >>"$2/log"
rm -rf "$2"
"""
"""It reads until its input ends, so that the server goes with whoever started it, however that ends."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database."""
    return str(request.param)


@pytest.fixture
def urls(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Iterator[str]]:
    """URLs under which nothing is yet, as many as are asked for."""
    if backend == "sqlite":
        yield (f"sqlite:///{tmp_path}/ledger-{next(_NAMES)}.sqlite3" for _ in count())
        return
    cluster: str = request.getfixturevalue("cluster")
    engine = sa.create_engine(cluster.format("public"))

    def made() -> Iterator[str]:
        while True:
            name = f"ledger{next(_NAMES)}"
            with engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE SCHEMA {name}")
            yield cluster.format(name)

    yield made()
    engine.dispose()


@pytest.fixture
def url(urls: Iterator[str]) -> str:
    """A URL under which nothing is yet."""
    return next(urls)
