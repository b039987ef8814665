"""meta.profile of what we made: a profile is claimed only where the instance, inside its Bundle, satisfies it.

Which ones are tried is data (claims.csv): by resource type and, where a profile cannot tell what the resource is about,
by a code of the resource. They are claimed in the order of that table, the more general first. One pass is enough: what
a reference points at is judged by its content, never by what it claims, so that no claim rests on another.
"""

from collections.abc import Collection, Iterator
from functools import cache

import msgspec

from adapter.config import Settings
from adapter.validation import Judge
from adapter.validation.facts import definitions
from mappings.fhir.datatypes import objects, read_table
from mappings.fhir.wire import Json
from mappings.terminology.tables import records

_BEFORE = ("versionId", "lastUpdated", "source")
"""Members of meta that stand before profile (https://hl7.org/fhir/R4/resource.html#Meta)."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One line of claims.csv: what `mapper` makes may be said to satisfy `profile`.

    `family` is `own`, `us-core`, `mcode`, `audit`, or the shape it belongs to (`pcf`, `fast`, `cow`, `bser`). Where
    `element` is given, a CodeableConcept there must read, by `table`, as one of the words of `value` (with bars between
    them), or as any word of the table where there are none.
    """

    mapper: str
    type: str
    family: str
    element: str
    table: str
    value: str
    profile: str

    def fits(self, resource: Json) -> bool:
        """Whether the resource is of this type and about this."""
        if resource.get("resourceType") != self.type:
            return False
        if not self.element:
            return True
        said = resource.get(self.element)
        words = [read_table(self.table, each) for each in ([said] if isinstance(said, dict) else objects(said))]
        return any(words) if not self.value else any(word in self.value.split("|") for word in words)


@cache
def candidates() -> tuple[Candidate, ...]:
    """Every line of the table, in its order."""
    return tuple(msgspec.convert(line, Candidate) for line in records("claims"))


def families(settings: Settings) -> frozenset[str]:
    """The families to try: those configured, `consent` and `task` as the shape they are written in."""
    shapes = {"consent": settings.consent_shape, "task": settings.task_shape}
    return frozenset(shapes.get(family, family) for family in settings.claims)


def claim(bundle: Json, theirs: Collection[str], tried: Collection[str]) -> Json:
    """The Bundle with the claims of the Bundle itself and of every entry but those whose fullUrl is one of `theirs`.

    Args:
        bundle: an assembled Bundle; what it claims already is replaced. It is not changed itself.
        theirs: fullUrls of carried resources, which stay as they came.
        tried: families of profiles (`families`).
    """
    judge = Judge(bundle)
    entries = [
        entry if entry["fullUrl"] in theirs else {**entry, "resource": _claiming(entry["resource"], judge, tried)}
        for entry in bundle["entry"]
    ]
    return {**_claiming(bundle, judge, tried), "entry": entries}


def claim_beside(full_url: str, resource: Json, bundle: Json, tried: Collection[str]) -> Json:
    """A resource that is no entry of the Bundle but points into it (the holder's AuditEvent), with its claims."""
    entry = {"fullUrl": full_url, "resource": resource}
    return _claiming(resource, Judge({**bundle, "entry": [*bundle["entry"], entry]}), tried)


def claimed(bundle: Json, theirs: Collection[str]) -> tuple[str, ...]:
    """The profiles that the Bundle and what is ours in it claim, as `canonical|version`; each once, by canonical."""
    ours = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"] not in theirs]
    urls = {url for resource in (bundle, *ours) for url in resource.get("meta", {}).get("profile", ())}
    return tuple(f"{url}|{found.version}" for url in sorted(urls) if (found := definitions().profile(url)))


def _claiming(resource: Json, judge: Judge, tried: Collection[str]) -> Json:
    satisfied = [url for url in _tried(resource, tried) if not judge.errors(resource, url)]
    meta = {name: value for name, value in (resource.get("meta") or {}).items() if name != "profile"}
    if satisfied:
        before = {name: meta.pop(name) for name in _BEFORE if name in meta}
        meta = {**before, "profile": satisfied, **meta}
    first: Json = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return {**first, **({"meta": meta} if meta else {}), **{k: v for k, v in resource.items() if k != "meta"}}


def _tried(resource: Json, tried: Collection[str]) -> Iterator[str]:
    return (each.profile for each in candidates() if each.family in tried and each.fits(resource))
