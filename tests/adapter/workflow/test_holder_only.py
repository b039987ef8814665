"""A workflow is valid in every state, and nothing of it leaves."""

import csv
import json
from pathlib import Path

import pytest

from adapter.claims import families
from adapter.consent.reasons import grounds
from adapter.pipeline import check_case
from adapter.validation import validate_bundle
from adapter.workflow import matter_at, workflow_of
from mappings.domain.native import encode_case
from mappings.fhir.wire import dumps
from tests import golden, workflows
from tests.adapter.workflow.made import LABEL, OURS, bundle, claims
from tests.generated_bundles import generated
from tests.small_case import delivered
from tests.workflows import ASKED, DENIED, LATER, STATES, exported, settings, shown, small

# --- valid, and with the holder alone


@pytest.mark.parametrize("shape", ["pcf", "fast"])
@pytest.mark.parametrize("state", sorted(STATES))
def test_it_is_valid_in_every_state(state: str, shape: str, tmp_path: Path) -> None:
    assert [found for found in validate_bundle(bundle(tmp_path, shape=shape, **STATES[state])) if found.stops] == []


def test_every_record_of_it_is_labelled(tmp_path: Path) -> None:
    made = bundle(tmp_path, **DENIED)
    assert LABEL in made["meta"]["security"]
    records = {"Task", "Communication", "Consent", "Provenance", "AuditEvent", "DocumentReference", "Binary"}
    found = [entry["resource"] for entry in made["entry"] if entry["resource"]["resourceType"] in records]
    assert len(found) > 8
    assert [one["id"] for one in found if LABEL not in one["meta"]["security"]] == []


def test_a_release_has_no_trace_of_it(tmp_path: Path) -> None:
    state = STATES["review-upheld"]
    chosen, case = settings(tmp_path), small(tmp_path, **(ASKED | state))
    exported(case, tmp_path, chosen)
    made = shown(case, chosen, LATER).bundle
    gone = b"\0".join(delivered(tmp_path / "out").values()).decode("utf-8", "replace")
    own = {"Task", "Communication", "AuditEvent", "Provenance"}
    ids = [entry["resource"]["id"] for entry in made["entry"] if entry["resource"]["resourceType"] in own]
    assert len(ids) > 6
    assert [one for one in ids if one in gone] == []
    words = (
        "Otto Testdoctor",
        "Ida Testreviewer",
        "ENDANGERMENT",
        "review-of-denial",
        "holder-only",
        "AuthZ",
        "uphold",
    )
    assert [word for word in words if word in gone] == []


@pytest.mark.parametrize("whole", [True, False], ids=["the Bundle", "its records one by one"])
def test_a_workflow_that_comes_to_lie_in_a_case_folder_stays(whole: bool, tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **(ASKED | STATES["review-upheld"]))
    made = shown(case, chosen).bundle
    records = [
        e["resource"] for e in made["entry"] if e["resource"]["resourceType"] in ("Task", "AuditEvent", "Provenance")
    ]
    for number, resource in enumerate([made] if whole else records):
        (case / f"workflow-{number}.json").write_bytes(dumps(resource))
    checked = check_case(case, chosen, golden.NOW)
    exported(case, tmp_path, chosen)
    kinds = {item.id: item.kind for item in checked.facts.materials}
    theirs = [kind for name, kind in kinds.items() if any(str(r["id"]) in name for r in records)]
    assert set(theirs) <= {"administrative_record"}
    assert len(theirs) == (len(records) - 1 if whole else 0), "whose it is, is not known of all"
    gone = b"\0".join(delivered(tmp_path / "out").values()).decode("utf-8", "replace")
    assert [word for word in ("Otto Testdoctor", "Testreviewer", "holder-only", "ENDANGERMENT") if word in gone] == []


def test_claims_follow_the_settings(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path, claims=("own",)), small(tmp_path, **ASKED)
    at = matter_at(check_case(case, chosen, LATER), chosen, LATER)
    made = workflow_of(at, families(chosen)).bundle
    said = {url for entry in made["entry"] for url in claims(entry["resource"])}
    assert {url.startswith(OURS) for url in said} == {True}
    assert "profile" not in made["meta"]


def test_the_table_of_reasons_is_sorted_as_the_law_has_it() -> None:
    file = Path(workflows.__file__).resolve().parents[1] / "mappings/terminology/tables/decision-reason.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        assert [row["value"] for row in csv.DictReader(lines)] == list(grounds())


@pytest.mark.parametrize("name", golden.scenarios())
def test_no_golden_bundle_has_a_record_of_a_workflow(name: str) -> None:
    made = json.loads((golden.CASES / name / "expected" / "bundle.json").read_bytes())
    resources = [entry["resource"] for entry in made["entry"]]
    codes = {
        code["code"]
        for one in resources
        for code in one.get("code", {}).get("coding", ())
        if one["resourceType"] == "Task"
    }
    assert {"access", "disclosure", "review-of-denial"} & codes == set()
    assert {"AuditEvent", "Communication"} & {one["resourceType"] for one in resources} == set()
    assert "holder-only" not in json.dumps(made)


def test_no_release_of_a_generated_case_has_a_trace_of_its_workflow(tmp_path: Path) -> None:
    own = {"Task", "Communication", "AuditEvent", "Provenance", "Bundle"}
    compared = 0
    for number, case in enumerate(each for each in generated()[:24] if each.access is not None):
        folder = tmp_path / str(number)
        (folder / "case").mkdir(parents=True)
        (folder / "case" / "case.json").write_bytes(encode_case(case))
        exported(folder / "case", folder, chosen := settings(folder))
        made = shown(folder / "case", chosen).bundle
        ids = [one["id"] for entry in made["entry"] if (one := entry["resource"])["resourceType"] in own]
        gone = (
            b"\0".join(delivered(folder / "out").values()).decode("utf-8", "replace")
            if (folder / "out").exists()
            else ""
        )
        compared += bool(gone)
        assert [one for one in (*ids, made["id"], "holder-only", "decision-reason") if one in gone] == []
    assert compared >= 10
