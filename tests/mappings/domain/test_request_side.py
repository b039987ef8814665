"""What the records of the request side refuse to be."""

from typing import Any

import pytest

from mappings.domain.audit import NetworkPoint
from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.provenance import Agent, Origin
from mappings.domain.request import ReviewRequest
from mappings.domain.values import Moment

DOCUMENT: dict[str, Any] = {
    "id": "c",
    "kind": "review-request",
    "title": "Request",
    "date": Moment("2026-03-02"),
    "authors": ("hospital",),
}
ORIGIN: dict[str, Any] = {
    "id": "o",
    "targets": ("report-1",),
    "recorded": Moment("2026-03-02T10:00:00Z"),
    "activity": "create",
    "agents": (Agent(role="author", who="hospital"),),
}
SECTION = ContentSection(kind="reports", entries=("report-1",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": " "}, "`title` must not be empty"),
        ({"authors": ()}, "at least one entry in `authors`"),
        ({"sections": (SECTION, SECTION)}, "kinds of `sections` must not repeat"),
        ({"kind": "letter"}, "field `kind` is not of its type"),
    ],
)
def test_a_document_needs_title_authors_and_distinct_sections(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CaseDocument(**{**DOCUMENT, **changes})


def test_a_section_is_not_empty() -> None:
    with pytest.raises(ValueError, match="at least one entry in `entries`"):
        ContentSection(kind="reports", entries=())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": ()}, "at least one entry in `targets`"),
        ({"agents": ()}, "at least one entry in `agents`"),
        ({"recorded": Moment("2026-03-02T10:00:00")}, "needs a time with its UTC offset"),
    ],
)
def test_an_origin_needs_targets_agents_and_an_instant(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Origin(**{**ORIGIN, **changes})


def test_a_network_point_has_an_address() -> None:
    with pytest.raises(ValueError, match="`address` must not be empty"):
        NetworkPoint(kind="ip", address=" ")


def test_a_request_asks_something() -> None:
    with pytest.raises(ValueError, match="`question` must not be empty"):
        ReviewRequest(
            id="r",
            scope="pathology-only",
            reasons=("patient-wish",),
            question=" ",
            authored_on=Moment("2026-03-02"),
            requester="dr-first",
            performer="center",
        )
