"""What a profile asks of the target of a Reference: its type, the profiles it must satisfy, where it stands."""

from collections.abc import Iterable
from typing import Any

from adapter.validation.facts import resource_types
from adapter.validation.model import TypeRule
from adapter.validation.places import Finding, Place
from adapter.validation.resolving import said_type
from adapter.validation.structure import Scope
from adapter.validation.world import PRESENT, Check, Compiles, Run


def target_check(rules: Iterable[TypeRule], label: str, compiler: Compiles) -> Check:
    """The check of one Reference; a target that is not here is judged by the type that the reference names."""
    urls = tuple(dict.fromkeys(url for rule in rules for url in rule.targets))
    allowed = frozenset(mode for rule in rules for mode in rule.aggregation)
    names = " | ".join(url.removeprefix(PRESENT) for url in urls)
    mistyped = f"; for {label} it must be {names}"
    unlike = f"points to what satisfies none of {names}, which {label} asks for"
    misplaced = f"must point to what is {' or '.join(sorted(allowed))} ({label})"
    kinds = Kinds(urls, compiler)

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        link = value.get("reference") if isinstance(value, dict) else None
        link = link if isinstance(link, str) and link else None
        found = run.world.resolve(link, run.scope) if link else []
        if allowed and link and _mode(link, found) not in allowed:
            run.out.append(Finding("structure", place, misplaced, "fhir.aggregation"))
        kind = found[0].kind if found else _said(link, value)
        if not urls or kind is None:
            return
        if not kinds.allow(kind):
            run.out.append(Finding("structure", place, f"points to a {kind}{mistyped}", "fhir.target"))
        elif found and not satisfies(run, found[0], urls):
            run.out.append(Finding("structure", place, unlike, "fhir.target"))

    return check


class Kinds:
    """The resource types that profiles of targets leave; all of them where one of the profiles is not known."""

    def __init__(self, urls: tuple[str, ...], compiler: Compiles) -> None:
        self._urls, self._compiler = urls, compiler
        self._found: frozenset[str] | None = None

    def allow(self, kind: str) -> bool:
        """Whether a resource of this type may be pointed to."""
        if self._found is None:
            self._found = frozenset(map(self._kind, self._urls))
        return kind in self._found or "" in self._found

    def _kind(self, url: str) -> str:
        plain = url.partition("|")[0].removeprefix(PRESENT)
        if plain in resource_types():
            return plain
        profile = self._compiler.known(url)
        return profile.type if profile and profile.type in resource_types() else ""


def satisfies(run: Run, target: Scope, urls: Iterable[str]) -> bool:
    """Whether a target satisfies one of the profiles; one that is not known is taken as satisfied."""
    return any(run.world.satisfies(target, url) is not False for url in urls)


def _mode(link: str, found: list[Scope]) -> str:
    return "contained" if link.startswith("#") else "bundled" if found else "referenced"


def _said(link: str | None, value: Any) -> str | None:
    """The type that a reference to what is not here names, in its text or beside it."""
    stated = value.get("type") if isinstance(value, dict) else None
    named = said_type(link) if link else None
    return named or (stated if isinstance(stated, str) and stated in resource_types() else None)
