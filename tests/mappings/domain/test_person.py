"""One person is a number with its issuer plus a name or a birth date; one piece alone never is."""

from typing import Any

import pytest

from mappings.domain.party import KnownAs, Patient
from mappings.domain.person import Identity, differing, matches, same_identity, same_person, unlike
from mappings.domain.values import Identifier, PartialDate, PersonName

MRN, LAB = "https://ehr.example/sid/mrn", "https://lab.example/sid"
OWN = PersonName(family="Testperson", given=("Mirabel",))
MAIDEN = PersonName(family="Ledig", given=("Mirabel",))
FREMD = PersonName(family="Fremdling", given=("Oskar",))
BORN, OTHER_DAY = PartialDate("1958-07-19"), PartialDate("1931-01-02")
PATIENT = Patient(identifiers=(Identifier(system=MRN, value="1"),), names=(OWN,), birth_date=BORN)


def number(value: str, system: str = MRN) -> tuple[Identifier, ...]:
    return (Identifier(system=system, value=value),)


def said(**members: Any) -> Identity:
    return Identity(**members)


SAME = {
    "all": (said(identifiers=number("1"), names=(OWN,), birth_date=BORN), True),
    "name": (said(identifiers=number("1"), names=(OWN,)), True),
    "birth-date": (said(identifiers=number("1"), birth_date=BORN), True),
    "year": (said(identifiers=number("1"), birth_date=PartialDate("1958")), True),
    "number-alone": (said(identifiers=number("1")), False),
    "another-birth-date": (said(identifiers=number("1"), names=(OWN,), birth_date=OTHER_DAY), False),
    "another-name": (said(identifiers=number("1"), names=(FREMD,), birth_date=BORN), False),
    "another-number": (said(identifiers=number("2"), names=(OWN,), birth_date=BORN), False),
    "another-issuer": (said(identifiers=number("1", LAB), names=(OWN,), birth_date=BORN), False),
    "no-issuer": (said(numbers=("1",), names=(OWN,), birth_date=BORN), False),
}


@pytest.mark.parametrize("form", SAME)
def test_the_patients_own_data_decide(form: str) -> None:
    other, expected = SAME[form]
    assert same_person(PATIENT, other) is expected


def test_without_a_birth_date_of_ours_a_number_alone_is_nobody() -> None:
    undated = Patient(identifiers=number("1"), names=(OWN,))
    assert not same_person(undated, said(identifiers=number("1"), birth_date=BORN))
    assert not same_identity(said(identifiers=number("1")), said(identifiers=number("1"), names=(OWN,)))
    assert same_identity(said(identifiers=number("1"), birth_date=BORN), said(identifiers=number("1"), birth_date=BORN))


NAMED = KnownAs(names=(MAIDEN,))
NUMBERED = KnownAs(identifiers=number("7", LAB))
BOTH = KnownAs(identifiers=number("7", LAB), names=(FREMD,))
DATED = KnownAs(identifiers=number("7", LAB), names=(FREMD,), birth_date=OTHER_DAY)
KNOWN = {
    "name-and-birth-date": (NAMED, said(names=(MAIDEN,), birth_date=BORN), True),
    "name-alone": (NAMED, said(names=(MAIDEN,)), False),
    "name-and-another-number": (NAMED, said(identifiers=number("2"), names=(MAIDEN,), birth_date=BORN), False),
    "name-and-a-number-of-another-issuer": (
        NAMED,
        said(identifiers=number("2", LAB), names=(MAIDEN,), birth_date=BORN),
        True,
    ),
    "name-and-another-birth-date": (NAMED, said(names=(MAIDEN,), birth_date=OTHER_DAY), False),
    "another-name": (NAMED, said(names=(FREMD,), birth_date=BORN), False),
    "number-and-own-name": (NUMBERED, said(identifiers=number("7", LAB), names=(OWN,)), True),
    "bare-number-and-own-name": (NUMBERED, said(numbers=("7",), names=(OWN,)), True),
    "bare-number-and-birth-date": (NUMBERED, said(numbers=("7",), birth_date=BORN), True),
    "bare-number-and-any-name": (NUMBERED, said(numbers=("7",), names=(FREMD,)), False),
    "any-name-and-birth-date": (NUMBERED, said(numbers=("7",), names=(FREMD,), birth_date=BORN), False),
    "bare-number-alone": (NUMBERED, said(numbers=("7",)), False),
    "number-alone": (NUMBERED, said(identifiers=number("7", LAB)), False),
    "number-another-birth-date": (NUMBERED, said(numbers=("7",), names=(OWN,), birth_date=OTHER_DAY), False),
    "both": (BOTH, said(numbers=("7",), names=(FREMD,)), True),
    "both-but-own-name": (BOTH, said(numbers=("7",), names=(OWN,)), False),
    "both-without-name": (BOTH, said(numbers=("7",), birth_date=BORN), False),
    "both-another-number": (BOTH, said(numbers=("8",), names=(FREMD,), birth_date=BORN), False),
    "both-another-birth-date": (BOTH, said(numbers=("7",), names=(FREMD,), birth_date=OTHER_DAY), False),
    "dated": (DATED, said(numbers=("7",), names=(FREMD,), birth_date=OTHER_DAY), True),
    "dated-but-own-day": (DATED, said(numbers=("7",), names=(FREMD,), birth_date=BORN), False),
}


@pytest.mark.parametrize("form", KNOWN)
def test_what_the_case_says_a_source_knows_the_patient_as(form: str) -> None:
    entry, other, expected = KNOWN[form]
    assert matches(entry, PATIENT, other) is expected


def test_what_differs_is_named_by_its_part() -> None:
    assert differing(PATIENT, said(numbers=("1",), names=(FREMD,), birth_date=OTHER_DAY)) == (
        "issuer",
        "name",
        "birth date",
    )
    assert differing(PATIENT, said(identifiers=number("1"))) == ("evidence",)


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        (said(names=(OWN,), birth_date=BORN), said(names=(FREMD, OWN), birth_date=PartialDate("1958")), ()),
        (said(names=(OWN,)), said(birth_date=BORN), ()),
        (said(), said(names=(FREMD,), birth_date=BORN), ()),
        (said(names=(OWN,), birth_date=BORN), said(names=(FREMD,), birth_date=BORN), ("name",)),
        (said(names=(OWN,), birth_date=BORN), said(birth_date=OTHER_DAY), ("birth date",)),
        (said(names=(OWN,), birth_date=BORN), said(names=(FREMD,), birth_date=OTHER_DAY), ("name", "birth date")),
    ],
)
def test_what_cannot_be_one_persons(one: Identity, other: Identity, parts: tuple[str, ...]) -> None:
    assert unlike(one, other) == parts
