"""DIMSE by TLS, with DCMTK and Orthanc at the other end: both sides known to one another, or nothing is said."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapter.config import Pacs as Settings
from adapter.delivery.dimse import deliver_images
from adapter.dimse.peer import Peer
from adapter.sources.dimse import fetch, find
from adapter.transfer.journal import Journal
from adapter.transfer.wanted import Wanted
from mappings.problems import ProblemError
from tests.adapter.dicomweb.test_tls import certificate
from tests.dicom_files import dataset, write
from tests.live import pacs
from tests.live.pacs import Pacs
from tests.live.servers import free_port, running
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    """Orthanc that speaks DIMSE by TLS alone."""
    with pacs.orthanc(tmp_path_factory.mktemp("tls"), tls=True) as found:
        yield found


def peer(archive: Pacs, **more: Any) -> Peer:
    files = {name: Path(archive.tls[name]) for name in ("ca", "certificate", "key")}
    told = {"port": archive.port, "title": "ORTHANC", "own_title": "ADAPTER", "own_port": archive.own_port, **more}
    return Peer("archive", Settings(**{"host": "127.0.0.1", "tls": True, "timeout": 10.0, **files, **told}))


def images(folder: Path, number: int = 5) -> dict[str, Path]:
    return {
        f"1.2.3.1.{n}": write(folder / f"{n}.dcm", dataset(SOPInstanceUID=f"1.2.3.1.{n}", PixelData=bytes([n]) * 1000))
        for n in range(1, number + 1)
    }


def sent(to: Peer, files: dict[str, Path], folder: Path) -> list[tuple[bool, str]]:
    with Journal(folder / "journal", "x") as journal:
        done = deliver_images(made_release(EXAMPLE, images=files), to, journal)
    return [(one.here, one.proof) for one in done.outcomes]


@pytest.mark.parametrize("retrieve", ["get", "move"])
def test_stored_found_and_fetched_by_tls(archive: Pacs, retrieve: str, tmp_path: Path) -> None:
    archive.empty()
    files = images(tmp_path)
    assert sent(peer(archive), files, tmp_path) == [(True, "data set")] * 5
    asked = peer(archive, retrieve=retrieve)
    found, _ = find(asked, Wanted(studies=("1.2.3",)))
    with Journal(tmp_path / "out.fetch.jsonl", "x") as journal:
        done = fetch(asked, found, tmp_path / "out", journal)
    assert (done.new, done.missing, done.problems) == (5, 0, ())
    assert sorted(path.stem for path in (tmp_path / "out").rglob("*.dcm")) == sorted(files)


@pytest.mark.parametrize("wrong", ["ca", "certificate", "none"])
def test_who_is_not_known_is_told_so(archive: Pacs, wrong: str) -> None:
    folder = Path(archive.tls["ca"]).parent
    other: dict[str, Any] = {
        "ca": {"ca": folder / "other.pem"},
        "certificate": {"certificate": folder / "other.pem", "key": folder / "other.key"},
        "none": {"certificate": None, "key": None},
    }
    with pytest.raises(ProblemError, match="cannot be trusted, does not trust us, or speaks no TLS") as caught:
        peer(archive, **other[wrong]).echo()
    assert caught.value.problems[0].code == "security"


@contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """DCMTK's storescp by TLS, for who has the certificate `client`; what it takes lies in `in`."""
    port = free_port()
    (folder / "in").mkdir()
    command = ["storescp", "-v", "-aet", "STORESCP", "--fork", "-od", "in", "+tls", "server.key", "server.pem"]
    command += ["+cf", "client.pem", "--require-peer-cert", str(port)]

    def ready(_: str) -> str | None:
        with socket.socket() as probe:
            return "dicom" if probe.connect_ex(("127.0.0.1", port)) == 0 else None

    with running(command, folder, ready, 20):
        yield port


def test_dcmtk_takes_images_by_tls(tmp_path: Path) -> None:
    for name in ("server", "client", "other"):
        certificate(tmp_path, name)
    mine = {"certificate": tmp_path / "client.pem", "key": tmp_path / "client.key"}
    told: dict[str, Any] = {"host": "127.0.0.1", "title": "STORESCP", "tls": True, "timeout": 10.0, **mine}
    files = images(tmp_path)
    with storescp(tmp_path) as port:
        assert (
            sent(Peer("archive", Settings(port=port, ca=tmp_path / "server.pem", **told)), files, tmp_path)
            == [(True, "answer")] * 5
        )
        with pytest.raises(ProblemError, match="cannot be trusted"):
            Peer("archive", Settings(port=port, ca=tmp_path / "other.pem", **told)).echo()
    came = [path.read_bytes() for path in (tmp_path / "in").iterdir()]
    assert sorted(data[-1000:] for data in came) == sorted(bytes([n]) * 1000 for n in range(1, 6))
