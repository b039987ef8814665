"""Formats of the FHIR R4 primitive types (https://hl7.org/fhir/R4/datatypes.html#primitive, json.html#primitive).

R4 is stricter than ISO 8601 and than most parsers: a time of day always has seconds and an offset, a number is never a
string, a string is never empty. Message texts never hold the value.
"""

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapter.validation import narrative

Finding = tuple[str, str]
"""(rule, message)"""

_DATE = r"(?!0000)\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_FULL_DATE = r"(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_OFFSET = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
_MAX_STRING = 1024 * 1024

_PATTERNS: dict[str, tuple[re.Pattern[str], str]] = {
    kind: (re.compile(pattern, re.ASCII if kind not in ("code", "uri", "url", "canonical") else 0), message)
    for kind, pattern, message in (
        ("code", r"\S+( \S+)*", "is not a code: no blanks at either end, single blanks between words"),
        ("id", r"[A-Za-z0-9\-.]{1,64}", "is not an id: 1 to 64 of A-Z, a-z, 0-9, '-' and '.'"),
        ("uri", r"\S+", "is not a URI: it must not hold blanks"),
        ("url", r"\S+", "is not a URL: it must not hold blanks"),
        ("canonical", r"\S+", "is not a canonical URL: it must not hold blanks"),
        ("oid", r"urn:oid:[0-2](\.(0|[1-9]\d*))+", "is not an OID of the form urn:oid:1.2.3"),
        (
            "uuid",
            r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "is not a UUID of the form urn:uuid: followed by the UUID in lower case",
        ),
        ("date", _DATE, "is not a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        (
            "dateTime",
            f"{_DATE}|{_FULL_DATE}T{_TIME}{_OFFSET}",
            "is not a dateTime: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with an offset (Z, +hh:mm)",
        ),
        (
            "instant",
            f"{_FULL_DATE}T{_TIME}{_OFFSET}",
            "is not an instant: YYYY-MM-DDThh:mm:ss with an offset (Z, +hh:mm)",
        ),
        ("time", _TIME, "is not a time: hh:mm:ss"),
    )
}
_CANONICAL = re.compile(r"#|[A-Za-z][A-Za-z0-9+.\-]*:")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}


def check(kind: str, value: Any) -> Finding | None:
    """Judge one value of the primitive type `kind`; nothing where it is as it should be."""
    if kind == "boolean":
        return None if isinstance(value, bool) else _wrong(kind, "must be true or false, without quotes")
    if kind == "decimal":
        return _decimal(value)
    if kind in _RANGES:
        return _integer(kind, value)
    if not isinstance(value, str):
        return _wrong(kind, "must be a JSON string")
    if not value:
        return ("fhir.json", "is an empty string: leave the element out")
    return _STRINGS[kind](kind, value)


def _wrong(kind: str, message: str) -> Finding:
    return (f"fhir.primitive.{kind}", message)


def _decimal(value: Any) -> Finding | None:
    if isinstance(value, float):
        return _wrong("decimal", "went through a binary float and may have lost digits: parse with mappings.fhir.wire")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return _wrong("decimal", "must be a JSON number, without quotes")
    if isinstance(value, Decimal) and not value.is_finite():
        return _wrong("decimal", "must be a finite number")
    return None


def _integer(kind: str, value: Any) -> Finding | None:
    low, high = _RANGES[kind]
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return _wrong(kind, "must be a JSON number, without quotes")
    if not isinstance(value, int) or not low <= value <= high:
        return _wrong(kind, f"must be a whole number from {low} to {high}, without fraction or exponent")
    return None


def _string(kind: str, value: str) -> Finding | None:
    if _CONTROL.search(value):
        return _wrong(kind, "holds control characters; only tab, line feed and carriage return are allowed")
    if len(value) > _MAX_STRING:
        return _wrong(kind, "is longer than 1048576 characters")
    if value.isspace():
        return ("fhir.blank", "holds blanks only: leave the element out")
    return None


def _pattern(kind: str, value: str) -> Finding | None:
    pattern, message = _PATTERNS[kind]
    return None if pattern.fullmatch(value) else _wrong(kind, message)


def _uri(kind: str, value: str) -> Finding | None:
    for scheme, form in (("urn:oid:", "oid"), ("urn:uuid:", "uuid")):
        if value.startswith(scheme):
            pattern, message = _PATTERNS[form]
            name = re.split("[#|?]", value, maxsplit=1)[0]
            return None if pattern.fullmatch(name) else _wrong(kind, message)
    return _pattern(kind, value)


def _canonical(kind: str, value: str) -> Finding | None:
    found = _uri(kind, value)
    if found is None and not _CANONICAL.match(value):
        return _wrong(kind, "is relative: name it by its canonical URL, or by #id where it is contained")
    return found


def _dated(kind: str, value: str) -> Finding | None:
    found = _pattern(kind, value)
    if found is None and len(value) >= 10:
        try:
            datetime.date.fromisoformat(value[:10])
        except ValueError:
            return _wrong(kind, "names a day that its month does not have")
    return found


def _base64(kind: str, value: str) -> Finding | None:
    dense = "".join(value.split())
    if len(dense) % 4 or not _BASE64.fullmatch(dense):
        return _wrong(kind, "is not base64: groups of four of A-Z, a-z, 0-9, '+', '/', padded with '='")
    return None


def _xhtml(_: str, value: str) -> Finding | None:
    return narrative.check(value)


_STRINGS: dict[str, Callable[[str, str], Finding | None]] = {
    **dict.fromkeys(("string", "markdown"), _string),
    **dict.fromkeys(("code", "id", "oid", "uuid", "time"), _pattern),
    **dict.fromkeys(("uri", "url"), _uri),
    "canonical": _canonical,
    **dict.fromkeys(("date", "dateTime", "instant"), _dated),
    "base64Binary": _base64,
    "xhtml": _xhtml,
}
