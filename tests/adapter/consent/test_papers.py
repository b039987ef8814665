"""When papers end, and on which day they are judged: what cannot be read never counts for the release."""

import pytest

from adapter.consent.authorization import expiry_day, is_unclear
from tests.adapter.consent.given import (
    AUTHORIZED,
    CONSENT,
    NOTES,
    REPORT,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    Request,
    codes,
    decided,
    without,
)

PAST = ["2020-01", "2020", "2020-01-01T00:00:00Z", "2020-01-01T23:59:59-05:00", "2026-02", "2025", "20200101"]
UNREADABLE = ["January 1, 2020", "01/01/2020", "1 year", "one year from signing", "90 days", "2020-13", "in two weeks"]
PENDING = ["end of the civil claim", "discharge"]


@pytest.mark.parametrize("expiry", [*PAST, *UNREADABLE])
def test_psychotherapy_notes_stay_when_their_authorization_ended_or_cannot_be_read(expiry: str) -> None:
    decision = decided(TREATMENT, REPORT, NOTES, psychotherapy_authorization=CONSENT | {"expiry": expiry})
    assert decision.released == ("report",)


@pytest.mark.parametrize("expiry", PAST)
def test_a_partial_date_or_a_time_expires(expiry: str) -> None:
    decision = decided(AUTHORIZED, authorization=CONSENT | {"expiry": expiry})
    assert decision.outcome == "pend"
    assert "AUTH_EXPIRED" in codes(decision, "report")


@pytest.mark.parametrize("expiry", UNREADABLE)
def test_a_date_or_term_that_cannot_be_read_is_no_event(expiry: str) -> None:
    decision = decided(AUTHORIZED, authorization=CONSENT | {"expiry": expiry})
    assert decision.outcome == "pend"
    assert [r.fact for r in decision.reasons if r.code == "FACT_MISSING"] == ["authorization.expiry"]


@pytest.mark.parametrize("expiry", [*PAST, *UNREADABLE])
def test_a_part_2_record_stays_when_its_consent_ended_or_cannot_be_read(expiry: str) -> None:
    consent = TPO_CONSENT | {"expiry": expiry}
    assert decided(TREATMENT, REPORT, SUD, part2_consent=consent).released == ("report",)
    assert decided(TREATMENT, SUD, part2_consent=consent).outcome == "pend"


@pytest.mark.parametrize("expiry", ["2026-03", "2026", "2026-03-02T00:00:00Z", *PENDING])
def test_the_last_day_still_counts(expiry: str) -> None:
    assert decided(AUTHORIZED, authorization=CONSENT | {"expiry": expiry}).outcome == "permit"
    assert decided(TREATMENT, SUD, part2_consent=TPO_CONSENT | {"expiry": expiry}).outcome == "permit"


def test_a_month_ends_with_its_last_day() -> None:
    assert str(expiry_day("2024-02")) == "2024-02-29"
    assert str(expiry_day("2025")) == "2025-12-31"
    assert [expiry_day(text) for text in ("0000", "0000-01", "none", "", None)] == [None] * 5
    assert not any(is_unclear(text) for text in ("none", "end of the research study", "discharge", "2026-01", None))


NO_ZONE: Request = {"as_of": "2026-03-02T12:00:00-05:00", "holder_tz": None}


@pytest.mark.parametrize(
    "change",
    [{"signed_on": "2026-03-03"}, {"signed_on": "2099-01-01", "expiry": "discharge"}, {"expiry": "2026-03-01"}],
)
def test_without_a_zone_the_day_of_the_decision_is_the_one_its_offset_writes(change: Request) -> None:
    paper = CONSENT | change
    assert decided(AUTHORIZED | NO_ZONE, authorization=paper).outcome == "pend"
    assert decided(TREATMENT | NO_ZONE, REPORT, NOTES, psychotherapy_authorization=paper).released == ("report",)
    assert decided(TREATMENT | NO_ZONE, REPORT, SUD, part2_consent=TPO_CONSENT | change).released == ("report",)


def test_without_a_zone_a_valid_dated_paper_is_not_refused() -> None:
    assert decided(AUTHORIZED | NO_ZONE).outcome == "permit"
    dated = TPO_CONSENT | {"expiry": "2026-12-31"}
    assert decided(TREATMENT | NO_ZONE, SUD, part2_consent=dated).outcome == "permit"


def test_without_any_day_no_dated_paper_counts() -> None:
    undated = without(AUTHORIZED, "as_of")
    assert [r.fact for r in decided(undated).reasons if r.code == "FACT_MISSING"] == ["as_of"]
    assert decided(undated).outcome == "pend"
    consent = TPO_CONSENT | {"expiry": "2026-12-31"}
    asked = without(TREATMENT, "as_of") | {"psychotherapy_authorization": CONSENT, "part2_consent": consent}
    decision = decided(asked, REPORT, NOTES, SUD)
    assert decision.released == ("report",)
    missing = [(r.item, r.fact) for r in decision.reasons if r.code == "FACT_MISSING"]
    assert missing == [("notes", "as_of"), ("sud", "as_of")]


@pytest.mark.parametrize(
    ("named", "outcome"),
    [
        ("Treatment", "pend"),
        ("for research and public health", "pend"),
        ("legal_proceedings", "permit"),
        ("for Legal  Proceedings or treatment", "permit"),
        ("at the request of the individual", "permit"),
        ("Expert review for a civil claim", "permit"),
        (None, "permit"),
    ],
)
def test_an_authorization_for_another_purpose_lets_nothing_go(named: str | None, outcome: str) -> None:
    paper = CONSENT | {"purpose_named": named}
    decision = decided(AUTHORIZED, purpose="legal_proceedings", authorization=paper)
    assert decision.outcome == outcome
    assert ("AUTHORIZATION_SCOPE_EXCEEDED" in codes(decision)) is (outcome == "pend")
