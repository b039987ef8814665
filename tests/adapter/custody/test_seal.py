"""What somebody changes by hand in what was recorded is noticed; crashes and several at once lose nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapter.custody.exchange import NEW
from adapter.custody.record import append
from adapter.custody.seal import SEAL, changed
from adapter.sources.case_file import load_case
from mappings.domain.native import read_case
from tests.adapter.cli.command import run
from tests.adapter.custody.given import a_custody_event, event, policy, told
from tests.adapter.custody.test_record import NOW, OUT, folder, recorded

IN: dict[str, Any] = {"at": "2026-03-03T10:00:00-05:00", "by": "center"}
SPACE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")


def sealed(tmp_path: Path) -> Path:
    place = folder(tmp_path, custody=[OUT])
    append(place, (a_custody_event("received", "slide", **IN),), policy(), NOW)
    return place


def edited(place: Path, change: Any) -> list[tuple[str, str]]:
    case = json.loads((place / "case.json").read_text())
    change(case["custody"])
    (place / "case.json").write_text(json.dumps(case))
    found = changed(place, read_case((place / "case.json").read_bytes()).custody)
    return [(one.where, one.severity) for one in found]


def test_what_stands_as_it_was_recorded_is_fine(tmp_path: Path) -> None:
    assert edited(sealed(tmp_path), lambda custody: None) == []


@pytest.mark.parametrize("number", [0, 1])
def test_an_event_that_was_changed_is_named(tmp_path: Path, number: int) -> None:
    where = f"case.json $.custody[{number}]"
    assert edited(sealed(tmp_path), lambda custody: custody[number].update(note="mended")) == [(where, "warning")]


def test_an_event_that_was_taken_out_is_missed(tmp_path: Path) -> None:
    place = sealed(tmp_path)
    assert edited(place, lambda custody: custody.pop()) == [("case.json $.custody", "warning")]
    assert edited(place, lambda custody: custody.pop()) == [("case.json $.custody", "warning")]
    (one,) = changed(place, ())
    assert "2 events that were recorded are no longer there" in one.message


def test_an_event_that_somebody_added_is_sealed_with_the_next(tmp_path: Path) -> None:
    place = sealed(tmp_path)
    by_hand = event("returned", "slide", at="2026-03-04", by="center", to="lab")
    assert edited(place, lambda custody: custody.append(by_hand)) == []
    append(place, (a_custody_event("requested", "slide", at="2026-03-05", by="center", to="lab"),), policy(), NOW)
    assert edited(place, lambda custody: custody[2].update(note="mended")) == [("case.json $.custody[2]", "warning")]


def test_without_a_seal_nothing_is_said(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    assert edited(place, lambda custody: custody[0].update(note="mended")) == []


def test_the_command_tells_it_and_so_does_the_next_event(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    arrived = ("--record", "received", "--item", "slide", "--by", "center", "--at", "2026-03-03")
    assert run(tmp_path, "custody", place, *arrived).err == ""
    edited(place, lambda custody: custody[0].update(tracking="T-9"))
    done = run(tmp_path, "custody", place, "--as-of", "2026-03-16")
    assert "case.json $.custody[0]: is not as it was recorded" in done.err
    assert "T-9" not in done.err
    back = ("--record", "returned", "--item", "slide", "--by", "center", "--at", "2026-03-05")
    again = run(tmp_path, "custody", place, *back)
    assert (again.code, "is not as it was recorded" in again.err) == (0, True)


def test_a_line_that_a_crash_cut_short_is_written_again(tmp_path: Path) -> None:
    place = sealed(tmp_path)
    whole = (place / SEAL).read_bytes()
    (place / SEAL).write_bytes(whole[:-20])
    assert edited(place, lambda custody: None) == []
    append(place, (a_custody_event("returned", "slide", at="2026-03-04", by="center"),), policy(), NOW)
    assert edited(place, lambda custody: custody[1].update(note="mended")) == [("case.json $.custody[1]", "warning")]
    assert len((place / SEAL).read_bytes().splitlines()) == 4


def test_the_seal_is_no_unit_of_the_case(tmp_path: Path) -> None:
    place = sealed(tmp_path)
    (place / NEW).write_text("{")
    assert [draft.source for draft in load_case(place, SPACE).drafts if draft.source.endswith((SEAL, NEW))] == []


# --- crashes, and several at once

CRASH = """
import os, signal, sys
from pathlib import Path
from adapter.custody import exchange, record, seal
from tests.adapter.custody.given import a_custody_event, policy
from tests.adapter.custody.test_record import NOW
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "replace":
    os.replace = die
else:
    record.seal = die
record.append(Path(sys.argv[1]), (a_custody_event("received", "slide", at="2026-03-03", by="center"),), policy(), NOW)
"""


@pytest.mark.parametrize(("moment", "there"), [("replace", False), ("seal", True)])
def test_a_process_that_is_killed_leaves_the_old_record_or_the_new(tmp_path: Path, moment: str, there: bool) -> None:
    place = folder(tmp_path, custody=[OUT])
    done = subprocess.run([sys.executable, "-c", CRASH, str(place), moment], cwd=Path.cwd(), check=False)
    assert done.returncode == -signal.SIGKILL
    assert recorded(place) == ["shipped-slide", *["received-slide"] * there]
    again = append(place, (a_custody_event("received", "slide", at="2026-03-03", by="center"),), policy(), NOW)
    assert bool(again.known) == there
    append(place, (a_custody_event("returned", "slide", at="2026-03-04", by="center"),), policy(), NOW)
    assert recorded(place) == ["shipped-slide", "received-slide", "returned-slide"]
    assert sorted(path.name for path in place.iterdir()) == ["case.json", SEAL]
    assert edited(place, lambda custody: None) == []


def test_several_processes_lose_no_event(tmp_path: Path) -> None:
    slides = [{"id": f"s{n}", "kind": "recut", "parent": "block"} for n in range(4)]
    place = tmp_path / "case"
    place.mkdir()
    (place / "case.json").write_text(json.dumps(told(slides=slides), indent=2))
    script = (
        "from adapter.cli.app import main\nimport sys\nfor _ in range(200):\n"
        "    try:\n        main(sys.argv[1:])\n    except SystemExit as end:\n"
        "        if end.code == 0: sys.exit(0)\n        sys.exit(end.code) if end.code != 5 else None\nsys.exit(9)\n"
    )
    running = []
    for n in range(4):
        words = ["custody", str(place), "--record", "shipped", "--item", f"s{n}", "--by", "lab", "--to", "center"]
        command = [sys.executable, "-c", script, *words, "--at", "2026-03-01"]
        environment = {**os.environ, "SECOND_OPINION_LEDGER": f"sqlite:///{tmp_path}/ledger.sqlite3"}
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert [one.wait(timeout=120) for one in running] == [0, 0, 0, 0]
    custody = json.loads((place / "case.json").read_text())["custody"]
    assert sorted(each["items"][0] for each in custody) == ["s0", "s1", "s2", "s3"]
    assert sorted(each["id"] for each in custody) == ["custody-1", "custody-2", "custody-3", "custody-4"]


def test_a_name_that_nobody_chose_gives_way(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    one = a_custody_event("received", "slide", **IN)
    mine = type(one)(**{**{name: getattr(one, name) for name in one.__struct_fields__}, "id": "shipped-slide"})
    assert append(place, (mine,), policy(), NOW, unnamed=True).added == ("custody-1",)
    assert append(place, (mine,), policy(), NOW, unnamed=True).known == ("custody-1",)


# --- the record against the tree and the parties


def test_an_event_of_a_slide_that_is_not_in_the_case_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[{**OUT, "items": ["nowhere"]}])
    done = run(tmp_path, "custody", place)
    assert (done.code, "names no entry" in done.err or "custody[0]" in done.err) == (1, True)
    assert "nowhere" not in done.out


def test_a_tree_that_leads_back_to_itself_is_told_and_shown(tmp_path: Path) -> None:
    parts = [{"id": "part", "parent": "other"}, {"id": "other", "parent": "part"}]
    place = folder(tmp_path, custody=[OUT], parts=parts)
    done = run(tmp_path, "custody", place, "--all", "--as-of", "2026-03-16")
    assert (done.code, "leads back to itself" in done.err) == (1, True)
    assert "in-transit" in done.out


@pytest.mark.parametrize(
    ("more", "code", "rule", "state"),
    [
        ({"by": "center", "to": "lab"}, 0, "", "returned"),
        ({}, 0, "", "returned"),
        ({"by": "third", "to": "lab"}, 0, "is returned by another than who had it", "returned"),
        ({"by": "center", "to": "third"}, 1, "goes to another than whose it is", "away"),
    ],
)
def test_a_loan_is_returned_by_who_had_it_to_whose_it_is(
    tmp_path: Path, more: dict[str, str], code: int, rule: str, state: str
) -> None:
    organizations = [*told()["organizations"], {"id": "third", "name": "Third (synthetic)"}]
    arrived = event("received", "slide", at="2026-03-02", by="center")
    back = event("returned", "slide", at="2026-03-09", **more)
    place = folder(tmp_path, custody=[OUT, arrived, back], organizations=organizations)
    done = run(tmp_path, "custody", place, "--as-of", "2026-03-16", "--json")
    assert (done.code, done.json["cases"][0]["holdings"][0]["state"]) == (code, state)
    assert (rule in done.err, done.err == "") == (True, not rule)
