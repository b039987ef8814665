"""PractitionerRole there and back."""

from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import Role
from mappings.domain.values import Code, Concept, Contact
from mappings.fhir import practitioner_role
from mappings.fhir.context import Reading, Writing
from mappings.problems import ProblemError
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Role(
    id="item",
    practitioner="one",
    organization="two",
    specialty=Concept(codes=(Code(system="http://nucc.org/provider-taxonomy", code="207ZP0101X"),), text="Pathology"),
    contacts=(Contact(system="fax", value="+1 555 0102"),),
)
MINIMAL = Role(id="item", practitioner="one", organization="two")
FULL_JSON = practitioner_role.to_fhir(FULL, WRITING)


def test_full() -> None:
    assert {
        "resourceType": "PractitionerRole",
        "id": WRITING.id("item"),
        "practitioner": WRITING.to("one"),
        "organization": WRITING.to("two"),
        "specialty": [
            {"coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "207ZP0101X"}], "text": "Pathology"}
        ],
        "telecom": [{"system": "fax", "value": "+1 555 0102"}],
    } == FULL_JSON


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Role) -> None:
    assert there_and_back(practitioner_role.to_fhir, practitioner_role.from_fhir, value) == value


@given(strategies.roles)
def test_everything_comes_back(value: Role) -> None:
    assert there_and_back(practitioner_role.to_fhir, practitioner_role.from_fhir, value) == value


def test_rules() -> None:
    check_rules(practitioner_role, FULL_JSON)
    check_fields(practitioner_role, Role, "role")


def test_a_link_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(ProblemError, match="nothing of this local name"):
        practitioner_role.to_fhir(FULL, Writing({"item": WRITING.urls["item"]}))


def test_foreign_references_keep_their_text() -> None:
    refers = {"practitioner": {"reference": "Practitioner/7"}, "organization": {"reference": "Organization/8"}}
    read = practitioner_role.from_fhir({**FULL_JSON, "id": "9", **refers}, Reading({"Practitioner/7": "dr-seven"}))
    assert (read.id, read.practitioner, read.organization) == ("PractitionerRole/9", "dr-seven", "Organization/8")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"practitioner": {"display": "Dr. Moreau"}}, "PractitionerRole.practitioner"),
        ({"organization": None}, "PractitionerRole.organization"),
    ],
)
def test_refused(change: dict[str, Any], where: str) -> None:
    found = problems_of(practitioner_role.from_fhir, {**FULL_JSON, **change})
    assert [(p.code, p.where) for p in found] == [("required", where)]
    assert "Moreau" not in str(found)


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(practitioner_role.from_fhir, resource), (Role, tuple))
