"""Real servers for the live tests: each starts once, on a free port of the loopback, and is ended by its process id."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mappings.fhir.wire import Json, loads

ROOT = Path(__file__).resolve().parent.parent.parent
LIVE = ROOT / ".live"
FHIR_JSON = "application/fhir+json"


class Answer(msgspec.Struct, frozen=True):
    """What a server answered; numbers of the body keep their digits."""

    status: int
    body: Any


class Server(msgspec.Struct, frozen=True):
    """A running server: its base URL and the file its output goes to."""

    base: str
    log: Path

    def call(
        self, method: str, path: str, data: bytes | None = None, content_type: str = FHIR_JSON, timeout: float = 120
    ) -> Answer:
        """One request; an error status is an answer like any other."""
        headers = {"Accept": f"{FHIR_JSON}, application/json"} | ({"Content-Type": content_type} if data else {})
        request = urllib.request.Request(f"{self.base}/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response.status, _body(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _body(error.read()))

    def get(self, path: str) -> Answer:
        """Read."""
        return self.call("GET", path)

    def post(self, path: str, resource: Json | bytes, content_type: str = FHIR_JSON) -> Answer:
        """Send a resource, or bytes of another content type."""
        from mappings.fhir.wire import dumps

        data = resource if isinstance(resource, bytes) else dumps(resource)
        return self.call("POST", path, data, content_type)


def _body(data: bytes) -> Any:
    try:
        return loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    ready: Callable[[str], str | None],
    timeout: float,
    env: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server, wait until `ready` (given its output so far) names its base URL, and end it in any case.

    Raises:
        RuntimeError: it ended, or was not ready in time; with the last lines of its output.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(_wait(process, log, ready, timeout), log)
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", log: Path, ready: Callable[[str], str | None], timeout: float) -> str:
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if (base := ready(log.read_text("utf-8", "replace"))) is not None:
            return base
        if process.poll() is not None:
            break
        time.sleep(0.1)
    tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
    raise RuntimeError(f"{process.args!r} is not ready after {timeout:.0f} s:\n{tail}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and what it started (it leads a process group of its own)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return


def answering(url: str) -> Callable[[str], str | None]:
    """Ready as soon as this URL answers 200; the base is the URL without its last part."""

    def probe(_: str) -> str | None:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return url.rpartition("/")[0] if response.status == 200 else None
        except (OSError, ValueError):
            return None

    return probe


# --- the servers


def hapi(folder: Path, shared: Path) -> contextlib.AbstractContextManager[Server]:
    """HAPI FHIR JPA (R4), in memory; the first start builds it (Maven). It takes references to other servers."""

    def ready(output: str) -> str | None:
        line = next((line for line in output.splitlines() if line.startswith("READY ")), None)
        return line.split()[1] if line else None

    start = shared / "counterparts" / "hapi" / "start.sh"
    return running([start, "0"], folder, ready, 480, {"JOPTS": "-Dhapi.externalRefs=true"})


def sekmet(folder: Path, clients: Sequence[Json] = ()) -> contextlib.AbstractContextManager[Server]:
    """SEKMET, a FHIR R4 server in Python, validating strictly; with clients it asks for tokens, and gives them out."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": "data",
        "simulator": {"enabled": False},
        "validation": {"inbound": "strict"},
    }
    if clients:
        settings["server_auth"] = {"types": ["smart"], "smart_clients": list(clients)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.yaml").write_text(json.dumps(settings))  # JSON is YAML
    program = LIVE / "sekmet" / "bin" / "sekmet"
    return running([program, "serve"], folder, answering(f"{base}/metadata"), 60)


def authorization(folder: Path, audience: str, clients: Sequence[Json]) -> contextlib.AbstractContextManager[Server]:
    """An authorization server (oidc-provider): tokens for assertions, at BASE/token; rows of {id, alg, jwk, scope}."""

    def ready(output: str) -> str | None:
        line = next((line for line in output.splitlines() if line.startswith("READY ")), None)
        return line.split()[1] if line else None

    folder.mkdir(parents=True, exist_ok=True)
    settings = {"port": free_port(), "audience": audience, "clients": list(clients)}
    (folder / "settings.json").write_text(json.dumps(settings))
    program: list[str | Path] = [
        "node",
        Path(__file__).parent / "authorization.mjs",
        LIVE / "oidc",
        folder / "settings.json",
    ]
    return running(program, folder, ready, 60)


def orthanc(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """Orthanc with DICOMweb; it listens on all interfaces but answers local requests only."""
    port = free_port()
    settings = {
        "Name": "review-center",
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
        "HttpPort": port,
        "DicomPort": free_port(),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "UnknownSopClassAccepted": True,
        "SaveJobs": False,
        "DefaultEncoding": "Utf8",
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
    }
    (folder / "db").mkdir(parents=True, exist_ok=True)
    (folder / "orthanc.json").write_text(json.dumps(settings))
    return running(["Orthanc", "orthanc.json"], folder, answering(f"http://127.0.0.1:{port}/system"), 60)
