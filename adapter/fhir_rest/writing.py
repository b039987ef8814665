"""Writing: create and update, conditional or not, and Bundles of type transaction and batch, entry by entry.

What is conditional is sent again when its answer got lost; what is not is sent once: `Unsettled`, where nobody knows.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from adapter.fhir_rest.content import ACCEPT, FHIR_JSON, resource_of
from adapter.fhir_rest.core import Core, Manner, etag_of
from adapter.fhir_rest.errors import RULE, Lost, issues_of, status_problem
from adapter.fhir_rest.naming import Params, encoded, located, place
from adapter.fhir_rest.transport import Answer, Request
from mappings.fhir.wire import Json, dumps
from mappings.problems import Problem, ProblemError, problem, refuse

_ENTRY = re.compile(r"Bundle\.entry\[(\d{1,6})\](?:\.resource)?(?:\.ofType\([A-Za-z]{1,60}\))?(.*)")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one resource.

    Attributes:
        status: 201 created, 200 updated or (conditional create) there already.
        kind, id, etag: what it is there; "" where the server does not say.
        resource: as the server has it now, where it sends that.
        problems: what the server remarks, by code and place.
    """

    status: int
    kind: str = ""
    id: str = ""
    etag: str = ""
    resource: Json | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def created(self) -> bool:
        """Whether it was not there before."""
        return self.status == 201


class EntryAnswer(Written, frozen=True, kw_only=True):
    """What became of an entry; `index` is its place in what was sent. In a batch `status` may be an error."""

    index: int

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300


def create(core: Core, resource: Json, if_none_exist: Params, what: str) -> Written:
    """See FhirClient.create."""
    kind = str(resource.get("resourceType", ""))
    headers = {"If-None-Exist": encoded(if_none_exist)} if if_none_exist else {}
    conditional = bool(if_none_exist)
    manner = Manner(writes=True, again=conditional, collides=conditional, place=_own(kind))
    return _send(core, "POST", place(kind), resource, headers, manner, what)


def update(core: Core, resource: Json, kind: str, ident: str, if_match: str, what: str) -> Written:
    """See FhirClient.update."""
    if (resource.get("resourceType"), resource.get("id")) != (kind, ident):
        raise refuse("value", core.where(what), "names another place than the resource has; nothing is sent", rule=RULE)
    headers = {"If-Match": if_match} if if_match else {}
    return _send(core, "PUT", place(kind, ident), resource, headers, Manner(writes=True, place=_own(kind)), what)


def update_where(core: Core, resource: Json, params: Params, if_match: str, what: str) -> Written:
    """See FhirClient.update_where."""
    kind = str(resource.get("resourceType", ""))
    if not params:
        raise refuse("value", core.where(what), "has no condition; nothing is sent", rule=RULE)
    headers = {"If-Match": if_match} if if_match else {}
    manner = Manner(writes=True, collides=not if_match, place=_own(kind))
    return _send(core, "PUT", f"{place(kind)}?{encoded(params)}", resource, headers, manner, what)


def _own(kind: str) -> Callable[[str], str]:
    return lambda path: path or kind


def _send(
    core: Core, method: str, path: str, resource: Json, headers: Mapping[str, str], manner: Manner, what: str
) -> Written:
    request = Request(
        method=method,
        url=f"{core.base}/{path}",
        what=what,
        headers={"Accept": ACCEPT, "Content-Type": FHIR_JSON, "Prefer": "return=minimal", **headers},
        body=dumps(resource),
    )
    kind, _, ident = path.partition("?")[0].partition("/")
    return core.exchange(request, manner, lambda answer: _written(core, answer, kind, ident, what))


def _written(core: Core, answer: Answer, kind: str, ident: str, what: str) -> Written:
    """What an answer to one resource says; `ident` is where it was put, "" where the server gives it its id.

    Raises:
        Lost: it is no answer of a FHIR server.
    """
    where = core.where(what)
    body = _body(answer, where)
    stored = body if body is not None and body.get("resourceType") == kind else None
    meta = stored.get("meta") if stored else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    named = _named(answer, kind) or (ident, "")
    etag = etag_of(answer.headers) or (f'W/"{version}"' if isinstance(version, str) else named[1] and f'W/"{named[1]}"')
    told = named[0] or (str(stored.get("id") or "") if stored else "")
    remarks = issues_of(body, lambda path: f"{where} {path or kind}") if body is not stored else ()
    return Written(status=answer.status, kind=kind, id=told, etag=etag, resource=stored, problems=_remarks(remarks))


def _remarks(found: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What is worth telling of an outcome that came with a success."""
    return tuple(one for one in found if one.severity != "information")


def _body(answer: Answer, where: str) -> Json | None:
    """What came with it, where the server says by its headers what became of it; else it has to be FHIR."""
    if not answer.data.strip():
        return None
    try:
        return resource_of(answer, where)
    except ProblemError:
        if located(answer.headers.get("location", "")):
            return None
        raise


def _named(answer: Answer, kind: str) -> tuple[str, str] | None:
    """(id, version) that Location or Content-Location names."""
    for header in ("location", "content-location"):
        found = located(answer.headers.get(header, ""))
        if found and found[0] == kind:
            return found[1], found[2]
    return None


# --- Bundles


def bundle(core: Core, sent: Json, kind: str, what: str) -> tuple[EntryAnswer, ...]:
    """See FhirClient.transaction and FhirClient.batch."""
    entries = sent.get("entry")
    if sent.get("resourceType") != "Bundle" or sent.get("type") != kind or not isinstance(entries, list):
        raise refuse("value", core.where(what), f"is no Bundle of type {kind}; nothing is sent", rule=RULE)
    for entry in entries:
        _demand(core, entry, what)
    manner = Manner(
        writes=any(_method(entry) not in ("GET", "HEAD") for entry in entries),
        again=all(map(repeatable, entries)),
        collides=kind == "transaction" and all(map(repeatable, entries)) and not any(map(_versioned, entries)),
        place=lambda path: _in_entry(path, entries),
    )
    request = Request(
        method="POST",
        url=core.base,
        what=what,
        headers={"Accept": ACCEPT, "Content-Type": FHIR_JSON, "Prefer": "return=minimal"},
        body=dumps(sent),
    )
    return core.exchange(request, manner, lambda answer: _answers(core, answer, entries, kind, what))


def repeatable(entry: Json) -> bool:
    """Whether an entry of a Bundle changes nothing where it is sent a second time."""
    request = entry.get("request", {})
    return _method(entry) in ("GET", "HEAD", "PUT") or (_method(entry) == "POST" and bool(request.get("ifNoneExist")))


def _versioned(entry: Json) -> bool:
    return bool(entry.get("request", {}).get("ifMatch"))


def _method(entry: Json) -> str:
    return str(entry.get("request", {}).get("method", ""))


def _demand(core: Core, entry: Json, what: str) -> None:
    letters = {"GET": "r", "HEAD": "r", "POST": "c", "PUT": "u"}.get(_method(entry))
    if letters is None:
        message = "has an entry that is neither read, created nor updated; nothing is sent"
        raise refuse("not-supported", core.where(what), message, rule=RULE)
    url = str(entry.get("request", {}).get("url", ""))
    named = re.match(r"[A-Z][A-Za-z]+", url)
    core.demand(named[0] if named else "*", letters, what)


def entry_name(entry: Json, index: int) -> str:
    """How an entry is named in Problems: its place, its type, and the URL that we gave it."""
    resource = entry.get("resource")
    kind = str(resource.get("resourceType", "")) if isinstance(resource, dict) else ""
    return " ".join(part for part in (f"entry[{index}]", kind, str(entry.get("fullUrl", ""))) if part)


def _in_entry(path: str, entries: list[Json]) -> str:
    """The place in what we sent: an entry by its number, or, where only one is of the type, by that."""
    found = _ENTRY.fullmatch(path)
    if found is None:
        kind, _, inner = path.partition(".")
        places = [n for n, one in enumerate(entries) if one.get("resource", {}).get("resourceType") == kind]
        return f"{entry_name(entries[places[0]], places[0])} {inner}".rstrip() if len(places) == 1 else path
    if int(found[1]) >= len(entries):
        return path
    name = entry_name(entries[int(found[1])], int(found[1]))
    return f"{name} {found[2].lstrip('.')}".rstrip()


def _answers(core: Core, answer: Answer, entries: list[Json], kind: str, what: str) -> tuple[EntryAnswer, ...]:
    """Row by row, what became of what was sent.

    Raises:
        Lost: the answer is none to this Bundle.
    """
    where = core.where(what)
    body = resource_of(answer, where)
    rows = body.get("entry", [])
    fits = body["resourceType"] == "Bundle" and body.get("type") == f"{kind}-response" and isinstance(rows, list)
    if not fits or len(rows) != len(entries):
        message = "does not answer each entry of the Bundle; look what is there before sending it again"
        raise Lost(problem("incomplete", where, message, rule=RULE), garbled=True)
    return tuple(_row(core, rows[n], entries[n], n, where) for n in range(len(entries)))


def _row(core: Core, row: Any, sent: Json, index: int, where: str) -> EntryAnswer:
    response = row.get("response") if isinstance(row, dict) else None
    told = str(response.get("status", ""))[:3] if isinstance(response, dict) else ""
    name = f"{where} {entry_name(sent, index)}"
    if not isinstance(response, dict) or not told.isdigit():
        message = "is not answered with a status; look what is there before sending it again"
        raise Lost(problem("incomplete", name, message, rule=RULE), garbled=True)
    status = int(told)
    at = located(str(response.get("location", ""))) or ("", "", "")
    resource = row.get("resource") if isinstance(row.get("resource"), dict) else None
    issues = issues_of(response.get("outcome"), lambda path: f"{name} {_inside(path)}".rstrip())
    good = 200 <= status < 300
    etag = response.get("etag")
    version = f'W/"{at[2]}"' if at[2] else ""
    return EntryAnswer(
        index=index,
        status=status,
        kind=at[0],
        id=at[1],
        etag=etag if isinstance(etag, str) and etag else version,
        resource=resource if resource and resource.get("resourceType") != "OperationOutcome" else None,
        problems=_remarks(issues) if good else (status_problem(status, name), *issues),
    )


def _inside(path: str) -> str:
    found = _ENTRY.fullmatch(path)
    return found[2].lstrip(".") if found else path
