"""What of custody goes to a recipient: the releases of what goes, and nothing of what waits or is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.adapter.custody.given import LOAN, asked, event, told

RELEASE = "https://w3id.org/second-opinion/fhir/CodeSystem/specimen-release"
SHIP = event("shipped", "unstained", at="2026-03-02", by="lab", to="center", form="recut")


def bundle(tmp_path: Path, name: str = "case", **changes: Any) -> Any:
    place = tmp_path / name
    place.mkdir()
    (place / "case.json").write_text(json.dumps(told(**changes)), encoding="utf-8")
    golden.export(place, tmp_path / f"{name}-out")
    return json.loads((tmp_path / f"{name}-out" / "bundle.json").read_bytes())


def resources(made: Any, kind: str) -> list[Any]:
    return [entry["resource"] for entry in made["entry"] if entry["resource"]["resourceType"] == kind]


def releases(made: Any) -> list[Any]:
    return [task for task in resources(made, "Task") if task["code"]["coding"][0]["system"] == RELEASE]


def labelled(made: Any, value: str) -> str:
    return next(
        str(entry["fullUrl"])
        for entry in made["entry"]
        if value in [number["value"] for number in entry["resource"].get("identifier", []) if "value" in number]
    )


def test_each_thing_that_goes_has_its_task_and_each_hand_over_its_provenance(tmp_path: Path) -> None:
    made = bundle(tmp_path, custody=[asked("last"), asked("unstained"), SHIP], access__loan=LOAN)
    found = [(one["focus"]["reference"], one["status"], one["code"]["coding"][0]["code"]) for one in releases(made)]
    assert found == [
        (labelled(made, "S26-1234-A2-1"), "accepted", "loan"),
        (labelled(made, "S26-1234-A1-2"), "in-progress", "recut"),
    ]
    handed = [one for one in resources(made, "Provenance") if one["activity"]["coding"][0]["code"] == "hand-over"]
    assert [one["occurredDateTime"] for one in handed] == ["2026-03-02"]
    assert labelled(made, "S26-1234-A1-2") in [target["reference"] for target in handed[0]["target"]]
    roles = {one["type"]["coding"][0]["code"]: one["who"] for one in handed[0]["agent"]}
    assert set(roles) == {"transmitter", "custodian"}


def test_one_that_is_refused_leaves_no_task(tmp_path: Path) -> None:
    made = bundle(tmp_path, custody=[asked("slide", form="transfer"), asked("last")], access__loan=LOAN)
    assert [one["focus"]["reference"] for one in releases(made)] == [labelled(made, "S26-1234-A2-1")]
    assert "retention" not in json.dumps(releases(made))
    assert {one["status"] for one in releases(made)} == {"accepted"}


def test_what_the_gate_withholds_leaves_nothing_of_its_release(tmp_path: Path) -> None:
    """Without the terms of a loan the gate lets no glass go; the rest goes as if nobody had asked for any."""
    withheld = bundle(tmp_path, "withheld", custody=[asked("last"), asked("unstained"), SHIP])
    never = bundle(tmp_path, "never")
    assert releases(withheld) == []
    assert withheld == never


@pytest.mark.parametrize("scenario", ["patient-directive", "authorization", "cord-compression"])
def test_a_right_of_access_to_information_releases_no_specimen(scenario: str) -> None:
    made = json.loads((golden.CASES / scenario / "expected" / "bundle.json").read_bytes())
    assert releases(made) == []
    assert "specimen-release" not in json.dumps(made)


def test_a_policy_of_the_deployment_is_followed(tmp_path: Path) -> None:
    """A state that wants slides kept for twenty years moves the day that the recipient is told."""
    place = tmp_path / "case"
    place.mkdir()
    (place / "case.json").write_text(json.dumps(told(custody=[asked("last")], access__loan=LOAN)), encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        '[[retention]]\nid = "state"\neffective_from = 2026-01-01\nregime = "state"\nmaterial = "slide"\n'
        'keep = "P20Y"\nstart = "examination"\ncitation = "State code 1"\n'
    )
    golden.export(place, tmp_path / "out", custody=own)
    [one] = releases(json.loads((tmp_path / "out" / "bundle.json").read_bytes()))
    assert [item["valueDate"] for item in one["input"] if "valueDate" in item] == ["2046-02-20"]
