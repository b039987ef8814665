"""Only those papers go with a release that something released rests on."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.consent.case_facts import facts_of
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests import golden
from tests.adapter.consent.given import TPO_CONSENT as TPO
from tests.small_case import BASE, CASE, NOTE, PATIENT, REPORT, case, export, write

PART2_NOTE = NOTE | {"meta": {"security": [{"code": "42CFRPart2"}]}}
NOTES: dict[str, Any] = {
    "description": "session notes",
    "discloser": "Holder Hospital (synthetic)",
    "recipient": "Review Center (synthetic)",
    "purpose": "second opinion",
    "expiry": "2026-12-31",
    "signed": True,
    "signed_on": "2026-02-20",
    "signer": "patient",
    "statement_revocation": True,
    "statement_conditioning": True,
    "statement_redisclosure": True,
    "psychotherapy_notes": True,
}


def _told(**papers: Any) -> dict[str, Any]:
    return case(access=CASE["access"] | papers)


def _papers(made: dict[str, bytes]) -> tuple[set[str], list[str]]:
    access = json.loads(made["case.json"])["access"]
    entries = json.loads(made["bundle.json"])["entry"]
    consents = [e["resource"]["category"][0]["coding"][0]["code"] for e in entries if "scope" in e["resource"]]
    return {"directive", "authorization", "part2_consent"} & set(access), consents


@pytest.mark.parametrize(
    ("note", "papers", "kept", "consents"),
    [
        (PART2_NOTE, {"part2_consent": TPO | {"expiry": "2026-03-01"}}, set(), []),
        (REPORT | {"id": "second"}, {"part2_consent": TPO}, set(), []),
        (PART2_NOTE, {"part2_consent": TPO}, {"part2_consent"}, ["42CFRPart2CD"]),
        (NOTE, {"authorization": NOTES}, {"authorization"}, ["HIPAAAuthCD"]),
        (NOTE, {"authorization": NOTES | {"known_false": True}}, set(), []),
        (NOTE, {"authorization": NOTES | {"psychotherapy_notes": None}}, set(), []),
        (NOTE, {"directive": {"written": True, "signed": True}}, set(), []),
    ],
    ids=["expired", "unused", "part-2", "notes", "false", "general", "directive"],
)
def test_a_paper_goes_with_what_rests_on_it(
    note: dict[str, Any], papers: dict[str, Any], kept: set[str], consents: list[str], tmp_path: Path
) -> None:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/note.json": note}
    assert _papers(export(tmp_path, files, _told(**papers))) == (kept, consents)


def test_an_authorization_covers_what_rests_on_it_and_not_what_goes_for_treatment(tmp_path: Path) -> None:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/note.json": NOTE}
    made = export(tmp_path, files, _told(authorization=NOTES))
    note = f"{BASE}/DocumentReference/{NOTE['id']}"
    assert json.loads(made["case.json"])["access"]["authorization"]["covers"] == [note]
    entries = [entry["resource"] for entry in json.loads(made["bundle.json"])["entry"]]
    consent = next(resource for resource in entries if resource["resourceType"] == "Consent")
    assert [data["reference"]["reference"] for data in consent["provision"]["data"]] == [note]


def test_an_authorization_for_psychotherapy_notes_is_one_for_nothing_else(tmp_path: Path) -> None:
    facts = facts_of(
        load_case(write(tmp_path / "c", {}, _told(authorization=NOTES)), DEFAULT_NAMESPACE), str(golden.NOW)
    )
    assert facts.authorization is None
    assert facts.psychotherapy_authorization is not None
    general = _told(authorization=NOTES | {"psychotherapy_notes": None})
    facts = facts_of(load_case(write(tmp_path / "d", {}, general), DEFAULT_NAMESPACE), str(golden.NOW))
    assert facts.authorization is not None
    assert facts.psychotherapy_authorization is None


def test_a_revocation_in_a_month_is_a_revocation(tmp_path: Path) -> None:
    told = _told(part2_consent=TPO | {"revoked_on": "2026-02"})
    facts = facts_of(load_case(write(tmp_path / "c", {}, told), DEFAULT_NAMESPACE), str(golden.NOW))
    assert facts.part2_consent is not None
    assert (facts.part2_consent.revoked, facts.part2_consent.revoked_on) == (True, None)
