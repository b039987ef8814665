"""How a request is met: form, summary, delivery, fee, slides and scans, copies, and whom a denial names."""

import pytest

from tests.adapter.consent.given import (
    ACCESS,
    DIRECTIVE,
    NOTES,
    REPORT,
    SCAN,
    SLIDE,
    TREATMENT,
    Request,
    codes,
    decided,
)

WANTED: Request = {"form_requested": "dicom", "readily_producible": ["jpeg", "paper_copy"]}


@pytest.mark.parametrize(
    ("change", "outcome", "code"),
    [
        ({"form_requested": "jpeg"}, "permit", "FORMAT_AS_REQUESTED"),
        ({"form_agreed": "jpeg"}, "permit", "FORMAT_FALLBACK_ELECTRONIC"),
        ({"form_agreed": "paper_copy"}, "permit", "FORMAT_FALLBACK_HARD_COPY"),
        ({"electronic_offers_refused": True}, "permit", "FORMAT_FALLBACK_HARD_COPY"),
        ({"electronic_offers_refused": False}, "pend", "FORMAT_AGREEMENT_NEEDED"),
        ({}, "pend", "FORMAT_AGREEMENT_NEEDED"),
        ({"readily_producible": None}, "pend", "FORMAT_AGREEMENT_NEEDED"),
    ],
)
def test_form_as_asked_or_as_agreed_or_on_paper(change: Request, outcome: str, code: str) -> None:
    decision = decided(ACCESS, SCAN, **(WANTED | change))
    assert decision.outcome == outcome
    assert code in codes(decision)
    assert decision.deadline == "2026-04-01"


def test_a_summary_needs_agreement_to_it_and_to_its_fee() -> None:
    offered: Request = {"offered_in_lieu": "summary", "fees": [{"item": "agreed_summary", "amount": 20}]}
    agreed = offered | {"summary_agreed_in_advance": True}
    assert "SUMMARY_NOT_AGREED" in codes(decided(ACCESS, **offered, summary_fee_agreed=True))
    assert "SUMMARY_NOT_AGREED" in codes(decided(ACCESS, **agreed))
    assert "SUMMARY_NOT_AGREED" not in codes(decided(ACCESS, **agreed, summary_fee_agreed=True))
    assert "SUMMARY_NOT_AGREED" not in codes(decided(ACCESS, **(agreed | {"fees": []})))


@pytest.mark.parametrize(
    ("lines", "change", "wrong"),
    [
        ([{"item": "copy_labor", "amount": 40}], {}, set()),
        ([{"item": "flat_fee", "amount": 6.50}], {}, set()),
        ([{"item": "flat_fee"}], {}, set()),
        ([{"item": "flat_fee", "amount": 6.51}], {}, {"fees[0]"}),
        ([{"item": "copy_labor", "amount": 2}, {"item": "flat_fee", "amount": 5}], {}, {"fees[1]"}),
        ([{"item": "search_and_retrieval"}, {"item": "postage"}, {"item": "storage"}], {}, {"fees[0]", "fees[2]"}),
        ([{"amount": 5}], {}, {"fees[0]"}),
        ([{"item": "paper", "amount": 3}], {"form_requested": "pdf", "readily_producible": ["pdf"]}, {"fees[0]"}),
        ([{"item": "paper", "amount": 3}], {"form_requested": "paper", "readily_producible": ["paper"]}, set()),
        ([{"item": "paper", "amount": 3}], {}, set()),
        ([{"item": "agreed_summary", "amount": 9}], {}, {"fees[0]"}),
        (
            [{"item": "agreed_summary", "amount": 9}],
            {"summary_agreed_in_advance": True, "summary_fee_agreed": True},
            set(),
        ),
    ],
)
def test_each_line_that_may_not_be_charged_is_named(lines: list[Request], change: Request, wrong: set[str]) -> None:
    decision = decided(ACCESS, fees=lines, **change)
    assert {reason.fact for reason in decision.reasons if reason.code == "FEE_ITEM_DISALLOWED"} == wrong
    assert ("FEE_OK" in codes(decision)) == (not wrong)
    assert decision.outcome == "permit", "a fee holds nothing back"


def test_a_page_may_be_charged_for_what_is_on_paper() -> None:
    on_paper = REPORT | {"maintained_in": "paper"}
    fee = [{"item": "paper", "amount": 3}]
    assert "FEE_OK" in codes(decided(ACCESS, on_paper, fees=fee, form_requested="pdf"))


def test_a_risky_device_is_refused_and_another_way_offered() -> None:
    refused = decided(ACCESS, delivery="own_device", device_risk_found=True)
    assert (refused.outcome, "format_offer" in refused.produce) == ("pend", True)
    assert decided(ACCESS, delivery="own_device", device_risk_found=False).outcome == "permit"
    assert decided(ACCESS, delivery="own_device").outcome == "permit"
    assert decided(ACCESS, delivery="portal", device_risk_found=True).outcome == "permit"


@pytest.mark.parametrize(
    ("warned", "outcome"),
    [
        ({"risk_warning_given": True, "still_prefers": True}, "permit"),
        ({"risk_warning_given": True, "still_prefers": False}, "pend"),
        ({"risk_warning_given": False, "still_prefers": True}, "pend"),
        ({}, "pend"),
    ],
)
def test_plain_email_goes_to_who_was_warned_and_still_wants_it(warned: Request, outcome: str) -> None:
    assert decided(ACCESS, delivery="unencrypted_email", **warned).outcome == outcome
    assert decided(ACCESS, delivery="encrypted_email", **warned).outcome == "permit"


def test_a_scan_is_named_where_one_is_held() -> None:
    held = decided(ACCESS, SLIDE, SCAN | {"scan_of": ["slide"]})
    assert held.released == ("scan",)
    assert "SCAN_INSTEAD" in codes(held, "slide")
    assert "SCAN_INSTEAD" not in codes(decided(ACCESS, SLIDE, SCAN))
    assert "SCAN_INSTEAD" not in codes(decided(ACCESS, SLIDE, SCAN | {"scan_of": ["slide"], "held": False}))


def test_a_report_does_not_stand_for_the_images_it_is_about() -> None:
    again = SCAN | {"duplicate_of": "report"}
    assert decided(ACCESS, REPORT, again).released == ("report", "scan")
    same = REPORT | {"id": "copy", "duplicate_of": "report"}
    assert (decided(ACCESS, REPORT, same).released, decided(ACCESS, REPORT, same).duplicates) == (
        ("report",),
        ("copy",),
    )
    assert decided(TREATMENT, REPORT, again).duplicates == ("scan",)


@pytest.mark.parametrize(
    ("contact", "lacking"),
    [
        (None, set()),
        ({"title": "Privacy Officer", "phone": "+1 555 0100"}, set()),
        ({"title": "Privacy Officer"}, {"holder.privacy_contact.phone"}),
        ({"phone": "+1 555 0100", "title": " "}, {"holder.privacy_contact.title"}),
        ({}, {"holder.privacy_contact.title", "holder.privacy_contact.phone"}),
    ],
)
def test_a_denial_that_cannot_name_whom_to_complain_to_pends(contact: Request | None, lacking: set[str]) -> None:
    decision = decided(ACCESS, NOTES, holder={"privacy_contact": contact})
    assert decision.outcome == ("pend" if lacking else "deny_unreviewable")
    assert {reason.fact for reason in decision.reasons if reason.code == "FACT_MISSING"} == lacking
    assert ("denial_notice" in decision.produce) == (not lacking)
    assert decision.deadline == "2026-04-01"


def test_what_may_go_does_not_wait_for_the_contact() -> None:
    assert decided(ACCESS, REPORT, NOTES, holder={"privacy_contact": {}}).released == ("report",)
    assert decided(TREATMENT, SLIDE, holder={"privacy_contact": {}}).outcome == "pend"
    assert decided(ACCESS, SLIDE, holder={"privacy_contact": {}}).outcome == "deny_not_permitted"


def test_a_reviewer_is_not_the_decider_under_another_spelling() -> None:
    found = [{"ground": "endanger_life_or_safety", "by_licensed_professional": True, "professional": "Dr. A. Lee"}]
    review = {"requested": True, "official": "dr.  a. lee", "decision": "overturn"}
    assert decided(ACCESS, determinations=found, review=review).outcome == "pend"


def test_a_determination_counts_from_its_day() -> None:
    found = {"ground": "endanger_life_or_safety", "by_licensed_professional": True, "decided_on": "2026-03-02"}
    assert decided(ACCESS, determinations=[found]).outcome == "deny_reviewable"
    late = decided(ACCESS, determinations=[found | {"decided_on": "2026-03-03"}])
    assert (late.outcome, "LICENSED_DETERMINATION_MISSING" in codes(late)) == ("pend", True)


def test_a_health_plan_has_no_research_ground() -> None:
    study = dict.fromkeys(("includes_treatment", "in_progress", "agreed_to_suspension", "told_of_reinstatement"), True)
    item = REPORT | {"research": study}
    assert decided(ACCESS, item).outcome == "deny_unreviewable"
    assert decided(ACCESS, item, holder={"health_plan": True}).outcome == "permit"


def test_fees_of_a_directive_are_not_limited() -> None:
    assert "FEE_ITEM_DISALLOWED" not in codes(decided(DIRECTIVE, fees=[{"item": "search_and_retrieval"}]))


def test_of_what_is_not_held_nothing_else_is_said() -> None:
    elsewhere = NOTES | {"held": False, "in_drs": None}
    assert codes(decided(ACCESS, elsewhere), "notes") == {"NOT_HELD"}
    assert codes(decided(ACCESS, elsewhere | {"known_location": "Clinic B"}), "notes") == {"HELD_ELSEWHERE_KNOWN"}
    assert decided(ACCESS, elsewhere).outcome == "not_held"


def test_of_what_lies_outside_the_record_set_or_is_material_nothing_else_is_said() -> None:
    assert codes(decided(ACCESS, NOTES | {"in_drs": False}), "notes") == {"NOT_IN_DESIGNATED_RECORD_SET"}
    slide = SLIDE | {"privacy_act_denial_ok": True}
    assert codes(decided(ACCESS, slide), "slide") == {"SPECIMEN_OUTSIDE_ACCESS_RIGHT"}


def test_only_a_ground_that_lies_in_the_content_binds_the_copies() -> None:
    copy = REPORT | {"id": "copy", "duplicate_of": "report"}
    assert decided(ACCESS, REPORT, copy | {"in_drs": False}).released == ("report",)
    assert decided(ACCESS, REPORT | {"in_drs": False}, copy).released == ("copy",)
    litigation = REPORT | {"kind": "litigation_compilation"}
    assert decided(ACCESS, litigation, copy, SCAN).released == ("scan",)
