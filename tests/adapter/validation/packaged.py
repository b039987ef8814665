"""Packages made in a test, and resources judged by what they hold."""

import json
import pathlib
from typing import Any

from adapter.validation import facts
from adapter.validation.facts import Definitions
from mappings.fhir.wire import Json
from mappings.problems import Problem

U = "http://example.net/fhir/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"


def structure(name: str, of: str, *elements: Json, base: str = "", **more: Any) -> Json:
    """A profile by its differential."""
    return {
        "resourceType": "StructureDefinition", "url": U + name, "fhirVersion": "4.0.1", "kind": "resource",
        "type": of, "derivation": "constraint", "baseDefinition": base or R4 + of,
        "differential": {"element": [{"path": of}, *elements]}, **more,
    }  # fmt: skip


def held(folder: pathlib.Path, *artefacts: Json) -> Definitions:
    """The built-in definitions with a package of artefacts over them."""
    for number, each in enumerate(artefacts):
        (folder / f"{number}.json").write_text(json.dumps(each), encoding="utf-8")
    return facts.definitions().with_package(folder)


def rules(found: list[Problem]) -> list[tuple[str, str | None, str]]:
    """Severity, rule and place of each."""
    return [(p.severity, p.rule, p.where) for p in found]
