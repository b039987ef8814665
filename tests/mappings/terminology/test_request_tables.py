"""Every external code that the request side writes is a row of the verified list, with the display found there."""

import csv
import pathlib

import pytest

from mappings.identity import CANONICAL
from mappings.terminology.tables import table

TABLES = (
    "access-fact",
    "access-pathway",
    "audit-agent",
    "audit-entity-role",
    "audit-entity-type",
    "audit-lifecycle",
    "audit-outcome",
    "audit-subtype",
    "audit-type",
    "business-status",
    "consent-actor",
    "consent-category",
    "consent-policy-rule",
    "consent-scope",
    "consent-status",
    "custody-fact",
    "custody-kind",
    "custody-status",
    "document-section",
    "document-type",
    "emergency",
    "notice-kind",
    "order-detail",
    "origin-activity",
    "origin-role",
    "purpose-of-use",
    "referral-reason",
    "release-basis",
    "release-fact",
    "release-paper",
    "release-reason",
    "request-category",
    "request-code",
    "request-priority",
    "request-reason",
    "request-scope",
    "request-status",
    "specimen-release",
    "task-code",
    "task-status",
)

PATTERNS = {
    ("http://dicom.nema.org/resources/ontology/DCM", "110150", "Application"),
    ("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", "healthcare provider"),
    ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver", "authorization server"),
    ("http://hl7.org/fhir/resource-types", "Consent", "Consent"),
}
"""Codes that IHE BALP 1.1.4 fixes by pattern in AuthZconsent: the profile is their source."""


@pytest.mark.parametrize("name", TABLES)
def test_external_codes_are_verified(name: str, shared: pathlib.Path) -> None:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as lines:
        known = {
            (line["system"], line["code"], line["display"])
            for line in csv.DictReader(lines, delimiter="\t")
            if line["verified"] == "yes"
        }
    written = {(row.system, row.code, row.display) for row in table(name).rows if not row.system.startswith(CANONICAL)}
    assert written - known - PATTERNS == set()


@pytest.mark.parametrize("name", TABLES)
def test_codes_of_ours_have_a_display_and_a_definition(name: str) -> None:
    ours = [row for row in table(name).rows if row.system.startswith(CANONICAL)]
    assert [row.code for row in ours if not (row.display and row.definition)] == []
    assert {row.system.partition(f"{CANONICAL}/CodeSystem/")[2] for row in ours} <= {name}


def test_snomed_displays_are_of_the_free_set(shared: pathlib.Path) -> None:
    with (shared / "standards" / "codes.tsv").open(encoding="utf-8", newline="") as lines:
        free = {
            (line["code"], line["display"])
            for line in csv.DictReader(lines, delimiter="\t")
            if line["system"] == "http://snomed.info/sct" and "SNOMED GPS, CC-BY-4.0" in line["source"]
        }
    rows = [row for name in TABLES for row in table(name).rows if row.system == "http://snomed.info/sct"]
    assert len(rows) == 6
    assert {(row.code, row.display) for row in rows} - free == set()
