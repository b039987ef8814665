"""Medplum's validator (TypeScript), a third reading of R4: structure, cardinality, invariants, reference targets."""

from collections.abc import Callable
from typing import Any

import pytest

from mappings.fhir.bundle import take_apart
from mappings.fhir.wire import Json
from tests.golden import scenarios
from tests.live.conftest import Exported

pytestmark = pytest.mark.live

Judge = Callable[[list[Any]], list[list[str]]]


def local(value: Any, places: dict[str, str]) -> Any:
    """References as `Type/id`: of a urn:uuid, Medplum cannot tell the type of the target and says so."""
    if isinstance(value, dict):
        return {key: local(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [local(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", scenarios())
def test_every_resource_of_the_bundle(name: str, exported: dict[str, Exported], medplum: Judge) -> None:
    entries = take_apart(exported[name].bundle)
    places = {url: f"{resource['resourceType']}/{resource['id']}" for url, resource in entries}
    resources = [local(resource, places) for _, resource in entries]
    judged = medplum(resources)
    assert len(judged) == len(entries) >= 20
    assert [(place, issue) for place, issues in zip(places.values(), judged, strict=True) for issue in issues] == []


def test_it_objects_to_what_is_wrong(exported: dict[str, Exported], medplum: Judge) -> None:
    report = next(r for _, r in exported["svc-syndrome"].ours if r["resourceType"] == "DiagnosticReport")
    subject = {"reference": "Practitioner/1"}
    wrong: list[Json] = [
        {**report, "nonsense": 1},
        {k: v for k, v in report.items() if k != "code"},
        {**report, "issued": "2026-01"},
        {**report, "subject": subject},
    ]
    said = [" | ".join(issues) for issues in medplum(wrong)]
    assert "nonsense" in said[0]
    assert "DiagnosticReport.code" in said[1]
    assert "DiagnosticReport.issued" in said[2]
    assert "DiagnosticReport.subject" in said[3]
