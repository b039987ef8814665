"""Foreign resources, real and broken: what a reader does with them."""

import copy
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from mappings.fhir.context import Reading
from mappings.fhir.wire import loads
from mappings.problems import ProblemError

FOLDERS = ("fhir-mcode", "fhir-uscore", "fhir-r4-core", "synthea-r4")
EMPTY = Reading({})


def real(shared: pathlib.Path, kind: str) -> Iterator[dict[str, Any]]:
    """Every resource of that type in the real data, also those inside Bundles."""
    for folder in FOLDERS:
        for path in sorted((shared / "data" / folder).glob("*.json")):
            yield from _of_kind(loads(path.read_bytes()), kind)


def _of_kind(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for entry in value.get("entry", []):
            yield from _of_kind(entry.get("resource"), kind)
    elif isinstance(value, dict) and value.get("resourceType") == kind:
        yield value


def outcome(read: Callable[..., Any], resource: dict[str, Any], **more: Any) -> Any:
    """What is read, or the Problems; any other exception is a fault and goes through."""
    try:
        return read(resource, EMPTY, **more)
    except ProblemError as error:
        return error.problems


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(("", "x", " pad ", "2026-13", "urn:oid:", "#")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("system", "code", "url")), inner),
    max_leaves=4,
)


@st.composite
def broken(draw: st.DrawFn, example: dict[str, Any]) -> dict[str, Any]:
    """The example with one to three of its values replaced by something that does not belong there."""
    made: dict[str, Any] = copy.deepcopy(json.loads(json.dumps(example, default=str)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(made))
        holder, key = draw(st.sampled_from(places))
        holder[key] = draw(_JSON)
    return made


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
