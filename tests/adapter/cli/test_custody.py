"""custody: where everything is, what is overdue, and further events of the record."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.validation import validate_bundle
from mappings.fhir.carried import pointers
from mappings.fhir.wire import loads
from tests.adapter.cli.command import FIXTURES, run
from tests.adapter.custody.given import LOAN, asked, event, told

CASES = FIXTURES / "cases"
AS_OF = ("--as-of", "2026-03-16")
OUT = event("shipped", "slide", "last", by="lab", to="center", carrier="Courier", tracking="T-1", due_back="2026-03-10")


def folder(tmp_path: Path, name: str = "case", **changes: Any) -> Path:
    place = tmp_path / name
    place.mkdir()
    (place / "case.json").write_text(json.dumps(told(**changes), indent=2), encoding="utf-8")
    return place


def holdings(done: Any) -> dict[str, dict[str, Any]]:
    return {line["item"]: line for case in done.json["cases"] for line in case["holdings"]}


def test_where_everything_is(tmp_path: Path) -> None:
    done = run(tmp_path, "custody", folder(tmp_path, custody=[OUT]), *AS_OF)
    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0].split() == ["case", "item", "label", "what", "state", "since", "with", "due", "back", "parcel"]
    assert [line.split()[:3] for line in lines[1:]] == [
        ["small-case", "slide", "S26-1234-A1-1"],
        ["small-case", "last", "S26-1234-A2-1"],
    ]
    assert "in-transit" in lines[1]
    assert lines[1].endswith("to Review Center (synthetic)  2026-03-10  Courier T-1  OVERDUE by 6 days")


def test_as_json(tmp_path: Path) -> None:
    came = event("received", "last", at="2026-03-03", by="center")
    line = holdings(run(tmp_path, "custody", folder(tmp_path, custody=[OUT, came]), *AS_OF, "--json"))
    assert {k: line["last"][k] for k in ("state", "since", "who", "due_back", "days", "overdue", "tracking")} == {
        "state": "away",
        "since": "2026-03-03",
        "who": "Review Center (synthetic)",
        "due_back": "2026-03-10",
        "days": -6,
        "overdue": True,
        "tracking": None,
    }
    assert (line["slide"]["state"], line["slide"]["tracking"]) == ("in-transit", "T-1")


def test_only_what_is_late_lost_or_broken(tmp_path: Path) -> None:
    lost = event("lost", "slide", at="2026-03-05")
    done = run(tmp_path, "custody", folder(tmp_path, custody=[OUT, lost]), "--overdue", "--as-of", "2026-03-08")
    assert [line.split()[1] for line in done.out.splitlines()[1:]] == ["slide"]
    assert done.out.splitlines()[1].endswith("LOST")
    fine = run(tmp_path, "custody", folder(tmp_path, "fine"), "--overdue")
    assert (fine.code, fine.out) == (0, "nothing is overdue, lost or damaged\n")


def test_nothing_has_left_and_all_there_is(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert run(tmp_path, "custody", place).out == "nothing was asked for or has left\n"
    every = run(tmp_path, "custody", place, "--all").out.splitlines()
    assert [line.split()[1] for line in every[1:]] == [
        "part",
        "block",
        "used-up",
        "slide",
        "last",
        "smear",
        "unstained",
    ]


def test_the_day_of_the_loan_agreement_counts_where_no_hand_over_names_one(tmp_path: Path) -> None:
    out = event("shipped", "last", "unstained", by="lab", to="center")
    place = folder(tmp_path, custody=[out], access__loan=LOAN)
    line = holdings(run(tmp_path, "custody", place, "--as-of", "2026-06-02", "--json"))
    assert (line["last"]["due_back"], line["last"]["overdue"]) == ("2026-06-01", True)
    assert (line["unstained"]["due_back"], line["unstained"]["overdue"]) == (None, False)


def test_a_loan_without_a_day_of_return_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "custody", folder(tmp_path, custody=[event("shipped", "last", by="lab", to="center")]))
    assert (done.code, "no day of return is recorded" in done.err) == (0, True)


def test_why_a_release_waits_and_what_may_go(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[asked("slide", "last"), asked("block", at="2026-03-02", form="transfer")])
    lines = run(tmp_path, "custody", place, *AS_OF).out.splitlines()
    assert [line.rpartition("  ")[2] for line in lines[1:]] == [
        "may go: recut",
        "loan on-hold: loan-terms",
        "transfer rejected: retention until 2036-02-20",
    ]


def test_several_cases_and_folders_of_cases(tmp_path: Path) -> None:
    done = run(tmp_path, "custody", CASES, folder(tmp_path, custody=[OUT]), *AS_OF, "--json")
    assert done.code == 0
    assert [case["case"] for case in done.json["cases"]][-1] == "small-case"
    assert len(done.json["cases"]) == len(list(CASES.glob("*/case.json"))) + 1


def test_a_case_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    good, bad = folder(tmp_path, "good", custody=[OUT]), folder(tmp_path, "bad", holder="nobody")
    done = run(tmp_path, "custody", good, bad, "--json")
    assert (done.code, len(done.json["cases"]), len(done.json["problems"])) == (4, 1, 1)
    assert done.err.startswith("error: bad/case.json")
    assert run(tmp_path, "custody", bad).code == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    assert (run(tmp_path, "custody", empty).code, run(tmp_path, "custody", tmp_path / "none").code) == (1, 2)


def test_a_record_that_cannot_be_true_is_told_and_followed_as_far_as_it_goes(tmp_path: Path) -> None:
    again = event("released", "slide", at="2026-03-02", by="lab")
    done = run(tmp_path, "custody", folder(tmp_path, custody=[OUT, again]))
    assert (done.code, "in-transit" in done.out) == (1, True)
    assert "case.json $.custody[1]: it is on its way already" in done.err


# --- FHIR for the holder


def test_tasks_and_provenance_for_the_holder(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[asked("block", form="transfer", at="2026-02-28"), OUT], access__loan=LOAN)
    (bundle,) = (json.loads(line) for line in run(tmp_path, "custody", place, "--fhir", *AS_OF).out.splitlines())
    made = [entry["resource"] for entry in bundle["entry"]]
    assert [one["resourceType"] for one in made[:-6]] == [
        "Patient",
        "Organization",
        "Organization",
        *["Specimen"] * 5,
    ]
    made = made[-6:]
    assert [
        (one["resourceType"], one.get("status"), one["meta"]["profile"][-1].rpartition("/")[2]) for one in made
    ] == [
        ("Task", "rejected", "second-opinion-specimen-release"),
        ("Task", "in-progress", "second-opinion-specimen-release"),
        ("Task", "in-progress", "second-opinion-specimen-release"),
        ("Task", "requested", "second-opinion-custody"),
        ("Task", "completed", "second-opinion-custody"),
        ("Provenance", None, "us-core-provenance"),
    ]
    assert made[0]["statusReason"]["coding"][0]["code"] == "retention"


def test_the_bundle_for_the_holder_is_whole(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[asked("block", form="transfer", at="2026-02-28"), OUT], access__loan=LOAN)
    (line,) = run(tmp_path, "custody", place, "--fhir", *AS_OF).out.splitlines()
    bundle = loads(line.encode())
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    held = {entry["fullUrl"] for entry in bundle["entry"]}
    assert {literal for _, _, literal in pointers(bundle)} <= held
    (order,) = bundle["entry"][-6]["resource"]["basedOn"]
    assert (order["display"], order["identifier"]["system"]) == ("request", "urn:ietf:rfc:3986")
    assert order["identifier"]["value"].startswith("urn:uuid:")
    labels = {
        (each["resourceType"], each["meta"]["security"][-1]["code"] == "holder-only")
        for each in (bundle, *(entry["resource"] for entry in bundle["entry"]))
        if "security" in each.get("meta", {})
    }
    assert {("Bundle", True), ("Task", True), ("Provenance", True)} <= labels
    assert validate_bundle(bundle) == []


def test_what_came_as_fhir_is_named_by_its_address(tmp_path: Path) -> None:
    slide = "https://lab.example/fhir/Specimen/7"
    sent = {**OUT, "items": ["slide", slide]}
    place = folder(tmp_path, custody=[sent])
    (line,) = run(tmp_path, "custody", place, "--fhir", *AS_OF).out.splitlines()
    bundle = loads(line.encode())
    tasks = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Task"]
    named = [each["valueReference"] for each in tasks[-1]["input"] if "valueReference" in each]
    assert named[1] == {"identifier": {"system": "urn:ietf:rfc:3986", "value": slide}}
    assert validate_bundle(bundle) == []


def test_each_case_has_a_bundle_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    for name in ("one", "two"):
        folder(tmp_path / "cases", name, custody=[OUT], id=f"case-{name}")
    made = [json.loads(line) for line in run(tmp_path, "custody", tmp_path / "cases", "--fhir").out.splitlines()]
    assert [one["resourceType"] for one in made] == ["Bundle", "Bundle"]
    assert len({one["id"] for one in made}) == 2


# --- a further event


def test_an_event_is_recorded_and_is_there(tmp_path: Path) -> None:
    place = folder(tmp_path, custody=[OUT])
    told_ = ("--record", "received", "--item", "S26-1234 A1-1", "--item", "last", "--by", "center")
    at = ("--at", "2026-03-03T10:00:00-05:00")
    done = run(tmp_path, "custody", place, *told_, *at)
    assert (done.code, done.out, done.err) == (0, "recorded custody-1\n", "")
    again = run(tmp_path, "custody", place, *told_, *at)
    assert (again.code, again.out) == (0, "already recorded custody-1\n")
    recorded = json.loads((place / "case.json").read_text())["custody"][1]
    assert recorded == {
        "id": "custody-1",
        "items": ["slide", "last"],
        "kind": "received",
        "at": "2026-03-03T10:00:00-05:00",
        "by": "center",
    }


def test_now_is_the_time_where_none_is_given(tmp_path: Path) -> None:
    place = folder(tmp_path)
    done = run(tmp_path, "custody", place, "--record", "lost", "--item", "slide", "--json")
    assert (done.code, done.json["recorded"]) == (0, ["custody-1"])
    assert json.loads((place / "case.json").read_text())["custody"][0]["at"].endswith("+00:00")


def test_whole_events_are_read_from_stdin(tmp_path: Path) -> None:
    place = folder(tmp_path)
    lines = "\n".join(json.dumps(one) for one in (OUT, event("received", "slide", at="2026-03-02", by="center")))
    done = run(tmp_path, "custody", place, "--record", "-", stdin=lines)
    assert (done.code, done.out.splitlines()) == (0, ["recorded shipped-slide", "recorded received-slide"])
    assert run(tmp_path, "custody", place, "--record", "-", stdin=lines).out.startswith(
        "already recorded shipped-slide"
    )
    bad = run(tmp_path, "custody", place, "--record", "-", stdin='{"id": "x"}\n')
    assert (bad.code, bad.err.startswith("error: line 1 $")) == (1, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("returned", "--item", "slide"), "it never left"),
        (("discarded", "--item", "slide", "--at", "2026-03-05"), "--despite-retention"),
        (("lost", "--item", "Zebulon"), "names no part, block or slide"),
        (("lost", "--item", "slide", "--at", "Zebulon"), "is not a date or time"),
        (("shipped", "--item", "slide", "--to", "Zebulon"), "names nothing of the case"),
    ],
)
def test_what_cannot_be_recorded(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    place = folder(tmp_path)
    before = (place / "case.json").read_bytes()
    done = run(tmp_path, "custody", place, "--record", *options)
    assert (done.code, done.out, "Zebulon" in done.err) == (1, "", False)
    assert says in done.err
    assert (place / "case.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "begins", "says"),
    [
        (("received", "--at", "2999-01-01"), "error: --at: lies in the future", "[custody.future]"),
        (("received", "--at", "2999-01-01T00:00:00Z"), "error: --at: lies in the future", "[custody.future]"),
        (("received", "--at", "2026-02-27"), "error: --at: lies before `shipped-slide` (shipped)", "[custody.order]"),
        (
            ("received", "--at", "2026-03-02", "--due-back", "2026-03-01"),
            "error: --due-back: lies before the day of the event",
            "[custody.due]",
        ),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_bars_nothing(
    tmp_path: Path, options: tuple[str, ...], begins: str, says: str
) -> None:
    place = folder(tmp_path, custody=[{**OUT, "at": "2026-02-28T18:13:00Z"}])
    before = (place / "case.json").read_bytes()
    told_ = ("--item", "slide", "--by", "center")
    done = run(tmp_path, "custody", place, "--record", *options, *told_)
    assert (done.code, done.out, done.err.startswith(begins), says in done.err) == (1, "", True, True)
    assert len(done.err.splitlines()) == 1
    assert (place / "case.json").read_bytes() == before
    assert run(tmp_path, "custody", place, "--record", "received", "--at", "2026-03-02", *told_).code == 0


def test_a_time_that_cannot_be_is_told_with_its_line(tmp_path: Path) -> None:
    place = folder(tmp_path)
    ahead = event("received", "slide", at="2999-03-02", by="center")
    lines = f"{json.dumps(OUT)}\n\n{json.dumps(ahead)}\n"
    done = run(tmp_path, "custody", place, "--record", "-", "--json", stdin=lines)
    assert done.code == 1
    assert [(one["where"], one["rule"]) for one in done.json["problems"]] == [("line 3 $.at", "custody.future")]
    assert "custody" not in json.loads((place / "case.json").read_text())


def test_a_disposal_is_recorded_where_it_is_said_to_be_meant(tmp_path: Path) -> None:
    place = folder(tmp_path)
    options = ("--record", "discarded", "--item", "slide", "--at", "2026-03-05", "--despite-retention")
    done = run(tmp_path, "custody", place, *options)
    assert (done.code, done.out) == (0, "recorded custody-1\n")
    assert done.err.startswith("warning: case.json $.custody[0]")


@pytest.mark.parametrize(
    "options",
    [
        ("--item", "slide"),
        ("--note", "x"),
        ("--record", "mislaid", "--item", "slide"),
        ("--record", "lost"),
        ("--record", "lost", "--item", "slide", "--overdue"),
        ("--record", "-", "--item", "slide"),
    ],
)
def test_wrong_usage(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run(tmp_path, "custody", folder(tmp_path), *options).code == 2


def test_two_cases_take_no_event(tmp_path: Path) -> None:
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    assert run(tmp_path, "custody", one, two, "--record", "lost", "--item", "slide").code == 2
