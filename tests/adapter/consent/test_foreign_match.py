"""What a provision names against what is asked for: yes and no only where nobody could read it otherwise."""

from typing import Any

import msgspec
import pytest

from adapter.consent.foreign import Said, says
from adapter.consent.foreign_match import matches
from adapter.consent.foreign_parties import Party, is_one_of
from tests.adapter.consent.foreign_given import (
    ACT,
    CONFIDENTIALITY,
    HIV,
    LOINC,
    NPI,
    PARTICIPATION,
    PDF,
    REASON,
    REPORT,
    RESOURCES,
    Json,
    actor,
    concept,
    consent,
    question,
)
from tests.adapter.consent.foreign_given import (
    CENTER as CENTER_URL,
)

ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"


def about(provision: Json, thing: Any = REPORT, denies: bool = False, **asked: Any) -> object:
    return matches(provision, thing, question(**asked), denies=denies)


@pytest.mark.parametrize(
    ("codes", "holds"),
    [
        (("access",), True),
        (("disclose",), True),
        (("collect", "disclose"), True),
        (("access", "disclose", "collect", "correct"), True),
        (("collect",), False),
        (("correct",), False),
        (("collect", "correct"), False),
    ],
)
def test_only_access_and_disclosure_are_about_sending(codes: tuple[str, ...], holds: bool) -> None:
    assert about({"action": [concept(ACTIONS, *codes)]}) == (holds, ())


@pytest.mark.parametrize(
    "action",
    [
        {"coding": []},
        {"text": "send"},
        concept(ACTIONS, "use"),
        concept(ACTIONS, "access", "use"),
        concept("urn:x", "access"),
    ],
)
def test_an_action_that_r4_does_not_have_is_unclear(action: Json) -> None:
    assert about({"action": [action]}) == (None, ("action",))


@pytest.mark.parametrize(
    ("purposes", "holds"),
    [
        ({"treatment"}, True),
        ({"payment"}, False),
        ({"treatment", "payment"}, None),
        ({"martian"}, None),
        ({"payment", "martian"}, None),
        (set(), None),
        ({None}, None),
    ],
)
def test_a_purpose_is_compared_with_the_one_purpose_of_the_request(purposes: set[str], holds: bool | None) -> None:
    said = about({"purpose": [{"system": REASON, "code": "TREAT"}]}, purposes=frozenset(purposes))
    assert said == (holds, () if holds is not None else ("purpose",))


@pytest.mark.parametrize(
    "coding",
    [
        {"system": REASON, "code": "ETREAT"},
        {"system": REASON},
        {"system": REASON, "code": "MARS"},
        {"system": "urn:x", "code": "TREAT"},
    ],
)
def test_a_narrower_or_unknown_purpose_is_unclear(coding: Json) -> None:
    assert about({"purpose": [coding]}) == (None, ("purpose",))


def labelled(*labels: str) -> Any:
    return msgspec.structs.replace(REPORT, labels=frozenset(labels))


@pytest.mark.parametrize(
    ("own", "code", "permit", "deny"),
    [
        ((), "N", True, True),
        ((), "R", True, False),
        ((), "L", False, True),
        (("r",), "N", False, True),
        (("r",), "R", True, True),
        (("r",), "V", True, False),
        (("l", "v"), "R", False, True),
        (("x",), "N", True, True),
        (("hiv", "mn", "lm"), "N", True, True),
    ],
)
def test_confidentiality_is_a_ladder(own: tuple[str, ...], code: str, permit: bool, deny: bool) -> None:
    """v3-Confidentiality, from unrestricted to very restricted: U, L, M, N, R, V."""
    provision = {"securityLabel": [{"system": CONFIDENTIALITY, "code": code}]}
    assert about(provision, labelled(*own)) == (permit, ())
    assert about(provision, labelled(*own), denies=True) == (deny, ())


@pytest.mark.parametrize("code", ["X", "NR", ""])
def test_a_step_that_the_ladder_does_not_have_is_unclear(code: str) -> None:
    assert about({"securityLabel": [{"system": CONFIDENTIALITY, "code": code}]}) == (None, ("label",))


def test_what_is_sensitive_without_a_step_of_its_own_stands_on_none() -> None:
    provision = {"securityLabel": [{"system": CONFIDENTIALITY, "code": "N"}]}
    assert about(provision, HIV) == (None, ("label",))


@pytest.mark.parametrize(
    "code", [{"coding": [{"system": LOINC}]}, {"coding": [{"code": "11529-5"}]}, {"coding": []}, {"text": "report"}]
)
def test_a_code_without_its_system_or_a_system_without_code_is_unclear(code: Json) -> None:
    assert about({"code": [code]}) == (None, ("code",))


def test_codes_of_loinc_tell_two_things_apart_and_those_of_others_do_not() -> None:
    assert about({"code": [concept(LOINC, "11529-5")]}) == (True, ())
    assert about({"code": [concept(LOINC, "24606-6")]}) == (False, ())
    assert about({"code": [concept("urn:x", "24606-6")]}) == (None, ("code",))
    assert about({"code": [concept(LOINC, "24606-6")]}, PDF) == (None, ("code",))


def test_the_zone_of_the_holder_says_whether_a_time_lies_in_a_period_of_days() -> None:
    timed = msgspec.structs.replace(REPORT, dates=("2026-02-20T10:00:00Z",))
    provision = {"dataPeriod": {"start": "2026-02-20"}}
    assert about(provision, timed, zone="America/New_York") == (True, ())
    assert about(provision, timed, zone=None) == (None, ("data-period",))


@pytest.mark.parametrize("dates", [(), ("2026-02-20", "2026-01-20")])
def test_without_one_answer_of_all_its_dates_a_thing_is_in_no_period(dates: tuple[str, ...]) -> None:
    dated = msgspec.structs.replace(REPORT, dates=dates)
    assert about({"dataPeriod": {"start": "2026-02-01"}}, dated) == (None, ("data-period",))


# --- parties

PATIENT = Party(urls=frozenset(["Patient/p"]), numbers=frozenset([(NPI, "1")]), patient=True, person=True)
CENTER = Party(urls=frozenset(["Organization/c"]), numbers=frozenset([(NPI, "2")]))
SOMEBODY = Party(urls=frozenset(["Practitioner/x"]), person=True)


@pytest.mark.parametrize("other", [CENTER, SOMEBODY, Party(urls=frozenset(["Organization/d"]))])
def test_the_patient_is_nobody_else(other: Party) -> None:
    asked = question(parties={"Patient/p": PATIENT, "it": other})
    assert is_one_of({"reference": "Patient/p"}, (other,), asked) is False
    assert is_one_of({"reference": "it"}, (PATIENT,), asked) is False


def test_the_patient_is_the_patient_under_any_address() -> None:
    twin = Party(urls=frozenset(["Patient/q"]), patient=True, person=True)
    assert is_one_of({"reference": "Patient/q"}, (PATIENT,), question(parties={"Patient/q": twin})) is True


@pytest.mark.parametrize(
    ("number", "person", "same"), [("2", False, True), ("3", False, False), ("3", True, None), (None, False, None)]
)
def test_two_numbers_of_one_kind_tell_two_organizations_apart(
    number: str | None, person: bool, same: bool | None
) -> None:
    told = Party(numbers=frozenset([(NPI, number)] if number else []), person=person)
    asked = question(parties={"it": msgspec.structs.replace(told, urls=frozenset(["it"]))})
    assert is_one_of({"reference": "it"}, (CENTER,), asked) is same


# --- purposes of a whole Consent


def test_a_consent_to_research_may_say_nothing_where_research_is_one_purpose_of_several() -> None:
    research = concept("http://terminology.hl7.org/CodeSystem/consentscope", "research")
    asked = question(purposes=frozenset(["research", "treatment"]))
    assert says(consent({"type": "deny"}, scope=research), REPORT, asked, True) == Said(
        may=frozenset(["deny", "silent"]), rules=("scope.research",)
    )


def test_a_nested_provision_without_a_type_is_unclear_and_says_why() -> None:
    nested = {"type": "permit", "provision": [{"class": [{"system": ACT, "code": "x"}]}]}
    found = says(consent(nested), REPORT, question(), True)
    assert found.rules == ("type.unknown",)
    assert found.may == frozenset(["permit", "deny", "silent"])


@pytest.mark.parametrize(
    "told",
    [
        {"reference": {"reference": CENTER_URL}},
        {"reference": {"reference": CENTER_URL}, "role": {"text": "recipient"}},
        actor(CENTER_URL) | {"modifierExtension": [{"url": "urn:x"}]},
        {"role": concept(PARTICIPATION, "IRCP")},
        {"role": concept(PARTICIPATION, "IRCP"), "reference": CENTER_URL},
        actor(CENTER_URL, "AUT"),
    ],
)
def test_an_actor_without_a_role_of_recipient_or_custodian_is_unclear(told: Json) -> None:
    assert about({"actor": [told]}) == (None, ("actor",))
    assert about({"actor": [actor(CENTER_URL)]}) == (True, ())


def test_a_class_is_a_type_of_fhir_compared_with_one() -> None:
    untyped = msgspec.structs.replace(REPORT, type=None)
    assert about({"class": [{"system": RESOURCES, "code": "DiagnosticReport"}]}) == (True, ())
    assert about({"class": [{"system": RESOURCES, "code": "Observation"}]}) == (False, ())
    assert about({"class": [{"system": RESOURCES}]}) == (None, ("class",))
    assert about({"class": [{"system": "urn:x", "code": "DiagnosticReport"}]}) == (None, ("class",))
    assert about({"class": [{"system": RESOURCES, "code": "Observation"}]}, untyped) == (None, ("class",))


def test_a_reference_to_nobody_is_nobody_that_can_be_told_apart() -> None:
    assert is_one_of({"display": "somebody"}, (PATIENT,), question()) is None
    assert is_one_of({"reference": "Organization/gone"}, (PATIENT,), question()) is None
