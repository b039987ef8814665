"""What came as FHIR and is not valid leaves as it came, with its Problems told; a strict target gets nothing then."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapter.cli.app import main
from adapter.config import Settings
from adapter.errors import Failure
from adapter.ledger.store import Ledger
from adapter.pipeline import Exported, check_case, export_case, rehearse
from tests import golden
from tests.small_case import BASE, PATIENT, REPORT, case, write

LOCAL = "https://ehr.example/StructureDefinition/"
UNKNOWN: dict[str, Any] = {
    **PATIENT,
    "meta": {"profile": [f"{LOCAL}our-patient"]},
    "extension": [{"url": f"{LOCAL}{name}", "valueString": "x"} for name in ("ward", "bed", "ward")],
}
BROKEN: dict[str, Any] = {**REPORT, "status": "done", "issued": "yesterday"}
SPOILT: dict[str, Any] = {"fhir/p.json": UNKNOWN, "fhir/r.json": BROKEN}
SOUND: dict[str, Any] = {"fhir/p.json": PATIENT, "fhir/r.json": REPORT}


def export(folder: Path, files: dict[str, Any], told: dict[str, Any] | None = None, **settings: Any) -> Exported:
    chosen = Settings(ledger=f"sqlite:///{folder}/ledger.sqlite3", **settings)
    return export_case(write(folder / "case", files, told), folder / "out", chosen, golden.NOW)


def noticed(done: Exported) -> dict[str, list[tuple[str, str, str]]]:
    """By source: severity, place and rule of its Problems."""
    return {
        unit.source: [(found.severity, found.where, found.rule) for found in unit.problems]
        for unit in done.account.units
    }


def test_it_leaves_as_it_came_with_its_problems_on_the_account(tmp_path: Path) -> None:
    done = export(tmp_path, SPOILT)
    bundle = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    carried = {e["fullUrl"]: e["resource"] for e in bundle["entry"] if not e["fullUrl"].startswith("urn:uuid:")}
    assert carried == {f"{BASE}/Patient/p": UNKNOWN, f"{BASE}/DiagnosticReport/report": BROKEN}
    assert {unit.outcome for unit in done.account.units} == {"mapped"}
    found = noticed(done)
    assert found["fhir/p.json"] == [
        ("error", "Patient.extension[0]", "fhir.extension-unknown"),
        ("error", "Patient.meta.profile[0]", "fhir.profile-unknown"),
    ]
    assert {where for severity, where, _ in found["fhir/r.json"] if severity == "error"} == {
        "DiagnosticReport.status",
        "DiagnosticReport.issued",
    }


def test_three_unknown_extensions_are_one_line(tmp_path: Path) -> None:
    done = export(tmp_path, SPOILT)
    said = [f.message for unit in done.account.units for f in unit.problems if f.rule == "fhir.extension-unknown"]
    assert [message.rpartition(" (")[2] for message in said] == ["and 2 more like it)"]


def test_a_strict_target_gets_nothing_and_no_store_is_touched(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        export(tmp_path, SPOILT, target_strict=True)
    first, *rest = caught.value.problems
    assert (first.where, first.rule) == ("target_strict", "target.strict")
    assert {found.where.partition(" -> ")[0] for found in rest} == {"fhir/p.json", "fhir/r.json"}
    assert "fhir/r.json -> DiagnosticReport.status" in {found.where for found in rest}
    assert caught.value.exit_code == 1
    assert not (tmp_path / "out").exists()
    assert [place.name for place in tmp_path.iterdir()] == ["case"]


def test_what_is_refused_leaves_no_new_ledger_and_no_line_in_an_old_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    chosen = Settings(ledger=url, target_strict=True)
    spoilt, sound = write(tmp_path / "spoilt", SPOILT), write(tmp_path / "sound", SOUND)
    with pytest.raises(Failure):
        export_case(spoilt, tmp_path / "out", chosen, golden.NOW)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["sound", "spoilt"]
    export_case(sound, tmp_path / "out", chosen, golden.NOW)
    with pytest.raises(Failure):
        export_case(spoilt, tmp_path / "other", chosen, golden.NOW)
    ledger = Ledger(url)
    assert [len(ledger.rows(table)) for table in ("decision", "release", "disclosure")] == [1, 1, 1]
    ledger.close()


XML = """<Observation xmlns="http://hl7.org/fhir"><id value="n1"/><status value="final"/><code><text value="x"/></code>
<subject><reference value="Patient/p"/></subject></Observation>"""
FAULTY = {
    "fhir.xml.instruction": "<?xml-stylesheet href='a'?>" + XML,
    "fhir.xml.order": XML.replace('<status value="final"/>', "").replace("</Obs", '<status value="final"/></Obs'),
    "fhir.xml.encoding": '<?xml version="1.0" encoding="ISO-8859-1"?>' + XML,
}


@pytest.mark.parametrize("rule", FAULTY)
def test_a_strict_target_takes_no_xml_with_faults_of_its_own(rule: str, tmp_path: Path) -> None:
    files = {**SOUND, "fhir/n.xml": FAULTY[rule]}
    done = export(tmp_path / "lenient", files)
    assert rule in {found for _, _, found in noticed(done)["fhir/n.xml"]}
    assert "Observation/n1" in {name for unit in done.account.units for name in unit.resources}
    with pytest.raises(Failure) as caught:
        export(tmp_path / "strict", files, target_strict=True)
    assert [found.rule for found in caught.value.problems] == ["target.strict", rule]
    assert caught.value.problems[1].where.startswith("fhir/n.xml ")


def test_a_strict_target_takes_what_is_valid_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    export(tmp_path / "a", SOUND)
    export(tmp_path / "b", SOUND, target_strict=True)
    strict, lenient = ((tmp_path / name / "out" / "bundle.json").read_bytes() for name in "ab")
    assert strict == lenient


def test_a_warning_stops_no_strict_target(tmp_path: Path) -> None:
    open_end = {**REPORT, "basedOn": [{"reference": "ServiceRequest/not-here"}]}
    done = export(tmp_path, {"fhir/p.json": PATIENT, "fhir/r.json": open_end}, target_strict=True)
    assert [severity for severity, _, _ in noticed(done)["fhir/r.json"]] == ["warning"]


def test_check_says_before_what_a_strict_target_will_not_take(tmp_path: Path) -> None:
    chosen = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3", target_strict=True)
    checked = check_case(write(tmp_path / "case", SPOILT), chosen, golden.NOW)
    with pytest.raises(Failure) as caught:
        rehearse(checked, chosen, golden.NOW)
    assert caught.value.problems[0].rule == "target.strict"


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_on_the_command_line(
    flags: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_OPINION_LEDGER", f"sqlite:///{tmp_path}/ledger.sqlite3")
    folder = write(tmp_path / "case", SPOILT)
    done = CliRunner().invoke(main, ["export", str(folder), "--to", str(tmp_path / "out"), *flags])
    assert done.exit_code == code, done.output
    assert (tmp_path / "out").exists() is (code == 0)
    assert ("[target.strict]" in done.stderr) is (code == 1)


INVALID = {
    "Observation-binet-stage-group-A.json": "fhir.profile-unknown",
    "Observation-cancer-related-comorbidities-john-anyperson.json": "fhir.cardinality",
    "Practitioner-us-core-practitioner-kyle-anydoc.json": "us-core-17",
}
"""The three files of the set in which HL7's validator finds errors, and the rule."""
JOHN = "Patient-cancer-patient-john-anyperson.json"


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_example_of_mcode_goes_all_the_same_with_its_problem(
    name: str, shared: Path, tmp_path: Path
) -> None:
    raw = (shared / "data" / "fhir-mcode" / name).read_text("utf-8")
    resource = json.loads(raw)
    report = {**REPORT, "subject": {"reference": "Patient/cancer-patient-john-anyperson"}}
    if resource["resourceType"] == "Practitioner":
        report["performer"] = [{"reference": f"Practitioner/{resource['id']}"}]
    else:
        report["result"] = [{"reference": f"Observation/{resource['id']}"}]
    patient = json.loads((shared / "data" / "fhir-mcode" / JOHN).read_text("utf-8"))
    told = case(patient=_native(patient))
    if resource["resourceType"] == "Observation":
        resource["subject"] = {"reference": f"Patient/{patient['id']}"}
    files = {"fhir/p.json": patient, "fhir/r.json": report, "fhir/x.json": resource}
    done = export(tmp_path, files, told)
    assert INVALID[name] in {rule for severity, _, rule in noticed(done)["fhir/x.json"] if severity == "error"}
    bundle = json.loads((tmp_path / "out" / "bundle.json").read_bytes())
    assert resource in [entry["resource"] for entry in bundle["entry"]]
    with pytest.raises(Failure):
        export(tmp_path / "strict", files, told, target_strict=True)


def _native(patient: dict[str, Any]) -> dict[str, Any]:
    numbers = [{"system": n["system"], "value": n["value"]} for n in patient["identifier"] if "system" in n]
    names = [{key: name[key] for key in ("family", "given") if key in name} for name in patient["name"]]
    return {"identifiers": numbers, "names": names, "birth_date": patient["birthDate"]}
