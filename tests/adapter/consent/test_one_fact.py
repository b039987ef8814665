"""One fact of the law each: the single word, paper or day on which a decision turns."""

import datetime as dt
import time

import msgspec
import pytest

from adapter.consent.clock import local_date, years_after
from adapter.consent.decide import decide
from adapter.consent.facts import facts_from, holder_use
from adapter.consent.law import material
from adapter.consent.reasons import reason
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    COUNSELING,
    DIRECTIVE,
    LIMITED,
    LONG_DEAD,
    NOTES,
    PAYMENT,
    REPORT,
    SLIDE,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    Request,
    codes,
    decided,
    policy,
    without,
)

COUNSELED: Request = {"counseling_notes_consent": TPO_CONSENT}
FORM: Request = {"id": "form", "kind": "consent_form", "maintained_in": "ehr", "in_drs": True}
PARENT: Request = ACCESS | {
    "requester": "parent",
    "recipient": "parent",
    "authority_verified": True,
    "patient": {"unemancipated_minor": True},
}


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


@pytest.mark.parametrize("purpose", ["research", "public_health", "operations"])
def test_what_a_limited_data_set_is_for(purpose: str) -> None:
    """45 CFR 164.514(e)(3)(i)."""
    decision = decided(LIMITED, purpose=purpose)
    assert decision.outcome == "permit"
    assert "LIMITED_DATA_SET" in codes(decision)


@pytest.mark.parametrize(("day", "free"), [("2022-03-01", False), ("2022-03-02", True)])
def test_who_died_on_a_leap_day_is_protected_to_the_first_of_march(day: str, free: bool) -> None:
    """45 CFR 164.502(f): fifty years following the death."""
    decision = decided(LONG_DEAD, patient={"deceased_on": "1972-02-29"}, as_of=day)
    assert ("DECEDENT_50_YEARS" in codes(decision)) is free


@pytest.mark.parametrize("form", ["written", "electronic"])
def test_a_request_in_electronic_form_is_one_in_writing(form: str) -> None:
    """45 CFR 164.524(b)(1)."""
    assert decided(ACCESS, request_form=form).outcome == "permit"
    assert decided(ACCESS, request_form="oral").outcome == "pend"


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


def test_who_has_no_standing_is_refused_whatever_else_is_open() -> None:
    """45 CFR 164.502(g)(3)(ii)(B): only identity and authority are settled first, not how the copy is sent."""
    asked = PARENT | {"minor": {"state_law": "prohibits"}}
    assert decided(asked, delivery="unencrypted_email").outcome == "deny_not_permitted"
    assert decided(asked, identity_verified=None).outcome == "pend"


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


@pytest.mark.parametrize("kept", ["ehr", "other_electronic", "paper"])
def test_a_directive_to_a_provider_reaches_every_medium_that_is_named(kept: str) -> None:
    """Ciox Health v. Azar: outside the EHR as treatment, 45 CFR 164.506(c)(2)."""
    decision = decided(DIRECTIVE, REPORT | {"maintained_in": kept}, recipient_is_provider=True)
    assert (decision.outcome, decision.released) == ("permit", ("report",))
    unknown = decided(DIRECTIVE, without(REPORT, "maintained_in"), recipient_is_provider=True)
    assert [(one.item, one.fact) for one in unknown.reasons if one.code == "FACT_MISSING"] == [
        ("report", "maintained_in")
    ]


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
    ],
)
def test_a_consent_without_authority_holds_what_needs_that_paper(paper: str, item: Request, told: Request) -> None:
    """42 CFR 2.31(b), 2.33(a); 45 CFR 164.508(a)(2)."""
    failing = {"carried_consents": [{"id": "c", "says": "no_authority", "rules": ["actor"], "paper": paper}]}
    assert decided(TREATMENT, REPORT, item, **told).released == ("report", item["id"])
    decision = decided(TREATMENT, REPORT, item, **told, **failing)
    assert decision.released == ("report",)
    assert [(one.item, one.fact) for one in decision.reasons if one.code == "CONSENT_NO_AUTHORITY"] == [
        (item["id"], "carried_consents.actor")
    ]


@pytest.mark.parametrize(("requester", "relied"), [("payer", True), ("holder", False), ("referring_physician", False)])
def test_the_holder_relies_on_the_word_of_the_plan_that_asks(requester: str, relied: bool) -> None:
    """45 CFR 164.514(d)(3)(iii)(B): on the request of another, not on its own."""
    decision = decided(PAYMENT, requester=requester)
    assert decision.outcome == "permit"
    assert ("RELIANCE_ON_COVERED_ENTITY" in codes(decision)) is relied


def test_the_accounting_of_part_2_is_owed_of_what_an_ehr_held() -> None:
    """42 CFR 2.25(b): for treatment, payment and operations only of disclosures through an electronic health record."""
    on_paper = SUD | {"id": "paper", "maintained_in": "paper"}
    decision = decided(TREATMENT, on_paper, SUD, part2_consent=TPO_CONSENT)
    assert [one.item for one in decision.reasons if one.code == "PART2_ACCOUNTING_REQUIRED"] == ["sud"]


def test_no_belief_about_a_representative_keeps_the_patient_from_the_own_record() -> None:
    """45 CFR 164.502(g)(5)."""
    believed = {"election": {"reasonable_belief": "abuse", "best_interest_decision": True}}
    assert decided(ACCESS, **believed).outcome == "permit"
    assert decided(PARENT, minor={"state_law": "permits", "consented_alone": False}, **believed).outcome == (
        "deny_not_permitted"
    )


def test_a_reason_names_a_fact_only_where_one_is_missing() -> None:
    """45 CFR 164.524(d)(2): plain language."""
    assert reason("DUE_30_DAYS").sentence == reason("DUE_30_DAYS").ground.sentence
    assert reason("FACT_MISSING", fact="purpose").sentence.endswith(" (purpose)")
    assert not reason("FACT_MISSING").sentence.endswith(")")


def test_a_finding_of_harm_to_the_one_referred_to_is_more_than_the_reference() -> None:
    """45 CFR 164.524(a)(3)(ii)."""
    about = REPORT | {"names_other_person": True, "other_person_is_provider": False}
    found = {"ground": "substantial_harm_to_referenced_person", "by_licensed_professional": True}
    assert "REFERENCE_ALONE_NOT_GROUND" in codes(decided(ACCESS, about), "report")
    made = decided(ACCESS, about, determinations=[found])
    assert codes(made, "report") == {"HARM_TO_REFERENCED_PERSON"}


def test_the_designee_of_a_directive_is_compared_as_people_compare_names() -> None:
    """45 CFR 164.524(c)(3)(ii): the person is clearly identified."""
    assert decided(DIRECTIVE, recipient_name="ACME  review").outcome == "permit"
    assert codes(decided(DIRECTIVE, recipient_name="Other Review")) >= {"DIRECTIVE_RECIPIENT_UNCLEAR"}


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


def test_a_patient_who_asks_that_another_gets_the_record_shows_that_the_request_is_theirs() -> None:
    """45 CFR 164.514(h)(1)(i)."""
    decision = decided(TREATMENT, requester="patient", authority_verified=None)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert "AUTHORITY_NOT_VERIFIED" in codes(decision)
    assert decided(ACCESS, authority_verified=None).outcome == "permit"


def test_the_repetition_that_is_not_produced_is_named() -> None:
    """45 CFR 164.524(c)(1)."""
    decision = decided(ACCESS, REPORT, REPORT | {"id": "again", "duplicate_of": "report"})
    assert [one.item for one in decision.reasons if one.code == "PRODUCE_ONCE"] == ["again"]


@pytest.mark.parametrize(
    ("day", "years", "end"),
    [("9949-06-01", 50, "9999-06-01"), ("9949-06-01", 51, "9999-12-31"), ("9999-06-01", 1, "9999-12-31")],
)
def test_an_anniversary_is_told_up_to_the_last_year_there_is(day: str, years: int, end: str) -> None:
    assert years_after(dt.date.fromisoformat(day), years, policy()).isoformat() == end


def test_the_zone_of_the_machine_moves_no_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """45 CFR 164.524(b)(2): where the policy counts by Greenwich, it is by Greenwich."""
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        by_greenwich = msgspec.structs.replace(policy(), receipt_day_is_local=False)
        assert str(local_date("2026-03-02T20:00:00-05:00", None, by_greenwich)) == "2026-03-03"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_papers_end_by_the_holders_day() -> None:
    """45 CFR 164.508(b)(2)(i): at 23:30 in New York the next day has begun in Berlin, where the holder is."""
    paper = CONSENT | {"expiry": "2026-03-02"}
    told = {"as_of": "2026-03-02T23:30:00-05:00", "authorization": paper}
    assert decided(AUTHORIZED, holder_tz="America/New_York", **told).outcome == "permit"
    assert codes(decided(AUTHORIZED, holder_tz="Europe/Berlin", **told)) >= {"AUTH_EXPIRED"}


def test_every_ground_in_one_copy_binds_the_other() -> None:
    """45 CFR 164.524(a)(1)(ii), (a)(2)(v)."""
    source = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}
    first = REPORT | {"kind": "litigation_compilation", "source": source}
    decision = decided(ACCESS, first, REPORT | {"id": "copy", "duplicate_of": "report"})
    assert codes(decision, "report") == codes(decision, "copy") == {"LITIGATION_INFORMATION", "CONFIDENTIAL_SOURCE"}


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
