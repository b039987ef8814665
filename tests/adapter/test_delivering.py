"""Images go to the recipient's archive only, on a permit, and the ledger knows before anybody is told."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapter.config import Pacs, Settings
from adapter.consent.policy import policies_of, policy_for
from adapter.delivering import ImagesDelivered, deliver_images
from adapter.delivery.sending import Sending
from adapter.errors import NotPermitted
from adapter.ledger.due import due
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from adapter.transfer.journal import Journal
from mappings.problems import ProblemError
from tests.adapter.cli.command import Done, change, run
from tests.adapter.dicomweb_server import Archive, Request, serving, stored
from tests.dicom_files import dataset, write
from tests.golden import NOW, source

SCENARIO = "discordant-imaging-biopsy"
CENTER = "http://hl7.org/fhir/sid/us-npi|9999900324"


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def root(archive: Archive) -> Iterator[str]:
    with serving(archive) as found:
        yield found


def settings(folder: Path, root: str, recipient: str = CENTER, **more: Any) -> Settings:
    pacs = Pacs(url=root, recipient=recipient, **({"timeout": 5.0, "attempts": 1, "connections": 1} | more))
    return Settings(ledger=f"sqlite:///{folder / 'ledger.sqlite3'}", pacs={"center": pacs})


def delivered(case: Path, chosen: Settings) -> ImagesDelivered:
    return deliver_images(case, "center", None, chosen, NOW)


def rows(chosen: Settings, table: str) -> list[dict[str, Any]]:
    ledger = Ledger(chosen.ledger)
    try:
        return ledger.rows(table)
    finally:
        ledger.close()


def test_what_is_released_goes_and_is_recorded(archive: Archive, root: str, tmp_path: Path) -> None:
    chosen = settings(tmp_path, root)
    case = source(SCENARIO, tmp_path)
    done = delivered(case, chosen)
    assert (len(archive.files), done.recorded) == (4, 4)
    (release,) = rows(chosen, "release")
    (line,) = rows(chosen, "disclosure")
    assert (release["state"], line["release_id"]) == ("delivered", release["id"])
    assert line["description"] == "case SYN-2025-0003: images, 4 of 4 instances of 1 imaging study, to an archive"
    assert line["recipient"] == "Coral Coast Liver Tumor Board (synthetic)"
    event = release["audit_event"]
    assert [a["network"]["address"] for a in event["agent"] if a.get("network", {}).get("type") == "5"] == [root]
    assert [decision["action"] for decision in rows(chosen, "decision")] == ["deliver-images"]


def test_the_same_again_adds_no_line(archive: Archive, root: str, tmp_path: Path) -> None:
    chosen = settings(tmp_path, root)
    case = source(SCENARIO, tmp_path)
    assert [delivered(case, chosen).recorded for _ in range(3)] == [4, 0, 0]
    assert len(rows(chosen, "disclosure")) == len(rows(chosen, "release")) == 1


def test_a_crash_before_the_journal_knew_adds_no_second_line(archive: Archive, root: str, tmp_path: Path) -> None:
    chosen = settings(tmp_path, root)
    case = source(SCENARIO, tmp_path)
    delivered(case, chosen)
    place = tmp_path / f"{SCENARIO}.center.deliver.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(line for line in lines if '"disclosed"' not in line))
    assert delivered(case, chosen).recorded == 0
    assert len(rows(chosen, "disclosure")) == 1


class Killed(BaseException):
    """The process ends here, and nothing that it would have done afterwards is done."""


@pytest.mark.parametrize("at", ["first", "second", "line", "told"])
def test_a_crash_with_the_journal_lost_too_leaves_no_disclosure_without_a_line(
    at: str, archive: Archive, root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Killed after one or two of four went, before the line was written or just after; then the journal is deleted."""
    case, chosen = source(SCENARIO, tmp_path), settings(tmp_path, root, batch=1)
    taken = Sending.taken
    left = {"first": 1, "second": 2}.get(at, 9)
    written = Ledger.delivered

    def dies(self: Sending, parts: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return taken(self, parts)

    def line(self: Ledger, *told: Any) -> None:
        if at == "told":
            written(self, *told)
        if at in ("told", "line"):
            raise Killed
        written(self, *told)

    with monkeypatch.context() as patched:
        patched.setattr(Sending, "taken", dies)
        patched.setattr(Ledger, "delivered", line)
        with pytest.raises(Killed):
            delivered(case, chosen)
    there = {"first": 1, "second": 2}.get(at, 4)
    assert (len(archive.files), len(rows(chosen, "disclosure"))) == (there, int(at == "told"))
    (tmp_path / f"{SCENARIO}.center.deliver.jsonl").unlink()
    again = [delivered(case, chosen).recorded for _ in range(2)]
    assert again == [0 if at == "told" else 4, 0]
    (tmp_path / f"{SCENARIO}.center.deliver.jsonl").unlink()
    assert delivered(case, chosen).recorded == 0
    assert [line["description"].partition(": ")[2] for line in rows(chosen, "disclosure")] == [
        "images, 4 of 4 instances of 1 imaging study, to an archive"
    ]


def test_with_the_journal_lost_what_was_there_from_elsewhere_is_still_no_disclosure(
    archive: Archive, root: str, tmp_path: Path
) -> None:
    case, chosen = source(SCENARIO, tmp_path), settings(tmp_path, root)
    elsewhere = sorted((case / "dicom").rglob("*.dcm"))[0]
    archive.put(elsewhere.read_bytes())
    assert delivered(case, chosen).recorded == 3
    (tmp_path / f"{SCENARIO}.center.deliver.jsonl").unlink()
    assert delivered(case, chosen).recorded == 0
    [begun, told] = rows(chosen, "shipment")
    assert (len(begun["instances"]), begun["instances"]) == (3, told["instances"])


def test_parts_are_on_a_line_each_though_the_journal_is_lost_between(
    archive: Archive, root: str, tmp_path: Path
) -> None:
    case, chosen = source(SCENARIO, tmp_path), settings(tmp_path, root, batch=1)
    posts = [0]

    def third(request: Request) -> bool:
        posts[0] += request.method == "POST"
        return request.method == "POST" and posts[0] > 2 and request.reset()

    archive.faults.append(third)
    assert delivered(case, chosen).recorded == 2
    archive.faults.clear()
    (tmp_path / f"{SCENARIO}.center.deliver.jsonl").unlink()
    assert delivered(case, chosen).recorded == 2
    lines = [{uid for uid, _ in row["instances"]} for row in rows(chosen, "shipment") if row["disclosure_id"]]
    assert (len(lines), set.union(*lines), lines[0] & lines[1]) == (2, set(archive.files), set())


def test_part_of_it_is_a_line_and_the_rest_another(archive: Archive, root: str, tmp_path: Path) -> None:
    chosen = settings(tmp_path, root, batch=1)
    case = source(SCENARIO, tmp_path)
    count = [0]

    def third(request: Request) -> bool:
        count[0] += request.method == "POST"
        return request.method == "POST" and count[0] > 2 and request.reset()

    archive.faults.append(third)
    first = delivered(case, chosen)
    assert ([one.here for one in first.delivered.outcomes], first.delivered.passing) == (
        [True, True, False, False],
        True,
    )
    archive.faults.clear()
    assert delivered(case, chosen).recorded == 2
    assert [line["description"].partition(": ")[2] for line in rows(chosen, "disclosure")] == [
        "images, 2 of 4 instances of 1 imaging study, to an archive"
    ] * 2


def test_what_the_archive_had_already_is_no_disclosure(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source(SCENARIO, tmp_path)
    for path in (case / "dicom").rglob("*.dcm"):
        archive.put(path.read_bytes())
    chosen = settings(tmp_path, root)
    done = delivered(case, chosen)
    assert ([one.here for one in done.delivered.outcomes], done.recorded) == ([True] * 4, 0)
    assert rows(chosen, "disclosure") == []


@pytest.mark.parametrize(
    ("recipient", "message"),
    [
        ("", "does not say in the settings whose archive it is"),
        ("http://hl7.org/fhir/sid/us-npi|9999900316", "is not the recipient's archive"),
        ("Coral Coast Liver Tumor Board", "is not the recipient's archive"),
    ],
)
def test_another_s_archive_gets_nothing(
    recipient: str, message: str, archive: Archive, root: str, tmp_path: Path
) -> None:
    with pytest.raises(ProblemError, match=message):
        delivered(source(SCENARIO, tmp_path), settings(tmp_path, root, recipient))
    assert archive.log == []


def test_a_recipient_may_be_named(archive: Archive, root: str, tmp_path: Path) -> None:
    chosen = settings(tmp_path, root, "Coral Coast Liver Tumor Board (synthetic)")
    assert delivered(source(SCENARIO, tmp_path), chosen).recorded == 4


def test_without_a_permit_nothing_goes_and_the_ledger_says_so(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source(SCENARIO, tmp_path)
    access = json.loads((case / "case.json").read_text())["access"]
    change(case, access={**access, "identity_verified": False})
    chosen = settings(tmp_path, root)
    with pytest.raises(NotPermitted):
        delivered(case, chosen)
    assert archive.log == []
    assert [(row["action"], row["outcome"]) for row in rows(chosen, "decision")] == [("deliver-images", "pend")]


def test_a_case_without_images_has_nothing_to_deliver(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source(SCENARIO, tmp_path)
    for path in (case / "dicom").rglob("*.dcm"):
        path.unlink()
    with pytest.raises(ProblemError, match="releases no images that are here"):
        delivered(case, settings(tmp_path, root))
    assert archive.log == []


def test_images_alone_do_not_meet_a_request_for_access(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source("patient-directive", tmp_path)
    held = json.loads((case / "case.json").read_text())
    number, name = held["patient"]["identifiers"][0], held["patient"]["names"][0]
    image = dataset(
        PatientID=number["value"], PatientName=f"{name['family']}^{name['given'][0]}",
        SpecificCharacterSet="ISO_IR 192",
        PatientBirthDate=held["patient"]["birth_date"].replace("-", ""),
    )  # fmt: skip
    write(case / "dicom" / "1.dcm", image)
    change(case, sources=[*held.get("sources", ()), {"path": "dicom", "patient_system": number["system"]}])
    center = next(one for one in held["organizations"] if one["id"] == "org-center")
    chosen = settings(tmp_path, root, center["name"])
    policy = policy_for(dt.date(2026, 3, 9), policies_of(None))
    steps = []
    for act in (lambda: delivered(case, chosen), lambda: export_case(case, tmp_path / "out", chosen, NOW)):
        act()
        ledger = Ledger(chosen.ledger)
        steps.append([one.next for one in due(ledger, policy, "2026-03-09")])
        ledger.close()
    # the case in full meets it but for what another holds (164.524(d)(3))
    assert steps == [["provide access"], ["send the redirect notice"]]


def test_two_runs_at_a_time_are_one(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source(SCENARIO, tmp_path)
    chosen = settings(tmp_path, root)
    delivered(case, chosen)
    about = f"deliver {root} :104/ANY-SCP SYN-2025-0003"
    with (
        Journal(tmp_path / f"{SCENARIO}.center.deliver.jsonl", about),
        pytest.raises(ProblemError, match="is held by another run"),
    ):
        delivered(case, chosen)


# --- the commands


def command(folder: Path, root: str, *arguments: str, stdin: str = "", **environ: str) -> Done:
    told = f'[pacs.center]\nurl = "{root}"\nrecipient = "{CENTER}"\nattempts = 1\n'
    (folder / "second-opinion.toml").write_text(told + environ.pop("more", ""))
    return run(folder, *arguments, stdin=stdin, **environ)


def test_deliver_says_what_is_there_and_how_it_is_known(archive: Archive, root: str, tmp_path: Path) -> None:
    source(SCENARIO, tmp_path)
    done = command(tmp_path, root, "deliver", SCENARIO, "--images", "center")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "4 of 4 instances of 1 imaging studies are at center\n  4 read back: the same bytes\n"
        "recorded in the ledger now: 4 instances\n"
    )


def test_deliver_ends_with_4_where_one_is_refused_and_5_where_one_may_pass(
    archive: Archive, root: str, tmp_path: Path
) -> None:
    source(SCENARIO, tmp_path)
    bad = "2.25.200000000000000000000000000000003202"

    reason = [0]

    def refuse(request: Request) -> bool:
        if request.method != "POST":
            return False
        uids = [archive.put(data) for data in request.sent]
        archive.files.pop(bad, None)
        return request.json(stored([uid for uid in uids if uid != bad], {bad: reason[0]} if bad in uids else {}), 202)

    archive.faults.append(refuse)
    ends = []
    for each in (0xA700, 0x0122):
        reason[0] = each
        done = command(tmp_path, root, "deliver", SCENARIO, "--images", "center", "--json")
        ends.append(
            (done.code, [row["here"] for row in done.json["instances"]].count(True), done.err.partition(": ")[2])
        )
    assert ends == [
        (5, 3, "pacs.center: is out of resources; try again [dicomweb]\n"),
        (4, 3, f"instance {bad}: was not stored: it does not take this SOP class (0122) [dicomweb]\n"),
    ]


def test_an_archive_that_is_away_ends_with_5(root: str, archive: Archive, tmp_path: Path) -> None:
    source(SCENARIO, tmp_path)
    archive.faults.append(lambda request: request.reset())
    done = command(tmp_path, root, "deliver", SCENARIO, "--images", "center")
    assert (done.code, "is away, or broke the connection off" in done.err) == (5, True)
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == []
    done = command(tmp_path, root, "fetch", "dicomweb", "--server", "center", "--patient", "X", "--to", "out")
    assert (done.code, done.err.count("\n")) == (5, 1)


def test_fetch_reads_a_number_from_stdin_and_shows_none(archive: Archive, root: str, tmp_path: Path) -> None:
    case = source(SCENARIO, tmp_path)
    for path in (case / "dicom").rglob("*.dcm"):
        archive.put(path.read_bytes())
    done = command(
        tmp_path, root, "fetch", "dicomweb", "--server", "center", "--patient", "-", "--to", "new/dicom",
        stdin="IND-000345\n",
    )  # fmt: skip
    assert (done.code, done.out) == (
        0, "4 of 4 instances of 1 study are in new/dicom\nfetched now: 4 instances, 6664 bytes\n",
    )  # fmt: skip
    assert "IND-000345" not in done.out + done.err + (tmp_path / "new" / "dicom.fetch.jsonl").read_text()


def test_fetch_wants_a_place_or_a_list(root: str, tmp_path: Path) -> None:
    done = command(tmp_path, root, "fetch", "dicomweb", "--server", "center", "--patient", "X")
    assert (done.code, "give either --to DIR or --list" in done.err) == (2, True)


def test_a_secret_is_in_no_output(archive: Archive, root: str, tmp_path: Path) -> None:
    archive.faults.append(lambda request: request.answer(401))
    done = command(
        tmp_path, root, "fetch", "dicomweb", "--server", "center", "--study", "1.2.3", "--list",
        more='token_env = "TOKEN"\n', TOKEN="Rosebud",
    )  # fmt: skip
    assert (done.code, "asks to log in" in done.err, "Rosebud" in done.out + done.err) == (1, True, False)
