"""Files that resources refer to: from the server itself with our credentials, from other hosts only where the settings
name them, and then without. Whole, or a Problem.
"""

import hashlib
from typing import IO

import msgspec

from adapter.fhir_rest.content import media_type
from adapter.fhir_rest.core import READS, Core
from adapter.fhir_rest.errors import RULE
from adapter.fhir_rest.naming import placed
from adapter.fhir_rest.transport import Answer, Request, joined, origin
from adapter.servers import web_root
from mappings.problems import refuse


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written: its length in bytes, sha256, and what the server calls it."""

    size: int
    sha256: str
    media_type: str


def fetch(core: Core, url: str, sink: IO[bytes], limit: int, accept: str, what: str) -> Fetched:
    """See FhirClient.fetch."""
    place = joined(core.base + "/", url)
    ours = origin(place) == origin(core.base)
    if not ours and not _allowed(core, place):
        message = (
            "refers to a file at a host that is not allowed; name it under `hosts` in the settings, if it is right"
        )
        raise refuse("forbidden", core.where(what), message, rule=RULE)
    if ours and (named := placed(place, core.base)):
        core.demand(named[0], "r", what)
    request = Request(method="GET", url=place, what=what, headers={"Accept": accept})
    start = sink.tell()

    def once() -> Fetched:
        sink.seek(start)
        sink.truncate()
        counted = _Counted(sink)

        def send(one: Request) -> Answer:
            return core.transport.into(one, counted, limit, lambda status: status == 200)

        answer = core.authorized(request, send) if ours else send(request)
        core.check(answer, request, READS)
        if answer.status != 200:
            raise refuse("incomplete", core.where(what), f"sends no file (status {answer.status})", rule=RULE)
        return Fetched(size=counted.size, sha256=counted.digest.hexdigest(), media_type=media_type(answer))

    return core.tried(once, READS)


def _allowed(core: Core, url: str) -> bool:
    scheme, host, port = origin(url)
    if not host or not web_root(url.partition("?")[0].partition("#")[0], core.server.plain_http):
        return False
    return any(origin(f"{scheme}://{one}") == (scheme, host, port) for one in core.server.hosts)


class _Counted:
    """A sink that knows what went into it."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self.size, self.digest = sink, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self._sink.write(data)
