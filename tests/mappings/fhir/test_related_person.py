"""RelatedPerson there and back."""

from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import RelatedPerson
from mappings.domain.values import Address, Contact, PartialDate, PersonName
from mappings.fhir import related_person
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = RelatedPerson(
    id="item",
    names=(PersonName(family="Ekstrom", given=("Bo",)),),
    relationship="health_care_proxy",
    contacts=(Contact(system="email", value="bo@example.org"),),
    addresses=(Address(city="Dover"),),
    birth_date=PartialDate("1990"),
)
MINIMAL = RelatedPerson(id="item", names=(), relationship="other")
FULL_JSON = related_person.to_fhir(FULL, WRITING)


def test_full() -> None:
    assert {
        "resourceType": "RelatedPerson",
        "id": WRITING.id("item"),
        "active": True,
        "patient": WRITING.to("patient"),
        "relationship": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
                        "code": "HPOWATT",
                        "display": "healthcare power of attorney",
                    }
                ]
            }
        ],
        "name": [{"family": "Ekstrom", "given": ["Bo"]}],
        "telecom": [{"system": "email", "value": "bo@example.org"}],
        "birthDate": "1990",
        "address": [{"city": "Dover"}],
    } == FULL_JSON


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: RelatedPerson) -> None:
    assert there_and_back(related_person.to_fhir, related_person.from_fhir, value) == value


@given(strategies.related_persons)
def test_everything_comes_back(value: RelatedPerson) -> None:
    assert there_and_back(related_person.to_fhir, related_person.from_fhir, value) == value


def test_rules() -> None:
    check_rules(related_person, FULL_JSON)
    check_fields(related_person, RelatedPerson, "related_person")


def test_a_relationship_without_authority_gives_none() -> None:
    spouse = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "SPS"}]}
    assert related_person.from_fhir({**FULL_JSON, "relationship": [spouse]}, Reading({})).relationship == "other"


def test_the_relationship_with_authority_is_found_behind_others() -> None:
    role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    both = [{"coding": [{"system": role, "code": "SPS"}]}, {"coding": [{"system": role, "code": "DPOWATT"}]}]
    read = related_person.from_fhir({**FULL_JSON, "relationship": both}, Reading({}))
    assert read.relationship == "durable_power_of_attorney"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"active": False}, "business-rule"),
        ({"resourceType": "Patient"}, "structure"),
        ({"modifierExtension": [{"url": "http://example.org/not"}]}, "extension"),
        ({"birthDate": "soon"}, "value"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    assert [p.code for p in problems_of(related_person.from_fhir, {**FULL_JSON, **change})] == [code]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(related_person.from_fhir, resource), (RelatedPerson, tuple))
