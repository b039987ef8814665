"""One fact of the law each: the single word, paper or day on which a decision turns."""

import datetime as dt
import time

import msgspec
import pytest

from adapter.consent.clock import local_date, years_after
from adapter.consent.facts import moment
from adapter.consent.reasons import reason
from mappings.problems import ProblemError
from tests.adapter.consent.given import (
    ACCESS,
    DIRECTIVE,
    LIMITED,
    LONG_DEAD,
    PAYMENT,
    REPORT,
    TREATMENT,
    USE,
    Request,
    codes,
    decided,
    policy,
    without,
)

PARENT: Request = ACCESS | {
    "requester": "parent",
    "recipient": "parent",
    "authority_verified": True,
    "patient": {"unemancipated_minor": True},
}


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


def test_who_has_no_standing_is_refused_whatever_else_is_open() -> None:
    """45 CFR 164.502(g)(3)(ii)(B): only identity and authority are settled first, not how the copy is sent."""
    asked = PARENT | {"minor": {"state_law": "prohibits"}}
    assert decided(asked, delivery="unencrypted_email").outcome == "deny_not_permitted"
    assert decided(asked, identity_verified=None).outcome == "pend"


@pytest.mark.parametrize("kept", ["ehr", "other_electronic", "paper"])
def test_a_directive_to_a_provider_reaches_every_medium_that_is_named(kept: str) -> None:
    """Ciox Health v. Azar: outside the EHR as treatment, 45 CFR 164.506(c)(2)."""
    decision = decided(DIRECTIVE, REPORT | {"maintained_in": kept}, recipient_is_provider=True)
    assert (decision.outcome, decision.released) == ("permit", ("report",))
    unknown = decided(DIRECTIVE, without(REPORT, "maintained_in"), recipient_is_provider=True)
    assert [(one.item, one.fact) for one in unknown.reasons if one.code == "FACT_MISSING"] == [
        ("report", "maintained_in")
    ]


@pytest.mark.parametrize(("requester", "relied"), [("payer", True), ("holder", False), ("referring_physician", False)])
def test_the_holder_relies_on_the_word_of_the_plan_that_asks(requester: str, relied: bool) -> None:
    """45 CFR 164.514(d)(3)(iii)(B): on the request of another, not on its own."""
    decision = decided(PAYMENT, requester=requester)
    assert decision.outcome == "permit"
    assert ("RELIANCE_ON_COVERED_ENTITY" in codes(decision)) is relied


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


def test_every_ground_in_one_copy_binds_the_other() -> None:
    """45 CFR 164.524(a)(1)(ii), (a)(2)(v)."""
    source = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}
    first = REPORT | {"kind": "litigation_compilation", "source": source}
    decision = decided(ACCESS, first, REPORT | {"id": "copy", "duplicate_of": "report"})
    assert codes(decision, "report") == codes(decision, "copy") == {"LITIGATION_INFORMATION", "CONFIDENTIAL_SOURCE"}


def test_a_source_that_may_have_been_a_provider_is_asked_about() -> None:
    """45 CFR 164.524(a)(2)(v): somebody other than a health care provider."""
    source = {"promised_confidentiality": True, "access_would_reveal": True}
    decision = decided(ACCESS, REPORT | {"source": source})
    assert (decision.outcome, codes(decision, "report")) == ("pend", {"FACT_MISSING"})
    assert decided(ACCESS, REPORT | {"source": source | {"is_provider": True}}).outcome == "permit"


def test_in_a_use_of_its_own_the_holder_has_every_copy() -> None:
    """45 CFR 164.524(c)(1) is about what is produced for the individual."""
    decision = decided(USE, REPORT, REPORT | {"id": "again", "duplicate_of": "report"})
    assert (decision.released, decision.duplicates) == (("report", "again"), ())


def test_a_date_stays_a_date_and_what_is_none_is_refused_by_its_place() -> None:
    assert moment("2026-03-02") == dt.date(2026, 3, 2)
    assert moment("2026-03-02T00:00:00") == dt.datetime(2026, 3, 2)
    with pytest.raises(ProblemError) as caught:
        moment("yesterday")
    assert [problem.where for problem in caught.value.problems] == ["$"]
