"""Searches: nothing about a patient in a URL; all pages or a Problem; every resource is looked at again."""

from collections.abc import Callable
from typing import Any

import pytest

from adapter.fhir_rest import FhirClient, Found
from mappings.fhir.wire import Json, dumps
from mappings.problems import ProblemError
from tests.adapter.fhir_server import Request, Script, client_of, gives, outcome, searchset, serving

SECRET = [("subject", "Patient/Rosebud")]


def condition(ident: str, subject: str = "Rosebud") -> Json:
    return {"resourceType": "Condition", "id": ident, "subject": {"reference": f"Patient/{subject}"}}


def theirs(resource: Json) -> bool:
    return bool(resource["subject"]["reference"] == "Patient/Rosebud")


def ask(client: FhirClient, **more: Any) -> Found:
    return client.search("Condition", SECRET, theirs, **more)


def stopped(script: Script, **settings: Any) -> str:
    """What a search says that ends without a result."""
    with client_of(script, **settings) as (client, _), pytest.raises(ProblemError) as caught:
        ask(client)
    assert "Rosebud" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return str(caught.value)


def ids(found: tuple[Json, ...]) -> list[str]:
    return [one["id"] for one in found]


def pages(*made: Callable[[str], Json]) -> Script:
    """A search whose first page comes by POST and the others by GET of `page/N`; each is made from the base."""
    script = Script()
    steps = [lambda request, make=make: request.answer(200, make(script.base)) for make in made]
    script.on("POST", "Condition/_search", steps[0])
    for number, step in enumerate(steps[1:], 1):
        script.on("GET", f"page/{number}", step)
    return script


def test_what_is_searched_for_stands_in_no_url() -> None:
    script = Script().on("POST", "Condition/_search", gives(200, searchset(condition("c1"))))
    with client_of(script, page=7) as (client, _):
        found = ask(client)
    (asked,) = script.log
    assert asked.raw_path == "/fhir/Condition/_search"
    assert asked.form == [("subject", "Patient/Rosebud"), ("_count", "7")]
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (ids(found.matches), found.included, found.ignored, found.problems) == (["c1"], (), (), ())


def test_a_search_of_nothing_private_may_stand_in_a_url() -> None:
    script = Script().on("GET", "Condition", gives(200, searchset()))
    with client_of(script) as (client, _):
        assert client.search("Condition", [("_count", "5")], theirs, private=False).matches == ()
    assert script.log[0].query == [("_count", "5")]


@pytest.mark.parametrize("status", [404, 405, 415, 501])
def test_where_no_search_by_post_is_taken_identifiers_go_nowhere(status: int) -> None:
    script = Script().on("POST", "Condition/_search", gives(status)).on("GET", "Condition", gives(200, searchset()))
    assert "takes no search by POST, and identifiers stand in no URL" in stopped(script)
    assert [one.method for one in script.log] == ["POST"]


def test_a_search_may_go_by_url_where_the_settings_say_so() -> None:
    script = Script().on("POST", "Condition/_search", gives(405)).on("GET", "Condition", gives(200, searchset()))
    with client_of(script, search_by_get=True) as (client, _):
        assert ask(client).matches == ()
    assert script.log[1].query == [("subject", "Patient/Rosebud"), ("_count", "100")]


# --- pages


def test_all_pages_are_read_and_the_total_is_not_believed() -> None:
    script = pages(
        lambda base: searchset(condition("c1"), next_link=f"{base}/page/1", total=1),
        lambda base: searchset(condition("c2"), next_link="2", total=99),  # relative
        lambda base: searchset(condition("c3"), total=0),
    )
    with client_of(script) as (client, _):
        found = ask(client)
    assert (ids(found.matches), found.problems) == (["c1", "c2", "c3"], ())


def test_an_empty_page_is_not_the_last_one() -> None:
    script = pages(
        lambda base: searchset(next_link=f"{base}/page/1"),
        lambda base: searchset(next_link=f"{base}/page/2"),
        lambda base: searchset(condition("c3")),
    )
    with client_of(script) as (client, _):
        assert ids(ask(client).matches) == ["c3"]


def test_a_page_that_fails_fails_the_search() -> None:
    script = pages(lambda base: searchset(condition("c1"), next_link=f"{base}/page/1"))
    assert "has nothing there" in stopped(script)
    script.on("GET", "page/1", gives(200, b"<html>Rosebud</html>", "text/html"))
    assert "answers with text/html and not with FHIR" in stopped(script)


def test_pages_in_a_circle_have_an_end() -> None:
    script = pages(
        lambda base: searchset(condition("c1"), next_link=f"{base}/page/1"),
        lambda base: searchset(condition("c2"), next_link=f"{base}/page/1"),
    )
    assert "leads from page to page in a circle" in stopped(script)


def test_a_page_that_comes_twice_is_noticed() -> None:
    script = pages(
        lambda base: searchset(condition("c1"), next_link=f"{base}/page/1"),
        lambda base: searchset(condition("c1"), next_link=f"{base}/page/2"),
        lambda base: searchset(condition("c2")),
    )
    assert "sends the same page twice, so that others may be missing" in stopped(script)


def test_pages_without_end_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.fhir_rest.searching.MAX_PAGES", 3)
    script = Script()

    def step(request: Request) -> None:
        number = len(script.log)
        request.answer(200, searchset(condition(f"c{number}"), next_link=f"{script.base}/page/{number}"))

    script.on("POST", "Condition/_search", step)
    for number in range(1, 9):
        script.on("GET", f"page/{number}", step)
    assert "lists more than can be taken" in stopped(script)
    assert len(script.log) == 4


def test_the_next_page_is_never_at_another_host() -> None:
    other = Script()
    with serving(other) as elsewhere:
        script = pages(lambda base: searchset(condition("c1"), next_link=f"{elsewhere}/page/1"))
        assert "has its next page at another host, which is not asked" in stopped(script)
    assert other.log == []


def test_what_comes_on_two_pages_is_taken_once() -> None:
    script = pages(
        lambda base: searchset(condition("c1"), condition("c2"), next_link=f"{base}/page/1"),
        lambda base: searchset(condition("c2"), condition("c3")),
    )
    with client_of(script) as (client, _):
        found = ask(client)
    assert ids(found.matches) == ["c1", "c2", "c3"]
    assert [str(one) for one in found.problems] == [
        "warning: servers.ehr search for Condition: sent 1 more than once; each is taken once [fhir.rest]"
    ]


# --- what was not asked for


def test_on_page_two_nothing_of_another_patient_is_taken() -> None:
    script = pages(
        lambda base: searchset(condition("c1"), next_link=f"{base}/page/1", total=2),
        lambda base: searchset(condition("c2", "Kane"), condition("c3"), total=2),
    )
    with client_of(script) as (client, _):
        found = ask(client)
    assert ids(found.matches) == ["c1", "c3"]
    assert [str(one) for one in found.problems] == [
        "warning: servers.ehr search for Condition: sent 1 that were not asked for; they are left out [fhir.rest]"
    ]


@pytest.mark.parametrize(
    ("link", "ignored"),
    [
        ("https://ehr.example/fhir/Condition?_count=100", ("subject",)),
        ("/fhir/Condition?subject=Patient%2FRosebud", ()),
        ("/fhir/Condition/_search", ()),
        ("", ()),
    ],
)
def test_a_parameter_that_the_server_left_out_is_noticed(link: str, ignored: tuple[str, ...]) -> None:
    script = pages(lambda base: searchset(condition("c1"), condition("c2", "Kane"), self_link=link))
    with client_of(script) as (client, _):
        found = ask(client)
    assert (ids(found.matches), found.ignored) == (["c1"], ignored)
    said = [one.message for one in found.problems]
    assert ("left out 1 of the parameters asked for" in said) is bool(ignored)


def with_modes(base: str) -> Json:
    page = searchset(condition("c1"), condition("c2"))
    patient = {"resourceType": "Patient", "id": "Rosebud"}
    page["entry"] += [
        {"resource": patient, "search": {"mode": "include"}},
        {"resource": {"resourceType": "Patient", "id": "Kane"}},
        {"resource": condition("c9"), "search": {"mode": "include"}},
        {"resource": outcome("not-supported", severity="warning"), "search": {"mode": "outcome"}},
        {"resource": outcome("informational", severity="information")},
    ]
    return page


def test_what_is_included_is_told_from_what_matches() -> None:
    with client_of(pages(with_modes)) as (client, _):
        found = ask(client, keep_included=lambda one: one["id"] in ("Rosebud", "c9"))
    assert (ids(found.matches), ids(found.included)) == (["c1", "c2"], ["Rosebud", "c9"])
    assert [one.message for one in found.problems] == [
        "the server says `not-supported` of this",
        "sent 1 that were not asked for; they are left out",
    ]


def test_what_is_included_unasked_is_not_taken() -> None:
    with client_of(pages(with_modes)) as (client, _):
        found = ask(client)
    assert found.included == ()
    assert found.problems[-1].message == "sent 3 that were not asked for; they are left out"


def test_what_was_included_first_matches_all_the_same() -> None:
    page = searchset(condition("c1"), mode="include")
    page["entry"].append({"resource": condition("c1"), "search": {"mode": "match"}})
    with client_of(pages(lambda base: page)) as (client, _):
        found = ask(client, keep_included=lambda one: True)
    assert (ids(found.matches), ids(found.included), found.problems) == (["c1"], ["c1"], ())


@pytest.mark.parametrize(
    "body",
    [
        condition("c1"),
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": "searchset", "entry": {}},
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "Rosebud"}]},
        outcome("informational"),
    ],
)
def test_an_answer_that_is_no_searchset_is_refused(body: Json) -> None:
    assert "answers a search with something other than a Bundle of type searchset" in stopped(pages(lambda _: body))


def test_numbers_in_what_is_found_keep_their_digits() -> None:
    page = (
        b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Observation","v":72.50}}]}'
    )
    script = Script().on("POST", "Observation/_search", gives(200, page))
    with client_of(script) as (client, _):
        found = client.search("Observation", SECRET, lambda one: True)
    assert dumps(found.matches) == b'[{"resourceType":"Observation","v":72.50}]'


def test_a_search_is_tried_again() -> None:
    script = Script().on(
        "POST", "Condition/_search", gives(503), lambda r: r.reset(), gives(200, searchset(condition("c1")))
    )
    with client_of(script) as (client, waits):
        assert ids(ask(client).matches) == ["c1"]
    assert waits == [0.5, 1.0]
