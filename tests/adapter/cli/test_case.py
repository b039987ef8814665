"""check and export: outcome, exit code, what goes to stdout and what does not."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from adapter.cli.run import tell
from mappings.problems import problem
from tests.adapter.cli.command import case, change, run

NOTE = "https://ehr.prairie-lake.example/fhir/DocumentReference/psychotherapy-note"


def test_check_permits_and_writes_nothing(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    done = run(tmp_path, "check", place)
    assert (done.code, done.out.splitlines()[0]) == (0, "permit")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["svc-syndrome"]


def test_check_with_exclusions_is_done(tmp_path: Path) -> None:
    done = run(tmp_path, "check", case(tmp_path, "soft-tissue-sarcoma"))
    assert (done.code, done.out.splitlines()[0]) == (0, "permit_with_exclusions")
    row = next(line for line in done.out.splitlines() if line.startswith(NOTE))
    assert " ".join(row.split()[1:]) == (
        "psychotherapy_notes withheld PSYCHOTHERAPY_AUTHORIZATION_MISSING (45 CFR 164.508(a)(2))"
    )


def test_check_json_has_decision_and_gaps(tmp_path: Path) -> None:
    done = run(tmp_path, "check", case(tmp_path, "soft-tissue-sarcoma"), "--json")
    assert done.out.count("\n") == 1
    assert set(done.json) == {
        "decision", "gaps", "completeness", "information_blocking", "letters", "rights", "account"
    }  # fmt: skip
    outcomes = [unit["outcome"] for unit in done.json["account"]["units"]]
    assert sorted(set(outcomes)) == ["kept", "mapped", "withheld"]
    assert done.json["decision"]["outcome"] == "permit_with_exclusions"
    assert done.json["decision"]["excluded"] == [NOTE]
    assert {
        "code": "PSYCHOTHERAPY_AUTHORIZATION_MISSING",
        "citation": "45 CFR 164.508(a)(2)",
        "item": NOTE,
    } in done.json["decision"]["reasons"]


def test_check_json_tells_the_exceptions_to_information_blocking_as_the_text_does(tmp_path: Path) -> None:
    place = case(tmp_path, "soft-tissue-sarcoma")
    told = run(tmp_path, "check", place, "--json").json["information_blocking"]
    assert [(row["exception"], row["citation"], row["codes"]) for row in told] == [
        ("preconditions", "45 CFR 171.202(b)", ["PSYCHOTHERAPY_AUTHORIZATION_MISSING"]),
        ("segmentation", "45 CFR 171.204(a)", []),
    ]
    assert all(row["says"] and row["asks"] and row["proof"] for row in told)
    lines = [line for line in run(tmp_path, "check", place).out.splitlines() if line.startswith("information blocking")]
    assert [line.split(" (")[0] for line in lines] == [f"information blocking, {row['exception']}" for row in told]
    assert run(tmp_path, "check", case(tmp_path, "cord-compression"), "--json").json["information_blocking"] == []


def test_what_is_exported_tells_nothing_of_exceptions(tmp_path: Path) -> None:
    done = run(tmp_path, "export", case(tmp_path, "soft-tissue-sarcoma"), "--to", "out", "--json")
    assert "information_blocking" not in done.json
    held = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"45 CFR 171" not in held


@pytest.mark.parametrize("command", ["check", "export"])
def test_without_authority_the_gate_does_not_permit(tmp_path: Path, command: str) -> None:
    place = change(case(tmp_path, "soft-tissue-sarcoma"), access=None)
    target = ("--to", "out.zip") if command == "export" else ()
    done = run(tmp_path, command, place, *target, "--json")
    assert done.code == 3
    found = done.json if command == "export" else done.json["decision"]
    assert found["outcome"] == "pend"
    assert [reason["code"] for reason in found["reasons"]] == ["FACT_MISSING"]
    left = {"check": [], "export": ["ledger.sqlite3"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == [*left[command], "soft-tissue-sarcoma"], (
        "no bundle, no account; the ledger has the decision on an attempt to export"
    )


def test_a_refusal_is_said_on_stderr(tmp_path: Path) -> None:
    place = change(case(tmp_path, "svc-syndrome"), access=None)
    done = run(tmp_path, "export", place, "--to", "out")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("not released: pend\n  FACT_MISSING: ")
    assert "    next: " in done.err


def test_a_denial_is_exit_code_3(tmp_path: Path) -> None:
    place = case(tmp_path, "patient-directive")
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    wanted = {"pathway": "access", "requester": "patient", "recipient": "patient", "recipient_party": "patient"}
    held["access"] = held["access"] | wanted
    for paper in ("directive", "determinations", "restrictions"):
        held["access"].pop(paper, None)
    offered = {"item": "request", "offered": False}
    held["materials"] = [m for m in held["materials"] if m.get("path") == "documents/peer-review.txt"] + [offered]
    for name in (
        "reports",
        "studies",
        "diagnoses",
        "procedures",
        "parts",
        "blocks",
        "slides",
        "custody",
        "concordances",
    ):
        held.pop(name, None)
    held["request"].pop("supporting", None)
    held["request"].pop("diagnoses", None)
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    for path in (*place.glob("fhir/*"), *place.glob("documents/*")):
        if path.name != "peer-review.txt":
            path.unlink()
    done = run(tmp_path, "check", place, "--json")
    assert (done.code, done.json["decision"]["outcome"]) == (3, "deny_not_permitted"), done.err


def test_an_export_without_anything_withheld_is_exit_code_0(tmp_path: Path) -> None:
    done = run(tmp_path, "export", case(tmp_path, "svc-syndrome"), "--to", "out.zip")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "released 18 of 18 items under 45 CFR 164.506(c)(2)",
        "units    mapped 5, kept 0, withheld 0, refused 0",
        "bundle   out.zip",
        "account  out.zip.account.json",
    ]
    assert zipfile.ZipFile(tmp_path / "out.zip").namelist() == [
        "README.txt",
        "bundle.json",
        "case.json",
        "index.html",
        "manifest.json",
    ]


def test_an_export_with_exclusions_is_exit_code_4(tmp_path: Path) -> None:
    done = run(tmp_path, "export", case(tmp_path, "soft-tissue-sarcoma"), "--to", "out", "--json")
    assert done.code == 4
    assert set(done.json) == {"to", "decision", "gaps", "manifest_sha256"}
    assert done.json["to"] == "out"
    account = json.loads((tmp_path / "out.account.json").read_text(encoding="utf-8"))
    assert [unit["source"] for unit in account["units"] if unit["outcome"] == "withheld"] == [
        "documents/unsorted-scan.tif",
        "fhir/psychotherapy-note.json",
    ]
    assert not (tmp_path / "out" / "out.account.json").exists()


def test_a_file_that_is_no_account_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out.account.json").write_text("mine", encoding="utf-8")
    done = run(tmp_path, "export", case(tmp_path, "svc-syndrome"), "--to", "out")
    assert (done.code, done.out) == (1, "")
    assert "out.account.json: exists and is no account of an export" in done.err
    assert (tmp_path / "out.account.json").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "out").exists()


def test_the_same_export_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    first = run(tmp_path, "export", place, "--to", "one.zip", "--json").json["manifest_sha256"]
    assert run(tmp_path, "export", place, "--to", "two.zip", "--json").json["manifest_sha256"] == first
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_many_units_with_one_reason_are_said_once(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    for number in range(5):
        (place / f"scan-{number}.txt").write_text(f"page {number}\n", encoding="utf-8")
    done = run(tmp_path, "export", place, "--to", "out.zip")
    assert done.code == 4
    about = [line for line in done.out.splitlines() if line.startswith("  withheld ")]
    assert about == [
        "  withheld scan-0.txt, scan-1.txt, scan-2.txt and 2 more: no line under `materials` in case.json declares "
        "what this file is; add one to have it decided about"
    ]


def test_bad_input_is_exit_code_1_and_wrong_usage_2(tmp_path: Path) -> None:
    place = change(case(tmp_path, "svc-syndrome"), holder="nobody")
    done = run(tmp_path, "check", place)
    assert (done.code, done.out) == (1, "")
    assert "field `holder` must name an entry of `organizations`" in done.err
    assert run(tmp_path, "check", "not-there").code == 2
    assert run(tmp_path, "export", place).code == 2
    assert run(tmp_path, "export", place, "--to", "missing/out.zip").code == 1


def test_a_pipe_gets_plain_lines_one_a_row(tmp_path: Path) -> None:
    place = case(tmp_path, "soft-tissue-sarcoma")
    done = run(tmp_path, "check", place)
    items = [line for line in done.out.splitlines() if "  released  " in line or "  withheld  " in line]
    assert len(items) == 38
    assert "\x1b" not in done.out
    colours = re.compile(r"\x1b\[[\d;]*(3[0-8]|9[0-7])")
    assert colours.search(run(tmp_path, "check", place, FORCE_COLOR="1", NO_COLOR="1").out) is None
    assert [line for line in done.out.splitlines() if line != line.rstrip()] == []


def test_settings_that_cannot_be_read_stop(tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    missing = run(tmp_path, "--config", "nowhere.toml", "check", place)
    assert (missing.code, missing.err) == (
        1,
        "error: nowhere.toml: is not there; name the settings file that exists [config]\n",
    )
    (tmp_path / "second-opinion.toml").write_text('ledgers = "x"\n', encoding="utf-8")
    assert run(tmp_path, "check", place).code == 1


def test_the_log_has_nothing_but_codes(tmp_path: Path) -> None:
    done = run(tmp_path, "check", case(tmp_path, "svc-syndrome"), SECOND_OPINION_LOG="info")
    assert [json.loads(line) for line in done.err.splitlines()] == [
        {"level": "info", "event": "started", "command": "check"},
        {"level": "info", "event": "ended", "code": 0},
    ]


STEERING = "\x1b[2J\x9b1m\n\u202egone.txt"
ESCAPED = r"\x1b[2J\x9b1m\n\u202egone.txt"


@pytest.mark.parametrize("command", ["check", "export"])
def test_a_name_does_not_steer_the_terminal(command: str, tmp_path: Path) -> None:
    place = case(tmp_path, "svc-syndrome")
    (place / STEERING).write_text("x")
    told = run(tmp_path, command, place, *(["--to", "out"] if command == "export" else []))
    assert set(told.out + told.err) & {"\x1b", "\x9b", "\u202e"} == set()
    assert f"withheld {ESCAPED}: " in told.out


def test_a_problem_is_one_line_whatever_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    tell([problem("value", STEERING, "is no name", rule="x"), problem("value", "a\udcff", "is no name", rule="x")])
    assert [line.partition(": is")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"error: {ESCAPED}",
        r"error: a\udcff",
    ]


@pytest.mark.parametrize("command", [("check",), ("export", "--to", "out")])
def test_custody_that_lies_ahead_in_every_zone_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    place = case(tmp_path, "soft-tissue-sarcoma")
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["custody"][-1]["at"] = "2999-01-01"
    change(place, custody=held["custody"])
    done = run(tmp_path, command[0], place, *command[1:])
    assert (done.code, done.out, (tmp_path / "out").exists()) == (1, "", False)
    assert done.err == (
        f"error: case.json $.custody[{len(held['custody']) - 1}].at: lies in the future: an event is recorded once it "
        "has happened; mend the time [custody.future]\n"
    )
