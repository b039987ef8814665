"""Days: of receipt, to act, extended, counted in years."""

import datetime as dt

import msgspec
import pytest

from adapter.consent.clock import local_date, years_after
from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
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


def test_protection_ends_the_day_after_fifty_years() -> None:
    dead = TREATMENT | {"requester": "attorney", "recipient": "attorney", "patient": {"deceased_on": "1976-03-02"}}
    assert decided(dead, as_of="2026-03-02").outcome == "pend"
    assert decided(dead, as_of="2026-03-03").outcome == "permit"
    assert decided(dead, as_of=None).outcome == "pend"
