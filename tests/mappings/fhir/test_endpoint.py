"""Endpoint there and back."""

from typing import Any

import pytest
from hypothesis import given

from mappings.domain.material import Endpoint
from mappings.fhir import endpoint
from tests import strategies
from tests.mappings.fhir.foreign import broken, outcome
from tests.mappings.fhir.laws import problems_of, there_and_back
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies import WRITING

FULL = Endpoint(
    id="item",
    address="https://pacs.example.org/dicom-web",
    connection="dicom-qido-rs",
    status="test",
    name="PACS",
    organization="one",
)
MINIMAL = Endpoint(id="item", address="https://pacs.example.org/dicom-web")
FULL_JSON = endpoint.to_fhir(FULL, WRITING)
HL7 = "http://terminology.hl7.org/CodeSystem"


def test_full() -> None:
    assert {
        "resourceType": "Endpoint",
        "id": WRITING.id("item"),
        "status": "test",
        "connectionType": {
            "system": f"{HL7}/endpoint-connection-type",
            "code": "dicom-qido-rs",
            "display": "DICOM QIDO-RS",
        },
        "name": "PACS",
        "managingOrganization": WRITING.to("one"),
        "payloadType": [{"coding": [{"system": f"{HL7}/endpoint-payload-type", "code": "any", "display": "Any"}]}],
        "address": "https://pacs.example.org/dicom-web",
    } == FULL_JSON


@pytest.mark.parametrize("value", [FULL, MINIMAL])
def test_examples_come_back(value: Endpoint) -> None:
    assert there_and_back(endpoint.to_fhir, endpoint.from_fhir, value) == value


@given(strategies.endpoints)
def test_everything_comes_back(value: Endpoint) -> None:
    assert there_and_back(endpoint.to_fhir, endpoint.from_fhir, value) == value


def test_rules() -> None:
    check_rules(endpoint, FULL_JSON)
    check_fields(endpoint, Endpoint, "endpoint")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"address": None}, "required"),
        ({"address": "https://user:secret@pacs.example.org/x"}, "invariant"),
        ({"connectionType": {"system": f"{HL7}/endpoint-connection-type", "code": "ihe-xds"}}, "code-invalid"),
        ({"connectionType": {"code": "dicom-wado-rs"}}, "code-invalid"),
        ({"status": "on"}, "invariant"),
    ],
)
def test_refused(change: dict[str, Any], code: str) -> None:
    found = problems_of(endpoint.from_fhir, {**FULL_JSON, **change})
    assert [p.code for p in found] == [code]
    assert "secret" not in str(found)


@given(broken(FULL_JSON))
def test_what_is_broken_is_read_or_refused(resource: dict[str, Any]) -> None:
    assert isinstance(outcome(endpoint.from_fhir, resource), (Endpoint, tuple))
