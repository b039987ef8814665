"""Parts, blocks and slides make a tree, and their labels say the same as the tree."""

import json
from typing import Any

import pytest

from adapter.custody.naming import item_of
from adapter.custody.tree import tree_problems
from mappings.domain.case import Case
from mappings.domain.native import read_case
from mappings.problems import Problem, ProblemError
from tests.adapter.custody.given import LABELS, MATERIALS, case, label, told

URL = "https://ehr.example/r4/Specimen/"


def found(made: Case, **how: Any) -> list[tuple[str, str, str]]:
    return [(one.rule, one.severity, one.where) for one in _all(made, **how)]


def _all(made: Case, **how: Any) -> list[Problem]:
    return list(tree_problems(made, **how))


def test_a_tree_whose_labels_agree_is_fine() -> None:
    assert found(case()) == []


def test_what_leads_back_to_itself_is_an_error() -> None:
    parts = [
        {"id": "one", "parent": "two"},
        {"id": "two", "parent": "one"},
        {"id": "part"},
        {"id": "self", "parent": "self"},
    ]
    assert found(case(parts=parts)) == [
        ("material.cycle", "error", "case.json $.parts[0]"),
        ("material.cycle", "error", "case.json $.parts[1]"),
        ("material.cycle", "error", "case.json $.parts[3]"),
    ]


def test_a_parent_that_came_as_fhir_and_did_not_come_is_told_once_all_is_loaded() -> None:
    slides = [{"id": "alone", "parent": f"{URL}gone"}]
    made = case(slides=slides)
    assert found(made) == [("material.parent", "warning", "case.json $.slides[0]")]
    assert found(made, loaded=False) == []


def test_a_slide_is_not_cut_from_a_slide() -> None:
    foreign = [
        {"id": f"{URL}a", "parent": "block"},
        {"id": f"{URL}b", "parent": f"{URL}a"},
    ]
    made = read_case(json.dumps(told(slides=foreign)).encode())
    assert found(made) == [("material.parent", "error", "case.json $.slides[1]")]


def test_one_label_on_two_slides_is_told() -> None:
    slides = [{**MATERIALS["slides"][0]}, {**MATERIALS["slides"][0], "id": "twin"}]
    assert found(case(slides=slides)) == [("material.label", "warning", "case.json $.slides[1]")]
    shared = [
        {"id": "a", "parent": "block", "identifiers": [{"system": LABELS, "value": "S26-1234", "kind": "ACSN"}]},
        {"id": "b", "parent": "block", "identifiers": [{"system": LABELS, "value": "S26-1234", "kind": "ACSN"}]},
    ]
    assert found(case(slides=shared)) == []


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("S26-1234-A1-9", None),
        ("S26-1235-A1-9", "another accession"),
        ("S26-1234-B1-9", "another part"),
        ("S26-1234-A2-9", "another block"),
        ("S26-1234-9", None),
        ("a word", None),
    ],
)
def test_a_label_that_names_another_block_is_told(text: str, odd: str | None) -> None:
    slides = [{"id": "slide", "parent": "block", "identifiers": label(text)}]
    told_ = [one.message for one in _all(case(slides=slides))]
    assert [odd is not None and odd in message for message in told_] == ([] if odd is None else [True])
    assert [message for message in told_ if text in message] == []


def test_labels_of_two_laboratories_are_not_compared() -> None:
    theirs = [
        {"id": "slide", "parent": "block", "identifiers": [{"system": "https://x.example", "value": "X1-22-B7-1"}]}
    ]
    assert found(case(slides=theirs)) == []


# --- what a person means


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("slide", "slide"),
        ("S26-1234-A1-1", "slide"),
        ("S26-1234 A1-1", "slide"),
        ("S26-1234/A/1/1", "slide"),
        ("S26-1234 A1", "block"),
        ("S26-1234-A", "part"),
    ],
)
def test_a_thing_is_named_by_its_name_or_its_label(text: str, item: str) -> None:
    assert item_of(text, case()) == item


def test_a_label_of_nothing_or_of_two_things_is_refused_and_not_told() -> None:
    for text in ("S26-9999-A1-1", "nonsense", "S26-1234-1"):
        with pytest.raises(ProblemError, match="names no part, block or slide") as refused:
            item_of(text, case())
        assert text not in str(refused.value)
    twins = [{**MATERIALS["slides"][0]}, {**MATERIALS["slides"][0], "id": "twin"}]
    with pytest.raises(ProblemError, match="the label of more than one thing"):
        item_of("S26-1234-A1-1", case(slides=twins))
    assert item_of("twin", case(slides=twins)) == "twin"
