"""HTTP as every client of ours speaks it: no redirect is followed, no proxy or .netrc read, nothing waited for without
end, and what goes wrong is said in words of our own: exceptions of requests and urllib3 quote URLs.
"""

import datetime as dt
import logging
import socket
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import msgspec
import requests
import urllib3.exceptions as u3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from adapter.transfer.reasons import UNRESOLVED
from mappings.problems import IssueType, Problem, ProblemError

MAX_WAIT = 120.0
"""Longest wait that a server may ask for (Retry-After) and gets, in seconds."""
PASSING: dict[int, IssueType] = {
    408: "timeout", 425: "transient", 429: "throttled", 500: "transient", 502: "transient", 503: "transient",
    504: "timeout",
}  # fmt: skip
"""Statuses that may pass."""


class Passing(ProblemError):
    """Something that may pass: worth another attempt, after `wait` seconds where the server asked for it."""

    def __init__(self, found: Problem, wait: float | None = None) -> None:
        super().__init__(found)
        self.wait = wait


class Trouble(msgspec.Struct, frozen=True):
    """What went wrong on the way: in words, whether it may pass, and whether the server may have got the request."""

    code: IssueType
    message: str
    passing: bool = False
    sent: bool = True


def trouble(error: Exception, timeout: float, files: Iterable[Path | None] = ()) -> Trouble | None:
    """What an exception of requests, of urllib3 or of the system under them means; None where it is another one."""
    sent = not _never_sent(error)
    if isinstance(error, requests.exceptions.SSLError | u3.SSLError):
        message = "cannot be trusted, or does not trust us: check `ca`, `certificate` and `key` in the settings"
        return Trouble("security", message, sent=sent)
    if isinstance(error, requests.exceptions.Timeout | u3.TimeoutError):
        return Trouble("timeout", f"does not answer within {timeout:g} s; try again", passing=True, sent=sent)
    if isinstance(error, requests.exceptions.InvalidHeader | requests.exceptions.InvalidURL | u3.LocationParseError):
        return Trouble("value", "cannot be asked: mend `url` or the secret in the settings", sent=False)
    if isinstance(_reason(error), u3.NameResolutionError):
        return Trouble("transient", UNRESOLVED.format("url"), passing=True, sent=False)
    if isinstance(error, requests.exceptions.RequestException | u3.HTTPError | ConnectionError):
        message = "is away, or broke the connection off; check that it runs, and try again"
        return Trouble("transient", message, passing=True, sent=sent)
    named = [str(file) for file in files if file]
    if isinstance(error, OSError) and (error.errno is None or error.filename in named):
        message = "cannot be asked: `ca`, `certificate` or `key` of the settings cannot be read"
        return Trouble("not-found", message, sent=False)
    return None


def _reason(error: Exception) -> object:
    """What an exception of requests was raised for."""
    inner: object = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _never_sent(error: Exception) -> bool:
    """Whether there was no connection, so that the server cannot have got anything."""
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        _reason(error), u3.NewConnectionError | u3.ConnectTimeoutError | u3.NameResolutionError
    )


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds a server asks to wait (RFC 9110 10.2.3): a number, or a date, counted from that of the answer."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit() and len(told) < 10:
        return float(told)
    try:
        then = parsedate_to_datetime(told)
        sent = headers.get("Date", "")
        if not sent and now is not None:
            return max(then.timestamp() - now, 0.0)
        return max((then - parsedate_to_datetime(sent)) / dt.timedelta(seconds=1), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


# --- connections that end at a time


class Deadline:
    """Ends what this thread waits for after so many seconds, however it trickles in; `passed` says that it did.

    Timeouts of sockets are for each piece alone: a server that sends one byte now and then would never run into them.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self.connection: HTTPConnection | None = None
        self.held: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        _HERE.deadline = self
        self._timer.start()
        return self

    def again(self, seconds: float) -> None:
        """Count anew from here: what comes is longer than what was thought of."""
        self._timer.cancel()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _HERE.deadline = None

    def _end(self) -> None:
        self.passed = True
        connected = getattr(self.connection, "sock", None)
        for one in [*self.held, *([connected] if connected is not None else [])]:
            with suppress(OSError):  # not SSLSocket's own shutdown: it would drop the cipher while another thread reads
                socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Here(threading.local):
    deadline: Deadline | None = None


_HERE = _Here()


class _Watched:
    """A connection that tells the deadline of its thread about itself."""

    sock: Any

    def connect(self) -> None:
        self._tell()
        super().connect()  # type: ignore[misc]

    def getresponse(self) -> Any:
        self._tell()
        if _HERE.deadline is not None and self.sock is not None:
            _HERE.deadline.held.append(self.sock)  # where the server closes after this answer, it is let go of
        return super().getresponse()  # type: ignore[misc]

    def _tell(self) -> None:
        if _HERE.deadline is not None:
            _HERE.deadline.connection = self  # type: ignore[assignment]


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def session(certificate: Path | None = None, key: Path | None = None, ca: Path | None = None) -> requests.Session:
    """One connection for each host, with what the settings say of trust, and nothing of the environment.

    Not for two threads at a time.
    """
    logging.getLogger("urllib3").propagate = False  # its warnings quote URLs
    made = requests.Session()
    made.trust_env = False
    made.headers.clear()
    made.headers["User-Agent"] = "second-opinion-adapter"
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=1, max_retries=0))
    made.verify = str(ca) if ca else True
    if certificate:
        made.cert = (str(certificate), str(key)) if key else str(certificate)
    return made


__all__ = ["MAX_WAIT", "PASSING", "Deadline", "Passing", "Trouble", "retry_after", "session", "trouble"]
