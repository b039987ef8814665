"""Fetched instances are whole and what was asked for, or not there; what broke off goes on where it stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapter.dicomweb.client import Client
from adapter.sources.dicomweb import Fetched, fetch, find
from adapter.transfer.journal import Journal, fetch_state, journal_of
from adapter.transfer.wanted import Number, Wanted
from mappings.problems import ProblemError
from tests.adapter.dicomweb_server import Archive, Request, client_of, multipart, once
from tests.dicom_files import dataset, write

ASKED = Wanted(patient=Number("T-1"))


def archive_of(folder: Path, number: int = 4, **more: Any) -> Archive:
    """An archive with one series of so many instances."""
    archive = Archive()
    for n in range(number):
        image = dataset(SOPInstanceUID=f"1.2.3.1.{n + 1}", PixelData=bytes([n, 0]) * 900, BitsAllocated=16, **more)
        archive.put(write(folder / "made", image).read_bytes())
    return archive


@contextmanager
def journal(folder: Path) -> Iterator[Journal]:
    with Journal(journal_of(folder), "x") as found:
        yield found


def fetched(client: Client, folder: Path, asked: Wanted = ASKED) -> Fetched:
    found, _ = find(client, asked)
    with journal(folder) as notes:
        return fetch(client, found, folder, notes)


def files(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def series(request: Request) -> bool:
    return request.path.endswith("/series/1.2.3.1")


def test_every_instance_lies_under_its_uids(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.instances, done.new, done.missing, done.problems) == (4, 4, 0, ())
    assert files(tmp_path / "out") == archive.files
    assert (tmp_path / "out" / "1.2.3" / "1.2.3.1" / "1.2.3.1.1.dcm").is_file()
    assert fetch_state(journal_of(tmp_path / "out")) == "complete"


def test_searches_carry_what_was_asked_and_other_results_are_left(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    other = dataset(PatientID="T-2", StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.4.1", SOPInstanceUID="1.2.4.1.1")
    archive.put(write(tmp_path / "made", other).read_bytes())
    archive.some = lambda request: list(archive.files.values())[-2:]  # type: ignore[method-assign]  # ignores all keys
    with client_of(archive) as (client, _):
        found, notes = find(client, ASKED)
    assert ([one.uid for one in found], [note.code for note in notes]) == (["1.2.3"], ["informational"])


@pytest.mark.parametrize("cut", [3, 8, 500, 1500, 5000])
def test_a_body_that_breaks_off_goes_on_where_it_stopped(cut: int, tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    archive.faults.append(once(lambda request: request.parts(list(archive.files.values()), cut), series))
    with client_of(archive) as (client, waits):
        done = fetched(client, tmp_path / "out")
    assert (done.instances, done.missing, waits) == (4, 0, [0.5])
    assert files(tmp_path / "out") == archive.files


def test_a_connection_that_is_reset_half_way(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)

    def half(request: Request) -> None:
        request.handler.send_response(200)
        request.handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=edge')
        request.handler.send_header("Content-Length", "100000")
        request.handler.end_headers()
        request.handler.wfile.write(multipart(list(archive.files.values()))[:3000])
        request.handler.wfile.flush()
        request.reset()

    archive.faults.append(once(half, series))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.instances, done.missing) == (4, 0)
    assert files(tmp_path / "out") == archive.files


def test_one_that_breaks_off_every_time_leaves_what_came(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    left = {uid: data for uid, data in archive.files.items() if uid != "1.2.3.1.4"}
    archive.faults.append(lambda r: series(r) and r.parts(list(archive.files.values()), 900))
    archive.faults.append(lambda r: r.path.endswith("1.2.3.1.4") and r.reset())
    with client_of(archive, attempts=3) as (client, _), pytest.raises(ProblemError, match="try again"):
        fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == left
    assert fetch_state(journal_of(tmp_path / "out")) == "open"
    archive.faults.clear()
    archive.log.clear()
    with client_of(archive) as (client, _):
        assert fetched(client, tmp_path / "out").new == 1
    retrieved = [path for method, path in archive.log if "/series/" in path]
    assert retrieved == ["/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.4"]


def test_a_file_that_was_changed_meanwhile_comes_again(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    with client_of(archive) as (client, _):
        fetched(client, tmp_path / "out")
        next((tmp_path / "out").rglob("1.2.3.1.2.dcm")).write_bytes(b"cut")
        assert fetched(client, tmp_path / "out").new == 1
    assert files(tmp_path / "out") == archive.files


def test_somebody_s_file_is_not_overwritten(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    mine = tmp_path / "out" / "1.2.3" / "1.2.3.1" / "1.2.3.1.1.dcm"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="is there already, and is another file"):
        fetched(client, tmp_path / "out")
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, True),
        ({"PatientID": "T-2"}, False),
        ({"StudyInstanceUID": "1.2.9"}, False),
        ({"SeriesInstanceUID": "1.2.3.9"}, False),
    ],
)
def test_an_instance_that_says_otherwise_than_the_list_is_not_kept(more: Any, kept: bool, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    sent = write(tmp_path / "sent", dataset(SOPInstanceUID="1.2.3.1.1", **more)).read_bytes()
    archive.faults.append(lambda r: "/series/" in r.path and r.parts([sent, archive.files["1.2.3.1.2"]]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.1", "1.2.3.1.2"][1 - int(kept) :]
    assert (done.missing, fetch_state(journal_of(tmp_path / "out"))) == ((0, "complete") if kept else (1, "open"))
    assert [note.code for note in done.problems] == [] if kept else ["conflict"]


def test_what_was_not_asked_for_is_not_kept(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    more = write(tmp_path / "more", dataset(SOPInstanceUID="1.2.3.1.99")).read_bytes()
    archive.faults.append(lambda r: "/series/" in r.path and r.parts([more, b"Rosebud", *archive.files.values()]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.1"]
    assert [note.rule for note in done.problems] == ["fetch.instance"] * 2
    assert "Rosebud" not in str(done.problems)


def test_an_instance_that_is_listed_and_not_there_is_told(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 3)
    rest = [data for uid, data in archive.files.items() if uid != "1.2.3.1.2"]
    archive.faults.append(lambda r: series(r) and r.parts(rest))
    archive.faults.append(lambda r: r.path.endswith("1.2.3.1.2") and r.answer(404))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.instances, done.missing, [note.code for note in done.problems]) == (2, 1, ["not-found"])


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_let_in_is_told_once_and_not_for_each(status: int, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 3)
    archive.faults.append(lambda r: "/series/" in r.path and r.answer(status))
    with client_of(archive) as (client, _), pytest.raises(ProblemError) as caught:
        fetched(client, tmp_path / "out")
    assert len(caught.value.problems) == 1
    assert files(tmp_path / "out") == {}


def test_html_in_place_of_images(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    archive.faults.append(lambda r: "/series/" in r.path and r.answer(200, b"<html>Rosebud", "text/html"))
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="answers with text/html") as caught:
        fetched(client, tmp_path / "out")
    assert "Rosebud" not in str(caught.value)


def test_never_more_connections_than_allowed(tmp_path: Path) -> None:
    archive = Archive()
    for n in range(12):
        ids = {"SeriesInstanceUID": f"1.2.3.{n}", "SOPInstanceUID": f"1.2.3.{n}.1"}
        archive.put(write(tmp_path / "made", dataset(**ids)).read_bytes())
    with client_of(archive, connections=3) as (client, _):
        assert fetched(client, tmp_path / "out").instances == 12
    assert 1 <= archive.most <= 3


def test_a_list_of_another_study_is_not_followed(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    row = archive.row(archive.files["1.2.3.1.1"]) | {"0020000D": {"Value": ["1.2.9"]}}
    archive.faults.append(lambda r: r.path == "/studies/1.2.3/instances" and r.json([row]))
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="lists instances of another study"):
        fetched(client, tmp_path / "out")
