"""Letters on requests to amend (45 CFR 164.526), and on the way of an accounting (164.528): every element, or none."""

import io
from typing import Any

import msgspec
import pypdf
import pytest

from adapter.letters import Disclosure, Kind, Occasion, Research, Suspension, called_for, letter
from adapter.letters.html import as_html
from adapter.letters.pdf import as_pdf
from adapter.letters.plain import as_text
from mappings.problems import ProblemError
from tests.adapter.letters.made import DAUGHTER, OFFICE, occasion, refusals, without, words
from tests.adapter.letters.test_records import LINE

EARLY = "2026-02-01T09:00:00-05:00"
LATER = {"reasons": "The archive is being moved.", "until": "2026-04-01"}


def suspended(form: str = "written", until: str = "2026-06-30") -> Occasion:
    told = Suspension(
        agency="Test Agency (synthetic)", address="2 Test Road", official="Inspector Testofficial", form=form,
        stated_on="2026-03-01", until=until,
    )  # fmt: skip
    return msgspec.structs.replace(occasion(), suspension=told)


# --- a denied amendment has every element of (d)(1)


def test_a_denial_has_basis_disagreement_future_disclosures_and_complaints() -> None:
    made = letter("amendment-denial", occasion(amends={}))
    assert [part.name for part in made.sections] == [
        "opening", "items", "basis", "disagreement", "future", "complaint", "secretary", "contact"
    ]  # fmt: skip
    assert made.section("opening").paragraphs == (
        "You asked on January 10, 2026 that we amend your record. Your request says:",
    )
    assert made.section("opening").quote == ("The report names the left thigh. It is the right one.",)
    assert made.section("opening").after == ("This letter is our decision of March 10, 2026. We deny the request.",)
    assert made.section("items").items == ("a report, February 20, 2026",)
    assert made.section("basis").items == (
        "We have looked at the record again and find it accurate and complete. (45 CFR 164.526(a)(2)(iv))",
    )
    assert "Write to the Privacy Officer; one page is enough." in made.section("disagreement").paragraphs[0]
    assert (
        "you may ask us to send your request and this denial along with any future disclosure"
        in (made.section("future").paragraphs[0])
    )
    told = as_text(made)
    assert ("Privacy Officer, telephone +1 505 555 0100" in told, "Office for Civil Rights" in told) == (True, True)
    assert {"45 CFR 164.526(d)(1)", "45 CFR 164.526(d)(1)(ii)", "45 CFR 164.526(d)(1)(iii)",
            "45 CFR 164.526(d)(1)(iv)", "45 CFR 160.306"} <= set(made.citations)  # fmt: skip


@pytest.mark.parametrize(
    ("lacking", "paragraph"),
    [
        ("disagreements", "45 CFR 164.526(d)(1)(ii)"),
        ("complaints", "45 CFR 164.526(d)(1)(iv)"),
        ("phone", "45 CFR 164.526(d)(1)(iv)"),
        ("title", "45 CFR 164.526(d)(1)(iv)"),
    ],
)
def test_a_denial_is_not_written_while_an_element_is_missing(lacking: str, paragraph: str) -> None:
    found = refusals("amendment-denial", occasion(amends={}, office=without(lacking)))
    assert [line for line in found if f"$.office.{lacking}" in line and line.endswith(f"[{paragraph}]")] != []


@pytest.mark.parametrize("lacking", [{"asks": " "}, {"about": []}, {"received_at": None}, {"identity_verified": None}])
def test_a_denial_needs_to_know_what_is_denied_and_to_whom(lacking: dict[str, Any]) -> None:
    given = {name: value for name, value in lacking.items() if value is not None}
    dropped = {name: None for name, value in lacking.items() if value is None}
    assert refusals("amendment-denial", occasion(amends=given | dropped)) != []


@pytest.mark.parametrize(
    ("facts", "paragraph"),
    [
        ({"created_here": False, "originator_unavailable": False, "accurate_and_complete": False}, "(i)"),
        ({"in_drs": False, "accurate_and_complete": False}, "(ii)"),
        ({"accessible": False, "accurate_and_complete": False}, "(iii)"),
        ({}, "(iv)"),
    ],
)
def test_each_ground_is_said_with_its_paragraph(facts: dict[str, Any], paragraph: str) -> None:
    [why] = letter("amendment-denial", occasion(amends=facts)).section("basis").items
    assert why.endswith(f"(45 CFR 164.526(a)(2){paragraph})")


@pytest.mark.parametrize(
    "facts",
    [
        {"accurate_and_complete": False},
        {"created_here": False, "originator_unavailable": True, "accurate_and_complete": False},
        {"accurate_and_complete": None},
        {"created_here": False, "accurate_and_complete": False},
    ],
)
def test_without_a_ground_nothing_is_denied(facts: dict[str, Any]) -> None:
    assert any("denied on no ground" in line for line in refusals("amendment-denial", occasion(amends=facts)))


# --- an accepted one


def test_an_acceptance_says_how_it_was_made_and_asks_who_should_be_told() -> None:
    on = occasion(amends={"accurate_and_complete": False, "amended": "We added a note.", "inform": ["center"]})
    made = letter("amendment-acceptance", on)
    assert made.section("made").paragraphs == ("We accept your request. We added a note.",)
    assert made.section("known").items == ("Review Center (synthetic)",)
    assert made.section("form-inform").blanks[3] == ("I agree that you tell them (signature)", "")


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"accurate_and_complete": False}, "case.json $.amendments[0].amended"),
        ({"amended": "x"}, "case.json $.amendments[0]"),
        (
            {"accurate_and_complete": False, "amended": "x", "created_here": None},
            "case.json $.amendments[0].created_here",
        ),
    ],
)
def test_what_is_not_made_or_not_decided_is_not_accepted(facts: dict[str, Any], where: str) -> None:
    found = refusals("amendment-acceptance", occasion(amends=facts))
    assert where in [line.partition(": ")[0] for line in found]


def test_a_representative_is_written_to_about_the_patient() -> None:
    by = {"requester": "personal_representative", "requested_by": "daughter", "authority_verified": True,
          "representative": DAUGHTER["representative"]}  # fmt: skip
    made = letter("amendment-denial", occasion(amends=by))
    assert made.addressee.name == "Testperson-Ana"
    assert "the record of María Testperson" in made.section("opening").paragraphs[0]


# --- extensions


@pytest.mark.parametrize("kind", ["amendment-extension", "accounting-extension"])
def test_an_extension_says_why_and_until_when(kind: Kind) -> None:
    told = {"extensions": [LATER]}
    on = occasion(amends=told, on=EARLY) if kind.startswith("amend") else occasion(counts=told, on=EARLY)
    made = letter(kind, on)
    assert "by March 11, 2026." in made.section("opening").paragraphs[0]
    assert made.section("reasons").paragraphs == ("The archive is being moved.",)
    assert "by April 1, 2026. We may extend the time only once." in made.section("until").paragraphs[0]


@pytest.mark.parametrize(
    ("extensions", "on"),
    [
        ([], EARLY),
        ([LATER | {"reasons": ""}], EARLY),
        ([LATER | {"until": "2026-04-11"}], EARLY),
        ([LATER | {"until": "2026-03-11"}], EARLY),
        ([LATER], "2026-03-12T09:00:00-04:00"),
        ([LATER | {"sent_on": "2026-01-20"}, LATER], EARLY),
    ],
)
@pytest.mark.parametrize("kind", ["amendment-extension", "accounting-extension"])
def test_what_gains_no_time_is_not_written(kind: Kind, extensions: list[Any], on: str) -> None:
    told = {"extensions": extensions}
    made = occasion(amends=told, on=on) if kind.startswith("amend") else occasion(counts=told, on=on)
    assert refusals(kind, made) != []


# --- the accounting


FEE = {"earlier_on": "2025-06-01", "fees": [{"item": "copy_labor", "amount": 4.5}, {"item": "postage", "amount": 1}]}


def test_a_fee_is_told_beforehand_with_the_choice_to_withdraw_or_change() -> None:
    made = letter("accounting-fee-notice", occasion(counts=FEE))
    table = made.section("fees").table
    assert table is not None
    assert table.rows == (("Labor for copying", "4.50"), ("Postage", "1.00"), ("Total", "5.50"))
    assert "one on June 1, 2025" in made.section("opening").paragraphs[0]
    assert "withdraw your request, or change it" in made.section("choice").paragraphs[0]


@pytest.mark.parametrize(
    ("changed", "free"),
    [
        ({"earlier_on": None}, True),
        ({"earlier_on": "2025-01-10"}, True),
        ({"earlier_on": "2026-01-11"}, True),
        ({"earlier_on": "2025-01-11"}, False),
        ({"fees": []}, True),
        ({"fees": [{"item": "postage", "amount": 0.005}]}, True),
    ],
)
def test_the_first_in_twelve_months_is_free(changed: dict[str, Any], free: bool) -> None:
    assert bool(refusals("accounting-fee-notice", occasion(counts=FEE | changed))) is free


def accounted(*lines: Disclosure, summary: bool = False, **counts: Any) -> Occasion:
    return msgspec.structs.replace(occasion(counts=counts), disclosures=lines, summary=summary)


def dates(on: Occasion) -> list[str]:
    table = letter("accounting", on).section("lines").table
    assert table is not None
    return [row[0] for row in table.rows]


def test_the_six_years_end_on_the_day_of_the_request() -> None:
    lines = [msgspec.structs.replace(LINE, on=day) for day in ("2020-01-09", "2020-01-10", "2026-01-10", "2026-01-11")]
    on = accounted(*lines)
    assert dates(on) == ["January 10, 2020", "January 10, 2026"]
    assert "the six years from January 10, 2020 to January 10, 2026." in as_text(letter("accounting", on)).replace(
        "\n", " "
    )


def test_a_shorter_time_may_be_asked_for_and_no_longer_one() -> None:
    lines = [msgspec.structs.replace(LINE, on=day) for day in ("2019-06-01", "2024-05-31", "2024-06-01", "2025-01-01")]
    on = accounted(*lines, since="2024-06-01", until="2024-12-31")
    assert dates(on) == ["June 1, 2024"]
    assert letter("accounting", on).section("opening_shorter").paragraphs[0].startswith("You have the right")
    assert dates(accounted(*lines, since="2015-01-01")) == ["May 31, 2024", "June 1, 2024", "January 1, 2025"]


def test_an_accounting_waits_until_who_asks_is_verified() -> None:
    found = refusals("accounting", accounted(LINE, identity_verified=None))
    assert [line for line in found if "45 CFR 164.514(h)(1)(i)" in line] != []


def repeated(basis: str, /, **told: Any) -> list[Disclosure]:
    lines = [
        msgspec.structs.replace(LINE, on=day, basis=(basis,)) for day in ("2025-01-05", "2025-02-05", "2025-03-05")
    ]
    return [lines[0], msgspec.structs.replace(lines[1], **told), lines[2]]


def test_several_to_one_recipient_for_one_purpose_may_be_one_line() -> None:
    made = letter("accounting", accounted(*repeated("45 CFR 164.512(b)"), summary=True))
    table = made.section("repeated").table
    assert table is not None
    assert table.heads[0] == "Date of the first"
    assert table.heads[-2:] == ("How many", "Date of the last")
    assert table.rows == (
        ("January 5, 2025", "State Cancer Registry, 1 Test Road", "Pathology report", "Public health reporting", "3",
         "March 5, 2025"),
    )  # fmt: skip
    assert "45 CFR 164.528(b)(3)" in made.citations


def test_without_being_asked_for_each_is_a_line() -> None:
    assert dates(accounted(*repeated("45 CFR 164.512(b)"))) == ["January 5, 2025", "February 5, 2025", "March 5, 2025"]


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        ("45 CFR 164.506(c)(2)", {}),
        ("45 CFR 164.512(b)", {"purpose": "Another purpose"}),
        ("45 CFR 164.512(b)", {"recipient": "Another registry"}),
        ("45 CFR 164.512(b)", {"basis": ("45 CFR 164.512(i)(1)(i)",)}),
    ],
)
def test_what_is_not_the_same_is_never_told_as_one(basis: str, told: dict[str, Any]) -> None:
    on = accounted(*repeated(basis, **told), summary=True)
    assert "February 5, 2025" in dates(on)


# --- the suspension


def test_an_agency_is_told_until_when_and_nobody_else_is_written_to() -> None:
    made = letter("accounting-suspension", suspended())
    assert (made.addressee.name, made.addressee.lines) == ("Test Agency (synthetic)", ("2 Test Road",))
    assert "until June 30, 2026. From the next day on they are listed." in made.section("until").paragraphs[0]
    assert made.citations == ("45 CFR 164.528(a)(2)(i)",)


def test_an_oral_statement_is_told_to_hold_for_thirty_days() -> None:
    made = letter("accounting-suspension", suspended("oral", "2026-03-31"))
    assert "no more than 30 days" in made.section("until_oral").paragraphs[0]
    assert made.citations == ("45 CFR 164.528(a)(2)(ii)",)


def test_without_a_suspension_there_is_no_such_letter() -> None:
    found = refusals("accounting-suspension", occasion())
    assert found == [
        "ledger: has no suspension in force for this patient; `ledger suspend` writes one down [45 CFR 164.528(a)(2)]"
    ]


def test_no_letter_to_the_individual_speaks_of_a_suspension() -> None:
    on = msgspec.structs.replace(accounted(LINE), suspension=suspended().suspension)
    assert letter("accounting", on) == letter("accounting", accounted(LINE))
    assert "Test Agency" not in words(letter("accounting", on))
    assert OFFICE.title in words(letter("accounting", on))


# --- what a request asks for


PROMISED: dict[str, Any] = {"extensions": [LATER]}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"amends": {}}, ("amendment-denial",)),
        ({"amends": {"accurate_and_complete": False}}, ("amendment-acceptance",)),
        ({"amends": {"accurate_and_complete": None}}, ()),
        ({"amends": {"accurate_and_complete": None} | PROMISED}, ("amendment-extension",)),
        ({"amends": {"identity_verified": None}}, ()),
        ({"counts": {}}, ("accounting",)),
        ({"counts": {"identity_verified": None}}, ()),
        ({"counts": PROMISED}, ("accounting", "accounting-extension")),
        ({"counts": FEE}, ("accounting", "accounting-fee-notice")),
    ],
)
def test_each_request_asks_for_its_own_letters(asked: dict[str, Any], wanted: tuple[Kind, ...]) -> None:
    assert called_for(occasion(**asked, on=EARLY)) == wanted


# --- research for which records of many people went


STUDY = Research(
    name="Protocol T-1", purpose="To learn who comes back.", criteria="Every sarcoma since 2020.",
    information="Pathology reports", first="2025-02-10", last="2025-03-10", sponsor="Test Foundation (synthetic)",
    sponsor_address="3 Test Road", sponsor_phone="+1 505 555 0103", researcher="Testresearcher-Poe",
    researcher_address="4 Test Road", researcher_phone="+1 505 555 0104",
)  # fmt: skip


def studied(**told: Any) -> Occasion:
    return msgspec.structs.replace(accounted(), research=(msgspec.structs.replace(STUDY, **told),))


def test_research_is_listed_with_everything_that_the_law_asks_for() -> None:
    made = letter("accounting", studied())
    part = made.section("research")
    assert part.table is not None
    assert part.table.rows == (
        ("Protocol T-1", "To learn who comes back. Every sarcoma since 2020.", "Pathology reports",
         "February 10, 2025 to March 10, 2025, the date of the last disclosure",
         "Test Foundation (synthetic), 3 Test Road, +1 505 555 0103",
         "Testresearcher-Poe, 4 Test Road, +1 505 555 0104"),
    )  # fmt: skip
    assert "about you may or may not have been disclosed for any one of them." in part.paragraphs[0]
    assert "we will help you, if you ask us, to get in touch with its sponsor and its researcher." in part.after[0]
    assert "45 CFR 164.528(b)(4)" in made.citations
    assert [part.name for part in made.sections if part.name == "none"] == []
    assert "45 CFR 164.528(b)(4)" not in letter("accounting", accounted()).citations


@pytest.mark.parametrize("name", ["name", "purpose", "criteria", "information", "sponsor", "sponsor_address",
                                  "sponsor_phone", "researcher", "researcher_address", "researcher_phone"])  # fmt: skip
def test_research_is_not_listed_while_an_element_is_missing(name: str) -> None:
    assert refusals("accounting", studied(**{name: " "})) == [
        f"research[0].{name}: is missing of this research: an accounting says it [45 CFR 164.528(b)(4)(i)]"
    ]


def test_research_of_another_time_is_not_listed() -> None:
    assert [line.rpartition("[")[2] for line in refusals("accounting", studied(last="2026-01-11"))] == [
        "45 CFR 164.528(b)(4)(i)(D)]"
    ]


@pytest.mark.parametrize("kind", ["amendment-denial", "amendment-acceptance"])
def test_the_words_of_who_asks_stand_apart_from_ours_in_every_form(kind: Kind) -> None:
    grounds = {} if kind == "amendment-denial" else {"accurate_and_complete": False, "amended": "Linked."}
    made = letter(kind, occasion(amends=grounds | {"asks": "We deny nothing.\n\n  Sincerely,\nthe hospital "}))
    assert made.section("opening").quote == ("We deny nothing.", "Sincerely, the hospital")
    assert "    > We deny nothing.\n\n    > Sincerely, the hospital\n" in as_text(made)
    page = as_html(made).replace(b"\n", b"")
    assert (
        b"Your request says:</p><blockquote><p>We deny nothing.</p><p>Sincerely, the hospital</p></blockquote>" in page
    )
    pages = pypdf.PdfReader(io.BytesIO(as_pdf(made))).pages
    assert "Sincerely, the hospital" in " ".join(page.extract_text() for page in pages)


SIDE = {"asks": "The side is wrong.", "about": ["report"], "created_here": True, "accurate_and_complete": False,
        "amended": "The right side is linked."}  # fmt: skip
GRADE = {"asks": "The grade is wrong.", "about": ["request"], "created_here": True, "accurate_and_complete": True}
APART: dict[str, Any] = {"asks": "", "about": ["report", "request"], "created_here": None,
                         "accurate_and_complete": None}  # fmt: skip


def in_parts(*parts: dict[str, Any]) -> Occasion:
    return occasion(amends=APART | {"parts": list(parts)})


def test_an_amendment_that_is_accepted_in_part_has_both_letters_each_of_its_part() -> None:
    on = in_parts(SIDE, GRADE)
    assert called_for(on) == ("amendment-acceptance", "amendment-denial")
    yes, no = letter("amendment-acceptance", on), letter("amendment-denial", on)
    assert (yes.section("opening_in_part").quote, no.section("opening_in_part").quote) == (
        ("The side is wrong.",), ("The grade is wrong.",)
    )  # fmt: skip
    assert yes.section("items").items == ("a report, February 20, 2026",)
    assert no.section("items").items == ("the request for a second opinion",)
    assert yes.section("made_in_part").paragraphs == ("We accept this part of your request. The right side is linked.",)
    assert "The rest of your request we deny; another letter" in yes.section("made_in_part").after[0]
    assert no.section("opening_in_part").after == (
        "This letter is our decision of March 10, 2026. We deny this part of the request. The rest we accept; another"
        " letter tells you of it.",
    )
    assert len(no.section("basis").items) == 1
    assert [part.name for part in no.sections][-5:] == ["disagreement", "future", "complaint", "secretary", "contact"]


def test_parts_that_are_all_accepted_are_one_letter() -> None:
    on = in_parts(SIDE, GRADE | {"accurate_and_complete": False, "amended": "The grade is appended."})
    assert called_for(on) == ("amendment-acceptance",)
    made = letter("amendment-acceptance", on)
    assert made.section("made").paragraphs == (
        "We accept your request. The right side is linked. The grade is appended.",
    )
    assert made.section("opening").quote == ("The side is wrong.", "The grade is wrong.")


def test_parts_that_are_all_denied_are_one_letter_with_every_ground() -> None:
    on = in_parts(SIDE | {"in_drs": False}, GRADE)
    assert called_for(on) == ("amendment-denial",)
    made = letter("amendment-denial", on)
    assert [item.rpartition(" (")[2] for item in made.section("basis").items] == [
        "45 CFR 164.526(a)(2)(ii))", "45 CFR 164.526(a)(2)(iv))"
    ]  # fmt: skip
    assert "We deny the request." in made.section("opening").after[0]


@pytest.mark.parametrize(
    ("kind", "parts", "where"),
    [
        ("amendment-acceptance", (SIDE | {"amended": ""}, GRADE), "case.json $.amendments[0].parts[0].amended"),
        ("amendment-denial", (SIDE, GRADE | {"asks": " "}), "case.json $.amendments[0].parts[1].asks"),
        ("amendment-acceptance", (GRADE,), "case.json $.amendments[0]"),
        ("amendment-denial", (SIDE,), "case.json $.amendments[0]"),
        ("amendment-denial", (SIDE, GRADE | {"created_here": None, "accurate_and_complete": False}),
         "case.json $.amendments[0].parts[1].created_here"),
    ],
)  # fmt: skip
def test_a_letter_about_a_part_lacks_nothing_of_it(kind: Kind, parts: tuple[dict[str, Any], ...], where: str) -> None:
    about = list(dict.fromkeys(name for part in parts for name in part["about"]))
    assert where in told_by(kind, occasion(amends=APART | {"about": about, "parts": list(parts)}))


def told_by(kind: Kind, on: Occasion) -> list[str]:
    with pytest.raises(ProblemError) as refused:
        letter(kind, on)
    return [told.where for told in refused.value.problems]
