"""How the facts are made from the base definitions, and how they are read."""

import json
import pathlib
from typing import Any

import pytest

from adapter.validation import definitions, facts
from adapter.validation.definitions import compile_definitions, render

SD = "http://hl7.org/fhir/StructureDefinition/"


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
    found = [{"path": name, "min": 0, "max": "*", "base": {"path": name}}, *elements]
    return {
        "resourceType": "StructureDefinition", "type": name, "kind": kind, "abstract": False,
        "derivation": "specialization", "baseDefinition": SD + base, "snapshot": {"element": found}, **more,
    }  # fmt: skip


def required(name: str) -> dict[str, str]:
    return {"strength": "required", "valueSet": f"http://hl7.org/fhir/ValueSet/{name}|4.0.1"}


@pytest.fixture
def source(tmp_path: pathlib.Path) -> pathlib.Path:
    """A package of two types: one with everything that the facts say, one profile that is none of them."""
    quantity = {"code": "Quantity", "profile": [SD + "SimpleQuantity"]}
    reference = {"code": "Reference", "targetProfile": [SD + "Patient", SD + "Group"]}
    thing = structure(
        "Thing", "resource", "DomainResource",
        {**element("Thing.id", 0, "1"), "base": {"path": "Resource.id"}},
        element("Thing.status", 1, "1", {"code": "code"}, binding=required("thing-status")),
        element("Thing.media", 0, "1", {"code": "code"}, binding=required("mimetypes")),
        element("Thing.subject", 0, "1", reference),
        element("Thing.focus", 0, "*", {"code": "Reference", "targetProfile": [SD + "Resource"]}),
        element("Thing.value[x]", 0, "1", quantity, {"code": "string"}),
        element("Thing.part", 0, "*", {"code": "BackboneElement"}),
        element("Thing.part.size", 0, "1", {"code": "decimal"}),
        element("Thing.part.part", 0, "*", contentReference="#Thing.part"),
    )  # fmt: skip
    del thing["snapshot"]["element"][-1]["type"]
    status = {"concept": [{"code": "a", "concept": [{"code": "b"}]}], "url": "http://hl7.org/fhir/thing-status"}
    files: dict[str, Any] = {
        "StructureDefinition-Thing": thing,
        "StructureDefinition-profile": {**thing, "derivation": "constraint", "type": "Other"},
        "CodeSystem-thing-status": status,
        "ValueSet-thing-status": {
            "url": "http://hl7.org/fhir/ValueSet/thing-status",
            "compose": {"include": [{"system": "http://hl7.org/fhir/thing-status"}]},
        },
        "ValueSet-mimetypes": {
            "url": "http://hl7.org/fhir/ValueSet/mimetypes",
            "compose": {"include": [{"system": "urn:ietf:bcp:13"}]},
        },
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    return tmp_path


def test_facts_are_made_without_prose_and_without_profiles(source: pathlib.Path) -> None:
    assert compile_definitions(source) == {
        "format": 1,
        "fhirVersion": "4.0.1",
        "source": "hl7.fhir.r4.core 4.0.1",
        "resources": ["Thing"],
        "types": {
            "Thing": [
                "DomainResource",
                {
                    "status": "1..1 code = thing-status",
                    "media": "0..1 code = mimetypes",
                    "subject": "0..1 Reference(Patient|Group)",
                    "focus": "0..* Reference",
                    "value[x]": "0..1 SimpleQuantity,string",
                    "part": "0..* Thing.part",
                },
            ],
            "Thing.part": ["BackboneElement", {"size": "0..1 decimal", "part": "0..* Thing.part"}],
        },
        "codes": {"thing-status": {"http://hl7.org/fhir/thing-status": ["a", "b"]}},
        "openBindings": ["mimetypes"],
    }


def test_the_file_written_reads_back_as_what_was_made(source: pathlib.Path) -> None:
    made = compile_definitions(source)
    text = render(made)
    assert json.loads(text) == made
    assert max(len(line) for line in text.splitlines()) < 400


def test_the_file_in_the_package_is_as_it_is_rendered() -> None:
    text = pathlib.Path(facts.__file__).with_name(facts.FILE).read_text("utf-8")
    assert render(json.loads(text)) == text


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["no/such/folder"]])
def test_without_a_source_folder_nothing_is_written(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert definitions.main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m adapter.validation.definitions SOURCE_FOLDER\n"


def test_an_element_is_read_with_all_it_says() -> None:
    elements = facts.type_facts("Observation").elements
    assert elements["status"].binding == "observation-status"
    assert elements["subject"].targets == {"Patient", "Group", "Device", "Location"}
    assert (elements["valueQuantity"].step, elements["valueQuantity"].group) == ("value.ofType(Quantity)", "value[x]")
    assert (elements["component"].kind, elements["component"].max) == ("Observation.component", None)
    assert elements["contained"].kind == "Resource"
    assert elements["id"].kind == "id"
    assert facts.type_facts("MedicationRequest").required["medication[x]"][0].name == "medicationCodeableConcept"
