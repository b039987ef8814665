"""The words for who asks, who receives and what for, that the rules know; any other word pends."""

INDIVIDUALS = frozenset({"patient", "personal_representative", "parent"})
"""Who exercises the individual's rights (45 CFR 164.502(g))."""
PROVIDERS = frozenset(
    {"review_center", "referring_physician", "treating_provider", "health_care_provider", "hospital", "laboratory"}
)
PAYERS = frozenset({"payer", "health_plan"})
REQUESTERS = INDIVIDUALS | PROVIDERS | PAYERS | {
    "holder", "family_member", "attorney", "employer", "life_insurer", "researcher", "cancer_registry",
    "public_health_authority", "app",
}  # fmt: skip
RECIPIENTS = REQUESTERS
PURPOSES = frozenset(
    {
        "patient_request", "treatment", "payment", "operations", "research", "public_health", "involvement_in_care",
        "underwriting", "required_by_law", "legal_proceedings", "sale", "marketing", "other",
    }
)  # fmt: skip
TPO = frozenset({"treatment", "payment", "operations"})
OWN_USES = {
    "conversion": "operations",
    "originator_treatment": "treatment",
    "training": "operations",
    "legal_defense": "operations",
}
"""What the holder's own use is -> its purpose; the last three are those of 45 CFR 164.508(a)(2)(i)(A)-(C)."""
