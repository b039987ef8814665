"""Counterparts of the live tests, and what the adapter exports of every scenario.

`tests/live/install.sh` (make live) puts the programs in place; what is missing makes a test fail, never skip.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mappings.fhir.wire import dumps, loads, read_object
from tests.conftest import shared_folder
from tests.golden import export, scenarios, source
from tests.live import servers
from tests.live.judging import Exported, Medplum
from tests.live.servers import LIVE, Server

NODE_PROGRAM = Path(__file__).parent / "validate.mjs"


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Every scenario, exported."""
    return {name: _export(name, tmp_path_factory.mktemp("case")) for name in scenarios()}


def _export(name: str, folder: Path) -> Exported:
    case = source(name, folder)
    export(case, folder / "out")
    bundle = read_object((folder / "out" / "bundle.json").read_bytes())
    return Exported(name, case, folder / "out", bundle)


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """HAPI FHIR."""
    with servers.hapi(tmp_path_factory.mktemp("hapi"), shared_folder()) as server:
        yield server


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """SEKMET."""
    with servers.sekmet(tmp_path_factory.mktemp("sekmet")) as server:
        yield server


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Orthanc."""
    with servers.orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(scope="session")
def medplum() -> Medplum:
    """Medplum's validator: a list of resources -> for each its issues (`severity expression: text`)."""

    def judge(resources: list[Any]) -> list[list[str]]:
        done = subprocess.run(
            ["node", str(NODE_PROGRAM)], input=dumps(resources), capture_output=True, cwd=LIVE / "node", timeout=120
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
        found: list[list[str]] = loads(done.stdout)
        return found

    return judge
