"""convert, decide, validate; and what holds for every command."""

import json
from pathlib import Path

import pytest

from adapter.cli.app import COMMANDS
from tests.adapter.cli.command import FIXTURES, run

LABS = FIXTURES / "cases/insurance-required/fhir"
REFUSED = FIXTURES / "refused/fhir"
WRONG = '{"resourceType": "Patient", "gender": "unsaid"}'


# --- convert


def test_convert_streams_resources(tmp_path: Path) -> None:
    done = run(tmp_path, "convert", LABS)
    assert (done.code, done.err) == (0, "")
    types = [json.loads(line)["resourceType"] for line in done.out.splitlines()]
    assert types == ["Observation", "Observation", "Observation", "Patient"]
    assert list(tmp_path.iterdir()) == []


def test_convert_writes_one_bundle_a_person(tmp_path: Path) -> None:
    done = run(tmp_path, "convert", LABS, FIXTURES / "cases/discordant-imaging-biopsy/fhir", "--to", "out")
    assert done.code == 0
    assert done.out.splitlines()[-1] == "wrote 2 bundles to out"
    bundles = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").glob("*/bundle.json")]
    patients = [[e for e in b["entry"] if e["resource"]["resourceType"] == "Patient"] for b in bundles]
    assert [(b["type"], len(p)) for b, p in zip(bundles, patients, strict=True)] == [("collection", 1)] * 2
    assert set(json.loads((tmp_path / "out/account.json").read_text(encoding="utf-8"))) == {"units", "problems"}
    again = run(tmp_path, "convert", LABS, "--to", "out")
    assert (again.code, again.err) == (1, "error: out: exists; name a new folder [convert.target]\n")


def test_convert_with_something_refused_is_exit_code_4(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/patient.json").write_text('{"resourceType": "Patient", "id": "a"}', encoding="utf-8")
    (tmp_path / "in/broken.json").write_text("{", encoding="utf-8")
    done = run(tmp_path, "convert", "in")
    assert done.code == 4
    assert done.out == '{"resourceType":"Patient","id":"a"}\n'
    assert done.err.startswith("error: ")
    assert "broken.json line 1" in done.err


# --- decide


def test_decide_is_done_whatever_the_outcome(tmp_path: Path) -> None:
    outcomes = {}
    for name in ("permit", "permit-with-exclusions", "pend", "deny"):
        done = run(tmp_path, "decide", FIXTURES / f"facts/{name}.json")
        assert (done.code, done.err) == (0, "")
        outcomes[name] = done.json["outcome"]
        assert set(done.json) == {"id", "outcome", "deadline", "excluded", "reasons"}
    assert outcomes == {
        "permit": "permit",
        "permit-with-exclusions": "permit_with_exclusions",
        "pend": "pend",
        "deny": "deny_reviewable",
    }


@pytest.mark.parametrize(
    "text",
    ['[{"id": "a", "facts": {}}, {"id": "b", "facts": {}}]', '{"id": "a", "facts": {}}\n{"id": "b", "facts": {}}\n'],
    ids=["array", "ndjson"],
)
def test_decide_reads_stdin(tmp_path: Path, text: str) -> None:
    done = run(tmp_path, "decide", "-", stdin=text)
    assert done.code == 0
    assert [(json.loads(line)["id"], json.loads(line)["outcome"]) for line in done.out.splitlines()] == [
        ("a", "pend"),
        ("b", "pend"),
    ]


def test_decide_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    broken = run(tmp_path, "decide", "-", stdin="{")
    assert (broken.code, broken.out) == (1, "")
    assert broken.err.endswith("[fhir.json]\n")
    unknown = run(tmp_path, "decide", FIXTURES / "refused/facts/unknown-field.json")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.endswith("[consent.facts]\n")
    assert run(tmp_path, "decide", "not-there.json").code == 2


def test_convert_says_where_fhir_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.json").write_text('[{"resourceType": "Patient"}]', encoding="utf-8")
    (tmp_path / "in/b.json").write_text('{"resourcetype": "Patient"}', encoding="utf-8")
    (tmp_path / "in/c.json").write_text('{"name": "words"}', encoding="utf-8")
    done = run(tmp_path, "convert", "in", "--to", "out")
    assert done.code == 0
    assert [line.strip()[:20] for line in done.out.splitlines() if "is not read" in line] == [
        "warning in/a.json: h",
        "warning in/b.json: h",
    ]
    assert "make it a Bundle, or NDJSON" in done.out


def test_convert_names_the_place_in_the_resource_and_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.json").write_text(WRONG, encoding="utf-8")
    (tmp_path / "in/b.json").write_text('{"resourceType":\n "Patient" "x"}', encoding="utf-8")
    done = run(tmp_path, "convert", "in", "--to", "out")
    assert done.code == 4
    assert "  error in/a.json: Patient.gender: is not in the value set " in done.out
    assert "  refused in/b.json: line 2 column 12: is not JSON: " in done.out


# --- validate


def test_validate_says_one_line_a_problem(tmp_path: Path) -> None:
    done = run(tmp_path, "validate", REFUSED / "observation-unknown-status.json")
    assert (done.code, done.err) == (1, "1 resource in 1 file: 1 error, 0 warnings\n")
    (line,) = done.out.splitlines()
    assert line.split("\t")[:4] == [
        f"{REFUSED}/observation-unknown-status.json:13",
        "error",
        "Observation.status",
        "fhir.binding",
    ]


def test_validate_json_has_an_object_a_problem(tmp_path: Path) -> None:
    done = run(tmp_path, "validate", REFUSED / "observation-without-status.json", "--json")
    assert done.code == 1
    assert {name: done.json[name] for name in ("file", "severity", "where", "rule")} == {
        "file": f"{REFUSED}/observation-without-status.json",
        "severity": "error",
        "where": "Observation.status",
        "rule": "fhir.cardinality",
    }


def test_validate_takes_folders_and_stdin(tmp_path: Path) -> None:
    assert run(tmp_path, "validate", LABS).code == 0
    done = run(tmp_path, "validate", "-", stdin=WRONG)
    assert done.code == 1
    assert done.out.split("\t")[:4] == ["stdin:1", "error", "Patient.gender", "fhir.binding"]
    assert "unsaid" not in done.out
    assert run(tmp_path, "validate", "-", stdin='{"resourceType": "Patient"}').code == 0


def test_what_is_not_validated_is_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/letter.txt").write_text("words\n", encoding="utf-8")
    named = run(tmp_path, "validate", "in/letter.txt")
    assert (named.code, named.out.split("\t")[1]) == (1, "error")
    among = run(tmp_path, "validate", "in", "--warnings")
    assert [line.split("\t")[:2] for line in among.out.splitlines()] == [
        ["in/letter.txt", "information"],
        ["in", "error"],
    ]
    (tmp_path / "in/a.json").write_text('{"resourceType": "Patient"}', encoding="utf-8")
    (tmp_path / "in/b.json").write_text('{"name": "words"}', encoding="utf-8")
    assert (run(tmp_path, "validate", "in").code, run(tmp_path, "validate", "in").out) == (0, "")
    assert run(tmp_path, "validate", FIXTURES / "cases/svc-syndrome/case.json").code == 1


# --- every command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    long, short = run(tmp_path, command, "--help"), run(tmp_path, command, "-h")
    assert (long.code, long.err, long.out) == (0, "", short.out)
    assert long.out.startswith(f"Usage: second-opinion {command} ")
    assert len(long.out.splitlines()[2].strip()) > 20, "a sentence says what it does"


def test_the_group_lists_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.code == 0
    listed = [line.split()[0] for line in done.out.partition("Commands:\n")[2].splitlines() if line[2] != " "]
    assert listed == [
        "init",
        "schema",
        "check",
        "completeness",
        "export",
        "fetch",
        "deliver",
        "verify",
        "import",
        "convert",
        "decide",
        "custody",
        "ledger",
        "workflow",
        "letter",
        "validate",
        "explain",
    ]
    assert "3 the gate does not permit" in " ".join(done.out.split())
    assert run(tmp_path, "--version").out == "0.1.0\n"


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    for arguments in (
        (),
        ("frobnicate",),
        ("check",),
        ("check", "--frobnicate"),
        ("convert",),
        ("validate",),
        ("init",),
    ):
        done = run(tmp_path, *arguments)
        assert (done.code, done.out) == (2, ""), arguments
