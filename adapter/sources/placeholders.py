"""What `init` left to be filled in: a case that still holds it is not taken."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from mappings.domain.native import schema, without_mark
from mappings.problems import Problem, problem

MARK = "FILL-IN"
RULE = "case.placeholder"


def placeholders(data: bytes, where: str) -> tuple[Problem, ...]:
    """One Problem for each text of a JSON file that still holds the mark; none where it is no JSON."""
    try:
        value = msgspec.json.decode(without_mark(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    message = f"still says {MARK}; write what is known, or take the field out if it is not required"
    return tuple(problem("required", f"{where} {path}", message, rule=RULE) for path in _marked(value, "$"))


@cache
def _names() -> frozenset[str]:
    """The names of all fields of the format."""
    return frozenset(name for struct in schema()["$defs"].values() for name in struct.get("properties", {}))


def _marked(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and MARK in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            # a name that the format has not may be anything, and is not shown
            yield from _marked(inner, f"{path}.{name if name in _names() else '?'}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _marked(inner, f"{path}[{number}]")
