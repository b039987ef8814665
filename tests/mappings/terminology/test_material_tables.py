"""Every external code of the material and report side is a verified one, with the display found there."""

import csv
import json
import pathlib
import tarfile

import pytest

from mappings.identity import CANONICAL
from mappings.terminology.tables import table

SCT = "http://snomed.info/sct"
OWN_SYSTEM = {
    "report-code": "report-kind",
    "finding-code": "finding-kind",
    "concordance-original": "concordance-component",
    "concordance-review": "concordance-component",
    "observation-code": "observation-code",
}
TABLES = (
    "absent-reason",
    "block-remaining",
    "concordance-component",
    "concordance-degree",
    "concordance-impact",
    "concordance-original",
    "concordance-review",
    "finding-category",
    "finding-code",
    "finding-kind",
    "formalin",
    "interpretation",
    "modality",
    "observation-code",
    "radiology-section",
    "report-category",
    "report-code",
    "report-kind",
    "report-role",
    "report-section",
    "slide-kind",
    "specimen-container",
    "specimen-type",
)


def verified(shared: pathlib.Path) -> list[dict[str, str]]:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as lines:
        return [line for line in csv.DictReader(lines, delimiter="\t") if line["verified"] == "yes"]


@pytest.mark.parametrize("name", TABLES)
def test_external_codes_are_verified(name: str, shared: pathlib.Path) -> None:
    known = {(line["system"], line["code"]): line["display"] for line in verified(shared)}
    rows = [row for row in table(name).rows if not row.system.startswith(CANONICAL)]
    assert {(row.system, row.code) for row in rows} - set(known) == set()
    assert [row.code for row in rows if row.display and row.display != known[row.system, row.code]] == []
    assert [row.code for row in rows if not row.display and row.system != SCT] == []


@pytest.mark.parametrize("name", [*TABLES, "laterality"])
def test_codes_of_ours_have_a_display_and_a_definition(name: str) -> None:
    ours = [row for row in table(name).rows if row.system.startswith(CANONICAL)]
    assert [row.code for row in ours if not (row.display and row.definition)] == []
    systems = {row.system.partition(f"{CANONICAL}/CodeSystem/")[2] for row in ours}
    assert systems <= {OWN_SYSTEM.get(name, name)}


def test_a_code_of_ours_says_the_same_in_every_table() -> None:
    rows = [row for name in TABLES for row in table(name).rows if row.system.startswith(CANONICAL)]
    said = {(row.system, row.code, row.display, row.definition) for row in rows}
    assert len(said) == len({(row.system, row.code) for row in rows})


def test_snomed_displays_are_of_the_free_set(shared: pathlib.Path) -> None:
    free = {line["code"] for line in verified(shared) if "GPS" in line["source"]}
    shown = {row.code for name in TABLES for row in table(name).rows if row.system == SCT and row.display}
    assert len(shown) >= 6
    assert shown - free == set()


def test_sides_are_those_of_mcode(shared: pathlib.Path) -> None:
    with tarfile.open(shared / "fhir-packages" / "hl7.fhir.us.mcode-4.0.0.tgz") as package:
        found = package.extractfile("package/ValueSet-mcode-laterality-qualifier-vs.json")
        assert found is not None
        concepts = json.load(found)["compose"]["include"][0]["concept"]
    said = {concept["display"]: concept["code"] for concept in concepts}
    written = {row.value: row.code for row in table("laterality").rows if row.system == SCT}
    assert written == {
        "left": said["Left (qualifier value)"],
        "right": said["Right (qualifier value)"],
        "bilateral": said["Right and left (qualifier value)"],
    }
