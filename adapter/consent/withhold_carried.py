"""Carried FHIR without what is withheld: what goes, what goes with it, and what is taken out of it."""

from collections.abc import Callable, Iterable

import msgspec

from adapter.holding import Loaded
from mappings.fhir.carried import Carried, pointers, subset
from mappings.fhir.wire import Json
from mappings.problems import Problem

FOLLOWERS = frozenset(("Provenance",))
"""Types that go with what they are about, and never alone."""
SUPPORTING = frozenset(("Patient", "RelatedPerson", "Coverage"))
"""Types about the person that are no items: they go with what leads to them."""

Validate = Callable[[Json], list[Problem]]


def release_carried(
    loaded: Loaded, allowed: frozenset[str], named: frozenset[str], validate: Validate
) -> tuple[Carried, ...]:
    """The allowed resources with the supporting ones they (or `named` links of the case) lead to.

    A resource that would break when a withheld target is taken out of it stays behind itself, until none breaks.
    """
    known = {item.full_url: item for item in loaded.carried}
    led = {url for url in named if url in known and _supports(loaded, known[url])}
    chosen = {url for url in known if url in allowed} | led
    while True:
        kept = _closure(loaded, known, chosen)
        made = {url: _cleaned(loaded, known[url], kept) for url in kept}
        broken = {url for url, item in made.items() if item is not known[url] and _breaks(known[url], item, validate)}
        if not broken:
            return tuple(made[url] for url in sorted(made))
        chosen -= broken
        known = {url: item for url, item in known.items() if url not in broken}


def _breaks(before: Carried, after: Carried, validate: Validate) -> bool:
    old = {(p.rule, p.where) for p in validate(before.resource) if p.stops}
    return any((p.rule, p.where) not in old for p in validate(after.resource) if p.stops)


def _closure(loaded: Loaded, known: dict[str, Carried], chosen: set[str]) -> set[str]:
    """The chosen, the supporting resources they lead to, and what is about them (Provenance)."""
    kept = {url for url in chosen if url in known}
    queue = list(kept)
    while queue:
        item = known[queue.pop()]
        for _, _, literal in pointers(item.resource):
            url = _resolve(loaded, item, literal)
            if url in known and url not in kept and _supports(loaded, known[url]):
                kept.add(url)
                queue.append(url)
    for url, item in known.items():
        if item.type in FOLLOWERS and _targets(loaded, item) & kept:
            kept.add(url)
    return kept


def _supports(loaded: Loaded, item: Carried) -> bool:
    return item.type in SUPPORTING or loaded.owners.of[item.full_url] == "nobody"


def _targets(loaded: Loaded, item: Carried) -> set[str]:
    return {_resolve(loaded, item, literal) for _, _, literal in pointers(item.resource.get("target"))}


def _resolve(loaded: Loaded, item: Carried, literal: str) -> str:
    url = item.resolve(literal)
    return loaded.aliases.get(url, url)


def _cleaned(loaded: Loaded, item: Carried, kept: set[str]) -> Carried:
    """The resource without what points at something that stays behind; itself where nothing does."""
    held = {carried.full_url: carried for carried in loaded.carried}
    gone = {url for url in held if url not in kept}
    numbers = {number for url in gone for number in _numbers(held[url].resource)}

    def points_away(value: Json) -> bool:
        for member in ("reference", "url"):
            literal = value.get(member)
            pointer = isinstance(literal, str) and any(
                True for _ in pointers({member: literal, **_typed(value, member)})
            )
            if pointer and isinstance(literal, str) and _resolve(loaded, item, literal) in gone:
                return True
        named = value.get("identifier")
        if not isinstance(named, dict) or not set(value) <= _REFERENCE:
            return False
        return (named.get("system"), named.get("value")) in numbers

    if not any(points_away(value) for value in _objects(item.resource)):
        return item
    return msgspec.structs.replace(item, resource=subset(item.resource, points_away))


_REFERENCE = frozenset(("reference", "type", "identifier", "display", "id", "extension"))


def _typed(value: Json, member: str) -> Json:
    return {key: inner for key, inner in value.items() if key != member and not isinstance(inner, (dict, list))}


def _objects(value: object) -> Iterable[Json]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _numbers(resource: Json) -> set[tuple[object, object]]:
    held = resource.get("identifier")
    found = held if isinstance(held, list) else [held]
    return {(i.get("system"), i.get("value")) for i in found if isinstance(i, dict) and isinstance(i.get("value"), str)}
