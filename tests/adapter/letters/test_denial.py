"""A denial has every element of 45 CFR 164.524(d)(2), or it is not issued."""

from typing import Any

import msgspec
import pytest

from adapter.config import Office
from adapter.consent.decide import decide
from adapter.consent.facts import Material
from adapter.letters import called_for, letter
from adapter.letters.denied import denial
from adapter.letters.draft import Draft
from mappings.domain.values import Identifier, Moment
from mappings.problems import ProblemError
from tests.adapter.letters.made import (
    DAUGHTER,
    DISCLOSURE,
    ENDANGERS,
    LETTER,
    NOTES,
    OFFICE,
    denied,
    occasion,
    refusals,
    without,
    words,
)

PSYCHOTHERAPY = (
    "Psychotherapy notes, January 15, 2026. The right to see and copy health records does not include psychotherapy"
    " notes, which are notes that a mental health professional keeps separate from the rest of the record."
    " (45 CFR 164.524(a)(1)(i))"
)
ENDANGERMENT = (
    "A letter in the record “Quetzal letter”, January 15, 2026. A licensed health care professional has decided, in"
    " professional judgment, that access is reasonably likely to endanger the life or physical safety of {} or"
    " another person. (45 CFR 164.524(a)(3)(i))"
)


@pytest.mark.parametrize(
    ("office", "where", "message", "rule"),
    [
        (
            without("title"),
            "second-opinion.toml $.office.title",
            "is missing: say the name or the title of the contact person or office",
            "45 CFR 164.524(d)(2)(iii)",
        ),
        (
            without("phone"),
            "second-opinion.toml $.office.phone",
            "is missing: say the telephone number",
            "45 CFR 164.524(d)(2)(iii)",
        ),
        (
            msgspec.structs.replace(OFFICE, phone="  "),
            "second-opinion.toml $.office.phone",
            "is missing: say the telephone number",
            "45 CFR 164.524(d)(2)(iii)",
        ),
        (
            without("complaints"),
            "second-opinion.toml $.office.complaints",
            "is missing: say how to complain to you (your procedure under 45 CFR 164.530(d)), in plain words",
            "45 CFR 164.524(d)(2)(iii)",
        ),
        (
            without("reviews"),
            "second-opinion.toml $.office.reviews",
            "is missing: say how a review of the denial is asked for, in plain words",
            "45 CFR 164.524(d)(2)(ii)",
        ),
    ],
)
def test_is_refused_without_an_element_of_the_office(office: Office, where: str, message: str, rule: str) -> None:
    assert refusals("denial", denied(office=office)) == [f"{where}: {message} [{rule}]"]


def test_every_missing_element_is_said_at_once() -> None:
    assert [line.rpartition(" [")[0].partition(":")[0] for line in refusals("denial", denied(office=Office()))] == [
        "second-opinion.toml $.office.reviews",
        "second-opinion.toml $.office.title",
        "second-opinion.toml $.office.phone",
        "second-opinion.toml $.office.complaints",
    ]


def test_a_name_will_do_for_a_title() -> None:
    made = letter("denial", denied(office=msgspec.structs.replace(without("title"), name="Testcontact-Lee")))
    assert made.section("complaint").paragraphs[1] == "Contact: Testcontact-Lee, telephone +1 505 555 0100."
    assert made.signed == ("Testcontact-Lee", "Test Hospital (synthetic)")


def test_is_refused_without_a_basis() -> None:
    none = "decision: denies nothing on a ground that a denial letter is for; nobody is owed one"
    assert refusals("denial", occasion()) == [f"{none} [45 CFR 164.524(d)(2)(i)]"]


def test_is_refused_while_the_decision_is_open() -> None:
    open_one = denied(access={"identity_verified": None})
    assert (open_one.decision.outcome, open_one.decision.excluded) == ("pend", ("letter",))
    assert [line.partition(":")[0] for line in refusals("denial", open_one)] == ["decision"]


def test_is_refused_where_a_ground_has_no_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from adapter.letters import places

    monkeypatch.setattr(places, "plain_words", lambda table: {})
    assert refusals("denial", denied())[0] == (
        "grounds.csv: has no plain words for ENDANGERMENT; a denial states its basis in plain language"
        " [45 CFR 164.524(d)(2)(i)]"
    )


@pytest.mark.parametrize(("field", "missing"), [("received_at", "received_at"), ("holder_tz", "holder_tz")])
def test_is_refused_without_the_day_of_the_request(field: str, missing: str) -> None:
    found = refusals("denial", denied(access={field: None}))
    assert [line for line in found if f"$.access.{missing}" in line] == [
        f"case.json $.access.{missing}: is missing: without it the local day on which the request was received is not"
        " known [45 CFR 164.524(b)(2)(i)]"
    ]


@pytest.mark.parametrize(
    "access",
    [
        {"requested_by": "doctor"},
        {"requested_by": "daughter"},
        DAUGHTER | {"requested_by": None},
        DAUGHTER | {"requested_by": "patient"},
        DAUGHTER | {"requested_by": "center"},
    ],
)
def test_is_refused_where_who_asks_is_not_who_is_named(access: dict[str, Any]) -> None:
    assert refusals("denial", denied(access=access)) == [
        "case.json $.access.requested_by: does not say who asks, in agreement with `requester`: name the patient, the"
        " representative or the party [45 CFR 164.514(h)(1)(i)]"
    ]


def test_nobody_else_is_told_what_is_denied() -> None:
    found = refusals("denial", occasion(access=DISCLOSURE, materials=(NOTES,)))
    assert found[0] == (
        "case.json $.access.requester: goes to the patient or a representative alone, and somebody else asks here;"
        " nobody is owed it [45 CFR 164.524(a)(1)]"
    )


def test_says_basis_review_and_complaints() -> None:
    made = letter("denial", denied())
    assert (made.title, made.date, made.reference) == (
        "We cannot give you access to everything you asked for",
        "2026-03-10",
        "SYN-1",
    )
    assert made.addressee.lines == ("7 Sample Road", "Exampleville, NM 00000")
    assert made.section("opening").paragraphs == (
        "You asked on March 2, 2026 for access to your record. This letter is our decision of March 10, 2026. It is"
        " about what we do not give you access to, and why.",
    )
    assert made.section("basis").items == (ENDANGERMENT.format("you"),)
    assert made.section("released").items == (
        "the request for a second opinion",
        "a pathology report, February 20, 2026",
    )
    assert made.section("review").paragraphs[0] == (
        "You have the right to have our decision reviewed about: a letter in the record “Quetzal letter”, January 15,"
        " 2026. Write to the Privacy Officer and ask for a review."
    )
    assert made.section("complaint").paragraphs == (
        "If you think that we did not follow the law, you may complain to us. Call or write to the Privacy Officer.",
        "Contact: Privacy Officer, telephone +1 505 555 0100.",
    )
    secretary = made.section("secretary").paragraphs
    assert "Secretary of the U.S. Department of Health and Human Services" in secretary[0]
    assert "Office for Civil Rights" in secretary[0]
    assert "within 180 days" in secretary[0]
    assert secretary[1].startswith("We may not treat you worse")
    assert made.citations == (
        "45 CFR 164.524(d)(2)",
        "45 CFR 164.524(a)(3)(i)",
        "45 CFR 164.524(d)(1)",
        "45 CFR 164.524(d)(2)(ii)",
        "45 CFR 164.524(a)(4)",
        "45 CFR 164.524(d)(2)(iii)",
        "45 CFR 164.530(d)",
        "45 CFR 160.306",
    )


def test_what_cannot_be_reviewed_is_not_said_to_be() -> None:
    made = letter("denial", occasion(materials=(NOTES,), office=without("reviews")))
    assert made.section("basis").items == (PSYCHOTHERAPY,)
    assert [part.name for part in made.sections] == [
        "opening",
        "basis",
        "released",
        "no_review",
        "complaint",
        "secretary",
        "contact",
    ]
    assert made.section("no_review").paragraphs == (
        "The law does not give a right to have our decision reviewed about: psychotherapy notes, January 15, 2026."
        " You may complain, as the next parts say.",
    )


def test_of_two_items_each_has_its_own_rights() -> None:
    made = letter("denial", denied_both())
    assert made.section("basis").items == (ENDANGERMENT.format("you"), PSYCHOTHERAPY)
    assert (
        "reviewed about: a letter in the record “Quetzal letter”, January 15, 2026."
        in made.section("review").paragraphs[0]
    )
    assert "psychotherapy" not in made.section("review").paragraphs[0]
    assert "about: psychotherapy notes, January 15, 2026." in made.section("no_review").paragraphs[0]


def denied_both() -> Any:
    return occasion(access={"determinations": [ENDANGERS]}, materials=(LETTER, NOTES))


def test_to_a_representative_it_speaks_of_the_patient() -> None:
    made = letter("denial", denied(access=DAUGHTER | {"determinations": [ENDANGERS]}))
    assert (made.addressee.id, made.addressee.name) == ("daughter", "Testperson-Ana")
    assert "for access to the record of María Testperson." in made.section("opening").paragraphs[0]
    assert made.section("basis").items == (ENDANGERMENT.format("María Testperson"),)


def test_names_no_one_who_decided_and_no_title_of_psychotherapy_notes() -> None:
    said = words(letter("denial", denied_both()))
    assert said.count("Quetzal letter") == 2, "the patient can tell which letter is denied"
    assert "Quetzal notes" not in said
    assert "Testdoctor-Secretive" not in said


@pytest.mark.parametrize(
    ("ground", "access"),
    [
        ("substantial_harm_to_referenced_person", {}),
        ("substantial_harm_via_representative", DAUGHTER),
    ],
)
def test_no_title_is_told_that_could_tell_of_another_person(ground: str, access: dict[str, Any]) -> None:
    base = denied(access=access | {"determinations": [ENDANGERS | {"ground": ground}]})
    materials = (msgspec.structs.replace(m, names_other_person=True, other_person_is_provider=False)
                 if m.id == "letter" else m for m in base.facts.materials)  # fmt: skip
    facts = msgspec.structs.replace(base.facts, materials=tuple(materials))
    made = letter("denial", msgspec.structs.replace(base, facts=facts, decision=decide(facts, base.policy)))
    assert [item.split(". ")[0] for item in made.section("basis").items] == ["A letter in the record, January 15, 2026"]
    assert "Quetzal" not in words(made)


def test_a_report_is_told_from_another_by_title_number_and_date_and_its_content_is_not_told() -> None:
    base = denied_both()
    [held] = base.case.reports
    number = Identifier(system="https://lab.example/accession", value="S26-1")
    told = msgspec.structs.replace(held, identifiers=(number,), documents=("letter",))
    other = msgspec.structs.replace(held, id="report-2", effective=Moment("2026-02-21"))
    case = msgspec.structs.replace(base.case, reports=(told, other))
    materials = (*base.facts.materials, Material(id="report-2", kind="pathology_report", in_drs=True))
    stays = msgspec.structs.replace(base.facts.determinations[0], applies_to=("letter", "report-2"))
    facts = msgspec.structs.replace(base.facts, materials=materials, determinations=(stays,))
    made = letter("denial", msgspec.structs.replace(base, case=case, facts=facts, decision=decide(facts, base.policy)))
    assert made.section("released").items == (
        "the request for a second opinion",
        "a pathology report “Quetzal letter”, number S26-1, February 20, 2026",
    )
    assert [item.split(". A licensed")[0] for item in made.section("basis").items][-1] == (
        "A pathology report, February 21, 2026"
    )
    assert "Sarcoma" not in words(made)


def test_a_confidential_source_is_not_hinted_at() -> None:
    source = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}
    base = denied(access={"determinations": []})
    facts = msgspec.structs.replace(
        base.facts,
        materials=tuple(
            msgspec.structs.replace(m, source=msgspec.convert(source, type(m).__annotations__["source"]))
            if m.id == "letter"
            else m
            for m in base.facts.materials
        ),
    )
    made = letter("denial", msgspec.structs.replace(base, facts=facts, decision=decide(facts, base.policy)))
    assert made.section("basis").items == (
        "One item in the record. The law allows us to deny access to information given to us in confidence, where"
        " access would reveal its source. (45 CFR 164.524(a)(2)(v))",
    )
    assert "January 15" not in words(made)
    assert "a letter in the record" not in words(made)


def test_what_stays_for_a_ground_not_to_be_told_is_not_told() -> None:
    beyond = DAUGHTER | {"representative": {"type": "health_care_proxy", "scope": "cancer_care"}}
    on = occasion(access=beyond, materials=(NOTES,))
    assert "notes" in on.decision.excluded
    draft = Draft(on, "denial")
    denial(draft)
    assert draft.sections[1].items == ()
    with pytest.raises(ProblemError, match="denies nothing on a ground"):
        letter("denial", on)


def test_is_called_for_by_the_decision_alone() -> None:
    assert called_for(denied()) == ("acceptance", "denial")
    assert called_for(occasion()) == ("acceptance",)
    assert called_for(occasion(access=DISCLOSURE)) == ()
    assert called_for(denied(access={"identity_verified": None})) == ("request-for-information",)
