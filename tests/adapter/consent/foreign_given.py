"""Consents as other systems write them, synthetic, and the question that is asked of them."""

import datetime as dt
from typing import Any

from adapter.consent.foreign_parties import Party, Question, Thing

Json = dict[str, Any]
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
POLICY = "http://terminology.hl7.org/CodeSystem/consentpolicycodes"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
NPI = "http://hl7.org/fhir/sid/us-npi"
LOINC = "http://loinc.org"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESOURCES = "http://hl7.org/fhir/resource-types"
CENTER, OTHER, DOCTOR, HOLDER = (
    "Organization/center",
    "Organization/other",
    "Practitioner/doctor",
    "Organization/holder",
)
PARTIES = {
    CENTER: Party(urls=frozenset([CENTER]), numbers=frozenset([(NPI, "1000000001")])),
    OTHER: Party(urls=frozenset([OTHER]), numbers=frozenset([(NPI, "1000000002")])),
    HOLDER: Party(urls=frozenset([HOLDER]), names=frozenset(["holder hospital"])),
    DOCTOR: Party(urls=frozenset([DOCTOR]), numbers=frozenset([(NPI, "1000000003")]), person=True),
    "Organization/plain": Party(urls=frozenset(["Organization/plain"]), names=frozenset(["somewhere"])),
    "Organization/named": Party(urls=frozenset(["Organization/named"]), names=frozenset(["review center"])),
    "Patient/p": Party(urls=frozenset(["Patient/p"]), patient=True, person=True),
    "RelatedPerson/r": Party(urls=frozenset(["RelatedPerson/r"]), signs=True, person=True),
}
RECIPIENT = Party(
    urls=frozenset(["org-center"]), numbers=frozenset([(NPI, "1000000001")]), names=frozenset(["review center"])
)
NOW = dt.datetime(2026, 3, 16, 10, tzinfo=dt.timezone(dt.timedelta(hours=-4)))


def question(**changes: Any) -> Question:
    """A disclosure for treatment to the center on 16 March 2026."""
    return Question(
        **{
            "now": (NOW, NOW),
            "zone": "America/New_York",
            "recipients": (RECIPIENT,),
            "holders": (Party(urls=frozenset(["org-holder"]), names=frozenset(["holder hospital"])),),
            "purposes": frozenset(["treatment"]),
            "parties": PARTIES,
            "held": frozenset(["DiagnosticReport/report", "DiagnosticReport/second"]),
        }
        | changes
    )


REPORT = Thing(
    id="report",
    type="DiagnosticReport",
    urls=frozenset(["DiagnosticReport/report"]),
    numbers=frozenset([("https://ehr.example/sid/report", "R-1")]),
    codes=frozenset([(LOINC, "11529-5")]),
    dates=("2026-02-20",),
)
PDF = Thing(id="pdf", type="DocumentReference", opaque=True, urls=frozenset(["DocumentReference/pdf"]))
HIV = Thing(id="hiv", type="Observation", classes=frozenset(["hiv"]), dates=("2026-02-20",))


def concept(system: str, *codes: str) -> Json:
    """A CodeableConcept of these codes."""
    return {"coding": [{"system": system, "code": code} for code in codes]}


def actor(reference: str | Json, role: str = "IRCP") -> Json:
    """An actor of a provision."""
    who = {"reference": reference} if isinstance(reference, str) else reference
    return {"role": concept(PARTICIPATION, role), "reference": who}


def consent(provision: Json | None = None, /, **changes: Any) -> Json:
    """A Consent in force of the kind PCF asks for; without provision where None is given."""
    made: Json = {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [concept(ACT, "HIPAAAuthCD")],
        "patient": {"reference": "Patient/p"},
        "dateTime": "2026-01-05",
        "performer": [{"reference": "Patient/p"}],
        "organization": [{"reference": HOLDER}],
        "sourceReference": {"reference": "DocumentReference/paper"},
        "policy": [{"uri": "https://www.ecfr.gov/current/title-45/section-164.508"}],
    }
    made |= {"provision": provision} | changes
    return {name: value for name, value in made.items() if value is not None}
