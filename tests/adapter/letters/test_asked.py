"""What is missing is asked of who can give it, with a form that would cure it, and nobody else is told of it."""

from typing import Any

import pytest

from adapter.consent import authorization, part2
from adapter.consent.reasons import grounds
from adapter.letters import called_for, letter
from adapter.letters.texts import blank_form, plain_words
from tests.adapter.letters.made import DAUGHTER, DISCLOSURE, NOTES, occasion, refusals, words

SUD = {"path": "documents/sud.txt", "id": "sud", "kind": "sud_program_record", "title": "Quetzal clinic"}
DIRECTIVE: dict[str, Any] = {
    "recipient": "review_center",
    "recipient_party": "center",
    "recipient_is_provider": True,
    "directive": {"written": True, "signed": False, "designee": "", "address": ""},
}
LAWYER: dict[str, Any] = DISCLOSURE | {
    "recipient": "attorney",
    "recipient_is_provider": False,
    "purpose": "other",
    "authorization": {
        "description": "All",
        "discloser": "Test Hospital (synthetic)",
        "recipient": "Review Center (synthetic)",
        "purpose": "other",
        "expiry": "2027-01-01",
        "signed": True,
        "signed_on": "2026-01-05",
        "signer": "patient",
        "statement_revocation": True,
        "statement_conditioning": False,
        "statement_redisclosure": False,
    },
}


def test_asks_the_patient_for_proof_of_identity_while_the_clock_runs() -> None:
    made = letter("request-for-information", occasion(access={"identity_verified": None}))
    assert made.section("missing").items == ("Proof of who is asking. (45 CFR 164.514(h)(1)(i))",)
    assert made.section("clock").paragraphs == (
        "The time in which we have to act on your request runs on meanwhile and ends on April 1, 2026.",
    )
    form = made.section("form-identity")
    assert form.heading == "Form: Proof of identity"
    assert form.blanks[-1] == ("Signature", "")
    assert made.citations == ("45 CFR 171.202(b)(2)(i)", "45 CFR 164.514(h)(1)(i)")


def test_one_form_cures_a_directive_with_several_faults() -> None:
    made = letter("request-for-information", occasion(access=DIRECTIVE))
    assert made.section("missing").items == (
        "The direction to send a copy to somebody else has to be signed. (45 CFR 164.524(c)(3)(ii))",
        "The direction has to say clearly who gets the copy and where to send it. (45 CFR 164.524(c)(3)(ii))",
    )
    assert [part.name for part in made.sections if part.blanks] == ["form-directive"]
    assert dict(made.section("form-directive").blanks)["Name of the patient"] == "María Testperson"


def test_names_the_missing_statements_of_an_authorization() -> None:
    made = letter("consent-request", occasion(access=LAWYER))
    assert made.addressee.id == "patient"
    assert made.section("missing").items == (
        "The authorization lacks a statement that the law requires. (45 CFR 164.508(c)(2)) Missing: whether treatment"
        " or payment may depend on it and that the recipient may disclose it again.",
    )


@pytest.mark.parametrize(("line", "form"), [(NOTES, "form-psychotherapy"), (SUD, "form-part2")])
def test_what_only_the_patient_can_give_is_asked_of_the_patient_alone(line: dict[str, Any], form: str) -> None:
    on = occasion(access=DISCLOSURE, materials=(line,))
    assert called_for(on) == ("consent-request",)
    made = letter("consent-request", on)
    assert (made.addressee.id, made.section(form).name) == ("patient", form)
    assert "Quetzal" not in words(made)
    assert refusals("request-for-information", on) == [
        "decision: lacks nothing that this addressee can supply and may be told of; `check` says who has to act"
        " [45 CFR 171.202(b)(2)(i)]"
    ]


@pytest.mark.parametrize("line", [NOTES, SUD])
def test_a_letter_to_a_requester_is_the_same_with_and_without_what_is_withheld(line: dict[str, Any]) -> None:
    open_one = DISCLOSURE | {"authority_verified": None}
    for kind in ("request-for-information", "acknowledgement"):
        plain = letter(kind, occasion(access=open_one))
        assert letter(kind, occasion(access=open_one, materials=(line,))) == plain


def test_a_representative_is_not_told_of_part_2_records() -> None:
    access = DAUGHTER | {"identity_verified": None}
    plain = letter("request-for-information", occasion(access=access))
    assert letter("request-for-information", occasion(access=access, materials=(SUD,))) == plain


def test_forms_to_somebody_else_have_no_name_in_them() -> None:
    made = letter("request-for-information", occasion(access=DISCLOSURE | {"identity_verified": None}))
    assert made.addressee.name == "Testdoctor-Ask"
    assert all(value == "" for part in made.sections for _, value in part.blanks)


def test_a_patient_who_asks_is_not_sent_a_consent_request() -> None:
    found = refusals("consent-request", occasion(access={"identity_verified": None}))
    assert found[0].startswith("case.json $.access.requester: is the patient or a representative")


def test_nothing_is_asked_for_what_stays_whatever_is_supplied() -> None:
    kept = DISCLOSURE | {
        "restrictions": [{"agreed": True, "blocks_recipient": "review_center", "items": ["notes"]}],
    }
    on = occasion(access=kept, materials=(NOTES,))
    assert {"AGREED_RESTRICTION", "PSYCHOTHERAPY_AUTHORIZATION_MISSING"} <= {r.code for r in on.about("notes")}
    assert called_for(on) == ()
    assert refusals("consent-request", on) != []


def test_the_patient_is_told_who_would_get_it_and_what_for() -> None:
    made = letter("consent-request", occasion(access=LAWYER | {"purpose": "legal_proceedings"}))
    assert (
        made.section("opening")
        .paragraphs[0]
        .startswith(
            "We were asked to send records about you to Review Center (synthetic)."
            " The purpose given is: legal proceedings."
        )
    )


def test_nothing_missing_nothing_asked() -> None:
    assert [line.rpartition("[")[2] for line in refusals("request-for-information", occasion())] == [
        "45 CFR 171.202(b)(2)(i)]"
    ]


# --- the tables


def test_everything_a_requester_can_supply_can_be_asked_for() -> None:
    open_ones = {code for code, row in grounds().items() if row.role == "open" and row.who == "requester"}
    assert open_ones - set(plain_words("asks")) == set()


def test_every_element_of_a_paper_has_plain_words() -> None:
    named = {*authorization.ELEMENTS, *authorization.STATEMENTS, *part2.ELEMENTS}
    assert named - set(plain_words("elements")) == set()


def test_every_ask_has_a_form_that_is_there() -> None:
    names = {row["form"] for row in plain_words("asks").values()}
    assert {name for name in names if not blank_form(name).fields} == set()
    assert {row["told_to"] for row in plain_words("asks").values()} == {"any", "individual", "patient"}


def test_every_exclusion_has_its_place() -> None:
    exclusions = {code for code, row in grounds().items() if row.role == "exclusion"}
    assert exclusions - set(plain_words("grounds")) == set()
    denials = {code for code, row in plain_words("grounds").items() if row["reviewable"] == "yes"}
    assert denials == {"ENDANGERMENT", "HARM_TO_REFERENCED_PERSON", "HARM_VIA_REPRESENTATIVE"}


def test_the_authorization_form_has_every_element_and_statement() -> None:
    form = blank_form("authorization")
    asked = " ".join(form.fields)
    for element in ("describe it specifically", "Who may disclose", "Who may receive", "purpose", "Ends on", "Date"):
        assert element in asked
    assert "Signature" in form.fields
    for statement in ("I may revoke", "do not depend on whether I sign", "may be disclosed again", "I get a copy"):
        assert statement in form.after
