"""Requests with who we are and as many attempts as are safe; every way to end badly is told apart here."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from adapter.fhir_rest.content import outcome_in
from adapter.fhir_rest.errors import RULE, Lost, Refused, Unread, Unsettled, issues_of, status_problem
from adapter.fhir_rest.secret_files import bearer_token
from adapter.fhir_rest.smart import Backend, Token
from adapter.fhir_rest.transport import Answer, Request, Transport, joined, origin
from adapter.servers import Server
from adapter.transfer.web import MAX_WAIT, PASSING, Passing, retry_after
from mappings.problems import ProblemError, problem, refuse

T = TypeVar("T")
_NOT_DONE = frozenset((408, 425, 429))
"""Statuses that say that nothing was done; the others leave it open: a gateway says 502 afterwards too."""
_ONWARD = frozenset((301, 302, 303, 307, 308))
_HOPS = 5
_GARBLED = 3
_WRONG_ANYWAY = frozenset((400, 413, 415, 422))
_OK = frozenset((200, 201, 202, 203, 204))


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a request may be treated.

    Attributes:
        writes: it changes something there, so that an answer that got lost leaves open what was done.
        again: it may be sent again all the same: it is conditional, so that a second time changes nothing.
        collides: 409 means that another request was in the way (conditional creates), and is tried again.
        place: from the FHIRPath in an OperationOutcome to the place in what we sent.
    """

    writes: bool = False
    again: bool = True
    collides: bool = False
    place: Callable[[str], str] | None = None


READS = Manner()


class Core:
    """One server; see FhirClient."""

    def __init__(self, name: str, server: Server, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.name, self.server, self.clock, self.sleep = name, server, now, sleep
        self.base = server.url.rstrip("/")
        self.transport = Transport(name, server)
        self._static = bearer_token(server.token_file) if server.token_file else ""
        self.backend = Backend(self.transport, now, self._plainly) if server.auth == "smart" else None

    def _plainly(self, work: Callable[[], Answer]) -> Answer:
        return self.tried(work, READS)

    def where(self, what: str) -> str:
        """The place that a Problem about a request names."""
        return f"servers.{self.name} {what}"

    def exchange(self, request: Request, manner: Manner, read: Callable[[Answer], T]) -> T:
        """Send a request as often as is safe; what `read` makes of the answer, of status 2xx.

        Raises:
            Refused: the server says no. Unsettled: a write that nobody knows about. Lost: nothing was done.
            ProblemError: it cannot be asked, or not trusted.
        """

        def once() -> T:
            answer = self.authorized(request, self.transport.whole)
            self.check(answer, request, manner)
            return read(answer)

        return self.tried(once, manner)

    def authorized(self, request: Request, send: Callable[[Request], Answer]) -> Answer:
        """Send with our credentials; a token that is turned away is renewed once."""
        token = self.token()
        answer = self._onward(self._signed(request, token), send)
        if answer.status == 401 and self.backend and token:
            token = self.token(token)
            answer = self._onward(self._signed(request, token), send)
        return answer

    def token(self, instead_of: Token | None = None) -> Token | None:
        """The token to be used now; None where this server wants none.

        Raises:
            ProblemError: none is to be had; Passing where that may pass.
        """
        try:
            return self.backend.token(instead_of) if self.backend else None
        except Lost as error:  # tried as often as is allowed already, and what it is for was not sent
            raise Passing(error.problems[0], error.wait) from None

    def _signed(self, request: Request, token: Token | None) -> Request:
        value = token.value if token else self._static
        if not value:
            return request
        return msgspec.structs.replace(request, headers={**request.headers, "Authorization": f"Bearer {value}"})

    def _onward(self, request: Request, send: Callable[[Request], Answer]) -> Answer:
        """Send, and follow a read to another place of the same server; to another server nothing goes."""
        for _ in range(_HOPS):
            answer = send(request)
            place = answer.headers.get("location", "")
            if request.method != "GET" or answer.status not in _ONWARD or not place:
                return answer
            onward = joined(request.url, place)
            if origin(onward) != origin(self.base):
                return answer
            request = msgspec.structs.replace(request, url=onward)
        return answer

    def check(self, answer: Answer, request: Request, manner: Manner) -> None:
        """Raise what an error status means; nothing where it is a good one."""
        if answer.status in _OK:
            return
        where = self.where(request.what)
        if answer.status in PASSING:
            wait = retry_after(answer.headers, self.clock())
            message = f"cannot do it now (status {answer.status}); try again"
            if wait is not None and wait > MAX_WAIT:
                message = f"asks to come back in {wait:.0f} s (status {answer.status}); run it again then"
            found = problem(PASSING[answer.status], where, message, rule=RULE)
            raise Lost(found, wait, done=answer.status not in _NOT_DONE, status=answer.status)
        said = status_problem(answer.status, where)
        if manner.collides and answer.status == 409:
            raise Lost(said, done=False, status=409)
        outcome = outcome_in(answer)
        place = manner.place or (lambda path: path)
        issues = issues_of(outcome, lambda path: f"{where} {place(path)}".rstrip())
        raise Refused((said, *issues), answer.status)

    def tried(self, work: Callable[[], T], manner: Manner) -> T:
        """Do something as often as is safe and allowed, while what goes wrong may pass, with waits in between."""
        open_end = False  # whether an attempt so far may have done it
        garbled = 0
        last = self.server.attempts - 1
        for attempt in range(self.server.attempts):
            try:
                return work()
            except Lost as error:
                open_end = open_end or (manner.writes and error.done)
                garbled += error.garbled
                over = attempt == last or (error.wait or 0) > MAX_WAIT or garbled == _GARBLED
                if open_end and (over or not manner.again):
                    raise Unsettled(error.problems) from None
                if over and error.status == 409:
                    raise Refused(error.problems, 409) from None
                if over:
                    raise
                self.sleep(error.wait if error.wait is not None else min(0.5 * 2**attempt, 30.0))
            except ProblemError as error:
                # What is in the way may be what we wrote ourselves; only what is wrong in itself was wrong before too.
                sure = isinstance(error, Refused) and error.status in _WRONG_ANYWAY
                unread = isinstance(error, Unread) and manner.writes
                if unread or (open_end and not sure):
                    raise Unsettled(error.problems) from None
                raise
        raise AssertionError

    def demand(self, kind: str, letters: str, what: str) -> None:
        """See that the token allows what is about to be done.

        Raises:
            ProblemError: `forbidden`, with the scope that is missing.
        """
        token = self.token()
        if token is None:
            return
        if missing := token.grants.missing(kind, letters):
            message = f"did not grant system/{kind}.{missing}, which this needs; ask its operator, or mend `scopes`"
            raise refuse("forbidden", self.where(what), message, rule=RULE)


def etag_of(headers: Mapping[str, str]) -> str:
    """The ETag as it came: what If-Match takes."""
    return headers.get("etag", "").strip()
