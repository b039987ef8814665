"""completeness: a table, JSON, an OperationOutcome, a page; what the recipient will find of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.validation import validate_resource
from tests.adapter.cli.command import case, change, run

PART_B = "part B is named in the report, no slide, block or image of it is in the case"


def _one(found: list[dict[str, Any]], need: str, about: str | None = None) -> dict[str, Any]:
    (row,) = (row for row in found if (row["need"], row["about"]) == (need, about))
    return row


def test_a_part_that_is_missing_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "completeness", case(tmp_path, "authorization"))
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if "(part B)" in line)
    assert " ".join(line.split()) == (
        f"slides, blocks or images of each part (part B) required missing missing {PART_B}"
    )
    assert f"  required: slides, blocks or images of each part (part B): {PART_B}" in done.out.splitlines()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authorization"], "nothing was written"


def test_what_withholding_takes_is_told_to_the_holder(tmp_path: Path) -> None:
    done = run(tmp_path, "completeness", case(tmp_path, "authorization"), "--json")
    history = _one(done.json["completeness"], "clinical-history")
    assert (history["state"], history["recipient"], history["withheld"]) == ("here", "missing", True)
    missing = _one(done.json["completeness"], "part", "part B")
    assert (missing["state"], missing["recipient"], missing["withheld"]) == ("missing", "missing", False)
    assert {"need": "part", "about": "part B", "level": "required", "state": "missing"} in done.json["gaps"]


def test_of_what_is_released_nothing_tells_what_was_withheld(tmp_path: Path) -> None:
    done = run(tmp_path, "completeness", case(tmp_path, "authorization"), "--released", "--json")
    history = _one(done.json["completeness"], "clinical-history")
    assert history["state"] == "missing"
    assert not history.keys() & {"recipient", "withheld"}
    assert "operative" not in done.out


def test_check_says_the_same(tmp_path: Path) -> None:
    place = case(tmp_path, "authorization")
    told = run(tmp_path, "completeness", place, "--json").json
    checked = run(tmp_path, "check", place, "--json").json
    assert (checked["completeness"], checked["gaps"]) == (told["completeness"], told["gaps"])


def test_the_outcome_is_valid_fhir(tmp_path: Path) -> None:
    outcome = run(tmp_path, "completeness", case(tmp_path, "authorization"), "--fhir").json
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["meta"]["security"][0]["code"] == "HTEST"
    assert [p for p in validate_resource(outcome) if p.stops] == []
    told = [(i["severity"], i["code"]) for i in outcome["issue"] if i["details"]["text"].endswith(PART_B)]
    assert told == [("error", "required")]


def test_the_page_is_the_holders(tmp_path: Path) -> None:
    done = run(tmp_path, "completeness", case(tmp_path, "authorization"), "--html")
    assert done.out.startswith("<!DOCTYPE html>\n<html")
    assert "It is no part of what is sent." in done.out
    assert "<td>Missing (withheld)</td>" in done.out
    assert PART_B in done.out


def test_without_authority_only_the_holder_is_told(tmp_path: Path) -> None:
    place = change(case(tmp_path, "authorization"), access=None)
    done = run(tmp_path, "completeness", place, "--json")
    assert (done.code, _one(done.json["completeness"], "part", "part B")["state"]) == (0, "missing")
    assert "recipient" not in done.out
    assert run(tmp_path, "completeness", place, "--html").code == 0
    refused = run(tmp_path, "completeness", place, "--released")
    assert (refused.code, refused.out) == (3, "")
    assert "FACT_MISSING" in refused.err


@pytest.mark.parametrize("flags", [("--json", "--fhir"), ("--fhir", "--html"), ("--html", "--released")])
def test_one_form_at_a_time(tmp_path: Path, flags: tuple[str, ...]) -> None:
    assert run(tmp_path, "completeness", case(tmp_path, "svc-syndrome"), *flags).code == 2


def test_a_folder_without_a_case_fails(tmp_path: Path) -> None:
    done = run(tmp_path, "completeness", tmp_path, "--json")
    assert done.code == 1
    assert [p["rule"] for p in done.json["problems"]] == ["case.folder"]


def _document(place: Path, name: str, data: bytes, kind: str, **more: Any) -> None:
    (place / "documents").mkdir(exist_ok=True)
    (place / "documents" / name).write_bytes(data)
    held = json.loads((place / "case.json").read_text("utf-8"))
    line = {"path": f"documents/{name}", "id": f"doc-{name[:3]}", "kind": kind, **more}
    change(place, materials=[*held.get("materials", []), line])


def test_a_report_as_text_names_its_parts(tmp_path: Path) -> None:
    place = case(tmp_path, "soft-tissue-sarcoma")
    text = b"Accession: S25-101234\nA. Right thigh, core biopsy: sarcoma.\nB. Right groin, node: no tumor.\n"
    _document(place, "new-report.txt", text, "pathology_report")
    found = run(tmp_path, "completeness", place, "--json").json["completeness"]
    assert _one(found, "part", "part A")["state"] == "on-its-way"
    assert _one(found, "part", "part B")["state"] == "missing"


@pytest.mark.parametrize(("data", "state"), [(b"%PDF-1.7\n%%EOF\n", "here"), (b"%PDF-1.7\nhalf", "unreadable"),
                                             (b"\x00\x01\x02\x03", "unreadable")])  # fmt: skip
def test_a_document_that_nobody_can_open(tmp_path: Path, data: bytes, state: str) -> None:
    place = case(tmp_path, "svc-syndrome")
    _document(place, "radiology", data, "radiology_report")
    found = run(tmp_path, "completeness", place, "--json").json["completeness"]
    assert _one(found, "radiology-report")["state"] == state


def test_a_refused_resource_cannot_be_read(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    before = run(tmp_path, "completeness", place, "--json").json["completeness"]
    assert _one(before, "radiology-report")["state"] == "missing"
    rad = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}]
    wrong = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "category": rad, "code": {"text": "CT"},
             "subject": ["not a reference"]}  # fmt: skip
    (place / "fhir" / "wrong.json").write_text(json.dumps(wrong), "utf-8")
    found = run(tmp_path, "completeness", place, "--json").json["completeness"]
    assert _one(found, "radiology-report")["state"] == "unreadable"
    assert _one(found, "radiology-report")["recipient"] == "missing"
    assert _one(found, "radiology-report")["withheld"] is False


def test_images_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    (place / "dicom").mkdir()
    (place / "dicom" / "cut.dcm").write_bytes(bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04")
    found = run(tmp_path, "completeness", place, "--json").json["completeness"]
    assert _one(found, "imaging")["state"] == "unreadable"
