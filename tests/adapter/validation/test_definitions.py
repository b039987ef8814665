"""How the facts are made from FHIR packages, and that the files in the repository are what they would be made into."""

import json
import os
import pathlib
from typing import Any

import pytest

from adapter import packaging
from adapter.validation import definitions, facts
from adapter.validation.definitions import CODES, PACKAGES, R4, compile_definitions, compiled_from, excerpt, render
from adapter.validation.differentials import compact_all
from adapter.validation.packages import Package, read
from mappings.fhir import wire

SD = "http://hl7.org/fhir/StructureDefinition/"
HERE = pathlib.Path(facts.__file__).parent
FILES = (facts.FILE, facts.PROFILES, facts.TERMINOLOGY)


def element(path: str, low: int, high: str, *kinds: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "path": path,
        "min": low,
        "max": high,
        "base": {"path": path},
        "type": list(kinds),
        "definition": "Prose.",
        **more,
    }


def structure(name: str, kind: str, base: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    rules = [
        {"key": "dom-2", "severity": "error", "human": "Prose.", "expression": "true", "source": SD + "DomainResource"},
        {"key": "thg-1", "severity": "warning", "human": "Prose.", "expression": "status.exists()", "xpath": "f:x"},
    ]
    found = [{"path": name, "min": 0, "max": "*", "base": {"path": name}, "constraint": rules}, *elements]
    return {
        "resourceType": "StructureDefinition", "url": SD + name, "type": name, "kind": kind, "abstract": False,
        "derivation": "specialization", "baseDefinition": SD + base, "snapshot": {"element": found}, **more,
    }  # fmt: skip


def required(name: str) -> dict[str, str]:
    return {"strength": "required", "valueSet": f"http://hl7.org/fhir/ValueSet/{name}|4.0.1"}


@pytest.fixture
def core() -> Package:
    """A package of a type with everything that the facts say, a profile on it, and the codes of both."""
    quantity = {"code": "Quantity", "profile": [SD + "SimpleQuantity"]}
    reference = {"code": "Reference", "targetProfile": [SD + "Patient", SD + "Group"]}
    own = {"key": "thg-2", "severity": "error", "human": "Prose.", "expression": "size > 1"}
    everywhere = {"key": "ele-1", "severity": "error", "human": "Prose.", "expression": "x", "source": SD + "Element"}
    widest = {"url": SD + "elementdefinition-maxValueSet", "valueCanonical": "http://hl7.org/fhir/ValueSet/all-units"}
    unit = {"strength": "preferred", "valueSet": "http://unitsofmeasure.org/vs", "extension": [widest]}
    thing = structure(
        "Thing", "resource", "",
        {**element("Thing.id", 0, "1"), "base": {"path": "Resource.id"}},
        element("Thing.status", 1, "1", {"code": "code"}, binding=required("thing-status"), constraint=[everywhere]),
        element("Thing.media", 0, "1", {"code": "code"}, binding=required("mimetypes")),
        element("Thing.unit", 0, "1", {"code": "code"}, binding=unit),
        element("Thing.subject", 0, "1", reference),
        element("Thing.focus", 0, "*", {"code": "Reference", "targetProfile": [SD + "Resource"]}),
        element("Thing.value[x]", 0, "1", quantity, {"code": "string"}, constraint=[own]),
        element("Thing.part", 0, "*", {"code": "BackboneElement"}, constraint=[everywhere, own]),
        element("Thing.part.size", 0, "1", {"code": "decimal"}),
        element("Thing.part.part", 0, "*", contentReference="#Thing.part"),
    )  # fmt: skip
    del thing["snapshot"]["element"][-1]["type"]
    profile = structure("Thing", "resource", "Thing", derivation="constraint", url=SD + "small-thing", version="4.0.1")
    del profile["snapshot"]["element"][0]["constraint"][0]
    profile["snapshot"]["element"].append(element("Thing.status", 1, "1", {"code": "code"}, fixedCode="a"))
    status = {
        "resourceType": "CodeSystem",
        "url": "http://hl7.org/fhir/thing-status",
        "content": "complete",
        "concept": [{"code": "a", "display": "Prose", "concept": [{"code": "b"}]}],
    }
    statuses = {
        "resourceType": "ValueSet",
        "url": "http://hl7.org/fhir/ValueSet/thing-status",
        "compose": {"include": [{"system": "http://hl7.org/fhir/thing-status"}]},
    }
    element_type = structure("BackboneElement", "complex-type", "")
    element_type["snapshot"]["element"][0]["constraint"] = []
    return Package(artefacts=(thing, element_type, profile, status, statuses), digest="d1")


def test_facts_are_made_without_prose(core: Package) -> None:
    made = compile_definitions(core, [])
    assert made["definitions.json"] == {
        "format": 2,
        "fhirVersion": "4.0.1",
        "sources": {"hl7.fhir.r4.core-4.0.1": "d1"},
        "compiler": definitions.compiler(),
        "resources": ["Thing"],
        "types": {
            "BackboneElement": ["", {}, ""],
            "Thing": [
                "",
                {
                    "status": "1..1 code = thing-status",
                    "media": "0..1 code = mimetypes",
                    "unit": "0..1 code < all-units preferred vs",
                    "subject": "0..1 Reference(Patient|Group)",
                    "focus": "0..* Reference",
                    "value[x]": "0..1 SimpleQuantity,string",
                    "part": "0..* Thing.part",
                },
                "thg-1",
            ],
            "Thing.part": ["BackboneElement", {"size": "0..1 decimal", "part": "0..* Thing.part"}, "thg-2"],
        },
        "constraints": {"thg-1": ["status.exists()", "warning"], "thg-2": ["size > 1", "error"]},
        "elementConstraints": {"Thing.value[x]": "thg-2"},
        "typeBindings": {},
        "valueSets": {"vs": "http://unitsofmeasure.org/vs"},
    }
    assert made["profiles.json"]["profiles"] == {
        SD + "small-thing": {
            "version": "4.0.1",
            "type": "Thing",
            "base": SD + "Thing",
            "elements": [["Thing.status", {"fixed": {"kind": "code", "value": "a"}}]],
        }
    }
    assert "Prose" not in json.dumps(made)


def test_of_two_packages_with_one_canonical_the_first_wins(core: Package) -> None:
    profile = core.artefacts[2]
    newer = Package(artefacts=({**profile, "version": "9"},), digest="d2")
    made = compile_definitions(core, [("newer", newer)])
    assert made["profiles.json"]["profiles"][SD + "small-thing"]["version"] == "9"
    assert made["profiles.json"]["sources"] == {"newer": "d2", "hl7.fhir.r4.core-4.0.1": "d1"}


def test_an_excerpt_of_codes_does_not_say_that_others_are_wrong(core: Package) -> None:
    assert [each.get("content") for each in excerpt(core).artefacts] == [None, None, None, "fragment", None]


def test_the_file_written_reads_back_as_what_was_made(core: Package) -> None:
    for content in compile_definitions(core, []).values():
        assert json.loads(render(content)) == content
        assert max(len(line) for line in render(content).splitlines()) < 400


@pytest.mark.parametrize("name", [*FILES, facts.OWN])
def test_a_file_in_the_package_is_as_it_is_rendered(name: str) -> None:
    data = (HERE / name).read_bytes()
    assert render(wire.loads(data)) == data


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_made_by_the_compiler_as_it_stands(name: str) -> None:
    said = json.loads((HERE / name).read_bytes())
    assert said["compiler"] == definitions.compiler(), "run `make definitions`"
    assert list(said["sources"]) == [*PACKAGES, CODES, R4], "run `make definitions`"


def test_the_facts_of_our_own_package_are_those_of_its_files() -> None:
    assert (HERE / facts.OWN).read_bytes() == packaging.own_facts(), "run `python -m adapter.packaging`"


def test_the_packages_are_those_that_the_facts_were_made_from(shared: pathlib.Path) -> None:
    sources = json.loads((HERE / facts.FILE).read_bytes())["sources"]
    packages = {name: read(shared / "fhir-packages" / f"{name}.tgz") for name in PACKAGES}
    packages[CODES] = read(shared / "reference" / "codes")
    assert {name: package.digest for name, package in packages.items()} == {
        name: digest for name, digest in sources.items() if name != R4
    }
    made = compact_all(each for package in packages.values() for each in package.artefacts)
    held = wire.loads((HERE / facts.PROFILES).read_bytes())["profiles"]
    assert len(made) == 213
    assert made == {url: held[url] for url in made}


def test_the_files_are_what_the_packages_make(shared: pathlib.Path) -> None:
    """R4 itself is large: it is compiled anew only where SECOND_OPINION_R4 says where it is."""
    core = os.environ.get("SECOND_OPINION_R4")
    if not core:
        pytest.skip("SECOND_OPINION_R4 names no hl7.fhir.r4.core")
    made = compiled_from(pathlib.Path(core), shared / "fhir-packages", shared / "reference" / "codes")
    stale = [name for name, content in made.items() if (HERE / name).read_bytes() != render(content)]
    assert stale == [], "run `make definitions`"


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["no/such/folder", ".", "."]])
def test_without_sources_nothing_is_written(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert definitions.main(arguments) == 2
    said = "usage: python -m adapter.validation.definitions R4_PACKAGE FOLDER_OF_PACKAGES CODES\n"
    assert capsys.readouterr().err == said
