"""Coverage there and back."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import Coverage
from mappings.domain.values import Moment, Span
from mappings.fhir import coverage
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Coverage(
    id="item",
    payer="one",
    member_id="A-100-77",
    status="cancelled",
    relationship="spouse",
    plan="gold",
    period=Span(start=Moment("2025-01-01")),
)
MINIMAL = Coverage(id="item", payer="one", member_id="A-100-77", relationship=None)
FULL_JSON = coverage.to_fhir(FULL, WRITING)
HL7 = "http://terminology.hl7.org/CodeSystem"


def test_full() -> None:
    assert {
        "resourceType": "Coverage",
        "id": WRITING.id("item"),
        "identifier": [
            {
                "type": {"coding": [{"system": f"{HL7}/v2-0203", "code": "MB", "display": "Member Number"}]},
                "value": "A-100-77",
            }
        ],
        "status": "cancelled",
        "beneficiary": WRITING.to("patient"),
        "relationship": {
            "coding": [{"system": f"{HL7}/subscriber-relationship", "code": "spouse", "display": "Spouse"}]
        },
        "period": {"start": "2025-01-01"},
        "payor": [WRITING.to("one")],
        "class": [
            {
                "type": {"coding": [{"system": f"{HL7}/coverage-class", "code": "plan", "display": "Plan"}]},
                "value": "gold",
            }
        ],
    } == FULL_JSON


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Coverage) -> None:
    assert there_and_back(coverage.to_fhir, coverage.from_fhir, value) == value


@given(strategies.coverages)
def test_everything_comes_back(value: Coverage) -> None:
    assert there_and_back(coverage.to_fhir, coverage.from_fhir, value) == value


def test_rules() -> None:
    check_rules(coverage, FULL_JSON)
    check_fields(coverage, Coverage, "coverage")


def test_the_subscribers_number_where_the_member_has_none() -> None:
    foreign = {**FULL_JSON, "identifier": [{"value": "an account"}], "subscriberId": "S-1"}
    assert coverage.from_fhir(foreign, Reading({})).member_id == "S-1"


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"payor": [{"display": "private"}]}, "required", "Coverage.payor.reference"),
        ({"identifier": None}, "required", "Coverage.identifier"),
        ({"status": None}, "required", "Coverage.status"),
        ({"status": "lapsed"}, "invariant", "Coverage"),
        ({"modifierExtension": [{"url": "http://example.org/not"}]}, "extension", "Coverage.modifierExtension"),
    ],
)
def test_refused(change: dict[str, Any], code: str, where: str) -> None:
    found = problems_of(coverage.from_fhir, {**FULL_JSON, **change})
    assert [(p.code, p.where) for p in found] == [(code, where)]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(coverage.from_fhir, resource), (Coverage, tuple))


def test_the_real_coverage_is_read(shared: pathlib.Path) -> None:
    assert [coverage.from_fhir(resource, Reading({})) for resource in real(shared, "Coverage")] == [
        Coverage(
            id="Coverage/coverage-example",
            payer="Organization/acme-payer",
            member_id="88800933501",
            plan="gold",
            period=Span(start=Moment("2020-01-01")),
        )
    ]
