"""What our profiles constrain, read from their differentials: each constraint must have a fault that breaks it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent.parent / "profiles"
PREFIX = "StructureDefinition-second-opinion-"
INHERITED = {
    "ServiceRequest.category": ("$this",),
    "DiagnosticReport.category": ("$this",),
    "DocumentReference.category": ("$this",),
    "Condition.category": ("$this",),
    "Provenance.agent": ("type",),
}
"""By what US Core 6.1.0 tells apart the slices that ours are added to."""

Element = dict[str, Any]


def profiles() -> dict[str, dict[str, Any]]:
    """Our profiles by name."""
    found = sorted(FOLDER.glob(f"{PREFIX}*.json"))
    return {path.stem.removeprefix(PREFIX): json.loads(path.read_bytes()) for path in found}


def constraints(profile: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(element id, kind) of everything the differential adds.

    A kind is `min`, `max`, `value` (fixed or pattern), `binding`, `type`, or the key of an invariant. What only tells
    a slice from others cannot be broken: an item without it is another one, and the slice's `min` holds it.
    """
    elements = profile["differential"]["element"]
    told = {each["id"]: _paths(each) for each in elements if "slicing" in each}
    for each in elements:
        tells = _tells(each["id"], told)
        if each.get("min", 0) > 0 and not (tells and not _is_slice(each["id"])):
            yield each["id"], "min"
        if each.get("max", "*") != "*":
            yield each["id"], "max"
        if any(key.startswith(("fixed", "pattern")) for key in each) and not tells:
            yield each["id"], "value"
        if each.get("binding", {}).get("strength") == "required" and not tells:
            yield each["id"], "binding"
        if "type" in each and not tells and each.get("max") != "0":
            yield each["id"], "type"
        for invariant in each.get("constraint", ()):
            yield each["id"], invariant["key"]


def _paths(element: Element) -> tuple[str, ...]:
    return tuple(each["path"] for each in element["slicing"]["discriminator"])


def _is_slice(name: str) -> bool:
    return ":" in name.rpartition(".")[2]


def _tells(name: str, told: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the element is what tells its slice from the others (an extension's url is never said)."""
    root, colon, rest = name.rpartition(":")
    if not colon:
        return False
    paths = told[root] if root in told else INHERITED.get(root, ())
    return (rest.partition(".")[2] or "$this") in paths
