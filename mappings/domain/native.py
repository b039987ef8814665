"""The native format: `case.json` to and from the domain, and its JSON Schema.

What is wrong is named by its path in the file, never by its value: a value may be about a patient.
"""

import json
import re
import typing
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar

import msgspec

from mappings.domain.case import Case
from mappings.domain.values import Moment, PartialDate
from mappings.identity import CANONICAL
from mappings.problems import Problem, ProblemError, problem, refuse

SCHEMA_URL = f"{CANONICAL}/schema/case-1.json"

T = TypeVar("T")
NO_TEXT = "must be a text"
_RULE = "case.format"


def _from_json(kind: type, value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(NO_TEXT)
    return kind(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_to_json, decimal_format="number")


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=_from_json)


def decode(data: bytes, kind: type[T], where: str = "case.json") -> T:
    """Read one domain value from JSON; a byte order mark before it is passed over.

    Raises:
        ProblemError: one Problem that names the path below `where`, what is expected and what to do.
    """
    data = without_mark(data)
    try:
        data.decode("utf-8")
        value = _decoder(typing.cast(Hashable, kind)).decode(data)
    except msgspec.ValidationError as error:
        raise ProblemError(_explain(str(error), kind, where)) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 (at byte {error.start}); save the file as UTF-8"
        raise refuse("structure", where, message, rule=_RULE) from None
    except (msgspec.DecodeError, RecursionError) as error:
        place = re.search(r"byte (\d+)", str(error))
        message = "is not JSON" + (f" (at byte {place.group(1)})" if place else "") + "; mend the file"
        raise refuse("structure", where, message, rule=_RULE) from None
    if _repeats_a_key(data):
        message = "holds an object that has the same field twice; one value would be lost: keep one of them"
        raise refuse("structure", where, message, rule=_RULE)
    return typing.cast(T, value)


def without_mark(data: bytes) -> bytes:
    """The bytes without a UTF-8 byte order mark: some editors write one, and RFC 8259 (8.1) lets a reader ignore it."""
    return data.removeprefix(b"\xef\xbb\xbf")


def _repeats_a_key(data: bytes) -> bool:
    """Whether an object of a well-formed JSON text names a field twice: msgspec would take the last without a word."""
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        names = [name for name, _ in pairs]
        repeated = repeated or len(set(names)) != len(names)

    json.loads(data, object_pairs_hook=look)
    return repeated


def read_case(data: bytes, where: str = "case.json") -> Case:
    """Read a case; see `decode`."""
    return decode(data, Case, where)


def encode(value: Any) -> bytes:
    """Write a domain value as JSON: two-space indent, final newline, defaults left out, decimals as written."""
    return msgspec.json.format(_ENCODER.encode(value), indent=2) + b"\n"


def encode_case(case: Case) -> bytes:
    """Write `case.json`: as `encode`, but always with its format, first or directly after `$schema`."""
    told = msgspec.json.decode(_ENCODER.encode(case), type=dict[str, msgspec.Raw])
    first = {name: told.pop(name) for name in ("$schema",) if name in told}
    return encode({**first, "format": case.format, **told})


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `case.json`."""
    made = _with_numbers(msgspec.json.schema(Case, schema_hook=_schema_of))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_URL, **made}


def _with_numbers(made: Any) -> Any:
    """The schema with decimals as the numbers they are in the file (msgspec says texts)."""
    if isinstance(made, dict):
        if made.get("format") == "decimal":
            return {"type": "number"}
        return {name: _with_numbers(inner) for name, inner in made.items()}
    return [_with_numbers(inner) for inner in made] if isinstance(made, list) else made


def _schema_of(kind: type) -> dict[str, Any]:
    date = r"\d{4}(-\d{2}(-\d{2})?)?"
    if kind is PartialDate:
        return {"type": "string", "pattern": f"^{date}$", "description": "YYYY, YYYY-MM or YYYY-MM-DD"}
    if kind is Moment:
        time = r"T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?"
        return {"type": "string", "pattern": f"^({date}|\\d{{4}}-\\d{{2}}-\\d{{2}}{time})$"}
    raise NotImplementedError


_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.S)
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


def type_in_words(what: str) -> str | None:
    """Say msgspec's "Expected `bool | null`, got `str`" in plain words ("must be true or false"); None if it is other.

    Where null is allowed beside something else it goes unsaid: to leave the field out is the better advice.
    """
    found = _EXPECTED.fullmatch(what)
    names = found[1].split(" | ") if found else []
    words = [_WORDS.get(name) for name in names if name != "null" or len(names) == 1]
    # a type that has no word of ours is left to the caller
    return f"must be {' or '.join(dict.fromkeys(filter(None, words)))}" if words and all(words) else None


def _explain(text: str, kind: type, where: str) -> Problem:
    """Say msgspec's finding again without any value of the input (it quotes unknown names and enum values)."""
    found = _PLACE.match(text)
    assert found is not None
    what, path = found["what"], found["path"] or "$"
    place = f"{where} {path}"
    if what.startswith("Invalid enum value"):
        allowed = ", ".join(map(str, _allowed(kind, path)))
        return problem("code-invalid", place, f"is none of the words allowed here: {allowed}", rule=_RULE)
    if what.startswith("Object contains unknown field"):
        fields = ", ".join(_fields(kind, path))
        message = f"holds a field that the format has not; it has: {fields}"
        return problem("structure", place, message, rule=_RULE)
    if what.startswith("Object missing required field"):
        return problem("required", place, what[0].lower() + what[1:] + "; add it", rule=_RULE)
    if what in ("Invalid decimal string", NO_TEXT):
        return problem("structure", place, NO_TEXT if what == NO_TEXT else "must be a number", rule=_RULE)
    if _EXPECTED.match(what):
        message = type_in_words(what) or "is of another type than stands here; see the JSON Schema (`schema`)"
        return problem("structure", place, message, rule=_RULE)
    return problem("value" if what.startswith("is not") else "invariant", place, what, rule=_RULE)


def _allowed(kind: type, path: str) -> tuple[Any, ...]:
    hint = _at(kind, path)
    for option in (hint, *typing.get_args(hint)):
        if typing.get_origin(option) is typing.Literal:
            return typing.get_args(option)
    return ()


def _fields(kind: type, path: str) -> tuple[str, ...]:
    hint = _at(kind, path)
    for option in (hint, *typing.get_args(hint)):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return option.__struct_encode_fields__
    return ()


def _at(kind: Any, path: str) -> Any:
    """The type that stands at a msgspec path such as `$.slides[0].kind`."""
    for step in re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", path):
        options = [o for o in (kind, *typing.get_args(kind)) if isinstance(o, type) and issubclass(o, msgspec.Struct)]
        if step[0] and options:
            names = dict(zip(options[0].__struct_encode_fields__, options[0].__struct_fields__, strict=True))
            kind = typing.get_type_hints(options[0]).get(names.get(step[0], ""), Any)
        elif not step[0]:
            outer = next((o for o in (kind, *typing.get_args(kind)) if typing.get_origin(o) is tuple), None)
            kind = typing.get_args(outer)[0] if outer else Any
    return kind
