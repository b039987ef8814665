"""Days: of receipt, to act, extended, counted in years."""

import datetime as dt

import msgspec
import pytest

from adapter.consent.clock import local_date, years_after
from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from mappings.problems import ProblemError
from tests.adapter.consent.given import ACCESS, DIRECTIVE, SCAN, TREATMENT, Request, codes, decided, policy

NOTICE: Request = {"sent_on": "2026-03-20", "written": True, "reasons": "scanning", "promised_date": "2026-04-20"}


@pytest.mark.parametrize(
    ("received", "zone", "deadline"),
    [
        ("2026-03-02T23:59:00-05:00", "America/New_York", "2026-04-01"),
        ("2026-03-03T04:59:00Z", "America/New_York", "2026-04-01"),
        ("2026-03-03T05:00:00Z", "America/New_York", "2026-04-02"),
        ("2026-03-02T10:00:00-05:00", "Pacific/Auckland", "2026-04-02"),
        ("2026-03-02", None, "2026-04-01"),
        ("2026-03-02T23:30:00", None, "2026-04-01"),
        ("2026-03-02T10:00:00-05:00", None, None),
        ("2026-03-02T10:00:00-05:00", "Nowhere/Land", None),
        (None, "America/New_York", None),
    ],
)
def test_day_zero_is_the_local_day_of_receipt(received: str | None, zone: str | None, deadline: str | None) -> None:
    decision = decided(ACCESS, received_at=received, holder_tz=zone)
    assert decision.deadline == deadline
    assert decision.outcome == ("pend" if deadline is None else "permit")


@pytest.mark.parametrize("change", [{"identity_verified": None}, {"delivery": "unencrypted_email"}, {"purpose": None}])
def test_what_pends_does_not_move_the_deadline(change: Request) -> None:
    decision = decided(ACCESS | change)
    assert (decision.outcome, decision.deadline) == ("pend", "2026-04-01")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"written": None}, "EXTENSION_INCOMPLETE"),
        ({"reasons": " "}, "EXTENSION_INCOMPLETE"),
        ({"promised_date": None}, "EXTENSION_INCOMPLETE"),
        ({"sent_on": None}, "EXTENSION_INCOMPLETE"),
        ({"sent_on": "2026-03-01"}, "EXTENSION_INCOMPLETE"),
        ({"promised_date": "2026-04-01"}, "EXTENSION_INCOMPLETE"),
        ({"sent_on": "2026-04-02"}, "EXTENSION_LATE"),
    ],
)
def test_a_notice_that_fails_in_one_point_extends_nothing(change: Request, code: str) -> None:
    decision = decided(ACCESS, extension_notices=[NOTICE | change], as_of="2026-04-02")
    assert decision.deadline == "2026-04-01"
    assert {code, "OVERDUE"} <= codes(decision)


def test_a_faulty_notice_does_not_use_up_the_one_extension() -> None:
    decision = decided(ACCESS, extension_notices=[NOTICE | {"reasons": ""}, NOTICE, NOTICE])
    assert decision.deadline == "2026-04-20"
    assert {"EXTENSION_INCOMPLETE", "EXTENSION_VALID", "EXTENSION_SECOND"} <= codes(decision)


def test_lateness_denies_nothing() -> None:
    assert decided(ACCESS, as_of="2027-01-01").outcome == "permit"


def test_no_clock_runs_on_what_is_no_access_request() -> None:
    assert decided(TREATMENT, received_at="2026-03-02").deadline is None
    assert decided(DIRECTIVE, SCAN, recipient_is_provider=True).deadline is None


def test_a_state_limit_only_shortens() -> None:
    facts = facts_from(ACCESS)
    shorter = msgspec.structs.replace(policy(), state_access_days=15)
    longer = msgspec.structs.replace(policy(), state_access_days=45)
    assert decide(facts, shorter).deadline == "2026-03-17"
    assert decide(facts, longer).deadline == "2026-04-01"


def test_counsel_can_turn_the_local_day() -> None:
    utc = msgspec.structs.replace(policy(), receipt_day_is_local=False)
    assert local_date("2026-03-01T03:30:00Z", "America/New_York", policy()) == dt.date(2026, 2, 28)
    assert local_date("2026-03-01T03:30:00Z", "America/New_York", utc) == dt.date(2026, 3, 1)


def test_years_from_a_leap_day_end_in_march_unless_counsel_turns_it() -> None:
    february = msgspec.structs.replace(policy(), leap_day_to_march=False)
    assert years_after(dt.date(2024, 2, 29), 6, policy()) == dt.date(2030, 3, 1)
    assert years_after(dt.date(2024, 2, 29), 6, february) == dt.date(2030, 2, 28)


def test_years_that_no_calendar_counts_end_on_its_last_day_or_its_first() -> None:
    assert years_after(dt.date(9993, 12, 31), 6, policy()) == dt.date(9999, 12, 31)
    assert years_after(dt.date(9994, 1, 1), 6, policy()) == dt.date(9999, 12, 31)
    assert years_after(dt.date(7, 5, 1), -6, policy()) == dt.date(1, 5, 1)
    assert years_after(dt.date(6, 5, 1), -6, policy()) == dt.date(1, 1, 1)


def test_protection_ends_the_day_after_fifty_years() -> None:
    dead = TREATMENT | {"requester": "attorney", "recipient": "attorney", "patient": {"deceased_on": "1976-03-02"}}
    assert decided(dead, as_of="2026-03-02").outcome == "pend"
    assert decided(dead, as_of="2026-03-03").outcome == "permit"
    assert decided(dead, as_of=None).outcome == "pend"


AMEND: Request = ACCESS | {
    "pathway": "amendment",
    "amendment": {"created_here": True, "accurate_and_complete": False},
}
COUNT: Request = ACCESS | {"pathway": "accounting"}
LATER: Request = {
    "sent_on": "2026-04-20",
    "written": True,
    "reasons": "the author is away",
    "promised_date": "2026-05-20",
}


@pytest.mark.parametrize(("request_", "word"), [(AMEND, "AMENDMENT"), (COUNT, "ACCOUNTING")])
@pytest.mark.parametrize(
    ("notices", "deadline", "extended", "faulty"),
    [
        ([], "2026-05-01", False, set()),
        ([LATER], "2026-05-20", True, set()),
        ([LATER | {"sent_on": "2026-05-01"}], "2026-05-20", True, set()),
        ([LATER | {"promised_date": "2026-05-31"}], "2026-05-31", True, set()),
        ([LATER | {"promised_date": "2026-06-01"}], "2026-05-31", True, {"extension_notices[0]"}),
        ([LATER | {"sent_on": "2026-05-02"}], "2026-05-01", False, {"extension_notices[0]"}),
        ([LATER | {"reasons": " "}], "2026-05-01", False, {"extension_notices[0]"}),
        ([LATER | {"written": None}], "2026-05-01", False, {"extension_notices[0]"}),
        ([LATER | {"promised_date": "2026-05-01"}], "2026-05-01", False, {"extension_notices[0]"}),
        ([LATER, LATER | {"promised_date": "2026-05-30"}], "2026-05-20", True, {"extension_notices[1]"}),
    ],
)
def test_amendment_and_accounting_have_60_days_and_one_extension_by_30(
    request_: Request, word: str, notices: list[Request], deadline: str, extended: bool, faulty: set[str]
) -> None:
    decision = decided(request_, extension_notices=notices)
    assert (decision.outcome, decision.deadline) == ("permit", deadline)
    assert (f"{word}_EXTENDED" in codes(decision)) == extended
    assert {reason.fact for reason in decision.reasons if reason.code == f"{word}_EXTENSION_FAULTY"} == faulty
    assert not {code for code in codes(decision) if code.startswith("EXTENSION_")}


@pytest.mark.parametrize(("request_", "code"), [(AMEND, "AMENDMENT_OVERDUE"), (COUNT, "ACCOUNTING_OVERDUE")])
def test_late_answers_are_said_and_deny_nothing(request_: Request, code: str) -> None:
    assert code not in codes(decided(request_, as_of="2026-05-01"))
    late = decided(request_, as_of="2026-05-02")
    assert (late.outcome, code in codes(late), "escalation" in late.produce) == ("permit", True, True)
    assert code not in codes(decided(request_, as_of="2026-05-02", extension_notices=[LATER]))


def test_an_amendment_nobody_can_deny_is_to_be_made() -> None:
    assert "amendment_notice" in decided(AMEND).produce
    accurate = {"created_here": True, "accurate_and_complete": True}
    assert "amendment_notice" not in decided(AMEND, amendment=accurate).produce
    gone = {"created_here": False, "originator_unavailable_reasonable_basis": True, "accurate_and_complete": False}
    assert "amendment_notice" in decided(AMEND, amendment=gone).produce
    assert "amendment_notice" not in decided(AMEND, amendment={"accurate_and_complete": False}).produce


@pytest.mark.parametrize(
    ("received", "by_associate", "zone", "deadline", "lacking"),
    [
        ("2026-03-02T10:15:00-05:00", "2026-03-01T23:30:00-05:00", "America/New_York", "2026-03-31", set()),
        ("2026-03-02", "2026-03-05", None, "2026-04-01", set()),
        (None, "2026-03-05", None, "2026-04-04", set()),
        ("2026-03-02", "2026-03-05T10:00:00Z", None, None, {"holder_tz"}),
        (None, "2026-03-05T10:00:00Z", None, None, {"holder_tz"}),
        (None, None, "America/New_York", None, {"received_at"}),
    ],
)
def test_the_earlier_of_two_receipts_starts_the_clock(
    received: str | None, by_associate: str | None, zone: str | None, deadline: str | None, lacking: set[str]
) -> None:
    told: Request = {"received_at": received, "received_by_associate_at": by_associate, "holder_tz": zone}
    decision = decided(ACCESS | told, as_of="2026-03-06")
    assert decision.deadline == deadline
    assert {reason.fact for reason in decision.reasons if reason.code == "FACT_MISSING"} == lacking
    counted = decided(COUNT | told, as_of="2026-03-06")
    assert {reason.fact for reason in counted.reasons if reason.code == "FACT_MISSING"} == lacking


def test_a_receipt_that_is_no_time_is_refused() -> None:
    with pytest.raises(ProblemError, match="received_by_associate_at"):
        facts_from(ACCESS | {"received_by_associate_at": "yesterday"})


@pytest.mark.parametrize("received", ["2026-05-30", "2026-06-04", "2026-11-27"])
def test_no_weekend_and_no_holiday_moves_the_end(received: str) -> None:
    last = dt.date.fromisoformat(received) + dt.timedelta(days=30)
    assert decided(ACCESS, received_at=received).deadline == last.isoformat()
    assert decided(ACCESS, received_at=received, as_of=str(last)).deadline == last.isoformat()
    assert "OVERDUE" not in codes(decided(ACCESS, received_at=received, as_of=str(last)))
    assert "OVERDUE" in codes(decided(ACCESS, received_at=received, as_of=str(last + dt.timedelta(days=1))))
