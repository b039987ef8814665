"""Where a JSON text breaks a rule that JSON parsers do not place: a key twice, NaN, half a surrogate pair, depth."""

import json
import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_COLON = re.compile(r"\s*:")


def place(text: str, offset: int) -> str:
    """Line and column (both from 1) of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return f"line {text.count(chr(10), 0, offset) + 1} column {offset - start + 1}"


def byte(data: bytes, offset: int) -> str:
    """Line and byte in it (both from 1) of an offset in bytes that are no text."""
    return f"line {data.count(10, 0, offset) + 1} byte {offset - data.rfind(10, 0, offset)}"


# What Python's parser says, whose words differ between its versions, in words that say what to look for.
_SAID = {
    "Expecting value": "a value should stand here; texts are in double quotes, numbers have no leading 0 or +",
    "Expecting ',' delimiter": "a comma, or the end of what is open, should stand here",
    "Expecting ':' delimiter": "a colon should stand here, between a name and its value",
    "Expecting property name enclosed in double quotes": "a name in double quotes should stand here, or a comma "
    "stands behind the last value",
    "Illegal trailing comma before end of object": "there is a comma behind the last name and value",
    "Illegal trailing comma before end of array": "there is a comma behind the last value",
    "Extra data": "something follows the end of the first value",
    "Unterminated string starting at": "the text that begins here does not end",
    "Invalid control character at": "a line feed or other control character stands in a text; write it as an escape",
    "Invalid \\escape": "a backslash begins no escape that JSON has",
    "Invalid \\uXXXX escape": "four hexadecimal digits should follow \\u",
}


def said(message: str) -> str:
    """The fault that `json` names, without quoting anything."""
    return _SAID.get(message.removesuffix(": "), "it breaks a rule of JSON")


def not_json(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    """(place, what is wrong and what to do) of a text that Python's parser refused."""
    end = len(text.rstrip())
    if not end:
        return place(text, 0), "is empty: put the JSON text there"
    whole = text[error.pos : end].strip("truefalsn-")  # what may be the beginning of true, false, null or a number
    if whole and not error.msg.startswith("Unterminated string"):
        return place(text, error.pos), f"is not JSON: {said(error.msg)}"
    opened = _still_open(text)
    what = f"what begins at {place(text, opened)} is still open" if opened is not None else "a value is still to come"
    return place(
        text, end
    ), f"is not JSON: it ends here while {what}; it was cut off, or its end is missing: restore it"


def _still_open(text: str) -> int | None:
    """The offset of the innermost object or array that does not end."""
    around: list[int] = []
    for offset, sign in _tokens(text):
        if sign in "{[":
            around.append(offset)
        elif sign in "}]" and around:
            around.pop()
    return around[-1] if around else None


def members(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """The path of each member of each object of a text that is JSON, and the offset at which its name stands."""
    path: list[str | int] = []
    for offset, sign in _tokens(text):
        if sign in "{[":
            path.append("" if sign == "{" else 0)
        elif sign in "}]":
            path.pop()
        elif sign == "," and isinstance(path[-1], int):
            path[-1] += 1
        elif sign[0] == '"' and _COLON.match(text, offset + len(sign)):
            path[-1] = json.loads(sign, strict=False)
            yield tuple(path), offset


def repeated(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """The path and the offset of each name that its object has already; of what lies below such a name only this."""
    seen: set[tuple[str | int, ...]] = set()
    twice: set[tuple[str | int, ...]] = set()
    for path, offset in members(text):
        if path in seen:
            if not any(path[:n] in twice for n in range(1, len(path))):
                yield path, offset
            twice.add(path)
        seen.add(path)


def repeated_key(text: str) -> str:
    """The place of the first key that its object has already."""
    return next((place(text, offset) for _, offset in repeated(text)), "$")


def too_deep(text: str, most: int) -> str:
    """The place at which more than `most` objects and arrays are open."""
    depth = 0
    for offset, sign in _tokens(text):
        depth += 1 if sign in "{[" else -1 if sign in "}]" else 0
        if depth > most:
            return place(text, offset)
    return "$"


def unsayable(text: str) -> tuple[str, str]:
    """(place, what is wrong) of the first value that parses, but has no form in FHIR JSON."""
    for offset, sign in _tokens(text):
        if sign in ("NaN", "Infinity", "-Infinity"):
            return place(text, offset), "is NaN or Infinity, which JSON does not have; leave the element out"
        if sign[0] == '"' and "\\u" in sign and _lone(sign):
            return place(text, offset), "holds half of a surrogate pair, which is no character; mend the text"
        if sign[0] in "-0123456789" and _EXPONENT.search(sign):
            return place(text, offset), "is a number with an exponent out of all range; mend it"
    return "$", "holds NaN, Infinity, half of a surrogate pair or a number out of range, which FHIR JSON has not"


_EXPONENT = re.compile(r"[eE][+-]?\d{18}")  # more than Decimal takes


def _lone(sign: str) -> bool:
    try:
        json.loads(sign, strict=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    return ((found.start(), found[0]) for found in _TOKEN.finditer(text))
