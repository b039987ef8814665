"""The statement that goes with part 2 records, and the accounting of disclosures."""

from typing import Any

import msgspec
import pytest

from adapter.letters import Disclosure, called_for, letter
from adapter.letters.records import HEADS
from tests.adapter.letters.made import DISCLOSURE, NOTES, occasion, refusals, words
from tests.adapter.letters.test_asked import SUD

CONSENT: dict[str, Any] = {
    "patient_named": True,
    "discloser": True,
    "description": True,
    "recipients": "Review Center (synthetic)",
    "recipient_is_covered_entity": True,
    "tpo_single_consent": True,
    "hipaa_redisclosure_statement": True,
    "purpose": "treatment, payment and health care operations",
    "revocation_right": True,
    "expiry": "none",
    "signed": True,
    "signed_on": "2026-01-05",
    "redisclosure_potential_statement": True,
    "refusal_consequences_statement": True,
}
PART2 = DISCLOSURE | {"part2_consent": CONSENT}
LINE = Disclosure(
    on="2026-01-15T10:00:00-05:00",
    recipient="State Cancer Registry",
    address="1 Test Road",
    description="Pathology report",
    purpose="Public health reporting",
)


def test_the_statement_is_word_for_word_and_says_the_scope() -> None:
    on = occasion(access=PART2, materials=(SUD, NOTES))
    assert called_for(on) == ("consent-request", "part2-statement")
    made = letter("part2-statement", on)
    assert made.addressee.name == "Review Center (synthetic)"
    assert made.section("statement").paragraphs == (
        "42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
    )
    assert made.section("scope").paragraphs == (
        "The records are disclosed with the written consent of the patient. The consent lets them go to: Review Center"
        " (synthetic). Its purpose is: treatment, payment and health care operations. It ends: none.",
    )


def test_the_statement_tells_the_recipient_nothing_of_what_stays() -> None:
    assert letter("part2-statement", occasion(access=PART2, materials=(SUD, NOTES))) == letter(
        "part2-statement", occasion(access=PART2, materials=(SUD,))
    )
    assert "María" not in words(letter("part2-statement", occasion(access=PART2, materials=(SUD,))))


def test_there_is_no_statement_where_no_such_record_goes() -> None:
    found = refusals("part2-statement", occasion(access=PART2))
    assert found == [
        "decision: lets no record go under a part 2 consent; there is nothing that the statement would go with"
        " [42 CFR 2.32(a)]"
    ]


def test_the_statement_needs_the_scope_of_the_consent() -> None:
    found = refusals("part2-statement", occasion(access=DISCLOSURE, materials=(SUD,)))
    assert [line.partition(":")[0] for line in found] == [
        "decision",
        "case.json $.access.part2_consent.recipients",
        "case.json $.access.part2_consent.purpose",
        "case.json $.access.part2_consent.expiry",
    ]


# --- the accounting


def counted(*lines: Disclosure, **changes: Any) -> Any:
    return msgspec.structs.replace(occasion(**changes), disclosures=lines)


def test_lists_every_column_oldest_first() -> None:
    later = msgspec.structs.replace(LINE, on="2026-02-01", address=None)
    made = letter("accounting", counted(later, LINE))
    table = made.section("lines").table
    assert table is not None
    assert table.heads == HEADS == ("Date", "To whom, and address if known", "What was disclosed", "Purpose")
    assert table.rows == (
        ("January 15, 2026", "State Cancer Registry, 1 Test Road", "Pathology report", "Public health reporting"),
        ("February 1, 2026", "State Cancer Registry", "Pathology report", "Public health reporting"),
    )
    assert "the six years from March 10, 2020 to March 10, 2026." in made.section("opening").paragraphs[0]


def test_covers_six_years() -> None:
    old = msgspec.structs.replace(LINE, on="2020-03-09T23:00:00-05:00")
    edge = msgspec.structs.replace(LINE, on="2020-03-10")
    table = letter("accounting", counted(old, edge)).section("lines").table
    assert table is not None
    assert [row[0] for row in table.rows] == ["March 10, 2020"]


def test_says_that_there_is_nothing_to_list() -> None:
    made = letter("accounting", counted())
    assert made.section("none").paragraphs == ("There is no disclosure that has to be listed.",)


@pytest.mark.parametrize(("field", "part"), [("recipient", "(ii)"), ("description", "(iii)"), ("purpose", "(iv)")])
def test_is_refused_where_a_line_lacks_a_column(field: str, part: str) -> None:
    broken = msgspec.structs.replace(LINE, on="2026-02-01", **{field: " "})
    assert refusals("accounting", counted(LINE, broken)) == [
        f"disclosures[1].{field}: is missing in this line: an accounting says it [45 CFR 164.528(b)(2){part}]"
    ]


def test_goes_to_the_patient_whoever_asked_for_the_disclosure() -> None:
    assert letter("accounting", counted(access=DISCLOSURE)).addressee.id == "patient"


@pytest.mark.parametrize(
    ("told", "shown"),
    [("involvement_in_care", "involvement in care"), ("payment", "healthcare payment"), ("Oversight", "Oversight")],
)
def test_a_purpose_is_told_in_words(told: str, shown: str) -> None:
    made = letter("accounting", counted(msgspec.structs.replace(LINE, purpose=told)))
    table = made.section("lines").table
    assert table is not None
    assert [row[-1] for row in table.rows] == [shown]
