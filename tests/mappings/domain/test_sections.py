"""What was cut of a block is taken off what was in it; more than that cannot have been cut; nothing is estimated."""

from typing import Any

import pytest

from mappings.domain.case_record import as_left, record_of
from mappings.domain.custody import Setting, follow
from mappings.domain.material import Block, CustodyEvent, Slide
from mappings.domain.values import Moment
from tests.adapter.custody.given import MATERIALS, case, event

RULE = "custody.quantity"
IN_PART = {"parent": "block", "kind": "unstained"}


def given(*events: dict[str, Any], block: int | None = 20, slide: int | None = None) -> Any:
    blocks = [{**MATERIALS["blocks"][0], "sections": block} if block is not None else MATERIALS["blocks"][0]]
    slides = [*MATERIALS["slides"][:1], {"id": "new", **IN_PART, **({"sections": slide} if slide else {})}]
    slides.append({"id": "other", **IN_PART})
    return case(blocks=blocks, slides=slides, custody=list(events))


def left(made: Any) -> int | None:
    return record_of(made).left.get("block")


def cut(*items: str, at: str = "2026-03-01", **more: Any) -> dict[str, Any]:
    return {**event("recut", *items, at=at, by="lab"), "id": f"cut-{at}-{items[0]}", **more}


@pytest.mark.parametrize(
    ("events", "slide", "number"),
    [
        ((), None, 20),
        ((cut("block", sections=6),), None, 14),
        ((cut("block", sections=6), cut("block", at="2026-03-02", sections=14)), None, 0),
        ((cut("new", sections=6),), None, 14),
        ((cut("new"),), 10, 10),
        ((cut("new", sections=4),), 10, 16),
        ((cut("new", "other", sections=3),), None, 14),
        ((cut("block", "new", sections=5),), 5, 15),
        ((cut("part", sections=5),), None, 20),
        ((event("shipped", "block", by="lab", to="center", sections=5),), None, 20),
        ((cut("block"),), None, None),
        ((cut("new"),), None, None),
        ((cut("new", "other"),), 10, None),
    ],
)
def test_what_was_cut_is_taken_off(events: tuple[dict[str, Any], ...], slide: int | None, number: int | None) -> None:
    made = given(*events, slide=slide)
    assert record_of(made).problems == ()
    assert left(made) == number
    assert as_left(made).blocks[0].sections == number


def test_a_block_that_nobody_counted_has_no_number() -> None:
    made = given(cut("block", sections=6), block=None)
    assert (left(made), as_left(made)) == (None, made)


def test_an_empty_block_is_used_up() -> None:
    made = given(cut("block", sections=20))
    assert as_left(made).blocks[0].remaining == "exhausted"
    assert made.blocks[0].remaining == "ample"


@pytest.mark.parametrize(
    "events",
    [
        (cut("block", sections=21),),
        (cut("block", sections=15), cut("block", at="2026-03-02", sections=6)),
        (cut("new", "other", sections=11),),
        (cut("new", at="2026-02-28"), cut("block", sections=21)),
    ],
)
def test_more_than_there_was_cannot_have_been_cut(events: tuple[dict[str, Any], ...]) -> None:
    found = record_of(given(*events)).problems
    assert [(one.rule, one.severity, one.where) for one in found] == [
        (RULE, "error", f"case.json $.custody[{len(events) - 1}]")
    ]
    assert "cuts more sections than are left in the block" in found[0].message
    assert "21" not in found[0].message


def test_what_cannot_have_been_cut_is_not_followed() -> None:
    made = given(cut("block", sections=15), cut("block", at="2026-03-02", sections=6))
    assert (left(made), record_of(made).places["block"].since) == (5, "2026-03-01")


def test_an_event_that_cannot_have_happened_cuts_nothing() -> None:
    gone = event("shipped", "block", by="lab", to="center")
    made = given(gone, cut("block", at="2026-03-02", sections=6))
    assert [one.rule for one in record_of(made).problems] == ["custody.two-places"]
    assert left(made) == 20


@pytest.mark.parametrize(
    ("sent", "received", "rules"),
    [
        ({}, {}, []),
        ({}, {"sections": 10}, []),
        ({"sections": 10}, {"sections": 10}, []),
        ({"sections": 11}, {}, [("error", "there are not so many")]),
        ({"sections": 4}, {"sections": 4}, [("warning", "list those that stay")]),
        ({"sections": 10}, {"sections": 9}, [("warning", "tell the carrier")]),
        ({}, {"sections": 9}, [("warning", "tell the carrier")]),
    ],
)
def test_what_is_sent_arrives_in_number(
    sent: dict[str, Any], received: dict[str, Any], rules: list[tuple[str, str]]
) -> None:
    out = event("shipped", "new", by="lab", to="center", **sent)
    back = event("received", "new", at="2026-03-02", by="center", **received)
    found = [one for one in record_of(given(out, back, slide=10)).problems if one.rule == RULE]
    assert [(one.severity, word in one.message) for one, (_, word) in zip(found, rules, strict=True)] == [
        (severity, True) for severity, _ in rules
    ]


def test_what_came_as_fhir_has_what_is_left_in_its_own_number() -> None:
    block = "https://lab.example/fhir/Specimen/1"
    told: dict[str, Any] = {"items": (block,), "kind": "recut"}
    theirs = CustodyEvent(id="https://lab.example/fhir/Task/1", at=Moment("2026-03-01"), sections=6, **told)
    ours = CustodyEvent(id="ours", at=Moment("2026-03-02"), sections=1, **told)
    record = follow((theirs, ours), Setting(holder="lab", sections={block: 4}))
    assert (record.problems, record.left) == ((), {block: 3})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Block, {"sections": -1}),
        (Block, {"sections": 10_000}),
        (Block, {"sections": 1, "remaining": "exhausted"}),
        (Slide, {"sections": 0}),
    ],
)
def test_a_number_that_cannot_be_is_refused(kind: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sections"):
        kind(id="one", **fields)
    assert Block(id="one", sections=0, remaining="exhausted").sections == 0
