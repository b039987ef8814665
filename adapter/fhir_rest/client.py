"""The client: what sources and delivery ask of a FHIR server."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import IO

import msgspec

from adapter.fhir_rest import fetching, searching, writing
from adapter.fhir_rest.capabilities import Capabilities
from adapter.fhir_rest.content import ACCEPT, FHIR_JSON, resource_of
from adapter.fhir_rest.core import READS, Core, Manner, etag_of
from adapter.fhir_rest.errors import RULE, Refused
from adapter.fhir_rest.naming import Params, encoded, place, placed
from adapter.fhir_rest.searching import Found, Keep
from adapter.fhir_rest.transport import Answer, Request, origin
from adapter.fhir_rest.writing import EntryAnswer, Written
from adapter.servers import Server
from mappings.fhir.wire import Json
from mappings.problems import Problem, ProblemError, problem, refuse


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as the server has it: read without loss, and its bytes as they came (JSON or XML)."""

    kind: str
    id: str
    resource: Json
    data: bytes
    etag: str = ""


class FhirClient:
    """A FHIR R4 server, for several threads; `name` is what the settings call it.

    What goes wrong is a ProblemError whose `where` begins `servers.NAME WHAT`, without URL, value or secret: Refused
    (the server says no; `status`), Unsettled (a write of which nobody knows whether it was done), Lost (it may pass;
    nothing was done). `what` says in the caller's words what a request is about.

    Raises:
        ProblemError: a secret or key of the settings cannot be had.
    """

    def __init__(
        self,
        name: str,
        server: Server,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self.server = name, server
        self.core = Core(name, server, now, sleep)
        self._capabilities: Capabilities | None = None
        self._asked = False
        self._lock = threading.Lock()

    def __enter__(self) -> "FhirClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self.core.transport.close()

    @property
    def base(self) -> str:
        """The server's base, without a slash at its end."""
        return self.core.base

    # --- reading

    def read(self, kind: str, ident: str, *, what: str = "") -> Stored:
        """A resource by its id.

        Raises:
            Refused: it is not there (404), was deleted (410), or may not be read. ProblemError: see the class.
        """
        what = what or f"read of {kind}"
        path = place(kind, ident)
        self.core.demand(kind, "r", what)
        request = Request(method="GET", url=f"{self.base}/{path}", what=what, headers={"Accept": ACCEPT})

        def read(answer: Answer) -> Stored:
            found = resource_of(answer, self.core.where(what))
            if (found["resourceType"], found.get("id")) != (kind, ident):
                message = "answers with another resource than the one asked for; ask its operator"
                raise refuse("conflict", self.core.where(what), message, rule=RULE)
            return Stored(kind=kind, id=ident, resource=found, data=answer.data, etag=etag_of(answer.headers))

        return self.core.exchange(request, READS, read)

    def find(self, kind: str, ident: str, *, what: str = "") -> Stored | None:
        """As `read`; None where it is not there, or not any more."""
        try:
            return self.read(kind, ident, what=what)
        except Refused as error:
            if error.status in (404, 410):
                return None
            raise

    def read_reference(self, reference: str, *, what: str = "") -> Stored:
        """What a reference of this server names: `Type/id`, or below its base; a version in it is left out.

        Raises:
            ProblemError: `not-supported`: it names something elsewhere, or nothing by its place. Else as `read`.
        """
        named = placed(reference, self.base)
        if named is None:
            message = "names something that is not at this server; it is not asked for"
            raise refuse("not-supported", self.core.where(what or "reference"), message, rule=RULE)
        return self.read(*named, what=what)

    def search(
        self,
        kind: str,
        params: Params,
        keep: Keep,
        *,
        keep_included: Keep | None = None,
        private: bool = True,
        what: str = "",
    ) -> Found:
        """All that a search finds, page by page, each resource once.

        Args:
            keep: whether a resource that matches is one that was asked for: servers leave out parameters they do not
                know, and then everything matches. It looks at what the parameters say.
            keep_included: the same for what comes by `_include` and `_revinclude`; without it nothing of that is taken.
            private: the parameters tell of a patient, so that they go by POST and stand in no URL.

        Raises:
            Refused, ProblemError: see the class; and where not all pages can be had: never a part.
        """
        what = what or f"search for {kind}"
        self.core.demand(kind, "s", what)
        return searching.search(self.core, kind, params, keep, keep_included, private, what)

    def fetch(
        self, url: str, sink: IO[bytes], *, limit: int, accept: str = "*/*", what: str = "file"
    ) -> fetching.Fetched:
        """Write a file that a resource refers to into `sink` (which can seek), from where it stands.

        Args:
            url: relative to the base, or absolute: at the server, or at one of `hosts` of the settings.
            limit: the most bytes that are taken.

        Raises:
            ProblemError: `forbidden` where the host is not allowed; too long; see the class. The sink has a part then.
        """
        return fetching.fetch(self.core, url, sink, limit, accept, what)

    # --- writing

    def create(self, resource: Json, *, if_none_exist: Params = (), what: str = "") -> Written:
        """Create a resource; with a condition only where nothing matches it, and then as often as it needs.

        Raises:
            Refused: the server does not take it; 412: several match the condition. Unsettled, ProblemError: see there.
        """
        kind = str(resource.get("resourceType", ""))
        what = what or f"create of {kind}"
        self.core.demand(kind, "c", what)
        return writing.create(self.core, resource, if_none_exist, what)

    def update(self, resource: Json, kind: str, ident: str, *, if_match: str = "", what: str = "") -> Written:
        """Put a resource in its place; with `if_match` (an ETag as it came) only where that is what is there.

        Raises:
            Refused: 412 or 409: another version is there. Unsettled, ProblemError: see the class.
        """
        what = what or f"update of {kind}"
        self.core.demand(kind, "u", what)
        return writing.update(self.core, resource, kind, ident, if_match, what)

    def update_where(self, resource: Json, params: Params, *, if_match: str = "", what: str = "") -> Written:
        """Update what matches, create it where nothing does. The condition stands in the URL: nothing about a patient.

        Raises:
            Refused: 412: several match. Unsettled, ProblemError: see the class.
        """
        kind = str(resource.get("resourceType", ""))
        what = what or f"update of {kind}"
        self.core.demand(kind, "cu", what)
        return writing.update_where(self.core, resource, params, if_match, what)

    def transaction(self, bundle: Json, *, what: str = "transaction") -> tuple[EntryAnswer, ...]:
        """Send a Bundle of type transaction: all of it is done, or nothing. Row n answers entry n.

        It is sent again only where every entry is a GET, a PUT or a POST with ifNoneExist.

        Raises:
            Refused: nothing was done; Problems name the entry. Unsettled, ProblemError: see the class.
        """
        return writing.bundle(self.core, bundle, "transaction", what)

    def batch(self, bundle: Json, *, what: str = "batch") -> tuple[EntryAnswer, ...]:
        """Send a Bundle of type batch: each entry stands alone. Row n answers entry n, and may be an error.

        Raises: as `transaction`, for the Bundle as a whole.
        """
        return writing.bundle(self.core, bundle, "batch", what)

    # --- the server itself

    def need(self, wanted: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
        """See, before anything is done, that the token allows it: rows of (type, letters of `cruds`).

        Returns:
            Warnings: what is allowed for a part of a type alone (`system/Observation.rs?category=...`).

        Raises:
            ProblemError: what is missing, one Problem each.
        """
        token = self.core.token()
        if token is None:
            return ()
        grants = token.grants
        rows = list(wanted)
        where = self.core.where("scopes")
        missing = [(kind, lost) for kind, letters in rows if (lost := grants.missing(kind, letters))]
        if missing:
            message = "was not granted, and is needed; ask its operator, or mend `scopes`"
            raise ProblemError(
                problem("forbidden", where, f"system/{kind}.{lost} {message}", rule=RULE) for kind, lost in missing
            )
        return tuple(
            problem(
                "suppressed", where, f"system/{kind}.{part} is granted for a part alone", rule=RULE, severity="warning"
            )
            for kind, letters in rows
            if (part := grants.narrowed(kind, letters))
        )

    def capabilities(self) -> Capabilities | None:
        """What the server says of itself, asked for once; None where it says nothing that can be read."""
        with self._lock:
            if not self._asked:
                self._capabilities, self._asked = self._metadata(), True
            return self._capabilities

    def _metadata(self) -> Capabilities | None:
        request = Request(method="GET", url=f"{self.base}/metadata", what="metadata", headers={"Accept": ACCEPT})
        try:
            found = self.core.exchange(request, READS, lambda answer: resource_of(answer, self.core.where("metadata")))
        except Refused:
            return None
        return Capabilities(found) if found["resourceType"] == "CapabilityStatement" else None

    def ask(
        self,
        method: str,
        path: str,
        *,
        what: str,
        accept: str = ACCEPT,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Params = (),
        again: bool = True,
    ) -> Answer:
        """A request of another kind (an operation): an answer of status 2xx, as it is.

        Args:
            path: below the base, or a URL of the same server.
            again: whether it may be sent again when its answer got lost.

        Raises:
            ProblemError: it names another server; see the class.
        """
        url = path if "://" in path else f"{self.base}/{path}"
        if origin(url) != origin(self.base):
            raise refuse("security", self.core.where(what), "names another host, which is not asked", rule=RULE)
        if query:
            url = f"{url}?{encoded(query)}"
        sent = {"Accept": accept} | ({"Content-Type": FHIR_JSON} if body is not None else {}) | dict(headers or {})
        request = Request(method=method, url=url, what=what, headers=sent, body=body)
        return self.core.exchange(request, Manner(writes=method != "GET", again=again), lambda answer: answer)
