"""One request to one server and its answer: bounded in time and size, unpacked by us, never quoted."""

import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from queue import LifoQueue
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
from urllib3.exceptions import HTTPError

from adapter.fhir_rest.errors import RULE, Lost, Unread
from adapter.servers import FILES, Server
from adapter.transfer.web import Deadline, session, trouble
from mappings.problems import ProblemError, problem

CHUNK = 1 << 16
MAX_ANSWER = 128 << 20
"""Longest answer that is read into memory, in bytes as it is unpacked."""
SLOWEST = 64 << 10
"""Bytes a second: a file that comes more slowly is given up."""


class Answer(msgspec.Struct, frozen=True):
    """An answer: its status, its headers (whatever their case) and its body, unpacked."""

    status: int
    headers: Mapping[str, str]
    data: bytes = b""

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request; `what` says in our words what it is about, for Problems."""

    method: str
    url: str
    what: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None


class Sink(Protocol):
    """What a body is written into."""

    def write(self, data: bytes, /) -> int:
        """Take a piece."""
        ...


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL; nothing of it where it is none, or one that is read in two ways."""
    try:
        parts = urlsplit(url)
        if _AMBIGUOUS.search(url) or "@" in parts.netloc:
            return "", "", 0
        usual = {"https": 443, "http": 80}.get(parts.scheme, 0)
        return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or usual
    except ValueError:
        return "", "", 0


_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


def joined(base: str, url: str) -> str:
    """A URL as it is meant from a base; "" where it is none."""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


class Transport:
    """The connections to a server: at most as many at a time as the settings allow, used again, for several threads."""

    def __init__(self, name: str, server: Server) -> None:
        self.name, self.server = name, server
        self._idle: LifoQueue[requests.Session | None] = LifoQueue()
        for _ in range(server.connections):
            self._idle.put(None)
        self._made: list[requests.Session] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close its connections."""
        for one in self._made:
            one.close()

    def whole(self, request: Request, limit: int = MAX_ANSWER) -> Answer:
        """One attempt, with the whole body.

        Raises:
            Lost: no answer, or one that broke off or cannot be unpacked; ProblemError: too long, or not to be asked.
        """
        with self._opened(request) as (answer, _):
            data = b"".join(self._body(answer, request, limit))
            return Answer(answer.status_code, answer.headers, data)

    def into(self, request: Request, sink: Sink, limit: int, taken: Callable[[int], bool]) -> Answer:
        """One attempt, its body written to `sink` where the status is `taken`; else it is in the answer.

        Files have more time than other answers: what they need at SLOWEST.

        Raises: as `whole`. What is in the sink then is a part.
        """
        with self._opened(request) as (answer, deadline):
            if not taken(answer.status_code):
                data = b"".join(self._body(answer, request, MAX_ANSWER))
                return Answer(answer.status_code, answer.headers, data)
            told = answer.headers.get("Content-Length", "")
            size = min(int(told), limit) if told.isascii() and told.isdigit() else limit
            deadline.again(self.server.total_timeout + size / SLOWEST)
            for chunk in self._body(answer, request, limit):
                sink.write(chunk)
            return Answer(answer.status_code, answer.headers)

    @contextmanager
    def _opened(self, request: Request) -> Iterator[tuple[requests.Response, Deadline]]:
        server = self.server
        line = self._idle.get()
        try:
            line = line or self._new()
            with Deadline(server.total_timeout) as deadline, self._safely(request, deadline):
                answer = line.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers={"Accept-Encoding": "gzip", **request.headers},
                    stream=True,
                    timeout=(server.connect_timeout, server.timeout),
                    allow_redirects=False,
                )
                with answer:
                    yield answer, deadline
                if deadline.passed:  # where no length was announced, an end that was forced looks like an end
                    raise TimeoutError
        finally:
            self._idle.put(line)

    def _new(self) -> requests.Session:
        made = session(self.server.certificate, self.server.key, self.server.ca)
        with self._lock:
            self._made.append(made)
        return made

    @contextmanager
    def _safely(self, request: Request, deadline: Deadline) -> Iterator[None]:
        """Say what goes wrong on the way without the exception's own text: it quotes the URL."""
        server, where = self.server, f"servers.{self.name} {request.what}"
        try:
            yield
        except ProblemError:
            raise
        except (requests.exceptions.RequestException, HTTPError, OSError) as error:
            if deadline.passed or isinstance(error, TimeoutError):
                message = f"does not answer in full within the time it has ({server.total_timeout:g} s); try again"
                raise Lost(problem("timeout", where, message, rule=RULE)) from None
            told = trouble(error, server.timeout, [getattr(server, name) for name in FILES])
            if told is None:
                raise
            found = problem(told.code, where, told.message, rule=RULE)
            if told.passing:
                raise Lost(found, done=told.sent) from None
            raise ProblemError(found) from None
        except zlib.error:
            message = "sends an answer that cannot be unpacked; try again"
            raise Lost(problem("transient", where, message, rule=RULE), garbled=True) from None

    def _body(self, answer: requests.Response, request: Request, limit: int) -> Iterator[bytes]:
        """The body in pieces, unpacked; no more than `limit` bytes of it, however small it is packed."""
        where = f"servers.{self.name} {request.what}"
        packed = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if packed not in ("identity", "gzip", "x-gzip", ""):
            message = "packs its answer in a way that was not asked for"
            raise Unread(problem("not-supported", where, message, rule=RULE))
        raw: Iterable[bytes] = answer.raw.stream(CHUNK, decode_content=False)
        size = 0
        for chunk in _unpacked(raw, limit) if "gzip" in packed else raw:
            size += len(chunk)
            if size > limit:
                message = f"answers with more than {limit >> 20} MB, which is not read; ask for less at a time"
                raise Unread(problem("too-long", where, message, rule=RULE))
            yield chunk


def _unpacked(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """gzip (RFC 1952), one member after the other; a body that ends before its member does is broken.

    Raises:
        zlib.error: it is no gzip, or breaks off.
    """
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    begun = False
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            begun = True
            if piece := member.decompress(rest, CHUNK):
                yield piece
            rest = member.unconsumed_tail or member.unused_data
    if begun and not member.eof:
        raise zlib.error
