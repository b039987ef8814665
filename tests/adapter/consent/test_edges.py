"""Where a rule turns: the last day, the lowest amount, one fact of two, beside the next step over the line."""

from typing import Any

import pytest

from adapter.consent.facts import facts_from
from adapter.consent.foreign_papers import lacks
from mappings.problems import ProblemError
from tests.adapter.consent.foreign_given import Json, consent, question
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    COUNSELING,
    DIRECTIVE,
    REPORT,
    SCAN,
    TREATMENT,
    Request,
    codes,
    decided,
)

AMEND: Request = {
    "pathway": "amendment",
    "requester": "patient",
    "received_at": "2026-03-02",
    "identity_verified": True,
    "materials": [REPORT],
}
NOTICE: Request = {"sent_on": "2026-03-20", "written": True, "reasons": "archive", "promised_date": "2026-05-20"}
PARENT: Request = ACCESS | {
    "requester": "parent",
    "recipient": "parent",
    "authority_verified": True,
    "patient": {"unemancipated_minor": True},
}


@pytest.mark.parametrize(
    ("notice", "deadline"),
    [
        ({"sent_on": "2026-03-02", "promised_date": "2026-04-20"}, "2026-04-20"),
        ({"sent_on": "2026-04-01", "promised_date": "2026-04-02"}, "2026-04-02"),
        ({"sent_on": "2026-04-01", "promised_date": "2026-05-01"}, "2026-05-01"),
        ({"sent_on": "2026-03-01", "promised_date": "2026-04-20"}, "2026-04-01"),
        ({"sent_on": "2026-04-02", "promised_date": "2026-04-20"}, "2026-04-01"),
        ({"sent_on": "2026-03-02", "promised_date": "2026-04-01"}, "2026-04-01"),
    ],
)
def test_a_notice_extends_from_the_day_of_receipt_to_the_last_day(notice: Request, deadline: str) -> None:
    """45 CFR 164.524(b)(2)(ii)."""
    assert decided(ACCESS, extension_notices=[NOTICE | notice]).deadline == deadline


@pytest.mark.parametrize(("as_of", "late"), [("2026-05-01", False), ("2026-05-02", True)])
def test_an_amendment_is_overdue_from_the_day_after_the_last(as_of: str, late: bool) -> None:
    """45 CFR 164.526(b)(2)(i): 60 days."""
    decision = decided(AMEND, amendment={"created_here": True, "accurate_and_complete": False}, as_of=as_of)
    assert ("AMENDMENT_OVERDUE" in codes(decision), decision.deadline) == (late, "2026-05-01")


def test_a_faulty_notice_about_an_amendment_is_said_and_holds_nothing_up() -> None:
    """45 CFR 164.526(b)(2)(ii)."""
    right = {"created_here": True, "accurate_and_complete": False}
    decision = decided(AMEND, amendment=right, extension_notices=[NOTICE | {"written": False}, NOTICE])
    assert [one.fact for one in decision.reasons if one.code == "AMENDMENT_EXTENSION_FAULTY"] == [
        "extension_notices[0]"
    ]
    assert (decision.outcome, decision.deadline) == ("permit", "2026-05-20")
    assert [one.item for one in decision.reasons if one.code == "AMENDMENT_TO_BE_MADE"] == ["report"]


def test_what_another_made_who_is_gone_is_amended_here() -> None:
    """45 CFR 164.526(a)(2)(i)."""
    gone = {"created_here": False, "originator_unavailable_reasonable_basis": True, "accurate_and_complete": False}
    decision = decided(AMEND, amendment=gone)
    assert [one.item for one in decision.reasons if one.code == "AMENDMENT_GROUND_NOT_MET"] == ["report"]
    assert [one.item for one in decision.reasons if one.code == "AMENDMENT_TO_BE_MADE"] == ["report"]


@pytest.mark.parametrize(("accessible", "outcome"), [(True, "permit"), (None, "permit"), (False, "deny_not_permitted")])
def test_what_is_not_open_to_access_need_not_be_amended(accessible: bool | None, outcome: str) -> None:
    """45 CFR 164.526(a)(2)(iii)."""
    right = {"created_here": True, "accurate_and_complete": False, "accessible": accessible}
    assert decided(AMEND, amendment=right).outcome == outcome


def test_a_page_of_paper_is_charged_for_no_electronic_copy_of_what_is_kept_electronically() -> None:
    """42 U.S.C. 17935(e)(3); 45 CFR 164.524(c)(4)(i)."""
    paper = {"fees": [{"item": "paper", "amount": 3}], "form_requested": "pdf", "readily_producible": ["pdf"]}
    assert "FEE_ITEM_DISALLOWED" in codes(decided(ACCESS, REPORT, SCAN, **paper))
    assert "FEE_OK" in codes(decided(ACCESS, REPORT, SCAN | {"maintained_in": "paper"}, **paper))


@pytest.mark.parametrize(
    ("minor", "outcome"),
    [
        ({"consented_alone": False, "confidentiality_assent": False}, "permit"),
        ({"consented_alone": False, "confidentiality_assent": True}, "deny_not_permitted"),
        ({"consented_alone": False, "court_or_other_consent": False}, "permit"),
        ({"consented_alone": False, "court_or_other_consent": True}, "deny_not_permitted"),
        ({"consented_alone": True, "asked_parent": False}, "deny_not_permitted"),
        ({"consented_alone": True, "asked_parent": True}, "permit"),
    ],
)
def test_a_parent_stands_back_where_the_minor_acts_alone(minor: Request, outcome: str) -> None:
    """45 CFR 164.502(g)(3)(i)(A)-(C), where state law is silent and a professional has refused."""
    told = {"state_law": "silent", "licensed_decision": False}
    assert decided(PARENT, minor=minor | told).outcome == outcome


def test_the_copy_is_withheld_of_an_inmate_only() -> None:
    """45 CFR 164.524(a)(2)(ii)."""
    finding = {"ground": "inmate_jeopardy", "by_licensed_professional": True}
    told = {"determinations": [finding], "holder": {"correctional": True}}
    assert decided(ACCESS, patient={"inmate": True}, **told).outcome == "deny_unreviewable"
    assert decided(ACCESS, patient={"inmate": False}, **told).outcome == "permit"
    assert decided(ACCESS, patient={}, **told).outcome == "pend"


def test_a_field_is_hinted_at_by_its_name_alone() -> None:
    with pytest.raises(ProblemError, match="the nearest field is `id`;"):
        facts_from({"materials": [{"idd": "x"}]})


# --- a Consent as the paper behind a release


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({}, ()),
        ({"sourceReference": {"identifier": {"system": "urn:x", "value": "1"}}}, ()),
        ({"sourceReference": {"identifier": {"value": "1"}}}, ("source.missing",)),
        ({"sourceReference": {"display": "a paper"}}, ("source.missing",)),
        ({"sourceReference": None, "sourceAttachment": {"data": "YQ=="}}, ()),
        ({"sourceReference": None, "sourceAttachment": {"url": "https://ehr.example/paper"}}, ()),
        ({"sourceReference": None, "sourceAttachment": {"title": "a paper"}}, ("source.missing",)),
        ({"sourceReference": None}, ("source.missing",)),
        ({"verification": [{"verified": True}]}, ()),
        ({"verification": [{"verified": True}, {"verified": False}]}, ("verification.false",)),
        ({"verification": [{}]}, ("verification.false",)),
        ({"verification": {"verified": True}}, ("verification.false",)),
        ({"dateTime": "2026-03-16"}, ()),
        ({"dateTime": "2026-03-17"}, ("date.missing",)),
        ({"dateTime": "2026-03"}, ()),
        ({"dateTime": None}, ("date.missing",)),
        ({"performer": None}, ("signer.missing",)),
        ({"performer": [{"reference": "RelatedPerson/r"}]}, ()),
        ({"performer": [{"reference": "Patient/p"}, {"reference": "Practitioner/doctor"}]}, ("signer.missing",)),
        ({"category": [{"coding": [{"code": "HIPAAAuthCD"}]}]}, ("category.other-paper",)),
    ],
)
def test_a_consent_is_a_paper_only_with_all_that_a_paper_has(changes: Json, lacking: tuple[str, ...]) -> None:
    made: Any = consent({"type": "permit"}, **changes)
    assert lacks(made, question(), "authorization") == lacking


def test_the_day_of_a_paper_is_the_holders() -> None:
    """On 16 March at 10:00 in New York the 16th has begun there, though nowhere is it sure without a zone."""
    dated: Any = consent({"type": "permit"}, dateTime="2026-03-16")
    assert lacks(dated, question(), "authorization") == ()
    assert lacks(dated, question(zone="Pacific/Auckland"), "authorization") == ()
    assert lacks(dated, question(zone=None), "authorization") == ()
    tomorrow: Any = consent({"type": "permit"}, dateTime="2026-03-17")
    assert lacks(tomorrow, question(zone="Pacific/Auckland"), "authorization") == ()
    assert lacks(tomorrow, question(zone=None), "authorization") == ("date.missing",)


@pytest.mark.parametrize("requester", ["patient", "holder", "treating_provider", "parent"])
def test_who_may_ask_that_records_go_to_a_provider_for_treatment(requester: str) -> None:
    """45 CFR 164.506(c)(2): the holder may disclose, whoever of these asked."""
    decision = decided(TREATMENT, requester=requester)
    assert (decision.outcome, decision.released) == ("permit", ("report",))
    assert "TREATMENT_DISCLOSURE" in codes(decision)


def test_of_a_circle_of_copies_the_first_that_was_asked_for_goes() -> None:
    """45 CFR 164.524(c)(1): the same information is produced once."""
    circle = [REPORT | {"id": "b", "duplicate_of": "a"}, REPORT | {"id": "a", "duplicate_of": "b"}]
    decision = decided(ACCESS, *circle)
    assert (decision.released, decision.duplicates) == (("b",), ("a",))


def test_counseling_notes_asked_for_in_a_proceeding_wait_for_a_consent_of_their_own() -> None:
    """42 CFR 2.31(b), (d)."""
    decision = decided(AUTHORIZED, COUNSELING, purpose="legal_proceedings")
    assert (decision.outcome, decision.excluded) == ("pend", ("counseling",))


def test_a_directive_against_a_consent_in_the_record_waits_for_that_item() -> None:
    told = {"carried_consents": [{"id": "c", "says": "denies", "rules": ["denies"], "applies_to": ["it"]}]}
    decision = decided(DIRECTIVE, REPORT, REPORT | {"id": "it"}, **told)
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "CONSENT_UNCLEAR"] == [
        ("it", "carried_consents.directive")
    ]
