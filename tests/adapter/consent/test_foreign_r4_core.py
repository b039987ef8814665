"""HL7's Consent examples: each fails closed, for reasons written down here; and synthetic twins of their shapes.

Each is asked as if its patient were ours, by a recipient that none of them names, once today and once at a time at
which it says that it is in force.
"""

import copy
import datetime as dt
import json
from pathlib import Path

import pytest

from adapter.checked import Checked
from adapter.config import Settings
from adapter.consent.foreign import says
from adapter.consent.foreign_papers import lacks
from adapter.pipeline import check_case
from mappings.domain.values import Moment
from tests.adapter.consent.foreign_given import (
    ACT,
    LOINC,
    PARTIES,
    REASON,
    REPORT,
    RESOURCES,
    Json,
    actor,
    concept,
    consent,
    question,
)
from tests.adapter.consent.test_foreign_case import NAMING
from tests.small_case import PATIENT, case, write
from tests.small_case import REPORT as REPORT_OF_CASE

OPTIN, OPTOUT = concept(ACT, "OPTIN"), concept(ACT, "OPTOUT")
TREAT = {"system": REASON, "code": "TREAT"}
NOW = "2026-03-16T10:00:00-04:00"

Reasons = tuple[set[str], set[str], set[str]]
"""What it may mean, the rules that led there, what it lacks as a paper."""

PAPER = {"category.other-paper", "source.missing", "signer.missing"}
EXAMPLES: dict[str, dict[str, Reasons]] = {
    "consent-example-Out": {
        NOW: ({"deny", "silent"}, {"actor", "policy-and-type"}, PAPER),
    },
    "consent-example-basic": {
        NOW: ({"silent"}, {"period.ended"}, PAPER),
        "2015-06-01T12:00:00Z": ({"permit"}, set(), PAPER | {"date.missing"}),
    },
    "consent-example-notOrg": {
        NOW: ({"deny", "silent"}, {"actor"}, PAPER),
    },
    "consent-example-notTime": {
        NOW: ({"silent"}, {"period.ended"}, PAPER),
        "2015-01-15T12:00:00Z": ({"permit"}, set(), PAPER | {"date.missing"}),
    },
    "consent-example-signature": {
        NOW: ({"silent"}, {"period.ended"}, PAPER - {"signer.missing"}),
        "2016-06-01T12:00:00Z": ({"silent"}, {"actor"}, PAPER - {"signer.missing"}),
    },
    "consent-example-smartonfhir": {
        NOW: ({"silent"}, {"period.ended"}, PAPER),
        "2016-06-23T07:15:00Z": ({"silent"}, set(), PAPER),
    },
}
PATIENTS = {"consent-example-signature": "72", "consent-example-smartonfhir": "xcda"}


def read(made: Json, when: str) -> Reasons:
    """What a Consent says of a report, were its patient ours."""
    moment = dt.datetime.fromisoformat(when)
    asked = question(now=(moment, moment), zone=None, parties=PARTIES | {"Patient/72": PARTIES["Patient/p"]})
    found = says(made, REPORT, asked, True)
    return set(found.may), set(found.rules), set(lacks(made, asked, "authorization"))


def example(shared: Path, name: str) -> Json:
    """One of HL7's examples."""
    made: Json = json.loads((shared / "data" / "fhir-r4-core" / f"Consent-{name}.json").read_text("utf-8"))
    return made


def test_there_is_no_example_without_its_reasons(shared: Path) -> None:
    found = {path.stem.removeprefix("Consent-") for path in (shared / "data" / "fhir-r4-core").glob("Consent-*.json")}
    assert found == set(EXAMPLES)


@pytest.mark.parametrize(("name", "when"), [(name, when) for name, told in EXAMPLES.items() for when in told])
def test_what_an_example_says_and_lacks(name: str, when: str, shared: Path) -> None:
    assert read(example(shared, name), when) == EXAMPLES[name][when]


def _checked(name: str, made: Json, folder: Path, told: Json, when: str) -> Checked:
    patient = PATIENT | {"id": PATIENTS.get(name, "f001")}
    report = REPORT_OF_CASE | {"subject": {"reference": f"Patient/{patient['id']}"}}
    files = {"fhir/p.json": patient, "fhir/report.json": report, "fhir/consent.json": made}
    return check_case(write(folder / "case", files, told), Settings(), Moment(when))


@pytest.mark.parametrize(("name", "when"), [(name, when) for name, told in EXAMPLES.items() for when in told])
def test_as_the_paper_behind_a_release_every_example_fails_closed_and_says_why(
    name: str, when: str, shared: Path, tmp_path: Path
) -> None:
    told = copy.deepcopy(NAMING)
    told["access"]["authorization"]["document"] = f"Consent/{name}"
    decision = _checked(name, example(shared, name), tmp_path, told, when).decision
    mine = [r for r in decision.reasons if r.item == "https://ehr.example/r4/DiagnosticReport/report"]
    why = {r.fact for r in mine if r.code == "CONSENT_NO_AUTHORITY"}
    may, rules, lacking = EXAMPLES[name][when]
    covered = set() if may == {"permit"} else rules or {"not-covered"}
    assert decision.outcome == "pend"
    assert decision.released == ()
    assert why == {f"carried_consents.{rule}" for rule in covered | lacking}


OPEN = {
    "consent-example-Out": {"carried_consents.actor", "carried_consents.policy-and-type"},
    "consent-example-notOrg": {"carried_consents.actor"},
}
"""Examples that may deny whatever is asked, today."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_in_the_record_only_what_may_deny_holds_a_disclosure_for_treatment(
    name: str, shared: Path, tmp_path: Path
) -> None:
    decision = _checked(name, example(shared, name), tmp_path, case(), NOW).decision
    assert decision.permits is (name not in OPEN)
    assert {r.fact for r in decision.reasons if r.code == "CONSENT_UNCLEAR"} == OPEN.get(name, set())


# --- synthetic twins: the same shapes, by our own hand


ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Consent"
GENERAL: Json = {"category": [concept(LOINC, "59284-0")], "sourceReference": None, "performer": None}
TITLE_ONLY: Json = GENERAL | {"sourceAttachment": {"title": "The terms, in words."}}
TWINS: dict[str, tuple[Json, Reasons]] = {
    "opt-out-by-a-custodian": (
        consent({"actor": [actor("Organization/gone", "CST")]}, policyRule=OPTOUT, **TITLE_ONLY),
        ({"deny", "silent"}, {"actor", "policy-and-type"}, PAPER),
    ),
    "opt-out-by-us": (
        consent({"actor": [actor("Organization/holder", "CST")]}, policyRule=OPTOUT, **TITLE_ONLY),
        ({"deny"}, set(), PAPER),
    ),
    "opt-in-that-is-over": (
        consent({"period": {"start": "1964-01-01", "end": "2016-01-01"}}, policyRule=OPTIN, **TITLE_ONLY),
        ({"silent"}, {"period.ended"}, PAPER),
    ),
    "opt-in-but-not-to-one": (
        consent(
            {"type": "deny", "actor": [actor("Organization/center", "PRCP")],
             "action": [concept(ACTIONS, "access"), concept(ACTIONS, "correct")]},
            policyRule=OPTIN, **TITLE_ONLY,
        ),
        ({"deny"}, set(), PAPER),
    ),
    "an-author-and-a-document-class": (
        consent(
            {"actor": [actor("Organization/center", "PRCP")],
             "provision": [
                {"type": "permit", "actor": [actor("Practitioner/gone", "AUT")],
                 "class": [{"system": "urn:ietf:bcp:13", "code": "application/hl7-cda+xml"}],
                 "code": [concept(LOINC, "11529-5")]}]},
            policyRule=OPTIN, **GENERAL,
        ),
        ({"permit", "silent"}, {"actor", "class"}, PAPER),
    ),
    "half-an-hour-for-one-type": (
        consent(
            {"period": {"start": "2026-03-16T23:30:00+10:00", "end": "2026-03-17T00:00:00+10:00"},
             "provision": [{"type": "permit", "class": [{"system": RESOURCES, "code": "DiagnosticReport"}]}]},
            policyRule=OPTIN, **GENERAL | {"performer": [{"reference": "RelatedPerson/r"}]},
        ),
        ({"permit"}, set(), {"category.other-paper", "source.missing"}),
    ),
    "fast": (
        consent(
            {"type": "permit", "actor": [actor("Organization/center")], "purpose": [TREAT]},
            organization=None, policyRule=concept(ACT, "HIPAAAuth"), identifier=[{"value": "1"}],
            extension=[
                {"url": f"{R5}.{name}", "valueReference": {"reference": to}}
                for name, to in (("grantee", "Organization/center"), ("controller", "Organization/holder"))
            ],
        ),
        ({"permit"}, set(), set()),
    ),
    "pcf-intermediate": (
        consent(
            {"type": "deny",
             "provision": [{"type": "permit", "actor": [actor("Organization/center")], "purpose": [TREAT]}]}
        ),
        ({"permit"}, set(), set()),
    ),
    "bser": (
        consent({"type": "permit"}, sourceReference=None, category=[concept(LOINC, "64292-6")]),
        ({"permit"}, set(), {"category.other-paper", "source.missing"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_what_a_twin_says_and_lacks(name: str) -> None:
    made, reasons = TWINS[name]
    assert read(made, NOW) == reasons
