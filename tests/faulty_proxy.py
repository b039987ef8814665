"""A proxy between a client and an HTTP server that does it wrong now and then: which request meets which fault is drawn
from a seed, so that a run that fails can be had again.

    with FaultyProxy("http://127.0.0.1:8080", seed=7, rate=0.3) as proxy:
        ...                     # ask proxy.base instead of the server; proxy.told says what happened

The n-th request that comes meets the n-th draw: `plan(seed, rate, n)`. With one client that asks one thing after the
other, the same seed gives the same run. Absolute URLs of the server in what it answers are written as the proxy's, so
that nobody who follows them goes round it.
"""

import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

Fault = Literal[
    "drop", "reset-before", "reset-after", "timeout-after", "throttled", "error", "unavailable", "slow", "truncated",
    "cut-off", "html", "duplicated",
]  # fmt: skip
"""What goes wrong.

    drop            the request never arrives and nobody answers: the connection is closed
    reset-before    the same by a reset (RST)
    reset-after     the server has done it; the connection is reset before the answer
    timeout-after   the server has done it; nothing is said for `patience` seconds, then the connection is closed
    throttled       429 with Retry-After: 0 or 1; the server never heard of it
    error           500 by a gateway: the server may have done it or not (drawn)
    unavailable     503, as `error`
    slow            the answer comes in small pieces
    truncated       the answer's body ends early, and its length says so too: broken JSON
    cut-off         the body ends early, and its length does not say so
    html            200 with a page of a gateway; the server may have done it or not (drawn)
    duplicated      the body comes twice in one answer
"""
FAULTS: tuple[Fault, ...] = get_args(Fault)
_HOP = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host")
)
_PAGE = b"<html><body><h1>Be right back</h1></body></html>"
_TEXT = ("json", "xml", "html", "text")


class Draw(NamedTuple):
    """What a request meets: a fault (None for none), whether the server gets it all the same, a number to spare."""

    fault: Fault | None
    arrives: bool
    spare: int


class Told(NamedTuple):
    """A request: its number from 0, method and path, its draw, and the server's status (0: not asked)."""

    number: int
    method: str
    path: str
    draw: Draw
    status: int


def plan(seed: int, rate: float, number: int, faults: Sequence[Fault] = FAULTS) -> Draw:
    """What the request of this number meets; the same for the same arguments, on every machine."""
    dice = random.Random(f"{seed}:{number}")
    struck, fault, arrives, spare = dice.random() < rate, dice.choice(faults), dice.random() < 0.5, dice.getrandbits(30)
    if fault in ("drop", "reset-before", "throttled"):
        arrives = False
    elif fault not in ("error", "unavailable", "html"):
        arrives = True
    return Draw(fault if struck else None, arrives or not struck, spare)


class FaultyProxy:
    """The proxy, on a free port of the loopback, until the block ends.

    Args:
        upstream: the server, as `http://host:port`; a path in it is left where it is.
        seed, rate: what is drawn; `rate` is the share of requests that meet a fault.
        faults: those that are drawn from.
        exempt: beginnings of paths that meet none (`/fhir/metadata`).
        patience: seconds of silence of `timeout-after`; longer than the client waits.
        script: faults of the first requests, in their order, in place of draws (None: none).
    """

    def __init__(
        self,
        upstream: str,
        seed: int = 0,
        rate: float = 0.3,
        faults: Sequence[Fault] = FAULTS,
        exempt: Iterable[str] = (),
        patience: float = 1.0,
        script: Sequence[Fault | None] = (),
    ) -> None:
        parts = urlsplit(upstream)
        self.host, self.port, self.path = str(parts.hostname), int(parts.port or 80), parts.path.rstrip("/")
        self.seed, self.rate, self.faults, self.patience = seed, rate, tuple(faults), patience
        self.exempt, self.script = tuple(exempt), tuple(script)
        self.told: list[Told] = []
        self.paused = False  # while true nothing goes wrong, and nothing is counted
        self._number = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True, name="faulty-proxy"
        )

    @property
    def root(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def base(self) -> str:
        """What stands in for `upstream`."""
        return self.root + self.path

    def __enter__(self) -> "FaultyProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def draw(self, path: str) -> tuple[int, Draw]:
        """The number and the fate of a request that came (-1: it is not counted)."""
        with self._lock:
            if self.paused or path.startswith(self.exempt or ("\0",)):
                return -1, Draw(None, True, 0)
            number = self._number
            self._number += 1
        if number < len(self.script):
            fault = self.script[number]
            return number, plan(self.seed, 1.0, number, (fault,)) if fault else Draw(None, True, 0)
        return number, plan(self.seed, self.rate, number, self.faults)

    def note(self, told: Told) -> None:
        """Remember what became of a request."""
        with self._lock:
            self.told.append(told)

    def wait(self, seconds: float) -> None:
        """Say nothing for a while, or until the proxy ends."""
        self._over.wait(seconds)

    def ask(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server: status, headers and the whole body."""
        line = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in _HOP}
            line.request(
                method, path, body, {**kept, "Host": f"{self.host}:{self.port}", "Accept-Encoding": "identity"}
            )
            answer = line.getresponse()
            data = answer.read()
            return answer.status, [(n, self.named(v)) for n, v in answer.getheaders() if n.lower() not in _HOP], data
        finally:
            line.close()

    def named(self, text: str) -> str:
        """Text in which the server's address is the proxy's."""
        return text.replace(f"http://{self.host}:{self.port}", self.root)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        pass  # clients go away: that is what this is for


def _handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            number, draw = proxy.draw(self.path)
            status, headers, data = (
                proxy.ask(self.command, self.path, self.headers, body) if draw.arrives else (0, [], b"")
            )
            if number >= 0:
                proxy.note(Told(number, self.command, self.path.partition("?")[0], draw, status))
            kind = next((value for name, value in headers if name.lower() == "content-type"), "")
            if any(word in kind for word in _TEXT):
                data = proxy.named(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            _answer(self, proxy, draw, status, headers, data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _handle

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _answer(
    line: BaseHTTPRequestHandler,
    proxy: FaultyProxy,
    draw: Draw,
    status: int,
    headers: list[tuple[str, str]],
    data: bytes,
) -> None:
    gateway = [("Content-Type", "text/html")]
    half = len(data) * (1 + draw.spare % 8) // 10
    match draw.fault:
        case "drop" | "reset-before" | "reset-after" | "timeout-after":
            if draw.fault == "timeout-after":
                proxy.wait(proxy.patience)
            _end(line, reset=draw.fault.startswith("reset"))
        case "throttled":
            _send(line, 429, [("Retry-After", str(draw.spare % 2)), *gateway], _PAGE)
        case "error":
            _send(line, 500, gateway, _PAGE)
        case "unavailable":
            _send(line, 503, gateway, _PAGE)
        case "html":
            _send(line, 200, gateway, _PAGE)
        case "slow":
            _send(line, status, headers, data, slow=True)
        case "truncated":
            _send(line, status, headers, data[:half])
        case "cut-off":
            _send(line, status, headers, data[:half], length=len(data) + 1)
            _end(line, reset=False)
        case "duplicated":
            _send(line, status, headers, data * 2)
        case _:
            _send(line, status, headers, data)


def _send(
    line: BaseHTTPRequestHandler,
    status: int,
    headers: list[tuple[str, str]],
    data: bytes,
    slow: bool = False,
    length: int | None = None,
) -> None:
    line.send_response_only(status)
    for name, value in headers:
        line.send_header(name, value)
    if status not in (204, 304):
        line.send_header("Content-Length", str(len(data) if length is None else length))
    line.end_headers()
    if line.command == "HEAD" or status in (204, 304):
        return
    step = max(len(data) // 20, 1) if slow else max(len(data), 1)
    for start in range(0, len(data), step):
        line.wfile.write(data[start : start + step])
        if slow:
            line.wfile.flush()
            time.sleep(0.005)


def _end(line: BaseHTTPRequestHandler, reset: bool) -> None:
    """Close the connection, politely or by a reset."""
    line.close_connection = True
    if reset:
        line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.connection.close()
    else:
        line.connection.shutdown(socket.SHUT_RDWR)
