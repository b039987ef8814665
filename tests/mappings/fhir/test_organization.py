"""Organization there and back."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import Accreditation, Organization
from mappings.domain.values import Address, Contact, Identifier, Moment, Span
from mappings.fhir import organization
from mappings.fhir.context import Reading
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Organization(
    id="item",
    name="Example Cancer Center",
    kind="review_center",
    identifiers=(Identifier(system="urn:oid:2.16.840.1.113883.4.7", value="21D1234567"),),
    accreditations=(
        Accreditation(body="cap", number="7200101", period=Span(start=Moment("2024"), end=Moment("2027-06"))),
        Accreditation(body="nci-comprehensive"),
    ),
    contacts=(Contact(system="url", value="https://cancer.example.org"),),
    addresses=(Address(lines=("3 Main St",), city="Dover"),),
)
MINIMAL = Organization(id="item", name="Example Hospital")
FULL_JSON = organization.to_fhir(FULL, WRITING)
OURS = "https://w3id.org/second-opinion/fhir/CodeSystem"
TYPES = "http://terminology.hl7.org/CodeSystem/organization-type"


def test_full() -> None:
    assert list(FULL_JSON) == [
        "resourceType", "id", "extension", "identifier", "active", "type", "name", "telecom", "address"
    ]  # fmt: skip
    assert FULL_JSON["type"] == [
        {"coding": [{"system": f"{OURS}/organization-kind", "code": "review_center", "display": "Review center"}]}
    ]
    assert FULL_JSON["extension"][0] == {
        "url": "https://w3id.org/second-opinion/fhir/StructureDefinition/accreditation",
        "extension": [
            {
                "url": "body",
                "valueCodeableConcept": {
                    "coding": [{"system": f"{OURS}/accreditation", "code": "cap", "display": "CAP"}]
                },
            },
            {"url": "number", "valueString": "7200101"},
            {"url": "period", "valuePeriod": {"start": "2024", "end": "2027-06"}},
        ],
    }


def test_minimal() -> None:
    assert organization.to_fhir(MINIMAL, WRITING) == {
        "resourceType": "Organization",
        "id": WRITING.id("item"),
        "active": True,
        "type": [{"coding": [{"system": TYPES, "code": "prov", "display": "Healthcare Provider"}]}],
        "name": "Example Hospital",
    }


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Organization) -> None:
    assert there_and_back(organization.to_fhir, organization.from_fhir, value) == value


@given(strategies.organizations)
def test_everything_comes_back(value: Organization) -> None:
    assert there_and_back(organization.to_fhir, organization.from_fhir, value) == value


def test_rules() -> None:
    check_rules(organization, FULL_JSON)
    check_fields(organization, Organization, "organization")


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ([{"coding": [{"system": TYPES, "code": "edu"}]}, {"coding": [{"system": TYPES, "code": "ins"}]}], "payer"),
        ([{"coding": [{"system": TYPES, "code": "edu"}]}], "other"),
        (None, "other"),
    ],
)
def test_foreign_kinds(types: Any, kind: str) -> None:
    assert organization.from_fhir({**FULL_JSON, "type": types}, Reading({})).kind == kind


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"name": None}, "required", "Organization.name"),
        ({"telecom": [{"system": "phone", "value": "1", "use": "home"}]}, "invariant", "Organization"),
        ({"address": [{"city": "Dover", "use": "home"}]}, "invariant", "Organization"),
        (
            {"extension": [{"url": organization.ACCREDITATION, "extension": []}]},
            "code-invalid",
            "Organization.extension.body",
        ),
    ],
)
def test_refused(change: dict[str, Any], code: str, where: str) -> None:
    found = problems_of(organization.from_fhir, {**FULL_JSON, **change})
    assert [(p.code, p.where) for p in found] == [(code, where)]


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(organization.from_fhir, resource), (Organization, tuple))


def test_every_real_organization_is_read(shared: pathlib.Path) -> None:
    read = [organization.from_fhir(resource, Reading({})) for resource in real(shared, "Organization")]
    assert len(read) >= 13
    assert {found.kind for found in read} == {"provider"}
