"""Why a Consent of somebody else says what it says: the rules that led there, and what tells two readings apart."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from adapter.consent.foreign import Meaning, Said, says
from adapter.consent.foreign_match import matches
from adapter.consent.foreign_parties import Question, Thing
from adapter.consent.foreign_readings import SHIPPED
from tests.adapter.consent.foreign_given import (
    ACT,
    HIV,
    HOLDER,
    LOINC,
    OTHER,
    PARTICIPATION,
    POLICY,
    REASON,
    REPORT,
    RESOURCES,
    Json,
    actor,
    concept,
    consent,
    question,
)

SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
GRANTEE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.grantee"
OUT = concept(ACT, "OPTOUT")
GENERAL = [concept(LOINC, "59284-0")]
LOCAL = [concept("urn:local", "x")]
OBSERVATIONS = [{"system": RESOURCES, "code": "Observation"}]
REPORTS = [{"system": RESOURCES, "code": "DiagnosticReport"}]
LABEL_HIV = [{"system": ACT, "code": "HIV"}]
REPORT_ITSELF = {"reference": "DiagnosticReport/report"}
May = frozenset[Meaning]
PERMIT: May = frozenset(["permit"])
DENY: May = frozenset(["deny"])
MAY_PERMIT: May = frozenset(["permit", "silent"])
MAY_DENY: May = frozenset(["deny", "silent"])
EITHER: May = PERMIT | DENY
ANY: May = MAY_PERMIT | DENY


def said(provision: Json | None, thing: Thing = REPORT, asked: Question | None = None, **changes: Any) -> Said:
    return says(consent(provision, **changes), thing, asked or question(), True)


def about(provision: Json, **asked: Any) -> tuple[bool | None, tuple[str, ...]]:
    return matches(provision, REPORT, question(**asked), denies=True)


# --- the rules of everything that makes it unclear


def test_a_draft_says_what_in_it_is_unclear_and_that_it_is_a_draft() -> None:
    found = said({"type": "deny", "code": LOCAL}, status="draft")
    assert found == Said(may=MAY_DENY, rules=("code", "status.not-agreed"))


def test_outside_what_an_opt_out_permits_it_says_so_beside_what_is_unclear() -> None:
    narrow: Json = {"type": "permit", "provision": [{"type": "permit", "class": REPORTS}]}
    unclear: Json = {"type": "permit", "provision": [{"type": "permit", "code": LOCAL}]}
    assert said(narrow, HIV, policyRule=OUT) == Said(may=DENY, rules=("policy-and-type",))
    assert said(unclear, policyRule=OUT) == Said(may=EITHER, rules=("code", "policy-and-type"))
    restriction = concept(POLICY, "hipaa-restrictions")
    assert said(narrow, HIV, policyRule=restriction).rules == ("policy-and-type",)


def test_a_grantee_that_nobody_knows_is_an_actor_that_nobody_knows() -> None:
    granted = [{"url": GRANTEE, "valueReference": {"reference": "Organization/gone"}}]
    assert said({"type": "permit"}, extension=granted) == Said(may=MAY_PERMIT, rules=("actor",))
    complies = [{"url": GRANTEE, "valueReference": {"reference": OTHER}}]
    assert said({"type": "deny"}, extension=complies) == Said(may=MAY_DENY, rules=("actor",))


def test_what_is_no_element_of_a_provision_is_named_as_that() -> None:
    assert said({"type": "deny", "provision": {"type": "deny"}}).rules == ("element",)
    assert about({"resourceType": [{"code": "DiagnosticReport"}]}) == (None, ("element",))
    assert about({"purpose": {"system": REASON, "code": "TREAT"}}) == (None, ("element",))
    assert about({"_actor": [{"extension": []}]}) == (None, ("element",))


def test_where_exceptions_contradict_each_other_the_unclear_one_is_named_too() -> None:
    children = [{"type": "permit"}, {"type": "deny", "code": LOCAL}, {"type": "deny"}]
    turned = question(readings=msgspec.structs.replace(SHIPPED, consent_denying_exception_wins=False))
    found = said({"type": "permit", "provision": children}, asked=turned)
    assert found == Said(may=ANY, rules=("code", "nested"))


def test_a_denial_that_is_lifted_tells_what_may_lift_it_besides() -> None:
    lifting = [{"type": "permit", "code": LOCAL}, {"type": "permit"}]
    assert said({"type": "deny", "provision": lifting}) == Said(may=PERMIT, rules=("code",))


# --- one reading told from another


def test_an_extension_beside_the_implicit_rules_turns_the_meaning_as_they_do() -> None:
    beside = {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}
    assert said({"type": "permit"}, _implicitRules=beside).rules == ("modifier",)


def test_a_consent_without_a_scope_is_not_taken_for_one_to_care() -> None:
    assert said({"type": "deny"}, scope=None, category=GENERAL).rules == ("scope.unknown",)


def test_a_consent_of_every_scope_that_r4_has_is_read() -> None:
    every = concept(SCOPE, "treatment", "adr", "research", "patient-privacy")
    assert said({"type": "deny"}, scope=every) == Said(may=DENY)


def test_an_advance_directive_that_speaks_of_disclosure_is_read() -> None:
    directive: Json = {"scope": concept(SCOPE, "adr"), "category": GENERAL}
    assert said({"type": "deny", "action": [concept(ACTIONS, "access")]}, **directive) == Said(may=DENY)
    assert said({"type": "deny", "action": [concept(ACTIONS, "collect")]}, **directive).rules == ("scope.care",)


def test_what_may_be_over_denies_nothing_outside_what_it_permits() -> None:
    """The period is that of the whole: where it may be over, so may be the denial of all the rest."""
    found = said({"type": "permit", "period": {"end": "soon"}}, policyRule=OUT)
    assert found == Said(may=MAY_PERMIT, rules=("period.unclear",))


def test_an_exception_of_an_exception_is_about_things_too() -> None:
    back = {"type": "deny", "securityLabel": LABEL_HIV, "provision": [{"type": "permit", "class": OBSERVATIONS}]}
    assert said({"type": "permit", "provision": [back]}, HIV) == Said(may=PERMIT)
    assert said({"type": "permit", "provision": [back | {"class": REPORTS}]}, HIV) == Said(may=PERMIT)
    other = {"type": "deny", "provision": [{"type": "permit", "class": REPORTS}]}
    assert said({"type": "permit", "provision": [other]}, HIV).may == DENY


# --- single criteria


def test_an_exception_holds_through_its_period_by_the_clock_of_the_holder() -> None:
    late = dt.datetime(2026, 3, 16, 3, 30, tzinfo=dt.UTC)
    within: Json = {"period": {"start": "2026-03", "end": "2026-03-15"}}
    assert about(within, now=(late, late)) == (True, ())
    assert about(within, now=(late, late), zone="Europe/Berlin") == (False, ())


def test_an_extension_beside_the_type_is_no_other_element() -> None:
    assert about({"type": "deny", "_type": {"extension": [{"url": "urn:x", "valueCode": "y"}]}}) == (True, ())


def test_an_actor_in_every_role_of_a_recipient_is_one() -> None:
    every = concept(PARTICIPATION, "IRCP", "PRCP", "GRANTEE")
    assert about({"actor": [{"role": every, "reference": {"reference": "Organization/center"}}]}) == (True, ())


@pytest.mark.parametrize("role", [None, concept(PARTICIPATION, "CST", "AUT"), {"coding": []}])
def test_the_holder_in_no_role_or_in_another_one_besides_is_unclear(role: Json | None) -> None:
    assert about({"actor": [actor(HOLDER, "CST")]}) == (True, ())
    told: Json = {"reference": {"reference": HOLDER}} | ({"role": role} if role else {})
    assert about({"actor": [told]}) == (None, ("actor",))


@pytest.mark.parametrize("meaning", ["instance", "related", "dependents"])
def test_data_are_themselves_whatever_is_meant_besides(meaning: str) -> None:
    assert about({"data": [{"meaning": meaning, "reference": REPORT_ITSELF}]}) == (True, ())
    assert about({"data": [{"meaning": "authoredby", "reference": REPORT_ITSELF}]}) == (None, ("data",))


def test_data_with_something_that_may_turn_their_meaning_are_unclear() -> None:
    turned = {"meaning": "instance", "reference": REPORT_ITSELF, "modifierExtension": [{"url": "urn:x"}]}
    assert about({"data": [turned]}) == (None, ("data",))
