"""ledger: what the commands print, where, and with which exit code."""

import datetime as dt
import json
import sqlite3
from pathlib import Path
from typing import Any, get_args, get_type_hints
from zoneinfo import ZoneInfo

import click
import pytest

from adapter.cli.ledger_known import notice_command
from adapter.ledger.store import Ledger
from mappings.domain.access import Notice
from tests.adapter.cli.command import Done, case, change, run
from tests.adapter.ledger.given import AT, NUMBER, SYSTEM, entry, go
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
        "reported_disclosure": 0, "suspension": 0, "known_recipient": 0, "research": 0, "notice": 0,
        "takeover": 0, "checkpoint": 0, "shipment": 0,
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


@pytest.mark.parametrize("asked", [("--patient", AMBER), ("--case", "SYN-2025-0001")])
def test_an_accounting_of_what_was_changed_is_failed_and_says_so(asked: tuple[str, str], own: Path) -> None:
    assert run(own, "ledger", "disclosures", *asked, "--all").err == ""
    alter(own, "UPDATE disclosure SET recipient = 'Mirabel Testperson' WHERE number = 6")
    done = run(own, "ledger", "disclosures", *asked, "--all")
    assert (done.code, "Mirabel Testperson" in done.out) == (1, True)
    assert done.err == (
        "error: ledger disclosure 6: is not as it was written: it was changed, or put in another place [ledger.chain]\n"
    )
    assert run(own, "ledger", "disclosures", *asked, "--all", "--json").code == 1


def test_an_accounting_from_which_a_row_was_taken_is_failed(own: Path) -> None:
    alter(own, "DELETE FROM disclosure WHERE number = 6")
    done = run(own, "ledger", "disclosures", "--patient", AMBER, "--all")
    assert (done.code, done.err.startswith("error: ledger ")) == (1, True)


@pytest.mark.parametrize("command", [("verify",), ("disclosures", "--case", "x"), ("due",), ("migrate",)])
def test_a_ledger_that_lost_a_table_is_one_problem(command: tuple[str, ...], own: Path) -> None:
    alter(own, "DROP TABLE notice")
    done = run(own, "ledger", *command)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("error: ledger: has lost what it was made with (table notice): restore")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("patient_request", "patient_request: patient requested"),
        ("payment", "payment: healthcare payment"),
        ("involvement_in_care", "involvement_in_care: involvement in care"),
        ("treatment", "treatment"),
        ("legal_proceedings", "legal_proceedings: legal proceedings"),
        ("Health oversight", "Health oversight"),
    ],
)
def test_a_purpose_has_its_words_beside_its_code(code: str, shown: str, tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", at=AT)
    go(ledger, entry(), purpose=code)
    ledger.close()
    done = run(tmp_path, "ledger", "disclosures", "--patient", f"{SYSTEM}|{NUMBER}", *_all_time())
    assert done.out.splitlines()[1].split("  ")[4].startswith(f"{shown} (45 CFR 164.524(a)(1))")


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
    assert past.json == {"since": "2014-03-01", "until": "2020-02-29", "numbers": 1, "disclosures": [], "research": []}


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
    assert (done.code, len(done.out.splitlines())) == (1, 2), "and the row is not as it was written"
    assert done.err.startswith("warning: --patient: stands for more than one name or birth date")


def due(folder: Path, day: str) -> Done:
    return run(folder, "ledger", "due", "--as-of", day)


def test_due_lists_what_runs_and_marks_what_is_over(exported: Path) -> None:
    done = due(exported, "2026-02-11")
    heads, line = done.out.splitlines()
    assert (done.code, heads.split()) == (0, ["deadline", "kind", "case", "received", "decided", "next", "request"])
    wanted = "2026-02-11  0 days left  access  SYN-2026-0007  2026-01-12  pend     settle what is open  "
    assert (line[: len(wanted)], len(line)) == (wanted, len(wanted) + 36)
    assert "2026-02-11  OVERDUE by 1 days  access  SYN-2026-0007" in due(exported, "2026-02-12").out


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
    [one] = run(own, "ledger", "due", "--json", "--as-of", "2026-02-01").json["due"]
    assert one["next"] == "send the redirect notice"
    assert run(own, "ledger", "notice", one["request"], "--kind", "redirect", "--sent", "2026-01-20").code == 0
    assert due(own, "2026-02-01").out == "nothing is due\n"
    [row] = _rows(own, "SELECT kind, sent_at, document_sha256 FROM notice WHERE kind = 'denial'")
    assert row == ("denial", "2026-01-20", "f80105efab6d863fd8fc243d269094469e2277e8f12e5a0a9f401e88494f7b4b")


def test_a_letter_that_is_still_to_be_sent_is_refused(own: Path) -> None:
    [one] = run(own, "ledger", "due", "--json", "--as-of", "2026-02-01").json["due"]
    done = run(own, "ledger", "notice", one["request"], "--kind", "denial", "--sent", "2099-01-01")
    assert (done.code, done.out, done.err.startswith("error: --sent: lies in the future")) == (1, "", True)
    assert _rows(own, "SELECT kind FROM notice") == []


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


# --- told by hand


def running(folder: Path, day: str) -> Any:
    return run(folder, "ledger", "due", "--as-of", day, "--json").json["due"]


ASKED = ("ledger", "request", "--kind", "accounting", "--name", "ACC-1", "--received", "2026-01-31T23:30:00-05:00",
         "--tz", "America/New_York")  # fmt: skip


def test_a_request_told_by_hand_runs_and_is_closed_by_its_answer(tmp_path: Path) -> None:
    first = run(tmp_path, *ASKED, "--json", stdin=AMBER)
    again = run(tmp_path, *ASKED, "--json", stdin=AMBER)
    assert (first.code, first.json["new"], again.json["new"], first.json["request"]) == (
        0, True, False, again.json["request"]
    )  # fmt: skip
    [found] = running(tmp_path, "2026-04-02")
    assert (found["kind"], found["case"], found["deadline"], found["days"], found["next"]) == (
        "accounting", "ACC-1", "2026-04-01", -1, "give the accounting"
    )  # fmt: skip
    extended = ("--kind", "accounting-extension", "--sent", "2026-04-01", "--promised", "2026-04-20")
    assert run(tmp_path, "ledger", "notice", found["request"], *extended).code == 0
    assert running(tmp_path, "2026-04-02")[0]["deadline"] == "2026-04-01"
    assert run(tmp_path, "ledger", "notice", found["request"], *extended, "--reasons", "The archive moves.").code == 0
    assert running(tmp_path, "2026-04-02")[0]["deadline"] == "2026-04-20"
    assert run(tmp_path, "ledger", "notice", found["request"], "--kind", "accounting").code == 0
    assert due(tmp_path, "2026-04-02").out == "nothing is due\n"
    assert run(tmp_path, "ledger", "verify").code == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--tz", "Mars/Olympus"), "error: --tz: is no time zone of the tz database"),
        (("--tz", "Mars/Olympus", "--received", "2026-01-31"), "error: --tz: is no time zone of the tz database"),
        (("--received", "yesterday"), "error: "),
        (("--received", "2099-01-31"), "error: --received: lies in the future"),
        (("--received", "2099-01-31T23:30:00-05:00"), "error: --received: lies in the future"),
        (("--patient", "AMB-000123"), "error: --patient: is no SYSTEM|VALUE"),
    ],
)
def test_a_request_that_no_day_can_be_counted_from_is_refused(
    changed: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = run(tmp_path, *ASKED, *changed, stdin=AMBER)
    assert (done.code, done.out, done.err.startswith(message)) == (1, "", True)
    assert "AMB-000123" not in done.err
    assert "Mars" not in done.err
    assert "yesterday" not in done.err
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_half_a_request_is_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path, "ledger", "request", "--kind", "accounting").code == 2


AMENDMENT = {
    "id": "amend", "requested_by": "patient", "received_at": "2026-02-01T09:00:00-07:00", "holder_tz": "America/Denver",
    "identity_verified": True, "asks": "The report names the wrong side.", "about": ["report"],
    "extensions": [{"reasons": "The laboratory has to look.", "until": "2026-04-15", "sent_on": "2026-03-20"}],
}  # fmt: skip


def test_the_requests_of_a_case_are_written_down_once_and_run_until_they_are_decided_and_answered(
    tmp_path: Path,
) -> None:
    place = case(tmp_path, "patient-directive")
    none = run(tmp_path, "ledger", "request", place)
    assert (none.code, none.err[:22]) == (1, "error: case.json $: ha")
    change(place, amendments=[AMENDMENT | {"about": []}])
    first = run(tmp_path, "ledger", "request", place, "--json")
    assert (first.code, first.json["kind"], first.json["new"]) == (0, "amendment", True)
    assert run(tmp_path, "ledger", "request", place, "--json").json["new"] is False
    [found] = running(tmp_path, "2026-03-01")
    assert (found["deadline"], found["outcome"], found["next"]) == ("2026-04-15", "pend", "decide on the amendment")
    report = json.loads((place / "case.json").read_text(encoding="utf-8"))["request"]["id"]
    change(place, amendments=[AMENDMENT | {"about": [report], "created_here": True, "accurate_and_complete": True}])
    assert run(tmp_path, "ledger", "request", place, "--json").json["new"] is True
    [found] = running(tmp_path, "2026-03-01")
    assert (found["outcome"], found["next"]) == ("deny_not_permitted", "send the denial")


REPORTED = ("ledger", "disclosed", "--on", "2026-01-15", "--to", "State Agency", "--what", "Pathology report",
            "--purpose", "Health oversight", "--basis", "45 CFR 164.512(d)", "--by", "Archive Company")  # fmt: skip


def test_what_a_business_associate_disclosed_is_on_the_accounting_but_not_while_it_is_suspended(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, *REPORTED, stdin=AMBER).out == "written down\n"
    assert run(tmp_path, *REPORTED, stdin=AMBER).out == "known already\n"
    asked = ("ledger", "disclosures", "--patient", AMBER, "--as-of", "2026-02-10")
    assert "State Agency  not known  Pathology report  Health oversight (45 CFR 164.512(d))" in run(
        tmp_path, *asked
    ).out.replace("  \n", "\n")
    orally = (
        "ledger",
        "suspend",
        "--agency",
        "State Agency",
        "--official",
        "Inspector",
        "--stated",
        "2026-02-01",
        "--oral",
    )
    assert run(tmp_path, *orally, "--until", "2026-12-31", stdin=AMBER).out == "written down\n"
    hidden = run(tmp_path, *asked)
    assert hidden.out.startswith("no disclosures to account for")
    assert hidden.err.startswith("warning: ledger: leaves out 1 disclosures while their accounting is suspended")
    assert "suspended" in run(tmp_path, *asked, "--all").out
    after = run(tmp_path, "ledger", "disclosures", "--patient", AMBER, "--as-of", "2026-03-04", "--json")
    assert len(after.json["disclosures"]) == 1, "30 days after an oral statement it is over"
    last = run(tmp_path, "ledger", "disclosures", "--patient", AMBER, "--as-of", "2026-03-03", "--json")
    assert last.json["disclosures"] == []


SUSPEND = ("ledger", "suspend", "--agency", "Agency of the State", "--official", "Inspector", "--stated", "2026-02-01",
           "--until", "2099-12-31")  # fmt: skip


def test_no_accounting_shows_what_may_have_gone_to_an_agency_under_another_name(tmp_path: Path) -> None:
    run(tmp_path, *REPORTED, stdin=AMBER)
    run(tmp_path, *SUSPEND, stdin=AMBER)
    asked = ("ledger", "disclosures", "--patient", AMBER)
    done = run(tmp_path, *asked)
    assert (done.code, done.out, "Agency" in done.err) == (1, "", False)
    assert run(tmp_path, *asked, "--as-of", "2026-01-20").code == 1, "a past day is asked about today"
    [line] = run(tmp_path, *asked, "--all", "--json").json["disclosures"]
    [stated] = line["unsettled"]
    assert f"suspended? ({line['id']})" in run(tmp_path, *asked, "--all").out
    assert done.err == (
        f"error: ledger {line['id']}: may have gone, under another name, to the agency that suspended its accounting; "
        f"say `second-opinion ledger recipient {line['id']} --is {stated}`, or `--is-not {stated}`. Until then there "
        "is no accounting [45 CFR 164.528(a)(2)]\n"
    )
    assert run(tmp_path, "ledger", "recipient", line["id"], "--is", stated).out == "written down\n"
    assert run(tmp_path, *asked).out.startswith("no disclosures to account for")
    assert run(tmp_path, "ledger", "recipient", line["id"], "--is-not", stated).code == 0
    assert "State Agency" in run(tmp_path, *asked).out


def test_a_recipient_is_said_in_one_way(tmp_path: Path) -> None:
    assert run(tmp_path, "ledger", "recipient", "x").code == 2
    assert run(tmp_path, "ledger", "recipient", "x", "--is", "y", "--is-not", "z").code == 2
    assert (run(tmp_path, "ledger", "recipient", "x", "--is", "y").code, list(tmp_path.iterdir())) == (1, [])


STUDY = ("ledger", "research", "--name", "Protocol T-1", "--purpose", "To learn.", "--criteria", "Every sarcoma.",
         "--information", "Pathology reports", "--on", "2026-02-10", "--on", "2026-01-10", "--sponsor", "Foundation",
         "--sponsor-address", "3 Road", "--sponsor-phone", "1", "--researcher", "Poe", "--researcher-address", "4 Road",
         "--researcher-phone", "2")  # fmt: skip


def test_research_is_in_the_accounting_of_everybody(tmp_path: Path) -> None:
    assert run(tmp_path, *STUDY, "--individuals", "50").out == "written down\n"
    assert run(tmp_path, *STUDY, "--individuals", "50").out == "known already\n"
    run(tmp_path, *REPORTED, stdin=AMBER)
    asked = ("ledger", "disclosures", "--patient", AMBER)
    assert run(tmp_path, *asked).out.splitlines()[0] == (
        "research, by protocol (45 CFR 164.528(b)(4)): Protocol T-1, 2026-01-10 to 2026-02-10"
    )
    part = run(tmp_path, *asked, "--json", "--as-of", "2026-01-31")
    [found] = part.json["research"]
    assert (found["first"], found["last"], found["researcher_phone"]) == ("2026-01-10", "2026-01-10", "2")
    assert (found["sure"], "may be of fewer than 50 people within this time" in part.err) == (False, True)


def test_research_of_few_people_is_no_protocol_and_the_holder_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, *STUDY, "--individuals", "49").code == 0
    run(tmp_path, *REPORTED, stdin=AMBER)
    done = run(tmp_path, "ledger", "disclosures", "--patient", AMBER)
    assert "Protocol T-1" not in done.out + done.err
    assert "is of fewer than 50 people within this time, so that no protocol stands for the lines" in done.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ((*STUDY, "--individuals", "0"), "error: --individuals: is less than one"),
        ((*STUDY, "--individuals", "50", "--criteria", " "), "error: --criteria: is empty"),
        ((*STUDY, "--individuals", "50", "--on", "2099-01-01"), "error: --on: lies in the future"),
        ((*REPORTED, "--basis", "because"), "error: --basis: is no citation"),
        ((*REPORTED, "--on", "2099-01-01"), "error: --on: lies in the future"),
        ((*REPORTED, "--to", " "), "error: --to: is empty"),
        (("ledger", "suspend", "--agency", "A", "--official", "B", "--stated", "2026-02-01"),
         "error: --until: is missing"),
        (("ledger", "suspend", "--agency", "A", "--official", "B", "--stated", "2026-02-01", "--until", "2026-01-31"),
         "error: --until: lies before the statement"),
    ],
)  # fmt: skip
def test_what_the_accounting_could_not_say_is_refused(command: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run(tmp_path, *command, stdin=AMBER)
    assert (done.code, done.out, done.err.startswith(message)) == (1, "", True)
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_what_is_past_its_term_goes_to_a_file_that_the_ledger_knows(tmp_path: Path) -> None:
    old = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}", at="2015-05-01T10:00:00-04:00")
    refused: dict[str, Any] = {"pathway": "disclosure", "outcome": "deny_not_permitted", "deadline": None}
    old.decided(entry("OLD-1", at="2015-05-01T10:00:00-04:00", received_at=None, **refused))
    old.close()
    assert run(tmp_path, "ledger", "retention", "--as-of", "2021-05-01").out == "nothing is past its term\n"
    listed = run(tmp_path, "ledger", "retention")
    assert listed.out.splitlines()[1].split() == ["2015-05-01", "2021-05-01", "OLD-1", "3"]
    assert run(tmp_path, "ledger", "verify").out.startswith("intact: 4 rows\n")
    assert run(tmp_path, "ledger", "archive", "--to", "old.ndjson").out == "archived: 3 rows\n"
    assert run(tmp_path, "ledger", "archive", "--to", "more.ndjson").out == "nothing is past its term\n"
    done = run(tmp_path, "ledger", "verify", "--archive", "old.ndjson")
    assert (done.code, done.out.splitlines()[0], done.err) == (0, "intact: 2 rows", "")
    assert "archived: 3 rows went to archives" in done.out
    (tmp_path / "old.ndjson").write_bytes(b"{}\n")
    assert run(tmp_path, "ledger", "verify", "--archive", "old.ndjson").code == 1


def test_an_archive_makes_no_ledger(tmp_path: Path) -> None:
    done = run(tmp_path, "ledger", "archive", "--to", "old.ndjson")
    assert (done.code, list(tmp_path.iterdir())) == (1, [])


def test_a_request_received_today_is_of_the_day_where_the_holder_is(tmp_path: Path) -> None:
    for name, zone in (("east", "Pacific/Kiritimati"), ("west", "Pacific/Pago_Pago")):
        today = dt.datetime.now(ZoneInfo(zone)).date()
        told = ("ledger", "request", "--kind", "amendment", "--name", name, "--tz", zone)
        after = str(today + dt.timedelta(days=2))
        assert run(tmp_path, *told, "--received", after, stdin=AMBER).code == 1
        assert run(tmp_path, *told, "--received", str(today), stdin=AMBER).code == 0


BAD = "bad\udcff"
"""What Python makes of an argument with the byte FF."""


@pytest.mark.parametrize(
    "told",
    [
        ("disclosed", "--on", "2026-01-01", "--to", BAD, "--what", "x", "--purpose", "p", "--basis", "45 CFR 1"),
        ("disclosed", "--on", "2026-01-01", "--to", "x", "--what", "x", "--purpose", "p", "--basis", f"45 CFR {BAD}"),
        ("suspend", "--agency", BAD, "--official", "x", "--stated", "2026-01-01", "--until", "2026-02-01"),
        ("request", "--kind", "accounting", "--name", BAD, "--received", "2026-01-01", "--tz", "UTC"),
        ("request", "--kind", "accounting", "--name", "x", "--received", "2026-01-01", "--tz", BAD),
        ("notice", BAD, "--kind", "denial"),
        ("recipient", BAD, "--is", "x"),
        ("recipient", "x", "--is", BAD),
        ("disclosures", "--patient", f"https://x.example|{BAD}"),
        ("disclosures", "--case", BAD),
    ],
)
def test_a_word_that_is_no_utf8_is_one_problem_and_nothing_is_written(told: tuple[str, ...], tmp_path: Path) -> None:
    assert run(tmp_path, "ledger", "migrate").code == 0
    before = run(tmp_path, "ledger", "verify").out
    done = run(tmp_path, "ledger", *told, stdin=AMBER)
    assert (done.code, done.out, done.err.count("error: "), "internal error" in done.err) == (1, "", 1, False)
    assert "bad" not in done.err
    assert run(tmp_path, "ledger", "verify").out == before


def test_a_number_on_stdin_that_is_no_utf8_is_one_problem(tmp_path: Path) -> None:
    assert run(tmp_path, "ledger", "migrate").code == 0
    done = run(tmp_path, "ledger", "disclosures", stdin=f"https://x.example|{BAD}\n")
    assert (done.code, done.out, done.err.count("error: "), "internal error" in done.err) == (1, "", 1, False)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_in_memory_is_not_told_that_it_is_written_down(url: str, tmp_path: Path) -> None:
    told = ("request", "--kind", "accounting", "--name", "n-1", "--received", "2026-01-02", "--tz", "UTC")
    done = run(tmp_path, "ledger", *told, "--patient", AMBER, SECOND_OPINION_LEDGER=url)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ledger: names SQLite in memory, which keeps nothing")
