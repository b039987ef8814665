"""Places after a cut are led back to where they stood, so that an error that went does not hide one that came."""

from pathlib import Path
from typing import Any

from adapter.consent.moved import Moved
from mappings.fhir.carried import kept
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem
from tests.adapter.consent.test_withhold_carried import released_by
from tests.small_case import NOTE, REPORT

GONE = f"DocumentReference/{NOTE['id']}"


def test_what_stays_of_every_list_is_known_by_its_place() -> None:
    resource = {"a": [{"x": "gone"}, {"b": ["y", "gone", "z"]}], "c": {"d": ["gone", "e"]}}
    assert kept(resource, lambda value: value in ("gone", {"x": "gone"})) == {
        ("a",): [1],
        ("a", 0, "b"): [0, 2],
        ("c", "d"): [1],
    }


def test_a_place_is_led_back_through_every_list() -> None:
    moved = Moved({("a",): [1], ("a", 0, "b"): [0, 2], ("valueQuantity", "x"): [3]})
    assert moved.before("Basic.a[0].b[1].c") == "Basic.a[1].b[2].c"
    assert moved.before("Basic.value.ofType(Quantity).x[0]") == "Basic.value.ofType(Quantity).x[3]"
    assert moved.before("Basic.other[4]") == "Basic.other[4]"
    assert moved.before("Basic") == "Basic"


def media(**link: Any) -> dict[str, Any]:
    return {"comment": "x", **link}


def without_link(resource: Json) -> list[Problem]:
    """Every media without a link is an error."""
    found = [n for n, one in enumerate(resource.get("media", [])) if "link" not in one]
    where = [f"DiagnosticReport.media[{number}].link" for number in found]
    return [problem("required", place, "is missing", rule="fhir.cardinality") for place in where]


def test_an_error_that_goes_does_not_hide_one_that_comes(tmp_path: Path) -> None:
    """The first entry has the error and goes; the cut gives the second the same error at another place."""
    beside = {"url": "https://ehr.example/x", "valueReference": {"reference": GONE}}
    first = media(other={"reference": GONE})
    second = media(link={"extension": [beside]})
    assert released_by(without_link, tmp_path, {**REPORT, "media": [first, second]}) == {}


def test_an_error_that_moved_up_is_no_new_one(tmp_path: Path) -> None:
    first = media(link={"reference": GONE})
    left = released_by(without_link, tmp_path, {**REPORT, "media": [first, media()]})
    assert left["DiagnosticReport"]["media"] == [media()]


def test_of_a_list_that_was_not_touched_every_place_is_where_it_was() -> None:
    assert Moved({("result",): [0, 2]}).before("DiagnosticReport.media[0].link") == "DiagnosticReport.media[0].link"


def test_a_place_in_a_list_of_one_of_several_kinds_is_led_back_as_it_was_written() -> None:
    moved = Moved({("valueReference",): [2]})
    assert moved.before("Basic.value.ofType(Reference)[0]") == "Basic.value.ofType(Reference)[2]"
