"""A server is trusted by the authorities that are set, and asked with the certificate that is set."""

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapter.config import Pacs
from adapter.dicomweb.client import Client
from mappings.problems import ProblemError

DAY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that signs itself, for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(DAY)
        .not_valid_after(DAY.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        pass  # a client that does not trust it


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    """A server with TLS that lets in only who has the certificate `client`."""
    public, private = certificate(tmp_path, "server")
    known, _ = certificate(tmp_path, "client")
    certificate(tmp_path, "other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    context.load_verify_locations(known)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/dicom-web"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(root: str, **settings: Path) -> object:
    client = Client("archive", Pacs(url=root, attempts=1, timeout=5.0, **settings))  # type: ignore[arg-type]
    try:
        return client.get_json(("studies",), [("PatientID", "Rosebud")], "search")
    finally:
        client.close()


def test_both_sides_know_one_another(root: str, tmp_path: Path) -> None:
    mine = {"certificate": tmp_path / "client.pem", "key": tmp_path / "client.key"}
    assert asked(root, ca=tmp_path / "server.pem", **mine) is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "cannot be trusted, or does not trust us"),
        ({"ca": "other.pem"}, "cannot be trusted, or does not trust us"),
        ({"ca": "absent.pem"}, "`ca`, `certificate` or `key` of the settings cannot be read"),
        (
            {"ca": "server.pem", "certificate": "absent.pem"},
            "`ca`, `certificate` or `key` of the settings cannot be read",
        ),
    ],
)
def test_who_is_not_known_is_not_spoken_to(settings: dict[str, str], words: str, root: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        asked(root, **{name: tmp_path / file for name, file in settings.items()})
    assert words in str(caught.value)
    assert "Rosebud" not in str(caught.value)


@pytest.mark.parametrize("name", [None, "other"])
def test_the_server_wants_its_client_known(name: str | None, root: str, tmp_path: Path) -> None:
    mine = {"certificate": tmp_path / f"{name}.pem", "key": tmp_path / f"{name}.key"} if name else {}
    with pytest.raises(ProblemError, match=r"cannot be trusted, or does not trust us|broke the connection off"):
        asked(root, ca=tmp_path / "server.pem", **mine)
