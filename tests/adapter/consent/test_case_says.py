"""Every fact of the law has its place in a case, or in the settings, or a reason why it is of neither."""

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from adapter.config import Office, Settings
from adapter.consent.case_facts import facts_of
from adapter.consent.decide import Decision, decide
from adapter.consent.facts import Facts
from adapter.consent.groups import AmendmentPart, Group, Holder
from adapter.pipeline import holder_in_law
from adapter.sources.case_file import load_case
from adapter.standing import Standing
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.given import policy
from tests.small_case import CASE, PATIENT, REPORT, case, write

NOTHING = Holder()
AT = "2026-03-02T12:00:00-05:00"
LAWYER = {"id": "org-lawyer", "name": "Smith LLP (synthetic)"}
PARTIES = [*CASE["organizations"], LAWYER]
PATIENT_ASKS: dict[str, Any] = {
    "id": "access",
    "pathway": "access",
    "requester": "patient",
    "recipient": "patient",
    "recipient_party": "patient",
    "purpose": "patient_request",
    "request_form": "written",
    "identity_verified": True,
    "received_at": "2026-03-02T10:15:00-05:00",
    "holder_tz": "America/New_York",
}
FOR_TREATMENT: dict[str, Any] = CASE["access"]
PAPER: dict[str, Any] = {
    "description": "all records",
    "discloser": "Holder Hospital (synthetic)",
    "recipient": "Smith LLP (synthetic)",
    "purpose": "expert review",
    "expiry": "2026-12-31",
    "signed": True,
    "signed_on": "2026-01-05",
    "signer": "patient",
    "statement_revocation": True,
    "statement_conditioning": True,
    "statement_redisclosure": True,
}
TO_LAWYER: dict[str, Any] = FOR_TREATMENT | {
    "requester": "attorney",
    "recipient": "attorney",
    "recipient_party": "org-lawyer",
    "recipient_is_provider": False,
    "purpose": "other",
    "authorization": PAPER,
}
PART2: dict[str, Any] = {
    "patient_named": True,
    "discloser": True,
    "description": True,
    "recipients": "my treating providers",
    "tpo_single_consent": True,
    "hipaa_redisclosure_statement": True,
    "purpose": "treatment, payment and operations",
    "revocation_right": True,
    "expiry": "none",
    "signed": True,
    "signed_on": "2026-02-20",
    "redisclosure_potential_statement": True,
    "refusal_consequences_statement": True,
}
TO_COURT = PART2 | {
    "tpo_single_consent": None,
    "recipients": "Smith LLP (synthetic)",
    "purpose": "legal proceedings",
    "expiry": "2026-12-31",
    "combined": False,
}
IN_COURT = TO_LAWYER | {"purpose": "legal_proceedings"}
RESEARCHER = TO_LAWYER | {"requester": "researcher", "recipient": "researcher", "purpose": "research"}
del RESEARCHER["authorization"]
FAMILY = FOR_TREATMENT | {
    "requester": "family_member",
    "recipient": "family_member",
    "recipient_party": "kin",
    "purpose": "involvement_in_care",
    "recipient_is_provider": False,
}
PARENT = PATIENT_ASKS | {
    "requester": "parent",
    "recipient": "parent",
    "recipient_party": "kin",
    "authority_verified": True,
}
PAYER = FOR_TREATMENT | {
    "requester": "payer",
    "recipient": "health_plan",
    "recipient_party": "org-lawyer",
    "purpose": "payment",
    "recipient_is_provider": False,
}
KIN = [{"id": "kin", "names": [{"family": "Testperson", "given": ["Kin"]}], "relationship": "other"}]
SUD: dict[str, Any] = {"sensitivity": "part2"}
WSI: dict[str, Any] = {"kind": "whole_slide_image"}
HARM = [
    {
        "ground": "endanger_life_or_safety",
        "by_licensed_professional": True,
        "professional": "Dr. A",
        "made_on": "2026-03-01",
        "applies_to": ["DiagnosticReport/report"],
    }
]


def _facts(folder: Path, access: dict[str, Any], line: dict[str, Any], holder: Holder = NOTHING, **more: Any) -> Facts:
    lines = [{"item": "DiagnosticReport/report", **line}] if line else []
    told = case(access=access, organizations=PARTIES, related_persons=KIN, materials=lines, **more)
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    return facts_of(load_case(write(folder / "case", files, told), DEFAULT_NAMESPACE), AT, holder)


def _of(decision: Decision, facts: Facts) -> tuple[str, str, set[str]]:
    """The fate of the report, the outcome, and every code."""
    report = next(item.id for item in facts.materials if item.id.endswith("/report"))
    fate = "released" if report in decision.released else "stays"
    return fate, decision.outcome, {reason.code for reason in decision.reasons}


Row = tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], Holder, str, str]
INMATE = PATIENT_ASKS | {
    "inmate": True,
    "actions": ["copy"],
    "determinations": [HARM[0] | {"ground": "inmate_jeopardy"}],
}
PRISON = Holder(correctional=True)
ROWS: tuple[Row, ...] = (
    # what is told, access, its line under materials, other fields of the case, the holder, fate, a code
    ("received_by_associate_at", PATIENT_ASKS | {"received_at": "2026-03-01T10:00:00-05:00",
     "received_by_associate_at": "2026-01-15T10:00:00-05:00"}, {}, {}, Holder(), "released", "OVERDUE"),
    ("request_form", PATIENT_ASKS | {"request_form": "electronic"}, {}, {}, Holder(), "released", "ACCESS_RIGHT"),
    ("written_required", PATIENT_ASKS | {"request_form": "oral", "written_required": True,
     "informed_of_written_rule": True}, {}, {}, Holder(), "stays", "WRITTEN_REQUEST_REQUIRED"),
    ("informed_of_written_rule", PATIENT_ASKS | {"request_form": "oral", "written_required": True,
     "informed_of_written_rule": False}, {}, {}, Holder(), "released", "WRITTEN_RULE_NOT_INFORMED"),
    ("asserted_reason", PATIENT_ASKS | {"asserted_reason": "unpaid_bill"}, {}, {}, Holder(), "released",
     "NOT_A_GROUND"),
    ("site_demands", PATIENT_ASKS | {"site_demands": ["visit"]}, {}, {}, Holder(), "released", "UNREASONABLE_MEASURE"),
    ("readily_producible", PATIENT_ASKS | {"manner": {"form_requested": "dicom", "readily_producible": ["dicom"]}},
     {}, {}, Holder(), "released", "FORMAT_AS_REQUESTED"),
    ("form_requested", PATIENT_ASKS | {"manner": {"form_requested": "dicom"}}, {}, {}, Holder(), "stays",
     "FORMAT_AGREEMENT_NEEDED"),
    ("form_agreed", PATIENT_ASKS | {"manner": {"form_requested": "dicom", "form_agreed": "jpeg",
     "readily_producible": ["jpeg"]}}, {}, {}, Holder(), "released", "FORMAT_FALLBACK_ELECTRONIC"),
    ("electronic_offers_refused", PATIENT_ASKS | {"manner": {"form_requested": "dicom",
     "electronic_offers_refused": True}}, {}, {}, Holder(), "released", "FORMAT_FALLBACK_HARD_COPY"),
    ("offered_in_lieu", PATIENT_ASKS | {"manner": {"offered_in_lieu": "summary"}}, {}, {}, Holder(), "released",
     "SUMMARY_NOT_AGREED"),
    ("summary_fee_agreed", PATIENT_ASKS | {"manner": {"offered_in_lieu": "summary", "summary_agreed_in_advance": True,
     "summary_fee_agreed": True}, "fees": [{"item": "agreed_summary", "amount": 5}]}, {}, {}, Holder(), "released",
     "FEE_OK"),
    ("delivery", PATIENT_ASKS | {"manner": {"delivery": "unencrypted_email"}}, {}, {}, Holder(), "stays",
     "EMAIL_WARNING_NEEDED"),
    ("still_prefers", PATIENT_ASKS | {"manner": {"delivery": "unencrypted_email", "risk_warning_given": True,
     "still_prefers": True}}, {}, {}, Holder(), "released", "EMAIL_PREFERENCE_HONOURED"),
    ("device_risk_found", PATIENT_ASKS | {"manner": {"delivery": "own_device", "device_risk_found": True}}, {}, {},
     Holder(), "stays", "DEVICE_REFUSED"),
    ("scope", PAYER | {"minimum_necessary": {"scope": "reports"}}, {}, {}, Holder(), "released", "PAYMENT_DISCLOSURE"),
    ("no scope", PAYER, {}, {}, Holder(), "stays", "FACT_MISSING"),
    ("entire record", PAYER | {"minimum_necessary": {"scope": "entire_medical_record"}}, {}, {}, Holder(), "stays",
     "ENTIRE_RECORD_NOT_JUSTIFIED"),
    ("entire_record_justification", PAYER | {"minimum_necessary": {"scope": "entire_medical_record",
     "entire_record_justification": "the whole course is in question"}}, {}, {}, Holder(), "released",
     "PAYMENT_DISCLOSURE"),
    ("family agreed", FAMILY | {"involvement": {"involved_in_care": True, "individual_agreed": True}}, {}, {}, Holder(),
     "released", "INVOLVED_IN_CARE"),
    ("opportunity_to_object", FAMILY | {"involvement": {"involved_in_care": True, "opportunity_to_object": True,
     "individual_objected": False}}, {}, {}, Holder(), "released", "INVOLVED_IN_CARE"),
    ("individual_objected", FAMILY | {"involvement": {"involved_in_care": True, "individual_objected": True}}, {}, {},
     Holder(), "stays", "AUTHORIZATION_MISSING"),
    ("professional_judgment", FAMILY | {"involvement": {"involved_in_care": True, "professional_judgment": True}}, {},
     {}, Holder(), "released", "INVOLVED_IN_CARE"),
    ("minor, state law silent", PARENT | {"minor": {"unemancipated": True, "consented_alone": True,
     "state_law": "silent"}}, {}, {}, Holder(), "stays", "MINOR_DECISION_NEEDED"),
    ("minor, licensed_decision", PARENT | {"minor": {"unemancipated": True, "consented_alone": True,
     "state_law": "silent", "licensed_decision": True}}, {}, {}, Holder(), "released", "MINOR_ACTS_ALONE"),
    ("minor, asked_parent", PARENT | {"minor": {"unemancipated": True, "consented_alone": True, "asked_parent": True,
     "state_law": "silent"}}, {}, {}, Holder(), "released", "PARENT_OF_MINOR"),
    ("minor, court", PARENT | {"minor": {"unemancipated": True, "court_or_other_consent": True,
     "state_law": "permits"}}, {}, {}, Holder(), "released", "MINOR_STATE_LAW_PERMITS"),
    ("minor, confidentiality", PARENT | {"minor": {"unemancipated": True, "confidentiality_assent": True,
     "state_law": "silent"}}, {}, {}, Holder(), "stays", "MINOR_DECISION_NEEDED"),
    ("minor, prohibited", PARENT | {"minor": {"unemancipated": True, "state_law": "prohibits"}}, {}, {}, Holder(),
     "stays", "MINOR_STATE_LAW_PROHIBITS"),
    ("election", PARENT | {"minor": {"unemancipated": True, "state_law": "permits", "consented_alone": False},
     "election": {"reasonable_belief": "abuse", "best_interest_decision": True}}, {}, {}, Holder(), "stays",
     "REPRESENTATIVE_NOT_RECOGNIZED"),
    ("inmate", INMATE, {}, {}, PRISON, "stays", "INMATE_COPY_JEOPARDY"),
    ("acts_under_direction", INMATE, {}, {}, Holder(acts_under_direction=True), "stays", "INMATE_COPY_JEOPARDY"),
    ("actions", INMATE | {"actions": ["inspect"]}, {}, {}, PRISON, "released", "ACCESS_RIGHT"),
    ("psychotherapy_authorization", TO_LAWYER | {"psychotherapy_authorization": PAPER},
     {"kind": "psychotherapy_notes", "sensitivity": "psychotherapy"}, {}, Holder(), "released",
     "AUTHORIZATION_DISCLOSURE"),
    ("counseling_notes_consent", FOR_TREATMENT | {"counseling_notes_consent": PART2},
     {"kind": "sud_counseling_notes"}, {}, Holder(), "released", "PART2_CONSENT_OK"),
    ("part2_consent for counseling", FOR_TREATMENT | {"part2_consent": PART2}, {"kind": "sud_counseling_notes"}, {},
     Holder(), "stays", "PART2_COUNSELING_NOTES"),
    ("proceedings_consent", IN_COURT | {"proceedings_consent": TO_COURT}, SUD, {}, Holder(), "released",
     "PART2_CONSENT_OK"),
    ("combined", IN_COURT | {"proceedings_consent": TO_COURT | {"combined": True}}, SUD, {}, Holder(), "stays",
     "PART2_PROCEEDINGS_BAR"),
    ("court_order", IN_COURT | {"court_order": {"under_part2": True}}, SUD, {}, Holder(), "released",
     "PART2_COURT_ORDER"),
    ("subpoena", IN_COURT | {"court_order": {"subpoena": True}}, SUD, {}, Holder(), "stays", "PART2_PROCEEDINGS_BAR"),
    ("waiver_documented", RESEARCHER | {"research": {"waiver_documented": True}}, {}, {}, Holder(), "released",
     "RESEARCH_WAIVER"),
    ("preparatory", RESEARCHER | {"research": {"review": "preparatory", "sole_purpose": True, "necessary": True}}, {},
     {}, Holder(), "stays", "PREPARATORY_STAYS"),
    ("decedents", RESEARCHER | {"research": {"review": "decedents", "sole_purpose": True, "necessary": True}}, {},
     {"patient": CASE["patient"] | {"deceased": True}}, Holder(), "released", "RESEARCH_DECEDENTS"),
    ("death_documented", RESEARCHER | {"research": {"review": "decedents", "sole_purpose": True, "necessary": True,
     "death_documented": False}}, {}, {"patient": CASE["patient"] | {"deceased": True}}, Holder(), "stays",
     "AUTHORIZATION_MISSING"),
    ("limited_data_set", RESEARCHER | {"limited_data_set": {"direct_identifiers_removed": True,
     "data_use_agreement": True}}, {}, {}, Holder(), "released", "LIMITED_DATA_SET"),
    ("required_by_law", RESEARCHER | {"recipient": "cancer_registry", "purpose": "public_health",
     "required_by_law": True}, {}, {}, Holder(), "released", "REQUIRED_BY_LAW"),
    ("plain_language", TO_LAWYER | {"authorization": PAPER | {"plain_language": False}}, {}, {}, Holder(), "stays",
     "AUTH_INCOMPLETE"),
    ("remuneration", TO_LAWYER | {"authorization": PAPER | {"remuneration": True}}, {}, {}, Holder(), "stays",
     "SALE_OR_MARKETING_AUTHORIZATION"),
    ("statement_remuneration", TO_LAWYER | {"authorization": PAPER | {"remuneration": True,
     "statement_remuneration": True}}, {}, {}, Holder(), "released", "AUTHORIZATION_DISCLOSURE"),
    ("expiry_event_occurred", TO_LAWYER | {"authorization": PAPER | {"expiry": "discharge",
     "expiry_event_occurred": True}}, {}, {}, Holder(), "stays", "AUTH_EXPIRED"),
    ("sought_by_holder", TO_LAWYER | {"authorization": PAPER | {"sought_by_holder": True}}, {}, {}, Holder(),
     "released", "AUTHORIZATION_COPY_OWED"),
    ("Part 2 signer", FOR_TREATMENT | {"part2_consent": PART2 | {"signer": "guardian"}}, SUD, {}, Holder(), "stays",
     "PART2_CONSENT_DEFECTIVE"),
    ("signer_authority_described", FOR_TREATMENT | {"part2_consent": PART2 | {"signer": "guardian",
     "signer_authority_described": True}}, SUD, {}, Holder(), "released", "PART2_CONSENT_OK"),
    ("recipient_is_intermediary", FOR_TREATMENT | {"part2_consent": PART2 | {"recipient_is_intermediary": True}}, SUD,
     {}, Holder(), "stays", "PART2_CONSENT_DEFECTIVE"),
    ("Part 2 known_false", FOR_TREATMENT | {"part2_consent": PART2 | {"known_false": True}}, SUD, {}, Holder(),
     "stays", "PART2_CONSENT_DEFECTIVE"),
    ("Part 2 covers", FOR_TREATMENT | {"part2_consent": PART2 | {"covers": ["request"]}}, SUD, {}, Holder(), "stays",
     "PART2_CONSENT_MISSING"),
    ("received_under", FOR_TREATMENT, SUD | {"in_law": {"received_under": "tpo_single_consent"}}, {},
     Holder(covered_entity=True, part2_program=False), "released", "PART2_REDISCLOSURE_HIPAA"),
    ("received_under at a program", FOR_TREATMENT, SUD | {"in_law": {"received_under": "tpo_single_consent"}}, {},
     Holder(covered_entity=True, part2_program=True), "stays", "PART2_CONSENT_MISSING"),
    ("data_classes", FOR_TREATMENT | {"purpose": "underwriting", "recipient": "health_plan", "requester": "payer",
     "recipient_party": "org-lawyer", "recipient_is_provider": False}, {"in_law": {"data_classes": ["family_history"]}},
     {}, Holder(), "stays", "GENETIC_UNDERWRITING_BAR"),
    ("topic", PARENT | {"requester": "personal_representative", "recipient": "personal_representative",
     "representative": {"type": "guardian", "scope": "cancer_care"}}, {"in_law": {"topic": "fertility"}}, {}, Holder(),
     "stays", "REPRESENTATION_SCOPE_EXCEEDED"),
    ("names_other_person", PATIENT_ASKS | {"determinations": [HARM[0] |
     {"ground": "substantial_harm_to_referenced_person"}]}, {"in_law": {"names_other_person": True}}, {}, Holder(),
     "stays", "HARM_TO_REFERENCED_PERSON"),
    ("other_person_is_provider", PATIENT_ASKS | {"determinations": [HARM[0] |
     {"ground": "substantial_harm_to_referenced_person"}]}, {"in_law": {"names_other_person": True,
     "other_person_is_provider": True}}, {}, Holder(), "released", "REFERENCE_ALONE_NOT_GROUND"),
    ("self-pay", PAYER | {"minimum_necessary": {"scope": "reports"}}, {"in_law": {"restriction_requested": True,
     "paid_in_full_out_of_pocket": True}}, {}, Holder(), "stays", "SELF_PAY_RESTRICTION"),
    ("statement_of_disagreement", FOR_TREATMENT, {"in_law": {"statement_of_disagreement": True}}, {}, Holder(),
     "stays", "DISAGREEMENT_MUST_ACCOMPANY"),
    ("statement_included", FOR_TREATMENT, {"in_law": {"statement_of_disagreement": True, "statement_included": True,
     "statement": "request"}}, {}, Holder(), "released", "DISAGREEMENT_MUST_ACCOMPANY"),
    ("privacy_act_denial_ok", PATIENT_ASKS, {"in_law": {"privacy_act_denial_ok": True}}, {},
     Holder(federal_privacy_act=True), "stays", "PRIVACY_ACT_DENIAL"),
    ("research of an item", PATIENT_ASKS, {"in_law": {"research": {"includes_treatment": True, "in_progress": True,
     "agreed_to_suspension": True, "told_of_reinstatement": True}}}, {}, Holder(), "stays", "RESEARCH_SUSPENSION"),
    ("health_plan", PATIENT_ASKS, {"in_law": {"research": {"includes_treatment": True, "in_progress": True,
     "agreed_to_suspension": True, "told_of_reinstatement": True}}}, {}, Holder(health_plan=True), "released",
     "GROUND_NOT_AVAILABLE"),
    ("source", PATIENT_ASKS, {"in_law": {"source": {"is_provider": False, "promised_confidentiality": True,
     "access_would_reveal": True}}}, {}, Holder(), "stays", "CONFIDENTIAL_SOURCE"),
    ("clia_laboratory", PATIENT_ASKS, {"completed": True}, {}, Holder(clia_laboratory=True), "released",
     "CLIA_LAB_ACCESS"),
    ("dead, the day unknown", PARENT | {"requester": "personal_representative", "recipient": "personal_representative",
     "representative": {"type": "health_care_proxy", "scope": "all_health_care"}}, {},
     {"patient": CASE["patient"] | {"deceased_on": "2025"}}, Holder(), "stays", "AUTHORITY_NOT_VERIFIED"),
    ("deceased", PARENT | {"requester": "personal_representative", "recipient": "personal_representative",
     "representative": {"type": "executor"}}, {}, {"patient": CASE["patient"] | {"deceased": True}}, Holder(),
     "released", "DECEDENT_REPRESENTATIVE"),
    ("involved_before_death", FAMILY | {"involvement": {"involved_before_death": True,
     "contrary_preference_known": False}}, {}, {"patient": CASE["patient"] | {"deceased_on": "2025-12-01"}}, Holder(),
     "released", "DECEDENT_FAMILY_INVOLVED"),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].replace(" ", "-"))
def test_a_case_that_says_the_fact_gets_the_decision(row: Row, tmp_path: Path) -> None:
    _, access, line, more, holder, fate, code = row
    facts = _facts(tmp_path, access, line, holder, **more)
    made = _of(decide(facts, policy()), facts)
    assert (made[0], code in made[2]) == (fate, True)


def test_a_state_consent_on_file_lifts_what_the_state_wants(tmp_path: Path) -> None:
    from msgspec.structs import replace

    from adapter.consent.groups import StateRule

    strict = replace(policy(), state_rules={"hiv": StateRule(written_consent_required=True)})
    line = {"sensitivity": "hiv"}
    without = _facts(tmp_path / "a", FOR_TREATMENT, line)
    on_file = _facts(tmp_path / "b", FOR_TREATMENT | {"state_consents": ["hiv"]}, line)
    assert _of(decide(without, strict), without)[0] == "stays"
    assert _of(decide(on_file, strict), on_file)[0] == "released"


def test_a_line_adds_to_the_classes_that_a_label_says_and_takes_none_away(tmp_path: Path) -> None:
    labelled = REPORT | {"meta": {"security": [{"code": "HIV"}]}}
    told = case(materials=[{"item": "DiagnosticReport/report", "in_law": {"data_classes": ["genetic"]}}])
    folder = write(tmp_path / "case", {"fhir/p.json": PATIENT, "fhir/report.json": labelled}, told)
    facts = facts_of(load_case(folder, DEFAULT_NAMESPACE), AT)
    report = next(item for item in facts.materials if item.id.endswith("/report"))
    assert {"hiv", "genetic"} <= set(report.data_classes)


def test_what_keeps_one_form_back_keeps_every_form_back(tmp_path: Path) -> None:
    """The same bytes under another name go to no payer either."""
    told = {"restriction_requested": True, "paid_in_full_out_of_pocket": True}
    lines = [
        {"path": "documents/a.txt", "id": "doc-a", "kind": "pathology_report", "in_law": told},
        {"path": "documents/b.txt", "id": "doc-b", "kind": "pathology_report"},
    ]
    access = PAYER | {"minimum_necessary": {"scope": "reports"}}
    made = case(access=access, organizations=PARTIES, related_persons=KIN, materials=lines)
    files = {"fhir/p.json": PATIENT, "documents/a.txt": "Same words.", "documents/b.txt": "Same words."}
    facts = facts_of(load_case(write(tmp_path / "case", files, made), DEFAULT_NAMESPACE), AT)
    assert {"doc-a", "doc-b"} <= set(decide(facts, policy()).excluded)


# --- the comparison, field by field

NOT_OF_A_CASE = {
    "as_of": "the shell's clock: a case cannot set the time of its own decision",
    "materials.originated_elsewhere": "no rule reads it: where an item was made is no ground",
    "materials.also": "from labels, sensitivities and other forms of the item, never stated",
    "materials.enclosed_in": "from the images, of which these cases have none (test_enclosed.py)",
    "materials.encloses": "from the images, of which these cases have none (test_enclosed.py)",
    "materials.data_class": "from the sensitivity of a line or the kind; more of them under in_law.data_classes",
    "state_rules.written_consent_required": "from the deployment's policy: a state rule is of no one case",
    "extension_notices.written": "a letter of ours is written",
    "authorization.revoked": "follows from revoked_in_writing_on: a revocation without a writing is none",
    "psychotherapy_authorization.revoked": "as of any authorization",
    "part2_consent.revoked": "follows from revoked_on",
    "counseling_notes_consent.revoked": "follows from revoked_on",
    "proceedings_consent.revoked": "follows from revoked_on",
    "carried_consents.id": "read from the Consents in the record",
    "carried_consents.says": "read from the Consents in the record",
    "carried_consents.rules": "read from the Consents in the record",
    "carried_consents.paper": "read from the Consents in the record",
    "carried_consents.applies_to": "read from the Consents in the record",
    "amendment.created_here": "a request to amend is no case: `decide` takes it",
    "amendment.originator_unavailable_reasonable_basis": "a request to amend is no case: `decide` takes it",
    "amendment.in_drs": "a request to amend is no case: `decide` takes it",
    "amendment.accessible": "a request to amend is no case: `decide` takes it",
    **dict.fromkeys(
        (f"amendment_parts.{name}" for name in AmendmentPart.__struct_fields__),
        "a part of a request to amend is no case: `decide` takes it",
    ),
    "amendment.accurate_and_complete": "a request to amend is no case: `decide` takes it",
    "document": "how long a document is kept is no case: `decide` and the ledger take it",
    "created_on": "how long a document is kept is no case: `decide` and the ledger take it",
    "last_in_effect_on": "how long a document is kept is no case: `decide` and the ledger take it",
    "own_use": "the holder's own use is no case: `convert` states it",
}
"""Facts that no case says, each with the reason."""
SETTINGS = Settings(
    holder=Standing(**dict.fromkeys(Standing.__struct_fields__, True)),
    office=Office(title="Privacy Officer", phone="+1 505 555 0100"),
)


def _paths(kind: type, before: str = "") -> Iterator[str]:
    for name, hint in get_type_hints(kind).items():
        inner = _group_in(hint)
        if inner is None:
            yield f"{before}{name}"
        else:
            yield from _paths(inner, f"{before}{name}.")


def _group_in(hint: Any) -> type[Group] | None:
    if isinstance(hint, type) and issubclass(hint, Group):
        return hint
    if get_origin(hint) in (types.UnionType, typing.Union, tuple, dict):
        return next((found for one in get_args(hint) if (found := _group_in(one)) is not None), None)
    return None


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple) and path:
        for one in value:
            yield from _values(one, path)
    elif not path:
        yield value
    elif value is not None:
        yield from _values(getattr(value, path[0]), path[1:])


def test_every_fact_is_said_by_a_case_or_has_its_reason(tmp_path: Path) -> None:
    said = set()
    for number, (access, line, more) in enumerate(FULL):
        facts = _facts(tmp_path / str(number), access, line, holder_in_law(SETTINGS), **more)
        for path in _paths(Facts):
            if any(value not in (None, (), {}, "") for value in _values(facts, path.split("."))):
                said.add(path)
    assert sorted(set(_paths(Facts)) - said - NOT_OF_A_CASE.keys()) == []
    assert sorted(NOT_OF_A_CASE.keys() - set(_paths(Facts))) == []


FULL_PAPER = PAPER | {
    "representative_authority_described": True,
    "plain_language": True,
    "remuneration": False,
    "compound": False,
    "statement_remuneration": True,
    "expiry_event_occurred": False,
    "sought_by_holder": True,
    "copy_given": True,
    "conditioned": False,
    "known_false": False,
    "covers": ["request"],
    "revoked_in_writing_on": "2026-03-01",
}
FULL_PART2 = PART2 | {
    "recipient_is_covered_entity": True,
    "covers": ["request"],
    "signer": "guardian",
    "signer_authority_described": True,
    "recipient_is_intermediary": False,
    "intermediary_participants_named": True,
    "combined": False,
    "known_false": False,
    "revoked_on": "2026-03-01",
}
FULL_ACCESS = PARENT | {
    "recipient_is_provider": False,
    "engaged_by_payer": False,
    "authorization": FULL_PAPER,
    "directive": {"written": True, "signed": True, "designee": "Kin", "address": "1 Main St"},
    "psychotherapy_authorization": FULL_PAPER,
    "part2_consent": FULL_PART2,
    "counseling_notes_consent": FULL_PART2,
    "proceedings_consent": FULL_PART2,
    "representative": {"type": "guardian", "scope": "cancer_care"},
    "restrictions": [{"agreed": True, "blocks_recipient": "payer", "items": ["request"]}],
    "determinations": HARM,
    "loan": {"agreement": True, "return_by": "2026-06-01", "custodian": "Path"},
    "extensions": [{"reasons": "scanning", "until": "2026-04-20", "sent_on": "2026-03-20"}],
    "fees": [{"item": "copy_labor", "amount": 5}],
    "review": {"requested_on": "2026-03-01", "official": "Dr. B", "official_licensed": True, "decision": "uphold"},
    "received_by_associate_at": "2026-03-01T10:00:00-05:00",
    "written_required": True,
    "informed_of_written_rule": True,
    "actions": ["copy"],
    "asserted_reason": "unpaid_bill",
    "site_demands": ["visit"],
    "manner": {
        "form_requested": "dicom",
        "readily_producible": ["dicom"],
        "form_agreed": "dicom",
        "electronic_offers_refused": False,
        "offered_in_lieu": "summary",
        "summary_agreed_in_advance": True,
        "summary_fee_agreed": True,
        "delivery": "own_device",
        "risk_warning_given": True,
        "still_prefers": True,
        "device_risk_found": False,
    },
    "minimum_necessary": {"scope": "reports", "entire_record_justification": "none"},
    "involvement": {
        "involved_in_care": True,
        "individual_agreed": True,
        "individual_objected": False,
        "opportunity_to_object": True,
        "professional_judgment": True,
        "involved_before_death": True,
        "contrary_preference_known": False,
    },
    "minor": {
        "unemancipated": True,
        "consented_alone": False,
        "asked_parent": True,
        "court_or_other_consent": False,
        "confidentiality_assent": False,
        "state_law": "permits",
        "licensed_decision": True,
    },
    "inmate": False,
    "election": {"reasonable_belief": "abuse", "best_interest_decision": False},
    "court_order": {"under_part2": True, "subpoena": False},
    "research": {
        "waiver_documented": True,
        "review": "decedents",
        "sole_purpose": True,
        "necessary": True,
        "death_documented": True,
    },
    "limited_data_set": {"direct_identifiers_removed": True, "data_use_agreement": True},
    "required_by_law": True,
    "state_consents": ["hiv"],
}
SLIDE = {
    "parts": [{"id": "part"}],
    "blocks": [{"id": "block", "part": "part"}],
    "slides": [{"id": "slide", "parent": "block"}],
}
FULL_LINE = SUD | {
    "maintained_in": "ehr",
    "in_drs": True,
    "held": True,
    "known_location": "the archive",
    "completed": True,
    "duplicate_of": "request",
    "in_law": {
        "data_classes": ["genetic"],
        "topic": "cancer_care",
        "scan_of": "slide",
        "received_under": "tpo_single_consent",
        "names_other_person": True,
        "other_person_is_provider": False,
        "paid_in_full_out_of_pocket": True,
        "restriction_requested": True,
        "statement_of_disagreement": True,
        "statement_included": True,
        "statement": "request",
        "privacy_act_denial_ok": True,
        "research": {
            "includes_treatment": True,
            "in_progress": True,
            "agreed_to_suspension": True,
            "told_of_reinstatement": True,
        },
        "source": {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True},
    },
}
FULL: tuple[tuple[dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    (FULL_ACCESS, FULL_LINE, SLIDE | {"patient": CASE["patient"] | {"deceased_on": "2025-12-01"}}),
    (
        FULL_ACCESS | {"directive": {"written": True, "signed": True, "document": "DiagnosticReport/report"}},
        {"sensitivity": "hiv"},
        {},
    ),
)
