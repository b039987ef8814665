"""Definitions written out in a test: profiles as trees, nothing read from a file but the base types and R4's own."""

from collections.abc import Mapping
from typing import Any

from adapter.validation.facts import type_facts
from adapter.validation.model import Profile, ProfileNode, TypeRule
from adapter.validation.sets import Definitions

CANONICAL = "https://example.net/StructureDefinition/"
BASE = "http://hl7.org/fhir/StructureDefinition/"


class Literal(Definitions):
    """Just these profiles."""

    def __init__(self, *profiles: Profile) -> None:
        super().__init__(layers=(), types=type_facts)
        self._given = {profile.url: profile for profile in profiles}

    def profile(self, url: str) -> Profile | None:
        """One of the profiles given."""
        return self._given.get(url)


def profile(name: str, kind: str, children: Mapping[str, ProfileNode], **said: Any) -> Profile:
    """A profile on a type, of its children alone."""
    root = ProfileNode(path=kind, children=children, constraints=said.pop("constraints", ()))
    return Profile(url=CANONICAL + name, version="1", type=kind, chain=(BASE + kind,), root=root, **said)


def node(**said: Any) -> ProfileNode:
    """An element of which only this is said."""
    return ProfileNode(path="", **said)


def fixed(kind: str, value: Any) -> dict[str, Any]:
    """A fixed or pattern value."""
    return {"kind": kind, "value": value}


def types(*codes: str) -> tuple[TypeRule, ...]:
    """Types without profiles."""
    return tuple(TypeRule(code=code) for code in codes)
