"""The FHIR package is what tables and mappers make, and it holds no code that is unknown."""

import csv
import json
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from adapter import packaging
from mappings.fhir.extensions import EXTENSIONS
from mappings.identity import CANONICAL
from mappings.terminology.artefacts import about, described, is_word_list, own_codes, terminology
from mappings.terminology.tables import Row, Table, table, table_names

FOLDER = packaging.FOLDER
ROOT = FOLDER.parent
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem/"
SUBSCRIBERS = ("self", "spouse", "child", "parent", "other", "common", "injured")
ELSEWHERE = {
    # required or preferred by FHIR R4 itself (hl7.fhir.r4.core, hl7.terminology.r4)
    **dict.fromkeys(
        (
            (f"{HL7}condition-clinical", code)
            for code in ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
        ),
        "required binding of Condition.clinicalStatus",
    ),
    **dict.fromkeys(
        ((f"{HL7}subscriber-relationship", code) for code in SUBSCRIBERS),
        "binding of Coverage.relationship",
    ),
    (f"{HL7}coverage-class", "plan"): "binding of Coverage.class.type",
    (f"{HL7}restful-security-service", "SMART-on-FHIR"): "binding of CapabilityStatement.rest.security.service",
    **dict.fromkeys(
        ((f"{HL7}endpoint-connection-type", f"dicom-{code}-rs") for code in ("wado", "qido", "stow")),
        "binding of Endpoint.connectionType",
    ),
    (f"{HL7}endpoint-connection-type", "hl7-fhir-rest"): "binding of Endpoint.connectionType",
    (f"{HL7}endpoint-payload-type", "any"): "binding of Endpoint.payloadType",
    **dict.fromkeys(
        ((f"{HL7}organization-type", code) for code in ("prov", "pay", "ins", "other")), "binding of Organization.type"
    ),
    ("http://dicom.nema.org/resources/ontology/DCM", "110150"): "pattern of agent client, BALP 1.1.4 AuthZconsent",
    (f"{HL7}v3-RoleClass", "PROV"): "pattern of agent userorg, BALP 1.1.4 AuthZconsent",
    (f"{HL7}extra-security-role-type", "authserver"): "pattern of agent authorizer, BALP 1.1.4 AuthZconsent",
    ("http://hl7.org/fhir/resource-types", "Consent"): "pattern of entity consent, BALP 1.1.4 AuthZconsent",
    (f"{HL7}v3-NullFlavor", "UNK"): "required binding of DocumentReference.type in US Core 6.1.0",
    (SNOMED, "51440002"): "binding of ImagingStudy.series.laterality; GPS",
    (SNOMED, "7771000"): "mCODE 4.0.0 laterality qualifier; GPS",
    (SNOMED, "24028007"): "mCODE 4.0.0 laterality qualifier; GPS",
    (SNOMED, "372087000"): "category of the primary cancer in mCODE's examples; only read",
    (SNOMED, "128462008"): "category of the secondary cancer in mCODE's examples; GPS; only read",
}
"""Codes that are in a published package but not on the verified list, and where they are from."""


def artefact(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return read


def all_rows() -> list[tuple[str, Row]]:
    return [(name, row) for name in table_names() for row in table(name).rows]


@pytest.fixture(scope="session")
def verified(shared: pathlib.Path) -> list[dict[str, str]]:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as lines:
        return [line for line in csv.DictReader(lines, delimiter="\t") if line["verified"] == "yes"]


def test_the_package_is_what_tables_and_mappers_make() -> None:
    assert packaging.stale() == [], "run `python -m adapter.packaging`"


def test_the_canonical_base_is_one() -> None:
    package = json.loads((FOLDER / "package.json").read_bytes())
    assert package["canonical"] == CANONICAL
    assert package["fhirVersions"] == ["4.0.1"]


def test_stale_names_what_changed_is_missing_or_left_over(tmp_path: pathlib.Path) -> None:
    (tmp_path / "package.json").write_bytes((FOLDER / "package.json").read_bytes())
    packaging.write(tmp_path)
    assert packaging.stale(tmp_path) == []
    (tmp_path / "ValueSet-modality.json").write_text("{}")
    (tmp_path / "CodeSystem-slide-kind.json").unlink()
    (tmp_path / "ConceptMap-of-before.json").write_text("{}")
    (tmp_path / "README.md").write_text("kept")
    three = ["CodeSystem-slide-kind.json", "ConceptMap-of-before.json", "ValueSet-modality.json"]
    assert packaging.stale(tmp_path) == three
    assert packaging.write(tmp_path) == three
    assert packaging.stale(tmp_path) == []
    assert (tmp_path / "README.md").read_text() == "kept"


def test_main_refuses_words_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert packaging.main(["--chek"]) == 2
    assert capsys.readouterr().err == "usage: python -m adapter.packaging [--check]\n"


def test_every_file_is_named_by_its_type_and_id() -> None:
    for path in FOLDER.glob("*-*.json"):
        read = json.loads(path.read_bytes())
        assert path.name == f"{read['resourceType']}-{read['id']}.json"
        assert read["url"] == f"{CANONICAL}/{read['resourceType']}/{read['id']}"
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", read["id"])
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]{0,254}", read["name"])
        assert ("date" in read) == (read["resourceType"] == "CapabilityStatement"), "R4 asks one of these for a date"


def test_a_code_system_of_ours() -> None:
    made = artefact("CodeSystem-concordance-degree")
    assert made["version"] == "0.1.0"
    assert (made["status"], made["experimental"]) == ("active", True)
    assert (made["caseSensitive"], made["content"], made["count"]) == (True, "complete", 4)
    assert made["concept"][2] == {
        "code": "major",
        "display": "Major discordance",
        "definition": "The review differs with consequence for treatment or prognosis.",
    }


def test_a_value_set_of_several_systems() -> None:
    made = artefact("ValueSet-specimen-type")
    snomed, ours = made["compose"]["include"]
    assert snomed["system"] == SNOMED
    assert ours["system"] == f"{CANONICAL}/CodeSystem/specimen-type"
    assert {"code": "1179252003"} in snomed["concept"]
    assert {"code": "258661006", "display": "Slide (specimen)"} in snomed["concept"]
    assert "Global Patient Set (GPS)" in made["copyright"]


def test_a_concept_map_says_how_much_is_lost() -> None:
    made = artefact("ConceptMap-request-priority")
    (group,) = made["group"]
    assert group["source"] == f"{CANONICAL}/CodeSystem/domain-request-priority"
    assert group["target"] == "http://hl7.org/fhir/request-priority"
    assert group["element"][1] == {
        "code": "urgent",
        "target": [
            {"code": "urgent", "display": "Urgent", "equivalence": "equivalent"},
            {
                "code": "asap",
                "display": "ASAP",
                "equivalence": "inexact",
                "comment": "Read as this word, never written for it.",
            },
        ],
    }
    assert artefact("ConceptMap-document-type")["group"][0]["element"][0]["target"][0] == {
        "code": "57149-7",
        "display": "Oncology Referral note",
        "equivalence": "inexact",
        "comment": "Written as the nearest code there is.",
    }


def test_words_that_are_codes_of_ours_need_no_map() -> None:
    assert is_word_list(table("report-kind"))
    assert not (FOLDER / "ConceptMap-report-kind.json").exists()
    assert not (FOLDER / "CodeSystem-domain-report-kind.json").exists()
    assert not is_word_list(table("access-fact")), "recipient_is_provider is written recipient-is-provider"


def test_every_file_with_loinc_repeats_the_notice() -> None:
    named = [path for path in FOLDER.glob("*.json") if f'"{LOINC}"' in path.read_text(encoding="utf-8")]
    assert len(named) > 10
    for path in named:
        said = json.loads(path.read_bytes())["copyright"]
        assert "LOINC is copyright © Regenstrief Institute, Inc." in said
        assert "available at no cost under the license at http://loinc.org/license" in said


def test_two_tables_must_agree_on_a_code_of_ours() -> None:
    row = Row("a", "equivalent", f"{CANONICAL}/CodeSystem/x", "", "a", "A", "First.")
    other = Row("a", "equivalent", f"{CANONICAL}/CodeSystem/x", "", "a", "A", "Second.")
    with pytest.raises(ValueError, match="two: a needs one display and one definition"):
        own_codes([Table("one", (row,)), Table("two", (other,))])


def test_a_code_of_ours_needs_a_definition() -> None:
    row = Row("a", "equivalent", f"{CANONICAL}/CodeSystem/x", "", "a", "A", "")
    with pytest.raises(ValueError, match="one: a needs one display and one definition"):
        own_codes([Table("one", (row,))])


def test_the_version_is_that_of_the_package() -> None:
    assert {made["version"] for made in terminology("9.8.7")} == {"9.8.7"}


def test_every_table_is_described_and_nothing_else() -> None:
    assert sorted(about()) == list(table_names())


def test_a_table_that_is_not_described_is_refused() -> None:
    with pytest.raises(ValueError, match="has no line for nowhere"):
        described("nowhere")


def test_every_extension_that_mappers_write_is_defined() -> None:
    defined = {each.name for each in EXTENSIONS}
    sources = (path.read_text(encoding="utf-8") for path in ROOT.glob("mappings/**/*.py"))
    written = {name for text in sources for name in re.findall(r'structure\("([a-z-]+)"\)', text)}
    assert len(written) >= 12
    assert written == defined


def test_an_extension_with_parts_within_parts() -> None:
    elements = {
        each["id"]: each for each in artefact("StructureDefinition-decision-factors")["differential"]["element"]
    }
    rate = "Extension.extension:published-rate"
    assert elements[rate] == {
        "id": rate,
        "path": "Extension.extension",
        "sliceName": "published-rate",
        "min": 0,
        "max": "*",
    }
    assert elements[f"{rate}.extension:lower.value[x]"]["type"] == [{"code": "decimal"}]
    assert elements[f"{rate}.extension:lower.value[x]"]["path"] == "Extension.extension.extension.value[x]"
    assert elements["Extension.extension:informs-only"]["min"] == 1


def test_a_part_may_have_two_types() -> None:
    elements = {each["id"]: each for each in artefact("StructureDefinition-consent-facts")["differential"]["element"]}
    types = elements["Extension.extension:discloser.value[x]"]["type"]
    assert types == [{"code": "string"}, {"code": "boolean"}]


def test_equivalences_are_those_of_r4() -> None:
    assert {row.equivalence for _, row in all_rows()} <= {"equivalent", "wider", "narrower", "inexact"}


def test_external_codes_are_verified(verified: list[dict[str, str]]) -> None:
    known = {(line["system"], line["code"]) for line in verified} | set(ELSEWHERE)
    unknown = {(name, row.system, row.code) for name, row in all_rows() if not row.system.startswith(CANONICAL)}
    assert {each for each in unknown if each[1:] not in known} == set()


def _codings(value: object) -> Iterator[tuple[str, str]]:
    """(system, code) of everything in an artefact that is coded, members of value sets and targets of maps included."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
            if isinstance(item.get("system"), str) and isinstance(item.get("code"), str):
                yield item["system"], item["code"]
            for named, held in (("system", "concept"), ("target", "element")):
                if isinstance(item.get(named), str) and isinstance(item.get(held), list):
                    listed = (t for each in item[held] for t in each.get("target", [each]))
                    yield from ((item[named], each["code"]) for each in listed)


def artefact_codings() -> set[tuple[str, str]]:
    """What the artefacts (not their examples) say of systems that are not ours."""
    found = {each for path in FOLDER.glob("*-*.json") for each in _codings(json.loads(path.read_bytes()))}
    return {each for each in found if not each[0].startswith(CANONICAL)}


def test_every_coding_of_an_artefact_is_verified(verified: list[dict[str, str]]) -> None:
    said = artefact_codings()
    assert (f"{HL7}restful-security-service", "SMART-on-FHIR") in said
    assert len(said) > 200
    known = {(line["system"], line["code"]) for line in verified} | set(ELSEWHERE)
    assert said - known == set()


def test_nothing_names_a_guide_that_is_not_there() -> None:
    guides = {path.name for path in FOLDER.glob("ImplementationGuide-*.json")}
    named = {
        url
        for path in FOLDER.glob("CapabilityStatement-*.json")
        for url in json.loads(path.read_bytes()).get("implementationGuide", ())
    }
    assert {url for url in named if f"ImplementationGuide-{url.rpartition('/')[2]}.json" not in guides} == set()


def test_no_exception_is_left_over(verified: list[dict[str, str]]) -> None:
    used = {(row.system, row.code) for _, row in all_rows()} | artefact_codings()
    assert set(ELSEWHERE) - used == set()
    assert set(ELSEWHERE) & {(line["system"], line["code"]) for line in verified} == set()


def test_displays_are_those_of_the_verified_list(verified: list[dict[str, str]]) -> None:
    listed = {(line["system"], line["code"]) for line in verified}
    known = {(line["system"], line["code"], line["display"]) for line in verified}
    said = {(row.system, row.code, row.display) for _, row in all_rows() if row.display}
    assert {each for each in said if each[:2] in listed and each not in known} == set()


def test_snomed_displays_are_of_the_global_patient_set(verified: list[dict[str, str]]) -> None:
    free = {
        (line["code"], line["display"])
        for line in verified
        if line["system"] == SNOMED and "SNOMED GPS, CC-BY-4.0" in line["source"]
    }
    said = {(row.code, row.display) for _, row in all_rows() if row.system == SNOMED and row.display}
    assert len(said) > 8
    assert said - free == set()


def test_nothing_licensed_is_listed() -> None:
    systems = {row.system for _, row in all_rows()}
    assert not [system for system in systems if re.search(r"ama-assn|icd-o|cancerstaging|cap\.org", system, re.I)]


@pytest.mark.live
def test_the_reference_validator_finds_no_error(shared: pathlib.Path) -> None:
    validator = shared / "reference" / "validate"
    if shutil.which("mvn") is None:
        pytest.skip("Maven is missing")
    call: list[str | pathlib.Path] = [validator, "--with", "fast", "--ig", FOLDER, FOLDER]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0
