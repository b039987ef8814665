"""What a Consent that somebody else wrote says: one case for every rule, with the reading that would leak beside it."""

import copy
import datetime as dt
import pathlib
from typing import Any

import msgspec
import pytest

from adapter.consent import foreign as foreign_module
from adapter.consent.foreign import Meaning, Said, rules, says
from adapter.consent.foreign_papers import lacks
from adapter.consent.foreign_parties import Question, Thing
from adapter.consent.foreign_readings import SHIPPED
from tests.adapter.consent.foreign_given import (
    ACT,
    CENTER,
    CONFIDENTIALITY,
    DOCTOR,
    HIV,
    HOLDER,
    LOINC,
    NPI,
    OTHER,
    PDF,
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

May = frozenset[Meaning]
PERMIT: May = frozenset(["permit"])
DENY: May = frozenset(["deny"])
SILENT: May = frozenset(["silent"])
MAY_DENY, MAY_PERMIT, ANY, EITHER = DENY | SILENT, PERMIT | SILENT, PERMIT | DENY | SILENT, PERMIT | DENY
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
OUT, IN = concept(ACT, "OPTOUT"), concept(ACT, "OPTIN")


def said(
    provision: Json | None = None, /, thing: Thing = REPORT, ours: bool | None = True, asked: Question | None = None,
    **changes: Any,
) -> Said:  # fmt: skip
    return says(consent(provision, **changes), thing, asked or question(), ours)


def test_a_plain_permit_permits_and_a_plain_denial_denies() -> None:
    assert said({"type": "permit"}).may == PERMIT
    assert said({"type": "deny"}).may == DENY


# --- status, patient, scope, modifiers


@pytest.mark.parametrize(
    ("status", "permit", "deny", "rule"),
    [
        ("draft", SILENT, MAY_DENY, "status.not-agreed"),
        ("proposed", SILENT, MAY_DENY, "status.not-agreed"),
        ("rejected", SILENT, MAY_DENY, "status.not-agreed"),
        ("inactive", SILENT, SILENT, "status.ended"),
        ("entered-in-error", SILENT, SILENT, "status.in-error"),
        ("Active", ANY, ANY, "status.unknown"),
        (None, ANY, ANY, "status.unknown"),
        (["active"], ANY, ANY, "status.unknown"),
    ],
)
def test_only_an_active_consent_permits(status: object, permit: May, deny: May, rule: str) -> None:
    permitting, denying = said({"type": "permit"}, status=status), said({"type": "deny"}, status=status)
    assert (permitting.may, denying.may) == (permit, deny)
    assert rule in permitting.rules
    assert rule in denying.rules


def test_whose_it_is_decides_first() -> None:
    assert said({"type": "deny"}, ours=False) == Said(may=SILENT, rules=("patient.other",))
    assert said({"type": "permit"}, ours=None) == Said(may=ANY, rules=("patient.unknown",))


@pytest.mark.parametrize(
    "changes",
    [
        {"modifierExtension": [{"url": "https://example.org/not", "valueBoolean": True}]},
        {"modifierExtension": []},
        {"implicitRules": "https://example.org/rules"},
        {"provision": {"type": "permit", "modifierExtension": [{"url": "https://example.org/not"}]}},
        {"provision": {"type": "permit", "provision": [{"type": "deny", "data": [{"modifierExtension": [{}]}]}]}},
    ],
)
def test_what_may_turn_the_meaning_leaves_none(changes: Json) -> None:
    plain: Json = {"provision": {"type": "permit"}}
    assert said(**(plain | changes)) == Said(may=ANY, rules=("modifier",))


def test_what_turns_the_meaning_of_something_contained_turns_no_consent() -> None:
    inner = {"resourceType": "Practitioner", "id": "x", "modifierExtension": [{"url": "urn:x"}]}
    assert said({"type": "permit"}, contained=[inner]).may == PERMIT


def _scope(code: str) -> Json:
    return concept("http://terminology.hl7.org/CodeSystem/consentscope", code)


def test_a_consent_to_a_treatment_says_nothing_of_disclosure() -> None:
    general = [concept(LOINC, "59284-0")]
    assert said({"type": "deny"}, scope=_scope("treatment"), category=general) == Said(
        may=SILENT, rules=("scope.care",)
    )
    assert said({"type": "deny"}, scope=_scope("adr"), category=general).may == SILENT
    both = concept("http://terminology.hl7.org/CodeSystem/consentscope", "treatment", "adr")
    assert said({"type": "deny"}, scope=both, category=general).may == SILENT
    turned = question(readings=msgspec.structs.replace(SHIPPED, consent_to_care_is_silent=False))
    assert said({"type": "deny"}, scope=_scope("adr"), category=general, asked=turned).rules == ("scope.care",)


@pytest.mark.parametrize(
    "changes",
    [
        {"category": [concept(ACT, "IDSCL")]},
        {"policyRule": OUT},
        {"provision": {"type": "deny", "actor": [actor(CENTER)]}},
        {"provision": {"type": "deny", "provision": [{"type": "deny", "actor": [actor(CENTER)]}]}},
        {"provision": {"type": "deny", "action": [concept(ACTIONS, "disclose")]}},
    ],
)  # fmt: skip
def test_unless_it_speaks_of_it_all_the_same(changes: Json) -> None:
    plain: Json = {"provision": {"type": "deny"}, "category": [concept(LOINC, "59284-0")]}
    assert said(scope=_scope("treatment"), **(plain | changes)).may == DENY


def test_a_consent_to_research_is_about_research() -> None:
    research = question(purposes=frozenset(["research"]))
    assert said({"type": "deny"}, scope=_scope("research")) == Said(may=SILENT, rules=("scope.research",))
    assert said({"type": "deny"}, scope=_scope("research"), asked=research).may == DENY
    unknown = said({"type": "deny"}, scope=_scope("research"), asked=question(purposes=frozenset()))
    assert unknown.may == MAY_DENY


@pytest.mark.parametrize("scope", [None, _scope("privacy"), concept("urn:x", "patient-privacy"), {"text": "privacy"}])
def test_a_scope_that_r4_does_not_have_leaves_no_meaning(scope: Json | None) -> None:
    assert said({"type": "permit"}, scope=scope) == Said(may=ANY, rules=("scope.unknown",))


# --- the base decision


def test_the_type_of_the_root_is_the_base_decision_else_the_policy_rule() -> None:
    assert said({}, policyRule=IN).may == PERMIT
    assert said({}, policyRule=OUT).may == DENY
    assert said(None, policyRule=OUT).may == DENY
    assert said({}, policyRule=concept(POLICY, "hipaa-restrictions")).may == DENY
    assert said({"type": "deny"}, policyRule=IN).may == DENY
    assert said({"type": "permit"}, policyRule=IN).may == PERMIT


@pytest.mark.parametrize(
    "rule", [None, concept(POLICY, "cric"), {"text": "opt in"}, {"coding": [*IN["coding"], *OUT["coding"]]}]
)
@pytest.mark.parametrize("provision", [None, {}, {"actor": [actor(OTHER)]}])
def test_without_either_there_is_no_base_decision(provision: Json | None, rule: Json | None) -> None:
    assert said(provision, policyRule=rule) == Said(may=ANY, rules=("root-type",))


@pytest.mark.parametrize("kind", ["opt-in", "PERMIT", 1, None])
def test_a_type_that_is_none_leaves_no_meaning(kind: object) -> None:
    assert said({"type": kind}) == Said(may=ANY, rules=("type.unknown",))


@pytest.mark.parametrize("provision", [[], "permit", [{"type": "permit"}]])
def test_a_provision_of_another_shape_leaves_no_meaning(provision: Any) -> None:
    assert says(consent() | {"provision": provision}, REPORT, question(), True) == Said(may=ANY, rules=("element",))


def test_outside_the_permit_of_an_opt_out_everything_is_denied() -> None:
    to_center, to_other = {"type": "permit", "actor": [actor(CENTER)]}, {"type": "permit", "actor": [actor(OTHER)]}
    assert said(to_center, policyRule=OUT).may == PERMIT
    assert said(to_other, policyRule=OUT) == Said(may=DENY, rules=("policy-and-type",))
    assert said(to_other, policyRule=IN).may == SILENT
    assert said(to_other).may == SILENT


def test_what_a_denial_does_not_cover_it_leaves_open_and_under_an_opt_out_unclear() -> None:
    to_other = {"type": "deny", "actor": [actor(OTHER)]}
    assert said(to_other).may == SILENT
    assert said(to_other, policyRule=IN).may == SILENT
    assert said(to_other, policyRule=OUT).may == MAY_DENY
    assert said({"actor": [actor(OTHER)]}, policyRule=OUT).may == MAY_DENY


def test_a_restriction_denies_what_it_covers_and_one_that_permits_is_unclear() -> None:
    restriction = concept(POLICY, "hipaa-restrictions")
    assert said({"actor": [actor(CENTER)]}, policyRule=restriction).may == DENY
    assert said({"actor": [actor(OTHER)]}, policyRule=restriction).may == SILENT
    assert said({"type": "permit", "actor": [actor(CENTER)]}, policyRule=restriction).may == PERMIT
    assert said({"type": "permit", "actor": [actor(OTHER)]}, policyRule=restriction).may == MAY_DENY
    narrow = _nested("permit", {"type": "permit", "class": [{"system": RESOURCES, "code": "Observation"}]})
    assert said(narrow, policyRule=restriction).may == MAY_DENY


def test_a_self_pay_restriction_is_about_payment() -> None:
    self_pay, payment = concept(POLICY, "hipaa-self-pay"), question(purposes=frozenset(["payment"]))
    assert said({"type": "deny"}, policyRule=self_pay) == Said(may=SILENT, rules=("policy.only",))
    assert said({"type": "deny"}, policyRule=self_pay, asked=payment).may == DENY


# --- exceptions


LABEL_HIV = [{"system": ACT, "code": "HIV"}]


def _nested(base: str, *children: Json, **criteria: Any) -> Json:
    return {"type": base, "provision": list(children), **criteria}


def test_an_exception_denies_what_it_covers_and_no_more() -> None:
    shaped_like_pcf = _nested("permit", {"type": "deny", "securityLabel": LABEL_HIV})
    assert said(shaped_like_pcf, HIV).may == DENY
    assert "nested" in said(shaped_like_pcf, HIV).rules
    assert said(shaped_like_pcf, REPORT).may == PERMIT


def test_an_exception_of_an_exception_permits_again() -> None:
    back = _nested("deny", {"type": "permit", "actor": [actor(CENTER)]}, securityLabel=LABEL_HIV)
    assert said(_nested("permit", back), HIV).may == PERMIT
    assert said(_nested("permit", back), HIV, asked=question(recipients=(question().parties[OTHER],))).may == DENY


def test_among_siblings_deny_beats_permit_in_any_order() -> None:
    children = [{"type": "permit", "actor": [actor(CENTER)]}, {"type": "deny", "securityLabel": LABEL_HIV}]
    for base in ("permit", "deny"):
        for order in (children, children[::-1]):
            assert said(_nested(base, *order), HIV).may == DENY
            assert said(_nested(base, *order), REPORT).may == PERMIT
    turned = question(readings=msgspec.structs.replace(SHIPPED, consent_denying_exception_wins=False))
    assert said(_nested("permit", *children), HIV, asked=turned) == Said(may=ANY, rules=("nested",))


def test_nested_permits_narrow_a_permit_and_lift_a_denial() -> None:
    reports = {"type": "permit", "class": [{"system": RESOURCES, "code": "DiagnosticReport"}]}
    assert said(_nested("permit", reports), REPORT).may == PERMIT
    assert said(_nested("permit", reports), HIV).may == SILENT
    assert said(_nested("permit", reports), HIV, policyRule=OUT).may == DENY
    assert said(_nested("deny", reports), REPORT).may == PERMIT
    assert said(_nested("deny", reports), HIV).may == DENY


@pytest.mark.parametrize("base", ["permit", "deny"])
def test_an_exception_that_nobody_can_evaluate_lifts_nothing_and_permits_nothing(base: str) -> None:
    unclear = {"type": "deny", "code": [concept("urn:local", "x")]}
    untyped = {"securityLabel": LABEL_HIV}
    lifting = {"type": "permit", "code": [concept("urn:local", "x")]}
    assert said(_nested("permit", unclear)) == Said(may=EITHER, rules=("code",))
    assert "deny" in said(_nested(base, untyped)).may
    assert said(_nested("deny", lifting)) == Said(may=EITHER, rules=("code",))
    assert said(_nested("permit", lifting)) == Said(may=MAY_PERMIT, rules=("code",))
    assert "deny" in said({"type": base, "provision": {"type": "deny"}}).may
    assert "deny" in said({"type": base, "provision": ["x"]}).may


# --- periods


@pytest.mark.parametrize(
    ("period", "may", "rule"),
    [
        ({"end": "2026-03-15"}, SILENT, "period.ended"),
        ({"end": "2026-03-16"}, DENY, None),
        ({"end": "2026-03"}, DENY, None),
        ({"end": "2026-02"}, SILENT, "period.ended"),
        ({"end": "2025"}, SILENT, "period.ended"),
        ({"start": "2026-03-17"}, SILENT, "period.not-begun"),
        ({"start": "2026-03-16T09:59:59-04:00", "end": "2026-03-16T10:00:00-04:00"}, DENY, None),
        ({"end": "2026-03-16T13:59:58Z"}, SILENT, "period.ended"),
        ({"end": "2026-03-16T10:00:00"}, MAY_DENY, "period.unclear"),
        ({"end": "16.3.2026"}, MAY_DENY, "period.unclear"),
        ({"end": "2026-02-30"}, MAY_DENY, "period.unclear"),
        ({"_end": {"extension": []}}, MAY_DENY, "period.unclear"),
        ("2026", MAY_DENY, "period.unclear"),
    ],
)
def test_a_denial_holds_as_long_as_its_period(period: Any, may: May, rule: str | None) -> None:
    found = said({"type": "deny", "period": period})
    assert found.may == may
    assert set(found.rules) == ({rule} if rule else set())


def test_a_date_ends_with_its_last_hour_in_the_holders_zone_and_without_a_zone_nobody_knows() -> None:
    late = dt.datetime(2026, 3, 16, 3, 30, tzinfo=dt.UTC)
    until: Json = {"type": "deny", "period": {"end": "2026-03-15"}}
    assert said(until, asked=question(now=(late, late))).may == DENY
    assert said(until, asked=question(now=(late, late), zone="Europe/Berlin")).may == SILENT
    assert said(until, asked=question(now=(late, late), zone=None)).may == MAY_DENY
    assert said(until, asked=question(now=(late, late), zone="No/Where")).may == MAY_DENY


def test_an_exception_outside_its_period_is_none() -> None:
    ended = _nested("permit", {"type": "deny", "period": {"end": "2025"}})
    unclear = _nested("permit", {"type": "deny", "period": {"end": "soon"}})
    assert said(ended).may == PERMIT
    assert said(unclear) == Said(may=EITHER, rules=("period.unclear",))


# --- criteria


def _number(system: str, value: str) -> Json:
    return {"identifier": {"system": system, "value": value}}


WHO: dict[str, tuple[list[Json], bool | None]] = {
    "recipient": ([actor(CENTER)], True),
    "primary": ([actor(CENTER, "PRCP")], True),
    "one-of-two": ([actor(OTHER), actor(CENTER)], True),
    "other-number": ([actor(OTHER)], False),
    "by-name": ([actor("Organization/named")], True),
    "no-number": ([actor("Organization/plain")], None),
    "a-person": ([actor(DOCTOR)], None),
    "by-identifier": ([actor(_number(NPI, "1000000001"))], True),
    "other-identifier": ([actor(_number("urn:local", "1"))], None),
    "display-only": ([actor({"display": "Review Center"})], None),
    "unresolved": ([actor("Organization/gone")], None),
    "no-reference": ([{"role": concept("urn:x", "IRCP")}], None),
    "author": ([actor(CENTER, "AUT")], None),
    "custodian": ([actor(HOLDER, "CST")], True),
    "other-custodian": ([actor(OTHER, "CST")], None),
    "both": ([actor(HOLDER, "CST"), actor(CENTER)], True),
    "readings-differ": ([actor(HOLDER, "CST"), actor(OTHER)], None),
    "empty": ([], None),
}  # fmt: skip


@pytest.mark.parametrize("name", WHO)
def test_who(name: str) -> None:
    actors, answer = WHO[name]
    permit = {True: PERMIT, False: SILENT, None: MAY_PERMIT}[answer]
    deny = {True: DENY, False: SILENT, None: MAY_DENY}[answer]
    assert said({"type": "permit", "actor": actors}).may == permit
    assert said({"type": "deny", "actor": actors}).may == deny


def _data(meaning: str, reference: Json) -> Json:
    return {"data": [{"meaning": meaning, "reference": reference}]}


DISEASES = [{"system": ACT, "code": "MARTIAN"}]
CRITERIA: dict[str, tuple[Json, Thing, bool | None]] = {
    "disclose": ({"action": [concept(ACTIONS, "disclose")]}, REPORT, True),
    "access": ({"action": [concept(ACTIONS, "correct"), concept(ACTIONS, "access")]}, REPORT, True),
    "collect": ({"action": [concept(ACTIONS, "collect")]}, REPORT, False),
    "use": ({"action": [concept(ACTIONS, "use")]}, REPORT, None),
    "local-action": ({"action": [concept("urn:local", "disclose")]}, REPORT, None),
    "treatment": ({"purpose": [{"system": REASON, "code": "TREAT"}]}, REPORT, True),
    "payment": ({"purpose": [{"system": REASON, "code": "HPAYMT"}]}, REPORT, False),
    "emergency": ({"purpose": [{"system": REASON, "code": "ETREAT"}]}, REPORT, None),
    "trial": ({"purpose": [{"system": REASON, "code": "CLINTRCH"}]}, REPORT, False),
    "unknown-purpose": ({"purpose": [{"system": REASON, "code": "MARTIAN"}]}, REPORT, None),
    "local-purpose": ({"purpose": [{"system": "urn:local", "code": "TREAT"}]}, REPORT, None),
    "label-not-there": ({"securityLabel": LABEL_HIV}, REPORT, False),
    "label-unknown": ({"securityLabel": DISEASES}, REPORT, None),
    "labels-differ": ({"securityLabel": [*LABEL_HIV, *DISEASES]}, REPORT, None),
    "class": ({"class": [{"system": RESOURCES, "code": "DiagnosticReport"}]}, REPORT, True),
    "other-class": ({"class": [{"system": RESOURCES, "code": "Observation"}]}, REPORT, False),
    "class-of-a-file": ({"class": [{"system": RESOURCES, "code": "Observation"}]}, PDF, None),
    "media-class": ({"class": [{"system": "urn:ietf:bcp:13", "code": "application/hl7-cda+xml"}]}, REPORT, None),
    "code": ({"code": [concept(LOINC, "11529-5")]}, REPORT, True),
    "other-code": ({"code": [concept(LOINC, "18748-4")]}, REPORT, False),
    "code-of-a-file": ({"code": [concept(LOINC, "18748-4")]}, PDF, None),
    "snomed": ({"code": [concept("http://snomed.info/sct", "108252007")]}, REPORT, None),
    "in-period": ({"dataPeriod": {"start": "2026-02", "end": "2026-02-20"}}, REPORT, True),
    "before-period": ({"dataPeriod": {"start": "2026-02-21"}}, REPORT, False),
    "after-period": ({"dataPeriod": {"end": "2026-02-19"}}, REPORT, False),
    "across": ({"dataPeriod": {"start": "2026-02-20T12:00:00Z"}}, REPORT, None),
    "undated": ({"dataPeriod": {"start": "2020"}}, PDF, None),
    "instance": (_data("instance", {"reference": "DiagnosticReport/report"}), REPORT, True),
    "another": (_data("instance", {"reference": "DiagnosticReport/second"}), REPORT, False),
    "another-not-here": (_data("instance", {"reference": "DiagnosticReport/9"}), REPORT, False),
    "copy-of-what": (_data("instance", {"reference": "DiagnosticReport/9"}), PDF, None),
    "by-number": (_data("instance", _number("https://ehr.example/sid/report", "R-1")), REPORT, True),
    "by-other-number": (_data("instance", _number("urn:x", "R-1")), REPORT, None),
    "related": (_data("related", {"reference": "DiagnosticReport/second"}), REPORT, None),
    "authored": (_data("authoredby", {"reference": "Practitioner/doctor"}), REPORT, None),
    "no-meaning": ({"data": [{"reference": {"reference": "DiagnosticReport/report"}}]}, REPORT, None),
    "of-r5": ({"resourceType": [{"code": "DiagnosticReport"}]}, REPORT, None),
    "no-list": ({"purpose": {"system": REASON, "code": "HPAYMT"}}, REPORT, None),
    "emptied": ({"purpose": []}, REPORT, None),
    "no-value": ({"_actor": [{"extension": []}]}, REPORT, None),
}  # fmt: skip


@pytest.mark.parametrize("name", CRITERIA)
@pytest.mark.parametrize("depth", ["root", "nested"])
def test_each_criterion_of_a_denial_and_of_a_permit(name: str, depth: str) -> None:
    criteria, thing, answer = CRITERIA[name]
    denied = {"type": "deny"} | criteria
    permitted = {"type": "permit"} | criteria
    if depth == "nested":
        denied, permitted = _nested("permit", denied), _nested("permit", permitted)
    open_ = PERMIT if depth == "nested" else SILENT
    assert said(denied, thing).may == {True: DENY, False: open_, None: DENY | open_}[answer]
    assert said(permitted, thing).may == {True: PERMIT, False: SILENT, None: MAY_PERMIT}[answer]


def _level(code: str) -> Json:
    return {"securityLabel": [{"system": CONFIDENTIALITY, "code": code}]}


def test_confidentiality_is_a_ladder() -> None:
    restricted = Thing(id="r", labels=frozenset(["r"]))
    assert said({"type": "permit"} | _level("N"), REPORT).may == PERMIT
    assert said({"type": "permit"} | _level("N"), restricted).may == SILENT
    assert said({"type": "permit"} | _level("V"), restricted).may == PERMIT
    assert said({"type": "deny"} | _level("R"), REPORT).may == SILENT
    assert said({"type": "deny"} | _level("R"), restricted).may == DENY
    assert said({"type": "deny"} | _level("N"), restricted).may == DENY
    assert said({"type": "deny"} | _level("R"), HIV).may == MAY_DENY
    assert said({"type": "deny"} | _level("X"), REPORT).may == MAY_DENY


def test_a_class_of_data_without_its_label_is_denied_and_not_permitted_by_the_label() -> None:
    labelled = Thing(id="l", labels=frozenset(["hiv"]))
    by_label = {"securityLabel": LABEL_HIV}
    assert said({"type": "deny"} | by_label, HIV).may == DENY
    assert said({"type": "permit"} | by_label, HIV).may == MAY_PERMIT
    assert said({"type": "permit"} | by_label, labelled).may == PERMIT


def test_the_grantee_of_fast_is_who_may_receive_or_who_has_to_comply() -> None:
    url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent.grantee"

    def to(reference: str) -> Json:
        return {"extension": [{"url": url, "valueReference": {"reference": reference}}]}

    assert said({"type": "permit"}, **to(CENTER)).may == PERMIT
    assert said({"type": "permit"}, **to(OTHER)).may == SILENT
    assert said({"type": "permit"}, **to("Organization/gone")).may == MAY_PERMIT
    assert said({"type": "deny"}, **to(HOLDER)).may == DENY
    assert said({"type": "deny"}, **to(OTHER)).may == MAY_DENY
    assert said({"type": "permit"}, extension=[{"url": url}]).may == MAY_PERMIT


# --- as a paper


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"sourceReference": None}, "source.missing"),
        ({"sourceReference": {"display": "paper"}}, "source.missing"),
        ({"sourceReference": None, "sourceAttachment": {"title": "The terms"}}, "source.missing"),
        ({"performer": None}, "signer.missing"),
        ({"performer": [{"reference": DOCTOR}]}, "signer.missing"),
        ({"performer": [{"reference": "Patient/p"}, {"reference": "RelatedPerson/gone"}]}, "signer.missing"),
        ({"dateTime": None}, "date.missing"),
        ({"dateTime": "2026-03-17"}, "date.missing"),
        ({"verification": [{"verified": False}]}, "verification.false"),
        ({"verification": [{"verified": True}, {}]}, "verification.false"),
        ({"category": [concept(ACT, "HIPAAROAD")]}, "category.other-paper"),
    ],
)
def test_a_paper_is_signed_dated_verified_and_of_its_kind(changes: Json, rule: str) -> None:
    assert lacks(consent({"type": "permit"}, **changes), question(), "authorization") == (rule,)


def test_what_lacks_nothing_carries_and_so_does_a_relatives_signature() -> None:
    assert lacks(consent({"type": "permit"}), question(), "authorization") == ()
    attached = {"sourceReference": None, "sourceAttachment": {"url": "https://ehr.example/Binary/1"}}
    relative = {"performer": [{"reference": "RelatedPerson/r"}]}
    assert lacks(consent({"type": "permit"}, **attached, **relative), question()) == ()


# --- whatever comes


JUNK: tuple[Any, ...] = (None, [], {}, "x", 0, [None], [[]], {"coding": [None]}, [{"coding": "x"}], {"reference": []})


@pytest.mark.parametrize("member", ["status", "scope", "category", "policyRule", "patient", "performer", "verification",
                                    "extension", "identifier", "dateTime", "sourceReference", "provision"])  # fmt: skip
def test_no_shape_makes_it_fail_or_permit_more(member: str) -> None:
    for junk in JUNK:
        made = consent({"type": "deny"}) | {member: copy.deepcopy(junk)}
        assert "deny" in says(made, REPORT, question(), True).may
        assert isinstance(lacks(made, question(), "authorization"), tuple)


@pytest.mark.parametrize("member", ["period", "actor", "action", "securityLabel", "purpose", "class", "code", "data",
                                    "dataPeriod", "provision", "type"])  # fmt: skip
def test_no_shape_inside_a_provision_makes_a_denial_vanish(member: str) -> None:
    for junk in JUNK:
        assert "deny" in said({"type": "deny", member: copy.deepcopy(junk)}).may


@pytest.mark.parametrize("member", ["period", "actor", "action", "securityLabel", "purpose", "class", "code", "data",
                                    "dataPeriod", "type"])  # fmt: skip
def test_no_shape_inside_a_nested_denial_makes_it_vanish(member: str) -> None:
    for junk in JUNK:
        assert said(_nested("permit", {"type": "deny", member: copy.deepcopy(junk)})).may != PERMIT


def test_every_rule_that_is_printed_is_said_somewhere() -> None:
    sources = [path.read_text("utf-8") for path in pathlib.Path(foreign_module.__file__).parent.glob("foreign*.py")]
    unsaid = [name for name in rules() if not any(f'"{name}"' in source for source in sources)]
    assert unsaid == ["conflict"]
    assert all(row["does"].endswith(".") and row["element"].startswith("Consent") for row in rules().values())
