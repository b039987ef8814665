"""Medplum's validator (TypeScript), a third reading of R4: structure, cardinality, invariants, reference targets."""

import pytest

from mappings.fhir.wire import Json
from tests.golden import scenarios
from tests.live.judging import Exported, Medplum, typed

pytestmark = pytest.mark.live


@pytest.mark.parametrize("name", scenarios())
def test_every_resource_of_the_bundle(name: str, exported: dict[str, Exported], medplum: Medplum) -> None:
    resources = typed(exported[name].entries)
    judged = medplum(resources)
    assert len(resources) >= 20
    assert [(r["id"], issue) for r, issues in zip(resources, judged, strict=True) for issue in issues] == []


def test_it_objects_to_what_is_wrong(exported: dict[str, Exported], medplum: Medplum) -> None:
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
