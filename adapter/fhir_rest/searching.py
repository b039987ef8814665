"""Searches: all pages or a Problem, never a part; and every resource is looked at again, by the one who asked.

Servers leave out parameters they do not know (then more comes than was asked for), count wrongly, send pages twice and
lead in circles. `total` is not looked at.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from adapter.fhir_rest.content import ACCEPT, resource_of
from adapter.fhir_rest.core import READS, Core
from adapter.fhir_rest.errors import RULE, Refused, issues_of
from adapter.fhir_rest.naming import Params, encoded, place
from adapter.fhir_rest.transport import Answer, Request, joined, origin
from mappings.fhir.wire import Json, dumps
from mappings.problems import IssueType, Problem, ProblemError, problem

Keep = Callable[[Json], bool]
MAX_PAGES = 2_000
MAX_ENTRIES = 100_000
_NO_POST = frozenset((404, 405, 415, 501))
_UNCHECKED = frozenset(("_count", "_format", "_include", "_revinclude", "_include:iterate", "_revinclude:iterate"))
"""Parameters that do not choose what matches."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found.

    Attributes:
        matches: what was searched for, each once, as far as `keep` has it.
        included: what came with it (`_include`, `_revinclude`), as far as `keep_included` has it.
        ignored: parameters that the server left out, as far as it says (its `self` link).
        problems: warnings: what was left out because it was not asked for, what the server says of itself.
    """

    matches: tuple[Json, ...] = ()
    included: tuple[Json, ...] = ()
    ignored: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def search(
    core: Core, kind: str, params: Params, keep: Keep, keep_included: Keep | None, private: bool, what: str
) -> Found:
    """See FhirClient.search."""
    run = _Run(core, kind, keep, keep_included, what)
    first, url = _first(core, kind, params, private, what)
    run.compare(first, params)
    page: Json | None = first
    pages = 0
    while page is not None:
        pages += 1
        if pages > MAX_PAGES or len(run.seen) > MAX_ENTRIES:
            raise run.stop("too-costly", "lists more than can be taken; search for less")
        run.take(page)
        url = run.next_of(page, url)
        page = _page(core, url, what) if url else None
    return run.found()


def _first(core: Core, kind: str, params: Params, private: bool, what: str) -> tuple[Json, str]:
    """The first page, and the URL that relative links count from."""
    form = [*params, *([] if any(name == "_count" for name, _ in params) else [("_count", str(core.server.page))])]
    url = f"{core.base}/{place(kind)}"
    if private:
        headers = {"Accept": ACCEPT, "Content-Type": "application/x-www-form-urlencoded"}
        request = Request(
            method="POST", url=f"{url}/_search", what=what, headers=headers, body=encoded(form).encode("ascii")
        )
        try:
            return core.exchange(request, READS, lambda answer: _bundle(answer, core.where(what))), url
        except Refused as error:
            if error.status not in _NO_POST:
                raise
            if not core.server.search_by_get:
                message = "takes no search by POST, and identifiers stand in no URL; allow it with `search_by_get`"
                found = problem("not-supported", core.where(what), message, rule=RULE)
                raise Refused((found, *error.problems[:1]), error.status) from None
    asked = f"{url}?{encoded(form)}"
    return _page(core, asked, what), asked


def _page(core: Core, url: str, what: str) -> Json:
    request = Request(method="GET", url=url, what=what, headers={"Accept": ACCEPT})
    return core.exchange(request, READS, lambda answer: _bundle(answer, core.where(what)))


def _bundle(answer: Answer, where: str) -> Json:
    found = resource_of(answer, where)
    entries = found.get("entry", [])
    whole = isinstance(entries, list) and all(isinstance(e, dict) and isinstance(_of(e), dict) for e in entries)
    if found["resourceType"] != "Bundle" or found.get("type") != "searchset" or not whole:
        message = "answers a search with something other than a Bundle of type searchset; ask its operator"
        raise ProblemError(problem("structure", where, message, rule=RULE))
    return found


def _of(entry: Json) -> Any:
    return entry.get("resource")


class _Run:
    """One search while its pages come."""

    def __init__(self, core: Core, kind: str, keep: Keep, keep_included: Keep | None, what: str) -> None:
        self.core, self.kind, self.keep, self.keep_included, self.what = core, kind, keep, keep_included, what
        self.matches: list[Json] = []
        self.included: list[Json] = []
        self.ignored: tuple[str, ...] = ()
        self.problems: list[Problem] = []
        self.seen: set[tuple[str, str, bool]] = set()
        self.links: set[str] = set()
        self.pages: set[bytes] = set()
        self.unasked = self.twice = 0

    def stop(self, code: IssueType, message: str) -> ProblemError:
        return ProblemError(problem(code, self.core.where(self.what), message, rule=RULE))

    def compare(self, page: Json, params: Params) -> None:
        """Note the parameters that the server's own account of the search (its self link) does not have."""
        link = _link(page, "self")
        stated = (link or "").partition("#")[0].partition("?")[2]
        if not stated:
            return
        names = {name for name, _ in parse_qsl(stated, keep_blank_values=True)}
        self.ignored = tuple(sorted({name for name, _ in params if name not in _UNCHECKED} - names))
        if self.ignored:
            self.problems.append(
                self._warn("not-supported", f"left out {len(self.ignored)} of the parameters asked for")
            )

    def take(self, page: Json) -> None:
        """Sort a page's entries.

        Raises:
            ProblemError: it is a page that came before.
        """
        entries = page.get("entry", [])
        if entries:
            mark = hashlib.sha256(b"\n".join(_mark(entry) for entry in entries)).digest()
            if mark in self.pages:
                raise self.stop("incomplete", "sends the same page twice, so that others may be missing; try again")
            self.pages.add(mark)
        for entry in entries:
            self._sort(_of(entry), _mode(entry))

    def _sort(self, resource: Json, mode: str) -> None:
        kind = resource.get("resourceType")
        if kind == "OperationOutcome" and mode != "match":
            self.problems += [p for p in issues_of(resource, self._where) if p.severity != "information"]
            return
        matches = mode != "include" and kind == self.kind
        name = (str(kind), str(resource.get("id")), matches)
        if name in self.seen and resource.get("id"):
            self.twice += matches  # what is included may be so from several pages
            return
        self.seen.add(name)
        judge = self.keep if matches else self.keep_included
        if judge is None or not judge(resource):
            self.unasked += 1
        else:
            (self.matches if matches else self.included).append(resource)

    def _where(self, path: str) -> str:
        return f"{self.core.where(self.what)} {path}".rstrip()

    def next_of(self, page: Json, url: str) -> str:
        """The URL of the next page; "" where there is none.

        Raises:
            ProblemError: it is at another server, or was followed before.
        """
        link = _link(page, "next")
        if link is None:
            return ""
        onward = joined(url, link)
        if origin(onward) != origin(self.core.base):
            raise self.stop("security", "has its next page at another host, which is not asked; ask its operator")
        if onward in self.links:
            raise self.stop("incomplete", "leads from page to page in a circle; ask its operator")
        self.links.add(onward)
        return onward

    def _warn(self, code: IssueType, message: str) -> Problem:
        return problem(code, self.core.where(self.what), message, rule=RULE, severity="warning")

    def found(self) -> Found:
        told = list(self.problems)
        if self.unasked:
            told.append(self._warn("conflict", f"sent {self.unasked} that were not asked for; they are left out"))
        if self.twice:
            told.append(self._warn("duplicate", f"sent {self.twice} more than once; each is taken once"))
        return Found(
            matches=tuple(self.matches),
            included=tuple(self.included),
            ignored=self.ignored,
            problems=tuple(dict.fromkeys(told)),
        )


def _mode(entry: Json) -> str:
    told = entry.get("search")
    return str(told.get("mode", "")) if isinstance(told, dict) else ""


def _mark(entry: Json) -> bytes:
    """What tells an entry from another: all of it, as it is."""
    return hashlib.sha256(dumps(_of(entry))).digest()


def _link(page: Json, relation: str) -> str | None:
    rows: Iterable[Any] = page["link"] if isinstance(page.get("link"), list) else ()
    urls = [row.get("url") for row in rows if isinstance(row, dict) and row.get("relation") == relation]
    return next((url for url in urls if isinstance(url, str) and url), None)
