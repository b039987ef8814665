"""Carried FHIR without what is withheld: what goes, what goes with it, and what is taken out of it."""

import re
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
    loaded: Loaded, allowed: frozenset[str], withheld: frozenset[str], named: frozenset[str], validate: Validate
) -> tuple[Carried, ...]:
    """The allowed resources with the supporting ones they (or `named` links of the case) lead to.

    What is `withheld` goes with nothing, whatever leads to it. A resource that would break when a withheld target is
    taken out of it stays behind itself, until none breaks.
    """
    known = {item.full_url: item for item in loaded.carried if item.full_url not in withheld}
    known = {url: item for url, item in known.items() if not _guarded(loaded, item, known)}
    led = {url for url in named if url in known and _supports(loaded, known[url])}
    chosen = {url for url in known if url in allowed} | led
    while True:
        kept = _closure(loaded, known, chosen)
        gone = Gone(loaded, kept)
        made = {url: gone.cleaned(known[url]) for url in kept}
        broken = {url for url, item in made.items() if item is not known[url] and _breaks(known[url], item, validate)}
        if not broken:
            return tuple(made[url] for url in sorted(made))
        chosen -= broken
        known = {url: item for url, item in known.items() if url not in broken}


def _guarded(loaded: Loaded, item: Carried, known: dict[str, Carried]) -> bool:
    """Whether a Binary says that its access follows a resource that is withheld (Binary.securityContext)."""
    context = item.resource.get("securityContext") if item.type == "Binary" else None
    literal = context.get("reference") if isinstance(context, dict) else None
    url = _resolve(loaded, item, literal) if isinstance(literal, str) else None
    return url not in known and url in {carried.full_url for carried in loaded.carried}


def _breaks(before: Carried, after: Carried, validate: Validate) -> bool:
    old = {(p.rule, p.where) for p in validate(before.resource) if p.stops}
    return any((p.rule, p.where) not in old for p in validate(after.resource) if p.stops)


def _closure(loaded: Loaded, known: dict[str, Carried], chosen: set[str]) -> set[str]:
    """The chosen, the supporting resources they lead to, and what is about them (Provenance)."""
    kept = {url for url in chosen if url in known}
    queue = list(kept)
    while queue:
        while queue:
            item = known[queue.pop()]
            for _, _, literal in pointers(item.resource):
                url = _resolve(loaded, item, literal)
                if url in known and url not in kept and _supports(loaded, known[url]):
                    kept.add(url)
                    queue.append(url)
        followers = (url for url, item in known.items() if item.type in FOLLOWERS and url not in kept)
        queue = [url for url in followers if _targets(loaded, known[url]) & kept]
        kept |= set(queue)
    return kept


def _supports(loaded: Loaded, item: Carried) -> bool:
    """Whether it goes with what leads to it: it is nobody's, or the one person's; never that of somebody not here."""
    owner = loaded.owners.of[item.full_url]
    return owner == "nobody" or (item.type in SUPPORTING and owner != "unknown")


def _targets(loaded: Loaded, item: Carried) -> set[str]:
    return {_resolve(loaded, item, literal) for _, _, literal in pointers(item.resource.get("target"))}


def _resolve(loaded: Loaded, item: Carried, literal: str) -> str:
    url = item.resolve(literal)
    return loaded.aliases.get(url, url)


class Gone:
    """What stays behind, and every way in which a resource that goes may name it."""

    def __init__(self, loaded: Loaded, kept: set[str]) -> None:
        self._loaded = loaded
        held = {item.full_url: item for item in loaded.carried}
        contested = {url: {v for v, of in loaded.contested.items() if of == url} for url in loaded.contested.values()}
        self._urls = {url for url in held if url not in kept} | {
            u for u, forms in contested.items() if not forms & kept
        }
        self._plain = {_plain(url) for url in self._urls}
        items = [held[url] for url in self._urls if url in held and not _supports(loaded, held[url])]
        self._numbers = {number for item in items for number in _numbers(item.resource)}
        self._only_theirs = self._numbers - {number for url in kept for number in _numbers(held[url].resource)}

    def cleaned(self, item: Carried) -> Carried:
        """The resource without what names something that stays behind; itself where nothing does."""

        def gone(value: object) -> bool:
            return self._names(item, value)

        if self._urls and any(gone(value) for value in _values(item.resource)):
            return msgspec.structs.replace(item, resource=subset(item.resource, gone))
        return item

    def _names(self, item: Carried, value: object) -> bool:
        """Whether a text holds the address of what stays, or an object points to it (literally or by its number)."""
        if isinstance(value, str):
            return _plain(_resolve(self._loaded, item, value)) in self._plain or self._tells(item, value)
        if not isinstance(value, dict):
            return False
        if any(self._names(item, literal) for holder, _, literal in pointers(value) if holder is value):
            return True
        named = value.get("identifier")
        if isinstance(named, dict) and set(value) <= _REFERENCE and _number(named) in self._numbers:
            return True
        return _number(value) in self._only_theirs

    def _tells(self, item: Carried, text: str) -> bool:
        found = (_resolve(self._loaded, item, address.rstrip(".")) for address in _ADDRESS.findall(text))
        return any(_plain(url) in self._plain for url in found)


def _plain(url: str) -> str:
    """An address without its scheme: http and https lead to one thing."""
    return url.removeprefix("https:").removeprefix("http:")


_REFERENCE = frozenset(("reference", "type", "identifier", "display", "id", "extension"))
_ADDRESS = re.compile(
    r"(?:https?://[^\s\"'<>|?#]*?/|\b)[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64}|urn:(?:uuid|oid):[A-Za-z0-9.-]+"
)


def _values(value: object) -> Iterable[object]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            yield item


def _numbers(resource: Json) -> set[tuple[str, str]]:
    held = resource.get("identifier")
    found = (_number(one) for one in (held if isinstance(held, list) else [held]))
    return {number for number in found if number is not None}


def _number(value: object) -> tuple[str, str] | None:
    """(issuer, value) of an Identifier, as far as both are given."""
    system, number = (value.get("system"), value.get("value")) if isinstance(value, dict) else (None, None)
    return (system, number) if isinstance(system, str) and isinstance(number, str) else None
