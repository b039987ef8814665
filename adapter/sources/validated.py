"""Files against FHIR R4: every problem with the file and, where it is known, the line."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from adapter import fhir_xml
from adapter.fhir_xml.faults import root_name
from adapter.holding import File
from adapter.sources.files import walk
from adapter.sources.json_lines import lines_of
from adapter.validation.facts import resource_types
from mappings.fhir.wire import Json, loads
from mappings.problems import Problem, ProblemError, Severity, problem

Check = Callable[[Json], list[Problem]]
"""What judges a resource: `validate_resource` with what it is to be judged by."""
_UNKNOWN = ("application/octet-stream", "text/plain")
"""Of what a file's first bytes do not tell, its name is believed: it is to be judged, and fails with the reason."""
_LINE = re.compile(r"(?:^| \()line (\d+)\)?")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A Problem of a file; `line` counts from 1."""

    file: str
    line: int | None
    problem: Problem


def findings(root: Path, check: Check) -> Iterator[Finding]:
    """What is wrong with a file, or with every file below a folder. Files of other formats are told, not judged."""
    for file in walk(root):
        if isinstance(file, tuple):
            yield Finding(file=file[0], line=None, problem=file[1])
            continue
        name = file.path if root.is_file() else f"{root.name}/{file.path}"
        for line, found in _judged(file, check, alone=root.is_file()):
            yield Finding(file=name, line=line, problem=found)


def _judged(file: File, check: Check, *, alone: bool) -> Iterator[tuple[int | None, Problem]]:
    if file.kind == "fhir-xml":
        yield from _xml(file.read(), check)
    elif file.kind in ("json", "ndjson"):
        yield from _json(file.read(), check)
    elif file.content_type == "application/xml" and (alone or root_name(file.read()) in resource_types()):
        yield from _xml(file.read(), check)
    elif file.content_type in _UNKNOWN and file.path.lower().endswith((".json", ".ndjson")):
        yield from _json(file.read(), check)
    elif file.content_type in _UNKNOWN and file.path.lower().endswith(".xml"):
        yield from _xml(file.read(), check)
    else:
        message = "is neither JSON, NDJSON nor FHIR XML and so not validated"
        severity: Severity = "error" if alone else "information"
        yield None, problem("not-supported", "$", message, rule="fhir.json", severity=severity)


def _xml(data: bytes, check: Check) -> Iterator[tuple[int | None, Problem]]:
    read = fhir_xml.read(data)
    found: list[tuple[int | None, Problem]] = []
    for each in read.problems:
        where = each.where.partition(" (line ")[0]
        found.append((_line_said(each), msgspec.structs.replace(each, where=where)))
    judged = [] if read.resource is None else check(read.resource)
    lines = read.lines(each.where for each in judged)
    yield from _down([*found, *((lines.get(each.where), each) for each in judged)])


def _down(found: Iterable[tuple[int | None, Problem]]) -> list[tuple[int | None, Problem]]:
    """In the order in which they stand in the file."""
    return sorted(found, key=lambda each: each[0] or 0)


def _json(data: bytes, check: Check) -> Iterator[tuple[int | None, Problem]]:
    try:
        value = loads(data)
    except ProblemError as error:
        if _holds_resources(data):
            yield from _lines(data, check)
        else:
            yield from ((_line_said(found), found) for found in error.problems)
        return
    if not _is_resource(value):
        if data.strip().count(b"\n") and _holds_resources(data):
            yield from _lines(data, check)
        else:
            yield None, _no_resource()
        return
    judged = check(value)
    lines = lines_of(data, [found.where for found in judged]) if judged else {}
    yield from _down((lines.get(found.where), found) for found in judged)


def _lines(data: bytes, check: Check) -> Iterator[tuple[int | None, Problem]]:
    """NDJSON: a resource a line."""
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = loads(line)
        except ProblemError as error:
            for found in error.problems:
                where = found.where.replace("line 1 ", f"line {number} ", 1)
                yield number, msgspec.structs.replace(found, where=where)
            continue
        judged = check(value) if _is_resource(value) else [_no_resource()]
        yield from ((number, found) for found in judged)


def _holds_resources(data: bytes) -> bool:
    """Whether some line of several is a resource of its own."""
    return any(_resource_in(line) for line in data.splitlines()) if b"\n" in data.strip() else False


def _resource_in(line: bytes) -> bool:
    if line[:1] != b"{" or b'"resourceType"' not in line:
        return False
    try:
        return _is_resource(loads(line))
    except ProblemError:
        return False


def _is_resource(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def _no_resource() -> Problem:
    message = "is JSON, but no FHIR resource: that is an object with a resourceType"
    return problem("structure", "$", message, rule="fhir.type")


def _line_said(found: Problem) -> int | None:
    line = _LINE.search(found.where)
    return int(line[1]) if line else None
