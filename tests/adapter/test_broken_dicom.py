"""What pydicom raises on broken files, whatever it is, becomes what is told of them; never its own words."""

from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from adapter.delivery import dimse
from adapter.delivery.dicom_media import write_media
from adapter.delivery.images import compared, same_elements
from adapter.delivery.part10 import parts_of
from adapter.dimse.asking import Image, text, texts
from adapter.dimse.peer import Peer
from adapter.dimse.taking import received_in, take
from adapter.holding import File
from adapter.sources.dicom_directory import listed_in
from adapter.sources.dimse import fetch, find
from adapter.transfer.journal import Journal
from adapter.transfer.wanted import Wanted
from mappings.problems import ProblemError
from tests.adapter.dimse.scp import Archive, peer_of
from tests.dicom_files import dataset, write
from tests.releases import _file_there, made_release
from tests.strategies_case import EXAMPLE

UID = "1.2.3.1.1"


class Odd(Exception):
    """None of those that anybody would name."""


def raising(*_: Any, **__: Any) -> Any:
    raise Odd("Rosebud")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """pydicom raises something odd on every file from now on."""
    monkeypatch.setattr(pydicom, "dcmread", raising)
    return monkeypatch


def refusal(caught: "pytest.ExceptionInfo[ProblemError]") -> tuple[str, bool]:
    (found,) = caught.value.problems
    return found.message, "Rosebud" in str(caught.value)


def test_what_is_sent_or_written_to_a_medium_is_refused(broken: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "a", dataset())
    with pytest.raises(ProblemError) as sent:
        parts_of(made_release(EXAMPLE, images={UID: path}))
    with pytest.raises(ProblemError) as written:
        write_media({UID: path}, tmp_path / "out", "2.25.1")
    assert refusal(sent) == refusal(written) == ("cannot be read as DICOM any more", False)


def test_what_comes_back_is_another_data_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "a", dataset())
    (part,) = parts_of(made_release(EXAMPLE, images={UID: path}))
    other = write(tmp_path / "b", dataset(StudyDescription="other")).read_bytes()
    monkeypatch.setattr(pydicom, "dcmread", raising)
    assert not same_elements(path, path)
    assert compared(part, [other]) is None


def test_what_comes_back_and_names_no_uid_counts_as_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write(tmp_path / "a", dataset(PixelData=b"\1\2"))
    monkeypatch.setattr(dimse, "opened", raising)
    assert dimse._uid(path) == ""
    archive = Archive()
    release = made_release(EXAMPLE, images={UID: path})
    with peer_of(archive) as (peer, _), Journal(tmp_path / "j", "x") as journal:
        done = dimse.deliver_images(release, peer, journal)
    assert [(one.here, one.proof) for one in done.outcomes] == [(True, "list")]
    assert [note.message for note in done.problems] == [
        "does not send back all that it has: that it is listed has to do"
    ]


def test_a_directory_is_told_as_one_that_cannot_be_read(broken: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found: File = _file_there(write(tmp_path / "DICOMDIR", dataset()))
    assert listed_in(found) is None


def test_a_value_of_an_answer_that_cannot_be_read_fits_no_search() -> None:
    class Row(Dataset):
        get = raising

    assert (texts(Row(), "PatientID"), text(Row(), "StudyInstanceUID")) == ((), "")


def test_a_search_with_such_a_uid_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Row(Dataset):
        get = raising

    monkeypatch.setattr(Peer, "find", lambda *_: [Row()])
    with peer_of(Archive()) as (peer, _), pytest.raises(ProblemError) as caught:
        find(peer, Wanted(studies=("1.2.3",)))
    assert refusal(caught) == ("lists something without a valid UID; ask its operator", False)


@pytest.mark.parametrize("error", [Odd, KeyboardInterrupt])
def test_what_goes_wrong_while_it_is_taken_is_raised_where_it_was_asked_for(
    error: type[BaseException], tmp_path: Path
) -> None:
    archive = Archive()
    archive.files[UID] = pydicom.dcmread(write(tmp_path / "a", dataset(PixelData=b"\1\2")))

    def wrong(_: Path) -> bool:
        raise error

    with peer_of(archive) as (peer, _):
        asked = [Image("1.2.3", "1.2.3.1", UID, "")]
        with received_in(tmp_path), pytest.raises(error):
            take(peer, asked, wrong)


def test_somebody_s_file_is_not_overwritten_by_what_is_sent(tmp_path: Path) -> None:
    archive = Archive()
    archive.files[UID] = pydicom.dcmread(write(tmp_path / "a", dataset(PixelData=b"\1\2")))
    mine = tmp_path / "out" / "1.2.3" / "1.2.3.1" / f"{UID}.dcm"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with peer_of(archive) as (peer, _), Journal(tmp_path / "j", "x") as journal:
        found, _ = find(peer, Wanted(studies=("1.2.3",)))
        with pytest.raises(ProblemError, match="is there already, and is another file"):
            fetch(peer, found, tmp_path / "out", journal)
    assert mine.read_bytes() == b"mine"


def test_a_journal_that_was_refused_is_free_for_its_own_transfer(tmp_path: Path) -> None:
    Journal(tmp_path / "j", "x").__exit__(None, None, None)
    with pytest.raises(ProblemError, match="is no journal of this transfer"):
        Journal(tmp_path / "j", "y")
    with Journal(tmp_path / "j", "x") as journal:
        assert journal.lines == []
