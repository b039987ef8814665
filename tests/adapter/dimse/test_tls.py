"""By TLS a peer is trusted by the authorities that are set, and asked with the certificate that is set."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt

from adapter.config import Pacs
from adapter.dimse.peer import Peer
from adapter.errors import exit_code
from mappings.problems import ProblemError
from tests.adapter.dicomweb.test_tls import certificate
from tests.adapter.dimse.scp import VERIFICATION

DISTRUSTED = "cannot be trusted, does not trust us, or speaks no TLS"
UNREADABLE = "`ca`, `certificate` or `key` of the settings cannot be read"


@contextmanager
def server(folder: Path, known: Path | None = None, plain: bool = False) -> Iterator[int]:
    """An archive that answers C-ECHO by TLS, to who has the certificate `known`, or to everybody; its port."""
    entity: Any = AE(ae_title="ARCHIVE")
    entity.add_supported_context(VERIFICATION)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    if known:
        context.load_verify_locations(known)
        context.verify_mode = ssl.CERT_REQUIRED
    echo = [(evt.EVT_C_ECHO, lambda _: 0)]
    tls = None if plain else context
    running = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=echo, ssl_context=tls)
    running.handle_error = lambda *_: None  # a client that does not trust it, or is not trusted
    try:
        yield running.socket.getsockname()[1]
    finally:
        running.shutdown()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("server", "client", "other"):
        certificate(tmp_path, name)
    return tmp_path


def asked(port: int, **settings: Any) -> None:
    told = {"host": "127.0.0.1", "title": "ARCHIVE", "timeout": 5.0, "tls": True, **settings}
    Peer("archive", Pacs(port=port, **told)).echo()


def own(files: Path, name: str) -> dict[str, Path]:
    return {"certificate": files / f"{name}.pem", "key": files / f"{name}.key"}


def refused(port: int, **settings: Any) -> tuple[str, str, int]:
    with pytest.raises(ProblemError) as caught:
        asked(port, **settings)
    (found,) = caught.value.problems
    return found.code, found.message, exit_code(caught.value)


def test_who_is_known_is_spoken_to(files: Path) -> None:
    with server(files) as port:
        asked(port, ca=files / "server.pem")


def test_both_sides_know_one_another(files: Path) -> None:
    with server(files, files / "client.pem") as port:
        asked(port, ca=files / "server.pem", **own(files, "client"))


@pytest.mark.parametrize("ca", ["other.pem", None])
def test_an_archive_of_another_authority_is_not_spoken_to(ca: str | None, files: Path) -> None:
    with server(files) as port:
        code, message, ended = refused(port, **({"ca": files / ca} if ca else {}))
    assert (code, message.startswith(DISTRUSTED), ended) == ("security", True, 1)


def test_an_archive_under_another_name_is_not_spoken_to(files: Path) -> None:
    with server(files) as port:
        assert refused(port, host="localhost", ca=files / "server.pem")[0] == "security"


@pytest.mark.parametrize("name", [None, "other"])
def test_an_archive_that_wants_to_know_us(name: str | None, files: Path) -> None:
    with server(files, files / "client.pem") as port:
        code, message, _ = refused(port, ca=files / "server.pem", **(own(files, name) if name else {}))
    assert (code, message.startswith(DISTRUSTED)) == ("security", True)


def test_one_that_speaks_no_tls(files: Path) -> None:
    with server(files, plain=True) as port:
        assert refused(port, ca=files / "server.pem", timeout=2.0)[0] in ("security", "transient")


@pytest.mark.parametrize(
    "settings",
    [{"ca": "absent.pem"}, {"ca": "server.key"}, {"certificate": "absent.pem"}, {"certificate": "other.pem"}],
)
def test_files_that_cannot_be_read_are_told_without_asking(settings: dict[str, str], files: Path) -> None:
    more = {name: files / file for name, file in settings.items()}
    code, message, _ = refused(1, **{"ca": files / "server.pem"} | more)
    assert (code, UNREADABLE in message) == ("not-found", True)


def test_what_is_sent_to_us_by_tls_needs_a_certificate_of_ours(files: Path) -> None:
    told = Pacs(host="127.0.0.1", tls=True, own_port=1, ca=files / "server.pem")
    with pytest.raises(ProblemError, match="needs `certificate` and `key` of ours"):
        Peer("archive", told)._serving()


def test_only_who_has_a_certificate_that_we_trust_sends_to_us(files: Path) -> None:
    told = Pacs(host="127.0.0.1", tls=True, ca=files / "server.pem", **own(files, "client"))  # type: ignore[arg-type]
    context = Peer("archive", told)._serving()
    assert (context.verify_mode, context.minimum_version) == (ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_2)
    (known,) = context.get_ca_certs()
    assert known["subject"] == ((("commonName", "server"),),)
