"""What is wrong with a settings file: every fault at once, each by its line and name, none by what stands there."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from mappings.problems import Problem, ProblemError, problem, refuse

RULE = "config"
_Path = tuple[str | int, ...]


def read_toml(location: Path) -> tuple[dict[str, Any], str]:
    """The tables of a settings file, and its text.

    Raises:
        ProblemError: it is not there, cannot be read, or is no TOML.
    """
    try:
        text = location.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except FileNotFoundError:
        message = "is not there; name the settings file that exists"
        raise refuse("not-found", location.name, message, rule=RULE) from None
    except OSError:
        message = "cannot be read; it has to be a file that you may read"
        raise refuse("no-store", location.name, message, rule=RULE) from None
    except UnicodeDecodeError as error:
        where = f"{location.name} line {error.object[: error.start].count(10) + 1}"
        raise refuse("structure", where, "is not UTF-8; save the file as UTF-8", rule=RULE) from None
    except tomllib.TOMLDecodeError as error:
        raise ProblemError(not_toml(location.name, str(error))) from None


def not_toml(file: str, said: str) -> Problem:
    """The fault that the parser names by its place; its words may quote what stands there."""
    place = re.search(r"\(at (?:(line \d+, column \d+)|end of document)\)$", said)
    if place is None:
        return problem("structure", file, "is not TOML; mend the file", rule=RULE)
    if place[1] is None:
        message = "is not TOML: it ends in the middle of a value or a name; restore its end"
        return problem("structure", file, message, rule=RULE)
    message = "is not TOML from here on: write NAME = VALUE, texts in double quotes, tables as [NAME], each name once"
    return problem("structure", f"{file} {place[1].replace(',', '')}", message, rule=RULE)


class Faults:
    """Compares the tables of a settings file with a struct of settings.

    Args:
        file: its name; text: what it says, for the lines.
        convert: makes what the struct has of a value (`msgspec.convert` with hooks).
        words: what may stand under a setting, by its name.
    """

    def __init__(self, file: str, text: str, convert: Callable[[Any, Any], Any], words: Mapping[str, str]) -> None:
        self.file, self.convert, self.words = file, convert, words
        self.lines = lines_of(text)
        self.root: tuple[str, ...] = ()

    def of(self, raw: Mapping[str, Any], struct: type) -> list[Problem]:
        """All faults, in the order of the file."""
        self.root = struct.__struct_fields__  # type: ignore[attr-defined]
        return list(self._of_table(raw, struct, ()))

    def _of_table(self, raw: Mapping[str, Any], struct: type, path: _Path) -> Iterator[Problem]:
        hints = get_type_hints(struct, include_extras=True)
        for name, value in raw.items():
            if name not in hints:
                yield self._unknown(name, tuple(hints), path)
            else:
                yield from self._of_value(value, hints[name], (*path, name))

    def _of_value(self, value: Any, kind: Any, path: _Path) -> Iterator[Problem]:
        """The faults below a value, or else its own."""
        below: list[Problem] = []
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
            below = list(self._of_table(value, kind, path))
        elif get_origin(kind) is dict and isinstance(value, dict):
            inner = get_args(kind)[1]
            below = [found for name, each in value.items() for found in self._of_value(each, inner, (*path, name))]
        elif get_origin(kind) is tuple and isinstance(value, list):
            inner = get_args(kind)[0]
            below = [found for n, each in enumerate(value) for found in self._of_value(each, inner, (*path, n))]
        if below:
            yield from below
            return
        try:
            self.convert(value, kind)
        except msgspec.ValidationError as error:
            yield self._said("value", path, self._may_be(str(error), kind, path))

    def _unknown(self, name: str, known: tuple[str, ...], path: _Path) -> Problem:
        shown = (*path, name) if _shown(name) else path
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        misplaced = path and name in self.root and not near
        hint = f"; the nearest is `{near[0]}`" if near else ""
        hint = f"; `{name}` stands above the first [table]" if misplaced else hint
        what = "is no setting here" if path else "is no setting"
        return self._said("structure", shown, f"{what}{hint}; the settings are {', '.join(known)}", (*path, name))

    def _may_be(self, error: str, kind: Any, path: _Path) -> str:
        """What may stand there; what a struct says of itself quotes no value."""
        own = re.match(r"(needs `|`\w+` (?:must|needs)).*?(?= - at `\$|$)", error)
        if own:
            return own[0]
        if len(path) == 1 or (len(path) == 2 and isinstance(path[1], int)):
            return _words(kind) if get_origin(kind) is Literal else self.words[str(path[0])]
        return _words(kind) or self.words[str(path[0])]

    def _said(self, code: Any, path: _Path, message: str, at: _Path | None = None) -> Problem:
        told = at or path
        places = (tuple(str(step) for step in told[:end]) for end in range(len(told), 0, -1))
        line = next((self.lines[place] for place in places if place in self.lines), 0)
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" if _shown(s) else ".?" for s in path)
        where = f"{self.file} line {line}" if line else self.file
        return problem(code, f"{where} ${steps}" if steps else where, message, rule=RULE)


def _shown(name: str) -> bool:
    return re.fullmatch(r"[\w-]{1,60}", name) is not None


def _words(kind: Any) -> str:
    """What a type takes; "" for one without words here."""
    if get_origin(kind) is Literal:
        return f"must be one of {', '.join(get_args(kind))}"
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        span = next((note for note in notes if isinstance(note, msgspec.Meta)), None)
        low = span and (span.ge if span.ge is not None else span.gt)
        if inner in (int, float) and span is not None and low is not None and span.le is not None:
            what = "a whole number" if inner is int else "a number"
            return f"must be {what} {'from' if span.ge is not None else 'above'} {low} to {span.le}"
        return (span and span.description) or ""
    plain = {str: "a text", bool: "true or false", int: "a whole number", float: "a number", Path: "the path of a file"}
    found = [plain[each] for each in (kind, *get_args(kind)) if each in plain]
    return f"must be {found[0]}" if found and get_origin(kind) is not tuple else ""


_HEADER = re.compile(r"\s*\[\[?([^\[\]=]+)\]\]?\s*(?:#.*)?$")
_ASSIGNED = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_STEP = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    """The line (from 1) at which each table and each name of a TOML text stands, as far as that is plain to see."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    within = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not within:
            if header := _HEADER.match(line):
                table = _steps(header[1])
                found.setdefault(table, number)
            elif key := _ASSIGNED.match(line):
                found.setdefault((*table, *_steps(key[1])), number)
        for mark in ('"""', "'''"):
            if within in ("", mark) and line.count(mark) % 2:
                within = "" if within else mark
    return found


def _steps(name: str) -> tuple[str, ...]:
    return tuple(step.strip("\"'") for step in _STEP.findall(name))
