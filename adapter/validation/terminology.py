"""Which codes exist and which value set holds them, from the facts that terminology_compiler.py writes.

Every answer is three-valued: None where it would take contents that are not at hand (SNOMED CT, LOINC, ICD, CPT, VSAC).
Facts are unfolded one code system or value set at a time, when it is first asked for.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from adapter.validation import grammars

EVERY_OTHER = "*"
_LISTED = 20  # a longer listing helps nobody


def pack(codes: Iterable[str]) -> str | list[str]:
    """Write codes as one string, or as a list where one of them has a blank."""
    listed = list(codes)
    return listed if any(" " in code for code in listed) else " ".join(listed)


def unpack(codes: str | list[str]) -> list[str]:
    """Read what `pack` wrote."""
    return codes.split() if isinstance(codes, str) else codes


class Codes(Protocol):
    """Where code systems and value sets are found by canonical, whatever version it names."""

    def code_system(self, url: str) -> "CodeSystem | None": ...

    def value_set(self, url: str) -> "ValueSet | None": ...


class CodeSystem(msgspec.Struct, frozen=True, kw_only=True):
    """A code system, of which all codes are known, or some (content `fragment`), or none.

    Attributes:
        url: canonical, without version.
        content: as in CodeSystem.content; `complete` where all codes are known.
        walked: (code, depth) in the order of the tree; a code stands below each of its parents.
        fold: whether case does not matter.
    """

    url: str
    content: str
    walked: tuple[tuple[str, int], ...]
    codes: frozenset[str]
    fold: bool = False

    @property
    def complete(self) -> bool:
        """Whether a code that is not known is wrong."""
        return self.content == "complete"

    def knows(self, code: str) -> bool:
        """Tell whether the code is one of those known."""
        return (code.lower() if self.fold else code) in self.codes


class Part(msgspec.Struct, frozen=True):
    """What a value set takes of one code system: the verdict of each code listed, and that of every other."""

    listed: Mapping[str, bool | None]
    rest: bool | None


class ValueSet(msgspec.Struct, frozen=True, kw_only=True):
    """A value set, evaluated.

    Attributes:
        url: canonical, without version.
        parts: by code system; `*` for every system not named.
        plain: every code known to be in it, whatever its system.
        listing: its codes for a message (`a | b`), empty where they are many or not all known.
        known: where the code systems are found that it takes whole.
    """

    url: str
    parts: Mapping[str, Part]
    plain: frozenset[str]
    listing: str
    known: Codes

    def verdict(self, system: str | None, code: str) -> bool | None:
        """Tell whether a code is in the set; None where that cannot be decided.

        Args:
            system: of a Coding or Quantity; None for an element that holds the code alone: any system will do.
            code: as written; case matters but for the few systems that say otherwise.
        """
        if system is not None:
            part = self.parts.get(system) or self.parts.get(EVERY_OTHER)
            return self._one(system, part, code) if part else False
        if code in self.plain:
            return True
        verdicts = {self._one(name, part, code) for name, part in self.parts.items()}
        return True if True in verdicts else None if None in verdicts else False

    def _one(self, system: str, part: Part, code: str) -> bool | None:
        if code in part.listed:
            return part.listed[code]
        found = self.known.code_system(system)
        if found and found.fold:
            folded = {listed.lower(): verdict for listed, verdict in part.listed.items()}
            if code.lower() in folded:
                return folded[code.lower()]
        return exists(system, code, self.known) if part.rest else part.rest


def exists(system: str, code: str, known: Codes) -> bool | None:
    """Tell whether a code system has a code; None where that cannot be decided."""
    grammar = grammars.SYSTEMS.get(system)
    if grammar:
        return grammar(code)
    found = None if "|" in system else known.code_system(system)
    if found is None:
        return None
    return found.knows(code) or (False if found.complete else None)


def read_code_system(url: str, facts: Any) -> CodeSystem:
    """Unfold what `terminology_compiler` wrote of a code system."""
    given = facts if isinstance(facts, dict) else {"codes": facts}
    codes = unpack(given["codes"])
    depths = [ord(letter) - ord("a") for letter in given.get("depths", "a" * len(codes))]
    fold = given.get("fold", False)
    return CodeSystem(
        url=url,
        content=given.get("content", "complete"),
        walked=tuple(zip(codes, depths, strict=True)),
        codes=frozenset(code.lower() for code in codes) if fold else frozenset(codes),
        fold=fold,
    )


def read_value_set(url: str, facts: Mapping[str, Any], known: Codes) -> ValueSet:
    """Unfold what `terminology_compiler` wrote of a value set.

    Args:
        url: canonical, without version.
        facts: parts by code system.
        known: where the code systems are found that it takes whole.
    """
    parts = {system: _part(fact) for system, fact in facts.items()}
    codes: dict[str, None] = {}
    closed = True
    for system, part in parts.items():
        codes.update((code, None) for code, verdict in part.listed.items() if verdict)
        closed = closed and part.rest is not None and None not in part.listed.values()
        if part.rest:
            whole = known.code_system(system)
            closed = closed and whole is not None and whole.complete
            walked = whole.walked if whole else ()
            codes.update((code, None) for code, _ in walked if part.listed.get(code, True))
    listing = " | ".join(codes) if closed and len(codes) <= _LISTED else ""
    return ValueSet(url=url, parts=parts, plain=frozenset(codes), listing=listing, known=known)


class Terminology:
    """Code systems and value sets by canonical, on top of others (`base`) that stand behind them."""

    def __init__(self, facts: bytes | msgspec.Raw, base: Codes | None = None) -> None:
        """Take the JSON of what `terminology_compiler.compile_terminology` made.

        Raises:
            msgspec.ValidationError: it is not that.
        """
        read = msgspec.json.decode(facts, type=dict[str, dict[str, msgspec.Raw]])
        self._systems, self._sets, self._base = read.get("codeSystems", {}), read.get("valueSets", {}), base
        self._made_systems: dict[str, CodeSystem] = {}
        self._made_sets: dict[str, ValueSet] = {}

    def code_system(self, url: str) -> CodeSystem | None:
        """Return the code system, whatever the version asked for; None where it is not known."""
        if url not in self._made_systems:
            plain = url.partition("|")[0]
            raw = self._systems.get(plain)
            if raw is not None:
                self._made_systems[url] = read_code_system(plain, msgspec.json.decode(raw))
            else:  # not remembered: an input may ask for any number of systems that do not exist
                return self._base.code_system(plain) if self._base else None
        return self._made_systems[url]

    def value_set(self, url: str) -> ValueSet | None:
        """Return the value set, whatever the version asked for; None where it is not known."""
        if url not in self._made_sets:
            plain = url.partition("|")[0]
            raw = self._sets.get(plain)
            if raw is not None:
                self._made_sets[url] = read_value_set(plain, msgspec.json.decode(raw), self)
            else:
                return self._base.value_set(plain) if self._base else None
        return self._made_sets[url]


def _part(fact: Any) -> Part:
    if fact is None or fact is True:
        return Part({}, fact)
    if not isinstance(fact, dict):
        return Part(dict.fromkeys(unpack(fact), True), False)
    ways = {"in": True, "out": False, "open": None}
    return Part({c: verdict for way, verdict in ways.items() for c in unpack(fact.get(way, ""))}, fact["rest"])
