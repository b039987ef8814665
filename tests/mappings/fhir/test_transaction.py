"""Our entries as a transaction: how a receiver recognises what it already has."""

import pytest

from mappings.fhir.bundle import transaction
from mappings.fhir.context import Writing
from mappings.fhir.wire import Json

A, B, C = (f"00000000-0000-4000-8000-00000000000{number}" for number in "123")
LAB = "https://lab.example/sid/accession"
NOBODY = "https://w3id.org/second-opinion/fhir/sid/issuer-not-stated"


def requests(*entries: tuple[str, Json]) -> list[Json]:
    made = transaction(entries, Writing({}), A)
    return [entry["request"] for entry in made["entry"]]


def report(key: str, *numbers: tuple[str | None, str]) -> tuple[str, Json]:
    rows = [{"system": system, "value": value} if system else {"value": value} for system, value in numbers]
    return f"urn:uuid:{key}", {"resourceType": "DiagnosticReport", "id": key, "identifier": rows}


PUT_A = {"method": "PUT", "url": f"DiagnosticReport/{A}"}


def test_by_its_first_number() -> None:
    assert requests(report(A, (None, "7"), (LAB, "S25-1"), (LAB, "S25-2"))) == [
        {"method": "POST", "url": "DiagnosticReport", "ifNoneExist": f"identifier={LAB}|S25-1"}
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("A&B", "A%26B"),
        ("A+B", "A%2BB"),
        ("A B", "A%20B"),
        ("A%41", "A%2541"),
        ("A#1", "A%231"),
        ("A?b=c", "A%3Fb%3Dc"),
        ("É", "%C3%89"),
        ("A,B", "A%5C%2CB"),
        ("A$B", "A%5C%24B"),
        ("A|B", "A%5C%7CB"),
        ("A\\B", "A%5C%5CB"),
        ("S25-1.a/2:3", "S25-1.a/2:3"),
    ],
)
def test_signs_that_mean_something_in_a_search_are_escaped(value: str, written: str) -> None:
    assert requests(report(A, (LAB, value)))[0]["ifNoneExist"] == f"identifier={LAB}|{written}"


def test_the_number_of_two_entries_makes_neither_conditional() -> None:
    assert requests(report(A, (LAB, "S25-1")), report(B, (LAB, "S25-1")), report(C, (LAB, "S25-2"))) == [
        PUT_A,
        {"method": "PUT", "url": f"DiagnosticReport/{B}"},
        {"method": "POST", "url": "DiagnosticReport", "ifNoneExist": f"identifier={LAB}|S25-2"},
    ]


def test_a_shared_number_leaves_the_entrys_own() -> None:
    found = requests(report(A, (LAB, "S25-1"), (LAB, "own")), report(B, (LAB, "S25-1")))
    assert found[0]["ifNoneExist"] == f"identifier={LAB}|own"


def test_a_number_twice_on_one_entry_is_still_its_own() -> None:
    assert requests(report(A, (LAB, "S25-1"), (LAB, "S25-1")))[0]["method"] == "POST"


def test_two_types_may_share_a_number() -> None:
    url, other = report(B, (LAB, "S25-1"))
    found = requests(report(A, (LAB, "S25-1")), (url, {**other, "resourceType": "ImagingStudy"}))
    assert [request["method"] for request in found] == ["POST", "POST"]


@pytest.mark.parametrize("number", [(None, "S25-1"), (NOBODY, "S25-1")])
def test_a_number_without_issuer_matches_nothing(number: tuple[str | None, str]) -> None:
    assert requests(report(A, number)) == [PUT_A]


def test_without_a_number_it_is_put() -> None:
    assert requests(report(A)) == [PUT_A]


def test_what_came_as_fhir_is_not_sent() -> None:
    assert requests(report(A), ("https://ehr.example/r4/DiagnosticReport/1", report(B)[1])) == [PUT_A]
