"""A StructureDefinition that constrains a type, as compact facts: what its differential adds, and no prose.

`[[element id, {fact}], ...]` with the ids in one style: slices of a choice as `value[x]:valueQuantity`. What only
repeats the base type is left out, so that a snapshot serves where there is no differential.
The words are those of `overlay`, which merges these facts along the chain of bases.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from adapter.validation.facts import Element, TypeFacts, type_facts
from adapter.validation.model import PRIMITIVES
from mappings.fhir.wire import Json

Lookup = Callable[[str], TypeFacts]
Versions = Mapping[str, str]
_SD = "http://hl7.org/fhir/StructureDefinition/"
_IMPOSE = _SD + "structuredefinition-imposeProfile"
_FHIR_TYPE = _SD + "structuredefinition-fhir-type"
# What stands there may be of a type that holds more.
_OPEN = ("Resource", "DomainResource", "Element", "BackboneElement")
_MAX_VALUE_SET = "elementdefinition-maxValueSet"


def constrains(structure: Json) -> bool:
    """Whether a StructureDefinition is a profile or extension, and not a type of its own."""
    return structure.get("derivation") == "constraint" and structure.get("kind") in ("resource", "complex-type")


def compact(structure: Json, types: Lookup = type_facts, versions: Versions | None = None) -> Json:
    """Say a profile in facts.

    Args:
        structure: a StructureDefinition with a differential, or at least a snapshot.
        types: the base types of R4.
        versions: those held of value sets, by canonical; a binding to another one keeps its version.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is no StructureDefinition of R4.
    """
    elements = structure.get("differential") or structure["snapshot"]
    kind = structure["type"].removeprefix(_SD)
    first = _Reader(kind, types, {})
    for element in elements["element"]:
        list(first.line(element))
    read = _Reader(kind, types, first.short, versions)
    said = [line for element in elements["element"] for line in read.line(element)]
    made: Json = {"version": structure.get("version", ""), "type": kind, "base": _plain(structure["baseDefinition"])}
    if kind == "Extension":
        made["contexts"] = [[each["type"], each["expression"]] for each in structure.get("context", [])]
        made["contextInvariants"] = structure.get("contextInvariant", [])
        root: Json = next((e for e in elements["element"] if e["path"] == "Extension"), {})
        made["modifier"] = root.get("isModifier") or None
    made["imposes"] = [_plain(each["valueCanonical"]) for each in _imposing(structure)]
    made["elements"] = said
    return {name: value for name, value in made.items() if value not in (None, [], "")}


def compact_all(
    artefacts: Iterable[Json], types: Lookup = type_facts, versions: Versions | None = None
) -> dict[str, Json]:
    """The profiles and extensions among artefacts, by canonical, sorted; the first of two with one canonical wins."""
    found: dict[str, Json] = {}
    for each in artefacts:
        if each["resourceType"] == "StructureDefinition" and constrains(each) and each["url"] not in found:
            found[each["url"]] = compact(each, types, versions)
    return {url: found[url] for url in sorted(found)}


def unknown_paths(structure: Json, types: Lookup = type_facts) -> tuple[str, ...]:
    """The paths that a profile constrains though the type has no such element; what cannot be told is left out."""
    kind = structure["type"].removeprefix(_SD)
    read = _Reader(kind, types, {})
    elements = (structure.get("differential") or structure["snapshot"])["element"]
    for element in elements:
        list(read.line(element))
    return tuple(dict.fromkeys(read.unknown))


def _imposing(structure: Json) -> Iterator[Json]:
    """The extensions that name another profile which what claims this one must satisfy too."""
    yield from (each for each in structure.get("extension", []) if each.get("url") == _IMPOSE)


def _plain(canonical: str) -> str:
    return canonical.partition("|")[0]


class _Reader:
    """Elements of one definition, in order; knows the types, so that it can tell what is not said anew."""

    def __init__(
        self, kind: str, types: Lookup, short: Mapping[str, dict[str, str]], versions: Versions | None = None
    ) -> None:
        """Read definitions of a type; `short`: what a reader of the same elements has found in its `short`."""
        self.short: dict[str, dict[str, str]] = {}
        self._known_short = short
        self._types = types
        self._versions = versions or {}
        self._root = kind
        self._kinds: dict[str, str | None] = {kind: kind}
        self._open: dict[str, str] = {}
        self._narrowed: list[list[Any]] = []
        self.unknown: list[str] = []

    def line(self, element: Json) -> Iterator[list[Any]]:
        """What one element says, none where it says nothing anew."""
        path = self._path(self._id(element).split(".")[1:])
        yield from self._narrowed
        self._narrowed = []
        owner, _, last = path.rpartition(".")
        name, _, sliced = last.partition(":")
        members = self._members(owner, name)
        if not members and self._lacks(owner, element["path"]):
            self.unknown.append(str(element["path"]))
        chosen = sliced or next(iter(self.short.get(path, ())), "")
        self._kinds[path] = self._kind(element, members, chosen)
        fact = self._fact(element, None if sliced else members, self._kinds[path])
        if fact or sliced:
            yield [path, fact]

    def _id(self, element: Json) -> str:
        """The element's id, made from paths and slice names: what an id says otherwise, HL7's engine passes over."""
        path = str(element["path"])
        self._open = {outer: name for outer, name in self._open.items() if path.startswith(f"{outer}.")}
        if "sliceName" in element:
            self._open[path] = str(element["sliceName"])
        made, steps = "", path.split(".")
        for number, step in enumerate(steps, 1):
            name = self._open.get(".".join(steps[:number]))
            made += f".{step}:{name}" if name else f".{step}"
        return made[1:]

    def _path(self, steps: list[str]) -> str:
        """The id with every choice under its own name.

        `valueQuantity` leaves no other type (https://hl7.org/fhir/R4/profiling.html: a short form of constraining the
        type): it is `value[x]` of that type; where there are several such, slices of the choice, which stays open.
        """
        path = self._root
        for step in steps:
            name, _, sliced = step.partition(":")
            facts = self._facts(path)
            known = facts.elements.get(name) if facts else None
            if known and known.group != name:
                step = self._choice(f"{path}.{known.group}", known, sliced)
            path = f"{path}.{step}"
        return path

    def _choice(self, place: str, known: Element, sliced: str) -> str:
        kind = "Quantity" if known.kind == "SimpleQuantity" else known.kind
        if place not in self.short and len(self._known_short.get(place, ())) < 2:
            self._narrowed.append([place, {"types": [[kind]]}])
        self.short.setdefault(place, {})[known.name] = kind
        if len(self._known_short.get(place, ())) > 1:
            return f"{known.group}:{sliced or known.name}"
        self._kinds[place] = known.kind
        return f"{known.group}:{sliced}" if sliced else known.group

    def _facts(self, path: str) -> TypeFacts | None:
        kind = self._kinds.get(path)
        if kind is None and path not in self._kinds:
            owner, _, last = path.rpartition(".")
            name, _, sliced = last.partition(":")
            self._kinds[path] = kind = self._kind({}, self._members(owner, name), sliced) if owner else None
        try:
            return self._types(kind) if kind else None
        except KeyError:
            return None

    def _members(self, owner: str, name: str) -> tuple[Element, ...]:
        facts = self._facts(owner) if owner else None
        if not facts:
            return ()
        return tuple(each for each in facts.elements.values() if each.group == name)

    def _lacks(self, owner: str, path: str) -> bool:
        """Whether the type at `owner` is one that is known whole, and so has no element that it does not name."""
        if not owner:
            return path != self._root
        facts = self._facts(owner)
        return facts is not None and self._kinds.get(owner) not in _OPEN

    def _kind(self, element: Json, members: tuple[Element, ...], sliced: str) -> str | None:
        """The one type an element has, None where there are several or it is not known."""
        if not members and "." not in element.get("path", "."):
            return self._root
        kinds = {_code(kind) for kind in element.get("type", [])}
        if len(kinds) == 1 and not members:
            return kinds.pop()
        fitting = [each for each in members if each.kind in kinds or each.name == sliced] or list(members)
        if len(kinds) == 1 and fitting[0].kind in ("Resource", "Element"):
            return kinds.pop()
        return fitting[0].kind if len(fitting) == 1 else None

    def _fact(self, element: Json, base: tuple[Element, ...] | None, kind: str | None) -> Json:
        first = base[0] if base else None
        fact: Json = {}
        if element.get("min") and not (first and first.min == element["min"]):
            fact["min"] = element["min"]
        high = element.get("max", "*")
        if high != "*" and not (first and first.max == int(high)):
            fact["max"] = int(high)
        if "type" in element:
            kinds = [_type(each) for each in element["type"] if "code" in each]
            if not (base and _same(kinds, base)) and kinds and "." in element["path"]:
                fact["types"] = kinds
        fact.update(_values(element))
        binding = _binding(element.get("binding", {}), self._versions)
        if binding and not (first and first.bound and binding == [first.bound.value_set, first.bound.strength]):
            fact["binding"] = binding
        constraints = list(_constraints(element, self._known(base, kind)))
        if constraints:
            fact["constraints"] = constraints
        if "slicing" in element:
            fact["slicing"] = _slicing(element["slicing"])
        return fact

    def _known(self, base: tuple[Element, ...] | None, kind: str | None) -> set[str]:
        """The keys of constraints that the base type says itself."""
        known = {"ele-1", "ext-1"} | {each.key for member in base or () for each in member.constraints}
        for one in {kind} | {member.kind for member in base or ()}:
            try:
                known |= {each.key for each in self._types(one).constraints} if one else set()
            except KeyError:
                continue
        return known


def _code(kind: Json) -> str:
    for extension in kind.get("extension", []):
        if extension.get("url") == _FHIR_TYPE:
            return str(extension.get("valueUrl") or extension.get("valueUri"))
    code: str = kind["code"]
    return code.removeprefix(_SD)


def _type(kind: Json) -> list[Any]:
    said: list[Any] = [_code(kind)]
    said.append([_plain(url) for url in kind.get("profile", [])])
    said.append([_plain(url) for url in kind.get("targetProfile", [])])
    said.append(list(kind.get("aggregation", [])))
    while said[-1] == []:
        said.pop()
    return said


def _same(kinds: list[list[Any]], base: tuple[Element, ...]) -> bool:
    """Whether the types are those of the base type, nothing narrowed."""
    theirs = set()
    for each in base:
        code = "Quantity" if each.kind == "SimpleQuantity" else "BackboneElement" if "." in each.kind else each.kind
        theirs.add((code, frozenset(_SD + target for target in each.targets)))
    ours = set()
    for code, profiles, targets, aggregation in ((*kind, [], [], [])[:4] for kind in kinds):
        if aggregation or any(url != _SD + "SimpleQuantity" for url in profiles):
            return False
        narrowed = frozenset(targets) - {_SD + "Resource"}
        ours.add(("BackboneElement" if code == "Element" else code, narrowed))
    return ours == theirs


def _values(element: Json) -> Iterator[tuple[str, Any]]:
    for name, value in element.items():
        for said, stem in (
            ("fixed", "fixed"),
            ("pattern", "pattern"),
            ("min_value", "minValue"),
            ("max_value", "maxValue"),
        ):
            kind = name.removeprefix(stem)
            if kind != name and kind[:1].isupper():
                yield said, {"kind": _named(kind), "value": value}
    if "maxLength" in element:
        yield "max_length", element["maxLength"]


def _named(kind: str) -> str:
    """`code` for the Code of fixedCode, `Coding` for that of patternCoding."""
    low = kind[0].lower() + kind[1:]
    return low if low in PRIMITIVES else kind


def _binding(binding: Json, versions: Versions) -> list[str]:
    most = [
        _plain(said.get("valueCanonical") or said.get("valueUri") or "")
        for said in binding.get("extension", [])
        if said.get("url", "").endswith(_MAX_VALUE_SET)
    ]
    if "valueSet" not in binding:
        return []
    url, _, version = binding["valueSet"].partition("|")
    held = versions.get(url, version)
    return [url if version in ("", held) else binding["valueSet"], binding["strength"], *most[:1]]


def _constraints(element: Json, known: set[str]) -> Iterable[list[str]]:
    for each in element.get("constraint", []):
        if "expression" in each and each["key"] not in known:
            said = [each["key"], each["expression"], each.get("severity", "error")]
            yield said if said[2] != "error" else said[:2]


def _slicing(slicing: Json) -> Json:
    by = [[each["type"], each["path"]] for each in slicing.get("discriminator", [])]
    said = {"by": by, "rules": slicing.get("rules"), "ordered": slicing.get("ordered")}
    return {name: value for name, value in said.items() if value}
