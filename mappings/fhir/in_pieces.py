"""What `wire.pretty` writes, piece by piece: a study of thousands of images is never held as text whole."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mappings.fhir.wire import dumps

PIECE = 1 << 16
"""So many bytes of compact JSON are written at once."""
BATCH = 100
"""So many items of a list are written at once, where they are no more bytes than that."""


def in_pieces(value: Any) -> Iterator[bytes]:
    """The bytes of `pretty(value)`, one piece after another."""
    yield from _pieces(value, b"\n")
    yield b"\n"


def _pieces(value: Any, line: bytes) -> Iterator[bytes]:
    """A value; `line` is the line feed with the blanks that a line of it begins with."""
    if isinstance(value, (list, tuple)) and value:
        yield from _items(value, line)
    elif isinstance(value, dict) and _holds_many(value):
        yield from _members(value, line)
    else:
        yield _written(dumps(value), line)


def _holds_many(value: Any) -> bool:
    """Whether there is a list of more than a batch somewhere in it."""
    if isinstance(value, dict):
        return any(_holds_many(each) for each in value.values())
    return isinstance(value, (list, tuple)) and (len(value) > BATCH or any(map(_holds_many, value)))


def _written(text: bytes, line: bytes) -> bytes:
    return msgspec.json.format(text, indent=2).replace(b"\n", line)  # a line feed inside a string is escaped


def _members(value: dict[str, Any], line: bytes) -> Iterator[bytes]:
    deeper, before = line + b"  ", b"{"
    for name, each in value.items():
        yield before + deeper + dumps(name) + b": "
        yield from _pieces(each, deeper)
        before = b","
    yield line + b"}"


def _items(value: Sequence[Any], line: bytes) -> Iterator[bytes]:
    deeper, before = line + b"  ", b"["
    for start in range(0, len(value), BATCH):
        batch = value[start : start + BATCH]
        text = dumps(batch)
        if len(text) <= PIECE:
            yield before + _written(text, line)[1 : -len(line) - 1]
            before = b","
            continue
        del text
        for each in batch:
            yield before + deeper
            yield from _pieces(each, deeper)
            before = b","
    yield line + b"]"
