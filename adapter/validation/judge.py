"""One validation from end to end: a pass over the resource, then the rings over what was met."""

from collections.abc import Iterable, Iterator
from typing import Any

from adapter.validation import bundles, codes, contained, documents, extensions, invariants, references
from adapter.validation.facts import Definitions
from adapter.validation.facts import definitions as built_in
from adapter.validation.places import Finding, once
from adapter.validation.profiles import compiler_of
from adapter.validation.structure import Scope, Walk
from adapter.validation.world import ABSTRACT, World
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem


class Judge:
    """Judges a resource, or a Bundle with its entries; what was found out once is remembered.

    Args:
        resource: parsed JSON; it must not change as long as this is in use.
        definitions: the built-in ones where not given.
        where: FHIRPath at which it stands; its type where not given.
    """

    def __init__(self, resource: Json, definitions: Definitions | None = None, where: str | None = None) -> None:
        self._definitions = definitions or built_in()
        self._walk = Walk()
        self._walk.resource(resource, where)
        self._world = World(compiler_of(self._definitions), self._walk.scopes)

    def problems(self, profiles: Iterable[str] = ()) -> list[Problem]:
        """All Problems, in the order of the rings.

        Args:
            profiles: canonicals that every resource of their type must satisfy, beside what it claims; where there
                is none of it, the whole is told to be of another type.
        """
        walk, world = self._walk, self._world
        said = list(walk.problems)
        said += codes.check(walk.nodes, self._definitions)
        said += contained.check(walk.nodes, walk.scopes)
        found = list(references.check(walk.nodes, world))
        for scope in walk.scopes:
            if scope.kind == "Bundle":
                said += bundles.check(scope.resource, scope.where)
        found += documents.check(walk.nodes, world)
        found += extensions.check(walk.nodes, world, self._definitions)
        found += self._profiles(profiles)
        found += invariants.check(walk.nodes, world, walk.garbled)
        return once(found, said)

    def errors(self, resource: Json, profile_url: str) -> list[Problem]:
        """What keeps a resource met here (by identity) from satisfying a profile.

        Only what the profile asks, errors alone: the rings of base R4 are judged by `problems`.
        """
        scope = self._world.scopes.get(id(resource))
        if scope is None:
            return [problem("not-found", "Resource", "is not in what is judged", rule="fhir.profile")]
        return [each for each in once(list(self._asked(scope, profile_url, scope.place)), []) if each.stops]

    def holds(self, url: str) -> bool:
        """Whether a resource met here is of the type of a profile (or is of a type, by its canonical)."""
        return bool(self._fitting(url))

    def _fitting(self, url: str) -> list[Scope]:
        if self._definitions.is_base(url):
            kind = url.partition("|")[0].rpartition("/")[2]
        else:
            profile = self._definitions.profile(url)
            kind = profile.type if profile else ""
        return [scope for scope in self._walk.scopes if kind in (scope.kind, *ABSTRACT)]

    def _profiles(self, asked: Iterable[str]) -> Iterator[Finding]:
        scopes = self._walk.scopes
        for url in asked if scopes else ():
            fitting = self._fitting(url)
            for scope in fitting:
                yield from self._asked(scope, url, scope.place)
            if not fitting:
                yield from self._asked(scopes[0], url, scopes[0].place)
        for scope in scopes:
            meta = scope.resource.get("meta")
            claims = meta.get("profile") if isinstance(meta, dict) else None
            for index, url in enumerate(claims if isinstance(claims, list) else ()):
                if isinstance(url, str):
                    yield from self._asked(scope, url, ((scope.place, "meta", None), "profile", index))

    def _asked(self, scope: Scope, url: str, place: Any) -> Iterable[Finding]:
        """What a resource lacks of a profile that it claims at `place`."""
        if self._definitions.is_base(url):
            if url.partition("|")[0].rpartition("/")[2] in (scope.kind, *ABSTRACT):
                return ()
            return [_other_type(place)]
        compiled = self._world.compiler.profile(url)
        if compiled is None:
            why = self._definitions.why_not(url)
            message = "names a profile that no package at hand holds: give its package, or take the claim out"
            message = f"names a profile that {why}" if why else message
            return [Finding("not-found", place, message, "fhir.profile-unknown")]
        if compiled.profile.type not in (scope.kind, *ABSTRACT):
            return [_other_type(place)]
        return self._world.judge(scope, url)


def _other_type(place: Any) -> Finding:
    return Finding("structure", place, "names a profile of another type", "fhir.profile-type")
