"""Seeded faults in the examples of our profiles: for every constraint one that breaks it (faults.ndjson)."""

import copy
import re
from pathlib import Path
from typing import Any

import msgspec

from mappings.fhir.wire import Json, loads, read_object

FILE = Path(__file__).with_name("faults.ndjson")
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "profiles" / "examples"
_STEP = re.compile(r"[^.\[\]]+")


class Fault(msgspec.Struct, frozen=True, kw_only=True, rename={"beside": "with"}, forbid_unknown_fields=True):
    """One line of faults.ndjson.

    Attributes:
        profile: name of the profile that is violated.
        element: id of the element in its differential.
        constraint: `min`, `max`, `value`, `binding`, `type`, or the key of the invariant.
        example: file name of the example without `.json`.
        do: what is done to it: (`set`, path, value), (`add`, path of a list, value), (`repeat`, path of an item: once
            more at the end of its list) or (`remove`, path).
        place: the element at which it must be reported, as FHIRPath.
        rule: message id of the reference validator.
        beside: entries of a Bundle: then the example is its first entry, and the place is below that.
    """

    profile: str
    element: str
    constraint: str
    example: str
    do: tuple[tuple[Any, ...], ...]
    place: str
    rule: str
    beside: tuple[Json, ...] = ()

    @property
    def name(self) -> str:
        """A name for a test."""
        return f"{self.profile} {self.element} {self.constraint}"


def faults() -> list[Fault]:
    """All of them, in the order of the file; numbers keep their digits."""
    return [msgspec.convert(loads(line), Fault) for line in FILE.read_bytes().splitlines()]


def example(name: str) -> Json:
    """An example by its file name without `.json`."""
    return read_object((EXAMPLES / f"{name}.json").read_bytes())


def broken(fault: Fault) -> Json:
    """The example with the fault in it, alone or in a Bundle."""
    resource = example(fault.example)
    for what, path, *value in fault.do:
        _change(resource, what, _steps(path), *copy.deepcopy(value))
    if not fault.beside:
        return resource
    url = f"https://holder.example/fhir/{resource['resourceType']}/{resource['id']}"
    entries = [{"fullUrl": url, "resource": resource}, *fault.beside]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in _STEP.findall(path)]


def _change(resource: Any, what: str, steps: list[str | int], value: Any = None) -> None:
    for step in steps[:-1]:
        resource = resource[step]
    last: Any = steps[-1]
    if what == "remove":
        del resource[last]
    elif what == "add":
        resource.setdefault(last, []).append(value)
    elif what == "repeat":
        resource.append(copy.deepcopy(resource[last]))
    elif what == "set":
        resource[last] = value
    else:
        raise ValueError(f"{what} is no change")
