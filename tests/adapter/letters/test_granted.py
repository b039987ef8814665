"""Acknowledgement, acceptance, extension, redirect, fees, outcome of a review: each refused without its elements."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from adapter.letters import called_for, letter
from adapter.letters.things import thing
from tests.adapter.letters.made import (
    DAUGHTER,
    DISCLOSURE,
    ENDANGERS,
    LETTER,
    denied,
    occasion,
    refusals,
    without,
    words,
)

SOON = {"reasons": "The laboratory is looking for the slides.", "until": "2026-04-20"}
ELSEWHERE = {"item": "report", "held": False, "known_location": "Valley Laboratory, 3 Test Way"}
_TWO = (
    "second-opinion.toml $.office.title: is missing: say the name or the title of the contact person or office"
    " [45 CFR 164.530(a)(1)(ii)]",
    "second-opinion.toml $.office.phone: is missing: say the telephone number [45 CFR 164.530(a)(1)(ii)]",
)


@pytest.mark.parametrize(
    ("kind", "access", "materials"),
    [
        ("acknowledgement", {}, ()),
        ("acceptance", {}, ()),
        ("extension", {"extensions": [SOON]}, ()),
        ("redirect", {}, (ELSEWHERE,)),
        ("fee-notice", {"fees": [{"item": "postage", "amount": 1}]}, ()),
        ("request-for-information", {"identity_verified": None}, ()),
        ("accounting", {}, ()),
    ],
)
def test_every_letter_says_whom_to_ask(kind: Any, access: dict[str, Any], materials: Any) -> None:
    whole = occasion(access=access, materials=materials)
    assert refusals(kind, whole) == []
    assert refusals(kind, msgspec.structs.replace(whole, office=without("title", "phone"))) == list(_TWO)


# --- received and accepted


def test_acknowledges_with_the_last_day_to_act() -> None:
    made = letter("acknowledgement", occasion())
    assert made.section("opening").paragraphs == ("We received your request about your record on March 2, 2026.",)
    assert made.section("deadline").paragraphs[0].startswith("We will act on your request by April 1, 2026.")


def test_acknowledges_a_provider_without_a_term_and_without_items() -> None:
    made = letter("acknowledgement", occasion(access=DISCLOSURE))
    assert made.addressee.name == "Testdoctor-Ask"
    assert [part.name for part in made.sections] == ["opening", "contact"]


def test_accepts_what_goes_to_whom_it_was_directed() -> None:
    directive = {
        "recipient": "review_center",
        "recipient_party": "center",
        "recipient_is_provider": True,
        "directive": {
            "written": True,
            "signed": True,
            "designee": "Review Center (synthetic)",
            "address": "9 Test Plaza",
        },
    }
    made = letter("acceptance", occasion(access=directive))
    assert made.addressee.id == "patient"
    assert made.section("items").items == ("the request for a second opinion", "a pathology report, February 20, 2026")
    assert made.section("directed").paragraphs == (
        "As you directed in writing, it goes to Review Center (synthetic), 9 Test Plaza.",
    )
    assert letter("acceptance", occasion()).section("to_you").paragraphs == ("It goes to you.",)


@pytest.mark.parametrize("access", [{"identity_verified": None}, {"requester": "app"}])
def test_accepts_nothing_that_is_not_granted(access: dict[str, Any]) -> None:
    assert refusals("acceptance", occasion(access=access)) != []


def test_an_acceptance_is_silent_about_what_stays() -> None:
    plain, with_denial = letter("acceptance", occasion()), letter("acceptance", denied())
    assert with_denial == plain


# --- more time


def test_extends_inside_the_first_period_with_reasons_and_a_date() -> None:
    made = letter("extension", occasion(access={"extensions": [SOON]}))
    assert made.section("opening").paragraphs == (
        "You asked on March 2, 2026 for access to your record. We cannot act on your request by April 1, 2026.",
    )
    assert made.section("reasons").paragraphs == ("The laboratory is looking for the slides.",)
    assert made.section("until").paragraphs == (
        "We will act on your request by April 20, 2026. We may extend the time only once.",
    )
    assert called_for(occasion(access={"extensions": [SOON]})) == ("acceptance", "extension")


@pytest.mark.parametrize(
    ("extensions", "on", "where", "rule"),
    [
        ([], "2026-03-10", "extensions", "45 CFR 164.524(b)(2)(ii)(A)"),
        ([SOON | {"reasons": " "}], "2026-03-10", "extensions[0].reasons", "45 CFR 164.524(b)(2)(ii)(A)"),
        ([SOON | {"until": "2026-04-01"}], "2026-03-10", "extensions[0].until", "45 CFR 164.524(b)(2)(ii)(A)"),
        ([SOON | {"until": "2026-05-02"}], "2026-03-10", "extensions[0].until", "45 CFR 164.524(b)(2)(ii)"),
        ([SOON], "2026-04-02", "extensions[0].until", "45 CFR 164.524(b)(2)(ii)(A)"),
        (
            [SOON | {"sent_on": "2026-03-20"}, SOON | {"until": "2026-04-30"}],
            "2026-03-25",
            "extensions[1].until",
            "45 CFR 164.524(b)(2)(ii)(B)",
        ),
        ([SOON | {"sent_on": "2026-03-20"}], "2026-03-25", "extensions", "45 CFR 164.524(b)(2)(ii)(A)"),
    ],
    ids=["none", "no reasons", "no later than day 30", "after day 60", "sent late", "a second one", "sent already"],
)
def test_an_extension_that_gains_no_time_is_not_issued(extensions: Any, on: str, where: str, rule: str) -> None:
    found = refusals("extension", occasion(access={"extensions": extensions}, on=f"{on}T12:00:00-05:00"))
    assert [(line.partition(":")[0], line.rpartition("[")[2]) for line in found] == [
        (f"case.json $.access.{where}", f"{rule}]")
    ]


def test_a_promise_of_too_late_a_day_is_corrected_once() -> None:
    far = SOON | {"until": "2026-06-01", "sent_on": "2026-03-20"}
    on = "2026-04-10T12:00:00-05:00"
    wrong = occasion(access={"extensions": [far]}, on=on)
    assert "extension" in called_for(wrong)
    right = occasion(access={"extensions": [far, SOON | {"until": "2026-05-01"}]}, on=on)
    assert "by May 1, 2026." in letter("extension", right).section("until").paragraphs[0]
    again = occasion(access={"extensions": [far, SOON | {"until": "2026-05-02"}]}, on=on)
    assert [line.rpartition("[")[2] for line in refusals("extension", again)] == ["45 CFR 164.524(b)(2)(ii)]"]


def test_an_extension_is_of_a_term() -> None:
    found = refusals("extension", occasion(access=DISCLOSURE | {"extensions": [SOON]}))
    assert any("leads to no term" in line for line in found)


def test_an_extension_that_was_sent_moves_the_deadline() -> None:
    sent = occasion(access={"extensions": [SOON | {"sent_on": "2026-03-20"}]})
    assert (sent.decision.deadline, "EXTENSION_VALID" in sent.codes) == ("2026-04-20", True)
    unsent = occasion(access={"extensions": [SOON]})
    assert unsent.decision.deadline == "2026-04-01"


# --- somewhere else


def test_says_where_to_ask() -> None:
    made = letter("redirect", occasion(materials=(ELSEWHERE,)))
    assert made.section("items").items == (
        "a pathology report, February 20, 2026. Ask: Valley Laboratory, 3 Test Way.",
    )
    assert "redirect" in called_for(occasion(materials=(ELSEWHERE,)))


def test_says_that_nobody_is_known_to_have_it() -> None:
    made = letter("redirect", occasion(materials=({"item": "report", "held": False},)))
    assert made.section("items").items == ("a pathology report, February 20, 2026. We do not know who has it.",)


def test_redirects_nothing_that_is_here() -> None:
    assert [line.rpartition("[")[2] for line in refusals("redirect", occasion())] == ["45 CFR 164.524(d)(3)]"]


# --- fees


def test_itemises_the_fee() -> None:
    fees = [{"item": "copy_labor", "amount": 4.50}, {"item": "postage", "amount": 2}]
    made = letter("fee-notice", occasion(access={"fees": fees}))
    table = made.section("fees").table
    assert table is not None
    assert table.rows == (("Labor for copying", "4.50"), ("Postage", "2.00"), ("Total", "6.50"))
    assert made.section("fees").after[0].startswith("The total is $6.50.")
    assert called_for(occasion(access={"fees": fees})) == ("acceptance", "fee-notice")


@pytest.mark.parametrize(
    ("fees", "where", "message"),
    [
        ([], "fees", "is missing: say each line"),
        ([{"item": "search", "amount": 5}], "fees[0].item", "may not be charged; what may is copy_labor"),
        ([{"item": "postage", "amount": 0.005}], "fees[0].amount", "has parts of a cent"),
    ],
)
def test_a_fee_that_may_not_be_charged_is_not_asked_for(fees: Any, where: str, message: str) -> None:
    (found,) = refusals("fee-notice", occasion(access={"fees": fees}))
    assert found.startswith(f"case.json $.access.{where}: {message}")
    assert found.endswith("[45 CFR 164.524(c)(4)]")


def test_a_fee_line_without_amount_is_refused() -> None:
    on = occasion(access={"fees": [{"item": "postage", "amount": 1}]})
    lines = (msgspec.structs.replace(on.facts.fees[0], amount=None),)
    bare = msgspec.structs.replace(on, facts=msgspec.structs.replace(on.facts, fees=lines))
    assert refusals("fee-notice", bare) == [
        "case.json $.access.fees[0].amount: is missing: say how much [45 CFR 164.524(c)(4)]"
    ]


def test_the_amount_keeps_its_digits() -> None:
    assert occasion(access={"fees": [{"item": "postage", "amount": 72.50}]}).facts.fees[0].amount == Decimal("72.50")


# --- the review


REVIEW = {
    "requested_on": "2026-03-12",
    "official": "Testreviewer-Lee",
    "official_licensed": True,
    "decision": "uphold",
    "decided_on": "2026-03-15",
}


def test_tells_that_the_denial_is_upheld_with_the_complaints() -> None:
    made = letter("review-outcome", denied(access={"review": REVIEW}))
    assert "done by Testreviewer-Lee, a licensed health care professional" in made.section("opening").paragraphs[0]
    assert made.section("uphold").items == ("a letter in the record “Quetzal letter”, January 15, 2026",)
    assert made.section("secretary").heading == "How to complain to the government"
    assert "review-outcome" in called_for(denied(access={"review": REVIEW}))


def test_tells_that_the_denial_is_overturned() -> None:
    made = letter("review-outcome", denied(access={"review": REVIEW | {"decision": "overturn"}}))
    assert made.section("overturn").items == ("a letter in the record “Quetzal letter”, January 15, 2026",)
    assert "letter" in denied(access={"review": REVIEW | {"decision": "overturn"}}).decision.released


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"decision": None}, "decision"),
        ({"official": None}, "official"),
        ({"official": "Testdoctor-Secretive"}, "official"),
        ({"official_licensed": False}, "official"),
        ({"official_licensed": None}, "official"),
    ],
)
def test_an_outcome_needs_a_decision_of_somebody_independent(changes: dict[str, Any], where: str) -> None:
    found = refusals("review-outcome", denied(access={"review": REVIEW | changes}))
    assert f"case.json $.access.review.{where}" in {line.partition(":")[0] for line in found}
    assert {line.rpartition("[")[2] for line in found} == {"45 CFR 164.524(d)(4)]"}


@pytest.mark.parametrize("licensed", [None, False])
@pytest.mark.parametrize("decision", ["uphold", "overturn"])
def test_a_case_pends_while_nobody_says_that_the_reviewer_is_licensed(decision: str, licensed: bool | None) -> None:
    told = denied(access={"review": REVIEW | {"decision": decision, "official_licensed": licensed}})
    assert (told.decision.outcome, "letter" in told.decision.released) == ("pend", False)
    assert ("REVIEWER_NOT_INDEPENDENT" in told.codes, "REVIEW_DECISION_BINDS" in told.codes) == (True, False)
    assert called_for(told) == ()


def test_there_is_no_outcome_where_nothing_was_denied() -> None:
    found = refusals("review-outcome", occasion(access={"review": REVIEW}))
    assert [line.partition(":")[0] for line in found] == ["case.json $.access.review"]


def test_after_a_review_the_denial_offers_no_other() -> None:
    made = letter("denial", denied(access={"review": REVIEW}))
    assert [part.name for part in made.sections if "review" in part.name] == ["no_review"]


def test_a_representative_gets_letters_about_the_patient() -> None:
    access = DAUGHTER | {"determinations": [ENDANGERS], "extensions": [SOON]}
    made = letter("extension", occasion(access=access, materials=(LETTER,)))
    assert "access to the record of María Testperson" in words(made)


def test_of_a_slide_it_is_not_said_that_the_laboratory_parts_with_it() -> None:
    on = occasion()
    assert thing(on, "report") == "a pathology report, February 20, 2026"
    told = "(the laboratory decides apart from this letter whether and how it goes)"
    assert thing(on, "slide#physical").endswith(told)
