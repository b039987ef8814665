"""Real resources, broken ones, and what a reader does with them."""

import copy
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from mappings.fhir.wire import ExactDecimal, Json, loads
from mappings.problems import ProblemError

SECRET = "Geheimnis"
JUNK: tuple[Any, ...] = (
    None,
    0,
    True,
    ExactDecimal("1.50"),
    "",
    SECRET,
    f"{SECRET}/1",
    [],
    {},
    [SECRET],
    [{}],
    [[SECRET]],
    {"reference": SECRET},
    {"reference": 1},
    {"coding": [{"system": SECRET, "code": SECRET}]},
    {"extension": SECRET},
    [{"url": SECRET, "extension": [{"url": 1}]}],
)


def real(shared: pathlib.Path, *kinds: str) -> list[tuple[str, Json]]:
    """Every resource of these types in the real FHIR data, with the file it is in."""
    found: list[tuple[str, Json]] = []
    for folder in ("fhir-r4-core", "fhir-uscore", "fhir-mcode", "fhir-cdex", "synthea-r4"):
        for path in sorted((shared / "data" / folder).glob("*.json")):
            everything = _inside(loads(path.read_bytes()))
            found.extend((path.name, item) for item in everything if item.get("resourceType") in kinds)
    return found


def _inside(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, list):
        for item in value:
            yield from _inside(item)


def outcome(read: Callable[[Json], object], resource: Json) -> str:
    """`read`, or the text of the refusal; anything else that is raised is a fault of the reader."""
    try:
        read(resource)
    except ProblemError as refusal:
        return str(refusal)
    return "read"


@st.composite
def broken(draw: st.DrawFn, resource: Json) -> Json:
    """The resource with up to three of its values replaced or taken out, at any depth; its type stays."""
    made = copy.deepcopy(resource)
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(made) if place[1] != "resourceType"]
        parent, key = draw(st.sampled_from(places))
        junk = draw(st.sampled_from(JUNK))
        if junk is None and isinstance(parent, dict) and draw(st.booleans()):
            del parent[key]
        else:
            parent[key] = copy.deepcopy(junk)
    return made


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], (dict, list)):
            found.extend(_places(value[key]))
    return found
