"""Carried FHIR without what is withheld: what goes, what goes with it, and what is taken out of it."""

from collections import Counter
from collections.abc import Callable

import msgspec

from adapter.consent.gone import Gone
from adapter.consent.moved import Moved
from adapter.holding import Loaded
from mappings.fhir.carried import Carried, pointers
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
    unread = {item.full_url for item in loaded.unread}
    known = {item.full_url: item for item in loaded.carried if item.full_url not in withheld | unread}
    known = {url: item for url, item in known.items() if not _guarded(loaded, item, known)}
    led = {url for url in named if url in known and _supports(loaded, known[url])}
    chosen = {url for url in known if url in allowed} | led
    while True:
        kept = _closure(loaded, known, chosen)
        gone = _gone(loaded, kept)
        made = {url: gone.cleaned(known[url]) for url in kept}
        differ = {url: item for url, item in made.items() if item is not known[url]}
        changed = {url: _fitting(known[url], item, gone.moved(known[url]), validate) for url, item in differ.items()}
        broken = {url for url, item in changed.items() if item is None}
        if not broken:
            made.update({url: item for url, item in changed.items() if item is not None})
            return tuple(made[url] for url in sorted(made))
        chosen -= broken
        known = {url: item for url, item in known.items() if url not in broken}


def _guarded(loaded: Loaded, item: Carried, known: dict[str, Carried]) -> bool:
    """Whether a Binary says that its access follows a resource that is withheld (Binary.securityContext)."""
    context = item.resource.get("securityContext") if item.type == "Binary" else None
    literal = context.get("reference") if isinstance(context, dict) else None
    url = _resolve(loaded, item, literal) if isinstance(literal, str) else None
    return url not in known and url in {carried.full_url for carried in loaded.carried}


def _fitting(before: Carried, after: Carried, moved: Moved, validate: Validate) -> Carried | None:
    """What something was taken out of, as it may go: claiming no profile that it no longer satisfies.

    None where it is not even FHIR any more.
    """

    def breaks(claims: list[int]) -> bool:
        return bool(_errors(_claiming(after, claims), validate, moved) - _errors(_claiming(before, claims), validate))

    if not _errors(after, validate, moved) - _errors(before, validate):
        return after
    every = range(len(_claims(after)))
    kept = [number for number in every if not breaks([number])] if not breaks([]) else []
    return None if breaks(kept) else _claiming(after, kept)


def _claims(item: Carried) -> list[object]:
    meta = item.resource.get("meta")
    claims = meta.get("profile") if isinstance(meta, dict) else None
    return claims if isinstance(claims, list) else []


def _claiming(item: Carried, numbers: list[int]) -> Carried:
    """The resource with only these of its claims (and what stands on them)."""
    meta = item.resource.get("meta")
    if not isinstance(meta, dict):
        return item
    told = {name: [meta[name][n] for n in numbers if n < len(meta[name])] for name in _CLAIMS if _listed(meta, name)}
    less = {name: told.get(name, value) for name, value in meta.items() if name not in _CLAIMS or told.get(name)}
    return msgspec.structs.replace(item, resource={**item.resource, "meta": less})


_CLAIMS = ("profile", "_profile")


def _listed(meta: Json, name: str) -> bool:
    return isinstance(meta.get(name), list)


def _errors(item: Carried, validate: Validate, moved: Moved | None = None) -> Counter[tuple[str, str]]:
    """The errors of a resource by rule and place; `moved` leads places back to where they stood before."""
    found = ((p.rule, p.where) for p in validate(item.resource) if p.stops)
    return Counter((rule, moved.before(where) if moved else where) for rule, where in found)


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


def _gone(loaded: Loaded, kept: set[str]) -> Gone:
    """What stays behind when `kept` goes: of two that contest one fullUrl, that too unless one of them goes."""
    held = {item.full_url: item for item in loaded.carried}
    contested = {url: {v for v, of in loaded.contested.items() if of == url} for url in loaded.contested.values()}
    urls = {url for url in held if url not in kept} | {u for u, forms in contested.items() if not forms & kept}
    staying = [held[url].resource for url in urls if url in held and not _supports(loaded, held[url])]
    known = {(number.system, number.value) for number in loaded.case.patient.identifiers}
    addresses = urls | {alias for alias, of in loaded.aliases.items() if of in urls}
    addresses |= {item.full_url for item in loaded.unread}
    staying += [item.resource for item in loaded.unread]
    return Gone(addresses, staying, [held[url].resource for url in kept], known)
