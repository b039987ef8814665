"""The native format: `case.json` to and from the domain, and its JSON Schema.

What is wrong is named by its path in the file, never by its value: a value may be about a patient.
"""

import typing
from collections.abc import Hashable
from typing import Any, TypeVar

import msgspec

from mappings import json_faults
from mappings.domain.case import Case
from mappings.domain.faults import RULE, decoder, faults, repeated
from mappings.domain.faults import type_in_words as type_in_words
from mappings.domain.values import Moment, PartialDate
from mappings.identity import CANONICAL
from mappings.problems import ProblemError, problem, refuse

SCHEMA_URL = f"{CANONICAL}/schema/case-1.json"

T = TypeVar("T")


def _to_json(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_to_json, decimal_format="number")


def decode(data: bytes, kind: type[T], where: str = "case.json") -> T:
    """Read one domain value from JSON; a byte order mark before it is passed over.

    Raises:
        ProblemError: every fault that can be told at once, each with its path below `where`, what is expected and what
            to do.
    """
    data = without_mark(data)
    try:
        text = data.decode("utf-8")
        value = decoder(typing.cast(Hashable, kind)).decode(data)
    except UnicodeDecodeError as error:
        message = "is not UTF-8; save the file as UTF-8"
        raise refuse("structure", f"{where} {json_faults.byte(data, error.start)}", message, rule=RULE) from None
    except (msgspec.DecodeError, RecursionError):
        found = faults(data, kind, where)
        unsaid = problem("structure", where, "is not JSON that can be read; mend the file", rule=RULE)
        raise ProblemError(found or unsaid) from None
    if wrong := tuple(repeated(text, where)):
        raise ProblemError(wrong)
    return typing.cast(T, value)


def without_mark(data: bytes) -> bytes:
    """The bytes without a UTF-8 byte order mark: some editors write one, and RFC 8259 (8.1) lets a reader ignore it."""
    return data.removeprefix(b"\xef\xbb\xbf")


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
