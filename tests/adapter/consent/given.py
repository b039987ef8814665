"""Requests to start from, each permitted as it stands; a test changes the one fact it is about."""

from typing import Any

from adapter.consent.decide import Decision, decide
from adapter.consent.facts import facts_from
from adapter.consent.policy import Policy, load_policy

Request = dict[str, Any]

REPORT: Request = {"id": "report", "kind": "pathology_report", "maintained_in": "ehr", "in_drs": True}
SCAN: Request = {"id": "scan", "kind": "whole_slide_image", "maintained_in": "other_electronic", "in_drs": True}
NOTES: Request = {"id": "notes", "kind": "psychotherapy_notes", "maintained_in": "ehr", "in_drs": True}
SUD: Request = {"id": "sud", "kind": "sud_program_record", "maintained_in": "ehr", "in_drs": True, "part2": True}
COUNSELING: Request = {"id": "counseling", "kind": "sud_counseling_notes", "maintained_in": "ehr", "in_drs": True}
SLIDE: Request = {"id": "slide", "kind": "glass_slide", "maintained_in": "physical", "in_drs": True}

ACCESS: Request = {
    "pathway": "access",
    "requester": "patient",
    "recipient": "patient",
    "purpose": "patient_request",
    "request_form": "written",
    "identity_verified": True,
    "received_at": "2026-03-02T10:15:00-05:00",
    "holder_tz": "America/New_York",
    "materials": [REPORT],
}
DIRECTIVE: Request = ACCESS | {
    "recipient": "review_center",
    "directive": {"written": True, "signed": True, "designee": "Acme Review", "address": "1 Main St"},
}
TREATMENT: Request = {
    "pathway": "disclosure",
    "requester": "referring_physician",
    "recipient": "review_center",
    "recipient_is_provider": True,
    "purpose": "treatment",
    "identity_verified": True,
    "authority_verified": True,
    "as_of": "2026-03-02",
    "materials": [REPORT],
}
CONSENT: Request = {
    "description": True,
    "discloser": True,
    "recipient": True,
    "purpose": True,
    "expiry": "2026-12-31",
    "signed": True,
    "signed_on": "2026-01-05",
    "signer": "patient",
    "statement_revocation": True,
    "statement_conditioning": True,
    "statement_redisclosure": True,
}
AUTHORIZED: Request = TREATMENT | {
    "requester": "attorney",
    "recipient": "attorney",
    "recipient_is_provider": False,
    "purpose": "other",
    "authorization": CONSENT,
}
PAYMENT: Request = TREATMENT | {
    "requester": "payer",
    "recipient": "health_plan",
    "recipient_is_provider": False,
    "purpose": "payment",
    "scope": "reports_for_procedure",
}
RESEARCH: Request = TREATMENT | {
    "requester": "researcher",
    "recipient": "researcher",
    "recipient_is_provider": False,
    "purpose": "research",
    "irb_waiver": {"documented": True},
}
USE: Request = {
    "pathway": "use",
    "requester": "holder",
    "recipient": "holder",
    "purpose": "operations",
    "materials": [REPORT],
}
FAMILY: Request = TREATMENT | {
    "requester": "family_member",
    "recipient": "family_member",
    "recipient_is_provider": False,
    "purpose": "involvement_in_care",
    "family": {"involved_in_care": True, "individual_agreed": True},
}
FAMILY_OF_THE_DEAD: Request = FAMILY | {
    "patient": {"deceased_on": "2025-12-01"},
    "family": {"involved_before_death": True, "contrary_preference_known": False},
}
LIMITED: Request = {name: value for name, value in RESEARCH.items() if name != "irb_waiver"} | {
    "limited_data_set": {"direct_identifiers_removed": True, "data_use_agreement": True}
}
ON_DECEDENTS: Request = {name: value for name, value in RESEARCH.items() if name != "irb_waiver"} | {
    "patient": {"deceased": True},
    "representations": {"review": "decedents", "sole_purpose": True, "necessary": True},
}
REGISTRY: Request = TREATMENT | {
    "requester": "cancer_registry",
    "recipient": "cancer_registry",
    "recipient_is_provider": False,
    "purpose": "public_health",
}
COMPELLED: Request = REGISTRY | {"required_by_law": True}
LONG_DEAD: Request = REGISTRY | {"patient": {"deceased_on": "1970-01-05"}}
AMENDMENT: Request = {name: value for name, value in ACCESS.items() if name != "recipient"} | {
    "pathway": "amendment",
    "amendment": {"created_here": True, "in_drs": True, "accessible": True, "accurate_and_complete": False},
}
ACCOUNTING: Request = {"pathway": "accounting", "requester": "patient", "identity_verified": True} | {
    name: ACCESS[name] for name in ("received_at", "holder_tz")
}
RETENTION: Request = {"pathway": "retention", "created_on": "2026-01-05"}
OF_EVERY_BASIS: dict[str, Request] = {}
"""Name of a basis -> a request that stands on it and is permitted."""
TPO_CONSENT: Request = {
    "patient_named": True,
    "discloser": True,
    "description": True,
    "recipients": "my treating providers",
    "tpo_single_consent": True,
    "hipaa_redisclosure_statement": True,
    "purpose": "for treatment, payment, and health care operations",
    "revocation_right": True,
    "expiry": "none",
    "signed": True,
    "signed_on": "2026-02-20",
    "redisclosure_potential_statement": True,
    "refusal_consequences_statement": True,
}
OF_EVERY_BASIS |= {
    "use": USE,
    "access": ACCESS,
    "directive": DIRECTIVE,
    "treatment": TREATMENT,
    "payment": PAYMENT,
    "family": FAMILY,
    "decedent_family": FAMILY_OF_THE_DEAD,
    "waiver": RESEARCH,
    "research_decedents": ON_DECEDENTS,
    "limited_data_set": LIMITED,
    "public_health": REGISTRY,
    "required_by_law": COMPELLED,
    "decedent_50": LONG_DEAD,
    "authorization": AUTHORIZED,
    "amendment": AMENDMENT,
    "accounting": ACCOUNTING,
    "retention": RETENTION,
}


def policy() -> Policy:
    """The latest packaged policy."""
    return load_policy()[-1]


def decided(request: Request, *materials: Request, **changed: Any) -> Decision:
    """Decide a request, with other materials or facts where given."""
    asked = {"materials": list(materials)} if materials else {}
    return decide(facts_from({**request, **asked, **changed}), policy())


def without(request: Request, *path: str) -> Request:
    """The request, one fact of it unknown."""
    first, *rest = path
    if not rest:
        return {name: value for name, value in request.items() if name != first}
    return {**request, first: without(request[first], *rest)}


def codes(decision: Decision, item: str | None = None) -> set[str]:
    """The reason codes of a decision, or those about one item."""
    return {reason.code for reason in decision.reasons if item is None or reason.item == item}
