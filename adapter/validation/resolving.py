"""Which resource a reference means (https://hl7.org/fhir/R4/bundle.html#references): contained, or an entry's.

An absolute reference is looked up among the fullUrls; a relative one first gets the base of the fullUrl of the entry it
stands in.
"""

import re
from typing import Any, NamedTuple

from adapter.validation.facts import resource_types
from adapter.validation.structure import Scope

LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/([A-Za-z0-9\-.]{1,64}))?(?:#.*)?")
RESTFUL = re.compile(r"(https?://.*/|)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?.+")


class Entries(NamedTuple):
    """The entries of one Bundle by fullUrl, and whether it may hold conditional references."""

    by_url: dict[str, list[Scope]]
    conditional: bool
    kind: Any


def entries_of(bundle: Scope, scopes: dict[int, Scope]) -> Entries:
    """Read the fullUrls of a Bundle."""
    by_url: dict[str, list[Scope]] = {}
    raw = bundle.resource.get("entry")
    for entry in raw if isinstance(raw, list) else []:
        url, resource = (entry.get("fullUrl"), entry.get("resource")) if isinstance(entry, dict) else (None, None)
        if isinstance(url, str) and isinstance(resource, dict) and id(resource) in scopes:
            by_url.setdefault(url, []).append(scopes[id(resource)])
    kind = bundle.resource.get("type")
    return Entries(by_url, kind in ("transaction", "batch"), kind)


def contained_of(root: Scope, scopes: dict[int, Scope]) -> dict[str, list[Scope]]:
    """What `#id` means inside a resource; `#` is the resource itself."""
    by_id: dict[str, list[Scope]] = {}
    raw = root.resource.get("contained")
    for resource in raw if isinstance(raw, list) else ():
        own = resource.get("id") if isinstance(resource, dict) else None
        if isinstance(own, str) and id(resource) in scopes:
            by_id.setdefault(f"#{own}", []).append(scopes[id(resource)])
    return {**by_id, "#": [root]}


def in_bundle(link: str, scope: Scope, entries: Entries) -> list[Scope]:
    """The entries a reference points to; a version in it must be that of the entry."""
    link = link.partition("#")[0]
    url, _, version = link.partition("/_history/")
    if not ABSOLUTE.match(url):
        base = RESTFUL.fullmatch(scope.root.full_url or "")
        if not base:
            return []
        url = base[1] + url
    found = entries.by_url.get(url, [])
    return [target for target in found if _version(target) == version] if version else found


def _version(target: Scope) -> Any:
    meta = target.resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def said_type(link: str) -> str | None:
    """The resource type that the text of a reference names; nothing where it names none."""
    match = LITERAL.fullmatch(link)
    return match[1] if match and match[1] in resource_types() else None
