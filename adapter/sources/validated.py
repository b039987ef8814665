"""Files against FHIR R4: every problem with the file and, where it is known, the line."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from adapter import fhir_xml
from adapter.fhir_xml.faults import root_name
from adapter.holding import File
from adapter.sources.fhir_files import like_resource
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


class Tally(msgspec.Struct):
    """What was judged: resources (a Bundle is one), and the files that hold them or should."""

    resources: int = 0
    files: int = 0


def findings(root: Path, check: Check, *, shown: str | None = None, tally: Tally | None = None) -> Iterator[Finding]:
    """What is wrong with a file, or with every file below a folder. Files of other formats are told, not judged.

    Args:
        root: the file or folder.
        check: what judges a resource.
        shown: the name of `root` in what is said; its last name where not given.
        tally: counts on while files are judged.
    """
    count = tally or Tally()
    name = root.name if shown is None else shown

    def counted(resource: Json) -> list[Problem]:
        count.resources += 1
        return check(resource)

    for file in walk(root):
        path = file[0] if isinstance(file, tuple) else file.path
        place = name if not root.is_dir() else f"{name.rstrip('/')}/{path}"
        if isinstance(file, tuple):
            yield Finding(file=place, line=None, problem=file[1])
            continue
        before, stopped = count.resources, False
        for line, found in _judged(file, counted, alone=root.is_file()):
            stopped = stopped or found.stops
            yield Finding(file=place, line=line, problem=found)
        count.files += stopped or count.resources > before


def _judged(file: File, check: Check, *, alone: bool) -> Iterator[tuple[int | None, Problem]]:
    if file.kind == "fhir-xml":
        yield from _xml(file.read(), check)
    elif file.kind in ("json", "ndjson"):
        yield from _json(file.read(), check, alone)
    elif file.content_type == "application/xml" and (alone or root_name(file.read()) in resource_types()):
        yield from _xml(file.read(), check)
    elif file.content_type in _UNKNOWN and file.path.lower().endswith((".json", ".ndjson")):
        yield from _json(file.read(), check, alone)
    elif file.content_type in _UNKNOWN and file.path.lower().endswith(".xml"):
        yield from _xml(file.read(), check)
    else:
        yield None, _passed("is neither JSON, NDJSON nor FHIR XML and so not validated", "fhir.json", alone)


def _passed(message: str, rule: str, alone: bool) -> Problem:
    """A file that is none of FHIR's: a fault where it was named itself, and passed over in a folder."""
    severity: Severity = "error" if alone else "information"
    return problem("not-supported" if rule == "fhir.json" else "structure", "$", message, rule=rule, severity=severity)


def _xml(data: bytes, check: Check) -> Iterator[tuple[int | None, Problem]]:
    read = fhir_xml.read(data)
    found: list[tuple[int | None, Problem]] = []
    for each in read.problems:
        where = each.where.partition(" (line ")[0]
        found.append((_line_said(each), msgspec.structs.replace(each, where=where)))
    judged = [] if read.resource is None else [_of_xml(each) for each in check(read.resource)]
    lines = read.lines(each.where for each in judged)
    yield from _down([*found, *((lines.get(each.where), each) for each in judged)])


def _down(found: Iterable[tuple[int | None, Problem]]) -> list[tuple[int | None, Problem]]:
    """In the order in which they stand in the file."""
    return sorted(found, key=lambda each: each[0] or 0)


_JSON_WORDS = {
    "must not repeat: give one value, without brackets": "must not repeat: give it once",
    "must be true or false, without quotes": "must be true or false",
    "must be a JSON number, without quotes": "must be a number: digits, at most one decimal point, no blanks",
    "must be a JSON object": "must hold elements, and not a value alone",
}


def _of_xml(found: Problem) -> Problem:
    """The Problem in the words of XML."""
    return msgspec.structs.replace(found, message=_JSON_WORDS.get(found.message, found.message))


def _json(data: bytes, check: Check, alone: bool) -> Iterator[tuple[int | None, Problem]]:
    try:
        value = loads(data)
    except ProblemError as error:
        if not data.strip():
            yield 1, problem("structure", "line 1 column 1", "is empty: no resource is in it", rule="fhir.json")
        elif _holds_resources(data):
            yield from _lines(data, check)
        elif not alone and _holds_foreign(data):
            yield None, _no_resource(None, alone=False)
        else:
            yield from ((_line_said(found), found) for found in error.problems)
        return
    if not _is_resource(value):
        if data.strip().count(b"\n") and _holds_resources(data):
            yield from _lines(data, check)
        else:
            yield None, _no_resource(value, alone=alone)
        return
    judged = check(value)
    places = {id(found): _place(found) for found in judged}
    lines = lines_of(data, places.values()) if judged else {}
    yield from _down((lines.get(places[id(found)]), found) for found in judged)


_POSITION = re.compile(r"property (\d+) of the object")


def _place(found: Problem) -> str:
    """Where a Problem stands; of a property that is told by its position alone, that one."""
    number = _POSITION.match(found.message) if found.rule == "fhir.element" else None
    return f"{found.where}#{number[1]}" if number else found.where


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
        judged = check(value) if _is_resource(value) else [_no_resource(value)]
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


def _holds_foreign(data: bytes) -> bool:
    """Whether each line is an object that is plainly none of FHIR's."""
    try:
        values = [loads(line) for line in data.splitlines() if line.strip()]
    except ProblemError:
        return False
    return len(values) > 1 and not any(like_resource(value) for value in values)


def _no_resource(value: object, *, alone: bool = True) -> Problem:
    message = "is JSON, but no FHIR resource: that is an object with a resourceType"
    if isinstance(value, list) and like_resource(value):
        message = "is a list of resources: make it a Bundle, or NDJSON, one resource a line"
    elif isinstance(value, dict) and "resourceType" in value:
        message = "has a resourceType that is no text: give the name of a resource type of FHIR R4"
    elif like_resource(value):
        message = "is JSON, but no FHIR resource: the property that says the type is spelled resourceType"
    return _passed(message, "fhir.type", alone or like_resource(value))


def _line_said(found: Problem) -> int | None:
    line = _LINE.search(found.where)
    return int(line[1]) if line else None
