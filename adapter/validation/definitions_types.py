"""The base types of FHIR R4 as facts: what definitions.json says of elements, constraints and bindings.

A type is `[base type, {element: fact}, "keys of its constraints"]`, a fact one line in the words of `facts`. What a
type inherits is not repeated. Never used at run time.
"""

from collections.abc import Iterable
from typing import Any

Node = dict[str, Any]

SD = "http://hl7.org/fhir/StructureDefinition/"
VALUE_SET = "http://hl7.org/fhir/ValueSet/"
_FHIR_TYPE = SD + "structuredefinition-fhir-type"
_MAX_VALUE_SET = SD + "elementdefinition-maxValueSet"
_BINDABLE = {"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"}
# Ring 1 finds both of every element: an element without value or children, an extension with both or neither.
EVERYWHERE = frozenset({"ele-1", "ext-1"})


class Types:
    """What was gathered from all base definitions; `facts()` is its part of definitions.json."""

    def __init__(self, structures: Iterable[Node]) -> None:
        self.bound: dict[str, str] = {}
        self._types: dict[str, list[Any]] = {}
        self._constraints: dict[str, list[str]] = {}
        self._on_elements: dict[str, str] = {}
        self._on_types: dict[str, str] = {}
        self._resources: list[str] = []
        for structure in structures:
            if structure.get("derivation") == "constraint":
                name, base = structure["url"].removeprefix(SD), structure["type"]
                self._types[name] = [base, {}, self._keys(structure["snapshot"]["element"][0])]
            else:
                self._add(structure)

    def facts(self) -> Node:
        """Everything but the codes, sorted by name."""
        return {
            "resources": sorted(self._resources),
            "types": _sorted(self._types),
            "constraints": _sorted(self._constraints),
            "elementConstraints": _sorted(self._on_elements),
            "typeBindings": _sorted(self._on_types),
            "valueSets": _sorted({name: url for name, url in self.bound.items() if url != VALUE_SET + name}),
        }

    def _add(self, structure: Node) -> None:
        first, *elements = structure["snapshot"]["element"]
        owners = {element["path"].rpartition(".")[0] for element in elements}
        name = structure["type"]
        if structure["kind"] == "resource" and not structure["abstract"]:
            self._resources.append(name)
        self._types[name] = [structure.get("baseDefinition", "").removeprefix(SD), {}, self._keys(first)]
        if "binding" in first:
            self._on_types[name] = self._binding(first, []).removeprefix(" ")
        for element in elements:
            path = element["path"]
            if path in owners:
                self._types[path] = [element["type"][0]["code"], {}, self._keys(element)]
            if element["base"]["path"] != path:
                continue
            owner, _, own = path.rpartition(".")
            self._types[owner][1][own] = self._fact(element, path if path in owners else None)
            if path not in owners and self._keys(element):
                self._on_elements[path] = self._keys(element)

    def _keys(self, element: Node) -> str:
        """Note the constraints that are the type's own (inherited ones have a source) and return their keys."""
        keys = []
        for constraint in element.get("constraint", []):
            key = constraint["key"]
            if key in EVERYWHERE or "source" in constraint:
                continue
            said = [constraint["expression"], constraint["severity"]]
            if self._constraints.setdefault(key, said) != said:  # R4 has two inv-1
                key = f"{key}@{element['path']}"
                self._constraints[key] = said
            keys.append(key)
        return " ".join(keys)

    def _fact(self, element: Node, backbone: str | None) -> str:
        """Say one element in a line: `0..1 Reference(Patient|Group),string = value-set`."""
        if backbone:
            kinds = [backbone]
        elif "contentReference" in element:
            kinds = [element["contentReference"].rpartition("#")[2]]
        else:
            kinds = [_kind(kind, element["path"]) for kind in element["type"]]
        return f"{element['min']}..{element['max']} {','.join(kinds)}{self._binding(element, kinds)}"

    def _binding(self, element: Node, kinds: list[str]) -> str:
        """` = set` for a required binding, ` < set of extensible` for one whose codes have a largest set."""
        binding = element.get("binding", {})
        most = [_canonical(said) for said in binding.get("extension", []) if said["url"] == _MAX_VALUE_SET]
        if binding.get("strength") == "required" and any(kind.partition("(")[0] in _BINDABLE for kind in kinds):
            return f" = {self._name(binding['valueSet'])}"
        if most:
            return f" < {self._name(most[0])} {binding['strength']} {self._name(binding['valueSet'])}"
        return ""

    def _name(self, canonical: str) -> str:
        url = canonical.partition("|")[0]
        name = url.rpartition("/")[2]
        if self.bound.setdefault(name, url) != url:
            raise ValueError(f"two value sets are named {name}")
        return name


def is_base(structure: Node) -> bool:
    """Whether a definition is a type of FHIR itself, or one of the two constraints that count as a type."""
    if structure["kind"] not in ("resource", "complex-type"):
        return False
    return structure.get("derivation") != "constraint" or structure["url"] == f"{SD}SimpleQuantity"


def _sorted(items: Node) -> Node:
    return {name: items[name] for name in sorted(items)}


def _canonical(extension: Node) -> str:
    return str(extension.get("valueCanonical") or extension["valueUri"])


def _kind(kind: Node, path: str) -> str:
    code: str = kind["code"]
    if path == "Resource.id":
        return "id"
    for extension in kind.get("extension", []):
        if extension["url"] == _FHIR_TYPE:
            code = extension["valueUrl"]
    if [p.removeprefix(SD) for p in kind.get("profile", [])] == ["SimpleQuantity"]:
        return "SimpleQuantity"
    targets = [url.removeprefix(SD) for url in kind.get("targetProfile", [])]
    if code == "Reference" and targets and "Resource" not in targets:
        return f"{code}({'|'.join(targets)})"
    return code
