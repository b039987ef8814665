"""Procedure there and back."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.clinical import Procedure
from mappings.domain.values import Code, Concept, Identifier, Moment, Span
from mappings.fhir import procedure
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Procedure(
    id="item",
    code=Concept(codes=(Code(system="http://example.org/codes", code="bx", display="Biopsy"),)),
    status="in-progress",
    identifiers=(Identifier(system="http://hospital.example.org/ops", value="5"),),
    performed=Moment("2026-01-02"),
    performers=("one", "two"),
    body_site=Concept(text="Left lung"),
    reasons=("three",),
    outcome=Concept(text="Tissue obtained"),
    note="No complication.",
)
OVER_DAYS = Procedure(
    id="item", code=Concept(text="Radiotherapy"), period=Span(start=Moment("2025"), end=Moment("2026-03"))
)
MINIMAL = Procedure(id="item", code=Concept(text="Biopsy"))
FULL_JSON = procedure.to_fhir(FULL, WRITING)


def test_full() -> None:
    assert {
        "resourceType": "Procedure",
        "id": WRITING.id("item"),
        "identifier": [{"system": "http://hospital.example.org/ops", "value": "5"}],
        "status": "in-progress",
        "code": {"coding": [{"system": "http://example.org/codes", "code": "bx", "display": "Biopsy"}]},
        "subject": WRITING.to("patient"),
        "performedDateTime": "2026-01-02",
        "performer": [{"actor": WRITING.to("one")}, {"actor": WRITING.to("two")}],
        "reasonReference": [WRITING.to("three")],
        "bodySite": [{"text": "Left lung"}],
        "outcome": {"text": "Tissue obtained"},
        "note": [{"text": "No complication."}],
    } == FULL_JSON


def test_over_days() -> None:
    made = procedure.to_fhir(OVER_DAYS, WRITING)
    assert made["performedPeriod"] == {"start": "2025", "end": "2026-03"}
    assert "performedDateTime" not in made


@pytest.mark.parametrize("value", [FULL, OVER_DAYS, MINIMAL])
def test_examples_come_back(value: Procedure) -> None:
    assert there_and_back(procedure.to_fhir, procedure.from_fhir, value) == value


@given(strategies.procedures)
def test_everything_comes_back(value: Procedure) -> None:
    assert there_and_back(procedure.to_fhir, procedure.from_fhir, value) == value


def test_rules() -> None:
    check_rules(procedure, FULL_JSON, procedure.to_fhir(OVER_DAYS, WRITING))
    check_fields(procedure, Procedure, "procedure")


def test_an_error_is_read_as_an_error() -> None:
    assert procedure.from_fhir({**FULL_JSON, "status": "entered-in-error"}, Reading({})).status == "entered-in-error"


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"code": None}, "required", "Procedure.code"),
        ({"status": None}, "required", "Procedure.status"),
        ({"status": "done"}, "invariant", "Procedure"),
        ({"performedPeriod": {"start": "2026"}}, "invariant", "Procedure"),
        ({"performedDateTime": None, "performedPeriod": {"start": "2026", "end": "2025"}}, "invariant", "Period"),
    ],
)
def test_refused(change: dict[str, Any], code: str, where: str) -> None:
    found = problems_of(procedure.from_fhir, {**FULL_JSON, **change})
    assert [(p.code, p.where) for p in found] == [(code, where)]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(procedure.from_fhir, resource), (Procedure, tuple))


def test_every_real_procedure_is_read(shared: pathlib.Path) -> None:
    read = {found.id: found for r in real(shared, "Procedure") for found in [procedure.from_fhir(r, Reading({}))]}
    assert len(read) >= 160
    lobectomy = read["Procedure/cancer-related-surgical-procedure-lobectomy"]
    assert lobectomy.performed == "2019-03-01"
    assert lobectomy.reasons == ("Condition/primary-cancer-condition-nsclc",)
