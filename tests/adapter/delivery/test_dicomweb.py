"""Of every instance it is known whether the receiver has it, whatever it answers; nothing is sent twice."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from adapter.delivery.dicomweb import deliver_images
from adapter.delivery.images import Delivered
from adapter.transfer.journal import Journal
from mappings.problems import ProblemError
from tests.adapter.dicomweb_server import Archive, Request, client_of, once, serving, stored
from tests.dicom_files import dataset, write, write_bare
from tests.releases import made_release
from tests.strategies_case import EXAMPLE


def images(folder: Path, number: int = 5, study: str = "1.2.3") -> dict[str, Path]:
    made = {}
    for n in range(number):
        ids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.1.{n + 1}"}
        path = write(folder / study / f"{n}.dcm", dataset(**ids, PixelData=bytes([n, 1]) * 500, BitsAllocated=16))
        made[ids["SOPInstanceUID"]] = path
    return made


def delivered(archive: Archive, files: dict[str, Path], folder: Path, **settings: Any) -> Delivered:
    release = made_release(EXAMPLE, images=files)
    chosen = {"batch": 3, "connections": 1} | settings
    with client_of(archive, **chosen) as (client, _), Journal(folder / "journal", "x") as journal:
        return deliver_images(release, client, journal)


def told(done: Delivered) -> list[tuple[str, bool, str]]:
    return [(one.part.uid.rpartition(".")[2], one.here, one.proof) for one in done.outcomes]


def posts(archive: Archive) -> int:
    return sum(method == "POST" for method, _ in archive.log)


def post(request: Request) -> bool:
    return request.method == "POST"


def keep(archive: Archive, request: Request, but: Iterable[str] = ()) -> list[str]:
    """Store what was sent, but for some."""
    uids = [archive.put(data) for data in request.sent]
    for uid in but:
        archive.files.pop(uid, None)
    return [uid for uid in uids if uid not in but]


ALL = [(str(n), True, "content") for n in range(1, 6)]


def test_all_arrive_as_they_are(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path)
    done = delivered(archive, files, tmp_path)
    assert (told(done), done.problems) == (ALL, ())
    assert archive.files == {uid: path.read_bytes() for uid, path in files.items()}
    assert posts(archive) == 2


def test_what_is_there_is_not_sent_again(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path)
    delivered(archive, files, tmp_path)
    archive.log.clear()
    done = delivered(archive, files, tmp_path)
    assert (told(done), posts(archive), len(archive.log)) == (ALL, 0, 2)  # one list, of two pages
    assert all(one.ours for one in done.outcomes)


def test_what_came_there_from_elsewhere_is_compared_and_not_ours(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path)
    archive.put(files["1.2.3.1.2"].read_bytes())
    done = delivered(archive, files, tmp_path)
    assert told(done) == ALL
    assert [one.ours for one in done.outcomes] == [True, False, True, True, True]


def test_202_with_failures_is_taken_at_its_word(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 3)
    archive.faults.append(
        lambda r: post(r) and r.json(stored(keep(archive, r, ["1.2.3.1.2"]), {"1.2.3.1.2": 0xA900}), 202)
    )
    done = delivered(archive, files, tmp_path)
    assert told(done) == [("1", True, "content"), ("2", False, "answer"), ("3", True, "content")]
    assert str(done.outcomes[1].problem) == (
        "error: instance 1.2.3.1.2: was not stored: it finds that the data set does not match its SOP class (A900) "
        "[dicomweb]"
    )
    assert posts(archive) == 1


@pytest.mark.parametrize("status", [400, 409, 200, 202])
@pytest.mark.parametrize("body", ["empty", "none", "html"])
def test_an_answer_that_tells_too_little_is_made_up_for_by_the_list(status: int, body: str, tmp_path: Path) -> None:
    """400 may have stored some; 200 may name none: what it lists counts, and the rest is sent alone."""
    archive, files = Archive(), images(tmp_path, 3)

    def answer(request: Request) -> bool:
        if not post(request):
            return False
        keep(archive, request, ["1.2.3.1.2"])
        if body == "empty":
            request.json(stored([]), status)
        else:
            request.answer(status, b"<html>" if body == "html" else b"", "text/html")
        return True

    archive.faults.append(answer)
    done = delivered(archive, files, tmp_path)
    assert told(done) == [("1", True, "content"), ("2", False, "answer"), ("3", True, "content")]
    assert "it did not store it" in str(done.outcomes[1].problem)
    assert posts(archive) == 2  # the batch, and the one that was not there, alone


def test_one_that_spoils_the_batch_does_not_spoil_the_others(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 3)

    def answer(request: Request) -> bool:
        bad = post(request) and any(Archive.header(data).SOPInstanceUID == "1.2.3.1.2" for data in request.sent)
        if bad:
            request.answer(400)
        return bad

    archive.faults.append(answer)
    done = delivered(archive, files, tmp_path)
    assert [(uid, here) for uid, here, _ in told(done)] == [("1", True), ("2", False), ("3", True)]


def test_out_of_resources_is_tried_again(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    archive.faults.append(once(lambda r: r.json(stored([], {"1.2.3.1.1": 0xA700, "1.2.3.1.2": 0xA700}), 409), post))
    assert told(delivered(archive, files, tmp_path)) == ALL[:2]
    assert posts(archive) == 2


def test_a_reset_after_some_were_stored_sends_the_rest_only(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 3)

    def half(request: Request) -> None:
        keep(archive, request, ["1.2.3.1.3"])
        request.reset()

    archive.faults.append(once(half, post))
    sent: list[list[str]] = []

    def note(request: Request) -> bool:
        if post(request):
            sent.append([str(Archive.header(data).SOPInstanceUID) for data in request.sent])
        return False

    archive.faults.append(note)
    assert told(delivered(archive, files, tmp_path)) == ALL[:3]
    assert sent == [["1.2.3.1.3"]]


def test_one_that_resets_every_time_leaves_it_open(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 4)
    archive.faults.append(lambda r: post(r) and posts(archive) > 1 and r.reset())
    done = delivered(archive, files, tmp_path, attempts=3)
    assert [here for _, here, _ in told(done)] == [True, True, True, False]
    assert done.passing
    archive.faults.clear()
    assert told(delivered(archive, files, tmp_path)) == ALL[:4]


def test_too_much_at_once_goes_in_halves(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 4)
    archive.faults.append(lambda r: post(r) and len(r.sent) > 1 and r.answer(413))
    assert told(delivered(archive, files, tmp_path, batch=4)) == ALL[:4]


def test_one_that_is_acknowledged_and_not_there_is_not_believed(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    archive.faults.append(
        lambda r: post(r) and keep(archive, r, ["1.2.3.1.2"]) is not None and r.json(stored([*files]))
    )
    done = delivered(archive, files, tmp_path)
    assert told(done)[1][:2] == ("2", False)
    assert "does not list it" in str(done.outcomes[1].problem)


def test_one_that_is_kept_otherwise_is_told(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)

    def coerce(request: Request) -> bool:
        if post(request):
            keep(archive, request)
            image = dataset(SOPInstanceUID="1.2.3.1.2", PatientID="Rosebud", PixelData=bytes([1, 1]) * 500)
            archive.put(write(tmp_path / "coerced", image).read_bytes())
            request.json(stored([*files]))
        return post(request)

    archive.faults.append(coerce)
    done = delivered(archive, files, tmp_path)
    assert [(one.here, one.ours, one.problem and one.problem.rule) for one in done.outcomes] == [
        (True, True, None), (True, True, "deliver.content"),
    ]  # fmt: skip
    assert "Rosebud" not in str(done.outcomes[1].problem)


def test_another_instance_of_the_same_uid_is_left_alone(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    there = write(tmp_path / "there", dataset(SOPInstanceUID="1.2.3.1.2", StudyDescription="other")).read_bytes()
    archive.put(there)
    done = delivered(archive, files, tmp_path)
    assert [(one.here, one.ours) for one in done.outcomes] == [(True, True), (False, False)]
    assert archive.files["1.2.3.1.2"] == there


def test_file_meta_information_of_the_archive_s_own_is_no_difference(tmp_path: Path) -> None:
    archive = Archive()
    bare = write_bare(tmp_path / "bare", dataset())
    assert told(delivered(archive, {"1.2.3.1.1": bare}, tmp_path)) == [("1", True, "content")]
    data = archive.files["1.2.3.1.1"]
    assert data[128:132] == b"DICM"
    assert data.endswith(bare.read_bytes())
    archive.files["1.2.3.1.1"] = write(tmp_path / "e", dataset()).read_bytes().replace(b"PYDICOM", b"ARCHIVE")
    (tmp_path / "again").mkdir()
    other = delivered(archive, {"1.2.3.1.1": write(tmp_path / "e2", dataset())}, tmp_path / "again")
    assert told(other) == [("1", True, "data set")]


@pytest.mark.parametrize(
    ("settings", "barred", "proof"),
    [
        ({"proof": "answer"}, "none", "answer"),
        ({"proof": "list"}, "none", "list"),
        ({}, "retrieval", "list"),
        ({}, "all", "answer"),
    ],
)
def test_an_archive_that_shows_less_proves_less(settings: Any, barred: str, proof: str, tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    archive.faults.append(
        lambda r: not post(r) and barred != "none" and (barred == "all" or "/series/" in r.path) and r.answer(403)
    )
    done = delivered(archive, files, tmp_path, **settings)
    assert [one.proof for one in done.outcomes] == [proof, proof]
    assert [note.severity for note in done.problems] == ([] if barred == "none" else ["warning"])


def test_who_is_not_let_in_sends_nothing(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    archive.faults.append(lambda r: r.answer(401))
    done = delivered(archive, files, tmp_path)
    assert [one.problem and one.problem.code for one in done.outcomes] == ["login", "login"]
    assert posts(archive) == 0


def test_a_file_that_changed_does_not_go(tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 2)
    release = made_release(EXAMPLE, images=files)
    files["1.2.3.1.1"].write_bytes(files["1.2.3.1.2"].read_bytes())
    with (
        client_of(archive) as (client, _),
        Journal(tmp_path / "j", "x") as journal,
        pytest.raises(ProblemError, match="is another instance than it was"),
    ):
        deliver_images(release, client, journal)
    assert archive.log == []


def test_one_study_a_request_and_never_more_connections_than_allowed(tmp_path: Path) -> None:
    archive = Archive()
    files = images(tmp_path, 9, "1.2.3") | images(tmp_path, 9, "1.2.4")
    done = delivered(archive, files, tmp_path, connections=3, batch=2)
    assert all(one.here for one in done.outcomes)
    assert 1 <= archive.most <= 3
    assert {path for method, path in archive.log if method == "POST"} == {"/studies/1.2.3", "/studies/1.2.4"}


@pytest.mark.parametrize(("status", "words"), [(0xB000, "changed elements"), (0xB006, "left elements out")])
def test_a_warning_is_told(status: int, words: str, tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 1)
    answer = stored(["1.2.3.1.1"])
    answer["00081199"]["Value"][0]["00081196"] = {"vr": "US", "Value": [status]}
    archive.faults.append(lambda r: post(r) and keep(archive, r) is not None and r.json(answer, 202))
    done = delivered(archive, files, tmp_path)
    assert [words in note.message for note in done.problems] == [True]
    assert told(done) == [("1", True, "content")]


@pytest.mark.parametrize("status", [200, 202, 409])
def test_what_failed_is_told_whatever_the_status(status: int, tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 3)
    answer = stored(["1.2.3.1.1", "1.2.3.1.3", "1.2.3.1.77"], {"1.2.3.1.2": 0xC122, "1.2.3.1.99": 0xA900})
    archive.faults.append(lambda r: post(r) and keep(archive, r, ["1.2.3.1.2"]) is not None and r.json(answer, status))
    done = delivered(archive, files, tmp_path)
    assert told(done) == [("1", True, "content"), ("2", False, "answer"), ("3", True, "content")]
    assert "it does not take this transfer syntax (C122)" in str(done.outcomes[1].problem)
    assert len(done.outcomes) == 3, "of others that it names nothing is believed"


def test_what_is_sent_does_not_follow_to_another_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", "Rosebud")
    archive, elsewhere, files = Archive(), Archive(), images(tmp_path, 2)
    with serving(elsewhere) as root:
        archive.faults.append(lambda r: post(r) and r.answer(307, Location=root + r.path))
        done = delivered(archive, files, tmp_path, token_env="TOKEN")
    assert (elsewhere.log, [one.here for one in done.outcomes]) == ([], [False, False])
    assert "sends us on to another place, which is not followed" in str(done.outcomes[0].problem)
    assert "Rosebud" not in str(done)


@pytest.mark.parametrize("what", ["another", "two", "endless"])
def test_what_is_read_back_and_is_not_the_one_instance(what: str, tmp_path: Path) -> None:
    archive, files = Archive(), images(tmp_path, 1)
    other = write(tmp_path / "other", dataset(SOPInstanceUID="1.2.3.1.1", PatientName="Rosebud")).read_bytes()

    def back(request: Request) -> bool:
        if "/series/" not in request.path:
            return False
        if what != "endless":
            ours = archive.files["1.2.3.1.1"]
            return request.parts([other] if what == "another" else [ours, ours])
        request.handler.send_response(200)
        request.handler.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=edge')
        request.handler.end_headers()
        request.handler.wfile.write(b"--edge\r\n\r\n")
        until = time.monotonic() + 20
        while time.monotonic() < until:
            request.handler.wfile.write(bytes(1 << 16))
        raise AssertionError("it was read for ever")

    archive.faults.append(back)
    done = delivered(archive, files, tmp_path)
    assert [(one.here, one.problem and one.problem.rule) for one in done.outcomes] == [(True, "deliver.content")]
    assert "Rosebud" not in str(done.outcomes[0].problem)
