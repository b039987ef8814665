"""From FHIR packages to the facts that validation needs, and no prose: `make definitions`.

definitions.json holds the base types of R4, profiles.json the profiles and extensions of R4 and of the packages that
we build on or claim, terminology.json their code systems and value sets, and the value sets of CDC and VSAC that
US Core binds to but does not ship. The bytes depend on the sources alone. Never used at run time.
"""

import hashlib
import json
import pathlib
import sys
from collections.abc import Iterable
from typing import Any

from adapter.validation import facts
from adapter.validation.definitions_types import Types, is_base
from adapter.validation.differentials import compact_all
from adapter.validation.facts import FILE, FORMAT, PROFILES, TERMINOLOGY
from adapter.validation.packages import Package, read
from adapter.validation.terminology_compiler import compile_terminology
from mappings.fhir.wire import dumps

Node = dict[str, Any]

FHIR_VERSION = "4.0.1"
R4 = f"hl7.fhir.r4.core-{FHIR_VERSION}"
PACKAGES = (
    "hl7.terminology.r4-7.0.0",
    "hl7.fhir.us.core-6.1.0",
    "hl7.fhir.us.mcode-4.0.0",
    "hl7.fhir.uv.genomics-reporting-2.0.0",
    "ihe.iti.balp-1.1.4",
    "ihe.iti.pcf-1.1.0",
    "hl7.fhir.us.consent-management-1.0.0-ballot",
    "hl7.fhir.uv.cow-1.0.0-ballot",
    "hl7.fhir.us.bser-2.0.0-ballot",
    "hl7.fhir.uv.subscriptions-backport.r4-1.1.0",
    "support.ext.r4-0.1.0",
)
"""Where two hold the same canonical, the first wins; R4 itself comes last."""
CODES = "codes"
"""The folder of the value sets that no package ships; of its code systems it has some codes only."""
_LONGEST = 2000  # codes; a longer listing, such as all of SNOMED's free set, is for a terminology server
COMPILER = ("definitions.py", "definitions_types.py", "differentials.py", "terminology_compiler.py")


def compile_definitions(core: Package, packages: Iterable[tuple[str, Package]]) -> dict[str, Node]:
    """What each file holds (plain JSON, sorted), by file name.

    Args:
        core: hl7.fhir.r4.core 4.0.1.
        packages: name and content; the first that holds a canonical wins.
    """
    named = [*packages, (R4, core)]
    head = {"format": FORMAT, "fhirVersion": FHIR_VERSION}
    structures = (each for each in core.artefacts if each["resourceType"] == "StructureDefinition")
    types = Types(each for each in structures if is_base(each)).facts()
    artefacts = [each for _, package in named for each in package.artefacts]
    made = {"sources": {name: package.digest for name, package in named}, "compiler": compiler()}
    profiles = compact_all(artefacts, facts.reader({**head, **types}))
    return {
        FILE: {**head, **made, **types},
        PROFILES: {**made, "profiles": profiles},
        TERMINOLOGY: {**made, "terminology": compile_terminology(artefacts, longest=_LONGEST)},
    }


def compiler() -> str:
    """The sha256 over the modules that make the facts: other modules, perhaps other facts."""
    folder = pathlib.Path(__file__).parent
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in COMPILER)).hexdigest()


def excerpt(codes: Package) -> Package:
    """The same with every code system as a fragment: a code that is not there may exist."""
    return Package(artefacts=tuple(_fragment(each) for each in codes.artefacts), digest=codes.digest)


def _fragment(artefact: Node) -> Node:
    return {**artefact, "content": "fragment"} if artefact["resourceType"] == "CodeSystem" else artefact


def render(content: Node) -> bytes:
    """Write a file of facts: one line a type, profile, code system or value set: a change reads as one."""
    return b"{\n" + b",\n".join(_member(name, value, "") for name, value in content.items()) + b"\n}\n"


def _member(name: str, value: Any, indent: str) -> bytes:
    key = indent.encode() + json.dumps(name).encode() + b": "
    if not isinstance(value, dict) or (indent and name not in ("codeSystems", "valueSets")):
        return key + dumps(value)
    if not value:
        return key + b"{}"
    inner = b",\n".join(_member(each, said, indent + " ") for each, said in value.items())
    return key + b"{\n" + inner + b"\n" + indent.encode() + b"}"


def main(arguments: list[str]) -> int:
    """Write the facts anew from the R4 package, the folder of the others and that of codes; 0 done, 2 usage."""
    if len(arguments) != 3 or not all(pathlib.Path(each).exists() for each in arguments):
        sys.stderr.write("usage: python -m adapter.validation.definitions R4_PACKAGE FOLDER_OF_PACKAGES CODES\n")
        return 2
    core, folder, codes = map(pathlib.Path, arguments)
    for name, content in compiled_from(core, folder, codes).items():
        pathlib.Path(__file__).with_name(name).write_bytes(render(content))
    return 0


def compiled_from(core: pathlib.Path, folder: pathlib.Path, codes: pathlib.Path) -> dict[str, Node]:
    """What each file holds, from the R4 package, the folder of `PACKAGES` as .tgz, and the folder of codes."""
    packages = [(name, read(folder / f"{name}.tgz")) for name in PACKAGES]
    return compile_definitions(read(core), [*packages, (CODES, excerpt(read(codes)))])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
