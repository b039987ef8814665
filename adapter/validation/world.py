"""What one validation shares: the definitions, the resources met, what references mean, and what was judged before."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from adapter.validation import resolving
from adapter.validation.facts import Definitions, resource_types
from adapter.validation.fhirpath import Here
from adapter.validation.members import Item, Slots
from adapter.validation.model import Profile, ProfileNode
from adapter.validation.places import Finding, Place
from adapter.validation.resolving import Entries
from adapter.validation.structure import Scope
from adapter.validation.verdicts import Key, Verdicts
from mappings.fhir.wire import Json

PRESENT = "http://hl7.org/fhir/StructureDefinition/"
ABSTRACT = ("Resource", "DomainResource")


class Run(msgspec.Struct, eq=False):
    """The judging of one resource: its world, the resource, and what was found."""

    world: "World"
    scope: Scope
    out: list[Finding]

    def fresh(self, scope: Scope | None = None) -> "Run":
        """The same with nothing found yet."""
        return Run(self.world, scope or self.scope, [])


Check = Callable[[Any, Any, Place, Run], None]
"""Judges a value, with what JSON holds beside it where it is a primitive, and adds to `run.out`."""


class Compiled(NamedTuple):
    """A profile made ready: what it is, and its checks on a value of its type."""

    profile: Profile
    checks: tuple[Check, ...]


Judge = Callable[[Item, Run], None]
"""Judges one value of an element."""


class Compiles(Protocol):
    """What makes profiles ready (`profiles.Compiler`)."""

    definitions: Definitions

    def known(self, url: str) -> Profile | None:
        """The profile with a canonical; nothing where it is not known or is a base type."""

    def profile(self, url: str) -> Compiled | None:
        """The checks of a profile; nothing where the canonical is not known or is a base type."""

    def checks(self, node: ProfileNode, kind: str, label: str) -> tuple[Check, ...]:
        """The checks of a constrained element on one value of type `kind`, its slices apart."""

    def each(self, node: ProfileNode, slots: Slots, label: str) -> Judge:
        """The checks of an element on each of its values, by the type it is given in."""

    def satisfied(self, url: str, value: Any, extra: Any, place: Place, run: Run) -> bool | None:
        """Whether a resource or a value satisfies a profile; None where that cannot be told."""


class World:
    """The resources of one validation and the definitions it goes by.

    Attributes:
        verdicts: whether a JSON object satisfies what was asked of it, by its identity, that of what judges it, and
            that of its scope: types that hold their own kind are not judged again on each level.
    """

    def __init__(self, compiler: Compiles, scopes: list[Scope]) -> None:
        self.compiler = compiler
        self.scopes = {id(scope.resource): scope for scope in scopes}
        self._entries: dict[int, Entries] = {}
        self._contained: dict[int, dict[str, list[Scope]]] = {}
        self.verdicts: dict[tuple[int, int, int], bool | None] = {}
        self._heres: dict[int, Here] = {}
        self._by_id = {id(scope): scope for scope in scopes}
        self._verdicts = Verdicts(self._judge)

    def entries(self, scope: Scope) -> Entries | None:
        """The entries of the Bundle that a resource is or stands in."""
        root = scope.root
        bundle = root if root.kind == "Bundle" else root.bundle
        if bundle is None:
            return None
        known = self._entries.get(id(bundle))
        if known is None:
            known = self._entries[id(bundle)] = resolving.entries_of(bundle, self.scopes)
        return known

    def resolve(self, link: str, scope: Scope) -> list[Scope]:
        """The resources that a reference in `scope` means; none where they are not here."""
        if link.startswith("#"):
            root = scope.root
            inner = self._contained.get(id(root))
            if inner is None:
                inner = self._contained[id(root)] = resolving.contained_of(root, self.scopes)
            return inner.get(link, [])
        entries = self.entries(scope)
        return resolving.in_bundle(link, scope, entries) if entries else []

    def here(self, scope: Scope) -> Here:
        """What FHIRPath sees of the surroundings of an element."""
        known = self._heres.get(id(scope))
        if known is None:

            def resolve(link: str) -> Json | None:
                found = self.resolve(link, scope) if isinstance(link, str) else []
                return found[0].resource if found else None

            known = Here(resource=scope.resource, root=scope.root.resource, resolve=resolve, memo={})
            self._heres[id(scope)] = known
        return known

    def judge(self, scope: Scope, url: str) -> list[Finding]:
        """What a resource lacks of a known profile; while another is judged, as far as that is known yet."""
        return self._verdicts.findings((id(scope), url)) if self.compiler.profile(url) else []

    def _judge(self, key: Key) -> list[Finding]:
        outer, self.verdicts = self.verdicts, {}  # those of another round may rest on what was told then
        try:
            return self._found(self._by_id[key[0]], key[1])
        finally:
            self.verdicts = outer

    def _found(self, scope: Scope, url: str) -> list[Finding]:
        compiled = self.compiler.profile(url)
        run = Run(self, scope, [])
        for made in self._imposed(compiled) if compiled else ():
            for check in made.checks if made.profile.type in (scope.kind, *ABSTRACT) else ():
                check(scope.resource, None, scope.place, run)
        return run.out

    def _imposed(self, compiled: Compiled) -> list[Compiled]:
        """A profile, and those it imposes, which may impose others; one that is not held is passed over."""
        found = {compiled.profile.url: compiled}
        waiting = [*compiled.profile.imposes]
        while waiting:
            made = self.compiler.profile(waiting.pop())
            if made is not None and made.profile.url not in found:
                found[made.profile.url] = made
                waiting += made.profile.imposes
        return list(found.values())

    def satisfies(self, scope: Scope, url: str) -> bool | None:
        """Whether a resource is of the type and satisfies the profile; None where the profile is not known.

        Base R4 is not asked here, as HL7's engine does: a fault of the target is told once, at the target, and not
        again at everything that points to it.
        """
        plain = url.partition("|")[0].removeprefix(PRESENT)
        if plain in resource_types() or plain in ABSTRACT:
            return plain == scope.kind or plain in ABSTRACT
        compiled = self.compiler.profile(url)
        if compiled is None:
            return None
        if compiled.profile.type not in (scope.kind, *ABSTRACT):
            return False
        return self._verdicts.holds((id(scope), url))
