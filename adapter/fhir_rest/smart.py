"""SMART Backend Services (App Launch 2.x): a token for an assertion that our private key signs (RFC 7523).

No token endpoint's words are shown. They may name what we sent; that they speak of a date, of the audience or of an id
used before is told in words of our own.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from adapter.fhir_rest.discovery import token_endpoint
from adapter.fhir_rest.errors import RULE, Lost
from adapter.fhir_rest.scopes import Grants, granted
from adapter.fhir_rest.secret_files import private_key
from adapter.fhir_rest.transport import Answer, Request, Transport
from adapter.servers import Server
from mappings.fhir.wire import read_object
from mappings.problems import IssueType, ProblemError, problem, refuse

LIFE = 240
"""Seconds that an assertion is valid for: five minutes are the most that is allowed, less what clocks differ by."""
EARLY = 30.0
"""Seconds before its end at which a token is not used any more (a tenth of its life where that is shorter)."""
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_WHAT = "token"
_TOO_FAR = 60.0
_SAID: dict[str, tuple[IssueType, str]] = {
    "invalid_client": ("login", "does not take us for the client; check `client_id`, `client_key`, `key_id`, "
        "`algorithm` and `audience` in the settings, and what is registered there"),
    "invalid_scope": ("forbidden", "does not grant `scopes` of the settings; ask its operator for them, or mend them"),
    "unauthorized_client": ("forbidden", "does not let this client have tokens in this way; ask its operator"),
    "unsupported_grant_type": ("not-supported", "does not know client_credentials; it offers no Backend Services"),
    "invalid_request": ("invalid", "takes our request for wrong; check `token_url` in the settings"),
    "invalid_grant": ("login", "refuses what we show; check `client_key` and `algorithm` in the settings"),
    "invalid_target": ("not-found", "does not know the server that the token is for; ask its operator"),
}  # fmt: skip
_HINTS: tuple[tuple[tuple[str, ...], IssueType, str], ...] = (
    (("jti", "replay", "already used", "reused"), "duplicate", "says that the assertion was used before (jti)"),
    (("audience", "aud "), "value", "says that the assertion is for another audience; set `audience` or `token_url`"),
    (("expired", "exp ", "expiry", "expiration", "too far"), "expired",
        "says that the assertion is not valid at this time; set the clocks right"),
)  # fmt: skip


class Token(msgspec.Struct, frozen=True):
    """A token, until when it is used (seconds of our clock), and what it allows; never printed."""

    value: str
    until: float
    grants: Grants

    def __repr__(self) -> str:
        return "Token(...)"


class Backend:
    """Tokens of a server, each used until shortly before its end, for several threads."""

    def __init__(
        self,
        transport: Transport,
        now: Callable[[], float],
        tried: Callable[[Callable[[], Answer]], Answer],
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self._transport, self._now, self._tried, self._new_id = transport, now, tried, new_id
        self.server: Server = transport.server
        self._key = private_key(self.server)
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._place = self.server.token_url

    def token(self, instead_of: Token | None = None) -> Token:
        """The token to be used now; a new one `instead_of` one that was turned away.

        Raises:
            ProblemError: there is none to be had, and why.
        """
        with self._lock:
            held = self._token
            if held is None or held is instead_of or self._now() >= held.until:
                held = self._token = self._ask()
            return held

    def _ask(self) -> Token:
        self._place = self._place or token_endpoint(self._transport, self._tried)
        answer = self._tried(lambda: self._attempt(self._place))
        return self._read(answer)

    def _attempt(self, place: str) -> Answer:
        """One request for a token, with an assertion of its own: an id is good for once."""
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self.server.scopes),
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(place),
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        request = Request(method="POST", url=place, what=_WHAT, headers=headers, body=urlencode(form).encode())
        answer = self._transport.whole(request, 1 << 20)
        if answer.status == 429 or answer.status >= 500:
            message = f"gives no token now (status {answer.status}); try again"
            raise Lost(problem("transient", self._where, message, rule=RULE), status=answer.status)
        return answer

    def _assertion(self, place: str) -> str:
        from joserfc import jwt

        server = self.server
        header = {"alg": server.algorithm, "typ": "JWT"} | ({"kid": kid} if (kid := self._key.kid) else {})
        claims = {
            "iss": server.client_id,
            "sub": server.client_id,
            "aud": server.audience or place,
            "exp": int(self._now()) + LIFE,
            "jti": self._new_id(),
        }
        return jwt.encode(header, claims, self._key.key, algorithms=[server.algorithm])

    @property
    def _where(self) -> str:
        return f"servers.{self._transport.name} {_WHAT}"

    def _read(self, answer: Answer) -> Token:
        if answer.status != 200:
            raise self._refused(answer)
        said = _object(answer)
        value, kind, life = said.get("access_token"), said.get("token_type"), said.get("expires_in")
        usable = isinstance(value, str) and value.isascii() and value.isprintable() and value and " " not in value
        if not usable or str(kind).lower() != "bearer":
            message = "answers with no bearer token; check `token_url` in the settings"
            raise refuse("structure", self._where, message, rule=RULE)
        seconds = float(life) if isinstance(life, int | str) and str(life).isdigit() and len(str(life)) < 9 else 60.0
        until = self._now() + seconds - min(EARLY, seconds / 10)
        scope = said.get("scope")
        return Token(str(value), until, granted(scope if isinstance(scope, str) else ""))

    def _refused(self, answer: Answer) -> ProblemError:
        said = _object(answer)
        word = said.get("error")
        if not isinstance(word, str):
            message = f"answers with something other than a token (status {answer.status}); check `token_url`"
            return refuse("structure", self._where, message, rule=RULE)
        code, message = _SAID.get(word, ("login", "gives no token"))
        told = str(said.get("error_description", "")).lower()
        if word in ("invalid_client", "invalid_grant", "invalid_request"):
            found = next(((kind, text) for words, kind, text in _HINTS if any(one in told for one in words)), None)
            code, message = found or (code, message)
            message += self._skew(answer.headers)
        return refuse(
            code, self._where, f"{message} ({word if word in _SAID else 'status'} {answer.status})", rule=RULE
        )

    def _skew(self, headers: Mapping[str, str]) -> str:
        """That the clocks differ, where they do: the commonest reason, and the one that nobody says."""
        try:
            theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (TypeError, ValueError, OverflowError):
            return ""
        off = self._now() - theirs
        return f"; our clock is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}" if abs(off) > _TOO_FAR else ""


def _object(answer: Answer) -> Mapping[str, Any]:
    if answer.media_type not in ("application/json", "text/json", "application/fhir+json"):
        return {}
    try:
        return read_object(answer.data)
    except ProblemError:
        return {}
