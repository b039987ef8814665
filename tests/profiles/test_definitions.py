"""The profiles are well formed: ids, paths, bases, value sets, extensions, verified codes."""

import csv
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from adapter.validation import validate_resource
from mappings.identity import CANONICAL
from tests.profiles.constraints import FOLDER, Element, profiles
from tests.test_profiles import ELSEWHERE

R4 = "http://hl7.org/fhir/StructureDefinition/"
BASES = (R4, "http://hl7.org/fhir/us/core/StructureDefinition/", "http://hl7.org/fhir/us/mcode/StructureDefinition/")
NAMES = (
    "abort",
    "access-request",
    "case-collection",
    "case-contents",
    "case-document",
    "concordance",
    "consent-fast",
    "consent-pcf",
    "custody",
    "denial-review",
    "disclosure",
    "document",
    "imaging-study",
    "material",
    "notice",
    "original-report",
    "patient",
    "primary-cancer",
    "release",
    "request",
    "review-report",
    "secondary-cancer",
    "specimen-release",
    "task",
)
R4_EXTENSIONS = {f"{R4}diagnosticReport-extends", f"{R4}diagnosticReport-addendumOf"}


def elements() -> Iterator[tuple[str, Element]]:
    for profile in profiles().values():
        yield from ((profile["type"], element) for element in profile["differential"]["element"])


def codings(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "system" in value and "code" in value:
            yield value["system"], value["code"]
        for each in value.values():
            yield from codings(each)
    elif isinstance(value, list):
        for each in value:
            yield from codings(each)


def test_these_are_the_profiles() -> None:
    assert tuple(profiles()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_head_of_a_profile(name: str) -> None:
    profile = profiles()[name]
    assert profile["url"] == f"{CANONICAL}/StructureDefinition/second-opinion-{name}"
    assert (profile["status"], profile["experimental"], profile["fhirVersion"]) == ("active", True, "4.0.1")
    assert (profile["kind"], profile["abstract"], profile["derivation"]) == ("resource", False, "constraint")
    assert profile["publisher"] == "The second-opinion-adapter authors"
    assert profile["baseDefinition"].startswith(BASES)
    assert profile["description"].endswith(".")
    first = profile["differential"]["element"][0]
    assert (first["id"], first["path"]) == (profile["type"], profile["type"])


def test_ids_are_paths_with_the_slices_in_them() -> None:
    for kind, element in elements():
        steps = element["id"].split(".")
        assert steps[0] == kind
        assert element["path"] == ".".join(step.partition(":")[0] for step in steps)
        assert element.get("sliceName", "") == steps[-1].partition(":")[2]


def test_no_element_stands_twice() -> None:
    for profile in profiles().values():
        ids = [element["id"] for element in profile["differential"]["element"]]
        assert len(ids) == len(set(ids))


def test_every_line_says_something() -> None:
    idle = [
        element["id"] for _, element in elements() if set(element) <= {"id", "path", "sliceName", "short", "definition"}
    ]
    assert [each for each in idle if "." in each] == []


def test_bindings_are_to_value_sets_of_the_package() -> None:
    bound = [element["binding"] for _, element in elements() if "binding" in element]
    assert len(bound) > 25
    assert {each["strength"] for each in bound} == {"required"}
    present = {json.loads(path.read_bytes())["url"] for path in FOLDER.glob("ValueSet-*.json")}
    assert {each["valueSet"] for each in bound} - present == set()


def test_extensions_are_of_the_package_or_of_r4() -> None:
    types = [each for _, element in elements() for each in element.get("type", ()) if each["code"] == "Extension"]
    used = {url for each in types for url in each.get("profile", ())}
    present = {json.loads(path.read_bytes())["url"] for path in FOLDER.glob("StructureDefinition-*.json")}
    assert len(used) > 8
    assert used - present == R4_EXTENSIONS


def test_targets_are_of_the_package_or_its_dependencies() -> None:
    types = [each for _, element in elements() for each in element.get("type", ())]
    urls = {url for each in types for url in (*each.get("targetProfile", ()), *each.get("profile", ()))}
    own = {profile["url"] for profile in profiles().values()}
    assert [url for url in urls if url.startswith(f"{CANONICAL}/StructureDefinition/second-opinion-")]
    assert [url for url in urls if not url.startswith((*BASES, f"{CANONICAL}/")) and url not in own] == []


def test_the_package_depends_on_what_the_profiles_rest_on() -> None:
    assert json.loads((FOLDER / "package.json").read_bytes())["dependencies"] == {
        "hl7.fhir.r4.core": "4.0.1",
        "hl7.fhir.us.core": "6.1.0",
        "hl7.fhir.us.mcode": "4.0.0",
    }


def test_invariants_speak_of_codes_and_extensions_there_are() -> None:
    said = " ".join(each["expression"] for _, element in elements() for each in element.get("constraint", ()))
    named = set(re.findall(rf"'({re.escape(CANONICAL)}/(?:CodeSystem|StructureDefinition)/[a-z-]+)'", said))
    assert len(named) >= 8
    paths = (*FOLDER.glob("CodeSystem-*.json"), *FOLDER.glob("StructureDefinition-*.json"))
    assert named - {json.loads(path.read_bytes())["url"] for path in paths} == set()


def test_fixed_codes_are_of_the_package_or_verified(shared: pathlib.Path) -> None:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [line for line in csv.DictReader(lines, delimiter="\t") if line["verified"] == "yes"]
    known = {(row["system"], row["code"]) for row in rows} | set(ELSEWHERE)
    for path in FOLDER.glob("CodeSystem-*.json"):
        read = json.loads(path.read_bytes())
        known |= {(read["url"], concept["code"]) for concept in read["concept"]}
    fixed = {each for _, element in elements() for each in codings(element)}
    assert len(fixed) > 20
    assert fixed - known == set()


@pytest.mark.parametrize("kind", ["primary", "secondary"])
def test_a_cancer_may_have_a_clinical_and_a_pathological_stage_and_several_sites(kind: str) -> None:
    cancer = json.loads((FOLDER / "examples" / f"Condition-{kind}-cancer.json").read_bytes())
    cancer["stage"] = [{"summary": {"text": "cT2 N0 M0"}}, {"summary": {"text": "pT3 N1 M0"}}]
    cancer["bodySite"] = [*cancer.get("bodySite", ()), {"text": "left lung"}, {"text": "right lung"}]
    assert [found for found in validate_resource(cancer) if found.stops] == []
