"""By DIMSE too nothing of another person lands in the folder, and nothing that was sent is lost or said to be there."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from adapter.delivery.dimse import deliver_images
from adapter.sources.dicomweb import Fetched
from adapter.sources.dimse import fetch, find
from adapter.transfer.journal import Journal, fetch_state, journal_of
from adapter.transfer.wanted import Number, Wanted
from mappings.problems import ProblemError
from tests.adapter.dimse.scp import Archive, peer_of
from tests.adapter.dimse.test_transfer import delivered, images
from tests.dicom_files import dataset, write
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

ASKED = Wanted(patient=Number("T-1"))
OTHER = {"PatientName": "Rosebud^Other", "PatientBirthDate": "19990909"}


def made(folder: Path, **more: Any) -> Dataset:
    return dcmread(write(folder / "made.dcm", dataset(PixelData=b"\1\2" * 500, **more)))


def archive_of(folder: Path, number: int = 3) -> Archive:
    archive = Archive()
    for n in range(1, number + 1):
        archive.files[f"1.2.3.1.{n}"] = made(folder, SOPInstanceUID=f"1.2.3.1.{n}")
    return archive


def fetched(archive: Archive, folder: Path, asked: Wanted = ASKED, **settings: Any) -> Fetched:
    told = {"connections": 1, "attempts": 3} | settings
    with peer_of(archive, **told) as (peer, _), Journal(journal_of(folder), "x") as journal:
        found, _ = find(peer, asked)
        return fetch(peer, found, folder, journal)


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.rglob("*.dcm"))


def test_a_search_that_ignores_its_keys_takes_nothing_of_others(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    archive.files["1.2.4.1.1"] = made(tmp_path, PatientID="T-2", **ids, **OTHER)
    archive.deaf = True
    with peer_of(archive) as (peer, _):
        found, notes = find(peer, ASKED)
    assert ([one.uid for one in found], [note.code for note in notes]) == (["1.2.3"], ["informational"])


def test_a_list_of_another_study_is_not_followed(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    archive.files["1.2.4.1.1"] = made(tmp_path, **ids)
    archive.deaf = True
    with pytest.raises(ProblemError, match="lists instances of another study"):
        fetched(archive, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_one_number_of_two_persons_is_not_followed(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    archive.files["1.2.4.1.1"] = made(tmp_path, **ids, **OTHER)
    with pytest.raises(ProblemError, match="lists studies of several patients"):
        fetched(archive, tmp_path / "out")


@pytest.mark.parametrize(
    ("more", "part"),
    [(OTHER, "patient's name and patient's birth date"), ({"PatientID": "T-2"}, "study, series or patient")],
)
def test_another_person_s_instance_is_not_kept(more: Any, part: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    archive.gives = [archive.files["1.2.3.1.1"], made(tmp_path, SOPInstanceUID="1.2.3.1.2", **more)]
    done = fetched(archive, tmp_path / "out")
    assert (names(tmp_path / "out"), done.missing) == (["1.2.3.1.1"], 1)
    assert [note.message for note in done.problems] == [
        f"names its {part} otherwise than the archive lists it; it is not kept"
    ]


def test_what_was_not_asked_for_and_what_came_twice(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    again = made(tmp_path, SOPInstanceUID="1.2.3.1.1", StudyDescription="Rosebud")
    archive.gives = [made(tmp_path, SOPInstanceUID="1.2.3.1.99"), archive.files["1.2.3.1.1"], again]
    done = fetched(archive, tmp_path / "out")
    assert (names(tmp_path / "out"), done.missing) == (["1.2.3.1.1"], 0)
    assert [note.message for note in done.problems] == [
        "sent an instance that was not asked for; not kept", "was sent twice and not the same; the first is kept",
    ]  # fmt: skip
    assert b"Rosebud" not in next((tmp_path / "out").rglob("*.dcm")).read_bytes()


@pytest.mark.parametrize(("breaks", "missing"), [(1, 0), (2, 0)])
def test_a_retrieval_that_breaks_off_goes_on(breaks: int, missing: int, tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    archive.breaks = breaks
    done = fetched(archive, tmp_path / "out")
    assert (done.new, done.missing, done.problems) == (3, missing, ())
    assert fetch_state(journal_of(tmp_path / "out")) == "complete"


def test_one_that_breaks_off_every_time_keeps_what_came_and_goes_on_later(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 6)
    archive.breaks = 3
    with pytest.raises(ProblemError, match="broke the association off") as caught:
        fetched(archive, tmp_path / "out")
    assert (caught.value.problems[0].code, len(names(tmp_path / "out"))) == ("transient", 3)
    assert fetch_state(journal_of(tmp_path / "out")) == "open"
    done = fetched(archive, tmp_path / "out")
    assert (done.new, done.instances, names(tmp_path / "out")) == (3, 6, sorted(archive.files))


@pytest.mark.parametrize("breaks", [0, 3])
def test_nothing_that_came_is_left_lying(breaks: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whole or broken off, by a fetch or read back after a delivery: it lies in the folder, or nowhere."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    archive = archive_of(tmp_path, 6)
    archive.breaks = breaks
    with pytest.raises(ProblemError) if breaks else contextlib.nullcontext():
        fetched(archive, tmp_path / "out")
    assert len(names(tmp_path / "out")) == (3 if breaks else 6)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.suffix != ".dcm"] == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["1.2.3"]
    archive.breaks = 0
    delivered(archive, {uid: write(tmp_path / uid, archive.files[uid]) for uid in archive.files}, tmp_path)
    assert list(temporary.iterdir()) == []


def test_what_a_killed_run_was_receiving_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "out" / ".incoming-x" / "half.dcm"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"Rosebud")
    fetched(archive_of(tmp_path, 1), tmp_path / "out")
    assert not left.parent.exists()


def test_one_that_only_stores_is_believed_by_its_answers(tmp_path: Path) -> None:
    archive = Archive()
    release = made_release(EXAMPLE, images=images(tmp_path))
    with peer_of(archive, only_stores=True) as (peer, _), Journal(tmp_path / "j", "x") as journal:
        done = deliver_images(release, peer, journal)
    assert [(one.here, one.proof) for one in done.outcomes] == [(True, "answer")] * 3
    assert [note.message for note in done.problems] == [
        "does not list what it has to us: its answers alone say that it came"
    ]


def test_one_that_takes_no_kind_of_a_batch_is_told_of_each_of_it(tmp_path: Path) -> None:
    release = made_release(EXAMPLE, images=images(tmp_path, 2))
    with peer_of(Archive(), ("1.2.840.10008.1.2.4.90",)) as (peer, _), Journal(tmp_path / "j", "x") as journal:
        done = deliver_images(release, peer, journal)
    assert [(one.here, one.problem and one.problem.code) for one in done.outcomes] == [(False, "not-supported")] * 2
    assert "it takes none of these SOP classes" in str(done.outcomes[0].problem)


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007])
def test_a_warning_is_stored_told_and_read_back(status: int, tmp_path: Path) -> None:
    archive = Archive()
    archive.statuses["1.2.3.1.1"] = [status]
    done = delivered(archive, images(tmp_path, 1), tmp_path)
    stored = status == 0xB000
    assert [one.here for one in done.outcomes] == [stored], "this archive keeps nothing on the other two"
    assert [note.code for note in done.problems] == ["conflict"]


def test_nothing_of_a_person_is_in_what_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = archive_of(tmp_path, 2)
    archive.gives = [made(tmp_path, SOPInstanceUID="1.2.3.1.2", **OTHER)]
    with caplog.at_level("DEBUG"):
        done = fetched(archive, tmp_path / "out")
    said = str(done.problems) + caplog.text
    assert not [word for word in ("Rosebud", "T-1", "Testperson", "19990909", "19600203") if word in said]
