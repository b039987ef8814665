"""A FHIR server of this process that does what a test tells it to, wrong things among them."""

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from adapter.fhir_rest import FhirClient
from adapter.servers import Server
from mappings.fhir.wire import Json, dumps, loads

FHIR = "application/fhir+json"
NOW = 1_800_000_000.0
"""The time that clients have here."""


class Request:
    """What came, and how to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.handler, self.method, self.headers = handler, handler.command, handler.headers
        self.path, self.query = parts.path.removeprefix("/fhir/"), parse_qsl(parts.query)
        self.raw_path = handler.path
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))

    @property
    def form(self) -> list[tuple[str, str]]:
        """The parameters in its body."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @property
    def json(self) -> Any:
        """The JSON in its body."""
        return loads(self.body)

    def answer(self, status: int, body: bytes | Json = b"", kind: str = FHIR, **headers: str) -> None:
        """Answer with bytes, or with a resource."""
        data = body if isinstance(body, bytes) else dumps(body)
        self.handler.send_response_only(status)
        named = {"Content-Type": kind, "Content-Length": str(len(data))}
        for name, value in (named | {n.replace("_", "-"): v for n, v in headers.items()}).items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def packed(self, body: bytes) -> None:
        """Answer with bytes by gzip."""
        self.answer(200, gzip.compress(body), Content_Encoding="gzip")

    def reset(self) -> None:
        """Break the connection off without an answer."""
        self.handler.close_connection = True
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.shutdown(socket.SHUT_RDWR)


Step = Callable[[Request], None]


class Script:
    """Answers by (method, path below the base): a list is used up step by step, its last step stays."""

    def __init__(self) -> None:
        self.steps: dict[tuple[str, str], list[Step]] = {}
        self.log: list[Request] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.base = ""

    def on(self, method: str, path: str, *steps: Step) -> "Script":
        """Answer so."""
        self.steps[method, path] = list(steps)
        return self

    def handle(self, request: Request) -> None:
        """Answer the next step; 404 for what is not known."""
        with self.lock:
            self.log.append(request)
            steps = self.steps.get((request.method, request.path), [])
            step = steps.pop(0) if len(steps) > 1 else steps[0] if steps else None
        if step is None:
            request.answer(404, outcome("not-found"))
        else:
            step(request)

    def count(self, method: str, path: str) -> int:
        """How often this came."""
        return sum((one.method, one.path) == (method, path) for one in self.log)


def gives(status: int, body: bytes | Json = b"", kind: str = FHIR, **headers: str) -> Step:
    """A step that answers so."""
    return lambda request: request.answer(status, body, kind, **headers)


def outcome(code: str, expression: str = "", severity: str = "error") -> Json:
    """An OperationOutcome whose text holds what must never be shown."""
    issue = {"severity": severity, "code": code, "diagnostics": "Rosebud, Charles, MRN 4711"}
    return {"resourceType": "OperationOutcome", "issue": [issue | ({"expression": [expression]} if expression else {})]}


def searchset(*resources: Json, next_link: str = "", self_link: str = "", mode: str = "match", **more: Any) -> Json:
    """A page of a search."""
    links = [{"relation": name, "url": url} for name, url in (("self", self_link), ("next", next_link)) if url]
    entries = [{"resource": one, "search": {"mode": mode}} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """The script, served on a free port; its base."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            script.handle(Request(self))

        do_GET = do_POST = do_PUT = _handle

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that goes away

        def process_request(self, request: Any, client_address: Any) -> None:
            script.connections += 1
            super().process_request(request, client_address)

    with Quiet(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        script.base = f"http://127.0.0.1:{server.server_port}/fhir"
        try:
            yield script.base
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def client_of(
    script: Script, now: Callable[[], float] = lambda: NOW, **settings: Any
) -> Iterator[tuple[FhirClient, list[float]]]:
    """A client of the script, and what it waited for."""
    waits: list[float] = []
    with serving(script) as base:
        server = Server(url=base, **settings)
        with FhirClient("ehr", server, now=now, sleep=waits.append) as client:
            yield client, waits
