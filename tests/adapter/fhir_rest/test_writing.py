"""Writes: what is conditional is sent again, what is not is sent once; every entry is answered for."""

from collections.abc import Callable
from typing import Any

import pytest

from adapter.fhir_rest import FhirClient, Lost, Refused, Unsettled
from mappings.fhir.wire import Json, read_object
from mappings.problems import ProblemError
from tests.adapter.fhir_server import Script, Step, client_of, gives, outcome

TASK: Json = {"resourceType": "Task", "status": "requested"}
PUT: Json = TASK | {"id": "t1"}
WHO = [("identifier", "https://a.example/sid|Rosebud & co")]
HTML = gives(200, b"<html>Rosebud</html>", "text/html")
Act = Callable[[FhirClient], Any]


def plain(client: FhirClient) -> Any:
    return client.create(TASK)


def conditional(client: FhirClient) -> Any:
    return client.create(TASK, if_none_exist=WHO)


def put(client: FhirClient) -> Any:
    return client.update(PUT, "Task", "t1", if_match='W/"3"')


def where(client: FhirClient) -> Any:
    return client.update_where(TASK, [("identifier", "a|b")])


PLACES: dict[Act, tuple[str, str]] = {
    plain: ("POST", "Task"),
    conditional: ("POST", "Task"),
    put: ("PUT", "Task/t1"),
    where: ("PUT", "Task"),
}


def ended(act: Act, *steps: Step, **settings: Any) -> tuple[ProblemError, int]:
    """How a write fails, and how often it was sent."""
    script = Script().on(*PLACES[act], *steps)
    with client_of(script, **settings) as (client, _), pytest.raises(ProblemError) as caught:
        act(client)
    assert "Rosebud" not in str(caught.value)
    return caught.value, len(script.log)


def test_a_resource_is_created() -> None:
    script = Script().on(
        "POST", "Task", gives(201, Location="https://gateway.example/x/Task/7/_history/1", ETag='W/"1"')
    )
    with client_of(script) as (client, _):
        done = client.create(TASK)
    assert (done.status, done.created, done.kind, done.id, done.etag) == (201, True, "Task", "7", 'W/"1"')
    (asked,) = script.log
    assert (asked.json, asked.headers["Content-Type"]) == (TASK, "application/fhir+json")
    assert (asked.headers["If-None-Exist"], asked.headers["Prefer"]) == (None, "return=minimal")


def test_a_resource_that_is_there_is_not_created_again() -> None:
    script = Script().on("POST", "Task", gives(200, PUT | {"meta": {"versionId": "5"}}))
    with client_of(script) as (client, _):
        done = conditional(client)
    assert (done.created, done.id, done.etag, done.resource["status"]) == (False, "t1", 'W/"5"', "requested")
    (asked,) = script.log
    assert asked.headers["If-None-Exist"] == "identifier=https%3A%2F%2Fa.example%2Fsid%7CRosebud+%26+co"
    assert asked.raw_path == "/fhir/Task"


def test_a_server_that_does_not_say_where_it_is_has_created_it_all_the_same() -> None:
    with client_of(Script().on("POST", "Task", gives(201))) as (client, _):
        done = client.create(TASK | {"id": "ours"})
    assert (done.created, done.id, done.etag) == (True, "", "")


def test_an_update_says_which_version_it_means() -> None:
    script = Script().on("PUT", "Task/t1", gives(200, Content_Location="/fhir/Task/t1/_history/4"))
    with client_of(script) as (client, _):
        done = put(client)
    assert (done.created, done.id, done.etag) == (False, "t1", 'W/"4"')
    assert script.log[0].headers["If-Match"] == 'W/"3"'


def test_an_update_where_something_matches() -> None:
    script = Script().on("PUT", "Task", gives(201, Location="Task/9"))
    with client_of(script) as (client, _):
        assert where(client).id == "9"
    assert script.log[0].query == [("identifier", "a|b")]


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.update(TASK, "Task", "t1"),
        lambda client: client.update(PUT, "Patient", "t1"),
        lambda client: client.update_where(TASK, []),
        lambda client: client.create({}),
    ],
)
def test_what_has_no_place_is_not_sent(act: Act) -> None:
    script = Script()
    with client_of(script) as (client, _), pytest.raises(ProblemError):
        act(client)
    assert script.log == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(412, "what is there is not as the request takes it to be"), (409, "collides with"), (422, "by its rules")],
)
def test_a_no_is_a_no(status: int, words: str) -> None:
    error, sent = ended(put, gives(status, outcome("conflict", "Task.status")))
    assert isinstance(error, Refused)
    assert (error.status, sent) == (status, 1)
    assert words in str(error)
    assert "servers.ehr update of Task Task.status: the server says `conflict` of this" in str(error)


# --- answers that get lost


@pytest.mark.parametrize("act", [plain])
@pytest.mark.parametrize("step", [lambda r: r.reset(), gives(500), gives(502), gives(503), gives(504), HTML])
def test_what_has_no_condition_is_sent_once(act: Act, step: Step) -> None:
    error, sent = ended(act, step)
    assert isinstance(error, Unsettled)
    assert sent == 1


@pytest.mark.parametrize("act", [conditional, put, where])
@pytest.mark.parametrize("step", [lambda r: r.reset(), gives(500), gives(502), gives(503), gives(504)])
def test_what_has_a_condition_is_sent_again(act: Act, step: Step) -> None:
    script = Script().on(*PLACES[act], step, gives(200, PUT))
    with client_of(script) as (client, waits):
        assert act(client).id == "t1"
    assert waits == [0.5]


@pytest.mark.parametrize("act", [conditional, put, where])
def test_where_no_answer_ever_comes_nobody_knows(act: Act) -> None:
    error, sent = ended(act, lambda r: r.reset(), attempts=3)
    assert isinstance(error, Unsettled)
    assert sent == 3


@pytest.mark.parametrize("act", [plain, conditional, put, where])
@pytest.mark.parametrize("status", [408, 425, 429])
def test_what_was_turned_away_at_the_door_is_sent_again(act: Act, status: int) -> None:
    script = Script().on(*PLACES[act], gives(status), gives(200, PUT))
    with client_of(script) as (client, _):
        assert act(client).id == "t1"
    error, sent = ended(act, gives(status), attempts=2)
    assert isinstance(error, Lost)
    assert sent == 2


@pytest.mark.parametrize("status", [409, 412])
def test_a_version_that_is_not_ours_after_an_answer_got_lost_may_be_ours(status: int) -> None:
    error, sent = ended(put, lambda r: r.reset(), gives(status))
    assert isinstance(error, Unsettled)
    assert sent == 2


def test_what_is_wrong_was_wrong_before_too() -> None:
    error, _ = ended(put, gives(502), gives(422))
    assert isinstance(error, Refused)


def test_two_who_create_the_same_at_once_are_tried_again() -> None:
    script = Script().on("POST", "Task", gives(409), gives(409), gives(200, PUT))
    with client_of(script) as (client, _):
        assert conditional(client).id == "t1"
    error, sent = ended(conditional, gives(409), attempts=3)
    assert isinstance(error, Refused)
    assert (error.status, sent) == (409, 3)
    error, sent = ended(plain, gives(409))
    assert isinstance(error, Refused)
    assert sent == 1


def test_an_answer_that_is_too_long_leaves_open_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    error, sent = ended(plain, gives(201, b"{}", Content_Encoding="br"))
    assert isinstance(error, Unsettled)
    assert sent == 1


# --- Bundles


def bundle(*entries: Json, kind: str = "transaction") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(number: int, **request: str) -> Json:
    asked = {"method": "POST", "url": "Task", "ifNoneExist": f"identifier=a|{number}"} | request
    return {"fullUrl": f"urn:uuid:{number}", "resource": TASK, "request": asked}


def answered(*responses: Json, kind: str = "transaction") -> Json:
    return {"resourceType": "Bundle", "type": f"{kind}-response", "entry": [{"response": one} for one in responses]}


def test_every_entry_of_a_transaction_is_answered_for() -> None:
    rows = answered(
        {"status": "201 Created", "location": "Task/1/_history/1", "etag": 'W/"1"'},
        {"status": "200", "location": "https://x.example/fhir/Task/2/_history/6"},
    )
    script = Script().on("POST", "", gives(200, rows))
    script.steps["POST", "/fhir"] = script.steps["POST", ""]
    with client_of(script) as (client, _):
        first, second = client.transaction(bundle(entry(0), entry(1)))
    assert (first.index, first.created, first.kind, first.id, first.etag, first.done) == (
        0,
        True,
        "Task",
        "1",
        'W/"1"',
        True,
    )
    assert (second.index, second.created, second.id, second.etag, second.problems) == (1, False, "2", 'W/"6"', ())
    assert script.log[0].raw_path == "/fhir"


def sent(*steps: Step, kind: str = "transaction", entries: tuple[Json, ...] = (entry(0), entry(1)), **more: Any) -> Any:
    """What comes of a Bundle, and how often it was sent."""
    script = Script().on("POST", "/fhir", *steps)
    with client_of(script, **more) as (client, _):
        act = client.transaction if kind == "transaction" else client.batch
        try:
            return act(bundle(*entries, kind=kind)), len(script.log)
        except ProblemError as error:
            return ProblemError(()) if "Rosebud" in str(error) else error, len(script.log)


def test_a_transaction_that_is_refused_names_our_entry() -> None:
    issue = outcome("required", "Bundle.entry[1].resource.ofType(Task).intent")
    error, count = sent(gives(422, issue))
    assert isinstance(error, Refused)
    assert [found.where for found in error.problems] == [
        "servers.ehr transaction",
        "servers.ehr transaction entry[1] Task urn:uuid:1 intent",
    ]
    assert (error.status, count) == (422, 1)


def test_an_entry_is_named_by_its_type_where_it_is_the_only_one_of_it() -> None:
    other = entry(1) | {"resource": {"resourceType": "Patient"}}
    error, _ = sent(gives(422, outcome("required", "Patient.name[0]")), entries=(entry(0), other))
    assert error.problems[1].where == "servers.ehr transaction entry[1] Patient urn:uuid:1 name[0]"
    error, _ = sent(gives(422, outcome("required", "Task.intent")))
    assert error.problems[1].where == "servers.ehr transaction Task.intent"


def test_an_entry_that_is_not_there_is_not_named() -> None:
    error, _ = sent(gives(422, outcome("required", "Bundle.entry[7].resource.intent")))
    assert error.problems[1].where == "servers.ehr transaction Bundle.entry[7].resource.intent"


def test_each_entry_of_a_batch_stands_alone() -> None:
    rows = answered(
        {"status": "201", "location": "Task/1"},
        {"status": "412 Precondition Failed", "outcome": outcome("multiple-matches", "Task.identifier")},
        kind="batch",
    )
    (first, second), _ = sent(gives(200, rows), kind="batch")
    assert (first.done, second.done, second.status) == (True, False, 412)
    assert [str(found).partition(":")[2] for found in second.problems] == [
        " servers.ehr batch entry[1] Task urn:uuid:1: says that what is there is not as the request takes it to be, or "
        "that several match (status 412) [fhir.rest]",
        " servers.ehr batch entry[1] Task urn:uuid:1 Task.identifier: the server says `multiple-matches` of this "
        "[fhir.rest]",
    ]


@pytest.mark.parametrize(
    "body",
    [
        answered({"status": "201"}),
        answered({"status": "201"}, {"status": "201"}, kind="batch"),
        answered({"status": "201"}, {"status": "Rosebud"}),
        answered({"status": "201"}, {}),
        outcome("informational"),
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [None, None]},
    ],
)
def test_an_answer_that_does_not_answer_each_entry_leaves_open_what_was_done(body: Json) -> None:
    error, count = sent(gives(200, body))
    assert isinstance(error, Unsettled)
    assert count == 3


RIGHT = gives(200, answered({"status": "201", "location": "Task/1"}, {"status": "200", "location": "Task/2"}))


def test_a_transaction_of_conditional_entries_is_sent_again() -> None:
    rows, count = sent(lambda r: r.reset(), gives(502), HTML, gives(409), RIGHT)
    assert ([row.id for row in rows], count) == (["1", "2"], 5)


@pytest.mark.parametrize("other", [{"ifNoneExist": ""}, {"method": "PUT", "url": "Task/t1", "ifMatch": 'W/"1"'}])
def test_a_transaction_that_would_do_something_twice_is_not_sent_again(other: dict[str, str]) -> None:
    entries = (entry(0), entry(1, **other))
    error, count = sent(gives(409), RIGHT, entries=entries)
    assert isinstance(error, Refused)
    assert (error.status, count) == (409, 1)


def test_a_transaction_with_an_unconditional_entry_is_sent_once() -> None:
    error, count = sent(lambda r: r.reset(), RIGHT, entries=(entry(0), entry(1, ifNoneExist="")))
    assert isinstance(error, Unsettled)
    assert count == 1


@pytest.mark.parametrize("method", ["DELETE", "PATCH", ""])
def test_a_bundle_that_deletes_is_not_sent(method: str) -> None:
    error, count = sent(RIGHT, entries=(entry(0, method=method), entry(1)))
    assert "has an entry that is neither read, created nor updated; nothing is sent" in str(error)
    assert count == 0


def test_a_bundle_of_another_type_is_not_sent() -> None:
    script = Script()
    with client_of(script) as (client, _), pytest.raises(ProblemError, match="is no Bundle of type transaction"):
        client.transaction(bundle(entry(0), kind="batch"))
    assert script.log == []


def test_numbers_leave_with_their_digits() -> None:
    resource = read_object(b'{"resourceType":"Observation","valueQuantity":{"value":72.50}}')
    script = Script().on("POST", "Observation", gives(201))
    with client_of(script) as (client, _):
        client.create(resource)
    assert script.log[0].body == b'{"resourceType":"Observation","valueQuantity":{"value":72.50}}'
