"""Patient there and back."""

import pathlib
from typing import Any

import pytest
from hypothesis import given

from mappings.domain.party import KnownAs, Patient
from mappings.domain.values import Address, Contact, Identifier, Moment, PartialDate, PersonName
from mappings.fhir import patient
from mappings.fhir.context import Reading, Writing
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome, real
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

NUMBER = Identifier(system="http://hospital.example.org/mrn", value="12-34", kind="MR", assigner="Good Health")
FULL = Patient(
    identifiers=(NUMBER,),
    names=(PersonName(family="Ekstrom", given=("Ana", "B"), prefix=("Dr",), suffix=("III",), use="official"),),
    birth_date=PartialDate("1961-04"),
    gender="female",
    deceased=False,
    contacts=(Contact(system="phone", value="+1 555 0100", use="home"),),
    addresses=(Address(lines=("1 Main St",), city="Dover", state="DE", postal_code="19901", country="US", use="home"),),
    language="en-US",
)
DEAD = Patient(identifiers=(NUMBER,), names=FULL.names, deceased_on=Moment("2026-01"))
MINIMAL = Patient(
    identifiers=(Identifier(system="urn:oid:2.16.840.1.113883.19.5", value="1"),), names=(PersonName(text="Ana"),)
)
CARRIED = "http://hospital.example.org/fhir/Patient/9"


def written(value: Patient) -> dict[str, Any]:
    return patient.to_fhir(value, WRITING, also=(CARRIED,))


def test_full() -> None:
    made = written(FULL)
    assert list(made) == [
        "resourceType", "id", "identifier", "name", "telecom", "gender", "birthDate", "deceasedBoolean", "address",
        "communication", "link",
    ]  # fmt: skip
    assert made["birthDate"] == "1961-04"
    assert made["deceasedBoolean"] is False
    assert made["identifier"] == [
        {
            "type": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                        "code": "MR",
                        "display": "Medical record number",
                    }
                ]
            },
            "system": "http://hospital.example.org/mrn",
            "value": "12-34",
            "assigner": {"display": "Good Health"},
        }
    ]
    assert made["link"] == [{"other": {"reference": CARRIED}, "type": "seealso"}]


def test_minimal() -> None:
    assert patient.to_fhir(MINIMAL, WRITING) == {
        "resourceType": "Patient",
        "id": WRITING.id("patient"),
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": "1"}],
        "name": [{"text": "Ana"}],
    }


def test_test_data_is_labelled() -> None:
    made = patient.to_fhir(MINIMAL, Writing(WRITING.urls, test_data=True))
    assert [label["code"] for label in made["meta"]["security"]] == ["HTEST"]


@pytest.mark.parametrize("value", [FULL, DEAD, MINIMAL])
def test_examples_come_back(value: Patient) -> None:
    assert there_and_back(patient.to_fhir, patient.from_fhir, value) == value


@given(strategies.patients)
def test_everything_comes_back(value: Patient) -> None:
    assert there_and_back(patient.to_fhir, patient.from_fhir, value) == value


def test_known_as_stays_with_the_holder() -> None:
    known = KnownAs(identifiers=(Identifier(system="urn:oid:9.9", value="other-number"),))
    named = Patient(identifiers=FULL.identifiers, names=FULL.names, known_as=(known,))
    assert "other-number" not in str(written(named))


def test_rules() -> None:
    check_rules(patient, written(FULL), written(DEAD))
    check_fields(patient, Patient, "patient")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identifier": [{"value": "1"}]}, "invariant"),
        ({"name": []}, "invariant"),
        ({"birthDate": "1961-13"}, "value"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2026"}, "invariant"),
        ({"gender": "f"}, "invariant"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    found = problems_of(patient.from_fhir, {**written(MINIMAL), **change})
    assert [p.code for p in found] == [code]
    assert "1961" not in str(found[0])


@given(broken(written(FULL)))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(patient.from_fhir, resource), (Patient, tuple))


def test_every_real_patient_is_read(shared: pathlib.Path) -> None:
    read = [patient.from_fhir(resource, Reading({})) for resource in real(shared, "Patient")]
    assert len(read) >= 18
    assert all(person.birth_date is not None for person in read[:3])
