"""ledger: what the commands print, where, and with which exit code."""

import json
import sqlite3
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import pytest

from adapter.cli.ledger import notice_command
from mappings.domain.access import Notice
from tests.adapter.cli.command import Done, case, change, run
from tests.adapter.ledger.old import schema_1

AMBER = "https://prairie-lake.example/sid/mrn|AMB-000123"
CENTER = "Northfield Sarcoma Review Center (synthetic)"
DAY = ("--as-of", "2099-01-01")


def alter(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "ledger.sqlite3")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger: one export that went for treatment, one that counts, one request that pends."""
    folder = tmp_path_factory.mktemp("ledger")
    assert run(folder, "export", case(folder, "soft-tissue-sarcoma"), "--to", "a").code == 4
    assert run(folder, "export", case(folder, "cord-compression"), "--to", "b").code == 0
    place = case(folder, "patient-directive")
    access = json.loads((place / "case.json").read_text(encoding="utf-8"))["access"]
    del access["identity_verified"]
    assert run(folder, "export", change(place, access=access), "--to", "c").code == 3
    return folder


@pytest.fixture
def own(exported: Path, tmp_path: Path) -> Path:
    """A ledger of its own that may be altered."""
    held = sqlite3.connect(exported / "ledger.sqlite3")
    copy = sqlite3.connect(tmp_path / "ledger.sqlite3")
    held.backup(copy)
    held.close()
    copy.close()
    return tmp_path


def test_verify_says_intact_and_the_head(exported: Path) -> None:
    done = run(exported, "ledger", "verify")
    first, head = done.out.splitlines()
    assert (done.code, done.err, first, head[:5], len(head)) == (0, "", "intact: 15 rows", "head ", 69)
    assert run(exported, "ledger", "verify", "--head", head[5:]).code == 0


def test_verify_as_json(exported: Path) -> None:
    found = run(exported, "ledger", "verify", "--json").json
    assert (found["intact"], found["taken_over"], found["unclosed"], found["older"]) == (True, 0, 0, {})
    assert found["rows"] == {
        "request": 3, "subject": 4, "policy": 1, "decision": 3, "release": 2, "disclosure": 2,
        "reported_disclosure": 0, "suspension": 0, "notice": 0, "takeover": 0, "checkpoint": 0,
    }  # fmt: skip


def test_a_head_that_is_not_of_this_ledger_is_failed(exported: Path) -> None:
    done = run(exported, "ledger", "verify", "--head", "ab" * 32)
    assert (done.code, done.out.splitlines()[0]) == (1, "NOT INTACT: 15 rows")
    assert done.err.startswith("error: ledger --head: is no hash of this chain")


def test_what_was_changed_is_failed_and_names_the_row_alone(own: Path) -> None:
    alter(own, "UPDATE disclosure SET recipient = 'Mirabel Testperson' WHERE number = 6")
    done = run(own, "ledger", "verify")
    assert (done.code, done.out.splitlines()[0]) == (1, "NOT INTACT: 15 rows")
    assert done.err == (
        "error: ledger disclosure 6: is not as it was written: it was changed, or put in another place [ledger.chain]\n"
    )


def test_what_is_past_its_term_is_said_and_stays(own: Path) -> None:
    done = run(own, "ledger", "verify", *DAY)
    assert done.code == 0
    assert done.out.splitlines()[2] == (
        "older than 2093-01-01, past the six years they must be kept: request 3, decision 3, release 2, disclosure 2; "
        "nothing is deleted"
    )
    assert run(own, "ledger", "verify").out.splitlines()[0] == "intact: 15 rows"


@pytest.mark.parametrize("command", [("verify",), ("disclosures", "--case", "x"), ("due",)])
def test_reading_a_ledger_that_is_not_there_makes_none(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "ledger", *command)
    assert (done.code, done.out, done.err.startswith("error: ledger: is not there yet")) == (1, "", True)
    assert list(tmp_path.iterdir()) == []


def test_the_accounting_lists_what_counts(exported: Path) -> None:
    done = run(
        exported, "ledger", "disclosures", *_all_time(), stdin="https://juniper-city.example/sid/mrn|GRU-000666\n"
    )
    heads, line = done.out.splitlines()
    assert (done.code, done.err, heads.split()) == (0, "", ["date", "to", "address", "what", "purpose", "on"])
    assert "Tidewater Hematopathology Review Center (synthetic)  not known  case SYN-2026-0006: 20 items: " in line
    assert line.endswith("treatment (45 CFR 164.506(c)(2))")


def _all_time() -> tuple[str, ...]:
    return ("--since", "2020-01-01")


def test_what_need_not_be_listed_is_listed_on_request(exported: Path) -> None:
    short = run(exported, "ledger", "disclosures", "--patient", AMBER)
    assert (short.code, short.out.startswith("no disclosures to account for from ")) == (0, True)
    full = run(exported, "ledger", "disclosures", "--all", "--json", stdin=AMBER)
    [line] = full.json["disclosures"]
    assert (line["recipient"], line["address"], line["purpose"], line["counts"]) == (CENTER, None, "treatment", False)
    assert (line["basis"], line["request_paper"]) == (["45 CFR 164.506(c)(2)"], None)


def test_by_case_and_until_a_day(exported: Path) -> None:
    found = run(exported, "ledger", "disclosures", "--case", "SYN-2025-0001", "--all", "--json")
    assert len(found.json["disclosures"]) == 1
    past = run(exported, "ledger", "disclosures", "--case", "SYN-2025-0001", "--all", "--json", "--as-of", "2020-02-29")
    assert past.json == {"since": "2014-03-01", "until": "2020-02-29", "disclosures": []}


def test_a_number_that_is_not_known_is_failed_and_not_shown(exported: Path) -> None:
    done = run(exported, "ledger", "disclosures", stdin="https://prairie-lake.example/sid/mrn|AMB-999999")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: --patient: the ledger has nothing under this number with this issuer")
    assert "AMB-999999" not in done.err


@pytest.mark.parametrize("given", ["", "AMB-000123", "|AMB-000123", "https://prairie-lake.example/sid/mrn|"])
def test_a_number_without_issuer_is_refused_and_not_shown(given: str, exported: Path) -> None:
    done = run(exported, "ledger", "disclosures", stdin=given)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: --patient: is no SYSTEM|VALUE: the issuer's URI, a bar, the number; a number without its issuer is "
        "nobody's [ledger.patient]\n"
    )


def test_one_number_of_two_persons_is_warned_of(own: Path) -> None:
    system, _, value = AMBER.partition("|")
    last = "(SELECT max(number) FROM subject)"
    alter(own, f"UPDATE subject SET system = '{system}', value = '{value}' WHERE number = {last}")
    done = run(own, "ledger", "disclosures", "--all", stdin=AMBER)
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert done.err.startswith("warning: --patient: stands for more than one name or birth date")


def due(folder: Path, day: str) -> Done:
    return run(folder, "ledger", "due", "--as-of", day)


def test_due_lists_what_runs_and_marks_what_is_over(exported: Path) -> None:
    done = due(exported, "2026-02-11")
    heads, line = done.out.splitlines()
    assert (done.code, heads.split()) == (0, ["deadline", "case", "received", "decided", "next", "request"])
    wanted = "2026-02-11  0 days left  SYN-2026-0007  2026-01-12  pend     settle what is open  "
    assert (line[: len(wanted)], len(line)) == (wanted, len(wanted) + 36)
    assert "2026-02-11  OVERDUE by 1 days  SYN-2026-0007" in due(exported, "2026-02-12").out


def test_due_as_json(exported: Path) -> None:
    found = run(exported, "ledger", "due", "--as-of", "2026-02-12", "--json").json
    [one] = found["due"]
    assert (found["as_of"], one["deadline"], one["days"], one["overdue"], one["requester"]) == (
        "2026-02-12", "2026-02-11", -1, True, "patient"
    )  # fmt: skip


def test_a_letter_that_was_sent_is_written_down(own: Path) -> None:
    alter(own, "UPDATE decision SET outcome = 'deny_unreviewable' WHERE outcome = 'pend'")
    [one] = run(own, "ledger", "due", "--json", "--as-of", "2026-02-01").json["due"]
    assert one["next"] == "send the denial notice"
    (own / "letter.pdf").write_bytes(b"letter")
    sent = ("--kind", "denial", "--sent", "2026-01-20", "--document", "letter.pdf")
    done = run(own, "ledger", "notice", one["request"], *sent)
    assert (done.code, done.out, done.err) == (0, "written down\n", "")
    assert due(own, "2026-02-01").out == "nothing is due\n"
    [row] = _rows(own, "SELECT kind, sent_at, document_sha256 FROM notice")
    assert row == ("denial", "2026-01-20", "f80105efab6d863fd8fc243d269094469e2277e8f12e5a0a9f401e88494f7b4b")


def _rows(folder: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(folder / "ledger.sqlite3")
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_every_kind_of_notice_can_be_written_down() -> None:
    [kind] = [param for param in notice_command.params if param.name == "kind"]
    assert isinstance(kind.type, click.Choice)
    assert set(kind.type.choices) == set(get_args(get_type_hints(Notice)["kind"]))


def test_a_letter_about_nothing_is_refused(own: Path) -> None:
    done = run(own, "ledger", "notice", "no-such-request", "--kind", "denial")
    assert (done.code, done.err.endswith("[ledger.notice]\n"), "no-such" in done.err) == (1, True, False)


def test_migrate_makes_takes_over_and_does_it_once(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    schema_1(f"sqlite:///{tmp_path}/old/ledger.sqlite3")
    told = [run(tmp_path / name, "ledger", "migrate").out for name in ("old", "old")]
    (tmp_path / "new").mkdir()
    told.append(run(tmp_path / "new", "ledger", "migrate").out)
    assert told == ["taken over: 7 rows\n", "up to date\n", "up to date\n"]
    assert run(tmp_path / "new", "ledger", "verify").out.startswith("intact: 0 rows\n")
    shown = run(tmp_path / "old", "ledger", "verify").out
    assert "taken over: 7 rows come from a ledger without a chain; what was done to them before" in shown
    assert "not closed: 1 releases were prepared and never reported as done; export again" in shown


def test_a_ledger_without_a_chain_is_not_changed_by_reading(tmp_path: Path) -> None:
    schema_1(f"sqlite:///{tmp_path}/ledger.sqlite3")
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    done = run(tmp_path, "ledger", "verify")
    assert (done.code, "`second-opinion ledger migrate` takes it over" in done.err) == (1, True)
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before


def test_disclosures_of_an_earlier_version_are_pointed_out(tmp_path: Path) -> None:
    schema_1(f"sqlite:///{tmp_path}/ledger.sqlite3")
    assert run(tmp_path, "ledger", "migrate").code == 0
    done = run(tmp_path, "ledger", "disclosures", stdin=AMBER)
    assert "warning: ledger: 2 disclosures of this time come from an earlier version and stand under no" in done.err
    told = run(tmp_path, "ledger", "disclosures", "--case", "case-1")
    assert (told.code, len(told.out.splitlines())) == (0, 2)
