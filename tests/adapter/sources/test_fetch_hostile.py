"""An archive that is wrong, or wrong on purpose: nothing of another person lands in the folder, and it is told."""

import gzip
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.dicomweb import client as client_module
from adapter.dicomweb.client import Client
from adapter.errors import exit_code
from adapter.sources.dicomweb import Fetched, fetch, find
from adapter.transfer import inbox
from adapter.transfer.journal import Journal, journal_of
from adapter.transfer.wanted import Number, Wanted
from mappings.problems import ProblemError
from tests.adapter.dicomweb_server import Archive, Request, client_of, multipart, serving
from tests.adapter.test_deflated import bomb
from tests.dicom_files import dataset, write

ASKED = Wanted(patient=Number("T-1"))
OTHER = {"PatientName": "Rosebud^Other", "PatientBirthDate": "19990909"}


def archive_of(folder: Path, number: int = 3) -> Archive:
    archive = Archive()
    for n in range(number):
        image = dataset(SOPInstanceUID=f"1.2.3.1.{n + 1}", PixelData=bytes([n, 0]) * 900, BitsAllocated=16)
        archive.put(write(folder / "made", image).read_bytes())
    return archive


def retrieval(request: Request) -> bool:
    return "/series/" in request.path


def sent(folder: Path, **more: Any) -> bytes:
    return write(folder / "sent", dataset(**more)).read_bytes()


def fetched(client: Client, folder: Path, asked: Wanted = ASKED) -> Fetched:
    found, _ = find(client, asked)
    with Journal(journal_of(folder), "x") as journal:
        return fetch(client, found, folder, journal)


def files(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def told(done: Fetched) -> list[tuple[str, str]]:
    return [(note.code, note.message) for note in done.problems]


# --- other people's


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"PatientName": "Rosebud^Other"}, "patient's name"),
        ({"PatientBirthDate": "19990909"}, "patient's birth date"),
        (OTHER, "patient's name and patient's birth date"),
        ({"PatientID": "T-2", **OTHER}, "study, series or patient"),
        ({"PatientID": None}, "study, series or patient"),
    ],
)
def test_another_person_s_instance_under_an_expected_uid(more: Any, part: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    foreign = sent(tmp_path, SOPInstanceUID="1.2.3.1.2", **more)
    rest = [data for uid, data in archive.files.items() if uid != "1.2.3.1.2"]
    archive.faults.append(lambda r: retrieval(r) and r.parts([foreign, *rest]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.1", "1.2.3.1.3"]
    assert (done.missing, told(done)) == (
        1, [("conflict", f"names its {part} otherwise than the archive lists it; it is not kept")],
    )  # fmt: skip
    assert "Rosebud" not in str(done.problems)


def test_the_right_instance_is_fetched_where_a_wrong_one_came_first(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    foreign = sent(tmp_path, SOPInstanceUID="1.2.3.1.2", **OTHER)
    rest = [data for uid, data in archive.files.items() if uid != "1.2.3.1.2"]
    archive.faults.append(lambda r: r.path.endswith("/series/1.2.3.1") and r.parts([foreign, *rest]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == archive.files
    assert (done.missing, [note.code for note in done.problems]) == (0, ["conflict"])


@pytest.mark.parametrize("name", ["T^Renée", "=山田^太郎", "?"])
def test_a_listed_name_in_other_letters_is_no_evidence(name: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    row = archive.row(archive.files["1.2.3.1.1"]) | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}
    archive.faults.append(lambda r: r.path == "/studies" and r.json([row]))
    with client_of(archive) as (client, _):
        assert fetched(client, tmp_path / "out").instances == 1


@pytest.mark.parametrize("more", [OTHER, {"PatientBirthDate": "19990909"}])
def test_one_number_of_two_persons_is_not_followed(more: Any, tmp_path: Path) -> None:
    """The archive names no issuer, and the number is two persons'."""
    archive = archive_of(tmp_path, 1)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    archive.put(sent(tmp_path, **ids, **more))
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="studies of several patients") as caught:
        fetched(client, tmp_path / "out")
    assert "T-1" not in str(caught.value)
    assert not (tmp_path / "out").exists()


# --- what was not asked for, what came twice


def test_an_instance_that_was_not_asked_for_and_what_is_none(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    more = sent(tmp_path, SOPInstanceUID="1.2.3.1.99")
    archive.faults.append(lambda r: retrieval(r) and r.parts([more, b"Rosebud", *archive.files.values(), more]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.1"]
    assert told(done) == [
        ("conflict", "sent an instance that was not asked for; not kept"),
        ("structure", "sent something that is no DICOM instance; not kept"),
    ]


def test_one_uid_with_two_contents_keeps_the_first_and_is_told(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    again = sent(tmp_path, SOPInstanceUID="1.2.3.1.1", StudyDescription="Rosebud")
    archive.faults.append(lambda r: retrieval(r) and r.parts([*archive.files.values(), again]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == archive.files
    assert told(done) == [("conflict", "was sent twice and not the same; the first is kept")]


def test_the_same_twice_is_the_same(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    archive.faults.append(lambda r: retrieval(r) and r.parts([*archive.files.values()] * 2))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.new, done.problems) == (2, ())


def test_one_uid_listed_in_two_series_is_told(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.3.1.1"}
    rows = {"1.2.3": archive.row(archive.files["1.2.3.1.1"]), "1.2.4": archive.row(sent(tmp_path, **ids))}

    def listed(request: Request) -> bool:
        if retrieval(request):
            return False
        if request.path == "/studies":
            return request.json(archive.page(request, list(rows.values())))
        return request.json(archive.page(request, [rows[request.path.split("/")[2]]]))

    archive.faults.append(listed)
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.instances, [note.code for note in done.problems]) == (1, ["duplicate"])


# --- bodies


def test_a_flood_of_what_was_not_asked_for_is_left(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    flood = [sent(tmp_path, SOPInstanceUID=f"1.2.3.9.{n}") for n in range(30)]
    archive.faults.append(lambda r: retrieval(r) and r.parts(flood))
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="sends more instances than it lists"):
        fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == {}


def endless(head: bytes) -> Callable[[Request], bool]:
    """An answer that goes on for ever after `head`."""

    def answer(request: Request) -> bool:
        if not retrieval(request):
            return False
        request.handler.send_response(200)
        request.handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=edge')
        request.handler.end_headers()
        request.handler.wfile.write(head)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            request.handler.wfile.write(b"Rosebud " * 8192)
        raise AssertionError("it was read for ever")

    return answer


def test_an_instance_without_end_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(inbox, "MAX_INSTANCE", 1 << 20)
    archive = archive_of(tmp_path)
    archive.faults.append(endless(b"--edge\r\nContent-Type: application/dicom\r\n\r\n"))
    with client_of(archive) as (client, _), pytest.raises(ProblemError, match="it is not taken") as caught:
        fetched(client, tmp_path / "out")
    assert (caught.value.problems[0].code, files(tmp_path / "out")) == ("too-long", {})


@pytest.mark.parametrize("head", [b"", b"--edge", b"--edge\r\nX: ", b"--wrong\r\n\r\n"])
def test_a_body_without_end_that_never_comes_to_an_instance(head: bytes, tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    archive.faults.append(endless(head))
    with client_of(archive, attempts=2) as (client, waits), pytest.raises(ProblemError, match="breaks off") as caught:
        fetched(client, tmp_path / "out")
    assert (exit_code(caught.value), waits, files(tmp_path / "out")) == (5, [0.5], {})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ('multipart/related; type="application/dicom"; boundary=wrong', "breaks off"),
        ('multipart/related; type="application/dicom"', "and not with DICOM instances"),
        ("application/dicom", "and not with DICOM instances"),
    ],
)
def test_a_wrong_boundary_or_none(kind: str, words: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    body = multipart(list(archive.files.values()))
    archive.faults.append(lambda r: retrieval(r) and r.answer(200, body, kind))
    with client_of(archive, attempts=2) as (client, _), pytest.raises(ProblemError, match=words):
        fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize("off", [-900, 900])
def test_a_length_that_lies(off: int, tmp_path: Path) -> None:
    """Content-Length says another length than the body has: less is a body cut off, more one that never ends."""
    archive = archive_of(tmp_path)
    body = multipart(list(archive.files.values()))

    def lie(request: Request) -> bool:
        if not retrieval(request):
            return False
        request.handler.send_response(200)
        request.handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=edge')
        request.handler.send_header("Content-Length", str(len(body) + off))
        request.handler.end_headers()
        request.handler.wfile.write(body)
        request.handler.close_connection = True
        return True

    archive.faults.append(lie)
    with client_of(archive, attempts=1, connections=1) as (client, _):
        with pytest.raises(ProblemError) as caught:
            fetched(client, tmp_path / "out")
        said = str(caught.value)
    came = files(tmp_path / "out")
    assert came.items() <= archive.files.items()
    assert len(came) < 3
    assert "try again" in said


def test_a_part_that_says_another_length_is_not_kept(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 1)
    (data,) = archive.files.values()
    body = b"--edge\r\nContent-Length: 9\r\n\r\n" + data + b"\r\n--edge--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=edge'
    archive.faults.append(lambda r: retrieval(r) and r.answer(200, body, kind))
    with client_of(archive, attempts=1) as (client, _), pytest.raises(ProblemError, match="that is cut off"):
        fetched(client, tmp_path / "out")
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("status", "code"), [(206, "incomplete"), (204, "transient"), (203, "processing"), (301, "not-supported")]
)
def test_an_answer_that_is_not_the_whole(status: int, code: str, tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    kind = 'multipart/related; type="application/dicom"; boundary=edge'
    body = b"" if status == 204 else multipart(list(archive.files.values()))
    archive.faults.append(lambda r: retrieval(r) and r.answer(status, body, kind, Location="/elsewhere"))
    with client_of(archive, attempts=2) as (client, _), pytest.raises(ProblemError) as caught:
        fetched(client, tmp_path / "out")
    assert ({note.code for note in caught.value.problems}, files(tmp_path / "out")) == ({code}, {})


def test_an_empty_200_is_no_instance(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    archive.faults.append(lambda r: retrieval(r) and r.parts([]))
    with client_of(archive) as (client, _):
        done = fetched(client, tmp_path / "out")
    assert (done.missing, [note.code for note in done.problems]) == (2, ["not-found"] * 2)


def test_a_gzip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """64 MB in a body of 64 KB: as a list, and as an instance."""
    monkeypatch.setattr(client_module, "MAX_LIST", 8 << 20)
    monkeypatch.setattr(inbox, "MAX_INSTANCE", 8 << 20)
    packed, blanks = (gzip.compress(head + bytes(64 << 20)) for head in (b"--edge\r\n\r\n", b" "))
    archive = archive_of(tmp_path, 1)
    kind = 'multipart/related; type="application/dicom"; boundary=edge'
    archive.faults.append(lambda r: retrieval(r) and r.answer(200, packed, kind, Content_Encoding="gzip"))
    with client_of(archive) as (client, _):
        find(client, ASKED)  # what has to be imported is
        tracemalloc.start()
        with pytest.raises(ProblemError, match="it is not taken"):
            fetched(client, tmp_path / "out")
        archive.faults.append(lambda r: r.answer(200, blanks, "application/dicom+json", Content_Encoding="gzip"))
        with pytest.raises(ProblemError, match="answers with more than can be read"):
            client.get_json(("studies",), [], "search", 8 << 20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 40 << 20
    assert files(tmp_path / "out") == {}


def test_a_deflated_bomb_is_not_opened(tmp_path: Path) -> None:
    """17 MB of header in a file of 20 KB; the others of the series come."""
    archive = archive_of(tmp_path, 2)
    packed = bomb(tmp_path / "bomb", 17, b"\x21\x00\x01\x10OB\0\0").read_bytes()
    archive.faults.append(lambda r: retrieval(r) and r.parts([packed, archive.files["1.2.3.1.2"]]))
    with client_of(archive) as (client, _):
        find(client, ASKED)
        tracemalloc.start()
        done = fetched(client, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.2"]
    assert (done.missing, [note.code for note in done.problems]) == (1, ["too-long", "not-found"])
    assert "would inflate to more than 16 MB" in str(done.problems[0])
    assert peak < 80 << 20


# --- who is asked


def test_credentials_do_not_follow_to_another_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", "Rosebud")
    archive, elsewhere = archive_of(tmp_path), archive_of(tmp_path)
    with serving(elsewhere) as root:
        archive.faults.append(lambda r: retrieval(r) and r.answer(307, Location=root + r.path))
        message = "sends us on to another place, which is not followed"
        with client_of(archive, token_env="TOKEN") as (client, _), pytest.raises(ProblemError, match=message):
            fetched(client, tmp_path / "out")
    assert (elsewhere.log, files(tmp_path / "out")) == ([], {})


def test_429_is_waited_for_as_it_asks(tmp_path: Path) -> None:
    archive = archive_of(tmp_path)
    left = [1, 1]
    archive.faults.append(lambda r: retrieval(r) and bool(left) and bool(left.pop()) and r.answer(429, Retry_After="3"))
    with client_of(archive, connections=1) as (client, waits):
        done = fetched(client, tmp_path / "out")
    assert (done.missing, waits) == (0, [3.0, 3.0])


def test_a_search_that_ignores_the_patient_takes_nothing_of_others(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, 2)
    ids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": "1.2.4.1.1"}
    archive.put(sent(tmp_path, PatientID="T-2", **ids, **OTHER))
    archive.faults.append(
        lambda r: r.path == "/studies" and r.json([archive.row(data) for data in archive.files.values()])
    )
    with client_of(archive) as (client, _):
        found, notes = find(client, ASKED)
        done = fetched(client, tmp_path / "out")
    assert ([one.uid for one in found], [note.code for note in notes]) == (["1.2.3"], ["informational"])
    assert sorted(files(tmp_path / "out")) == ["1.2.3.1.1", "1.2.3.1.2"]
    assert done.missing == 0
    assert not any("1.2.4" in path for _, path in archive.log)


# --- what is left lying


def test_nothing_that_tells_of_a_person_stands_in_a_name_or_an_address(tmp_path: Path) -> None:
    """Files, scratch files and requests: UIDs and, in the search, the number that is asked for; nothing else."""
    archive = archive_of(tmp_path, 2)
    names: set[str] = set()

    def look(request: Request) -> bool:
        names.update(str(path) for path in (tmp_path / "out").rglob("*"))
        return (
            retrieval(request)
            and request.path.endswith("/series/1.2.3.1")
            and request.parts(list(archive.files.values()), 500)
        )

    archive.faults.append(look)
    with client_of(archive) as (client, _):
        fetched(client, tmp_path / "out")
    assert not [name for name in names | {path for _, path in archive.log} if "T-1" in name or "Testperson" in name]
    assert [path.name for path in (tmp_path / "out").rglob(".*")] == []
