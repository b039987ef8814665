"""What the ledger says of a case: the request and its patient, every decision, and what the accounting needs."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.config import Settings
from adapter.errors import NotPermitted
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from mappings.domain.values import Moment
from tests import small_case
from tests.adapter.cli.command import case, run
from tests.golden import NOW, source

LATER = Moment("2026-03-17T09:00:00-04:00")


def rows(folder: Path, *tables: str) -> list[list[dict[str, Any]]]:
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite3")
    try:
        return [ledger.rows(table) for table in tables]
    finally:
        ledger.close()


def settings(folder: Path) -> Settings:
    return Settings(ledger=f"sqlite:///{folder}/ledger.sqlite3")


def altered(folder: Path, scenario: str, **access: Any) -> Path:
    """A scenario whose access says something else; None takes a field out."""
    place = source(scenario, folder)
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["access"] = {name: value for name, value in (held["access"] | access).items() if value is not None}
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    return place


@pytest.mark.parametrize(("scenario", "accounting"), [("cord-compression", "part2"), ("svc-syndrome", "exempt")])
def test_a_part_2_disclosure_is_on_the_accounting_though_treatment_is_not(
    tmp_path: Path, scenario: str, accounting: str
) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    export_case(source(scenario, tmp_path), tmp_path / "out", settings, NOW)
    ledger = Ledger(settings.ledger)
    assert [row["accounting"] for row in ledger.rows("disclosure")] == [accounting]
    ledger.close()


def test_the_name_an_operator_gives_a_file_stands_in_no_address(tmp_path: Path) -> None:
    settings = Settings(ledger=f"sqlite:///{tmp_path}/ledger.sqlite3")
    export_case(source("svc-syndrome", tmp_path), tmp_path / "Smith-Jane-1951.zip", settings, NOW)
    ledger = Ledger(settings.ledger)
    [release] = ledger.rows("release")
    ledger.close()
    assert [agent["network"]["address"] for agent in release["audit_event"]["agent"]][1:] == ["file:case.zip"]
    assert "Smith-Jane" not in str(release)


def test_a_decision_that_lets_nothing_go_is_written_down_with_its_request(tmp_path: Path) -> None:
    place = altered(tmp_path, "patient-directive", identity_verified=None)
    with pytest.raises(NotPermitted):
        export_case(place, tmp_path / "out", settings(tmp_path), NOW)
    [request], [subject], [decision], releases = rows(tmp_path, "request", "subject", "decision", "release")
    assert (request["case_id"], request["pathway"], request["requester"], request["purpose"]) == (
        "SYN-2026-0007", "access", "patient", "patient_request"
    )  # fmt: skip
    assert (request["received_at"], request["holder_tz"]) == ("2026-01-12T18:45:00-07:00", "America/Denver")
    assert (subject["system"], subject["value"]) == ("https://cottonwood.example/sid/mrn", "ROS-000777")
    assert (decision["outcome"], decision["deadline"], decision["action"]) == ("pend", "2026-02-11", "export")
    assert (decision["request_id"], decision["decided_at"], len(decision["facts_sha256"])) == (
        request["id"], str(NOW), 64
    )  # fmt: skip
    assert (decision["content_sha256"], releases) == (None, [])
    assert "IDENTITY_NOT_VERIFIED" in {reason["code"] for reason in decision["reasons"]}


def test_each_attempt_is_written_down_and_the_request_once(tmp_path: Path) -> None:
    place = altered(tmp_path, "patient-directive", identity_verified=None)
    for now in (NOW, NOW, LATER):
        with pytest.raises(NotPermitted):
            export_case(place, tmp_path / "out", settings(tmp_path), now)
    requests, decisions = rows(tmp_path, "request", "decision")
    assert (len(requests), [row["decided_at"] for row in decisions]) == (1, [str(NOW), str(LATER)])


def test_a_case_without_authority_is_written_down_too(tmp_path: Path) -> None:
    told = small_case.case()
    del told["access"]
    place = small_case.write(tmp_path / "case", {"fhir/p.json": small_case.PATIENT}, told)
    with pytest.raises(NotPermitted):
        export_case(place, tmp_path / "out", settings(tmp_path), NOW)
    [request], [decision] = rows(tmp_path, "request", "decision")
    assert (request["pathway"], request["received_at"], decision["outcome"]) == (None, None, "pend")


def test_two_patients_under_one_case_name_are_two_matters(tmp_path: Path) -> None:
    for number, value in enumerate(("ROS-000777", "ROS-000778")):
        place = altered(tmp_path / str(number), "patient-directive", identity_verified=None)
        text = (place / "case.json").read_text(encoding="utf-8").replace("ROS-000777", value)
        (place / "case.json").write_text(text, encoding="utf-8")
        for file in (place / "fhir").rglob("*.json") if (place / "fhir").is_dir() else ():
            file.write_text(file.read_text(encoding="utf-8").replace("ROS-000777", value), encoding="utf-8")
        with pytest.raises(NotPermitted):
            export_case(place, tmp_path / f"out{number}", settings(tmp_path), NOW)
    requests, subjects = rows(tmp_path, "request", "subject")
    assert (len({row["matter_id"] for row in requests}), [row["value"] for row in subjects]) == (
        2, ["ROS-000777", "ROS-000778"]
    )  # fmt: skip


def test_a_disclosure_says_where_what_and_on_which_paper(tmp_path: Path) -> None:
    export_case(source("patient-directive", tmp_path), tmp_path / "out", settings(tmp_path), NOW)
    [[line]] = rows(tmp_path, "disclosure")
    assert line["recipient"] == "Saguaro Breast Pathology Second Opinions (synthetic)"
    assert line["recipient_address"].startswith("Secure upload: https://saguaro-review.example/in, or 9 Test Plaza")
    assert line["request_paper"] == "doc-directive"
    assert line["description"] == (
        "case SYN-2026-0007: 10 items: clinical record (7), pathology report (1), radiology report (1), "
        "whole slide image (1)"
    )


def test_an_address_is_the_recipients_own_where_nobody_directs(tmp_path: Path) -> None:
    told = small_case.case()
    center = next(one for one in told["organizations"] if one["id"] == told["access"]["recipient_party"])
    old = {"lines": ["9 Gone Road"], "use": "old"}
    center["addresses"] = [old, {"lines": ["1 Test Road"], "city": "Exampleton", "state": "ND", "postal_code": "00000"}]
    files = {"fhir/p.json": small_case.PATIENT, "fhir/report.json": small_case.REPORT}
    export_case(small_case.write(tmp_path / "case", files, told), tmp_path / "out", settings(tmp_path), NOW)
    [[line]] = rows(tmp_path, "disclosure")
    assert line["recipient_address"] == "1 Test Road, Exampleton, ND 00000"


def test_a_disclosure_tells_information_and_no_slide(tmp_path: Path) -> None:
    place = case(tmp_path, "soft-tissue-sarcoma")
    assert run(tmp_path, "export", place, "--to", "out").code == 4
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    try:
        [row] = ledger.rows("disclosure")
    finally:
        ledger.close()
    assert row["description"] == (
        "case SYN-2025-0001: 27 items: clinical record (17), laboratory report (8), pathology report (2)"
    )
