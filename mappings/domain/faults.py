"""Everything that keeps a JSON text from being a domain value, told in one go: each by its place, none by its value.

msgspec stops at the first fault, and its texts quote names and words of the input. So a text that it refused is taken
apart along the types, part by part; what a part is refused for is said again in words of ours.
"""

import difflib
import json
import re
import typing
from collections.abc import Hashable, Iterator
from functools import cache
from typing import Any

import msgspec

from mappings import json_faults
from mappings.domain.values import Faults
from mappings.problems import Problem, problem

RULE = "case.format"
NO_TEXT = "must be a text"
MOST = 100
"""So many faults are told at a time."""

_Path = tuple[str | int, ...]


def faults(data: bytes, kind: Any, where: str) -> tuple[Problem, ...]:
    """Why `data` is no `kind`: all that can be told at once. None where it is one (UTF-8 without a mark is expected).

    A part whose parts are wrong is not judged as a whole: its own rules are told once those are mended.
    """
    text = data.decode("utf-8")
    try:
        json.loads(text, parse_constant=_constant, parse_int=str)
    except json.JSONDecodeError as error:
        place, message = json_faults.not_json(text, error)
        return (problem("structure", f"{where} {place}", message, rule=RULE),)
    except (ValueError, RecursionError):
        message = "is not JSON that can be read: it holds NaN or Infinity, or is nested too deep; mend the file"
        return (problem("structure", where, message, rule=RULE),)
    found = [*repeated(text, where), *_Parts(text, where).faults(data, kind, ())]
    return (*found[:MOST], *([_more(len(found) - MOST, where)] if len(found) > MOST else []))


def repeated(text: str, where: str) -> Iterator[Problem]:
    """Fields that an object of a JSON text has twice: a parser would take the last without a word."""
    message = "a field stands here that its object has already; one value would be lost: keep one of them"
    for _, offset in json_faults.repeated(text):
        yield problem("structure", f"{where} {json_faults.place(text, offset)}", message, rule=RULE)


def _more(count: int, where: str) -> Problem:
    return problem("structure", where, f"has {count} faults more than these; mend these first", rule=RULE)


def _constant(_: str) -> None:
    raise ValueError


class _Parts:
    """One text, taken apart."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.offsets: dict[_Path, int] = {}

    def faults(self, raw: bytes, kind: Any, path: _Path) -> list[Problem]:
        """The faults of a part: those of its parts, or else its own."""
        struct, element = _struct(kind), _element(kind)
        below: list[Problem] = []
        if struct and (members := _parts(raw, dict[str, msgspec.Raw])) is not None:
            below = self._of_object(members, struct, path)
        elif element and (items := _parts(raw, list[msgspec.Raw])) is not None:
            below = [p for n, each in enumerate(items) for p in self.faults(bytes(each), element, (*path, n))]
        return below or self._whole(raw, kind, path)

    def _of_object(self, members: dict[str, msgspec.Raw], struct: type, path: _Path) -> list[Problem]:
        fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        found: list[Problem] = []
        for name, raw in members.items():
            if name in fields:
                found += self.faults(bytes(raw), fields[name].type, (*path, name))
            else:
                found.append(self._unknown(name, tuple(fields), path))
        for name, field in fields.items():
            if field.required and name not in members:
                found.append(self._said("required", path, f"object missing required field `{name}`; add it"))
        return found

    def _unknown(self, name: str, fields: tuple[str, ...], path: _Path) -> Problem:
        """The name itself is not shown: what stands in the place of a name may be anything."""
        self.offsets = self.offsets or dict(json_faults.members(self.text))
        place = json_faults.place(self.text, self.offsets[(*path, name)])
        near = difflib.get_close_matches(name, fields, n=1, cutoff=0.7)
        meant = f" The nearest is `{near[0]}`." if near else ""
        message = (
            f"holds a field that the format has not ({place}); mend its name or take it "
            f"out.{meant} There are: {', '.join(fields)}"
        )
        return self._said("structure", path, message)

    def _whole(self, raw: bytes, kind: Any, path: _Path) -> list[Problem]:
        """What msgspec says of a part as a whole."""
        try:
            decoder(typing.cast(Hashable, kind)).decode(raw)
        except msgspec.ValidationError as error:
            what, below = _split(str(error))
            if isinstance(error.__cause__, Faults):
                return [self._said("invariant", path, each, below) for each in error.__cause__.messages]
            return [self._explained(what, kind, path, below)]
        except (msgspec.DecodeError, RecursionError):
            return [self._said("structure", path, "cannot be read; mend it")]
        return []

    def _explained(self, what: str, kind: Any, path: _Path, below: str) -> Problem:
        """msgspec's finding without any value of the input (it quotes the words of an enumeration)."""
        if what.startswith("Invalid enum value"):
            allowed = ", ".join(map(str, _allowed(kind)))
            return self._said("code-invalid", path, f"is none of the words allowed here: {allowed}", below)
        if what in ("Invalid decimal string", NO_TEXT):
            return self._said("structure", path, NO_TEXT if what == NO_TEXT else "must be a number", below)
        if _EXPECTED.match(what):
            message = type_in_words(what) or "is of another type than stands here; see the JSON Schema (`schema`)"
            return self._said("structure", path, message, below)
        return self._said("value" if what.startswith("is not") else "invariant", path, what, below)

    def _said(self, code: Any, path: _Path, message: str, below: str = "") -> Problem:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return problem(code, f"{self.where} ${steps}{below}", message, rule=RULE)


def _parts(raw: bytes, kind: Any) -> Any:
    """The parts of an object or array as they stand; None where it is none."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError:
        return None


def _struct(kind: Any) -> type | None:
    """The struct that a type is, or may be."""
    options = (kind, *typing.get_args(kind)) if typing.get_origin(kind) is not tuple else ()
    return next((o for o in options if isinstance(o, type) and issubclass(o, msgspec.Struct)), None)


def _element(kind: Any) -> Any:
    """What a list that a type is, or may be, is made of."""
    lists = (option for option in (kind, *typing.get_args(kind)) if typing.get_origin(option) is tuple)
    return next((typing.get_args(each)[0] for each in lists), None)


def _allowed(kind: Any) -> tuple[Any, ...]:
    for option in (kind, *typing.get_args(kind)):
        if typing.get_origin(option) is typing.Literal:
            return typing.get_args(option)
    return ()


def _from_json(kind: type, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(NO_TEXT)
    return kind(value)


@cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type of the domain."""
    return msgspec.json.Decoder(kind, dec_hook=_from_json)


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.S)
_EXPECTED = re.compile(r"Expected `([^`]*)`(?:, got `[^`]*`)?")
_WORDS = {
    "bool": "true or false",
    "str": "a text",
    "array": "a list",
    "object": "an object",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "date": "a date (YYYY-MM-DD)",
    "datetime": "a date-time",
    "null": "null",
}


def _split(text: str) -> tuple[str, str]:
    """What msgspec says, and the path below the part that it names."""
    found = _PLACE.match(text)
    assert found is not None
    return found["what"], found["path"] or ""


def type_in_words(what: str) -> str | None:
    """Say msgspec's "Expected `bool | null`, got `str`" in plain words ("must be true or false"); None if it is other.

    Where null is allowed beside something else it goes unsaid: to leave the field out is the better advice.
    """
    found = _EXPECTED.fullmatch(what)
    names = found[1].split(" | ") if found else []
    words = [_WORDS.get(name) for name in names if name != "null" or len(names) == 1]
    # a type that has no word of ours is left to the caller
    return f"must be {' or '.join(dict.fromkeys(filter(None, words)))}" if words and all(words) else None
