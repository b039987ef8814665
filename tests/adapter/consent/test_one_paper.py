"""One paper each: what an authorization, a consent or a restriction is for, and what it holds back."""

import msgspec
import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import facts_from, holder_use
from adapter.consent.law import material
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    COUNSELING,
    DIRECTIVE,
    NOTES,
    PAYMENT,
    REPORT,
    SLIDE,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    USE,
    Request,
    codes,
    decided,
    policy,
    without,
)

TO_COURT: Request = {
    "purpose": "legal_proceedings",
    "recipient_name": "Defense Counsel",
    "proceedings_consent": without(TPO_CONSENT, "tpo_single_consent")
    | {"combined": False, "recipients": "Defense Counsel", "purpose": "legal proceedings", "expiry": "2026-12-31"},
}
COUNSELED: Request = {"counseling_notes_consent": TPO_CONSENT}
IN_OTHER_WORDS: Request = TO_COURT["proceedings_consent"] | {"purpose": "Legal_Proceedings"}
FORM: Request = {"id": "form", "kind": "consent_form", "maintained_in": "ehr", "in_drs": True}


@pytest.mark.parametrize("named", ["public_health", "Public Health", "public  health surveillance"])
def test_an_authorization_for_public_health_serves_no_lawsuit(named: str) -> None:
    """45 CFR 164.508(c)(1)(iv): each purpose is described; the paper is for that one."""
    paper = CONSENT | {"purpose_named": named}
    decision = decided(AUTHORIZED, purpose="legal_proceedings", authorization=paper)
    assert [one.fact for one in decision.reasons if one.code == "AUTHORIZATION_SCOPE_EXCEEDED"] == [
        "authorization.purpose_named"
    ]


def test_a_paper_that_speaks_of_an_other_doctor_names_no_purpose_of_the_tables() -> None:
    """45 CFR 164.508(c)(1)(iv): the word `other` describes nothing, so that it limits nothing."""
    paper = CONSENT | {"purpose_named": "so that my other doctor may see it"}
    assert decided(AUTHORIZED, purpose="legal_proceedings", authorization=paper).outcome == "permit"


def test_of_two_forms_of_one_record_each_says_what_its_own_paper_lacks() -> None:
    """42 CFR 2.31(b): counseling notes have a consent apart from that of the program's other records."""
    told = {
        "part2_consent": TPO_CONSENT | {"signed": False},
        "counseling_notes_consent": TPO_CONSENT | {"revocation_right": False},
    }
    decision = decided(TREATMENT, COUNSELING, SUD | {"duplicate_of": "counseling"}, **told)
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "PART2_CONSENT_DEFECTIVE"] == [
        ("counseling", "counseling_notes_consent.revocation_right"),
        ("sud", "part2_consent.signed"),
    ]


def test_the_paper_of_what_stays_stays() -> None:
    """45 CFR 164.530(j)(1): an authorization for session notes that do not go tells of them."""
    document = FORM | {"document_of": ["psychotherapy_authorization"]}
    of_another = CONSENT | {"covers": ["earlier"]}
    decision = decided(TREATMENT, REPORT, NOTES, document, psychotherapy_authorization=of_another)
    assert (decision.released, decision.excluded) == (("report",), ("notes", "form"))
    signed = decided(TREATMENT, REPORT, NOTES, document, psychotherapy_authorization=CONSENT)
    assert signed.released == ("report", "notes", "form")
    assert (signed.papers, decision.papers) == (("psychotherapy_authorization",), ())


def test_the_paper_of_what_waits_waits_too() -> None:
    """45 CFR 164.530(j)(1): what is on paper needs an authorization after Ciox, and nothing that goes rests on it."""
    document = FORM | {"document_of": ["authorization"]}
    on_paper = REPORT | {"id": "paper", "maintained_in": "paper"}
    to_lawyer = DIRECTIVE | {"recipient": "attorney", "recipient_is_provider": False}
    decision = decided(to_lawyer, REPORT, on_paper, document)
    assert (decision.released, decision.excluded) == (("report",), ("paper", "form"))
    assert decided(to_lawyer, REPORT, on_paper, document, authorization=CONSENT).released == ("report", "paper", "form")


def test_the_originator_treats_with_the_own_session_notes() -> None:
    """45 CFR 164.508(a)(2)(i)(A)."""
    notes = (material("notes", "psychotherapy_notes"),)
    assert decide(holder_use(notes, "originator_treatment"), policy()).released == ("notes",)
    assert decide(holder_use(notes), policy()).released == ()


@pytest.mark.parametrize(
    ("paper", "item", "told"),
    [
        ("counseling_notes_consent", COUNSELING, COUNSELED),
        ("psychotherapy_authorization", NOTES, {"psychotherapy_authorization": CONSENT}),
        ("authorization", NOTES, {"psychotherapy_authorization": CONSENT}),
        ("part2_consent", SUD, {"part2_consent": TPO_CONSENT}),
        ("proceedings_consent", SUD, TO_COURT),
        ("proceedings_consent", SUD, TO_COURT | {"proceedings_consent": IN_OTHER_WORDS}),
    ],
)
def test_a_consent_without_authority_holds_what_needs_that_paper(paper: str, item: Request, told: Request) -> None:
    """42 CFR 2.31(b), 2.33(a); 45 CFR 164.508(a)(2)."""
    failing = {"carried_consents": [{"id": "c", "says": "no_authority", "rules": ["actor"], "paper": paper}]}
    request = AUTHORIZED if "purpose" in told else TREATMENT
    assert decided(request, REPORT, item, **told).released == ("report", item["id"])
    decision = decided(request, REPORT, item, **told, **failing)
    assert decision.released == ("report",)
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "CONSENT_NO_AUTHORITY"] == [
        (item["id"], "carried_consents.actor")
    ]


def test_the_accounting_of_part_2_is_owed_of_what_an_ehr_held() -> None:
    """42 CFR 2.25(b): for treatment, payment and operations only of disclosures through an electronic health record."""
    on_paper = SUD | {"id": "paper", "maintained_in": "paper"}
    decision = decided(TREATMENT, on_paper, SUD, part2_consent=TPO_CONSENT)
    assert [one.item for one in decision.reasons if one.code == "PART2_ACCOUNTING_REQUIRED"] == ["sud"]


def test_a_slide_is_known_to_be_on_no_paper_where_the_policy_counts_it_among_the_records() -> None:
    """45 CFR 160.103."""
    counted = msgspec.structs.replace(policy(), specimens_in_drs=True)
    decision = decide(facts_from(DIRECTIVE | {"materials": [SLIDE]}), counted)
    assert "FACT_MISSING" not in codes(decision)


def test_an_emergency_lifts_what_a_consent_in_the_record_forbids_of_that_item() -> None:
    """45 CFR 164.522(a)(1)(iii)."""
    told = {"carried_consents": [{"id": "c", "says": "denies", "rules": ["denies"], "applies_to": ["it"]}]}
    decision = decided(TREATMENT, REPORT, REPORT | {"id": "it"}, emergency=True, **told)
    assert [one.item for one in decision.reasons if one.code == "RESTRICTION_EMERGENCY"] == ["it"]


def test_papers_end_by_the_holders_day() -> None:
    """45 CFR 164.508(b)(2)(i): at 23:30 in New York the next day has begun in Berlin, where the holder is."""
    paper = CONSENT | {"expiry": "2026-03-02"}
    told = {"as_of": "2026-03-02T23:30:00-05:00", "authorization": paper}
    assert decided(AUTHORIZED, holder_tz="America/New_York", **told).outcome == "permit"
    assert codes(decided(AUTHORIZED, holder_tz="Europe/Berlin", **told)) >= {"AUTH_EXPIRED"}


def test_a_restriction_that_was_refused_lifts_none_that_was_agreed() -> None:
    """45 CFR 164.522(a)(1)(iii)."""
    restrictions = [{"agreed": False}, {"agreed": True, "applies_to": ["report"]}]
    assert decided(TREATMENT, restrictions=restrictions).outcome == "deny_not_permitted"


def test_a_denial_that_binds_nobody_is_still_asked_about_of_its_item() -> None:
    """45 CFR 164.522(a)(1)(iii), where the policy takes a Consent in the record for no agreed restriction."""
    told = {"carried_consents": [{"id": "c", "says": "denies", "rules": ["denies"], "applies_to": ["it"]}]}
    facts = facts_from(TREATMENT | told | {"materials": [REPORT, REPORT | {"id": "it"}]})
    decision = decide(facts, msgspec.structs.replace(policy(), carried_denial_binds=False))
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "CONSENT_UNCLEAR"] == [
        ("it", "carried_consents.denies")
    ]


@pytest.mark.parametrize(
    ("request_", "blocked", "outcome"),
    [
        (PAYMENT, "payer", "deny_not_permitted"),
        (PAYMENT, "attorney", "permit"),
        (TREATMENT, "health_plan", "permit"),
        (TREATMENT, "Review_Center", "deny_not_permitted"),
        (TREATMENT, None, "deny_not_permitted"),
    ],
)
def test_a_restriction_keeps_the_record_from_whom_it_names(
    request_: Request, blocked: str | None, outcome: str
) -> None:
    """45 CFR 164.522(a)(1)(i), (iii): two words for a health plan are one recipient."""
    restriction = {"agreed": True, "blocks_recipient": blocked}
    assert decided(request_, restrictions=[restriction]).outcome == outcome


def test_a_denial_is_of_the_item_whatever_failing_paper_stands_before_it() -> None:
    """45 CFR 164.522(a)(1)(iii)."""
    failing = {"id": "a", "says": "no_authority", "rules": ["actor"], "paper": "authorization"}
    told = {"carried_consents": [failing, {"id": "b", "says": "denies", "rules": ["denies"]}]}
    assert decided(TREATMENT, **told).outcome == "deny_not_permitted"


def test_a_directive_that_prevails_is_said_of_the_item_that_was_denied() -> None:
    """45 CFR 164.524(c)(3)(ii), where the policy lets the newer word of the patient stand."""
    told = {"carried_consents": [{"id": "c", "says": "denies", "rules": ["denies"], "applies_to": ["it"]}]}
    facts = facts_from(DIRECTIVE | told | {"materials": [REPORT, REPORT | {"id": "it"}]})
    decision = decide(facts, msgspec.structs.replace(policy(), directive_waits_for_denial=False))
    assert decision.released == ("report", "it")
    assert [one.item for one in decision.reasons if one.code == "DIRECTIVE_PREVAILS"] == ["it"]


def test_what_opens_counseling_notes_is_said_of_them() -> None:
    """42 CFR 2.23, 2.31(b)."""
    open_to_access = msgspec.structs.replace(policy(), counseling_notes_in_access=True)
    seen = decide(facts_from(ACCESS | {"materials": [REPORT, COUNSELING]}), open_to_access)
    assert [one.item for one in seen.reasons if one.code == "PART2_PATIENT_ACCESS"] == ["counseling"]
    used = decided(USE, REPORT, COUNSELING, own_use="training")
    assert [one.item for one in used.reasons if one.code == "NOTES_OWN_USE"] == ["counseling"]


def test_a_paper_alone_is_no_reason_for_itself() -> None:
    """45 CFR 164.530(j)(1): with nothing that rests on it a signed paper goes nowhere."""
    document = FORM | {"document_of": ["psychotherapy_authorization"]}
    decision = decided(TREATMENT, document, psychotherapy_authorization=CONSENT)
    assert (decision.outcome, decision.excluded) == ("deny_not_permitted", ("form",))


def test_a_signed_consent_that_is_no_paper_of_the_request_stays() -> None:
    """45 CFR 164.530(j)(1)."""
    decision = decided(TREATMENT, FORM)
    assert (decision.outcome, decision.excluded) == ("deny_not_permitted", ("form",))


def test_what_is_kept_as_a_thing_is_no_copy_of_information_whatever_it_is_called() -> None:
    """45 CFR 164.524(a)(1)."""
    decision = decided(ACCESS, REPORT | {"maintained_in": "physical"})
    assert codes(decision, "report") == {"SPECIMEN_OUTSIDE_ACCESS_RIGHT"}


def test_what_is_to_be_amended_goes_nowhere_on_no_paper() -> None:
    """45 CFR 164.526: nothing leaves, so that no paper goes along and a paper's document may be amended as any record.

    An authorization of 164.508(a)(2) that nobody gave is none of them.
    """
    amend = {"created_here": True, "in_drs": True, "accessible": True, "accurate_and_complete": False}
    form = FORM | {"document_of": ["authorization"]}
    decision = decided(without(ACCESS, "purpose"), pathway="amendment", amendment=amend, materials=[NOTES, form])
    assert (decision.outcome, decision.papers, decision.released) == ("permit", (), ())


def test_notes_used_to_train_rest_on_no_authorization() -> None:
    """45 CFR 164.508(a)(2)(i)(B): the holder's own training programs use them without one."""
    decision = decided(USE, own_use="training", materials=[NOTES])
    assert (decision.released, decision.papers) == (("notes",), ())
