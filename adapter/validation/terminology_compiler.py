"""From CodeSystem and ValueSet resources to the codes that validation needs, and no displays or prose.

A value set is evaluated to three-valued membership (https://hl7.org/fhir/R4/valueset.html#compositions): a code is in
it, is not, or nobody can say without contents that are not at hand (SNOMED CT, LOINC, ICD, CPT, VSAC). What comes out:

    {"codeSystems": {canonical: codes | {"codes", "depths", "content", "fold"}},
     "valueSets": {canonical: {system: part}}}

Codes are one string with blanks between (a list where a code has a blank), in the order of their tree; `depths` is one
letter a code (a for a root), where there is a tree. A part is the codes, true (every code of the system), null (cannot
be decided) or {"in", "out", "open", "rest"}; the system "*" stands for every other one.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from adapter.validation.terminology import EVERY_OTHER, Codes, CodeSystem, pack

Node = dict[str, Any]
Verdict = bool | None

_PARENTS = frozenset({"subsumedBy", "parent"})
_DEEPEST = 25


def either(one: Verdict, other: Verdict) -> Verdict:
    """Kleene's or."""
    return True if one or other else None if one is None or other is None else False


def both(one: Verdict, other: Verdict) -> Verdict:
    """Kleene's and."""
    return False if one is False or other is False else None if one is None or other is None else True


def _except(one: Verdict, other: Verdict) -> Verdict:
    return both(one, None if other is None else not other)


class _Part(msgspec.Struct):
    """Membership of the codes of one system: as listed, `rest` for every other code."""

    listed: dict[str, Verdict] = {}
    rest: Verdict = False

    def join(self, other: "_Part", how: Callable[[Verdict, Verdict], Verdict]) -> "_Part":
        codes = dict.fromkeys([*self.listed, *other.listed])
        listed = {c: how(self.listed.get(c, self.rest), other.listed.get(c, other.rest)) for c in codes}
        rest = how(self.rest, other.rest)
        return _Part({code: verdict for code, verdict in listed.items() if verdict is not rest}, rest)

    def packed(self) -> Any:
        if not self.listed:
            return "" if self.rest is False else self.rest
        ways = {"in": True, "out": False, "open": None}
        codes = {way: pack([c for c, v in self.listed.items() if v is verdict]) for way, verdict in ways.items()}
        found = {way: text for way, text in codes.items() if text}
        return found["in"] if self.rest is False and set(found) == {"in"} else {**found, "rest": self.rest}


_Evaluated = dict[str, _Part]
"""By system; EVERY_OTHER for those not named."""


def _join(one: _Evaluated, other: _Evaluated, how: Callable[[Verdict, Verdict], Verdict]) -> _Evaluated:
    nothing = _Part()
    rests = one.get(EVERY_OTHER, nothing), other.get(EVERY_OTHER, nothing)
    names = dict.fromkeys([*one, *other])
    return {name: one.get(name, rests[0]).join(other.get(name, rests[1]), how) for name in names}


def compile_terminology(
    resources: Iterable[Node],
    base: Codes | None = None,
    wanted: Collection[str] | None = None,
    longest: int | None = None,
) -> Node:
    """Compile what validation needs of parsed CodeSystem and ValueSet resources (others are passed over).

    Args:
        resources: where two have one canonical the first wins: HL7 terminology before the copy inside R4 core.
        base: compiled before; what `resources` lack is looked up there.
        wanted: canonicals of the value sets to write; None for all.
        longest: codes that a value set may list to be written; None for any number.
    """
    systems: dict[str, Node] = {}
    sets: dict[str, Node] = {}
    for resource in resources:
        known = {"CodeSystem": systems, "ValueSet": sets}.get(resource.get("resourceType", ""))
        url = resource.get("url")
        if known is not None and isinstance(url, str) and "|" not in url:  # R4 names versions of some v2 tables so
            known.setdefault(url, resource)
    made = _Sets(sets, {url: _Tree(node) for url, node in systems.items() if _content(node) == "complete"}, base)
    chosen = sorted(url for url in sets if wanted is None or url in wanted)
    evaluated = {url: made.evaluated(url) for url in chosen}
    return {
        "codeSystems": {url: _system(node) for url, node in sorted(systems.items())},
        "valueSets": {
            url: {system: part.packed() for system, part in parts.items()}
            for url, parts in evaluated.items()
            if longest is None or sum(len(part.listed) for part in parts.values()) <= longest
        },
    }


def _content(system: Node) -> str:
    """Return the content; a system of content `example` that lists codes counts as complete, as in HL7's engine."""
    content: str = system.get("content", "not-present")
    return "complete" if content == "example" and system.get("concept") else content


def _system(node: Node) -> Any:
    content = _content(node)
    if content not in ("complete", "fragment"):
        return {"codes": "", "content": content}
    walked = list(_Tree(node).walked())
    codes = pack([code for code, _ in walked])
    found: Node = {"codes": codes}
    if any(depth for _, depth in walked):
        found["depths"] = "".join(chr(ord("a") + depth) for _, depth in walked)
    if content != "complete":
        found["content"] = content
    if node.get("caseSensitive") is not True:  # v2 tables of R4 do not say; HL7's engine then takes either case
        found["fold"] = True
    return codes if len(found) == 1 else found


class _Tree:
    """The concepts of a complete code system: by code, and which stand below which."""

    def __init__(self, node: Node) -> None:
        self.concepts: dict[str, Node] = {}
        self.below: dict[str, dict[str, None]] = {}
        self._gather(node.get("concept", []), None)

    def _gather(self, concepts: Iterable[Node], parent: str | None) -> None:
        for concept in concepts:
            code = concept["code"]
            self.concepts.setdefault(code, concept)
            if parent is not None:
                self._put(parent, code)
            for prop in concept.get("property", []):
                other = prop.get("valueCode")
                if prop.get("code") in _PARENTS and other:
                    self._put(other, code)
                elif prop.get("code") == "child" and other:
                    self._put(code, other)
            self._gather(concept.get("concept", []), code)

    def _put(self, parent: str, code: str) -> None:
        if parent != code:
            self.below.setdefault(parent, {})[code] = None

    def under(self, code: str) -> dict[str, None]:
        """Every code below `code`, without it."""
        found: dict[str, None] = {}
        waiting = [code]
        while waiting:
            for child in self.below.get(waiting.pop(), {}):
                if child not in found and child in self.concepts:
                    found[child] = None
                    waiting.append(child)
        return found

    def walked(self) -> Iterator[tuple[str, int]]:
        """Every code with its depth, below each of its parents."""
        children = {child for codes in self.below.values() for child in codes if child in self.concepts}
        seen: set[str] = set()
        opened: set[str] = set()
        for root in [*(code for code in self.concepts if code not in children), *self.concepts]:
            if root not in seen:
                for code, depth in self._down(root, 0, opened):
                    seen.add(code)
                    yield code, depth

    def _down(self, code: str, depth: int, seen: set[str]) -> Iterator[tuple[str, int]]:
        """A code and what is below it; what is below it is told once, however many codes it stands below."""
        yield code, depth
        if depth < _DEEPEST and code not in seen:
            seen.add(code)
            for child in self.below.get(code, {}):
                if child in self.concepts:
                    yield from self._down(child, depth + 1, seen)


class _Sets:
    """The value sets of one run, each evaluated once."""

    def __init__(self, sets: Mapping[str, Node], trees: Mapping[str, _Tree], base: Codes | None) -> None:
        self._sets, self._trees, self._base = sets, trees, base
        self._done: dict[str, _Evaluated] = {}

    def evaluated(self, canonical: str) -> _Evaluated:
        url = canonical.partition("|")[0]
        if url not in self._done:
            self._done[url] = {EVERY_OTHER: _Part({}, None)}  # what a set that imports itself sees
            self._done[url] = self._evaluate(self._sets[url]) if url in self._sets else self._based(url)
        return self._done[url]

    def _based(self, url: str) -> _Evaluated:
        known = self._base.value_set(url) if self._base else None
        if known is None:
            return {EVERY_OTHER: _Part({}, None)}
        return {system: _Part(dict(part.listed), part.rest) for system, part in known.parts.items()}

    def _evaluate(self, node: Node) -> _Evaluated:
        compose = node.get("compose")
        if not compose:
            contains = node.get("expansion", {}).get("contains")
            return _expanded(contains) if contains else {EVERY_OTHER: _Part({}, None)}
        found: _Evaluated = {}
        for include in compose.get("include", []):
            found = _join(found, self._criteria(include), either)
        for exclude in compose.get("exclude", []):
            found = _join(found, self._criteria(exclude), _except)
        return found

    def _criteria(self, node: Node) -> _Evaluated:
        """Evaluate one include or exclude: everything it names must hold."""
        found: _Evaluated | None = None
        for url in node.get("valueSet", []):
            imported = self.evaluated(url)
            found = imported if found is None else _join(found, imported, both)
        if "system" in node:
            own = {node["system"]: self._of_system(node)}
            found = own if found is None else _join(found, own, both)
        return found or {}

    def _of_system(self, node: Node) -> _Part:
        if node.get("concept"):
            return _Part({concept["code"]: True for concept in node["concept"]})
        if not node.get("filter"):
            return _Part({}, True)
        tree = self._trees.get(node["system"])
        if tree is None and self._base:
            tree = _again(self._base.code_system(node["system"]))
        codes = [_filtered(tree, rule) for rule in node["filter"]] if tree else [None]
        if tree is None or None in codes:
            return _Part({}, None)
        return _Part({code: True for code in tree.concepts if all(code in some for some in codes if some is not None)})


def _expanded(contains: Iterable[Node]) -> _Evaluated:
    found: _Evaluated = {}
    for item in contains:
        if "code" in item and not item.get("abstract"):
            found.setdefault(item.get("system", EVERY_OTHER), _Part({})).listed[item["code"]] = True
        for system, part in _expanded(item.get("contains", [])).items():
            found.setdefault(system, _Part({})).listed.update(part.listed)
    return found


def _again(system: CodeSystem | None) -> _Tree | None:
    """Return the tree of a code system compiled before; its properties are gone."""
    if system is None or system.content != "complete":
        return None
    tree = _Tree({})
    above: list[str] = []
    for code, depth in system.walked:
        tree.concepts.setdefault(code, {"code": code})
        del above[depth:]
        if above:
            tree.below.setdefault(above[-1], {})[code] = None
        above.append(code)
    return tree


def _filtered(tree: _Tree, rule: Node) -> set[str] | None:
    """Return the codes a filter lets through; nothing where it cannot be evaluated."""
    name, how, value = rule["property"], rule["op"], rule["value"]
    if name == "concept" and how in ("is-a", "is-not-a", "descendent-of"):
        if how == "is-a":
            return {value, *tree.under(value)} & set(tree.concepts)
        under = set(tree.under(value))
        return under if how == "descendent-of" else set(tree.concepts) - under - {value}
    if name in ("code", "concept"):
        return _by_code(tree, how, value)
    return _by_property(tree, name, how, value)


def _by_code(tree: _Tree, how: str, value: str) -> set[str] | None:
    if how == "regex":
        try:
            pattern = re.compile(value)
        except (re.error, RecursionError, OverflowError):
            return None
        return {code for code in tree.concepts if pattern.fullmatch(code)}
    named = {item.strip() for item in value.split(",")} if how in ("in", "not-in") else {value}
    if how in ("in", "="):
        return named & set(tree.concepts)
    return set(tree.concepts) - named if how == "not-in" else None


def _by_property(tree: _Tree, name: str, how: str, value: str) -> set[str] | None:
    held = {
        code: {_said(prop) for prop in concept.get("property", []) if prop.get("code") == name}
        for code, concept in tree.concepts.items()
    }
    if how not in ("=", "in", "exists") or not any(held.values()):
        return None
    if how == "exists":
        return {code for code, values in held.items() if bool(values) is (value == "true")}
    named = set(value.split(",")) if how == "in" else {value}
    return {code for code, values in held.items() if values & named}


def _said(prop: Node) -> str:
    """Return the value of a concept's property as a filter writes it."""
    value = next((item for key, item in prop.items() if key.startswith("value")), "")
    if isinstance(value, dict):
        value = value.get("code", "")
    return str(value).lower() if isinstance(value, bool) else str(value)
