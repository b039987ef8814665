"""The contents of a case are a Composition, and come back whole."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.values import Moment
from mappings.fhir import composition
from mappings.fhir.context import inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import CONTENTS, URLS, WRITING

READING = inverse(WRITING)
MINIMAL = CaseDocument(
    id="contents", kind="review-request", title="Request", date=Moment("2026-03-02"), authors=("hospital",)
)
FULL = CaseDocument(
    id="contents",
    kind="tumor-board",
    title="Sarcoma board",
    date=Moment("2026-03-20T12:00:00Z"),
    authors=("dr-second", "center"),
    sections=(
        ContentSection(kind="reports", entries=("report-1",)),
        ContentSection(kind="specimens", entries=("block-1", "slide-1")),
    ),
    custodian="center",
)


def written(document: CaseDocument) -> Json:
    made: Json = loads(dumps(composition.to_fhir(document, WRITING)))
    return made


@pytest.mark.parametrize("document", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(document: CaseDocument) -> None:
    assert composition.from_fhir(written(document), READING) == document


@given(CONTENTS)
@settings(max_examples=100, deadline=None)
def test_law(document: CaseDocument) -> None:
    assert composition.from_fhir(written(document), READING) == document


def test_rules_are_true() -> None:
    check_rules(composition, written(FULL))
    check_fields(composition, CaseDocument, "document")


def test_contents() -> None:
    made = written(FULL)
    assert made["type"]["coding"][0]["code"] == "34098-4"
    assert made["section"][1]["title"] == "Specimens"
    assert made["section"][1]["entry"] == [{"reference": URLS["block-1"]}, {"reference": URLS["slide-1"]}]
    assert written(MINIMAL)["type"]["coding"][0]["code"] == "57149-7"


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(type={"text": "letter"}), "document-type"),
        (changed(section=[{"title": "Plan", "text": {"status": "generated"}}]), "is no section of a case"),
        (changed(section=[{**written(FULL)["section"][0], "entry": []}]), "a section needs at least one entry"),
        (changed(author=[]), "needs at least one entry in `authors`"),
        (changed(title=None), r"Composition\.title: is missing"),
        (changed(status="entered-in-error"), "entered in error"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        composition.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: composition.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said
