"""The accounting of disclosures of a patient (45 CFR 164.528): whose, which, since when."""

import datetime as dt

from adapter.consent.policy import policy_for
from adapter.ledger.accounting import Accounting, accounting, of_case, six_years
from adapter.ledger.store import Ledger
from tests.adapter.ledger.given import AT, LATER, NUMBER, SYSTEM, entry, go
from tests.adapter.ledger.old import CONTENTS, FIRST, schema_1

SIX_YEARS = (dt.date(2020, 4, 1), dt.date(2026, 4, 1))


def account(
    url: str, number: str = NUMBER, system: str = SYSTEM, span: tuple[dt.date, dt.date] = SIX_YEARS
) -> Accounting:
    ledger = Ledger(url)
    try:
        return accounting(ledger, (system, number), span)
    finally:
        ledger.close()


def test_a_line_has_what_the_accounting_must_say(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    ledger.close()
    [line] = account(url).lines
    assert (line.date, line.recipient, line.address) == (
        AT, "Test Review Center (synthetic)", "1 Test Road, Exampleton, ND 00000"
    )  # fmt: skip
    assert (line.description, line.purpose, line.basis) == (
        "case case-1: 1 items: pathology report (1)", "patient_request", ("45 CFR 164.524(a)(1)",)
    )  # fmt: skip
    assert (line.request_paper, line.counts) == ("directive-letter", True)


def test_what_is_another_patients_is_not_listed(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry(), "1" * 64)
    go(ledger, entry("case-2", "MRN-0002"), "2" * 64, recipient="Somebody else")
    ledger.close()
    assert [line.recipient for line in account(url).lines] == ["Test Review Center (synthetic)"]
    assert [line.recipient for line in account(url, "MRN-0002").lines] == ["Somebody else"]


def test_the_same_case_name_of_two_patients_mixes_nothing(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry("case-1", "MRN-0001"), "1" * 64)
    go(ledger, entry("case-1", "MRN-0002"), "2" * 64, recipient="Somebody else")
    ledger.close()
    assert [line.recipient for line in account(url, "MRN-0002").lines] == ["Somebody else"]


def test_a_number_is_one_only_with_its_issuer(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    ledger.close()
    found = account(url, system="https://other.example/mrn")
    assert (found.known, found.lines) == (False, ())


def test_a_decision_that_let_nothing_go_is_no_disclosure(url: str) -> None:
    ledger = Ledger(url, at=AT)
    ledger.decided(entry(outcome="pend"))
    ledger.close()
    found = account(url)
    assert (found.known, found.lines) == (True, ())


def test_every_delivery_of_the_same_content_has_its_line(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    go(ledger, entry(at=LATER))
    ledger.close()
    assert [line.date for line in account(url).lines] == [AT, LATER]


def test_what_is_exempt_is_there_and_says_so(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry(), accounting="exempt")
    ledger.close()
    assert [line.counts for line in account(url).lines] == [False]


def test_the_span_ends_are_within_and_the_oldest_comes_first(url: str) -> None:
    ledger = Ledger(url, at=AT)
    days = ("2026-04-02", "2020-04-01", "2020-03-31", "2026-04-01")
    for number, day in enumerate(days):
        go(ledger, entry(at=f"{day}T12:00:00-04:00"), str(number) * 64)
    ledger.close()
    assert [line.date[:10] for line in account(url).lines] == ["2020-04-01", "2026-04-01"]


def test_six_years_are_counted_by_the_calendar() -> None:
    day = dt.date(2026, 2, 28)
    assert six_years(day, policy_for(day)) == dt.date(2020, 2, 28)
    leap = dt.date(2024, 2, 29)
    assert six_years(leap, policy_for(leap)) == dt.date(2018, 3, 1)


def test_one_number_of_two_persons_is_told(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry(), "1" * 64)
    go(ledger, entry("case-9", person="bb" * 32), "2" * 64)
    ledger.close()
    assert account(url).persons == 2


def test_what_schema_1_disclosed_is_under_no_patient_until_the_same_goes_again(url: str) -> None:
    ledger = Ledger(schema_1(url), at=AT)
    go(ledger, entry(), "3" * 64)
    assert (account(url).unfiled, len(account(url).lines)) == (2, 1)
    assert [line.date for line in of_case(ledger, "case-1", SIX_YEARS).lines] == [
        FIRST,
        "2025-02-10T10:00:00-05:00",
        AT,
    ]
    go(ledger, entry(at=LATER), CONTENTS[0])
    ledger.close()
    found = account(url)
    assert (found.unfiled, [line.date for line in found.lines]) == (
        0, [FIRST, "2025-02-10T10:00:00-05:00", AT, LATER]
    )  # fmt: skip


def test_a_case_that_is_not_there_is_not_known(url: str) -> None:
    ledger = Ledger(schema_1(url), at=AT)
    assert (of_case(ledger, "case-3", SIX_YEARS).known, of_case(ledger, "case-4", SIX_YEARS).known) == (True, False)
    ledger.close()


def test_one_case_name_of_two_persons_is_told(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry(), "1" * 64)
    ledger.decided(entry("case-1", "MRN-0002", person="bb" * 32))
    assert (of_case(ledger, "case-1", SIX_YEARS).persons, of_case(ledger, "case-2", SIX_YEARS).persons) == (2, 0)
    ledger.close()
