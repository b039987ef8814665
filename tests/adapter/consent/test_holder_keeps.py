"""What a case says of a request and stays with the holder leaves no trace: the bundle is as if it were not said."""

from pathlib import Path
from typing import Any

import pytest

from adapter.consent.withhold_case import GOES
from adapter.errors import NotPermitted
from mappings.domain.access import Access
from mappings.problems import ProblemError
from tests.small_case import CASE, NOTE, PATIENT, REPORT, SECRET, case, export

NOTE_URL = f"DocumentReference/{NOTE['id']}"
FILES = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
PAPER: dict[str, Any] = {
    "description": f"{SECRET} notes", "discloser": "Holder Hospital (synthetic)", "recipient": f"{SECRET} LLP",
    "purpose": SECRET, "expiry": f"{SECRET} trial", "signed": True, "signed_on": "2019-01-17",
}  # fmt: skip
PART2: dict[str, Any] = {"patient_named": True, "recipients": SECRET, "purpose": SECRET, "expiry": SECRET}
SAID: dict[str, Any] = {
    "received_by_associate_at": "2019-01-17T10:00:00-05:00",
    "written_required": True,
    "informed_of_written_rule": False,
    "actions": ["inspect"],
    "manner": {"form_requested": SECRET, "delivery": "own_device", "device_risk_found": True},
    "asserted_reason": SECRET,
    "site_demands": [SECRET],
    "minimum_necessary": {"scope": SECRET, "entire_record_justification": SECRET},
    "involvement": {"individual_objected": True},
    "minor": {"unemancipated": True, "state_law": "prohibits"},
    "inmate": True,
    "election": {"reasonable_belief": SECRET, "best_interest_decision": True},
    "psychotherapy_authorization": PAPER,
    "counseling_notes_consent": PART2,
    "proceedings_consent": PART2,
    "court_order": {"subpoena": True},
    "research": {"waiver_documented": False, "review": "preparatory"},
    "limited_data_set": {"data_use_agreement": False},
    "required_by_law": False,
    "state_consents": [SECRET],
    "extensions": [{"reasons": SECRET, "until": "2026-04-20"}],
    "fees": [{"item": SECRET, "amount": 5}],
    "review": {"official": SECRET},
    "restrictions": [{"agreed": True, "blocks_recipient": "attorney", "items": ["request"]}],
    "determinations": [{"ground": "endanger_life_or_safety", "applies_to": ["request"], "professional": SECRET}],
}
IN_LAW: dict[str, Any] = {
    "data_classes": [SECRET],
    "topic": SECRET,
    "names_other_person": True,
    "other_person_is_provider": False,
    "paid_in_full_out_of_pocket": True,
    "restriction_requested": True,
    "privacy_act_denial_ok": True,
    "research": {"in_progress": True},
    "source": {"promised_confidentiality": True},
}


def _went(folder: Path, access: dict[str, Any], *lines: dict[str, Any]) -> dict[str, bytes]:
    return export(folder, FILES, case(access=CASE["access"] | access, materials=list(lines)))


def test_every_field_of_the_authority_travels_or_is_tried_here() -> None:
    assert {*GOES, *SAID, "id"} == {*Access.__struct_fields__}
    assert set(GOES).isdisjoint(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
def test_what_stays_with_the_holder_changes_no_byte(name: str, tmp_path: Path) -> None:
    assert _went(tmp_path / "told", {name: SAID[name]}) == _went(tmp_path / "not", {})


@pytest.mark.parametrize("name", sorted(IN_LAW))
def test_what_the_law_asks_of_an_item_changes_no_byte(name: str, tmp_path: Path) -> None:
    line = {"item": "DiagnosticReport/report", "in_law": {name: IN_LAW[name]}}
    assert _went(tmp_path / "told", {}, line) == _went(tmp_path / "not", {})


def test_a_statement_of_disagreement_that_goes_along_changes_no_byte(tmp_path: Path) -> None:
    told = {"statement_of_disagreement": True, "statement_included": True, "statement": "request"}
    went = _went(tmp_path / "told", {}, {"item": "DiagnosticReport/report", "in_law": told})
    assert went == _went(tmp_path / "not", {})


def test_what_the_holder_found_of_a_paper_stays(tmp_path: Path) -> None:
    paper = PAPER | {
        "recipient": "Attorney (synthetic)", "purpose": "expert review", "expiry": "end of the claim",
        "description": "all", "signer": "patient",
        **dict.fromkeys(("statement_revocation", "statement_conditioning", "statement_redisclosure"), True),
    }  # fmt: skip
    access = {
        "requester": "attorney", "recipient": "attorney", "recipient_party": "org-lawyer", "purpose": "other",
        "recipient_is_provider": False,
    }  # fmt: skip
    parties = [*CASE["organizations"], {"id": "org-lawyer", "name": "Attorney (synthetic)"}]

    def went(name: str, **found: Any) -> dict[str, bytes]:
        told = case(access=CASE["access"] | access | {"authorization": paper | found}, organizations=parties)
        return export(tmp_path / name, FILES, told)

    found = {"sought_by_holder": True, "copy_given": True, "expiry_event_occurred": False, "plain_language": True}
    assert went("told", **found) == went("not")


def test_a_note_that_is_withheld_takes_its_own_authorization_with_it(tmp_path: Path) -> None:
    files = FILES | {"fhir/note.json": NOTE}
    told = case(access=CASE["access"] | {"psychotherapy_authorization": PAPER})
    assert export(tmp_path / "a", files, told) == export(tmp_path / "b", files, case())


DISPUTED = {"statement_of_disagreement": True, "statement_included": True}


@pytest.mark.parametrize(
    ("statement", "offered"),
    [
        (None, True),
        ("no-such-thing", True),
        ("DiagnosticReport/report", True),
        (NOTE_URL, False),
    ],
)
def test_a_statement_of_disagreement_that_is_not_there_to_go_along_keeps_the_item(
    statement: str | None, offered: bool, tmp_path: Path
) -> None:
    files = FILES | {"fhir/note.json": NOTE}
    line = {"item": "DiagnosticReport/report", "in_law": DISPUTED | ({"statement": statement} if statement else {})}
    note = {"item": NOTE_URL, "offered": offered, "kind": "consent_form"}
    with pytest.raises(NotPermitted) as refused:
        export(tmp_path, files, case(materials=[line, note]))
    assert "DISAGREEMENT_MUST_ACCOMPANY" in {reason.code for reason in refused.value.decision.reasons}


def test_a_disputed_item_does_not_go_where_its_statement_may_not(tmp_path: Path) -> None:
    line = {"item": "DiagnosticReport/report", "in_law": DISPUTED | {"statement": NOTE_URL}}
    with pytest.raises(ProblemError) as refused:
        export(tmp_path, FILES | {"fhir/note.json": NOTE}, case(materials=[line]))
    [told] = refused.value.problems
    assert (told.rule, told.where) == ("45 CFR 164.526(d)(5)(i)", "case.json $.materials.in_law.statement")
