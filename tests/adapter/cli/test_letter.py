"""letter: what is written where, what is refused, what the ledger keeps; `check` names what the decision asks for."""

import io
import json
import re
from pathlib import Path
from typing import get_args

import pypdf
import pytest

from adapter.cli.letter import KINDS
from adapter.ledger.store import Ledger
from adapter.letters import KINDS as WRITTEN
from adapter.letters.model import Kind
from tests.adapter.cli.command import case, run

SETTINGS = """
[office]
title = "Privacy Officer"
phone = "+1 505 555 0100"
complaints = "Call the Privacy Officer."
reviews = "Write to the Privacy Officer."
"""


def prepared(folder: Path, *, office: bool = True, denies: bool = False) -> Path:
    """The case of a patient who asks for access, in a folder with settings."""
    place = case(folder, "patient-directive")
    if office:
        (folder / "second-opinion.toml").write_text(SETTINGS, encoding="utf-8")
    if denies:
        held = json.loads((place / "case.json").read_text(encoding="utf-8"))
        held["access"]["determinations"][0] |= {
            "ground": "endanger_life_or_safety",
            "by_licensed_professional": True,
        }
        (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    return place


def test_the_kinds_of_the_command_are_those_of_the_letters() -> None:
    assert KINDS == WRITTEN == get_args(Kind)


def test_without_a_file_the_text_goes_to_stdout(tmp_path: Path) -> None:
    done = run(tmp_path, "letter", "redirect", prepared(tmp_path))
    assert done.code == 0
    assert done.out.startswith("Cottonwood Community Hospital (synthetic)\n\n")
    assert "Ask: Piñon Imaging Center (synthetic), 3 Test Mesa Way" in " ".join(done.out.split())
    assert done.err == (
        "warning: case.json $.patient.language: is not English, and the letter is: have it translated for who reads it"
        " [letters.language]\n"
    )


@pytest.mark.parametrize("ending", ["txt", "html", "pdf", "json"])
def test_writes_the_form_that_the_ending_names_for_its_owner_alone(ending: str, tmp_path: Path) -> None:
    done = run(tmp_path, "letter", "redirect", prepared(tmp_path), "--to", f"out.{ending}")
    assert (done.code, done.out) == (0, f"out.{ending}\n")
    written = tmp_path / f"out.{ending}"
    assert written.stat().st_mode & 0o777 == 0o600
    starts = {"txt": b"Cottonwood", "html": b"<!DOCTYPE html>", "pdf": b"%PDF-1.7", "json": b'{"resourceType":"Bundle"'}
    assert written.read_bytes().startswith(starts[ending])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted(
        [f"out.{ending}", "second-opinion.toml"]
    )


def test_a_denial_is_not_written_while_an_element_is_missing(tmp_path: Path) -> None:
    place = prepared(tmp_path, office=False, denies=True)
    done = run(tmp_path, "letter", "denial", place, "--to", "denial.pdf")
    assert (done.code, done.out) == (1, "")
    assert [line.rpartition(" [")[2] for line in done.err.splitlines()] == [
        "45 CFR 164.524(d)(2)(ii)]",
        "45 CFR 164.524(d)(2)(iii)]",
        "45 CFR 164.524(d)(2)(iii)]",
        "45 CFR 164.524(d)(2)(iii)]",
    ]
    assert not (tmp_path / "denial.pdf").exists()


def test_a_denial_as_pdf(tmp_path: Path) -> None:
    done = run(tmp_path, "letter", "denial", prepared(tmp_path, denies=True), "--to", "denial.pdf", "--json")
    assert done.code == 0
    assert done.json["to"] == "denial.pdf"
    assert done.json["letter"]["addressee"]["id"] == "patient"
    pages = pypdf.PdfReader(io.BytesIO((tmp_path / "denial.pdf").read_bytes())).pages
    assert "Your right to a review" in " ".join(page.extract_text() for page in pages)


def test_the_same_letter_again_changes_nothing_another_is_not_written_over_it(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    assert run(tmp_path, "letter", "redirect", place, "--to", "out.txt").code == 0
    assert run(tmp_path, "letter", "redirect", place, "--to", "out.txt").code == 0
    before = (tmp_path / "out.txt").read_bytes()
    done = run(tmp_path, "letter", "acceptance", place, "--to", "out.txt")
    assert (done.code, (tmp_path / "out.txt").read_bytes()) == (1, before)
    assert done.err.startswith("error: --to: is there already and is not this letter")


@pytest.mark.parametrize(
    ("target", "message"), [("out.doc", "has none of the endings"), ("patient-directive/out.txt", "lies inside")]
)
def test_a_target_that_will_not_do_is_refused_unnamed(target: str, message: str, tmp_path: Path) -> None:
    done = run(tmp_path, "letter", "redirect", prepared(tmp_path), "--to", target)
    assert done.code == 1
    assert done.err.startswith(f"error: --to: {message}")
    assert "out" not in done.err.replace("outside", "")


def test_an_unknown_kind_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path, "letter", "reminder", prepared(tmp_path)).code == 2


def test_check_names_the_letters_that_the_decision_asks_for(tmp_path: Path) -> None:
    place = prepared(tmp_path, denies=True)
    told = [line for line in run(tmp_path, "check", place).out.splitlines() if line.startswith("letter:")]
    assert told == [
        f"letter: second-opinion letter {kind} {place} --to FILE" for kind in ("acceptance", "denial", "redirect")
    ]
    assert run(tmp_path, "check", place, "--json").json["letters"] == ["acceptance", "denial", "redirect"]
    assert run(tmp_path, "check", case(tmp_path, "svc-syndrome"), "--json").json["letters"] == []
    assert run(tmp_path, "check", case(tmp_path, "cord-compression"), "--json").json["letters"] == ["part2-statement"]


def test_what_is_sent_is_in_the_ledger(tmp_path: Path) -> None:
    done = run(tmp_path, "letter", "denial", prepared(tmp_path, denies=True), "--to", "denial.txt", "--sent", "--json")
    assert done.code == 0
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    try:
        [notice], [decision] = ledger.rows("notice"), ledger.rows("decision")
    finally:
        ledger.close()
    assert (notice["kind"], notice["document_sha256"]) == ("denial", done.json["sha256"])
    assert decision["outcome"] == "permit_with_exclusions"


def rows_of(folder: Path, *tables: str) -> list[int]:
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite3'}")
    try:
        return [len(ledger.rows(table)) for table in tables]
    finally:
        ledger.close()


def test_a_letter_that_is_sent_twice_is_one_notice_and_one_decision(tmp_path: Path) -> None:
    place = prepared(tmp_path, denies=True)
    told = ("letter", "denial", place, "--to", "denial.txt", "--sent")
    assert [run(tmp_path, *told).code for _ in range(2)] == [0, 0]
    assert rows_of(tmp_path, "notice", "decision", "request") == [1, 1, 1]
    assert run(tmp_path, "letter", "redirect", place, "--to", "redirect.txt", "--sent").code == 0
    assert rows_of(tmp_path, "notice", "decision", "request") == [2, 1, 1]


def test_a_letter_on_other_facts_has_its_own_decision(tmp_path: Path) -> None:
    place = prepared(tmp_path, denies=True)
    assert run(tmp_path, "letter", "denial", place, "--to", "denial.txt", "--sent").code == 0
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["access"]["determinations"][0]["professional"] = "Dr Test Otherprofessional"
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    assert run(tmp_path, "letter", "redirect", place, "--to", "redirect.txt", "--sent").code == 0
    assert rows_of(tmp_path, "notice", "decision", "request") == [2, 2, 1]


def test_a_number_that_the_patient_has_got_since_is_filed_with_the_same_decision(tmp_path: Path) -> None:
    place = prepared(tmp_path, denies=True)
    assert run(tmp_path, "letter", "denial", place, "--to", "denial.txt", "--sent").code == 0
    before = rows_of(tmp_path, "decision", "subject")
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    known = {"identifiers": [{"system": "https://other.example/mrn", "value": "O-1"}]}
    held["patient"].setdefault("known_as", []).append(known)
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    assert run(tmp_path, "letter", "redirect", place, "--to", "redirect.txt", "--sent").code == 0
    assert rows_of(tmp_path, "decision", "subject") == [before[0], before[1] + 1]


def test_what_is_not_sent_is_not(tmp_path: Path) -> None:
    assert run(tmp_path, "letter", "redirect", prepared(tmp_path)).code == 0
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_the_accounting_lists_what_the_ledger_counts(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    none = run(tmp_path, "letter", "accounting", place)
    assert none.code == 1
    assert none.err.startswith("error: ledger:")
    assert run(tmp_path, "export", place, "--to", "out.zip").code == 4
    done = run(tmp_path, "letter", "accounting", place)
    assert done.code == 0
    assert "There is no disclosure that has to be listed." in done.out


AMENDMENT = {
    "id": "amend", "requested_by": "patient", "received_at": "2099-01-10T09:00:00-07:00", "holder_tz": "America/Denver",
    "identity_verified": True, "asks": "It names the wrong side.", "created_here": True, "accurate_and_complete": True,
}  # fmt: skip


def amending(folder: Path, **changes: object) -> Path:
    place = prepared(folder)
    settings = (folder / "second-opinion.toml").read_text(encoding="utf-8") + 'disagreements = "Write to us."\n'
    (folder / "second-opinion.toml").write_text(settings, encoding="utf-8")
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["amendments"] = [AMENDMENT | {"about": [held["request"]["id"]]} | changes]
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    return place


def test_a_denied_amendment_is_in_the_ledger_once_it_is_sent_and_its_clock_ends(tmp_path: Path) -> None:
    place = amending(tmp_path)
    assert run(tmp_path, "ledger", "request", place).code == 0
    due = ("ledger", "due", "--as-of", "2099-02-01", "--json")
    assert [one["next"] for one in run(tmp_path, *due).json["due"]] == ["send the denial"]
    draft = run(tmp_path, "letter", "amendment-denial", place, "--to", "draft.json")
    assert (draft.code, communication(tmp_path / "draft.json")["status"]) == (0, "preparation")
    done = run(tmp_path, "letter", "amendment-denial", place, "--to", "sent.json", "--sent", "--json")
    assert done.code == 0
    told = communication(tmp_path / "sent.json")
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    try:
        [notice], requests = ledger.rows("notice"), ledger.rows("request")
    finally:
        ledger.close()
    assert (told["status"], told["sent"]) == ("completed", notice["sent_at"])
    assert (notice["kind"], notice["document_sha256"]) == ("amendment-denial", done.json["sha256"])
    assert [row["pathway"] for row in requests] == ["amendment"]


def test_an_amendment_in_part_is_met_when_both_letters_are_sent(tmp_path: Path) -> None:
    report = "report-original"
    parts = [
        {
            "asks": "The side.",
            "about": [report],
            "created_here": True,
            "accurate_and_complete": False,
            "amended": "Linked.",
        },
        {"asks": "The grade.", "about": [report], "created_here": True, "accurate_and_complete": True},
    ]
    place = amending(tmp_path, asks="", created_here=None, accurate_and_complete=None, about=[report], parts=parts,
                     received_at="2026-01-10T09:00:00-07:00")  # fmt: skip
    assert run(tmp_path, "ledger", "request", place).code == 0
    due = ("ledger", "due", "--json")
    next_ones = []
    for kind in ("amendment-acceptance", "amendment-denial"):
        next_ones += [one["next"] for one in run(tmp_path, *due).json["due"]]
        assert run(tmp_path, "letter", kind, place, "--to", f"{kind}.json", "--sent").code == 0
    assert (next_ones, run(tmp_path, *due).json["due"]) == (["send the acceptance", "send the denial"], [])
    assert rows_of(tmp_path, "decision", "notice") == [1, 2]
    [line] = run(tmp_path, "check", place, "--json").json["rights"]
    assert (line["outcome"], line["letters"]) == (
        "permit_with_exclusions",
        ["amendment-acceptance", "amendment-denial"],
    )


def communication(path: Path) -> dict[str, str]:
    entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
    [found] = [e["resource"] for e in entries if e["resource"]["resourceType"] == "Communication"]
    return dict(found)


def test_nothing_says_sent_where_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    place = amending(tmp_path)
    nowhere = {"SECOND_OPINION_LEDGER": "sqlite:////proc/nowhere/ledger.sqlite3"}
    done = run(tmp_path, "letter", "amendment-denial", place, "--to", "sent.json", "--sent", **nowhere)
    assert (done.code, (tmp_path / "sent.json").exists()) == (1, False)
    assert done.err.splitlines()[-1].startswith("error: ledger: names a file in a folder that is not there")


def test_where_there_are_several_requests_one_is_named(tmp_path: Path) -> None:
    place = amending(tmp_path)
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    held["amendments"].append(held["amendments"][0] | {"id": "second", "asks": "Another thing is wrong."})
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    done = run(tmp_path, "letter", "amendment-denial", place)
    assert (done.code, "name one with --about" in done.err) == (1, True)
    assert "Another thing is wrong." in " ".join(
        run(tmp_path, "letter", "amendment-denial", place, "--about", "second").out.split()
    )
    assert run(tmp_path, "letter", "accounting-extension", place).code == 1


def test_what_was_asked_of_the_holder_leaves_no_trace_in_a_release(tmp_path: Path) -> None:
    place = amending(tmp_path, asks="Quetzal")
    assert run(tmp_path, "export", place, "--to", "out").code == 4
    found = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and b"uetzal" in path.read_bytes()]
    assert found == []
    assert b'"amendments"' not in (tmp_path / "out" / "case.json").read_bytes()


def test_check_names_the_letters_that_requests_to_amend_and_for_an_accounting_ask_for(tmp_path: Path) -> None:
    place = amending(tmp_path)
    held = json.loads((place / "case.json").read_text(encoding="utf-8"))
    first = held["amendments"][0]
    open_one = first | {"id": "open", "accurate_and_complete": None}
    held["amendments"] += [first | {"id": "right", "accurate_and_complete": False}, open_one]
    asks = ("requested_by", "received_at", "holder_tz", "identity_verified")
    held["accountings"] = [{"id": "count", **{name: first[name] for name in asks}}]
    (place / "case.json").write_text(json.dumps(held), encoding="utf-8")
    told = [line for line in run(tmp_path, "check", place).out.splitlines() if "--about" in line]
    assert told == [
        f"letter: second-opinion letter {kind} {place} --about {name} --to FILE"
        for kind, name in (
            ("amendment-denial", "amend"), ("amendment-acceptance", "right"), ("accounting", "count")
        )
    ]  # fmt: skip
    found = run(tmp_path, "check", place, "--json").json["rights"]
    assert [(one["about"], one["outcome"], one["letters"]) for one in found] == [
        ("amend", "deny_not_permitted", ["amendment-denial"]), ("right", "permit", ["amendment-acceptance"]),
        ("open", "pend", []), ("count", "permit", ["accounting"]),
    ]  # fmt: skip
    assert run(tmp_path, "check", case(tmp_path, "svc-syndrome"), "--json").json["rights"] == []


def test_the_paper_of_the_patient_never_tells_of_an_agency(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    number = json.loads((place / "case.json").read_text(encoding="utf-8"))["patient"]["identifiers"][0]
    patient = f"{number['system']}|{number['value']}"
    disclosed = ("ledger", "disclosed", "--on", "2026-01-15", "--what", "Report", "--purpose", "As the law says")
    run(tmp_path, *disclosed, "--to", "Registry", "--basis", "45 CFR 164.512(b)", stdin=patient)
    before = run(tmp_path, "letter", "accounting", place)
    assert (before.code, "Registry" in before.out) == (0, True)
    run(tmp_path, *disclosed, "--to", "County Jail", "--basis", "45 CFR 164.512(f)", stdin=patient)
    run(
        tmp_path, "ledger", "suspend", "--agency", "Sheriff", "--official", "Deputy", "--stated", "2026-02-01",
        "--until", "2099-12-31", stdin=patient,
    )  # fmt: skip
    done = run(tmp_path, "letter", "accounting", place, "--to", "accounting.txt", "--sent")
    assert (done.code, done.out, (tmp_path / "accounting.txt").exists()) == (1, "", False)
    assert ("second-opinion ledger recipient " in done.err, "Jail" in done.err, "Sheriff" in done.err) == (
        True, False, False
    )  # fmt: skip
    line, stated = re.findall(r"recipient (\S+) --is (\S+)`", done.err)[0]
    run(tmp_path, "ledger", "recipient", line, "--is", stated)
    assert run(tmp_path, "letter", "accounting", place).out == before.out
    run(tmp_path, "ledger", "recipient", line, "--is-not", stated)
    assert "County Jail" in run(tmp_path, "letter", "accounting", place).out


def test_disclosures_that_look_alike_are_each_listed(tmp_path: Path) -> None:
    place = prepared(tmp_path)
    number = json.loads((place / "case.json").read_text(encoding="utf-8"))["patient"]["identifiers"][0]
    told = (
        "ledger", "disclosed", "--on", "2026-01-15", "--what", "Report", "--purpose", "As the law says", "--to",
        "Registry", "--basis", "45 CFR 164.512(b)",
    )  # fmt: skip
    for more in ((), ("--by", "Archive Company"), ("--by", "Archive Company")):  # the last says the second again
        assert run(tmp_path, *told, *more, stdin=f"{number['system']}|{number['value']}").code == 0
    done = run(tmp_path, "letter", "accounting", place, "--json")
    tables = [part["table"] for part in done.json["letter"]["sections"] if part.get("table")]
    assert [row[1] for table in tables for row in table["rows"]] == ["Registry", "Registry"]
