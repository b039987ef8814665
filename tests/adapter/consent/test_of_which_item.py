"""A reason is said of the item that it is about and of no other; an item alone has the outcome of its own ground."""

import pytest

from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    COUNSELING,
    DIRECTIVE,
    NOTES,
    PAYMENT,
    REPORT,
    SCAN,
    SLIDE,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    USE,
    Request,
    decided,
)

DANGER: Request = {
    "ground": "endanger_life_or_safety",
    "by_licensed_professional": True,
    "professional": "dr-a",
    "applies_to": ["it"],
}
OF_ANOTHER: Request = DANGER | {"ground": "substantial_harm_to_referenced_person"}
INMATE: Request = {"determinations": [DANGER | {"ground": "inmate_jeopardy"}], "patient": {"inmate": True}}
PRISON: Request = {"correctional": True, "acts_under_direction": False}
OVERTURNED: Request = {"requested": True, "official": "dr-b", "decision": "overturn"}
SUSPENDED: Request = {
    "includes_treatment": True,
    "in_progress": True,
    "agreed_to_suspension": True,
    "told_of_reinstatement": True,
}
INFORMER: Request = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}
PROXY: Request = ACCESS | {
    "requester": "personal_representative",
    "recipient": "personal_representative",
    "authority_verified": True,
    "representative": {"type": "health_care_proxy", "scope": "cancer_care"},
}
LABORATORY: Request = ACCESS | {"holder": {"clia_laboratory": True}}
AMEND: Request = {
    "pathway": "amendment",
    "requester": "patient",
    "received_at": "2026-03-02",
    "identity_verified": True,
}
UNDERWRITING: Request = AUTHORIZED | {
    "recipient": "health_plan",
    "purpose": "underwriting",
    "holder": {"health_plan": True},
    "authorization": AUTHORIZED["authorization"] | {"covers": ["it", "plain"]},
}
PROGRAM: Request = {"holder": {"part2_program": False, "covered_entity": True}}


@pytest.mark.parametrize(
    ("request_", "item", "code", "alone"),
    [
        pytest.param(ACCESS, REPORT | {"held": False}, "NOT_HELD", "not_held", id="164.524(d)(3)"),
        pytest.param(
            ACCESS,
            REPORT | {"held": False, "known_location": "City Hospital"},
            "HELD_ELSEWHERE_KNOWN",
            "not_held",
            id="164.524(d)(3)-where",
        ),
        pytest.param(TREATMENT, {"kind": "undeclared_document"}, "NOT_DECLARED", "pend", id="not-declared"),
        pytest.param(
            ACCESS, REPORT | {"in_drs": False}, "NOT_IN_DESIGNATED_RECORD_SET", "deny_not_permitted", id="164.501"
        ),
        pytest.param(ACCESS, SLIDE, "SPECIMEN_OUTSIDE_ACCESS_RIGHT", "deny_not_permitted", id="160.103"),
        pytest.param(ACCESS, NOTES, "PSYCHOTHERAPY_NOTES", "deny_unreviewable", id="164.524(a)(1)(i)"),
        pytest.param(
            ACCESS,
            REPORT | {"kind": "litigation_compilation"},
            "LITIGATION_INFORMATION",
            "deny_unreviewable",
            id="164.524(a)(1)(ii)",
        ),
        pytest.param(LABORATORY, REPORT | {"completed": True}, "CLIA_LAB_ACCESS", "permit", id="493.1291(l)"),
        pytest.param(
            LABORATORY, REPORT | {"completed": False}, "REPORT_NOT_COMPLETE", "pend", id="493.1291(l)-unfinished"
        ),
        pytest.param(
            ACCESS,
            REPORT | {"research": SUSPENDED},
            "RESEARCH_SUSPENSION",
            "deny_unreviewable",
            id="164.524(a)(2)(iii)",
        ),
        pytest.param(
            ACCESS,
            REPORT | {"research": SUSPENDED | {"in_progress": False}},
            "GROUND_NOT_AVAILABLE",
            "permit",
            id="164.524(a)(2)(iii)-ended",
        ),
        pytest.param(
            ACCESS, REPORT | {"source": INFORMER}, "CONFIDENTIAL_SOURCE", "deny_unreviewable", id="164.524(a)(2)(v)"
        ),
        pytest.param(
            ACCESS | {"holder": {"federal_privacy_act": True}},
            REPORT | {"privacy_act_denial_ok": True},
            "PRIVACY_ACT_DENIAL",
            "deny_unreviewable",
            id="164.524(a)(2)(iv)",
        ),
        pytest.param(
            ACCESS | INMATE | {"holder": PRISON},
            REPORT,
            "INMATE_COPY_JEOPARDY",
            "deny_unreviewable",
            id="164.524(a)(2)(ii)",
        ),
        pytest.param(
            ACCESS | INMATE | {"holder": PRISON, "patient": {"inmate": False}},
            REPORT,
            "GROUND_NOT_AVAILABLE",
            "permit",
            id="164.524(a)(2)(ii)-no-inmate",
        ),
        pytest.param(
            ACCESS, REPORT | {"names_other_person": True}, "REFERENCE_ALONE_NOT_GROUND", "permit", id="reference-alone"
        ),
        pytest.param(
            ACCESS | {"determinations": [OF_ANOTHER]},
            REPORT | {"names_other_person": True, "other_person_is_provider": True},
            "REFERENCE_ALONE_NOT_GROUND",
            "permit",
            id="164.524(a)(3)(ii)-provider",
        ),
        pytest.param(
            ACCESS | {"determinations": [OF_ANOTHER]},
            REPORT | {"names_other_person": True},
            "HARM_TO_REFERENCED_PERSON",
            "deny_reviewable",
            id="164.524(a)(3)(ii)",
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER | {"ground": "emotional_distress"}]},
            REPORT,
            "HARM_GROUND_NOT_MET",
            "permit",
            id="emotional-distress",
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER | {"by_licensed_professional": False}]},
            REPORT,
            "LICENSED_DETERMINATION_MISSING",
            "pend",
            id="164.524(a)(3)",
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER]}, REPORT, "ENDANGERMENT", "deny_reviewable", id="164.524(a)(3)(i)"
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER], "review": OVERTURNED},
            REPORT,
            "REVIEW_DECISION_BINDS",
            "permit",
            id="164.524(d)(4)",
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER], "review": OVERTURNED | {"decision": "uphold"}},
            REPORT,
            "REVIEW_DECISION_BINDS",
            "deny_reviewable",
            id="164.524(d)(4)-upheld",
        ),
        pytest.param(
            ACCESS | {"determinations": [DANGER], "review": OVERTURNED | {"official": "dr-a"}},
            REPORT,
            "REVIEWER_NOT_INDEPENDENT",
            "pend",
            id="164.524(a)(4)",
        ),
        pytest.param(
            PROXY,
            REPORT | {"topic": "fertility"},
            "REPRESENTATION_SCOPE_EXCEEDED",
            "deny_not_permitted",
            id="502(g)(2)",
        ),
        pytest.param(DIRECTIVE, SCAN, "DIRECTIVE_OUTSIDE_EHR", "pend", id="Ciox"),
        pytest.param(TREATMENT, NOTES, "PSYCHOTHERAPY_AUTHORIZATION_MISSING", "pend", id="164.508(a)(2)"),
        pytest.param(USE, NOTES, "PSYCHOTHERAPY_AUTHORIZATION_MISSING", "pend", id="164.508(a)(2)(i)"),
        pytest.param(USE | {"own_use": "training"}, NOTES, "NOTES_OWN_USE", "permit", id="164.508(a)(2)(i)(B)"),
        pytest.param(TREATMENT, SLIDE, "SPECIMEN_LOAN_CUSTODY", "pend", id="493.1105(a)(7)"),
        pytest.param(
            TREATMENT | {"loan": {"agreement": True, "return_by": "2026-06-01", "custodian": "Acme"}},
            SLIDE,
            "SPECIMEN_LOAN_CUSTODY",
            "permit",
            id="493.1105(a)(7)-loan",
        ),
        pytest.param(
            UNDERWRITING,
            REPORT | {"kind": "genetic_report"},
            "GENETIC_UNDERWRITING_BAR",
            "deny_not_permitted",
            id="164.502(a)(5)(i)",
        ),
        pytest.param(
            TREATMENT | {"restrictions": [{"agreed": True, "applies_to": ["it"]}]},
            REPORT,
            "AGREED_RESTRICTION",
            "deny_not_permitted",
            id="164.522(a)(1)(iii)",
        ),
        pytest.param(
            TREATMENT | {"restrictions": [{"agreed": True, "applies_to": ["it"]}], "emergency": True},
            REPORT,
            "RESTRICTION_EMERGENCY",
            "permit",
            id="164.522(a)(1)(iii)-emergency",
        ),
        pytest.param(
            PAYMENT,
            REPORT | {"restriction_requested": True, "paid_in_full_out_of_pocket": True},
            "SELF_PAY_RESTRICTION",
            "deny_not_permitted",
            id="164.522(a)(1)(vi)",
        ),
        pytest.param(
            TREATMENT | {"state_rules": {"hiv": {"written_consent_required": True}}},
            REPORT | {"data_class": "hiv"},
            "STATE_LAW_OVERLAY",
            "pend",
            id="160.203(b)",
        ),
        pytest.param(
            TREATMENT,
            REPORT | {"statement_of_disagreement": True, "statement_included": True},
            "DISAGREEMENT_MUST_ACCOMPANY",
            "permit",
            id="164.526(d)(5)(i)",
        ),
        pytest.param(
            TREATMENT,
            REPORT | {"statement_of_disagreement": True},
            "DISAGREEMENT_MUST_ACCOMPANY",
            "pend",
            id="164.526(d)(5)(i)-not-there",
        ),
        pytest.param(
            TREATMENT,
            {"kind": "administrative_record"},
            "ADMINISTRATIVE_RECORD",
            "deny_not_permitted",
            id="164.530(j)(1)",
        ),
        pytest.param(ACCESS, SUD, "PART2_PATIENT_ACCESS", "permit", id="2.23"),
        pytest.param(TREATMENT, SUD, "PART2_CONSENT_MISSING", "pend", id="2.33(a)"),
        pytest.param(TREATMENT | {"part2_consent": TPO_CONSENT}, SUD, "PART2_CONSENT_OK", "permit", id="2.31(a)"),
        pytest.param(TREATMENT | {"part2_consent": TPO_CONSENT}, SUD, "PART2_NOTICE_REQUIRED", "permit", id="2.32(a)"),
        pytest.param(TREATMENT | {"part2_consent": TPO_CONSENT}, SUD, "PART2_CONSENT_COPY", "permit", id="2.32(b)"),
        pytest.param(
            TREATMENT | PROGRAM,
            SUD | {"received_under": "tpo_single_consent"},
            "PART2_REDISCLOSURE_HIPAA",
            "permit",
            id="2.33(b)(1)",
        ),
        pytest.param(TREATMENT, COUNSELING, "PART2_COUNSELING_NOTES", "pend", id="2.31(b)"),
        pytest.param(
            AUTHORIZED | {"purpose": "legal_proceedings"},
            SUD,
            "PART2_PROCEEDINGS_BAR",
            "deny_not_permitted",
            id="2.12(d)(1)",
        ),
        pytest.param(
            AUTHORIZED | {"purpose": "legal_proceedings", "court_order": {"under_part2": True}},
            SUD,
            "PART2_COURT_ORDER",
            "permit",
            id="2.64",
        ),
        pytest.param(
            AMEND | {"amendment": {"accurate_and_complete": True}},
            REPORT,
            "AMENDMENT_DENIAL_ALLOWED",
            "deny_not_permitted",
            id="164.526(a)(2)(iv)",
        ),
    ],
)
def test_one_item(request_: Request, item: Request, code: str, alone: str) -> None:
    about = item | {"id": "it"}
    assert decided(request_, about).outcome == alone
    plain = REPORT | {"id": "plain", "names_other_person": False, "topic": "cancer_care"}
    beside = [plain] if request_["pathway"] != "amendment" else []
    reasons = decided(request_, *beside, about).reasons
    assert [one.item for one in reasons if one.code == code] == ["it"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"form_requested": "pdf", "readily_producible": ["pdf"]}, "FORMAT_AS_REQUESTED"),
        (
            {"form_requested": "xml", "form_agreed": "pdf", "readily_producible": ["pdf"]},
            "FORMAT_FALLBACK_ELECTRONIC",
        ),
        (
            {"form_requested": "xml", "form_agreed": "paper", "readily_producible": ["paper"]},
            "FORMAT_FALLBACK_HARD_COPY",
        ),
        ({"form_requested": "xml", "electronic_offers_refused": True}, "FORMAT_FALLBACK_HARD_COPY"),
        ({"form_requested": "xml"}, "FORMAT_AGREEMENT_NEEDED"),
    ],
)
def test_the_form_is_said_of_each_item(changes: Request, code: str) -> None:
    """45 CFR 164.524(c)(2)(i)-(ii)."""
    other = SCAN | {"id": "other"}
    assert [one.item for one in decided(ACCESS, REPORT, other, **changes).reasons if one.code == code] == [
        "report",
        "other",
    ]


def test_a_scan_is_offered_for_the_slide_that_it_shows() -> None:
    decision = decided(ACCESS, SLIDE, SLIDE | {"id": "second"}, SCAN | {"scan_of": ["second"]})
    assert [one.item for one in decision.reasons if one.code == "SCAN_INSTEAD"] == ["second"]


def test_what_a_consent_in_the_record_says_is_said_of_what_it_is_about() -> None:
    told = {"carried_consents": [{"id": "c", "says": "denies", "rules": ["denies"], "applies_to": ["it"]}]}
    decision = decided(TREATMENT, REPORT, REPORT | {"id": "it"}, **told)
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "CONSENT_DENIES"] == [("it", None)]
    assert (decision.outcome, decision.released) == ("permit_with_exclusions", ("report",))
