"""Consents that a case carries: a denial is honoured unasked and leaves no trace, a permit carries nothing unnamed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from adapter.checked import Checked
from adapter.config import Settings
from adapter.consent.decide import Decision
from adapter.pipeline import check_case
from mappings.domain.values import Moment
from tests.adapter.consent.foreign_given import (
    ACT,
    CONFIDENTIALITY,
    LOINC,
    POLICY,
    REASON,
    Json,
    actor,
    concept,
    consent,
)
from tests.small_case import CASE, PATIENT, REPORT, case, export, strings, write

SECOND: Json = REPORT | {"id": "second", "conclusion": "Nothing of quetzal.", "issued": "2026-02-22T10:00:00-05:00"}
ON_SECOND = [{"meaning": "instance", "reference": {"reference": "DiagnosticReport/second"}}]
CENTER: Json = {"resourceType": "Organization", "id": "center", "name": "Review Center (synthetic)"}
FILES: dict[str, Any] = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT, "fhir/center.json": CENTER}
BOTH = FILES | {"fhir/second.json": SECOND}
URL = "https://ehr.example/r4/DiagnosticReport/"


def checked(
    folder: Path, files: dict[str, Any], told: Json | None = None, now: str = "2026-03-16T10:00:00-04:00"
) -> Checked:
    """A decision about a case folder with these files."""
    return check_case(write(folder / "case", files, told), Settings(), Moment(now))


def decided(folder: Path, *consents: Json, told: Json | None = None) -> Decision:
    """The decision about two reports and these Consents."""
    files = {f"fhir/consent-{number}.json": one for number, one in enumerate(consents)}
    return checked(folder, BOTH | files, told).decision


def said(decision: Decision, code: str) -> set[tuple[str | None, str | None]]:
    """(item, fact) of the reasons of this code, fullUrls cut short."""
    return {(r.item and r.item.rpartition("/")[2], r.fact) for r in decision.reasons if r.code == code}


def released(decision: Decision) -> set[str]:
    """The reports that go, by id."""
    return {name.removeprefix(URL) for name in decision.released if name.startswith(URL)}


# --- what denies


def test_an_opt_out_in_the_record_keeps_everything(tmp_path: Path) -> None:
    decision = decided(tmp_path, consent(policyRule=concept(ACT, "OPTOUT")))
    assert decision.outcome == "deny_not_permitted"
    assert decision.released == ()
    assert {("report", None), ("second", None), ("request", None)} <= said(decision, "CONSENT_DENIES")
    assert {r.citation for r in decision.reasons if r.code == "CONSENT_DENIES"} == {"45 CFR 164.522(a)(1)(iii)"}


ABSOLUTE = {"reference": f"{URL}second/_history/2"}
DENIALS: dict[str, Json] = {
    "by-reference": consent({"type": "deny", "data": ON_SECOND}),
    "exception": consent({"type": "permit", "provision": [{"type": "deny", "data": ON_SECOND}]}),
    "recipient": consent({"type": "deny", "data": ON_SECOND, "actor": [actor("Organization/center")]}),
    "restriction": consent({"data": ON_SECOND}, policyRule=concept(POLICY, "hipaa-restrictions")),
    "by-absolute-reference": consent({"type": "deny", "data": [ON_SECOND[0] | {"reference": ABSOLUTE}]}),
    "for-treatment": consent({"type": "deny", "data": ON_SECOND, "purpose": [{"system": REASON, "code": "TREAT"}]}),
    "to-a-treatment-in-name": consent(
        {"type": "deny", "data": ON_SECOND},
        scope=concept("http://terminology.hl7.org/CodeSystem/consentscope", "treatment"),
        category=[concept(ACT, "IDSCL")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DENIALS)
def test_a_denied_item_might_as_well_not_be_there_nor_the_denial(name: str, tmp_path: Path) -> None:
    kept_back = export(tmp_path / "one", BOTH | {"fhir/consent.json": DENIALS[name]})
    never_held = export(tmp_path / "other", FILES)
    assert kept_back == never_held
    assert not [path for path, data in kept_back.items() if b"quetzal" in data or b'"deny"' in data]


def test_an_exception_by_label_keeps_what_has_the_label(tmp_path: Path) -> None:
    hiv = SECOND | {"meta": {"security": [{"system": ACT, "code": "HIV"}, {"system": CONFIDENTIALITY, "code": "R"}]}}
    shaped_like_pcf = consent(
        {
            "type": "permit",
            "actor": [actor("Organization/center")],
            "securityLabel": [{"system": CONFIDENTIALITY, "code": "R"}],
            "provision": [{"type": "deny", "securityLabel": [{"system": ACT, "code": "HIV"}]}],
        }
    )
    files = FILES | {"fhir/consent.json": shaped_like_pcf}
    assert export(tmp_path / "one", files | {"fhir/second.json": hiv}) == export(tmp_path / "other", FILES)


def test_every_form_of_a_denied_thing_stays(tmp_path: Path) -> None:
    number = {"system": "https://ehr.example/sid/document", "value": "4711-quetzal"}
    text: Json = {
        "resourceType": "DocumentReference",
        "status": "current",
        "masterIdentifier": number,
        "subject": {"reference": "Patient/p"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "cXVldHphbA=="}}],
    }
    data = [{"meaning": "instance", "reference": {"reference": "DocumentReference/one"}}]
    files = FILES | {
        "fhir/one.json": text | {"id": "one"},
        "fhir/two.json": text | {"id": "two", "description": "the same"},
        "fhir/consent.json": consent({"type": "deny", "data": data}),
    }
    assert export(tmp_path / "one", files) == export(tmp_path / "other", FILES)


def test_what_a_case_does_not_offer_denies_all_the_same(tmp_path: Path) -> None:
    told = case(materials=[{"item": "Consent/c", "offered": False}])
    assert released(decided(tmp_path, DENIALS["by-reference"], told=told)) == {"report"}


def test_a_denial_inside_another_resource_counts_and_does_not_travel_in_it(tmp_path: Path) -> None:
    order: Json = {
        "resourceType": "ServiceRequest",
        "id": "order",
        "contained": [DENIALS["by-reference"]],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "supportingInfo": [{"reference": "#c"}],
    }
    assert export(tmp_path / "one", BOTH | {"fhir/order.json": order}) == export(tmp_path / "other", FILES)


def test_a_denial_of_another_recipient_is_none(tmp_path: Path) -> None:
    npi = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}
    organizations = copy.deepcopy(CASE["organizations"])
    organizations[1]["identifiers"] = [npi]
    other = {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000004"}}
    decision = decided(
        tmp_path, consent({"type": "deny", "actor": [actor(other)]}), told=case(organizations=organizations)
    )
    assert released(decision) == {"report", "second"}


# --- what nobody can evaluate


HOLDING: Json = {"resourceType": "Basic", "id": "b", "code": ["x"]}
BY_LOCAL_CODE = {"type": "permit", "code": [concept("urn:local", "x")]}
UNCLEAR: dict[str, tuple[Json, str]] = {
    "no-type": (consent({"data": ON_SECOND}), "root-type"),
    "modifier": (consent({"type": "permit"}, modifierExtension=[{"url": "https://example.org/not"}]), "modifier"),
    "no-patient": (consent({"type": "permit"}, patient=None), "patient.unknown"),
    "somebody": (consent({"type": "permit"}, patient={"reference": "Patient/else"}), "patient.unknown"),
    "status": (consent({"type": "permit"}, status="current"), "status.unknown"),
    "scope": (consent({"type": "permit"}, scope=None), "scope.unknown"),
    "actor": (consent({"type": "deny", "actor": [actor("Organization/gone")]}), "actor"),
    "refused": (consent({"type": "permit"}, status=["active"]), "refused"),
    "refused-inside": (HOLDING | {"contained": [consent({"type": "deny"})]}, "refused"),
    "proposed": (consent({"type": "deny"}, status="proposed"), "status.not-agreed"),
    "code": (consent({"type": "permit", "provision": [{"type": "deny", "code": [concept("urn:local", "x")]}]}), "code"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_may_deny_and_cannot_be_evaluated_pends(name: str, tmp_path: Path) -> None:
    made, rule = UNCLEAR[name]
    decision = decided(tmp_path, made)
    assert decision.outcome == "pend"
    assert ("second", f"carried_consents.{rule}") in said(decision, "CONSENT_UNCLEAR")


def test_of_two_in_conflict_the_denial_counts_though_the_permit_is_newer(tmp_path: Path) -> None:
    denial = DENIALS["by-reference"]
    permit = consent({"type": "permit"}, id="newer", dateTime="2026-02-01")
    assert released(decided(tmp_path / "one", denial, permit)) == {"report"}
    assert released(decided(tmp_path / "two", permit, denial)) == {"report"}


@pytest.mark.parametrize(
    ("newer", "goes"),
    [
        ({"dateTime": "2026-02-01"}, {"report", "second"}),
        ({"dateTime": "2026-02-01", "status": "inactive"}, {"report", "second"}),
        ({"dateTime": "2026-02-01", "status": "proposed"}, {"report"}),
        ({"dateTime": "2026-01-05"}, {"report"}),
        ({"dateTime": None}, {"report"}),
        ({"dateTime": "2026-02-01", "identifier": [{"system": "urn:x", "value": "2"}]}, {"report"}),
    ],
)
def test_a_later_one_of_the_same_number_replaces_it(newer: Json, goes: set[str], tmp_path: Path) -> None:
    number = [{"system": "urn:x", "value": "1"}]
    old = DENIALS["by-reference"] | {"identifier": number}
    made = consent({"type": "permit"}, **({"id": "newer", "identifier": number} | newer))
    assert released(decided(tmp_path, old, made)) == goes


# --- what changes nothing


@pytest.mark.parametrize(
    "made",
    [
        consent({"type": "permit"}),
        consent({"type": "permit", "actor": [actor("Organization/gone")], "code": [concept("urn:local", "x")]}),
        consent({"type": "deny"}, status="inactive"),
        consent({"type": "deny"}, status="entered-in-error"),
        consent({"type": "deny", "period": {"end": "2026-03-15"}}),
        consent({"type": "deny", "period": {"start": "2027"}}),
        consent({"type": "deny"}, policyRule=concept(POLICY, "hipaa-self-pay")),
    ],
    ids=["permit", "unclear-permit", "ended", "in-error", "expired", "not-begun", "self-pay"],
)
def test_a_consent_that_denies_nothing_might_as_well_not_be_there(made: Json, tmp_path: Path) -> None:
    assert export(tmp_path / "one", FILES | {"fhir/consent.json": made}) == export(tmp_path / "other", FILES)


def test_a_denial_binds_neither_the_patients_own_access_nor_an_emergency(tmp_path: Path) -> None:
    own = CASE["access"] | {
        "pathway": "access", "requester": "patient", "recipient": "patient", "recipient_party": "patient",
        "purpose": "patient_request", "request_form": "written", "recipient_is_provider": None,
        "received_at": "2026-03-02T10:15:00-05:00", "holder_tz": "America/New_York",
    }  # fmt: skip
    urgent = CASE["request"] | {"urgency": "emergency", "emergency": "spinal-cord-compression"}
    assert released(decided(tmp_path / "own", DENIALS["by-reference"], told=case(access=own))) == {"report", "second"}
    decision = decided(tmp_path / "urgent", DENIALS["by-reference"], told=case(request=urgent))
    assert released(decision) == {"report", "second"}
    assert ("second", None) in said(decision, "RESTRICTION_EMERGENCY")


def test_a_directive_that_a_denial_contradicts_waits_for_the_patients_word(tmp_path: Path) -> None:
    directed = CASE["access"] | {
        "pathway": "access", "requester": "patient", "purpose": "patient_request", "request_form": "written",
        "received_at": "2026-03-02T10:15:00-05:00", "holder_tz": "America/New_York",
        "directive": {"written": True, "signed": True, "designee": "Review Center (synthetic)", "address": "1 Main St"},
    }  # fmt: skip
    decision = decided(tmp_path, DENIALS["by-reference"], told=case(access=directed))
    assert decision.outcome == "pend"
    assert said(decision, "CONSENT_UNCLEAR") == {("second", "carried_consents.directive")}
    assert decision.deadline == "2026-04-01"


# --- what is named


PAPER: Json = {
    "description": "reports", "discloser": "Holder Hospital (synthetic)", "recipient": "Smith LLP (synthetic)",
    "purpose": "a second opinion", "expiry": "2026-12-31", "signed": True, "signed_on": "2026-01-05",
    "signer": "patient", "statement_revocation": True, "statement_conditioning": True, "statement_redisclosure": True,
    "document": "Consent/c",
}  # fmt: skip
NAMING: Json = case(
    access=CASE["access"]
    | {"requester": "attorney", "recipient": "attorney", "recipient_party": "org-firm", "recipient_is_provider": False,
       "purpose": "other", "authorization": PAPER},
    organizations=[*CASE["organizations"], {"id": "org-firm", "name": "Smith LLP (synthetic)", "kind": "other"}],
)  # fmt: skip


def test_a_paper_reaches_no_further_than_the_consent_it_names(tmp_path: Path) -> None:
    whole = decided(tmp_path / "whole", consent({"type": "permit"}), told=NAMING)
    limited = decided(tmp_path / "limited", consent({"type": "permit", "data": ON_SECOND}), told=NAMING)
    assert released(whole) == {"report", "second"}
    assert released(limited) == {"second"}
    assert ("report", "carried_consents.not-covered") in said(limited, "CONSENT_NO_AUTHORITY")


def test_a_consent_that_permits_is_no_paper_until_one_names_it(tmp_path: Path) -> None:
    unnamed = copy.deepcopy(NAMING)
    del unnamed["access"]["authorization"]
    decision = decided(tmp_path, consent({"type": "permit"}), told=unnamed)
    assert decision.outcome == "pend"
    assert ("report", None) in said(decision, "AUTHORIZATION_MISSING")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "inactive"}, "status.ended"),
        ({"status": "proposed"}, "status.not-agreed"),
        ({"provision": {"type": "permit", "period": {"end": "2026-03-15"}}}, "period.ended"),
        ({"sourceReference": None}, "source.missing"),
        ({"performer": None}, "signer.missing"),
        ({"dateTime": "2026-04-01"}, "date.missing"),
        ({"verification": [{"verified": False}]}, "verification.false"),
        ({"category": [concept(LOINC, "59284-0")]}, "category.other-paper"),
        ({"provision": {"type": "permit", "actor": [actor("Organization/gone")]}}, "actor"),
        ({"provision": {"type": "permit", "actor": [actor("Organization/center")]}}, "actor"),
        ({"provision": {"type": "permit", "provision": [BY_LOCAL_CODE]}}, "code"),
    ],
)  # fmt: skip
def test_a_named_consent_that_fails_in_one_point_carries_nothing(changes: Json, rule: str, tmp_path: Path) -> None:
    decision = decided(tmp_path, consent({"type": "permit"}, **changes), told=NAMING)
    assert decision.outcome == "pend"
    assert ("report", f"carried_consents.{rule}") in said(decision, "CONSENT_NO_AUTHORITY")


def test_a_named_consent_that_denies_denies(tmp_path: Path) -> None:
    assert decided(tmp_path, consent({"type": "deny"}), told=NAMING).outcome == "deny_not_permitted"


def test_the_paper_that_goes_out_does_not_point_at_the_consent_that_stays(tmp_path: Path) -> None:
    files = export(tmp_path, BOTH | {"fhir/consent.json": consent({"type": "permit"})}, NAMING)
    told = [text for path in ("bundle.json", "case.json") for text in strings(json.loads(files[path]))]
    assert not [text for text in told if text.endswith("Consent/c")]
    assert sum(text == "Consent" for text in told) == 1


def test_a_paper_is_limited_to_what_both_it_and_the_consent_that_it_names_cover(tmp_path: Path) -> None:
    """45 CFR 164.508(a)(1): no further than the one, no further than the other."""

    def covers(name: str, provision: Json, **paper: Any) -> tuple[str, ...] | None:
        access = NAMING["access"] | {"authorization": PAPER | paper}
        files = BOTH | {"fhir/consent.json": consent(provision)}
        found = checked(tmp_path / name, files, NAMING | {"access": access}).facts.authorization
        return found.covers if found else None

    on_second: Json = {"type": "permit", "data": ON_SECOND}
    both = ["DiagnosticReport/report", "DiagnosticReport/second"]
    assert covers("limited", on_second) == (f"{URL}second",)
    assert covers("both", on_second, covers=both) == (f"{URL}second",)
    assert covers("whole", {"type": "permit"}, covers=both[:1]) == (f"{URL}report",)
    assert covers("none", on_second, covers=both[:1]) == ()


def test_a_consent_that_cannot_carry_is_named_with_the_paper_that_rests_on_it(tmp_path: Path) -> None:
    files = BOTH | {"fhir/consent.json": consent({"type": "permit", "data": ON_SECOND})}
    [told] = checked(tmp_path, files, NAMING).facts.carried_consents
    assert (told.id, told.says, told.paper) == ("https://ehr.example/r4/Consent/c", "no_authority", "authorization")
    assert told.rules == ("not-covered",)
    assert f"{URL}report" in told.applies_to
    assert f"{URL}second" not in told.applies_to
