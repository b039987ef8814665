"""The accounting of disclosures of a patient (45 CFR 164.528): whose, which, since when."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from adapter.consent import basis
from adapter.consent.policy import policy_for
from adapter.consent.rules import Basis
from adapter.ledger.accounting import Accounting, accounting, of_case, six_years
from adapter.ledger.store import Entry, Ledger
from adapter.ledger.suspending import may_go_to_agency, not_settled
from adapter.recording import EXEMPTIONS
from mappings.problems import ProblemError
from tests.adapter.ledger.given import (
    AT,
    LATER,
    NUMBER,
    SYSTEM,
    disclosure,
    entry,
    go,
    know,
    reported,
    research,
    suspension,
)
from tests.adapter.ledger.old import CONTENTS, FIRST, schema_1

POLICY_THEN = policy_for(dt.date(2026, 4, 1))
SIX_YEARS = (dt.date(2020, 4, 1), dt.date(2026, 4, 1))


def account(
    url: str, number: str = NUMBER, system: str = SYSTEM, span: tuple[dt.date, dt.date] = SIX_YEARS
) -> Accounting:
    ledger = Ledger(url)
    try:
        return accounting(ledger, (system, number), span, POLICY_THEN)
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
    assert [line.date for line in of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN).lines] == [
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
    assert (
        of_case(ledger, "case-3", SIX_YEARS, POLICY_THEN).known,
        of_case(ledger, "case-4", SIX_YEARS, POLICY_THEN).known,
    ) == (True, False)
    ledger.close()


def test_one_case_name_of_two_persons_is_told(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry(), "1" * 64)
    ledger.decided(entry("case-1", "MRN-0002", person="bb" * 32))
    assert (
        of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN).persons,
        of_case(ledger, "case-2", SIX_YEARS, POLICY_THEN).persons,
    ) == (2, 0)
    ledger.close()


OTHER = ("https://other.example/mrn", "X-77")


def named(number: str, *also: tuple[str, str], case: str = "case-1", person: str = "aa" * 32) -> Entry:
    """A request whose patient has further numbers."""
    made = entry(case, number, person=person)
    more = tuple({"system": system, "value": value, "person_sha256": person} for system, value in also)
    return msgspec.structs.replace(made, subjects=(*made.subjects, *more))


def test_a_person_known_under_several_numbers_is_one_patient(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, named("MRN-0001", OTHER), "1" * 64, recipient="First")
    go(ledger, named("X-77", case="case-2"), "2" * 64, recipient="Not of that issuer")
    elsewhere = named("MRN-0009", OTHER, case="case-3")
    go(ledger, elsewhere, "3" * 64, recipient="Second")
    ledger.close()
    found = account(url)
    assert ([line.recipient for line in found.lines], found.others, found.persons) == (["First", "Second"], 2, 1)
    assert [line.recipient for line in account(url, "X-77", OTHER[0]).lines] == ["First", "Second"]


def test_a_number_of_another_person_leads_to_nobody_elses_disclosures(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, named("MRN-0001", OTHER), "1" * 64, recipient="Mine")
    go(ledger, named("MRN-0002", OTHER, case="case-2", person="bb" * 32), "2" * 64, recipient="Theirs")
    ledger.close()
    assert [line.recipient for line in account(url).lines] == ["Mine"]
    assert account(url, "X-77", OTHER[0]).persons == 2


def test_what_was_reported_is_listed_with_who_made_it(url: str) -> None:
    ledger = Ledger(url, at=AT)
    assert (ledger.reported(reported()), ledger.reported(reported(reported_at=AT))) == (True, False)
    assert ledger.reported(reported(number="MRN-0002", recipient="Another patient's")) is True
    ledger.close()
    [line] = account(url).lines
    assert (line.recipient, line.basis, line.made_by, line.counts, line.request_paper) == (
        "Test Agency (synthetic)", ("45 CFR 164.512(d)",), "Test Archive Company (synthetic)", True,
        "letter of the agency",
    )  # fmt: skip
    assert account(url).known is True


def suspended_on(url: str, day: dt.date, **told: Any) -> list[bool]:
    ledger = Ledger(url, at=AT)
    ledger.reported(reported())
    ledger.reported(reported(recipient="Another Agency"))
    ledger.reported(reported(basis="45 CFR 164.512(b)", purpose="Public health"))
    ledger.suspended(suspension(**told))
    found = accounting(ledger, (SYSTEM, NUMBER), (dt.date(2020, 4, 1), day), POLICY_THEN)
    ledger.close()
    return [line.suspended for line in found.lines]


def test_a_suspension_hides_what_went_to_that_agency_while_it_lasts(urls: Iterator[str]) -> None:
    assert suspended_on(next(urls), dt.date(2026, 6, 30)) == [True, False, False]
    assert suspended_on(next(urls), dt.date(2026, 7, 1)) == [False, False, False]
    assert suspended_on(next(urls), dt.date(2026, 4, 1), agency=" test  AGENCY (synthetic)") == [True, False, False]
    assert suspended_on(next(urls), dt.date(2026, 4, 1), number="MRN-0002") == [False, False, False]


def test_a_suspension_holds_for_every_number_of_the_person(url: str) -> None:
    ledger = Ledger(url, at=AT)
    ledger.decided(named("MRN-0001", OTHER))
    ledger.reported(reported())
    ledger.suspended(suspension(system=OTHER[0], number=OTHER[1]))
    ledger.close()
    assert [line.suspended for line in account(url).lines] == [True]


def test_part_2_is_accounted_for_three_years_and_as_the_switch_says(url: str) -> None:
    ledger = Ledger(url, at=AT)
    for number, day in enumerate(("2023-03-31", "2023-04-01", "2026-03-31")):
        go(ledger, entry(at=f"{day}T12:00:00-04:00"), str(number) * 64, accounting="part2", exemption=TREATMENT)
    tolled = msgspec.structs.replace(POLICY_THEN, part2_accounting=False)
    off = accounting(ledger, (SYSTEM, NUMBER), SIX_YEARS, tolled)
    ledger.close()
    assert [(line.counts, line.exemption) for line in account(url).lines] == [
        (False, TREATMENT), (True, TREATMENT), (True, TREATMENT)
    ]  # fmt: skip
    assert [line.counts for line in off.lines] == [False, False, False]


TREATMENT = "45 CFR 164.528(a)(1)(i)"


def test_every_legal_basis_says_whether_and_why_it_need_not_be_listed() -> None:
    told = {each.code: each.accounting for each in vars(basis).values() if isinstance(each, Basis) and each.code}
    assert {code for code, counts in told.items() if counts is False} == set(EXEMPTIONS)
    assert {code for code, counts in told.items() if counts} == {
        "RESEARCH_WAIVER", "RESEARCH_DECEDENTS", "PUBLIC_HEALTH", "REQUIRED_BY_LAW"
    }  # fmt: skip
    assert EXEMPTIONS["AUTHORIZATION_DISCLOSURE"] == "(iv)"
    assert EXEMPTIONS["LIMITED_DATA_SET"] == "(viii)"


# --- a recipient whose name is not the agency's


def spelled(url: str, name: str = "T. Agency", **told: Any) -> Ledger:
    ledger = Ledger(url, at=AT)
    ledger.reported(reported(recipient=name, **told))
    ledger.suspended(suspension())
    return ledger


def standing(ledger: Ledger, day: dt.date = SIX_YEARS[1]) -> list[tuple[bool, int]]:
    found = accounting(ledger, (SYSTEM, NUMBER), (SIX_YEARS[0], day), POLICY_THEN)
    return [(line.suspended, len(not_settled([line]))) for line in found.lines]


def test_another_name_settles_nothing_until_it_is_said_and_what_is_said_last_governs(url: str) -> None:
    ledger = spelled(url)
    assert standing(ledger) == [(False, 1)]
    [told] = not_settled(accounting(ledger, (SYSTEM, NUMBER), SIX_YEARS, POLICY_THEN).lines)
    line, stated = ledger.rows("reported_disclosure")[0]["id"], ledger.rows("suspension")[0]["id"]
    assert (told.where, told.rule, told.severity) == (f"ledger {line}", "45 CFR 164.528(a)(2)", "error")
    assert f"recipient {line} --is {stated}`" in told.message
    assert "Agency" not in told.message
    know(ledger, same=False)
    assert standing(ledger) == [(False, 0)]
    know(ledger, same=True, at="2026-03-18T09:00:00-04:00")
    assert standing(ledger) == [(True, 0)]
    assert standing(ledger, dt.date(2026, 7, 1)) == [(False, 0)], "over is over"
    ledger.close()


def test_the_same_name_is_the_agency_unless_it_is_said_to_be_another(url: str) -> None:
    ledger = spelled(url, " test AGENCY  (synthetic)")
    assert standing(ledger) == [(True, 0)]
    know(ledger, same=False)
    assert standing(ledger) == [(False, 0)]
    ledger.close()


def test_what_is_said_of_one_agency_says_nothing_of_another(url: str) -> None:
    ledger = spelled(url)
    know(ledger, same=False)
    ledger.suspended(suspension(until="2026-12-31"))
    assert standing(ledger) == [(False, 0)], "a further statement of the same agency"
    ledger.suspended(suspension(agency="Another Agency"))
    assert standing(ledger) == [(False, 1)]
    ledger.close()


def test_only_what_may_have_gone_to_an_agency_is_asked_about(url: str) -> None:
    ledger = spelled(url, basis="45 CFR 164.512(b)")
    ledger.reported(reported(recipient="Registry", basis="45 CFR 164.512 (f)(1)"))
    assert standing(ledger) == [(False, 0), (False, 1)]
    ledger.close()


@pytest.mark.parametrize(
    ("basis", "may"),
    [
        ((), True),
        (("45 CFR 164.512",), True),
        (("45 CFR 164.512(d)(1)",), True),
        (("45 CFR § 164.512 (F)",), True),
        (("45 CFR 164.512(b), (d)",), True),
        (("45 CFR 164.506(c)(2)", "45 CFR 164.512(f)"), True),
        (("45 CFR 164.512(b)",), False),
        (("45 CFR 164.502(d)",), False),
        (("42 CFR 2.53",), False),
    ],
)
def test_a_paragraph_that_is_not_said_may_be_that_of_an_agency(basis: tuple[str, ...], may: bool) -> None:
    assert may_go_to_agency(basis) is may


def test_a_case_of_which_no_number_is_known_waits_for_anybodys_suspension(url: str) -> None:
    ledger = Ledger(schema_1(url), at=AT)
    assert not_settled(of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN).lines) == ()
    ledger.suspended(suspension(number="MRN-0002"))
    found = of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN)
    assert [len(line.unsettled) for line in found.lines] == [1, 1], "schema 1 named no basis"
    assert len(not_settled(found.lines)) == 1, "one of the two is exempt"
    known = of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN, also=[(SYSTEM, NUMBER)])
    assert not_settled(known.lines) == ()
    ledger.close()


def test_a_case_is_suspended_under_every_number_of_its_person(url: str) -> None:
    ledger = Ledger(url, at=AT)
    made = {"content_sha256": "1" * 64, "decided_at": AT, "audit_event": {}}
    basis = [{"code": "X", "citation": "45 CFR 164.512(f)"}]
    ledger.delivered(ledger.prepare(named("MRN-0001"), {**made, "basis": basis}), disclosure(recipient="Sheriff"))
    ledger.decided(named("MRN-0001", OTHER, case="case-2"))
    ledger.suspended(suspension(system=OTHER[0], number=OTHER[1], agency="Sheriff"))
    assert [line.suspended for line in of_case(ledger, "case-1", SIX_YEARS, POLICY_THEN).lines] == [True]
    ledger.close()


def test_asked_of_a_past_day_what_is_suspended_on_either_day_is_not_told(url: str) -> None:
    ledger = spelled(url, "Test Agency (synthetic)")
    for days, hidden in (((dt.date(2026, 3, 1),), False), ((dt.date(2026, 3, 1), dt.date(2026, 6, 1)), True)):
        found = accounting(ledger, (SYSTEM, NUMBER), SIX_YEARS, POLICY_THEN, days)
        assert [line.suspended for line in found.lines] == [hidden]
    ledger.close()


@pytest.mark.parametrize(("which", "place"), [((0, None), "LINE"), ((None, 0), "SUSPENSION")])
def test_what_is_said_of_no_row_of_the_ledger_is_refused(
    which: tuple[int | None, int | None], place: str, url: str
) -> None:
    ledger = spelled(url)
    line = "none" if which[0] is not None else ledger.rows("reported_disclosure")[0]["id"]
    stated = "none" if which[1] is not None else ledger.rows("suspension")[0]["id"]
    with pytest.raises(ProblemError) as refused:
        ledger.recipient_known(line, stated, True, AT)
    assert [(found.where, found.rule) for found in refused.value.problems] == [(place, "ledger.recipient")]
    ledger.close()


# --- research


def test_research_is_in_every_accounting_of_its_time(url: str) -> None:
    ledger = Ledger(url, at=AT)
    assert (ledger.researched(research()), ledger.researched(research(recorded_at=AT))) == (True, False)
    ledger.researched(research(days="2019-01-01,2026-04-01,2026-04-02", criteria="Told later.", name="protocol  t-1"))
    ledger.researched(research(name="Protocol of another time", days="2019-01-01", last_on="2019-01-01"))
    ledger.decided(entry("case-2", "MRN-0002"))
    [one] = account(url, "MRN-0002").studies.listed
    assert (one.first, one.last, one.criteria, one.sponsor_phone) == (
        "2026-02-10", "2026-04-01", "Told later.", "+1 505 555 0103"
    )  # fmt: skip
    assert len(of_case(ledger, "case-2", SIX_YEARS, POLICY_THEN).studies.listed) == 1
    ledger.researched(research(researcher="Somebody else"))
    ledger.close()
    assert [one.researcher for one in account(url, "MRN-0002").studies.listed] == [
        "Somebody else",
        "Testresearcher-Poe",
    ]


@pytest.mark.parametrize(
    ("rows", "listed", "doubts"),
    [
        ([("2026-02-10,2026-03-10", 50)], [True], 0),
        ([("2026-02-10,2026-03-10", 49)], [], 1),
        ([("2026-02-10", 25), ("2026-03-10", 24)], [], 1),
        ([("2026-02-10", 25), ("2026-03-10", 25)], [False], 1),
        ([("2019-01-01,2026-03-10", 60)], [False], 1),
        ([("2019-01-01,2026-03-10", 60), ("2026-02-10", 50)], [True], 0),
        ([("2019-01-01", 60), ("2026-03-10", 20)], [], 1),
        ([("2019-01-01", 60)], [], 0),
    ],
)
def test_a_protocol_stands_for_lines_of_50_people_within_the_time_of_the_accounting(
    rows: list[tuple[str, int]], listed: list[bool], doubts: int, url: str
) -> None:
    ledger = Ledger(url, at=AT)
    for days, people in rows:
        ledger.researched(research(days=days, last_on=days[-10:], individuals=people))
    ledger.close()
    found = account(url, "MRN-0002").studies
    assert [one.sure for one in found.listed] == listed
    assert [(one.severity, one.rule) for one in found.doubts()] == [("warning", "45 CFR 164.528(b)(4)(i)")] * doubts


def test_people_of_two_researches_are_not_added_up(url: str) -> None:
    ledger = Ledger(url, at=AT)
    ledger.researched(research(individuals=30))
    ledger.researched(research(individuals=30, name="Protocol T-2"))
    held = [row["id"] for row in ledger.rows("research")]
    ledger.close()
    found = account(url, "MRN-0002").studies
    assert (found.listed, list(found.fewer)) == ((), held)
    assert [one.where for one in found.doubts()] == [f"ledger research {name}" for name in held]
