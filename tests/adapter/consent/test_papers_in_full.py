"""What a paper lacks is named element by element; what a paper does not lack is not asked for."""

import pytest

from tests.adapter.consent.given import (
    AUTHORIZED,
    CONSENT,
    COUNSELING,
    DIRECTIVE,
    NOTES,
    REPORT,
    RESEARCH,
    SCAN,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    Request,
    codes,
    decided,
)

PROCEEDING: Request = AUTHORIZED | {
    "purpose": "legal_proceedings",
    "recipient_name": "Smith LLP",
    "authorization": CONSENT | {"recipient_named": "Smith LLP"},
}
TO_COURT: Request = TPO_CONSENT | {
    "tpo_single_consent": None,
    "recipients": "Smith LLP",
    "purpose": "legal proceedings",
    "expiry": "2026-12-31",
    "combined": False,
}


def _named(request: Request, code: str) -> set[str | None]:
    return {reason.fact for reason in decided(request).reasons if reason.code == code}


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ("description", "AUTH_INCOMPLETE"),
        ("discloser", "AUTH_INCOMPLETE"),
        ("recipient", "AUTH_INCOMPLETE"),
        ("purpose", "AUTH_INCOMPLETE"),
        ("statement_revocation", "AUTH_NO_STATEMENTS"),
        ("statement_conditioning", "AUTH_NO_STATEMENTS"),
        ("statement_redisclosure", "AUTH_NO_STATEMENTS"),
        ("signed", "AUTH_NO_SIGNATURE"),
        ("signed_on", "AUTH_NO_SIGNATURE"),
        ("signer", "AUTH_NO_SIGNATURE"),
    ],
)
def test_a_pend_names_the_element_that_is_missing(element: str, code: str) -> None:
    lacking = AUTHORIZED | {"authorization": CONSENT | {element: None}}
    decision = decided(lacking)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert _named(lacking, code) == {f"authorization.{element}"}
    assert "compliant_form" in decision.produce


def test_all_that_is_missing_is_named_at_once() -> None:
    lacking = AUTHORIZED | {"authorization": CONSENT | {"description": None, "purpose": False, "signed": False}}
    assert _named(lacking, "AUTH_INCOMPLETE") == {"authorization.description", "authorization.purpose"}
    assert _named(lacking, "AUTH_NO_SIGNATURE") == {"authorization.signed"}


def test_a_signature_of_another_needs_the_authority_described() -> None:
    by_guardian = AUTHORIZED | {"authorization": CONSENT | {"signer": "guardian"}}
    assert _named(by_guardian, "AUTH_NO_SIGNATURE") == {"authorization.representative_authority_described"}
    described = CONSENT | {"signer": "guardian", "representative_authority_described": True}
    assert decided(by_guardian, authorization=described).outcome == "permit"


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"known_false": True}, "authorization.known_false"),
        ({"plain_language": False}, "authorization.plain_language"),
        (
            {"purpose_named": "At the request of the  individual", "sought_by_holder": True, "copy_given": True},
            "authorization.purpose_named",
        ),
    ],
)
def test_what_is_there_and_wrong_is_named_too(change: Request, fact: str) -> None:
    wrong = AUTHORIZED | {"authorization": CONSENT | change}
    assert decided(wrong).released == ()
    assert _named(wrong, "AUTH_INCOMPLETE") == {fact}


def test_the_individuals_own_request_is_a_purpose_where_the_individual_began_it() -> None:
    assert decided(AUTHORIZED, authorization=CONSENT | {"purpose_named": "at the request of the individual"}).permits


def test_an_authorization_that_the_holder_sought_is_copied_to_the_individual() -> None:
    owed = decided(AUTHORIZED, authorization=CONSENT | {"sought_by_holder": True})
    assert (owed.outcome, "authorization_copy" in owed.produce) == ("permit", True)
    for change in ({"sought_by_holder": True, "copy_given": True}, {"sought_by_holder": False}, {}):
        assert "AUTHORIZATION_COPY_OWED" not in codes(decided(AUTHORIZED, authorization=CONSENT | change))


def test_help_is_owed_for_a_defective_authorization_of_psychotherapy_notes() -> None:
    defective = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT | {"signed": None})
    assert defective.released == ("report",)
    assert {"PSYCHOTHERAPY_AUTHORIZATION_MISSING", "AUTH_NO_SIGNATURE", "AUTH_HELP_OWED"} <= codes(defective)
    assert "AUTH_HELP_OWED" not in codes(decided(TREATMENT, REPORT, NOTES))


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        *(({name: None}, name) for name in ("patient_named", "discloser", "description", "revocation_right", "signed")),
        *(({name: " "}, name) for name in ("recipients", "purpose")),
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": "2026-03-03"}, "signed_on"),
        ({"expiry": None}, "expiry"),
        ({"expiry": "2026-03-01"}, "expiry"),
        ({"revoked_on": "2026-03-01"}, "revoked"),
        ({"revoked": True}, "revoked"),
        ({"known_false": True}, "known_false"),
        ({"hipaa_redisclosure_statement": None}, "hipaa_redisclosure_statement"),
        ({"redisclosure_potential_statement": False}, "redisclosure_potential_statement"),
        ({"refusal_consequences_statement": None}, "refusal_consequences_statement"),
        ({"recipient_is_intermediary": True}, "intermediary_participants_named"),
        ({"signer": "guardian"}, "signer_authority_described"),
    ],
)
def test_a_part_2_consent_fails_by_any_one_element_and_says_which(change: Request, fact: str) -> None:
    request = TREATMENT | {"materials": [REPORT, SUD], "part2_consent": TPO_CONSENT | change}
    assert decided(request).released == ("report",)
    assert _named(request, "PART2_CONSENT_DEFECTIVE") == {f"part2_consent.{fact}"}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"signed_on": "2026-03-02"},
        {"expiry": "2026-03-02"},
        {"hipaa_redisclosure_statement": None, "recipient_is_covered_entity": False},
        {"recipient_is_intermediary": True, "intermediary_participants_named": True},
        {"signer": "Patient"},
        {"signer": "guardian", "signer_authority_described": True},
    ],
)
def test_a_part_2_consent_that_lacks_nothing_carries_the_record(change: Request) -> None:
    decision = decided(TREATMENT, REPORT, SUD, part2_consent=TPO_CONSENT | change)
    assert decision.released == ("report", "sud")
    assert {"part2_statement", "part2_consent_copy"} <= set(decision.produce)


def test_counseling_notes_name_what_their_own_consent_lacks() -> None:
    request = TREATMENT | {"materials": [COUNSELING], "counseling_notes_consent": TPO_CONSENT | {"signed": None}}
    assert decided(request).released == ()
    assert _named(request, "PART2_CONSENT_DEFECTIVE") == {"counseling_notes_consent.signed"}
    assert decided(request, counseling_notes_consent=TPO_CONSENT).released == ("counseling",)
    assert decided(request, counseling_notes_consent=None, part2_consent=TPO_CONSENT).released == ()


def test_a_subpoena_or_a_general_consent_opens_no_program_record_to_a_proceeding() -> None:
    for more in (
        {},
        {"court_order": {"subpoena": True}},
        {"court_order": {"under_part2": False, "subpoena": True}},
        {"part2_consent": TPO_CONSENT},
        {"proceedings_consent": TO_COURT | {"combined": True}},
        {"proceedings_consent": TO_COURT | {"combined": None}},
    ):
        decision = decided(PROCEEDING, REPORT, SUD, **more)
        assert decision.released == ("report",)
        assert "PART2_PROCEEDINGS_BAR" in codes(decision, "sud")


def test_an_order_of_part_2_or_a_consent_to_that_use_alone_opens_it() -> None:
    by_order = decided(PROCEEDING, REPORT, SUD, court_order={"under_part2": True})
    assert by_order.released == ("report", "sud")
    assert "PART2_COURT_ORDER" in codes(by_order, "sud")
    by_consent = decided(PROCEEDING, REPORT, SUD, proceedings_consent=TO_COURT)
    assert by_consent.released == ("report", "sud")
    assert "PART2_NOTICE_REQUIRED" in codes(by_consent, "sud")


def test_a_consent_to_a_proceeding_is_judged_like_any_other() -> None:
    for change in ({"signed": None}, {"recipients": "Other LLP"}, {"expiry": "none"}, {"covers": ["report"]}):
        assert decided(PROCEEDING, REPORT, SUD, proceedings_consent=TO_COURT | change).released == ("report",)


def test_neither_order_nor_consent_opens_counseling_notes_to_a_proceeding() -> None:
    papers: Request = {"court_order": {"under_part2": True}, "proceedings_consent": TO_COURT}
    decision = decided(PROCEEDING, REPORT, COUNSELING, counseling_notes_consent=TPO_CONSENT, **papers)
    assert decision.released == ("report",)


def test_an_order_does_not_stand_in_for_the_authorization_of_hipaa() -> None:
    decision = decided(PROCEEDING, SUD, authorization=None, court_order={"under_part2": True})
    assert (decision.outcome, decision.released) == ("pend", ())


TO_RESEARCH: Request = TPO_CONSENT | {
    "tpo_single_consent": None,
    "recipients": "Acme Review",
    "purpose": "research",
    "expiry": "2026-12-31",
    "hipaa_redisclosure_statement": None,
    "redisclosure_potential_statement": None,
    "refusal_consequences_statement": None,
}


def test_the_statements_are_for_treatment_payment_and_operations() -> None:
    lacking = {
        "part2_consent.hipaa_redisclosure_statement",
        "part2_consent.redisclosure_potential_statement",
        "part2_consent.refusal_consequences_statement",
    }
    request = RESEARCH | {"materials": [SUD], "recipient_name": "Acme Review", "part2_consent": TO_RESEARCH}
    assert decided(request).released == ("sud",)
    assert _named(request | {"part2_consent": TO_RESEARCH | {"tpo_single_consent": True}}, DEFECTIVE) == lacking
    to_provider = TREATMENT | {"materials": [SUD], "recipient_name": "Acme Review"}
    assert _named(to_provider | {"part2_consent": TO_RESEARCH | {"purpose": "treatment"}}, DEFECTIVE) == lacking


DEFECTIVE = "PART2_CONSENT_DEFECTIVE"


@pytest.mark.parametrize(
    ("request_", "kept", "listed"),
    [
        (TREATMENT | {"part2_consent": TPO_CONSENT}, "ehr", True),
        (TREATMENT | {"part2_consent": TPO_CONSENT}, "paper", False),
        (RESEARCH | {"part2_consent": TO_RESEARCH, "recipient_name": "Acme Review"}, "paper", True),
    ],
)
def test_the_list_of_part_2_has_all_but_what_goes_on_paper_for_care(request_: Request, kept: str, listed: bool) -> None:
    decision = decided(request_, SUD | {"maintained_in": kept})
    assert decision.released == ("sud",)
    assert ("part2_accounting_entry" in decision.produce) == listed


def test_an_authorization_counts_on_the_day_it_is_signed_and_not_before() -> None:
    assert decided(AUTHORIZED, authorization=CONSENT | {"signed_on": "2026-03-02"}).outcome == "permit"
    early = AUTHORIZED | {"authorization": CONSENT | {"signed_on": "2026-03-03"}}
    assert _named(early, "AUTH_NO_SIGNATURE") == {"authorization.signed_on"}
    assert decided(early).released == ()


def test_a_name_on_the_paper_is_compared_and_asked_for_where_the_request_has_none() -> None:
    named = AUTHORIZED | {"authorization": CONSENT | {"recipient_named": "Smith LLP"}}
    assert _named(named, "FACT_MISSING") == {"recipient_name"}
    assert _named(named, "AUTHORIZATION_SCOPE_EXCEEDED") == set()
    other = named | {"recipient_name": "Other LLP"}
    assert _named(other, "AUTHORIZATION_SCOPE_EXCEEDED") == {"authorization.recipient_named"}
    assert _named(other, "FACT_MISSING") == set()
    assert decided(named, recipient_name="smith  LLP").outcome == "permit"


def test_counseling_notes_say_why_they_stay() -> None:
    for request in (PROCEEDING, TREATMENT):
        assert "PART2_COUNSELING_NOTES" in codes(decided(request, REPORT, COUNSELING), "counseling")
    assert codes(decided(TREATMENT, COUNSELING), "counseling") == {"PART2_COUNSELING_NOTES"}


@pytest.mark.parametrize(
    ("provider", "facts", "outcome"),
    [(None, {"recipient_is_provider"}, "pend"), (False, set(), "pend"), (True, set(), "permit")],
)
def test_outside_the_ehr_a_directive_asks_whether_a_provider_receives(
    provider: bool | None, facts: set[str], outcome: str
) -> None:
    request = DIRECTIVE | {"materials": [SCAN], "recipient_is_provider": provider}
    assert decided(request).outcome == outcome
    assert _named(request, "FACT_MISSING") == facts
    assert _named(request | {"materials": [REPORT]}, "FACT_MISSING") == set()


@pytest.mark.parametrize(
    ("purpose", "remuneration", "stated", "outcome"),
    [
        ("sale", None, None, "pend"),
        ("marketing", False, None, "pend"),
        ("sale", None, True, "permit"),
        ("other", True, None, "pend"),
        ("other", True, True, "permit"),
        ("other", False, None, "permit"),
    ],
)
def test_where_money_is_involved_the_paper_says_so(
    purpose: str, remuneration: bool | None, stated: bool | None, outcome: str
) -> None:
    paper = CONSENT | {"remuneration": remuneration, "statement_remuneration": stated}
    decision = decided(AUTHORIZED, purpose=purpose, authorization=paper)
    assert decision.outcome == outcome
    assert ("SALE_OR_MARKETING_AUTHORIZATION" in codes(decision)) == (outcome == "pend")
