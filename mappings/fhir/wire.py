"""FHIR JSON in and out without loss: decimals keep their digits, objects their key order, times their text.

FHIR R4 JSON (https://hl7.org/fhir/R4/json.html) makes the precision of a decimal significant, so no number passes
through a binary float. What JSON parsers commonly let pass is refused here, because it cannot be carried whole: a
repeated key (one of the two values would be lost), NaN and Infinity, lone surrogates, bytes that are not UTF-8.
"""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from mappings import json_faults
from mappings.problems import ProblemError, refuse

Json = dict[str, Any]
"""A JSON object as Python has it; numbers with a fraction or an exponent are `ExactDecimal`."""

MAX_DEPTH = 200
_RULE = "fhir.json"


class ExactDecimal(Decimal):
    """A decimal that remembers how it was written, so that 72.50 and 1E-8 leave as they came."""

    text: str

    def __new__(cls, text: str) -> "ExactDecimal":
        made = super().__new__(cls, text)
        made.text = text
        return made


class _Repeated(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Repeated
    return made


def _integer(text: str) -> int | ExactDecimal:
    if len(text) < 19:
        number = int(text)
        if str(number) == text:
            return number
    return ExactDecimal(text)


def _constant(_: str) -> None:
    raise ValueError


_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def number(text: str) -> int | ExactDecimal | None:
    """The number that a JSON text of these characters would give; None where they are no JSON number.

    >>> number("72.50").text, number("4"), number("+4"), number(".5")
    ('72.50', 4, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return _integer(text) if text.lstrip("-").isdigit() else ExactDecimal(text)
    except ArithmeticError:  # an exponent of more than 18 digits
        return None


def loads(data: bytes) -> Any:
    """Parse one JSON text.

    Raises:
        ProblemError: `structure`, naming line and column but no content.
    """
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(
            text,
            parse_float=ExactDecimal,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_pairs,
        )
        _check(value)
    except UnicodeDecodeError as error:
        where = json_faults.byte(data, error.start)
        raise refuse("structure", where, "is not UTF-8; save the file as UTF-8", rule=_RULE) from None
    except json.JSONDecodeError as error:
        where, message = json_faults.not_json(text, error)
        raise refuse("structure", where, message, rule=_RULE) from None
    except _Repeated:
        message = "an object has the same key twice; one value would be lost: keep one of them"
        raise refuse("structure", json_faults.repeated_key(text), message, rule=_RULE) from None
    except RecursionError:
        where = json_faults.too_deep(text, MAX_DEPTH)
        raise refuse("structure", where, f"is nested deeper than {MAX_DEPTH} levels", rule=_RULE) from None
    except (ValueError, ArithmeticError):  # Decimal refuses exponents of more than 18 digits as arithmetic
        where, message = json_faults.unsayable(text)
        raise refuse("structure", where, message, rule=_RULE) from None
    return value


def _check(value: Any) -> None:
    """Refuse what cannot be written again: lone surrogates, nesting without end."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise RecursionError
        if isinstance(item, dict):
            stack.extend((v, depth + 1) for v in item.values())
            stack.extend((k, depth + 1) for k in item)
        elif isinstance(item, list):
            stack.extend((v, depth + 1) for v in item)
        elif isinstance(item, str) and not item.isascii():
            item.encode("utf-8")


def _exact(value: object) -> object:
    if isinstance(value, ExactDecimal):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(enc_hook=_exact, decimal_format="number")


def dumps(value: Any) -> bytes:
    """Write one JSON text, compact, in the order given."""
    return _ENCODER.encode(value)


def pretty(value: Any) -> bytes:
    """Write one JSON text for people too: two-space indent and a final newline; numbers keep their digits."""
    return msgspec.json.format(_ENCODER.encode(value), indent=2) + b"\n"


def read_object(data: bytes) -> Json:
    """Parse one JSON text that must be an object (a FHIR resource always is)."""
    value = loads(data)
    if not isinstance(value, dict):
        raise refuse("structure", "$", "is JSON but not an object; a FHIR resource is one", rule=_RULE)
    return value


__all__ = ["ExactDecimal", "Json", "ProblemError", "dumps", "loads", "number", "pretty", "read_object"]
