"""Invariants met on every element or that walk a whole resource, as plain Python under the text of the expression.

Each is held by a test to the compiled expression and to the oracle. The texts are those after correction.
"""

from collections.abc import Callable, Iterator
from typing import Any

from adapter.validation.facts import resource_types
from adapter.validation.fhirpath.closures import Here
from adapter.validation.fhirpath.values import children, resource_kind, steps

_LINKS = frozenset({"uri", "url", "canonical"})


def _present(value: Any, name: str) -> bool:
    """Whether a complex element exists, once or many times."""
    got = value.get(name)
    if type(got) is list:
        return any(type(one) is dict and one for one in got)
    return type(got) is dict and bool(got)


def _element(value: Any, extra: Any, here: Here) -> bool:
    """ele-1: a value, or more than an id."""
    if type(value) is not dict:
        if value is not None and value != "" and type(value) is not list:
            return True
        return type(extra) is dict and _present(extra, "extension")
    return any(_filled(item) for name, item in value.items() if name not in ("id", "_id"))


def _filled(item: Any) -> bool:
    if type(item) is list:
        return any(one is not None and one != {} for one in item)
    return item is not None and item != {}


def _extension(value: Any, extra: Any, here: Here) -> bool:
    """ext-1: either extensions or a value."""
    if type(value) is not dict:
        return False
    known = steps("Extension")
    valued = any(name[:5] in ("value", "_valu") and name in known and _filled(item) for name, item in value.items())
    return _present(value, "extension") != valued


def _reference(value: Any, extra: Any, here: Here) -> bool:
    """ref-1: `#id` is the id of a contained resource."""
    link = value.get("reference") if type(value) is dict else None
    if type(link) is not str or link[:1] != "#" or link == "#":
        return True
    contained = here.root.get("contained") if type(here.root) is dict else None
    ids = contained if type(contained) is list else [contained]
    return any(type(one) is dict and one.get("id") == link[1:] for one in ids)


def _contained(value: Any) -> list[Any]:
    got = value.get("contained") if type(value) is dict else None
    if got is None:
        return []
    return [one for one in (got if type(got) is list else [got]) if type(one) is dict and one]


def _no_nested(value: Any, extra: Any, here: Here) -> bool:
    """dom-2: what is contained contains nothing."""
    return not any(_contained(one) for one in _contained(value))


def _bare(*names: str) -> Callable[[Any, Any, Here], bool]:
    """dom-4, dom-5: elements that the meta of a contained resource must not have."""

    def holds(value: Any, extra: Any, here: Here) -> bool:
        metas = (one.get("meta") for one in _contained(value))
        return not any(_filled(meta.get(name)) for meta in metas if type(meta) is dict for name in names)

    return holds


def _narrated(value: Any, extra: Any, here: Here) -> bool:
    """dom-6: a narrative, but for a contained resource."""
    text = value.get("text") if type(value) is dict else None
    return (type(text) is dict and (_filled(text.get("div")) or _filled(text.get("_div")))) or value is not here.root


def _links(value: Any, kind: str) -> Iterator[tuple[str, bool]]:
    """Every text in a value that may lead to a contained resource, and whether it is of a Reference."""
    found = [(value, None, kind)]
    for one in found:  # grows as it goes
        data, extra, kind = one
        if type(data) is str:
            if kind in _LINKS:
                yield data, False
            if extra is None:
                continue
        elif type(data) is dict:
            link = data.get("reference")
            if type(link) is str and "reference" in steps(kind):
                yield link, True
        children(one, found)


def _referenced(value: Any, extra: Any, here: Here) -> bool:
    """dom-3: what is contained is referred to from within the resource, or refers to its container."""
    contained = _contained(value)
    if not contained:
        return True
    used = {link for link, _ in _links(here.resource, resource_kind(here.resource)) if link[:1] == "#"}
    # Without id the expression is empty, which finds no fault; HL7's validator, which judges dom-3 in code, does.
    return all(f"#{one.get('id')}" in used or _refers_up(one) for one in contained)


def _refers_up(contained: Any) -> bool:
    return any(link == "#" for link, _ in _links(contained, resource_kind(contained)))


def _target_profiles(value: Any, extra: Any, here: Here) -> bool:
    """opd-3, as HL7 corrected it: a parameter with target profiles is a Reference, a canonical or a resource type."""
    if type(value) is not dict:
        return False
    if not _filled(value.get("targetProfile")) and not _filled(value.get("_targetProfile")):
        return True
    kind = value.get("type")
    return isinstance(kind, str) and (
        kind in ("Reference", "canonical", "Resource", "DomainResource") or kind in resource_types()
    )


NATIVE: dict[str, Callable[[Any, Any, Here], bool]] = {
    "hasValue() or (children().count() > id.count())": _element,
    "extension.exists() != value.exists()": _extension,
    "reference.exists() implies (reference = '#' or (reference.startsWith('#').not() or "
    "(reference.substring(1) in %rootResource.contained.id)))": _reference,
    "contained.contained.empty()": _no_nested,
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | "
    "%resource.descendants().as(uri) | %resource.descendants().as(url))) or "
    "descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or "
    "descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()": _referenced,
    "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": _bare(
        "versionId", "lastUpdated", "_versionId", "_lastUpdated"
    ),
    "contained.meta.security.empty()": _bare("security"),
    "(%rootResource != $this) or text.`div`.exists()": _narrated,
    "targetProfile.exists() implies (type = 'Reference' or type = 'canonical')": _target_profiles,
}
