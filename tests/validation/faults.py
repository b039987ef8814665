"""Good twins and what is broken in them: data of the project's own, nobody's record.

A twin (`twins/NAME.json`) is a resource without error. A line of `faults.ndjson` breaks one: `do` is a list of literal
changes `[set, path, value]`, `[add, path, value]` (append to a list), `[remove, path]`, `[swap, path, i, j]`; `kind` is
what sort of fault it is, `at` the element at which it must be reported.
"""

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mappings.fhir.wire import Json, loads, read_object

HERE = Path(__file__).parent


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of faults.ndjson."""

    id: str
    twin: str
    kind: str
    at: str
    do: tuple[Sequence[Any], ...]


def twins() -> dict[str, Json]:
    """The good twins by name."""
    return {path.stem: read_object(path.read_bytes()) for path in sorted((HERE / "twins").glob("*.json"))}


def faults() -> list[Fault]:
    """All faults, in the order of the file; numbers keep their digits."""
    lines = (HERE / "faults.ndjson").read_bytes().splitlines()
    return [msgspec.convert(loads(line), Fault) for line in lines]


def broken(twin: Json, fault: Fault) -> Json:
    """The twin with the fault in it; the twin itself is left alone.

    Raises:
        ValueError: a change changes nothing (the twin has not what it speaks of).
    """
    made: Json = copy.deepcopy(twin)
    for change in fault.do:
        before = copy.deepcopy(made)
        _change(made, *change)
        if made == before and _types(made) == _types(before):
            raise ValueError(f"{fault.id}: {change[0]} {change[1]} changes nothing")
    return made


def _types(value: Any) -> Any:
    return [_types(item) for item in value.values()] if isinstance(value, dict) else type(value)


def _steps(path: str) -> list[str | int]:
    return [int(number) if number else name for number, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)]


def _change(root: Json, how: str, path: str, *rest: Any) -> None:
    way: list[Any]
    last: Any
    *way, last = _steps(path)
    holder: Any = root
    for step in way:
        holder = holder[step]
    if how == "set":
        holder[last] = rest[0]
    elif how == "remove":
        del holder[last]
    elif how == "add":
        (holder[last] if isinstance(holder, list) else holder.setdefault(last, [])).append(rest[0])
    elif how == "swap":
        items = holder[last]
        items[rest[0]], items[rest[1]] = items[rest[1]], items[rest[0]]
    else:
        raise ValueError(f"{how} is no change")
