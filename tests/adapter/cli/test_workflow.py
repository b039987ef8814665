"""workflow: to stdout or into a file for its owner alone; what is refused; nothing of the record in what is logged."""

import json
import stat
from pathlib import Path

import pytest

from adapter.ledger.store import Ledger
from adapter.validation import validate_bundle
from mappings.fhir.wire import loads
from tests.adapter.cli.command import case, change, run
from tests.workflows import ASKED, DENIED, REVIEW


def asked(folder: Path, **access: object) -> Path:
    place = case(folder, "patient-directive")
    held = json.loads((place / "case.json").read_text("utf-8"))["access"] | ASKED | access
    return change(place, access={name: value for name, value in held.items() if value is not None})


def test_the_bundle_goes_to_stdout_and_what_letters_lack_to_stderr(tmp_path: Path) -> None:
    done = run(tmp_path, "workflow", asked(tmp_path, **DENIED))
    assert done.code == 0
    assert (done.json["resourceType"], done.json["type"]) == ("Bundle", "collection")
    assert [found for found in validate_bundle(loads(done.out.encode())) if found.stops] == []
    assert {line.split(": ")[0] for line in done.err.splitlines()} == {"warning"}
    assert "second-opinion.toml $.office.phone" in done.err


def test_into_a_file_for_its_owner_alone_again_and_again(tmp_path: Path) -> None:
    place, out = asked(tmp_path), tmp_path / "request.json"
    for _ in range(2):
        done = run(tmp_path, "workflow", place, "--to", out)
        assert (done.code, done.out) == (0, f"{out}\n")
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_bytes())["resourceType"] == "Bundle"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["request.json"]


@pytest.mark.parametrize("there", ["{}", "no json", '{"resourceType": "Bundle", "id": "another"}'])
def test_what_is_no_earlier_one_is_not_overwritten(there: str, tmp_path: Path) -> None:
    out = tmp_path / "notes.json"
    out.write_text(there, "utf-8")
    done = run(tmp_path, "workflow", asked(tmp_path), "--to", out)
    assert (done.code, out.read_text("utf-8")) == (1, there)
    assert "is there already and is not this request" in done.err


@pytest.mark.parametrize(
    ("target", "message"),
    [("request.txt", "is no .json file"), ("patient-directive/request.json", "lies inside the case folder")],
)
def test_a_target_that_cannot_be(target: str, message: str, tmp_path: Path) -> None:
    done = run(tmp_path, "workflow", asked(tmp_path), "--to", target)
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert not (tmp_path / target).exists()


def test_a_reviewer_who_may_not_review_is_refused_without_a_name(tmp_path: Path) -> None:
    done = run(tmp_path, "workflow", asked(tmp_path, **DENIED, review=REVIEW | {"official": "Otto Testdoctor"}))
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: case.json $.access.review.official: made the determination that is reviewed: refer it to a professional"
        " who took no part in the denial [45 CFR 164.524(a)(4)]\n"
    )


def test_a_case_that_asks_for_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "workflow", change(case(tmp_path, "svc-syndrome"), access=None))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: case.json $.access: is missing")


def test_to_show_a_request_makes_no_ledger_and_writes_into_none(tmp_path: Path) -> None:
    place = asked(tmp_path)
    run(tmp_path, "workflow", place)
    assert not (tmp_path / "ledger.sqlite3").exists()
    run(tmp_path, "export", place, "--to", "out.zip")
    run(tmp_path, "workflow", place)
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3")
    assert len(ledger.rows("decision")) == 1
    ledger.close()


def test_the_log_says_nothing_of_the_request(tmp_path: Path) -> None:
    done = run(tmp_path, "workflow", asked(tmp_path, **DENIED), SECOND_OPINION_LOG="info")
    logged = "".join(line for line in done.err.splitlines() if line.startswith("{"))
    assert '"command":"workflow"' in logged.replace(" ", "")
    assert [
        word for word in ("SYN-2026-0007", "ROS-000777", "Testdoctor", "report-original", "urn:uuid") if word in logged
    ] == []
