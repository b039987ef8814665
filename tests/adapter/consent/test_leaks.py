"""For each rule, the case in which breaking it would let something out."""

import pytest

from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    COUNSELING,
    DIRECTIVE,
    NOTES,
    PAYMENT,
    REPORT,
    RESEARCH,
    SCAN,
    SLIDE,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    USE,
    Request,
    codes,
    decided,
    without,
)

PERMITTED = {
    "access": ACCESS,
    "directive": DIRECTIVE,
    "treatment": TREATMENT,
    "authorization": AUTHORIZED,
    "payment": PAYMENT,
    "waiver": RESEARCH,
    "use": USE,
}


@pytest.mark.parametrize("name", PERMITTED)
def test_what_the_tests_start_from_is_permitted(name: str) -> None:
    decision = decided(PERMITTED[name])
    assert decision.outcome == "permit"
    assert decision.released == ("report",)


@pytest.mark.parametrize("name", [name for name in PERMITTED if name != "use"])
def test_psychotherapy_notes_never_ride_along(name: str) -> None:
    decision = decided(PERMITTED[name], REPORT, NOTES)
    assert decision.outcome == "permit_with_exclusions"
    assert decision.released == ("report",)
    assert decision.excluded == ("notes",)


def test_psychotherapy_notes_go_under_an_authorization_of_their_own_only() -> None:
    general = decided(TREATMENT, REPORT, NOTES, authorization=CONSENT)
    own = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT)
    expired = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT | {"expiry": "2026-03-01"})
    combined = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT | {"compound": True})
    other = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT | {"covers": ["report"]})
    assert own.released == ("report", "notes")
    assert [d.released for d in (general, expired, combined, other)] == [("report",)] * 4


def test_the_right_of_access_does_not_reach_psychotherapy_notes_even_with_an_authorization() -> None:
    assert decided(ACCESS, REPORT, NOTES, psychotherapy_authorization=CONSENT).released == ("report",)


@pytest.mark.parametrize("name", ["directive", "treatment", "authorization", "payment", "waiver"])
def test_a_part_2_record_needs_its_own_consent_to_go_to_others(name: str) -> None:
    decision = decided(PERMITTED[name], REPORT, SUD, holder={"part2_program": True})
    assert decision.released == ("report",)
    assert codes(decision, "sud") == {"PART2_CONSENT_MISSING"}


def test_a_part_2_kind_cannot_be_declared_away() -> None:
    assert decided(TREATMENT, REPORT, SUD | {"part2": False}).released == ("report",)


def test_a_part_2_label_binds_whatever_the_kind() -> None:
    assert decided(TREATMENT, REPORT, REPORT | {"id": "labelled", "part2": True}).released == ("report",)


def test_the_part_2_statement_goes_with_a_consented_record() -> None:
    decision = decided(TREATMENT, REPORT, SUD, holder={"part2_program": True}, part2_consent=TPO_CONSENT)
    assert decision.released == ("report", "sud")
    assert {"part2_statement", "part2_consent_copy"} <= set(decision.produce)


@pytest.mark.parametrize(
    "change",
    [
        {"patient_named": None},
        {"discloser": None},
        {"description": None},
        {"recipients": " "},
        {"purpose": None},
        {"revocation_right": None},
        {"expiry": None},
        {"expiry": "2026-03-01"},
        {"signed": None},
        {"signed_on": None},
        {"signed_on": "2026-03-03"},
        {"revoked_on": "2026-03-01"},
        {"revoked": True},
        {"known_false": True},
        {"hipaa_redisclosure_statement": None},
        {"redisclosure_potential_statement": None},
        {"refusal_consequences_statement": None},
        {"covers": ["report"]},
        {"tpo_single_consent": None},
        {"tpo_single_consent": False, "recipients": "Another Center", "purpose": "treatment"},
    ],
)
def test_a_part_2_consent_that_fails_in_one_point_releases_nothing(change: Request) -> None:
    consent = TPO_CONSENT | change
    decision = decided(TREATMENT, REPORT, SUD, recipient_name="Acme Review", part2_consent=consent)
    assert decision.released == ("report",)


def test_a_named_part_2_consent_is_for_that_recipient_and_purpose() -> None:
    consent = TPO_CONSENT | {"tpo_single_consent": False, "recipients": "Acme  review", "purpose": "Treatment"}
    named: Request = {"recipient_name": "Acme Review", "part2_consent": consent}
    assert decided(TREATMENT, SUD, **named).released == ("sud",)
    assert decided(TREATMENT, SUD, part2_consent=consent).outcome == "pend"
    assert decided(TREATMENT, SUD, **named | {"part2_consent": consent | {"purpose": "payment"}}).outcome == "pend"


def test_a_tpo_consent_does_not_reach_another_purpose() -> None:
    decision = decided(RESEARCH, REPORT, SUD, part2_consent=TPO_CONSENT | {"expiry": "2027-01-01"})
    assert decision.released == ("report",)


@pytest.mark.parametrize("name", ["access", "directive", "treatment", "authorization", "payment", "waiver"])
def test_counseling_notes_need_their_own_consent(name: str) -> None:
    decision = decided(PERMITTED[name], REPORT, COUNSELING, part2_consent=TPO_CONSENT)
    assert decision.released == ("report",)
    assert codes(decision, "counseling") == {"PART2_COUNSELING_NOTES"}


def test_counseling_notes_go_under_their_own_consent() -> None:
    assert decided(TREATMENT, COUNSELING, counseling_notes_consent=TPO_CONSENT).released == ("counseling",)


@pytest.mark.parametrize(
    "change",
    [
        {"holder": {"part2_program": True, "covered_entity": True}},
        {"holder": {"covered_entity": True}},
        {"holder": {"part2_program": False}},
        {"part2_consent": TPO_CONSENT | {"revoked_on": "2026-03-01"}},
        {"purpose": "legal_proceedings"},
    ],
)
def test_redisclosure_of_a_part_2_record_needs_all_its_conditions(change: Request) -> None:
    received = SUD | {"received_under": "tpo_single_consent"}
    request = TREATMENT | {"holder": {"part2_program": False, "covered_entity": True}}
    assert decided(request, received).released == ("sud",)
    assert "sud" not in decided(request | change, REPORT, received).released


def test_no_consent_opens_a_part_2_record_to_a_proceeding() -> None:
    request = AUTHORIZED | {"purpose": "legal_proceedings", "part2_consent": TPO_CONSENT}
    decision = decided(request, REPORT, SUD)
    assert decision.released == ("report",)
    assert codes(decision, "sud") == {"PART2_PROCEEDINGS_BAR"}


def test_patients_see_their_own_part_2_record_and_a_representative_does_not_by_that_rule() -> None:
    proxy: Request = {
        "requester": "personal_representative",
        "recipient": "personal_representative",
        "authority_verified": True,
        "representative": {"type": "health_care_proxy", "scope": "all_health_care"},
    }
    assert decided(ACCESS, REPORT, SUD).released == ("report", "sud")
    assert decided(ACCESS | proxy, REPORT, SUD).released == ("report",)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("access", {"identity_verified": False}),
        ("access", {"identity_verified": None}),
        ("treatment", {"identity_verified": None}),
        ("treatment", {"authority_verified": None}),
        ("treatment", {"recipient_is_provider": None}),
        ("treatment", {"recipient_is_provider": False}),
        ("treatment", {"recipient": "attorney"}),
        ("treatment", {"requester": "attorney"}),
        ("treatment", {"purpose": "marketing"}),
        ("payment", {"recipient": "attorney"}),
        ("payment", {"recipient": "review_center", "recipient_is_provider": None}),
        ("payment", {"scope": None}),
        ("payment", {"scope": "entire_medical_record"}),
        ("payment", {"purpose": "underwriting"}),
        ("waiver", {"irb_waiver": {"documented": None}}),
        ("waiver", {"purpose": "marketing"}),
        ("access", {"requester": "attorney", "recipient": "attorney"}),
        ("access", {"recipient": "attorney"}),
        ("use", {"recipient": "review_center"}),
        ("use", {"requester": "payer"}),
        ("use", {"purpose": "research"}),
        ("use", {"recipient": None}),
        ("use", {"purpose": None}),
    ],
)
def test_without_a_basis_everything_waits(name: str, change: Request) -> None:
    decision = decided(PERMITTED[name] | change)
    assert decision.outcome == "pend"
    assert decision.released == ()


@pytest.mark.parametrize("name", [name for name in PERMITTED if name != "use"])
@pytest.mark.parametrize("fact", ["pathway", "requester", "recipient", "purpose"])
@pytest.mark.parametrize("word", ["martian", None])
def test_unknown_and_absent_words_pend(name: str, fact: str, word: str | None) -> None:
    decision = decided(PERMITTED[name] | {fact: word})
    assert decision.outcome == "pend"
    assert "FACT_MISSING" in codes(decision)


@pytest.mark.parametrize("name", [name for name in PERMITTED if name != "use"])
def test_an_unknown_kind_pends(name: str) -> None:
    decision = decided(PERMITTED[name], REPORT | {"kind": "martian"})
    assert decision.outcome == "pend"
    assert [(r.item, r.fact) for r in decision.reasons if r.code == "FACT_MISSING"] == [("report", "kind")]


def test_opaque_content_nobody_declared_stays_behind() -> None:
    unknown = {"id": "file", "kind": "undeclared_document", "in_drs": True}
    assert decided(TREATMENT, REPORT, unknown).released == ("report",)
    assert decided(TREATMENT, unknown).outcome == "pend"


def test_a_request_for_nothing_pends() -> None:
    assert decided(TREATMENT | {"materials": []}).outcome == "pend"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expiry": "2026-03-01"}, "AUTH_EXPIRED"),
        ({"expiry": "discharge", "expiry_event_occurred": True}, "AUTH_EXPIRED"),
        ({"expiry": "none"}, "AUTH_NO_EXPIRY"),
        ({"expiry": None}, "AUTH_NO_EXPIRY"),
        ({"revoked_in_writing_on": "2026-02-10"}, "AUTH_REVOKED"),
        ({"revoked": True}, "AUTH_REVOKED"),
        ({"description": None}, "AUTH_INCOMPLETE"),
        ({"discloser": None}, "AUTH_INCOMPLETE"),
        ({"recipient": None}, "AUTH_INCOMPLETE"),
        ({"purpose": None}, "AUTH_INCOMPLETE"),
        ({"known_false": True}, "AUTH_INCOMPLETE"),
        ({"statement_revocation": None}, "AUTH_NO_STATEMENTS"),
        ({"statement_conditioning": None}, "AUTH_NO_STATEMENTS"),
        ({"statement_redisclosure": None}, "AUTH_NO_STATEMENTS"),
        ({"signed": None}, "AUTH_NO_SIGNATURE"),
        ({"signed_on": None}, "AUTH_NO_SIGNATURE"),
        ({"signed_on": "2026-03-03"}, "AUTH_NO_SIGNATURE"),
        ({"signer": None}, "AUTH_NO_SIGNATURE"),
        ({"signer": "personal_representative"}, "AUTH_NO_SIGNATURE"),
        ({"compound": True}, "AUTH_COMPOUND"),
        ({"conditioned": True}, "AUTH_CONDITIONED"),
        ({"remuneration": True}, "SALE_OR_MARKETING_AUTHORIZATION"),
        ({"recipient_named": "Jones LLP"}, "AUTHORIZATION_SCOPE_EXCEEDED"),
        ({"covers": ["other"]}, "AUTHORIZATION_SCOPE_EXCEEDED"),
    ],
)
def test_an_authorization_that_fails_in_one_point_releases_nothing(change: Request, code: str) -> None:
    decision = decided(AUTHORIZED, authorization=CONSENT | change, recipient_name="Smith LLP")
    assert decision.outcome == "pend"
    assert code in codes(decision, "report")


def test_an_authorization_is_for_the_recipient_it_names() -> None:
    consent = CONSENT | {"recipient_named": "smith llp"}
    assert decided(AUTHORIZED, authorization=consent, recipient_name="Smith  LLP").outcome == "permit"
    assert decided(AUTHORIZED, authorization=consent).outcome == "pend"


def test_an_item_the_authorization_does_not_reach_stays_behind() -> None:
    decision = decided(AUTHORIZED, REPORT, SCAN, authorization=CONSENT | {"covers": ["report"]})
    assert (decision.released, decision.excluded) == (("report",), ("scan",))


def test_a_dated_authorization_cannot_be_judged_without_the_day() -> None:
    assert decided(without(AUTHORIZED, "as_of")).outcome == "pend"


def test_an_expiry_still_holds_on_its_own_day() -> None:
    assert decided(AUTHORIZED, authorization=CONSENT | {"expiry": "2026-03-02"}).outcome == "permit"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"written": None}, "DIRECTIVE_NOT_WRITTEN"),
        ({"signed": None}, "DIRECTIVE_NOT_SIGNED"),
        ({"designee": ""}, "DIRECTIVE_RECIPIENT_UNCLEAR"),
        ({"address": None}, "DIRECTIVE_RECIPIENT_UNCLEAR"),
        ({"designee": "Another Center"}, "DIRECTIVE_RECIPIENT_UNCLEAR"),
    ],
)
def test_a_directive_that_fails_in_one_point_pends(change: Request, code: str) -> None:
    directive = DIRECTIVE["directive"] | change
    decision = decided(DIRECTIVE, directive=directive, recipient_name="Acme Review")
    assert decision.outcome == "pend"
    assert code in codes(decision)
    assert decision.deadline == "2026-04-01"


def test_a_third_party_without_any_directive_pends() -> None:
    assert decided(without(DIRECTIVE, "directive")).outcome == "pend"


def test_outside_the_ehr_a_directive_reaches_a_provider_only() -> None:
    to_provider = decided(DIRECTIVE, REPORT, SCAN, recipient_is_provider=True)
    to_unknown = decided(DIRECTIVE, REPORT, SCAN)
    to_lawyer = decided(DIRECTIVE, REPORT, SCAN, recipient="attorney", recipient_is_provider=False)
    assert to_provider.released == ("report", "scan")
    assert codes(to_provider, "scan") >= {"TREATMENT_DISCLOSURE", "DIRECTIVE_OUTSIDE_EHR"}
    assert (to_unknown.released, to_unknown.excluded) == (("report",), ("scan",))
    assert (to_lawyer.released, to_lawyer.excluded) == (("report",), ("scan",))


def test_a_directive_to_a_provider_stays_inside_the_right_of_access() -> None:
    file: Request = {"id": "qa", "kind": "qa_peer_review_file", "maintained_in": "other_electronic", "in_drs": False}
    compiled = SCAN | {"id": "suit", "kind": "litigation_compilation"}
    decision = decided(DIRECTIVE, REPORT, SCAN, file, compiled, recipient_is_provider=True)
    assert decision.released == ("report", "scan")
    assert decision.excluded == ("qa", "suit")


@pytest.mark.parametrize("request_", [ACCESS, DIRECTIVE | {"recipient_is_provider": True}])
def test_a_slide_is_no_copy_by_access(request_: Request) -> None:
    decision = decided(request_, REPORT, SLIDE, SLIDE | {"id": "mislabelled", "maintained_in": "ehr"})
    assert decision.released == ("report",)
    assert decision.excluded == ("slide", "mislabelled")


@pytest.mark.parametrize("name", ["treatment", "authorization", "payment", "waiver"])
@pytest.mark.parametrize(
    "loan",
    [None, {}, {"agreement": True}, {"agreement": True, "custodian": "Path", "return_by": None},
     {"agreement": None, "custodian": "Path", "return_by": "2026-06-01"},
     {"agreement": True, "custodian": " ", "return_by": "2026-06-01"}],
)  # fmt: skip
def test_a_slide_leaves_only_with_a_record_of_custody(name: str, loan: Request | None) -> None:
    assert decided(PERMITTED[name], REPORT, SLIDE, loan=loan).released == ("report",)


@pytest.mark.parametrize("in_drs", [False, None])
def test_outside_the_record_set_there_is_no_access(in_drs: bool | None) -> None:
    decision = decided(ACCESS, REPORT | {"in_drs": in_drs})
    assert decision.released == ()
    assert not decision.permits


def test_an_agreed_restriction_holds_against_that_recipient_only() -> None:
    blocked: Request = {"agreed": True, "blocks_recipient": "review_center"}
    assert decided(TREATMENT, restrictions=[blocked]).outcome == "deny_not_permitted"
    assert decided(TREATMENT, restrictions=[blocked], emergency=True).released == ("report",)
    assert decided(TREATMENT, restrictions=[blocked | {"agreed": None}]).outcome == "pend"
    assert decided(TREATMENT, restrictions=[blocked | {"agreed": False}]).outcome == "permit"
    assert decided(TREATMENT, restrictions=[blocked | {"blocks_recipient": "attorney"}]).outcome == "permit"
    assert decided(TREATMENT, REPORT, SCAN, restrictions=[blocked | {"applies_to": ["scan"]}]).released == ("report",)
    assert decided(TREATMENT, restrictions=[{"agreed": True}]).outcome == "deny_not_permitted"


def test_a_restriction_by_name_holds_for_that_name() -> None:
    blocked: Request = {"agreed": True, "blocks_recipient": "acme review"}
    assert decided(TREATMENT, restrictions=[blocked], recipient_name="Acme Review").outcome == "deny_not_permitted"


def test_an_emergency_lifts_a_restriction_for_treatment_only() -> None:
    blocked: Request = {"agreed": True, "blocks_recipient": "health_plan"}
    assert decided(PAYMENT, restrictions=[blocked], emergency=True).outcome == "deny_not_permitted"
    assert decided(PAYMENT, restrictions=[blocked | {"blocks_recipient": "payer"}]).outcome == "deny_not_permitted"


def test_a_payer_does_not_learn_of_what_was_paid_in_full() -> None:
    paid = REPORT | {"id": "paid", "paid_in_full_out_of_pocket": True, "restriction_requested": True}
    assert decided(PAYMENT, REPORT, paid).released == ("report",)
    assert decided(PAYMENT, REPORT, paid | {"paid_in_full_out_of_pocket": None}).outcome == "pend"
    assert decided(TREATMENT, REPORT, paid).released == ("report", "paid")


def test_a_payers_reviewer_is_payment_whatever_the_label() -> None:
    commissioned = decided(TREATMENT, engaged_by_payer=True)
    scoped = decided(TREATMENT, engaged_by_payer=True, scope="reports")
    assert commissioned.outcome == "pend"
    assert "TREATMENT_DISCLOSURE" not in codes(scoped)
    assert codes(scoped) >= {"PAYMENT_DISCLOSURE", "MIN_NECESSARY_APPLIES"}


@pytest.mark.parametrize("item", [{"data_class": "hiv"}, {"kind": "hiv_test_report"}, {"data_classes": ["std", "hiv"]}])
@pytest.mark.parametrize(
    "rule", [{"written_consent_required": True}, {"written_consent_required": True, "on_file": False}, {}]
)
def test_a_state_rule_keeps_its_class_of_data(item: Request, rule: Request) -> None:
    sensitive = REPORT | {"id": "sensitive"} | item
    assert decided(TREATMENT, REPORT, sensitive, state_rules={"hiv": rule}).released == ("report",)
    assert decided(TREATMENT, REPORT, sensitive, state_rules={"std": {"on_file": True}}).outcome == "permit"


def test_stating_another_class_does_not_lift_the_class_of_the_kind() -> None:
    item = REPORT | {"id": "hiv", "kind": "hiv_test_report", "data_class": "std"}
    assert decided(TREATMENT, REPORT, item, state_rules={"hiv": {}}).released == ("report",)


def test_genetic_information_never_serves_underwriting_even_if_authorized() -> None:
    request = PAYMENT | {"purpose": "underwriting", "authorization": CONSENT}
    gene = REPORT | {"id": "gene", "kind": "genetic_report"}
    assert decided(request, REPORT, gene).released == ("report",)
    assert decided(request, REPORT, REPORT | {"id": "gene", "data_class": "genetic"}).released == ("report",)


@pytest.mark.parametrize("included", [None, False])
def test_a_disputed_report_does_not_leave_without_the_statement(included: bool | None) -> None:
    disputed = REPORT | {"statement_of_disagreement": True, "statement_included": included}
    assert decided(TREATMENT, disputed).outcome == "pend"
    assert decided(DIRECTIVE, disputed).outcome == "pend"
    assert decided(TREATMENT, disputed | {"statement_included": True}).outcome == "permit"


@pytest.mark.parametrize("name", ["directive", "treatment", "authorization", "payment", "waiver"])
def test_records_of_privacy_decisions_stay_with_the_holder(name: str) -> None:
    record = REPORT | {"id": "consent", "kind": "administrative_record"}
    assert decided(PERMITTED[name], REPORT, record).released == ("report",)


def test_what_is_not_held_is_neither_released_nor_denied() -> None:
    decision = decided(TREATMENT, REPORT, SCAN | {"held": False})
    assert (decision.released, codes(decision, "scan")) == (("report",), {"NOT_HELD"})


def test_what_reads_as_a_copy_of_a_withheld_item_is_withheld() -> None:
    copy = REPORT | {"id": "copy", "duplicate_of": "notes"}
    original = REPORT | {"id": "original"}
    marked = NOTES | {"id": "marked", "duplicate_of": "original"}
    assert decided(TREATMENT, REPORT, NOTES, copy).released == ("report",)
    assert decided(TREATMENT, REPORT, original, marked).released == ("report",)


def test_a_copy_of_what_is_not_here_goes_itself() -> None:
    copy = REPORT | {"id": "copy", "duplicate_of": "report"}
    decision = decided(ACCESS, REPORT | {"held": False}, copy)
    assert (decision.released, decision.excluded, decision.duplicates) == (("copy",), ("report",), ())


def test_copies_are_produced_once() -> None:
    second = REPORT | {"id": "second", "duplicate_of": "report"}
    third = REPORT | {"id": "third", "duplicate_of": "second"}
    decision = decided(ACCESS, REPORT, second, third)
    assert (decision.released, decision.duplicates) == (("report",), ("second", "third"))


def test_of_a_circle_of_copies_the_first_goes() -> None:
    one = REPORT | {"id": "one", "duplicate_of": "two"}
    two = REPORT | {"id": "two", "duplicate_of": "one"}
    decision = decided(ACCESS, one, two)
    assert (decision.released, decision.duplicates) == (("one",), ("two",))


@pytest.mark.parametrize("pathway", ["amendment", "accounting", "retention"])
def test_a_request_that_is_none_for_copies_releases_nothing(pathway: str) -> None:
    amendment = {"created_here": True, "accurate_and_complete": False}
    extra: Request = {"created_on": "2026-01-05", "amendment": amendment}
    decision = decided(ACCESS | extra, pathway=pathway)
    assert decision.outcome == "permit"
    assert decision.released == ()


def test_the_holders_own_use_takes_what_needs_no_paper_and_is_no_disclosure() -> None:
    decision = decided(USE, REPORT, SUD, SLIDE, REPORT | {"id": "x", "kind": "undeclared_document"})
    assert decision.outcome == "permit"
    assert decision.excluded == ()
    assert {(r.code, r.citation) for r in decision.reasons} == {("HOLDER_USE", "45 CFR 164.506(c)(1)")}


@pytest.mark.parametrize("own_use", [None, "conversion", "martian", "treatment"])
@pytest.mark.parametrize("purpose", ["operations", "treatment", "payment"])
def test_session_notes_serve_no_use_of_the_holders_without_their_own_paper(own_use: str | None, purpose: str) -> None:
    decision = decided(USE, REPORT, NOTES, COUNSELING, own_use=own_use, purpose=purpose)
    assert decision.released == ("report",)
    assert decision.excluded == ("notes", "counseling")
    assert {"PSYCHOTHERAPY_AUTHORIZATION_MISSING"} <= codes(decision, "notes")
    assert {"PART2_COUNSELING_NOTES"} <= codes(decision, "counseling")


@pytest.mark.parametrize(
    ("own_use", "purpose", "goes"),
    [
        ("originator_treatment", "treatment", True),
        ("training", "operations", True),
        ("legal_defense", "operations", True),
        ("originator_treatment", "operations", False),
        ("training", "treatment", False),
        ("legal_defense", "payment", False),
    ],
)
def test_session_notes_serve_three_uses_of_the_holders_each_for_its_purpose(
    own_use: str, purpose: str, goes: bool
) -> None:
    decision = decided(USE, REPORT, NOTES, COUNSELING, own_use=own_use, purpose=purpose)
    assert ({"notes", "counseling"} <= set(decision.released)) is goes


@pytest.mark.parametrize("own_use", ["originator_treatment", "training", "legal_defense"])
def test_a_word_for_the_holders_own_use_opens_no_disclosure(own_use: str) -> None:
    assert decided(TREATMENT, REPORT, NOTES, COUNSELING, own_use=own_use).released == ("report",)
    assert decided(ACCESS, REPORT, NOTES, COUNSELING, own_use=own_use).released == ("report",)


def test_an_authorization_of_their_own_opens_the_notes_to_a_use() -> None:
    decision = decided(USE, NOTES, psychotherapy_authorization=CONSENT, as_of="2026-03-02")
    assert decision.released == ("notes",)
    assert decided(USE, REPORT, NOTES, authorization=CONSENT, as_of="2026-03-02").released == ("report",)


FAMILY = TREATMENT | {
    "requester": "family_member",
    "recipient": "family_member",
    "recipient_is_provider": False,
    "purpose": "involvement_in_care",
}


@pytest.mark.parametrize(
    ("family", "outcome"),
    [
        ({"involved_in_care": True, "individual_agreed": True}, "permit"),
        ({"involved_in_care": True, "professional_judgment": True}, "permit"),
        ({"involved_in_care": True}, "pend"),
        ({"individual_agreed": True}, "pend"),
        ({"involved_in_care": True, "professional_judgment": True, "individual_objected": True}, "pend"),
        (None, "pend"),
    ],
)
def test_family_is_told_what_the_living_patient_lets_them_know(family: Request | None, outcome: str) -> None:
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
def test_family_of_the_dead_is_told_what_the_patient_did_not_oppose(family: Request | None, outcome: str) -> None:
    assert decided(FAMILY, family=family, patient={"deceased_on": "2026-01-10"}).outcome == outcome


def test_what_goes_on_the_accounting_is_said_of_releases_only() -> None:
    assert {"ACCOUNTING_REQUIRED", "MIN_NECESSARY_APPLIES"} <= codes(decided(RESEARCH))
    assert "accounting_entry" in decided(RESEARCH).produce
    assert "ACCOUNTING_EXEMPT" in codes(decided(TREATMENT))
    assert "accounting_entry" not in decided(RESEARCH, identity_verified=False).produce


def test_an_open_question_about_an_item_that_lacks_its_paper_still_pends_the_request() -> None:
    notes = NOTES | {"statement_of_disagreement": True}
    assert decided(TREATMENT, REPORT, notes, psychotherapy_authorization=CONSENT).outcome == "pend"
    assert decided(TREATMENT, REPORT, notes).outcome == "pend"


def test_an_item_that_is_out_for_good_has_no_open_question() -> None:
    disputed = SCAN | {"statement_of_disagreement": True}
    blocked: Request = {"agreed": True, "applies_to": ["scan"]}
    assert decided(TREATMENT, REPORT, disputed, restrictions=[blocked]).released == ("report",)
