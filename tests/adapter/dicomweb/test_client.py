"""Requests wait and try again within bounds; what goes wrong is said without URL, value or secret."""

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.config import Pacs
from adapter.dicomweb.client import Client
from adapter.dicomweb.listing import INSTANCE, STUDY, instances_of, rows
from adapter.errors import exit_code
from adapter.transfer.web import Passing
from mappings.problems import ProblemError
from tests.adapter.dicomweb_server import Archive, Request, client_of, once
from tests.dicom_files import dataset, write

SECRET = [("PatientID", "Rosebud")]


def refused(archive: Archive, **settings: object) -> tuple[str, int, list[float]]:
    """What a search says when it fails, its exit code, and what was waited for."""
    with client_of(archive, **settings) as (client, waits), pytest.raises(ProblemError) as caught:
        client.get_json(("studies",), SECRET, "search for studies")
    assert "Rosebud" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return str(caught.value), exit_code(caught.value), waits


def always(status: int, body: bytes = b"", kind: str = "text/html", **headers: str) -> Archive:
    archive = Archive()
    archive.faults.append(lambda request: request.answer(status, body, kind, **headers))
    return archive


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (401, "asks to log in; check user and password, token or certificate", 1),
        (403, "forbids this to who we are", 1),
        (404, "has nothing there; check `url`", 1),
        (302, "sends us on to another place, which is not followed", 1),
        (418, "refuses it (status 418)", 1),
        (505, "refuses it (status 505)", 5),
        (500, "cannot do it now (status 500); try again", 5),
        (503, "cannot do it now (status 503); try again", 5),
        (429, "cannot do it now (status 429); try again", 5),
    ],
)
def test_an_error_status_is_said_in_words(status: int, words: str, code: int) -> None:
    said, ended, _ = refused(always(status, b"<html>Rosebud</html>"), attempts=2)
    assert said.startswith("error: pacs.archive search for studies: ")
    assert words in said
    assert ended == code


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_so_often_and_waited_for_longer_each_time(status: int) -> None:
    archive = always(status)
    _, _, waits = refused(archive, attempts=4)
    assert (len(archive.log), waits) == (4, [0.5, 1.0, 2.0])


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_does_not_pass_is_tried_once(status: int) -> None:
    archive = always(status)
    refused(archive)
    assert len(archive.log) == 1


def test_retry_after_is_waited_for() -> None:
    _, _, waits = refused(always(429, Retry_After="7"), attempts=2)
    assert waits == [7.0]


def test_retry_after_as_a_date_counts_from_that_of_the_answer() -> None:
    archive = Archive()

    def busy(request: Request) -> bool:
        request.handler.send_response_only(503)
        request.handler.send_header("Date", "Mon, 02 Mar 2026 10:00:00 GMT")
        request.handler.send_header("Retry-After", "Mon, 02 Mar 2026 10:00:09 GMT")
        request.handler.send_header("Content-Length", "0")
        request.handler.end_headers()
        return True

    archive.faults.append(busy)
    _, _, waits = refused(archive, attempts=2)
    assert waits == [9.0]


def test_a_wait_that_is_too_long_is_left_to_the_user() -> None:
    said, code, waits = refused(always(503, Retry_After="86400"))
    assert ("asks to come back in 86400 s" in said, code, waits) == (True, 5, [])


def test_a_reset_is_tried_again(tmp_path: Path) -> None:
    archive = Archive()
    archive.put(write(tmp_path / "a", dataset()).read_bytes())
    archive.faults.append(once(lambda request: request.reset()))
    with client_of(archive) as (client, waits):
        assert instances_of(client, "1.2.3") == {"1.2.3.1.1": "1.2.3.1"}
    assert waits == [0.5]


def test_a_server_that_resets_every_time_is_away() -> None:
    archive = Archive()
    archive.faults.append(lambda request: request.reset())
    said, code, _ = refused(archive, attempts=2)
    assert ("is away, or broke the connection off" in said, code) == (True, 5)


def test_nobody_listening_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client("archive", Pacs(url=f"http://127.0.0.1:{taken.getsockname()[1]}", attempts=1))
        with pytest.raises(Passing, match="is away, or broke the connection off"):
            client.get_json(("studies",), SECRET, "search")
        client.close()


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_set() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = Client("archive", Pacs(url=f"http://127.0.0.1:{silent.getsockname()[1]}", attempts=1, timeout=0.2))
        with pytest.raises(Passing, match=re.escape("does not answer within 0.2 s")):
            client.get_json(("studies",), SECRET, "search")
        client.close()


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<html>log in, Rosebud</html>", "text/html; charset=utf-8", "answers with text/html and not with DICOM JSON"),
        (b"{", "application/dicom+json", "answers with application/dicom+json and not with DICOM JSON"),
        (b'{"a": 1}', "application/json", "answers with no list of data sets"),
        (b'["Rosebud"]', "application/json", "answers with no list of data sets"),
        (b"x", "Rosebud", "answers with something without a media type"),
    ],
)
def test_an_answer_that_is_no_dicom_json(body: bytes, kind: str, words: str) -> None:
    with client_of(always(200, body, kind)) as (client, _), pytest.raises(ProblemError) as caught:
        list(rows(client, ("studies",), SECRET, "search", STUDY))
    assert words in str(caught.value)
    assert "Rosebud" not in str(caught.value)


def test_an_empty_answer_is_an_empty_list() -> None:
    with client_of(always(204)) as (client, _):
        assert list(rows(client, ("studies",), SECRET, "search", STUDY)) == []


def test_a_uid_that_is_none_is_refused() -> None:
    body = b'[{"0020000D": {"vr": "UI", "Value": ["Rosebud/../x"]}}]'
    with client_of(always(200, body, "application/dicom+json")) as (client, _), pytest.raises(ProblemError) as caught:
        list(rows(client, ("studies",), [], "search", STUDY))
    assert "lists something without a valid UID" in str(caught.value)
    assert "Rosebud" not in str(caught.value)


def listing(number: int, cap: int | None, ignores: bool) -> Archive:
    """A server that lists so many instances, at most `cap` at a time, or all again and again."""
    archive = Archive()
    found = [{"00080018": {"Value": [f"1.2.{n}"]}, "0020000E": {"Value": ["1.3"]}} for n in range(number)]

    def answer(request: Request) -> bool:
        first = 0 if ignores else int(request.query["offset"][0])
        limit = number if ignores else min(int(request.query["limit"][0]), cap or number)
        request.json(found[first : first + limit])
        return True

    archive.faults.append(answer)
    return archive


@pytest.mark.parametrize(("number", "cap", "ignores"), [(1201, None, False), (250, 100, False), (700, None, True)])
def test_all_pages_come_each_row_once(number: int, cap: int | None, ignores: bool) -> None:
    with client_of(listing(number, cap, ignores)) as (client, _):
        found = [row.text(INSTANCE) for row in rows(client, ("studies", "1", "instances"), [], "list", INSTANCE)]
    assert found == [f"1.2.{n}" for n in range(number)]


def noting(told: list[str | None]) -> Callable[[Request], bool]:
    """Notes who asks, and answers nothing."""

    def note(request: Request) -> bool:
        told.append(request.headers.get("Authorization"))
        return False

    return note


def test_who_we_are_is_said_as_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("geheim\n")
    monkeypatch.setenv("TOKEN", "abc")
    told: list[str | None] = []
    archive = always(204)
    archive.faults.insert(0, noting(told))
    for more in ({"user": "ada", "password_file": tmp_path / "password"}, {"token_env": "TOKEN"}, {}):
        with client_of(archive, **more) as (client, _):
            client.get_json(("studies",), [], "search")
    assert told == ["Basic YWRhOmdlaGVpbQ==", "Bearer abc", None]


def test_no_netrc_and_no_proxy_of_the_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    told: list[str | None] = []
    archive = always(204)
    archive.faults.insert(0, noting(told))
    with client_of(archive) as (client, _):
        client.get_json(("studies",), [], "search")
    assert told == [None]


def test_an_archive_without_url_speaks_no_dicomweb() -> None:
    with pytest.raises(ProblemError, match=re.escape("pacs.a: has no `url` in the settings")):
        Client("a", Pacs(host="pacs.example"))
