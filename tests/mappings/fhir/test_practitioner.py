"""Practitioner there and back."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import Practitioner
from mappings.domain.values import Address, Contact, Identifier, PersonName
from mappings.fhir import practitioner
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Practitioner(
    id="item",
    names=(PersonName(family="Moreau", given=("Lea",), suffix=("MD",)),),
    identifiers=(Identifier(system="http://hl7.org/fhir/sid/us-npi", value="1234567893", kind="NPI"),),
    contacts=(Contact(system="phone", value="+1 555 0101", use="work"),),
    addresses=(Address(lines=("2 Main St",), country="US", use="work"),),
)
MINIMAL = Practitioner(id="item", names=())
FULL_JSON = practitioner.to_fhir(FULL, WRITING)


def test_full() -> None:
    assert {
        "resourceType": "Practitioner",
        "id": WRITING.id("item"),
        "identifier": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                            "code": "NPI",
                            "display": "National provider identifier",
                        }
                    ]
                },
                "system": "http://hl7.org/fhir/sid/us-npi",
                "value": "1234567893",
            }
        ],
        "name": [{"family": "Moreau", "given": ["Lea"], "suffix": ["MD"]}],
        "telecom": [{"system": "phone", "value": "+1 555 0101", "use": "work"}],
        "address": [{"use": "work", "line": ["2 Main St"], "country": "US"}],
    } == FULL_JSON


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Practitioner) -> None:
    assert there_and_back(practitioner.to_fhir, practitioner.from_fhir, value) == value


@given(strategies.practitioners)
def test_everything_comes_back(value: Practitioner) -> None:
    assert there_and_back(practitioner.to_fhir, practitioner.from_fhir, value) == value


def test_rules() -> None:
    check_rules(practitioner, FULL_JSON)
    check_fields(practitioner, Practitioner, "practitioner")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resourceType": "Person"}, "structure"),
        ({"name": [{"family": "Moreau", "use": "work"}]}, "invariant"),
        ({"telecom": [{"system": "smoke", "value": "1"}]}, "invariant"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    found = problems_of(practitioner.from_fhir, {**FULL_JSON, **change})
    assert [p.code for p in found] == [code]
    assert "Moreau" not in str(found)


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(practitioner.from_fhir, resource), (Practitioner, tuple))


def test_every_real_practitioner_is_read(shared: pathlib.Path) -> None:
    read = [practitioner.from_fhir(resource, Reading({})) for resource in real(shared, "Practitioner")]
    assert len(read) >= 14
    assert all(person.names for person in read)
    assert "Practitioner/us-core-practitioner-kyle-anydoc" in {person.id for person in read}
