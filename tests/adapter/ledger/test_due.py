"""Which clocks run: what closes a request for access, and what does not (45 CFR 164.524(b)(2))."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from adapter.consent.policy import policy_for
from adapter.ledger.due import Due, due
from adapter.ledger.store import Entry, Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import AT, DENIAL, LATER, RIGHT, change, disclosure, entry, go, notice, release

NOON = "2026-03-20T12:00:00-04:00"


def open_ones(ledger: Ledger, now: str = NOON) -> tuple[Due, ...]:
    return due(ledger, policy_for(dt.date(2026, 3, 20)), now)


def steps(ledger: Ledger, now: str = NOON) -> list[str]:
    return [one.next for one in open_ones(ledger, now)]


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    made = Ledger(url, at=AT)
    yield made
    made.close()


def test_a_request_that_pends_runs_to_its_deadline(ledger: Ledger) -> None:
    made = entry(outcome="pend")
    ledger.decided(made)
    [found] = open_ones(ledger)
    assert (found.deadline, found.days, found.overdue, found.next) == ("2026-04-01", 12, False, "settle what is open")
    assert (found.case, found.request, found.outcome) == ("case-1", made.request["id"], "pend")


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-04-01T23:59:59-04:00", 0),
        ("2026-04-02T03:59:59+00:00", 0),
        ("2026-04-02T04:00:00+00:00", -1),
        ("2026-04-02", -1),
    ],
)
def test_the_last_day_is_the_holders(now: str, days: int, ledger: Ledger) -> None:
    ledger.decided(entry(outcome="pend"))
    [found] = open_ones(ledger, now)
    assert (found.days, found.overdue) == (days, days < 0)


def test_what_is_known_to_be_elsewhere_is_told_beside_what_goes(ledger: Ledger) -> None:
    elsewhere = {"code": "HELD_ELSEWHERE_KNOWN", "citation": "45 CFR 164.524(d)(3)", "item": "film"}
    made = entry(outcome="permit_with_exclusions", reasons=[RIGHT, elsewhere], excluded=["film"])
    name = ledger.prepare(made, release())
    assert steps(ledger) == ["provide access"]
    ledger.delivered(name, disclosure())
    assert steps(ledger) == ["send the redirect notice"]
    ledger.noticed(notice("redirect", of=made))
    assert steps(ledger) == []


def test_a_delivery_closes_what_was_permitted(ledger: Ledger) -> None:
    made = entry()
    name = ledger.prepare(made, release())
    assert steps(ledger) == ["provide access"]
    ledger.delivered(name, disclosure())
    assert steps(ledger) == []


def test_a_delivery_before_the_decision_closes_nothing(ledger: Ledger) -> None:
    go(ledger, entry())
    ledger.prepare(entry(at=LATER), release("2" * 64, LATER))
    assert steps(ledger) == ["provide access"]


def test_the_same_decided_again_and_not_delivered_reopens_nothing(ledger: Ledger) -> None:
    go(ledger, entry())
    ledger.prepare(entry(at=LATER), release())
    ledger.prepare(entry(at=NOON), release())
    assert steps(ledger) == []


@pytest.mark.parametrize("told", [{"outcome": "permit_with_exclusions"}, {"requester": "personal_representative"}])
def test_the_same_content_on_another_decision_has_to_go_again(told: dict[str, Any], ledger: Ledger) -> None:
    go(ledger, entry())
    ledger.prepare(entry(at=LATER, **told), release())
    assert steps(ledger) == ["provide access"]


@pytest.mark.parametrize("between", ["other content", "pend"])
def test_what_was_decided_otherwise_in_between_has_to_go_again(between: str, ledger: Ledger) -> None:
    go(ledger, entry())
    if between == "pend":
        ledger.decided(entry(outcome="pend", at=LATER))
    else:
        ledger.prepare(entry(at=LATER), release("2" * 64, LATER))
    ledger.prepare(entry(at=NOON), release())
    assert steps(ledger) == ["provide access"]


def test_the_same_that_went_before_a_later_receipt_goes_again_and_closes_it(ledger: Ledger) -> None:
    go(ledger, entry())
    later = entry(at=NOON, received_at="2026-03-18T09:00:00-04:00")
    name = ledger.prepare(later, release())
    assert steps(ledger) == ["provide access"]
    ledger.delivered(name, disclosure(NOON))
    assert steps(ledger) == []


def test_a_partial_release_waits_for_its_denial_notice(ledger: Ledger) -> None:
    made = entry(outcome="permit_with_exclusions", reasons=[RIGHT, DENIAL])
    go(ledger, made)
    assert steps(ledger) == ["send the denial notice"]
    ledger.noticed(notice("acknowledgement", LATER, made))
    assert steps(ledger) == ["send the denial notice"]
    ledger.noticed(notice("denial", LATER, made))
    assert steps(ledger) == []


def test_a_partial_release_that_owes_no_notice_is_met(ledger: Ledger) -> None:
    go(ledger, entry(outcome="permit_with_exclusions"))
    assert steps(ledger) == []


def test_a_decision_taken_for_a_letter_asks_for_no_second_delivery(ledger: Ledger) -> None:
    made = entry(outcome="permit_with_exclusions", reasons=[RIGHT, DENIAL])
    go(ledger, made)
    ledger.decided(entry(outcome="permit_with_exclusions", reasons=[RIGHT, DENIAL], action="letter", at=LATER))
    assert steps(ledger) == ["send the denial notice"]
    ledger.noticed(notice("denial", LATER, made))
    assert steps(ledger) == []


def test_what_went_before_the_request_came_is_no_answer_to_it(ledger: Ledger) -> None:
    go(ledger, entry())
    ledger.decided(entry(at=NOON, received_at="2026-03-18T09:00:00-04:00"))
    assert steps(ledger) == ["provide access"]


@pytest.mark.parametrize("outcome", ["deny_unreviewable", "deny_reviewable", "deny_not_permitted"])
def test_a_denial_is_closed_by_its_notice(outcome: str, ledger: Ledger) -> None:
    made = entry(outcome=outcome)
    ledger.decided(made)
    assert steps(ledger) == ["send the denial notice"]
    ledger.noticed(notice("extension", LATER, made))
    assert steps(ledger) == ["send the denial notice"]
    ledger.noticed(notice("denial", LATER, made))
    assert steps(ledger) == []


def test_what_is_not_held_is_closed_by_saying_where_it_is(ledger: Ledger) -> None:
    made = entry(outcome="not_held")
    ledger.decided(made)
    assert steps(ledger) == ["send the redirect notice"]
    ledger.noticed(notice("redirect", LATER, made))
    assert steps(ledger) == []


@pytest.mark.parametrize("wrong", ["Testperson", "[", "7", "[7]", '[{"item": "Testperson"}]'])
def test_reasons_that_were_tampered_with_name_their_row(wrong: str, ledger: Ledger, url: str) -> None:
    row = ledger.decided(entry(outcome="deny_reviewable"))
    change(url, f"UPDATE decision SET reasons = '{wrong}'")
    with pytest.raises(ProblemError) as refused:
        open_ones(ledger)
    [found] = refused.value.problems
    assert (found.where, found.rule) == (f"ledger decision {row}", "ledger.chain")
    assert found.message == "is not as it was written; run `second-opinion ledger verify`"


@pytest.mark.parametrize(
    ("table", "column"),
    [("decision", "decided_at"), ("decision", "deadline"), ("request", "received_at"), ("disclosure", "disclosed_at")],
)
def test_times_that_were_tampered_with_name_the_request(table: str, column: str, ledger: Ledger, url: str) -> None:
    made = entry(outcome="permit_with_exclusions", reasons=[RIGHT, DENIAL])
    go(ledger, made)
    change(url, f"UPDATE {table} SET {column} = 'Testperson'")
    with pytest.raises(ProblemError) as refused:
        open_ones(ledger)
    [found] = refused.value.problems
    assert found.where == f"ledger request {made.request['id']}"
    assert found.message == "it or a row about it is not as it was written; run `second-opinion ledger verify`"


def test_a_notice_closes_nothing_that_pends(ledger: Ledger) -> None:
    made = entry(outcome="pend")
    ledger.decided(made)
    ledger.noticed(notice("denial", LATER, made))
    assert steps(ledger) == ["settle what is open"]


def test_the_decision_made_last_governs(ledger: Ledger) -> None:
    ledger.decided(entry(outcome="pend", deadline="2026-04-01"))
    ledger.decided(entry(outcome="pend", deadline="2026-04-20", at=LATER))
    assert [one.deadline for one in open_ones(ledger)] == ["2026-04-20"]
    go(ledger, entry(at=NOON))
    assert steps(ledger) == []


def test_a_time_of_receipt_that_is_corrected_is_the_same_request(ledger: Ledger) -> None:
    ledger.decided(entry(outcome="pend", received_at=None, deadline=None))
    assert [(one.deadline, one.days, one.overdue) for one in open_ones(ledger)] == [(None, None, False)]
    ledger.decided(entry(outcome="pend", at=LATER))
    assert [one.deadline for one in open_ones(ledger)] == ["2026-04-01"]


def test_a_new_request_is_not_closed_by_an_old_notice(ledger: Ledger) -> None:
    old = entry(outcome="deny_unreviewable")
    ledger.decided(old)
    ledger.noticed(notice("denial", AT, old))
    ledger.decided(entry(outcome="deny_unreviewable", at=NOON, received_at="2026-03-18T09:00:00-04:00"))
    assert steps(ledger) == ["send the denial notice"]


def test_another_patient_with_the_same_case_name_has_a_clock_of_its_own(ledger: Ledger) -> None:
    ledger.decided(entry("case-1", "MRN-0001", outcome="pend"))
    go(ledger, entry("case-1", "MRN-0002"))
    assert steps(ledger) == ["settle what is open"]


def test_a_disclosure_for_treatment_runs_under_no_clock(ledger: Ledger) -> None:
    ledger.decided(entry(pathway="disclosure", outcome="pend", deadline=None))
    assert steps(ledger) == []


def test_the_earliest_comes_first_and_what_has_no_deadline_last(ledger: Ledger) -> None:
    for number, deadline in enumerate(("2026-05-01", None, "2026-03-10")):
        ledger.decided(entry(f"case-{number}", f"MRN-{number}", outcome="pend", deadline=deadline))
    assert [(one.case, one.deadline, one.days) for one in open_ones(ledger)] == [
        ("case-2", "2026-03-10", -10), ("case-0", "2026-05-01", 42), ("case-1", None, None)
    ]  # fmt: skip


# --- amendment and accounting: 60 + 30 days


def asked(kind: str, **told: Any) -> Entry:
    """A request of this kind, received on 2026-03-02: day 60 is 2026-05-01, day 90 is 2026-05-31."""
    return entry(pathway=kind, deadline="2026-05-01", action="request", **told)


def extension(kind: str, on: str, until: str | None, reasons: str | None = "The archive is being moved.") -> Any:
    return notice(f"{kind}-extension", on, asked(kind)) | {"promised_on": until, "reasons": reasons}


@pytest.mark.parametrize("kind", ["amendment", "accounting"])
@pytest.mark.parametrize(
    ("sent", "deadline"),
    [
        ((), "2026-05-01"),
        ((("2026-05-01", "2026-05-20"),), "2026-05-20"),
        ((("2026-04-01T23:00:00-04:00", "2026-05-31"),), "2026-05-31"),
        ((("2026-04-01", "2026-07-01"),), "2026-05-31"),
        ((("2026-05-02", "2026-05-20"),), "2026-05-01"),
        ((("2026-05-02T03:59:59Z", "2026-05-20"),), "2026-05-20"),
        ((("2026-05-02T04:00:00Z", "2026-05-20"),), "2026-05-01"),
        ((("2026-04-01", None),), "2026-05-01"),
        ((("2026-04-01", "2026-05-20", None),), "2026-05-01"),
        ((("2026-04-01", "2026-05-20", " "),), "2026-05-01"),
        ((("2026-04-10", "2026-05-10"), ("2026-04-20", "2026-05-25")), "2026-05-10"),
        ((("2026-04-20", "2026-05-25"), ("2026-04-10", "2026-05-10")), "2026-05-10"),
        ((("2026-04-01", None), ("2026-04-20", "2026-05-25")), "2026-05-25"),
        ((("2026-04-10", "2026-05-10"), ("2026-04-10", "2026-05-10")), "2026-05-10"),
    ],
)
def test_one_complete_and_timely_notice_extends(
    kind: str, sent: tuple[tuple[Any, ...], ...], deadline: str, ledger: Ledger
) -> None:
    ledger.decided(asked(kind, outcome="pend"))
    for told in sent:
        ledger.noticed(extension(kind, *told))
    assert [(one.kind, one.deadline) for one in open_ones(ledger)] == [(kind, deadline)]


def test_an_extension_of_another_kind_extends_nothing(ledger: Ledger) -> None:
    ledger.decided(asked("amendment", outcome="pend"))
    for kind in ("extension", "accounting-extension"):
        ledger.noticed(extension("amendment", "2026-04-01", "2026-05-20") | {"kind": kind})
    assert [one.deadline for one in open_ones(ledger)] == ["2026-05-01"]


@pytest.mark.parametrize(
    ("outcome", "answers", "left"),
    [
        ("pend", ("amendment-denial",), ["decide on the amendment"]),
        ("permit", (), ["send the acceptance"]),
        ("permit", ("amendment-denial",), ["send the acceptance"]),
        ("permit", ("amendment-acceptance",), []),
        ("deny_not_permitted", ("amendment-acceptance",), ["send the denial"]),
        ("deny_not_permitted", ("amendment-denial",), []),
        ("permit_with_exclusions", ("amendment-acceptance",), ["send the denial"]),
        ("permit_with_exclusions", ("amendment-acceptance", "amendment-denial"), []),
    ],
)
def test_an_amendment_is_closed_by_the_answer_that_was_decided(
    outcome: str, answers: tuple[str, ...], left: list[str], ledger: Ledger
) -> None:
    made = asked("amendment", outcome=outcome)
    ledger.decided(made)
    for kind in answers:
        ledger.noticed(notice(kind, LATER, made))
    assert steps(ledger) == left


def test_an_amendment_told_by_hand_is_closed_by_either_answer(ledger: Ledger) -> None:
    made = entry(pathway="amendment", outcome="pend", action="by-hand")
    ledger.decided(made)
    assert steps(ledger) == ["decide on the amendment"]
    ledger.noticed(notice("acknowledgement", LATER, made))
    assert steps(ledger) == ["decide on the amendment"]
    ledger.noticed(notice("amendment-denial", LATER, made))
    assert steps(ledger) == []


def test_an_accounting_is_closed_when_it_is_given(ledger: Ledger) -> None:
    made = asked("accounting", outcome="pend")
    ledger.decided(made)
    ledger.noticed(notice("fee-notice", LATER, made))
    assert steps(ledger) == ["give the accounting"]
    ledger.noticed(notice("accounting", LATER, made))
    assert steps(ledger) == []


def test_the_same_request_told_twice_is_one_row_of_each(ledger: Ledger) -> None:
    assert ledger.asked(asked("amendment", outcome="pend")) is True
    assert ledger.asked(asked("amendment", outcome="pend", at=LATER)) is False
    assert ledger.asked(asked("amendment", outcome="permit", at=LATER)) is True
    assert (len(ledger.rows("request")), len(ledger.rows("decision"))) == (1, 2)
