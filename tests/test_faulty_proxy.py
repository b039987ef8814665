"""The proxy does what it says, and the same for the same seed; the client comes through it with what is there."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from adapter.fhir_rest import FhirClient, Unsettled
from adapter.servers import Server
from mappings.fhir.wire import Json, loads
from mappings.problems import ProblemError
from tests.adapter.fhir_server import Request, Script, gives, searchset, serving
from tests.faulty_proxy import FAULTS, Fault, FaultyProxy, plan

TASK: Json = {"resourceType": "Task", "id": "t1", "status": "requested"}


class Store:
    """A server that creates Tasks by If-None-Exist, and lists them two a page."""

    def __init__(self) -> None:
        self.script = Script()
        self.held: dict[str, Json] = {}
        self.lock = threading.Lock()
        self.script.on("POST", "Task", self.create).on("POST", "Task/_search", lambda r: self.list(r, 0))
        self.script.on("GET", "page", lambda r: self.list(r, int(dict(r.query)["from"])))

    def create(self, request: Request) -> None:
        with self.lock:
            wanted = request.headers["If-None-Exist"]
            new = wanted not in self.held
            held = self.held.setdefault(wanted, loads(request.body) | {"id": f"t{len(self.held)}"})
        request.answer(201 if new else 200, held, Location=f"{self.script.base}/Task/{held['id']}/_history/1")

    def list(self, request: Request, start: int) -> None:
        rows = sorted(self.held.values(), key=lambda one: str(one["id"]))
        onward = f"{self.script.base}/page?from={start + 2}" if start + 2 < len(rows) else ""
        request.answer(200, searchset(*rows[start : start + 2], next_link=onward))


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    with serving(made.script):
        yield made


def raw(proxy: FaultyProxy, path: str = "/fhir/Task/t1") -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", int(proxy.root.rpartition(":")[2]), timeout=5)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


# --- what it does


@pytest.mark.parametrize(
    ("fault", "seen", "asked"),
    [
        (None, (200, b'{"resourceType":"Task","id":"t1","status":"requested"}'), 1),
        ("slow", (200, b'{"resourceType":"Task","id":"t1","status":"requested"}'), 1),
        ("duplicated", (200, b'{"resourceType":"Task","id":"t1","status":"requested"}' * 2), 1),
        ("drop", http.client.RemoteDisconnected, 0),
        ("reset-before", ConnectionResetError, 0),
        ("reset-after", ConnectionResetError, 1),
        ("timeout-after", http.client.RemoteDisconnected, 1),
        ("cut-off", http.client.IncompleteRead, 1),
    ],
)
def test_each_fault_is_what_it_says(fault: Fault | None, seen: object, asked: int) -> None:
    script = Script().on("GET", "Task/t1", gives(200, TASK))
    with serving(script) as base, FaultyProxy(base, rate=0, script=[fault], patience=0.05) as proxy:
        try:
            found: object = raw(proxy)
        except (OSError, http.client.HTTPException) as error:
            found = type(error)
    assert found == seen
    assert len(script.log) == asked


@pytest.mark.parametrize(("fault", "status"), [("throttled", 429), ("error", 500), ("unavailable", 503), ("html", 200)])
def test_a_gateway_answers_with_a_page(fault: Fault, status: int) -> None:
    script = Script().on("GET", "Task/t1", gives(200, TASK))
    with serving(script) as base, FaultyProxy(base, rate=0, script=[fault]) as proxy:
        assert raw(proxy) == (status, b"<html><body><h1>Be right back</h1></body></html>")
        (told,) = proxy.told
        assert told.draw.fault == fault
        assert len(script.log) == told.draw.arrives


def test_a_truncated_answer_is_shorter() -> None:
    script = Script().on("GET", "Task/t1", gives(200, TASK))
    with serving(script) as base, FaultyProxy(base, rate=0, script=["truncated"]) as proxy:
        status, data = raw(proxy)
    assert status == 200
    assert data == b'{"resourceType":"Task","id":"t1","status":"requested"}'[: len(data)]
    assert 0 < len(data) < 54


def test_addresses_of_the_server_become_the_proxys() -> None:
    script = Script()
    with serving(script) as base, FaultyProxy(base, rate=0) as proxy:
        script.on("GET", "Task/t1", gives(200, {"resourceType": "Task", "instantiatesUri": f"{base}/x"}))
        assert loads(raw(proxy)[1])["instantiatesUri"] == f"{proxy.base}/x"


def test_some_paths_and_pauses_meet_no_fault_and_are_not_counted() -> None:
    script = Script().on("GET", "Task/t1", gives(200, TASK))
    with serving(script) as base, FaultyProxy(base, rate=1, faults=["error"], exempt=["/fhir/meta"]) as proxy:
        assert raw(proxy, "/fhir/metadata")[0] == 404
        proxy.paused = True
        assert raw(proxy)[0] == 200
        proxy.paused = False
        assert proxy.told == []
        assert raw(proxy)[0] == 500
        assert [told.number for told in proxy.told] == [0]


# --- the draw


def test_the_same_seed_draws_the_same() -> None:
    assert [plan(7, 0.5, n) for n in range(6)] == [plan(7, 0.5, n) for n in range(6)]
    assert [plan(7, 0.5, n).fault for n in range(40)] != [plan(8, 0.5, n).fault for n in range(40)]


def test_draws_are_these_for_ever() -> None:
    assert [plan(7, 1, n).fault for n in range(5)] == [
        "drop",
        "duplicated",
        "reset-after",
        "reset-after",
        "reset-after",
    ]


def test_every_fault_is_drawn_and_no_more_often_than_asked() -> None:
    drawn = Counter(plan(1, 0.3, n).fault for n in range(4000))
    assert set(drawn) == {None, *FAULTS}
    assert 2700 < drawn[None] < 2900
    assert {plan(1, 1, n, ["error"]).arrives for n in range(20)} == {True, False}
    assert {plan(1, 1, n, ["drop"]).arrives for n in range(20)} == {False}
    assert {plan(1, 1, n, ["reset-after"]).arrives for n in range(20)} == {True}


# --- the client behind it


@pytest.mark.parametrize("seed", range(12))
def test_what_is_created_by_condition_through_faults_is_there_once(seed: int, store: Store) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(FaultyProxy(store.script.base, seed=seed, rate=0.4, patience=0.5))
        server = Server(url=proxy.base, attempts=8, timeout=0.3, connections=1)
        client = stack.enter_context(FhirClient("ehr", server, sleep=lambda _: None))
        for number in range(6):
            until_settled(client, number)
        found = client.search("Task", [], lambda one: True)
    assert sorted(one["identifier"][0]["value"] for one in found.matches) == [str(number) for number in range(6)]
    assert len(store.held) == 6
    assert [told for told in proxy.told if told.draw.fault] != []


def until_settled(client: FhirClient, number: int) -> None:
    task = {"resourceType": "Task", "identifier": [{"value": str(number)}]}
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            assert client.create(task, if_none_exist=[("identifier", str(number))]).id
            return
        except (Unsettled, ProblemError):
            continue
    raise TimeoutError
