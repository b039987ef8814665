"""By DIMSE too, of every instance it is known what became of it; statuses are said in words without values."""

from pathlib import Path
from typing import Any

import pytest

from adapter.config import Pacs
from adapter.delivery.dimse import deliver_images
from adapter.delivery.images import Delivered
from adapter.dimse.peer import Peer
from adapter.errors import exit_code
from adapter.sources.dimse import fetch, find
from adapter.transfer.journal import Journal
from adapter.transfer.wanted import Number, Wanted
from mappings.problems import ProblemError
from tests.adapter.dimse.scp import Archive, peer_of
from tests.dicom_files import dataset, write, write_bare
from tests.releases import made_release
from tests.strategies_case import EXAMPLE


def images(folder: Path, number: int = 3) -> dict[str, Path]:
    made = {}
    for n in range(number):
        uid = f"1.2.3.1.{n + 1}"
        image = dataset(SOPInstanceUID=uid, PixelData=bytes([n, 1]) * 500, BitsAllocated=16)
        made[uid] = write(folder / f"{n}.dcm", image)
    return made


def delivered(archive: Archive, files: dict[str, Path], folder: Path, **settings: Any) -> Delivered:
    release = made_release(EXAMPLE, images=files)
    chosen = {"connections": 1, "attempts": 2} | settings
    with peer_of(archive, **chosen) as (peer, _), Journal(folder / "journal", "x") as journal:
        return deliver_images(release, peer, journal)


def told(done: Delivered) -> list[tuple[str, bool, str]]:
    return [(one.part.uid.rpartition(".")[2], one.here, one.proof) for one in done.outcomes]


def test_all_arrive_and_are_read_back(tmp_path: Path) -> None:
    archive = Archive()
    done = delivered(archive, images(tmp_path), tmp_path)
    assert told(done) == [(n, True, "data set") for n in "123"]
    assert (archive.titles, done.problems) == ({"SECOND-OPINION"}, ())


def test_what_is_there_is_not_sent_again(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path)
    delivered(archive, files, tmp_path)
    delivered(archive, files, tmp_path)
    assert archive.stored == sorted(files)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (0xA700, "transient", "it is out of resources; try again (A700)"),
        (0xA900, "invalid", "it finds that the data set does not match its SOP class (A900)"),
        (0xC123, "structure", "it cannot understand the data set (C123)"),
        (0x0122, "not-supported", "it does not take this SOP class (0122)"),
        (0x0124, "forbidden", "it does not allow us to store (0124)"),
        (0x0117, "value", "it calls the instance invalid (0117)"),
        (0x9999, "processing", "it refuses it (9999)"),
    ],
)
def test_a_failure_is_of_its_instance_alone(status: int, code: str, words: str, tmp_path: Path) -> None:
    archive = Archive()
    archive.statuses["1.2.3.1.2"] = [status, status]
    done = delivered(archive, images(tmp_path), tmp_path)
    assert [one.here for one in done.outcomes] == [True, False, True]
    assert str(done.outcomes[1].problem) == f"error: instance 1.2.3.1.2: was not stored: {words} [dimse]"
    assert (done.outcomes[1].problem and done.outcomes[1].problem.code, done.passing) == (code, code == "transient")


@pytest.mark.parametrize(("status", "words"), [(0xB000, "changed elements"), (0xB006, "left elements out")])
def test_a_warning_is_stored_and_told(status: int, words: str, tmp_path: Path) -> None:
    archive = Archive()
    archive.statuses["1.2.3.1.1"] = [status]
    done = delivered(archive, images(tmp_path, 1), tmp_path, proof="answer")
    assert ([one.here for one in done.outcomes], [words in note.message for note in done.problems]) == ([True], [True])


def test_an_association_that_breaks_off_goes_on_with_the_rest(tmp_path: Path) -> None:
    archive = Archive()
    archive.statuses["1.2.3.1.2"] = [-1]
    done = delivered(archive, images(tmp_path), tmp_path)
    assert [one.here for one in done.outcomes] == [True, True, True]
    assert archive.stored == ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.2", "1.2.3.1.3"]


def test_one_that_breaks_off_every_time_leaves_it_open(tmp_path: Path) -> None:
    archive = Archive()
    archive.statuses["1.2.3.1.2"] = [-1, -1]
    done = delivered(archive, images(tmp_path), tmp_path)
    assert [one.here for one in done.outcomes] == [True, False, False]
    assert done.passing


def test_what_is_acknowledged_and_not_listed_is_not_believed(tmp_path: Path) -> None:
    archive = Archive()
    archive.lost = True
    done = delivered(archive, images(tmp_path, 1), tmp_path)
    assert [(one.here, one.problem and one.problem.code) for one in done.outcomes] == [(False, "transient")]


def test_a_transfer_syntax_that_is_not_taken_is_of_its_instance_alone(tmp_path: Path) -> None:
    archive = Archive()
    files = images(tmp_path, 2) | {"1.2.3.1.9": write_bare(tmp_path / "bare", dataset(SOPInstanceUID="1.2.3.1.9"))}
    release = made_release(EXAMPLE, images=files)
    with peer_of(archive, ("1.2.840.10008.1.2.1",), attempts=1) as (peer, _), Journal(tmp_path / "j", "x") as journal:
        done = deliver_images(release, peer, journal)
    assert [(one.part.syntax, one.here) for one in done.outcomes] == [
        ("1.2.840.10008.1.2.1", True), ("1.2.840.10008.1.2.1", True), ("1.2.840.10008.1.2", False),
    ]  # fmt: skip
    assert "it takes this SOP class not in this transfer syntax" in str(done.outcomes[2].problem)


def test_an_archive_that_gives_nothing_back_lists_at_least(tmp_path: Path) -> None:
    archive = Archive()
    archive.get_status = 0xA900
    done = delivered(archive, images(tmp_path, 1), tmp_path)
    assert (told(done), len(done.problems)) == ([("1", True, "list")], 1)


def test_one_that_keeps_another_data_set_is_told(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 1)
    delivered(archive, files, tmp_path, proof="answer")
    archive.files["1.2.3.1.1"].PatientID = "Rosebud"
    done = delivered(archive, files, tmp_path)
    assert [one.problem and one.problem.rule for one in done.outcomes] == ["deliver.content"]
    assert "Rosebud" not in str(done.outcomes[0].problem)


def test_another_title_is_rejected(tmp_path: Path) -> None:
    with peer_of(Archive(), title="OTHER", attempts=1) as (peer, _), pytest.raises(ProblemError) as caught:
        peer.echo()
    assert "rejects the association; check `title` and `own_title`" in str(caught.value)
    assert exit_code(caught.value) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a socket that pynetdicom leaves open
def test_nobody_there_may_pass() -> None:
    peer = Peer("archive", Pacs(host="127.0.0.1", port=1, timeout=1.0))
    with pytest.raises(ProblemError, match="is away, or broke the association off") as caught:
        peer.echo()
    assert exit_code(caught.value) == 5


def test_an_archive_without_host_speaks_no_dimse() -> None:
    with pytest.raises(ProblemError, match="has no `host` in the settings"):
        Peer("archive", Pacs(url="https://pacs.example"))


def test_echo() -> None:
    with peer_of(Archive()) as (peer, _):
        peer.echo()


def test_a_refused_search_is_said_in_words() -> None:
    archive = Archive()
    archive.find_status = 0xA700
    with peer_of(archive) as (peer, _), pytest.raises(ProblemError, match="it is out of resources") as caught:
        find(peer, Wanted(patient=Number("Rosebud")))
    assert ("Rosebud" in str(caught.value), exit_code(caught.value)) == (False, 5)


def test_found_and_fetched_as_it_is(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path)
    delivered(archive, files, tmp_path)
    with peer_of(archive) as (peer, _), Journal(tmp_path / "out.fetch.jsonl", "x") as journal:
        found, notes = find(peer, Wanted(patient=Number("T-1")))
        done = fetch(peer, found, tmp_path / "out", journal)
        again = fetch(peer, found, tmp_path / "out", journal)
    assert (notes, done.instances, done.new, done.missing, again.new) == ((), 3, 3, 0, 0)
    came = {path.stem: path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")}
    assert sorted(came) == sorted(files)
    assert all(data.endswith(files[uid].read_bytes()[-1000:]) for uid, data in came.items())


def test_an_instance_that_is_not_sent_is_told(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 1)
    delivered(archive, files, tmp_path)
    archive.get_status = 0xB000
    with peer_of(archive, attempts=2) as (peer, _), Journal(tmp_path / "out.fetch.jsonl", "x") as journal:
        found, _ = find(peer, Wanted(studies=("1.2.3",)))
        done = fetch(peer, found, tmp_path / "out", journal)
    assert (done.missing, [note.code for note in done.problems]) == (1, ["not-found"])
