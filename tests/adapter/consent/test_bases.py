"""Which basis a request stands on, and what limits it: research, family, underwriting, minimum necessary."""

import pytest

from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    DIRECTIVE,
    PAYMENT,
    REPORT,
    RESEARCH,
    TREATMENT,
    Request,
    codes,
    decided,
)

DEAD: Request = {"deceased_on": "2020-05-01"}
ON_DECEDENTS: Request = {"review": "decedents", "sole_purpose": True, "necessary": True}
FAMILY: Request = TREATMENT | {
    "requester": "family_member",
    "recipient": "family_member",
    "recipient_is_provider": False,
    "purpose": "involvement_in_care",
}
GENETIC: Request = {"id": "panel", "kind": "genetic_report", "maintained_in": "ehr", "in_drs": True}


def test_research_on_the_dead_goes_by_representations() -> None:
    decision = decided(RESEARCH, irb_waiver=None, representations=ON_DECEDENTS, patient=DEAD)
    assert decision.outcome == "permit"
    assert {"RESEARCH_DECEDENTS", "MIN_NECESSARY_APPLIES", "ACCOUNTING_REQUIRED"} <= codes(decision)


@pytest.mark.parametrize(
    ("told", "patient"),
    [
        (ON_DECEDENTS, {}),
        (ON_DECEDENTS | {"sole_purpose": None}, DEAD),
        (ON_DECEDENTS | {"necessary": False}, DEAD),
        (ON_DECEDENTS | {"death_documented": False}, DEAD),
        (ON_DECEDENTS | {"review": "preparatory"}, DEAD),
        (None, DEAD),
    ],
)
def test_less_than_that_needs_an_authorization(told: Request | None, patient: Request) -> None:
    decision = decided(RESEARCH, irb_waiver=None, representations=told, patient=patient)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert "AUTHORIZATION_MISSING" in codes(decision)


def test_representations_serve_research_only() -> None:
    request = AUTHORIZED | {"authorization": None, "patient": DEAD, "representations": ON_DECEDENTS}
    assert decided(request).outcome == "pend"


def test_a_review_preparatory_to_research_takes_nothing_out() -> None:
    told = {"review": "preparatory", "sole_purpose": True, "necessary": True}
    decision = decided(RESEARCH, irb_waiver=None, representations=told)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert "PREPARATORY_STAYS" in codes(decision)
    assert "PREPARATORY_STAYS" not in codes(decided(AUTHORIZED, representations=told))
    assert "PREPARATORY_STAYS" not in codes(decided(RESEARCH, representations=told))


def test_an_agreed_restriction_does_not_bind_research_on_the_dead() -> None:
    restricted = {"restrictions": [{"agreed": True}]}
    assert decided(RESEARCH, irb_waiver=None, representations=ON_DECEDENTS, patient=DEAD, **restricted).permits
    assert decided(TREATMENT, **restricted).outcome == "deny_not_permitted"


@pytest.mark.parametrize(
    ("family", "outcome"),
    [
        ({"involved_in_care": True, "individual_agreed": True}, "permit"),
        ({"involved_in_care": True, "professional_judgment": True}, "permit"),
        ({"involved_in_care": True, "opportunity_to_object": True, "individual_objected": False}, "permit"),
        ({"involved_in_care": True, "opportunity_to_object": True}, "pend"),
        ({"involved_in_care": True, "individual_objected": False}, "pend"),
        ({"involved_in_care": True, "individual_agreed": True, "individual_objected": True}, "pend"),
        ({"involved_in_care": None, "individual_agreed": True}, "pend"),
        (None, "pend"),
    ],
)
def test_family_of_the_living_needs_the_patients_word_or_silence_when_asked(
    family: Request | None, outcome: str
) -> None:
    assert decided(FAMILY, family=family).outcome == outcome


@pytest.mark.parametrize(
    ("family", "outcome"),
    [
        ({"involved_before_death": True, "contrary_preference_known": False}, "permit"),
        ({"involved_before_death": True, "contrary_preference_known": True}, "pend"),
        ({"involved_before_death": True}, "pend"),
        ({"contrary_preference_known": False}, "pend"),
        (None, "pend"),
    ],
)
def test_family_of_the_dead_was_involved_and_goes_against_no_wish(family: Request | None, outcome: str) -> None:
    decision = decided(FAMILY, family=family, patient=DEAD)
    assert decision.outcome == outcome
    assert ("DECEDENT_FAMILY_INVOLVED" in codes(decision)) == (outcome == "permit")


@pytest.mark.parametrize(
    ("item", "holder", "recipient"),
    [
        (GENETIC, {"health_plan": True}, "attorney"),
        (GENETIC, {}, "health_plan"),
        (REPORT | {"data_class": "family_history"}, {}, "payer"),
        (REPORT | {"data_classes": ["hiv", "genetic"]}, {"health_plan": True}, "health_plan"),
    ],
)
def test_genetic_information_never_serves_underwriting(item: Request, holder: Request, recipient: str) -> None:
    request = PAYMENT | {"purpose": "underwriting", "recipient": recipient, "authorization": CONSENT}
    decision = decided(request, item, holder=holder)
    assert (decision.outcome, decision.released) == ("deny_not_permitted", ())
    assert "GENETIC_UNDERWRITING_BAR" in codes(decision)


def test_the_bar_is_for_underwriting_by_plans_and_for_genetic_information() -> None:
    request = PAYMENT | {"purpose": "underwriting", "authorization": CONSENT}
    assert decided(request, REPORT).released == ("report",)
    assert decided(request, GENETIC, recipient="life_insurer").released == ("panel",)
    assert decided(PAYMENT, GENETIC).released == ("panel",)


def test_a_directive_does_not_get_round_the_bar() -> None:
    to_plan = DIRECTIVE | {"recipient": "health_plan", "purpose": "underwriting"}
    assert decided(to_plan, REPORT, GENETIC).released == ("report",)


@pytest.mark.parametrize(
    ("change", "outcome", "code"),
    [
        ({"scope": None}, "pend", "FACT_MISSING"),
        ({"scope": "entire_medical_record"}, "pend", "ENTIRE_RECORD_NOT_JUSTIFIED"),
        (
            {"scope": "entire_medical_record", "entire_record_justification": "appeal of the denial"},
            "permit",
            "RELIANCE_ON_COVERED_ENTITY",
        ),
        ({}, "permit", "MIN_NECESSARY_APPLIES"),
    ],
)
def test_a_payer_gets_a_scope_and_not_the_chart(change: Request, outcome: str, code: str) -> None:
    decision = decided(PAYMENT | change)
    assert decision.outcome == outcome
    assert code in codes(decision)


def test_a_review_for_a_payer_is_payment_whatever_it_is_called() -> None:
    for by in ({"engaged_by_payer": True}, {"requester": "payer"}):
        decision = decided(TREATMENT | by | {"scope": "reports_for_procedure"})
        assert "PAYMENT_DISCLOSURE" in codes(decision)
        assert "TREATMENT_DISCLOSURE" not in codes(decision)
        assert decided(TREATMENT | by).outcome == "pend"


def test_what_a_law_compels_is_not_cut_to_the_minimum() -> None:
    request = TREATMENT | {"requester": "cancer_registry", "recipient": "cancer_registry", "purpose": "public_health"}
    by_law = codes(decided(request, required_by_law=True))
    assert {"REQUIRED_BY_LAW", "MIN_NECESSARY_EXEMPT", "ACCOUNTING_REQUIRED"} <= by_law
    allowed = codes(decided(request))
    assert {"PUBLIC_HEALTH", "MIN_NECESSARY_APPLIES", "ACCOUNTING_REQUIRED"} <= allowed


def test_the_basis_is_the_individuals_only_for_the_individual() -> None:
    assert decided(ACCESS, recipient="attorney").outcome == "pend"
    assert decided(ACCESS, requester="attorney", recipient="attorney").released == ()


@pytest.mark.parametrize(
    ("change", "goes"),
    [
        ({"requester": "referring_physician", "engaged_by_payer": True}, False),
        ({"requester": "payer"}, False),
        ({"requester": "referring_physician", "recipient": "health_plan"}, False),
        ({"requester": "referring_physician", "engaged_by_payer": False}, True),
        ({"requester": "referring_physician"}, True),
    ],
)
def test_what_was_paid_in_full_is_kept_from_whoever_asks_for_the_payer(change: Request, goes: bool) -> None:
    paid = REPORT | {"paid_in_full_out_of_pocket": True, "restriction_requested": True}
    to_center = PAYMENT | {"recipient": "review_center", "recipient_is_provider": True} | change
    decision = decided(to_center, paid)
    assert (decision.released == ("report",)) == goes
    assert ("SELF_PAY_RESTRICTION" in codes(decision)) != goes
    assert decided(to_center, paid | {"restriction_requested": False}).released == ("report",)
    assert decided(to_center, paid | {"paid_in_full_out_of_pocket": False}).released == ("report",)


def test_payment_is_to_a_plan_or_a_provider_and_to_nobody_else() -> None:
    """45 CFR 164.506(c)(3): to another the disclosure needs an authorization."""
    decision = decided(PAYMENT, recipient="attorney", recipient_is_provider=None)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert "AUTHORIZATION_MISSING" in codes(decision)


@pytest.mark.parametrize(
    "change", [{"recipient": "attorney"}, {"requester": "attorney"}, {"purpose": "other"}, {"purpose": "martian"}]
)
def test_involvement_in_care_is_of_the_family_for_that_purpose(change: Request) -> None:
    """45 CFR 164.510(b)(1)(i)."""
    decision = decided(FAMILY, family={"involved_in_care": True, "individual_agreed": True}, **change)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert "AUTHORIZATION_MISSING" in codes(decision)
