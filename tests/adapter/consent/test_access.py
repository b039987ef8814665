"""The right of access: grounds to withhold, representatives, form and fee, and requests to amend."""

import pytest

from tests.adapter.consent.given import ACCESS, DIRECTIVE, REPORT, SCAN, SLIDE, Request, codes, decided

DANGER: Request = {"ground": "endanger_life_or_safety", "by_licensed_professional": True, "professional": "dr-a"}
PROXY: Request = ACCESS | {
    "requester": "personal_representative",
    "recipient": "personal_representative",
    "authority_verified": True,
    "representative": {"type": "health_care_proxy", "scope": "all_health_care"},
}
PARENT: Request = ACCESS | {
    "requester": "parent",
    "recipient": "parent",
    "authority_verified": True,
    "patient": {"unemancipated_minor": True},
    "minor": {"consented_alone": False, "state_law": "silent"},
}


def test_a_ground_of_harm_denies_the_item_and_releases_the_rest() -> None:
    decision = decided(ACCESS, REPORT, SCAN, determinations=[DANGER | {"applies_to": ["scan"]}])
    assert (decision.outcome, decision.released) == ("permit_with_exclusions", ("report",))
    assert {"RELEASE_REMAINDER", "DENIAL_NOTICE_REQUIRED", "REVIEW_OFFERED"} <= codes(decision)
    assert {"denial_notice", "review_rights", "item_list"} <= set(decision.produce)


def test_a_ground_without_items_is_about_all_of_them() -> None:
    assert decided(ACCESS, REPORT, SCAN, determinations=[DANGER]).excluded == ("report", "scan")


@pytest.mark.parametrize("change", [{"by_licensed_professional": None}, {"ground": "martian"}, {"ground": None}])
def test_an_unknown_ground_or_an_unlicensed_finding_leaves_the_question_open(change: Request) -> None:
    decision = decided(ACCESS, determinations=[DANGER | change])
    assert (decision.outcome, decision.released, decision.deadline) == ("pend", (), "2026-04-01")


@pytest.mark.parametrize(
    ("review", "outcome"),
    [
        ({"requested": True}, "deny_reviewable"),
        ({"requested": True, "official": "dr-b", "decision": "uphold"}, "deny_reviewable"),
        ({"requested": True, "official": "dr-b", "decision": "overturn"}, "permit"),
        ({"requested": True, "official": "dr-a", "decision": "overturn"}, "pend"),
        ({"requested": True, "decision": "overturn"}, "pend"),
        ({"requested": True, "official": "dr-b", "official_licensed": False, "decision": "overturn"}, "pend"),
        ({"official": "dr-b", "decision": "overturn"}, "deny_reviewable"),
    ],
)
def test_only_an_independent_review_overturns(review: Request, outcome: str) -> None:
    assert decided(ACCESS, determinations=[DANGER], review=review).outcome == outcome


def test_a_review_by_whom_nobody_knows_overturns_nothing() -> None:
    review = {"requested": True, "official": "dr-b", "decision": "overturn"}
    unknown = {name: value for name, value in DANGER.items() if name != "professional"}
    assert decided(ACCESS, determinations=[unknown], review=review).outcome == "pend"


def test_on_mixed_grounds_the_denial_is_called_reviewable() -> None:
    notes = REPORT | {"id": "notes", "kind": "psychotherapy_notes"}
    decision = decided(ACCESS, REPORT, notes, determinations=[DANGER | {"applies_to": ["report"]}])
    assert decision.outcome == "deny_reviewable"


@pytest.mark.parametrize("fact", ["includes_treatment", "in_progress", "agreed_to_suspension", "told_of_reinstatement"])
def test_research_suspends_access_only_with_all_four_conditions_known(fact: str) -> None:
    study: dict[str, bool | None] = {
        "includes_treatment": True,
        "in_progress": True,
        "agreed_to_suspension": True,
        "told_of_reinstatement": True,
    }
    assert decided(ACCESS, REPORT | {"research": study}).outcome == "deny_unreviewable"
    assert decided(ACCESS, REPORT | {"research": study | {fact: False}}).outcome == "permit"
    assert decided(ACCESS, REPORT | {"research": study | {fact: None}}).outcome == "pend"


@pytest.mark.parametrize(
    ("holder", "outcome"),
    [
        ({"correctional": True}, "deny_unreviewable"),
        ({"correctional": False, "acts_under_direction": True}, "deny_unreviewable"),
        ({"correctional": False, "acts_under_direction": False}, "permit"),
        ({"correctional": False}, "pend"),
        ({}, "pend"),
    ],
)
def test_a_copy_is_kept_from_an_inmate_by_a_correctional_holder_only(holder: Request, outcome: str) -> None:
    found = [{"ground": "inmate_jeopardy"}]
    decision = decided(ACCESS, patient={"inmate": True}, holder=holder, determinations=found)
    assert decision.outcome == outcome


def test_an_inmate_may_inspect() -> None:
    request = ACCESS | {"patient": {"inmate": True}, "holder": {"correctional": True}}
    found = [{"ground": "inmate_jeopardy"}]
    assert decided(request, determinations=found, actions_requested=["inspect"]).outcome == "permit"
    assert decided(request, determinations=found, actions_requested=["copy"]).outcome == "deny_unreviewable"


def test_harm_through_a_representative_is_no_ground_against_the_patient() -> None:
    harm = [{"ground": "substantial_harm_via_representative", "by_licensed_professional": True}]
    assert decided(ACCESS, determinations=harm).outcome == "permit"
    assert decided(PROXY, determinations=harm).outcome == "deny_reviewable"


def test_an_unfinished_report_of_a_laboratory_waits() -> None:
    unfinished = REPORT | {"completed": False}
    assert decided(ACCESS, unfinished, holder={"clia_laboratory": True}).outcome == "pend"
    assert decided(ACCESS, unfinished).outcome == "permit"


def test_only_physical_items_are_outside_the_right_and_still_answered_in_time() -> None:
    decision = decided(ACCESS, SLIDE)
    assert (decision.outcome, decision.deadline) == ("deny_not_permitted", "2026-04-01")
    assert "specimen_release_task" in decision.produce
    assert "DENIAL_NOTICE_REQUIRED" not in codes(decision)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, "permit"),
        ({"authority_verified": None}, "pend"),
        ({"representative": None}, "pend"),
        ({"representative": {"type": "neighbour", "scope": "all_health_care"}}, "pend"),
        ({"representative": {"type": "health_care_proxy"}}, "pend"),
        ({"representative": {"type": "executor"}}, "pend"),
        ({"representative": {"type": "executor"}, "patient": {"deceased_on": "2026-01-01"}}, "permit"),
        ({"patient": {"deceased_on": "2026-01-01"}}, "pend"),
        ({"election": {"reasonable_belief": "neglect", "best_interest_decision": True}}, "deny_not_permitted"),
        ({"election": {"reasonable_belief": "neglect", "best_interest_decision": False}}, "permit"),
        ({"election": {"reasonable_belief": "neglect"}}, "pend"),
        ({"representative": {"type": "guardian", "scope": "dental_care"}}, "pend"),
    ],
)
def test_a_representative_needs_title_authority_and_scope(change: Request, outcome: str) -> None:
    decision = decided(PROXY | change)
    assert decision.outcome == outcome
    assert decision.released == (("report",) if outcome == "permit" else ())


def test_a_representative_for_one_matter_gets_that_matter() -> None:
    request = PROXY | {"representative": {"type": "guardian", "scope": "cancer_care"}}
    other, own = REPORT | {"id": "other", "topic": "fertility"}, REPORT | {"topic": "cancer_care"}
    assert decided(request, own, other, SCAN).released == ("report",)
    assert decided(request, other).outcome == "deny_not_permitted"


@pytest.mark.parametrize(
    ("minor", "outcome"),
    [
        ({"consented_alone": False, "state_law": "silent"}, "permit"),
        ({"consented_alone": False, "state_law": "prohibits"}, "deny_not_permitted"),
        ({"consented_alone": False}, "pend"),
        ({"state_law": "silent"}, "pend"),
        ({"consented_alone": True, "state_law": "silent"}, "pend"),
        ({"consented_alone": True, "state_law": "silent", "licensed_decision": True}, "permit"),
        ({"consented_alone": True, "state_law": "silent", "licensed_decision": False}, "deny_not_permitted"),
        ({"consented_alone": True, "state_law": "requires"}, "permit"),
        ({"consented_alone": True, "asked_parent": True, "state_law": "silent"}, "permit"),
        ({"consented_alone": False, "court_or_other_consent": True, "state_law": "silent"}, "pend"),
        ({"consented_alone": False, "confidentiality_assent": True, "state_law": "prohibits"}, "deny_not_permitted"),
    ],
)
def test_a_parent_acts_for_a_minor_as_far_as_state_law_lets(minor: Request, outcome: str) -> None:
    assert decided(PARENT, minor=minor).outcome == outcome


@pytest.mark.parametrize("minor", [False, None])
def test_a_parent_of_no_minor_is_no_representative(minor: bool | None) -> None:
    assert decided(PARENT, patient={"unemancipated_minor": minor}).outcome == "pend"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"request_form": "oral", "written_required": True, "informed_of_written_rule": True}, "pend"),
        ({"request_form": "oral", "written_required": True, "informed_of_written_rule": False}, "permit"),
        ({"request_form": "oral", "written_required": True}, "pend"),
        ({"request_form": "oral"}, "pend"),
        ({"request_form": "oral", "written_required": False}, "permit"),
        ({"request_form": None}, "pend"),
        ({"request_form": "martian", "written_required": True}, "pend"),
    ],
)
def test_writing_is_insisted_on_only_where_people_were_told(change: Request, outcome: str) -> None:
    assert decided(ACCESS | change).outcome == outcome


def test_form_is_agreed_for_what_is_electronic_and_paper_falls_back() -> None:
    wanted: Request = {"form_requested": "dicom", "readily_producible": ["jpeg"]}
    assert decided(ACCESS, SCAN, **wanted).outcome == "pend"
    assert decided(ACCESS, SCAN, **wanted, form_agreed="svs").outcome == "pend"
    assert decided(ACCESS, SCAN, **wanted, form_agreed="jpeg").outcome == "permit"
    assert decided(ACCESS, REPORT | {"maintained_in": "paper"}, **wanted).outcome == "permit"


@pytest.mark.parametrize("warned", [{}, {"risk_warning_given": True}, {"still_prefers": True}])
def test_plain_email_needs_warning_and_wish(warned: Request) -> None:
    assert decided(ACCESS, delivery="unencrypted_email", **warned).outcome == "pend"


def test_fees_are_limited_for_the_patient_and_not_for_a_directive() -> None:
    allowed, search = {"item": "copy_labor", "amount": 6.5}, {"item": "search_and_retrieval", "amount": 25}
    assert "FEE_OK" in codes(decided(ACCESS, fees=[allowed]))
    assert "FEE_ITEM_DISALLOWED" in codes(decided(ACCESS, fees=[allowed, search]))
    assert "FEE_LIMIT_NOT_APPLICABLE" in codes(decided(DIRECTIVE, fees=[search]))


@pytest.mark.parametrize(
    ("amendment", "outcome"),
    [
        ({"created_here": True, "accurate_and_complete": False}, "permit"),
        ({"created_here": True, "accurate_and_complete": True}, "deny_not_permitted"),
        ({"created_here": True, "in_drs": False, "accurate_and_complete": False}, "deny_not_permitted"),
        ({"created_here": True}, "pend"),
        ({"accurate_and_complete": False}, "pend"),
        ({"created_here": False, "accurate_and_complete": False}, "pend"),
        (
            {"created_here": False, "originator_unavailable_reasonable_basis": False, "accurate_and_complete": False},
            "deny_not_permitted",
        ),
        (None, "pend"),
    ],
)
def test_an_amendment_is_denied_on_its_four_grounds_only(amendment: Request | None, outcome: str) -> None:
    decision = decided(ACCESS, pathway="amendment", amendment=amendment)
    assert (decision.outcome, decision.deadline) == (outcome, "2026-05-01")


def test_who_asks_to_amend_is_verified() -> None:
    right = {"created_here": True, "accurate_and_complete": False}
    assert decided(ACCESS, pathway="amendment", amendment=right, identity_verified=None).outcome == "pend"
    assert decided(ACCESS, pathway="amendment", amendment=right, requester="attorney").outcome == "pend"


@pytest.mark.parametrize("fact", ["promised_confidentiality", "access_would_reveal"])
def test_a_confidential_source_is_protected_only_with_all_conditions_known(fact: str) -> None:
    source: Request = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}
    assert decided(ACCESS, REPORT | {"source": source}).outcome == "deny_unreviewable"
    assert decided(ACCESS, REPORT | {"source": source | {fact: None}}).outcome == "pend"
    assert decided(ACCESS, REPORT | {"source": source | {fact: False}}).outcome == "permit"
    assert decided(ACCESS, REPORT | {"source": source | {"is_provider": True}}).outcome == "permit"


@pytest.mark.parametrize(("agency", "outcome"), [(True, "deny_unreviewable"), (None, "pend"), (False, "permit")])
def test_the_privacy_act_counts_for_federal_agencies(agency: bool | None, outcome: str) -> None:
    item = REPORT | {"privacy_act_denial_ok": True}
    assert decided(ACCESS, item, holder={"federal_privacy_act": agency}).outcome == outcome


def test_what_is_no_ground_is_said_and_withholds_nothing() -> None:
    said = decided(ACCESS, asserted_reason="unpaid_bill", site_demands=["notary"], offered_in_lieu="summary")
    assert said.outcome == "permit"
    assert {"NOT_A_GROUND", "UNREASONABLE_MEASURE", "SUMMARY_NOT_AGREED"} <= codes(said)
    agreed = decided(ACCESS, offered_in_lieu="summary", summary_agreed_in_advance=True)
    assert "SUMMARY_NOT_AGREED" not in codes(agreed)


@pytest.mark.parametrize(
    ("pathway", "fact", "deadline"),
    [
        ("amendment", "received_at", "2026-05-01"),
        ("accounting", "received_at", "2026-05-01"),
        ("retention", "created_on", "2032-01-05"),
    ],
)
def test_other_terms_run_from_a_known_day(pathway: str, fact: str, deadline: str) -> None:
    right = {"created_here": True, "accurate_and_complete": False}
    request = ACCESS | {"pathway": pathway, "created_on": "2026-01-05", "amendment": right}
    assert (decided(request).outcome, decided(request).deadline) == ("permit", deadline)
    assert (decided(request, **{fact: None}).outcome, decided(request, **{fact: None}).deadline) == ("pend", None)
