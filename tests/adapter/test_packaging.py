"""What the generator of the FHIR package makes, keeps and removes, and the facts that follow it."""

import json
import pathlib

import pytest

from adapter import packaging
from adapter.validation import facts
from mappings.fhir import wire
from mappings.identity import CANONICAL

BASE = f"{CANONICAL}/StructureDefinition"


def definition(name: str, kind: str) -> bytes:
    return json.dumps(
        {
            "resourceType": "StructureDefinition",
            "id": name,
            "url": f"{BASE}/{name}",
            "version": "0.1.0",
            "kind": "complex-type" if kind == "Extension" else "resource",
            "type": kind,
            "derivation": "constraint",
            "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{kind}",
            "description": "Prose.",
            "differential": {"element": [{"id": f"{kind}.id", "path": f"{kind}.id", "min": 1}]},
        }
    ).encode()


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "package.json").write_bytes((packaging.FOLDER / "package.json").read_bytes())
    packaging.write(tmp_path)
    return tmp_path


def test_profiles_made_by_hand_are_kept_and_are_among_the_facts(folder: pathlib.Path) -> None:
    (folder / "StructureDefinition-by-hand.json").write_bytes(definition("by-hand", "Patient"))
    assert packaging.stale(folder) == ["own.json"]
    assert packaging.write(folder) == ["own.json"]
    assert packaging.stale(folder) == []
    said = wire.read_object((folder / "own.json").read_bytes())
    assert said["profiles"][f"{BASE}/by-hand"] == {
        "version": "0.1.0",
        "type": "Patient",
        "base": "http://hl7.org/fhir/StructureDefinition/Patient",
        "elements": [["Patient.id", {"min": 1}]],
    }
    assert "Prose" not in (folder / "own.json").read_text("utf-8")


def test_an_extension_that_no_mapper_writes_is_removed(folder: pathlib.Path) -> None:
    (folder / "StructureDefinition-of-before.json").write_bytes(definition("of-before", "Extension"))
    assert packaging.write(folder) == ["StructureDefinition-of-before.json"]
    assert not (folder / "StructureDefinition-of-before.json").exists()


def test_the_facts_hold_every_code_system_and_value_set_of_ours(folder: pathlib.Path) -> None:
    said = wire.read_object((folder / "own.json").read_bytes())["terminology"]
    for kind, key in (("CodeSystem", "codeSystems"), ("ValueSet", "valueSets")):
        urls = {json.loads(path.read_bytes())["url"] for path in folder.glob(f"{kind}-*.json")}
        assert len(urls) > 60
        assert set(said[key]) == urls


def test_the_facts_in_the_product_are_read_as_ours() -> None:
    names = {path.stem.removeprefix("StructureDefinition-") for path in packaging.FOLDER.glob("StructureDefinition-*")}
    held = {url for url in facts.definitions().profiles() if url.startswith(CANONICAL)}
    assert held == {f"{BASE}/{name}" for name in names}
