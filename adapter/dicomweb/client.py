"""One DICOMweb server. A Problem names the server as the settings do and the request by its kind, never by its URL.

No redirect is followed: what is meant for one server goes to no other. Proxies and .netrc are not read.
"""

import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import requests

from adapter.config import Pacs, secret
from adapter.dicomweb.multipart import CutOff, Part, Parts, boundary_of
from adapter.transfer.web import MAX_WAIT, PASSING, Passing, retry_after, trouble
from adapter.transfer.web import session as web_session
from mappings.fhir.wire import loads
from mappings.problems import IssueType, ProblemError, problem, refuse

R = TypeVar("R")
DICOM_JSON = "application/dicom+json"
CHUNK = 1 << 18
MAX_JSON = 256 << 20
"""Longest JSON answer that is read, in bytes as it is unpacked: metadata of whole-slide images are long."""
MAX_LIST = 64 << 20
"""The same of a list, and of what a server says to what was sent."""
RULE = "dicomweb"
_AS_IT_IS = {"Accept-Encoding": "identity"}
"""Images are not worth packing on the way: Orthanc sends 300 MB in 5 s as they are, and in 25 s packed."""
_SAID: dict[int, tuple[IssueType, str]] = {
    206: ("incomplete", "sends a part of it, which was not asked for; ask its operator"),
    401: ("login", "asks to log in; check user and password, token or certificate in the settings"),
    403: ("forbidden", "forbids this to who we are; ask its operator for the right"),
    404: ("not-found", "has nothing there; check `url` (the DICOMweb root) and the UIDs"),
    405: ("not-supported", "does not take this kind of request"),
    406: ("not-supported", "cannot answer in the form that was asked for"),
    413: ("too-long", "does not take so much in one request; lower `batch` in the settings"),
    415: ("not-supported", "does not take this form of DICOM"),
    501: ("not-supported", "does not do this kind of request"),
}
_MEDIA = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")


class Answer(msgspec.Struct, frozen=True):
    """The answer to what was sent: its status, and its body where that is JSON."""

    status: int
    body: Any


class Client:
    """A DICOMweb server, for several threads; `name` is what the settings call it."""

    def __init__(self, name: str, pacs: Pacs, sleep: Callable[[float], None] = time.sleep) -> None:
        if not pacs.url:
            raise refuse("not-supported", f"pacs.{name}", "has no `url` in the settings: no DICOMweb", rule=RULE)
        self.name, self.pacs, self._sleep = name, pacs, sleep
        self.root = pacs.url.rstrip("/")
        self._password = secret(pacs.password_file, pacs.password_env)
        self._token = secret(pacs.token_file, pacs.token_env)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Close its connections."""
        for session in self._sessions:
            session.close()

    def get_json(self, path: Sequence[str], query: Iterable[tuple[str, str]], what: str, most: int = MAX_JSON) -> Any:
        """The JSON answer to a request; None where the server says that there is nothing (204).

        Raises:
            ProblemError: no answer, an error status, or no JSON; after as many attempts as the settings allow.
        """
        return self.tried(lambda: self._json(path, list(query), what, most))

    def _json(self, path: Sequence[str], query: list[tuple[str, str]], what: str, most: int) -> Any:
        with self.opened(path, DICOM_JSON, what, query) as answer:
            if answer.status_code == 204:
                return None
            data = self._whole(answer, what, most)
            if (found := _decoded(answer, data)) is not _NONE:
                return found
            raise self._refuse("structure", f"answers with {_media(answer)} and not with DICOM JSON", what)

    @contextmanager
    def opened(
        self, path: Sequence[str], accept: str, what: str, query: Sequence[tuple[str, str]] = ()
    ) -> Iterator[requests.Response]:
        """One attempt at a GET: an answer with status 200 or 204, its body not read yet.

        What goes wrong while the body is read inside the block is a Problem too.
        """
        with self._safely(what):
            answer = self._session().get(
                self._url(path, query),
                headers={"Accept": accept} | ({} if accept == DICOM_JSON else _AS_IT_IS),
                stream=True,
                timeout=self.pacs.timeout,
                allow_redirects=False,
            )
            with answer:
                if answer.status_code not in (200, 204):
                    raise self._status(answer, what)
                yield answer

    def parts(self, answer: requests.Response, what: str) -> Iterator[Part]:
        """The parts of a multipart answer, as they come, to be read inside the block of `opened`.

        Raises:
            ProblemError: it is none. That it ends before its last boundary, `opened` says (it may pass).
        """
        boundary = boundary_of(answer.headers.get("Content-Type", ""))
        if boundary is None:
            raise self._refuse("structure", f"answers with {_media(answer)} and not with DICOM instances", what)
        yield from Parts(answer.iter_content(CHUNK), boundary)

    def post(self, path: Sequence[str], body: Iterable[bytes], size: int, content_type: str, what: str) -> Answer:
        """Send a body of known size, once: whoever sends it finds out first what became of it, and then sends again.

        Returns:
            200, 202, 400 or 409, with the JSON that says what became of each instance (None where there is none).

        Raises:
            ProblemError: no answer, or another status.
        """
        headers = {"Accept": DICOM_JSON, "Content-Type": content_type, "Content-Length": str(size)}
        with self._safely(what):
            answer = self._session().post(
                self._url(path, ()),
                data=_Sized(body, size),
                headers=headers,
                stream=True,
                timeout=self.pacs.timeout,
                allow_redirects=False,
            )
            with answer:
                if answer.status_code not in (200, 202, 400, 409):
                    raise self._status(answer, what)
                found = _decoded(answer, self._whole(answer, what, MAX_LIST))
                return Answer(answer.status_code, None if found is _NONE else found)

    def wait(self, attempt: int, error: ProblemError | None = None) -> None:
        """Wait before another attempt: as long as the server asked for, else twice as long as the last time."""
        asked = getattr(error, "wait", None)
        self._sleep(asked if asked is not None else min(0.5 * 2**attempt, 30.0))

    def tried(self, work: Callable[[], R]) -> R:
        """Do something as often as the settings allow, while what goes wrong may pass; with waits in between."""
        for attempt in range(self.pacs.attempts):
            try:
                return work()
            except Passing as error:
                if attempt + 1 == self.pacs.attempts:
                    raise
                self.wait(attempt, error)
        raise AssertionError

    def _url(self, path: Sequence[str], query: Sequence[tuple[str, str]]) -> str:
        place = "/".join((self.root, *(quote(part, safe="") for part in path)))
        return f"{place}?{urlencode(query)}" if query else place

    def _session(self) -> requests.Session:
        """The connection of this thread."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = web_session(self.pacs.certificate, self.pacs.key, self.pacs.ca)
            session.headers["Accept-Encoding"] = "gzip"
            self._sessions.append(session)
            if self._token:
                session.headers["Authorization"] = f"Bearer {self._token}"
            elif self._password:
                pair = b64encode(f"{self.pacs.user}:{self._password}".encode()).decode("ascii")
                session.headers["Authorization"] = f"Basic {pair}"
        return session

    @contextmanager
    def _safely(self, what: str) -> Iterator[None]:
        """Say what goes wrong on the way without the exception's own text: it quotes the URL."""
        try:
            yield
        except CutOff:
            raise self.passing("transient", "sent an answer that breaks off; try again", what) from None
        except (requests.exceptions.RequestException, OSError) as error:
            told = trouble(error, self.pacs.timeout, (self.pacs.ca, self.pacs.certificate, self.pacs.key))
            if told is None:
                raise
            if told.passing:
                raise self.passing(told.code, told.message, what) from None
            raise self._refuse(told.code, told.message, what) from None

    def _status(self, answer: requests.Response, what: str) -> ProblemError:
        status = answer.status_code
        if status in PASSING:
            wait = retry_after(answer.headers)
            if wait is not None and wait > MAX_WAIT:
                message = f"asks to come back in {wait:.0f} s (status {status}); run it again then"
                return ProblemError(problem(PASSING[status], self._where(what), message, rule=RULE))
            return self.passing(PASSING[status], f"cannot do it now (status {status}); try again", what, wait)
        if 300 <= status < 400:
            return self._refuse(
                "not-supported", "sends us on to another place, which is not followed; mend `url`", what
            )
        if status in _SAID:
            code, message = _SAID[status]
            return self._refuse(code, f"{message} (status {status})", what)
        code = "transient" if status >= 500 else "processing"
        return self._refuse(code, f"refuses it (status {status})", what)

    def _whole(self, answer: requests.Response, what: str, most: int) -> bytes:
        data = bytearray()
        for chunk in answer.iter_content(CHUNK):
            data += chunk
            if len(data) > most:
                raise self._refuse("too-long", "answers with more than can be read", what)
        return bytes(data)

    def _where(self, what: str) -> str:
        return f"pacs.{self.name} {what}"

    def _refuse(self, code: IssueType, message: str, what: str) -> ProblemError:
        return ProblemError(problem(code, self._where(what), message, rule=RULE))

    def passing(self, code: IssueType, message: str, what: str, wait: float | None = None) -> Passing:
        """Something about this server that may pass."""
        return Passing(problem(code, self._where(what), message, rule=RULE), wait)


class _Sized:
    """A body of known size that is sent as it is made."""

    def __init__(self, chunks: Iterable[bytes], size: int) -> None:
        self._chunks, self._size = chunks, size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


_NONE = object()


def _decoded(answer: requests.Response, data: bytes) -> Any:
    """The JSON of a body; a mark of its own where it is none."""
    if not data.strip():
        return None
    if _media(answer) not in (DICOM_JSON, "application/json"):
        return _NONE
    try:
        return loads(data)  # numbers keep their digits
    except ProblemError:
        return _NONE


def _media(answer: requests.Response) -> str:
    named = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return named if _MEDIA.fullmatch(named) else "something without a media type"
