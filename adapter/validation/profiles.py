"""Ring 6: profiles. A profile is compiled once into checks that run over plain JSON.

How slices are told apart is in `slicing`, what a value alone must be in `leaves`, what a reference must point to in
`targets`. The yardstick is HL7's own engine (org.hl7.fhir.core).
"""

import functools
from collections.abc import Iterator
from typing import Any

from adapter.validation.facts import Definitions, resource_types
from adapter.validation.leaves import leaves
from adapter.validation.members import Item, Slots, gather, slots_of
from adapter.validation.model import PRIMITIVES, Profile, ProfileNode, TypeRule
from adapter.validation.places import Finding, Place
from adapter.validation.slicing import Slices
from adapter.validation.targets import target_check
from adapter.validation.world import Check, Compiled, Judge, Run

_ABSTRACT = frozenset(("Resource", "DomainResource", "Element", "BackboneElement"))


class Compiler:
    """Makes the profiles of one set of definitions ready, each when it is first asked for."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._profiles: dict[str, Compiled] = {}

    def known(self, url: str) -> Profile | None:
        """The profile with a canonical; nothing where it is not known or is a base type."""
        return None if self.definitions.is_base(url) else self.definitions.profile(url)

    def profile(self, url: str) -> Compiled | None:
        """The checks of a profile; nothing where the canonical is not known or is a base type."""
        known = self._profiles.get(url)
        if known is None:
            found = self.known(url)
            if found is not None:  # what is not known is not remembered: it may be anything
                known = Compiled(found, self.checks(found.root, found.type, found.url.rpartition("/")[2]))
                self._profiles[url] = known
        return known

    def each(self, node: ProfileNode, slots: Slots, label: str) -> Judge:
        """The checks of an element on each of its values, by the type it is given in."""
        return Each(self, node, slots, label)

    def checks(self, node: ProfileNode, kind: str, label: str) -> tuple[Check, ...]:
        """The checks of a constrained element on one value of type `kind`, its slices apart."""
        return tuple(self._checks(node, kind, label))

    def _checks(self, node: ProfileNode, kind: str, label: str) -> Iterator[Check]:
        yield from leaves(node, kind, label, self.definitions)
        rules = tuple(rule for rule in node.types if rule.code == kind)
        if kind == "Reference" and any(rule.targets or rule.aggregation for rule in rules):
            yield target_check(rules, label, self)
        if any(rule.profiles for rule in rules) and kind != "Extension":
            yield self._conforming(rules, label)
        members = [self._member(child, name, kind, label) for name, child in node.children.items()]
        found = tuple(check for check in members if check is not None)
        if found:
            yield _within(found, kind in PRIMITIVES)

    def _member(self, node: ProfileNode, name: str, kind: str, label: str) -> Check | None:
        """The check of all values of one element of an object; nothing where the type has no such element."""
        slots = slots_of(kind, name)
        if slots is None:
            return None
        each = self.each(node, slots, label)
        slices = Slices(self, node, slots, label) if node.slices or node.slicing else None
        stem = name.removesuffix("[x]")
        low, high = node.min or 0, node.max
        lacking = f"is missing or too few: {label} asks for {'it' if low == 1 else f'at least {low}'}"
        crowded = f"must not be given: {label} leaves it out" if high == 0 else f"is given more than {high} times"
        crowded += "" if high == 0 else f", the most that {label} allows"

        first = slots.every[0]
        only, beside = (first.name, first.beside or first.name) if len(slots.every) == 1 else ("", "")

        def check(value: Any, extra: Any, place: Place, run: Run) -> None:
            absent = only and only not in value and beside not in value
            if absent and not low and slices is None:
                return
            items = [] if absent else gather(value, slots, place)
            count = len(items)
            if count < low:
                run.out.append(Finding("required", (place, stem, None), lacking, "fhir.cardinality"))
            elif high is not None and count > high:
                run.out.append(Finding("structure", (place, stem, None), crowded, "fhir.cardinality"))
            if slices is not None:
                slices.check(items, (place, stem, None), run, each)
            else:
                for item in items:
                    each(item, run)

        return check

    def _conforming(self, rules: tuple[TypeRule, ...], label: str) -> Check:
        """The check that a value satisfies one of the profiles of its type."""
        urls = tuple(dict.fromkeys(url for rule in rules for url in rule.profiles))
        if any(not rule.profiles for rule in rules):
            return _nothing
        message = f"satisfies none of {' | '.join(urls)} ({label})"

        def check(value: Any, extra: Any, place: Place, run: Run) -> None:
            if len(urls) == 1:
                run.out.extend(self.judged(urls[0], value, extra, place, run) or ())
            elif not any(satisfied is not False for satisfied in self._verdicts(urls, value, extra, place, run)):
                run.out.append(Finding("invariant", place, message, "fhir.profile"))

        return check

    def _verdicts(self, urls: tuple[str, ...], value: Any, extra: Any, place: Place, run: Run) -> Iterator[bool | None]:
        return (self.satisfied(url, value, extra, place, run) for url in urls)

    def satisfied(self, url: str, value: Any, extra: Any, place: Place, run: Run) -> bool | None:
        """Whether a resource or a value satisfies a profile; None where that cannot be told."""
        scope = run.world.scopes.get(id(value))
        if scope is not None:
            return run.world.satisfies(scope, url)
        compiled = self.profile(url)
        if compiled is None:
            return None
        key = id(value), id(compiled), id(run.scope)
        known = run.world.verdicts.get(key) if isinstance(value, dict) else None
        if known is None:
            found = self.judged(url, value, extra, place, run) or ()
            known = not any(finding.severity == "error" for finding in found)
            if isinstance(value, dict):
                run.world.verdicts[key] = known
        return known

    def judged(self, url: str, value: Any, extra: Any, place: Place, run: Run) -> list[Finding] | None:
        """What a resource or a value lacks of a profile; None where the profile is not known."""
        scope = run.world.scopes.get(id(value))
        compiled = self.profile(url)
        if compiled is None:
            return None
        if scope is not None:
            if compiled.profile.type not in (scope.kind, *_ABSTRACT):
                message = f"must be a {compiled.profile.type}, for {url}"
                return [Finding("structure", place, message, "fhir.profile-type")]
            return run.world.judge(scope, url)
        inner = run.fresh()
        for check in compiled.checks:
            check(value, extra, place, inner)
        return inner.out


class Each:
    """The checks of one element on each of its values, by the type it is given in."""

    def __init__(self, compiler: Compiler, node: ProfileNode, slots: Slots, label: str) -> None:
        self._compiler, self._node, self._label = compiler, node, label
        self._allowed = frozenset(rule.code for rule in node.types)
        self._judges_type = slots.choice or any(slot.kind == "Resource" for slot in slots.every)
        self._judges_type = self._judges_type and bool(self._allowed) and not self._allowed & _ABSTRACT
        self._plans: dict[str, tuple[Check, ...]] = {}

    def __call__(self, item: Item, run: Run) -> None:
        """Judge one value."""
        value, extra, kind, place = item
        if self._judges_type and kind not in self._allowed:
            allowed = " | ".join(sorted(self._allowed))
            stem = (place[0], place[1].partition(".ofType(")[0], place[2])
            run.out.append(Finding("structure", stem, f"must be {allowed} ({self._label})", "fhir.type"))
            return
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = self._compiler.checks(self._node, kind, self._label)
        if plan:
            scope = run.world.scopes.get(id(value)) if kind in resource_types() else None
            inner = run if scope is None else Run(run.world, scope, run.out)
            for check in plan:
                check(value, extra, place, inner)


def _within(members: tuple[Check, ...], primitive: bool) -> Check:
    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        holder = extra if primitive else value
        if isinstance(holder, dict):
            for member in members:
                member(holder, None, place, run)

    return check


def _nothing(value: Any, extra: Any, place: Place, run: Run) -> None:
    return None


@functools.lru_cache(maxsize=8)
def compiler_of(definitions: Definitions) -> Compiler:
    """The compiler of a set of definitions, kept as long as it is in use."""
    return Compiler(definitions)
