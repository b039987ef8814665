"""Reads: lossless, bounded in time and size, tried again within bounds; what goes wrong has no URL or value."""

import gzip
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from adapter.errors import exit_code
from adapter.fhir_rest import FhirClient, Lost, Refused
from adapter.fhir_rest import transport as transport_module
from mappings.fhir.wire import dumps
from mappings.problems import ProblemError
from tests.adapter.fhir_server import FHIR, Request, Script, Step, client_of, gives, outcome, serving

OBSERVATION = b'{"resourceType":"Observation","id":"o1","valueQuantity":{"value":72.50},"x":1E-8}'
PATH = "Observation/o1"
XML = b'<Observation xmlns="http://hl7.org/fhir"><id value="o1"/><status value="final"/></Observation>'


def failed(
    step: Step, more: Callable[[FhirClient], Any] | None = None, **settings: Any
) -> tuple[str, list[float], int]:
    """What a read says when it fails, what was waited for, and how often it was asked."""
    script = Script().on("GET", PATH, step)
    with client_of(script, **settings) as (client, waits), pytest.raises(ProblemError) as caught:
        (more or (lambda c: c.read("Observation", "o1")))(client)
    said = str(caught.value)
    assert "Rosebud" not in said
    assert "127.0.0.1" not in said
    return said, waits, len(script.log)


def test_what_is_read_keeps_digits_bytes_and_version() -> None:
    script = Script().on("GET", PATH, gives(200, OBSERVATION, ETag='W/"3"'))
    with client_of(script) as (client, _):
        found = client.read("Observation", "o1")
    assert found.data == OBSERVATION
    assert dumps(found.resource) == OBSERVATION
    assert (found.kind, found.id, found.etag) == ("Observation", "o1", 'W/"3"')
    assert script.log[0].headers["Accept"].startswith("application/fhir+json")
    assert script.log[0].headers["Authorization"] is None


def test_xml_is_read_as_the_json_that_says_the_same() -> None:
    with client_of(Script().on("GET", PATH, gives(200, XML, "application/fhir+xml; charset=UTF-8"))) as (client, _):
        found = client.read("Observation", "o1")
    assert found.resource == {"resourceType": "Observation", "id": "o1", "status": "final"}
    assert found.data == XML


@pytest.mark.parametrize(
    ("status", "words", "code"),
    [
        (400, "refuses it as wrong (status 400)", 1),
        (401, "asks to log in; check `auth`", 1),
        (403, "forbids this to who we are", 1),
        (404, "has nothing there; check `url`", 1),
        (410, "has deleted it", 1),
        (418, "refuses it (status 418)", 1),
        (501, "does not do this kind of request", 1),
        (302, "sends us on to another place, which is not followed", 1),
        (206, "refuses it (status 206)", 1),
    ],
)
def test_a_no_is_said_in_words_with_the_codes_of_its_outcome(status: int, words: str, code: int) -> None:
    script = Script().on("GET", PATH, gives(status, outcome("business-rule", "Observation.value[0]")))
    with client_of(script) as (client, waits), pytest.raises(Refused) as caught:
        client.read("Observation", "o1", what="reading of a result")
    first, second = map(str, caught.value.problems)
    assert first.startswith("error: servers.ehr reading of a result: ")
    assert words in first
    assert second == (
        "error: servers.ehr reading of a result Observation.value[0]: "
        "the server says `business-rule` of this [fhir.rest]"
    )
    assert (caught.value.status, exit_code(caught.value), waits) == (status, code, [])


@pytest.mark.parametrize("place", ["Patient.name.where(family='Rosebud')", "Rosebud, Charles", "/f:Patient/f:name"])
def test_a_place_that_may_hold_a_value_is_not_shown(place: str) -> None:
    said, _, _ = failed(gives(422, outcome("invalid", place)))
    assert said.endswith("error: servers.ehr read of Observation: the server says `invalid` of this [fhir.rest]")


def test_issues_of_unknown_codes_and_shapes_are_said_all_the_same() -> None:
    issues = [{"severity": "Rosebud", "code": "Rosebud"}, "Rosebud", {"severity": "fatal", "code": "exception"}]
    said, _, _ = failed(gives(400, {"resourceType": "OperationOutcome", "issue": issues}))
    assert "information: servers.ehr read of Observation: the server says `processing` of this" in said
    assert "fatal: servers.ehr read of Observation: the server says `exception` of this" in said


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_so_often_and_waited_for_longer_each_time(status: int) -> None:
    said, waits, asked = failed(gives(status, b"<html>Rosebud</html>", "text/html"), attempts=4)
    assert f"cannot do it now (status {status}); try again" in said
    assert (waits, asked) == ([0.5, 1.0, 2.0], 4)


def test_what_passed_is_read() -> None:
    script = Script().on("GET", PATH, gives(503), lambda request: request.reset(), gives(200, OBSERVATION))
    with client_of(script) as (client, waits):
        assert client.read("Observation", "o1").data == OBSERVATION
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "Fri, 15 Jan 2027 08:00:30 GMT", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 30.0),
        ({"Retry_After": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"Retry_After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"Retry_After": "Rosebud"}, 0.5),
        ({"Retry_After": "-1"}, 0.5),
    ],
)
def test_a_server_is_given_the_time_it_asks_for(headers: dict[str, Any], waited: float) -> None:
    script = Script().on("GET", PATH, lambda request: request.answer(429, **headers), gives(200, OBSERVATION))
    with client_of(script) as (client, waits):
        client.read("Observation", "o1")
    assert waits == [waited]


def test_a_server_that_asks_for_too_long_is_not_waited_for() -> None:
    said, waits, asked = failed(gives(503, Retry_After="121"))
    assert "asks to come back in 121 s (status 503); run it again then" in said
    assert (waits, asked) == ([], 1)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<html>Rosebud</html>", "text/html; charset=utf-8", "answers with text/html and not with FHIR"),
        (b"Rosebud", "Rosebud", "answers with something without a media type and not with FHIR"),
        (OBSERVATION[:40], FHIR, "answers with JSON that cannot be read (line 1 column"),
        (OBSERVATION * 2, FHIR, "answers with JSON that cannot be read (line 1 column"),
        (b'{"resourceType":"Observation","id":"o1","id":"o1"}', FHIR, "the same key twice"),
        (b"[]", FHIR, "is JSON but not an object"),
        (b'{"Rosebud":1}', FHIR, "answers with JSON that is no FHIR resource"),
        (XML[:50], "application/fhir+xml", "answers with XML that cannot be read whole"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + XML, "application/xml", "answers with XML that cannot be read whole"),
    ],
)
def test_what_is_no_fhir_is_tried_three_times_and_never_taken_for_it(body: bytes, kind: str, words: str) -> None:
    said, waits, asked = failed(gives(200, body, kind))
    assert words in said
    assert (waits, asked) == ([0.5, 1.0], 3)


def test_another_resource_than_asked_for_is_refused() -> None:
    said, _, asked = failed(gives(200, OBSERVATION.replace(b'"o1"', b'"o2"')))
    assert "answers with another resource than the one asked for" in said
    assert asked == 1


# --- places


@pytest.mark.parametrize("ident", ["..", ".", "a/b", "a?b", "x" * 65, "ä"])
def test_what_is_no_id_is_not_asked_for(ident: str) -> None:
    said, _, asked = failed(gives(200), lambda client: client.read("Observation", ident))
    assert "is no resource type with an id" in said
    assert asked == 0


@pytest.mark.parametrize("reference", ["https://other.example/fhir/Observation/o1", "urn:uuid:1", "#o1", "Observation"])
def test_what_is_elsewhere_is_not_asked_for(reference: str) -> None:
    said, _, asked = failed(gives(200), lambda client: client.read_reference(reference))
    assert "names something that is not at this server" in said
    assert asked == 0


@pytest.mark.parametrize("reference", ["Observation/o1", "Observation/o1/_history/2", "BASE/Observation/o1"])
def test_a_reference_to_this_server_is_read(reference: str) -> None:
    with client_of(Script().on("GET", PATH, gives(200, OBSERVATION))) as (client, _):
        assert client.read_reference(reference.replace("BASE", client.base)).id == "o1"


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False), (410, False)])
def test_what_is_not_there_is_found_to_be_none(status: int, there: bool) -> None:
    with client_of(Script().on("GET", PATH, gives(status, OBSERVATION))) as (client, _):
        assert (client.find("Observation", "o1") is not None) is there


def test_what_may_not_be_read_is_not_found_to_be_none() -> None:
    said, _, _ = failed(gives(403), lambda client: client.find("Observation", "o1"))
    assert "forbids this" in said


# --- bounds


def test_packed_answers_are_unpacked() -> None:
    script = Script().on("GET", PATH, lambda request: request.packed(OBSERVATION))
    with client_of(script) as (client, _):
        assert client.read("Observation", "o1").data == OBSERVATION
    assert script.log[0].headers["Accept-Encoding"] == "gzip"


def test_several_packed_members_are_one_body() -> None:
    body = gzip.compress(OBSERVATION[:30]) + gzip.compress(OBSERVATION[30:])
    with client_of(Script().on("GET", PATH, gives(200, body, Content_Encoding="gzip"))) as (client, _):
        assert client.read("Observation", "o1").data == OBSERVATION


def test_a_small_answer_that_unpacks_to_a_large_one_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_ANSWER", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    script = Script().on("GET", PATH, gives(200, bomb, Content_Encoding="gzip"))
    with client_of(script) as (client, _), pytest.raises(ProblemError, match="more than 1 MB, which is not read"):
        client.core.transport.whole(
            transport_module.Request(method="GET", url=f"{client.base}/{PATH}", what="x"), 1 << 20
        )


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_a_packed_answer_that_ends_early_is_broken(cut: int) -> None:
    said, _, asked = failed(gives(200, gzip.compress(OBSERVATION)[:-cut], Content_Encoding="gzip"))
    assert "sends an answer that cannot be unpacked; try again" in said
    assert asked == 3


def test_what_is_packed_otherwise_is_not_read() -> None:
    said, _, asked = failed(gives(200, OBSERVATION, Content_Encoding="br"))
    assert "packs its answer in a way that was not asked for" in said
    assert asked == 1


def slowly(piece: bytes, times: int, announced: bool = True) -> Step:
    def step(request: Request) -> None:
        request.handler.send_response_only(200)
        request.handler.send_header("Content-Type", FHIR)
        if announced:
            request.handler.send_header("Content-Length", str(len(piece) * times))
        else:
            request.handler.send_header("Connection", "close")
            request.handler.close_connection = True
        request.handler.end_headers()
        for _ in range(times):
            request.handler.wfile.write(piece)
            time.sleep(0.05)

    return step


@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_that_trickles_in_has_an_end(announced: bool) -> None:
    began = time.monotonic()
    said, _, asked = failed(slowly(b" ", 200, announced), attempts=2, total_timeout=0.3, timeout=5)
    assert "does not answer in full within the time it has (0.3 s); try again" in said
    assert asked == 2
    assert time.monotonic() - began < 4


def test_headers_that_trickle_in_have_an_end() -> None:
    def step(request: Request) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nX-Long: " + b"a" * 400:
            request.handler.wfile.write(bytes([letter]))
            time.sleep(0.02)

    began = time.monotonic()
    said, _, _ = failed(step, attempts=1, total_timeout=0.3, timeout=5)
    assert "does not answer in full within the time it has (0.3 s); try again" in said
    assert time.monotonic() - began < 3


def test_a_silent_server_is_not_waited_for_longer_than_set() -> None:
    began = time.monotonic()
    said, _, asked = failed(lambda request: time.sleep(1), attempts=2, timeout=0.1)
    assert "does not answer within 0.1 s; try again" in said
    assert asked == 2
    assert time.monotonic() - began < 3


def test_a_server_that_is_away_is_told() -> None:
    script = Script()
    with serving(script):
        pass
    from adapter.servers import Server

    client = FhirClient("ehr", Server(url=script.base, attempts=2), sleep=lambda _: None)
    with client, pytest.raises(Lost, match="is away, or broke the connection off") as caught:
        client.read("Observation", "o1")
    assert (caught.value.done, exit_code(caught.value)) == (False, 5)


def test_a_body_shorter_than_announced_is_broken() -> None:
    def step(request: Request) -> None:
        request.handler.send_response_only(200)
        request.handler.send_header("Content-Type", FHIR)
        request.handler.send_header("Content-Length", str(len(OBSERVATION) + 1))
        request.handler.end_headers()
        request.handler.wfile.write(OBSERVATION)
        request.handler.close_connection = True

    said, _, asked = failed(step, attempts=2)
    assert "broke the connection off" in said
    assert asked == 2


# --- connections


def test_a_connection_is_used_again_and_never_more_than_allowed() -> None:
    from adapter.transfer.workers import several

    lock, now, most = threading.Lock(), [0], [0]

    def step(request: Request) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        request.answer(200, OBSERVATION)

    script = Script().on("GET", PATH, step)
    with client_of(script, connections=3) as (client, _):
        assert len(list(several(lambda _: client.read("Observation", "o1"), range(40), 10))) == 40
    assert (most[0] <= 3, script.connections <= 3) == (True, True)


# --- other places of the same server, and other servers


def test_a_read_is_followed_within_the_server() -> None:
    script = (
        Script()
        .on("GET", PATH, lambda r: r.answer(302, Location="/fhir/moved"))
        .on("GET", "moved", gives(200, OBSERVATION))
    )
    with client_of(script) as (client, _):
        assert client.read("Observation", "o1").id == "o1"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_goes_to_another_host(status: int, tmp_path: Any) -> None:
    other = Script()
    secret = tmp_path / "token"
    secret.write_text("Rosebud")
    secret.chmod(0o600)
    with serving(other) as elsewhere:
        said, _, asked = failed(gives(status, Location=f"{elsewhere}/{PATH}"), auth="bearer", token_file=secret)
    assert "sends us on to another place, which is not followed" in said
    assert (asked, other.log) == (1, [])


def test_a_circle_has_an_end() -> None:
    said, _, asked = failed(lambda r: r.answer(302, Location=f"/fhir/{PATH}"))
    assert "sends us on to another place" in said
    assert asked == 5


def test_nothing_of_a_read_comes_to_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(request: Request) -> None:
        request.handler.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nno header\r\n\r\n")

    records: list[logging.LogRecord] = []
    root = logging.getLogger()
    listener = logging.Handler()
    monkeypatch.setattr(listener, "emit", records.append)
    monkeypatch.setattr(root, "handlers", [listener])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    failed(step)
    assert records == []
