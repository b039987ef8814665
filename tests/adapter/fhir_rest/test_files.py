"""Files are fetched whole, from where it is allowed; credentials go to the server alone."""

import contextlib
import gzip
import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapter.fhir_rest import FhirClient
from adapter.servers import Server
from mappings.problems import ProblemError
from tests.adapter.fhir_server import Request, Script, client_of, gives, serving

PDF = b"%PDF-1.7 " + bytes(range(256)) * 400


@pytest.fixture
def other() -> Iterator[Script]:
    """Another server than the one in the settings."""
    script = Script().on("GET", "file", gives(200, PDF, "application/pdf"))
    with serving(script):
        yield script


def taken(client: FhirClient, url: str, limit: int = 1 << 20) -> tuple[Any, bytes]:
    sink = io.BytesIO(b"before")
    sink.seek(0, io.SEEK_END)
    found = client.fetch(url, sink, limit=limit, accept="application/pdf")
    return found, sink.getvalue()


def bearer(folder: Path) -> dict[str, Any]:
    place = folder / "token"
    place.write_text("Rosebud")
    place.chmod(0o600)
    return {"auth": "bearer", "token_file": place}


@pytest.mark.parametrize("url", ["Binary/b1", "BASE/Binary/b1", "/fhir/Binary/b1"])
def test_a_file_of_the_server_is_fetched_with_our_credentials(url: str, tmp_path: Path) -> None:
    script = Script().on("GET", "Binary/b1", gives(200, PDF, "application/pdf; x=y"))
    with client_of(script, **bearer(tmp_path)) as (client, _):
        found, written = taken(client, url.replace("BASE", client.base))
    assert written == b"before" + PDF
    assert (found.size, found.media_type) == (len(PDF), "application/pdf")
    assert found.sha256 == hashlib.sha256(PDF).hexdigest()
    assert script.log[0].headers["Authorization"] == "Bearer Rosebud"
    assert script.log[0].headers["Accept"] == "application/pdf"


def test_a_file_of_an_allowed_host_is_fetched_without_them(other: Script, tmp_path: Path) -> None:
    host = other.base.split("/")[2]
    with client_of(Script(), hosts=(host,), **bearer(tmp_path)) as (client, _):
        _, written = taken(client, f"{other.base}/file?signature=a")
    assert written == b"before" + PDF
    assert other.log[0].headers["Authorization"] is None
    assert other.log[0].query == [("signature", "a")]


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1",), ("files.example",)])
def test_a_file_of_another_host_is_not_fetched(hosts: tuple[str, ...], other: Script) -> None:
    with client_of(Script(), hosts=hosts) as (client, _), pytest.raises(ProblemError, match="is not allowed") as caught:
        taken(client, f"{other.base}/file")
    assert "127.0.0.1" not in str(caught.value)
    assert other.log == []


@pytest.mark.parametrize(
    "url",
    ["http://files.example/a", "file:///etc/passwd", "ftp://files.example/a", "https://u:p@files.example/", "https://[",
     "//files.example@other.example/a", "javascript:1", "https://u:p@ehr.example/fhir/B", "https://ehr.example /",
     "https://ehr.example\\@x.example/",
     "https://files.example:444/a"],
)  # fmt: skip
def test_a_url_that_only_looks_allowed_is_not_asked(url: str) -> None:
    server = Server(url="https://ehr.example/fhir", hosts=("files.example",))
    with FhirClient("ehr", server) as client, pytest.raises(ProblemError, match="at a host that is not allowed"):
        taken(client, url)


def test_an_allowed_host_sends_nobody_on(other: Script) -> None:
    third = Script().on("GET", "file", gives(200, PDF))
    with serving(third) as elsewhere:
        other.on("GET", "file", lambda r: r.answer(302, Location=f"{elsewhere}/file"))
        with (
            client_of(Script(), hosts=(other.base.split("/")[2],)) as (client, _),
            pytest.raises(ProblemError) as caught,
        ):
            taken(client, f"{other.base}/file")
    assert "sends us on to another place, which is not followed" in str(caught.value)
    assert third.log == []


def broken(request: Request) -> None:
    request.handler.send_response_only(200)
    request.handler.send_header("Content-Length", str(len(PDF)))
    request.handler.end_headers()
    request.handler.wfile.write(PDF[:999])
    request.handler.close_connection = True


def test_a_file_that_broke_off_is_fetched_anew() -> None:
    script = Script().on("GET", "Binary/b1", broken, gives(503), gives(200, PDF))
    with client_of(script) as (client, waits):
        found, written = taken(client, "Binary/b1")
    assert (written, found.size, waits) == (b"before" + PDF, len(PDF), [0.5, 1.0])


def test_a_packed_file_is_unpacked_and_one_cut_off_is_not_taken() -> None:
    packed = gzip.compress(PDF)
    script = Script().on("GET", "Binary/b1", gives(200, packed[:-9], Content_Encoding="gzip"))
    script.steps["GET", "Binary/b1"].append(gives(200, packed, Content_Encoding="gzip"))
    with client_of(script) as (client, waits):
        assert taken(client, "Binary/b1")[1] == b"before" + PDF
    assert waits == [0.5]


@pytest.mark.parametrize(("limit", "fits"), [(len(PDF), True), (len(PDF) - 1, False)])
def test_a_file_has_a_bound(limit: int, fits: bool) -> None:
    script = Script().on("GET", "Binary/b1", gives(200, PDF))
    with client_of(script) as (client, _):
        outcome = []
        try:
            outcome.append(taken(client, "Binary/b1", limit)[0].size)
        except ProblemError as error:
            outcome.append(error.problems[0].code)
    assert outcome == [len(PDF) if fits else "too-long"]


@pytest.mark.parametrize(("status", "words"), [(404, "has nothing there"), (204, "sends no file (status 204)")])
def test_a_file_that_is_not_there_is_told(status: int, words: str) -> None:
    with (
        client_of(Script().on("GET", "Binary/b1", gives(status))) as (client, _),
        pytest.raises(ProblemError) as caught,
    ):
        taken(client, "Binary/b1")
    assert words in str(caught.value)


@pytest.mark.parametrize(("slowest", "comes"), [(64 << 10, True), (64 << 20, False)])
def test_a_file_has_the_time_that_its_length_needs(slowest: int, comes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.fhir_rest.transport.SLOWEST", slowest)

    def step(request: Request) -> None:
        request.handler.send_response_only(200)
        request.handler.send_header("Content-Length", str(len(PDF)))
        request.handler.end_headers()
        for start in range(0, len(PDF), 10_000):
            request.handler.wfile.write(PDF[start : start + 10_000])
            time.sleep(0.05)

    sizes = []
    script = Script().on("GET", "Binary/b1", step)
    with client_of(script, total_timeout=0.2, attempts=1) as (client, _), contextlib.suppress(ProblemError):
        sizes.append(taken(client, "Binary/b1")[0].size)
    assert sizes == ([len(PDF)] if comes else [])
