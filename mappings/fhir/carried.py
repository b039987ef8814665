"""FHIR that came in and travels as it came: where it stands, what it refers to, and what is taken out of it.

A carried resource keeps id, references, decimals, times and key order. Its fullUrl is its source's base + `Type/id`, so
that its relative references resolve inside the Bundle (https://hl7.org/fhir/R4/bundle.html#references).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mappings.fhir.wire import Json
from mappings.identity import CANONICAL

_RESTFUL = re.compile(r"^(?P<base>https?://.+?)/(?P<tail>[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")
_RELATIVE = re.compile(r"^[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?$")

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}

SUBJECTS: dict[str, tuple[str, ...]] = {
    "Task": ("for",),
    "Coverage": ("beneficiary",),
    "ResearchSubject": ("individual",),
    "EnrollmentRequest": ("candidate",),
    "Group": ("member.entity",),
    "Appointment": ("participant.actor",),
    "AppointmentResponse": ("actor",),
    "Schedule": ("actor",),
    "Person": ("link.target",),
}
"""Elements that name a person the resource is about, beside `subject` and `patient`."""


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """One resource that came as FHIR; its fullUrl is its local name in the case. `unit` says where it came from.

    `labels` are the security labels (Codings) of the Bundles it came in: they bind it as its own do.
    """

    unit: str
    base: str
    full_url: str
    resource: Json
    labels: tuple[Json, ...] = ()

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])

    def resolve(self, reference: str) -> str:
        """The fullUrl that a literal reference of this resource means (version and fragment apart)."""
        plain = reference.split("#", 1)[0]
        if _RELATIVE.match(plain):
            return f"{self.base}/{plain.split('/_history/')[0]}"
        found = _RESTFUL.match(plain)
        return f"{found['base']}/{found['tail']}" if found else plain


def source_base(key: str) -> str:
    """The base of a source that has none of its own; `key` names the source, never its content."""
    return f"{CANONICAL}/source/{key}"


def base_of(full_url: str) -> str | None:
    """The base of a RESTful fullUrl, or None for a URN."""
    found = _RESTFUL.match(full_url)
    return found["base"] if found else None


def pointers(value: Any) -> Iterator[tuple[Json, str, str]]:
    """Every pointer in a JSON value: (the object that holds it, the member, the literal text).

    Members that point: Reference.reference, and `url` of an Attachment.
    """
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            for member, inner in item.items():
                points = member == "reference" or (member == "url" and _is_attachment(item))
                if points and isinstance(inner, str):
                    yield item, member, inner
                else:
                    stack.append(inner)


_ATTACHMENT = frozenset(("contentType", "language", "data", "url", "size", "hash", "title", "creation", "id"))


def _is_attachment(item: Json) -> bool:
    return all(member.lstrip("_") in _ATTACHMENT for member in item if member != "extension") and not any(
        member.startswith("value") for member in item
    )


def subjects(resource: Json) -> tuple[Json, ...]:
    """The References that name the person(s) the resource is about, by all its elements that do so."""
    paths = ("subject", "patient", *SUBJECTS.get(str(resource.get("resourceType")), ()))
    return tuple(item for path in paths for item in _along(resource, path.split(".")))


def _along(value: Any, path: list[str]) -> Iterator[Json]:
    """The objects at a path, lists unfolded."""
    if isinstance(value, list):
        for item in value:
            yield from _along(item, path)
    elif isinstance(value, dict):
        if path:
            yield from _along(value.get(path[0]), path[1:])
        else:
            yield value


def contained(resource: Json) -> tuple[Json, ...]:
    """The contained resources."""
    held = resource.get("contained")
    return tuple(item for item in held if isinstance(item, dict)) if isinstance(held, list) else ()


def subset(resource: Json, gone: Callable[[Any], bool]) -> Json:
    """A copy without the objects and texts that `gone` names, without narratives, and marked SUBSETTED (no reason).

    What is left empty goes too (FHIR has no empty objects), and an extension that is left without its value. Narratives
    (also those of sections and contained resources) restate the data, and so what was taken out.
    """
    kept = _prune({key: value for key, value in resource.items() if key not in ("text", "meta")}, gone) or {}
    meta = _prune(resource.get("meta") or {}, gone) or {}
    tags = [tag for tag in meta.get("tag") or [] if tag != SUBSETTED]
    meta["tag"] = [*tags, dict(SUBSETTED)]
    order = [key for key in resource if key in kept or key == "meta"]
    if "meta" not in order:
        order.insert(1 + ("id" in order), "meta")
    return {key: meta if key == "meta" else kept[key] for key in order}


def kept(resource: Json, gone: Callable[[Any], bool]) -> dict[tuple[str | int, ...], list[int]]:
    """Of each list that `subset` leaves, by its path there (names and indices): which items of the original stayed."""
    found: dict[tuple[str | int, ...], list[int]] = {}
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), resource)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, list):
            stays = [number for number, old in enumerate(value) if old is None or _prune(old, gone) is not None]
            found[path] = stays
            stack += [((*path, now), value[was]) for now, was in enumerate(stays)]
        elif isinstance(value, dict):
            stack += [((*path, key), inner) for key, inner in value.items() if isinstance(inner, (dict, list))]
    return found


def _prune(value: Any, gone: Callable[[Any], bool]) -> Any:
    if isinstance(value, dict):
        if gone(value) or _is_narrative(value):
            return None
        made = {key: inner for key, old in value.items() if (inner := _prune(old, gone)) is not None}
        made = {key: inner for key, inner in made.items() if not _is_adrift(key, value, made)}
        return None if value and (not made or _is_hollow(made, value)) else made
    if isinstance(value, list):
        # A null holds a place, so that what stands on a text stays with its text.
        items = [inner for old in value if (inner := _prune(old, gone)) is not None or old is None]
        return items if any(item is not None for item in items) or not value else None
    return None if isinstance(value, str) and gone(value) else value


def _is_adrift(key: str, value: Json, made: Json) -> bool:
    """Whether what stands on a list of texts has lost some of its texts, and nobody could tell which it stands on."""
    own, texts, left = value[key], value.get(key[1:]) if key.startswith("_") else None, made.get(key[1:])
    if not isinstance(own, list) or not isinstance(texts, list):
        return False
    return not isinstance(left, list) or len(left) != len(texts) or len(made[key]) != len(own)


def _is_narrative(value: Json) -> bool:
    return "div" in value and set(value) <= {"status", "div", "_status", "_div", "id", "extension"}


def _is_hollow(made: Json, before: Json) -> bool:
    """Whether an extension lost its value (ext-1: it has one or inner extensions)."""
    return set(made) <= {"url", "id"} and len(made) < len(before)
