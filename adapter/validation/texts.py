"""What to do about an invariant, in our own words, where the expression alone would not tell."""

from adapter.validation.model import Constraint

_LONGEST = 160

TEXTS: dict[str, str] = {
    "ele-1": "is empty: give it a value or leave it out",
    "ext-1": "must have either a value or nested extensions, and not both",
    "per-1": "must not start after it ends; ends of unlike precision (a day, a time) cannot be ordered",
    "qty-3": "has a code for the unit but no system: give both",
    "sqty-1": "must not have a comparator",
    "age-1": "must be above 0, with a UCUM code for the unit",
    "drt-1": "with a code for the unit must have a value, and UCUM as system",
    "rng-2": "has a low value above its high value",
    "rat-1": "must have both numerator and denominator, or neither and an extension",
    "cpt-2": "has a value but no system (phone, email ...)",
    "att-1": "has data but no contentType",
    "pat-1": "must have a name, telecom, address or organization",
    "org-1": "must have an identifier or a name",
    "org-2": "must not have an address with use home",
    "org-3": "must not have a telecom with use home",
    "con-1": "must have a summary or an assessment",
    "con-2": "must have a code or a detail",
    "con-3": "on the problem list should have a clinicalStatus",
    "con-4": "has an abatement, so clinicalStatus must be inactive, remission or resolved",
    "con-5": "is entered in error, so it must not have a clinicalStatus",
    "obs-3": "must have a low, a high or a text",
    "obs-6": "has a value and a reason for its absence: keep one",
    "obs-7": "has a value although a component has the same code: keep one of them",
    "prr-1": "has orderDetail but no code",
    "ppc-1": "must name a policy or a policyRule",
    "inv-1": "was modified before it was authored",
    "cmp-1": "must have a text, an entry or a section",
    "cmp-2": "has entries and a reason for having none: keep one",
    "sev-1": "must not have both a name and a query",
    "fhs-1": "must not have both an age and a birth date",
    "us-core-2": "must have a value, a component, members or a reason why there is none (dataAbsentReason)",
    "us-core-3": "must have a value or a reason why there is none (dataAbsentReason)",
    "us-core-6": "must have a family or a given name, or say why there is none (data-absent-reason)",
    "us-core-16": "is no NPI: it must have ten digits",
    "us-core-17": "is no NPI: its check digit (Luhn, with the prefix 80840) is wrong",
    "us-core-5": "must be to a patient, or the encounter",
    "pd-1": "must have a practitioner, an organization, a healthcare service or a location, and a telecom or endpoint",
    "vs-1": "must have a time at least to the day",
    "vs-2": "must have a value, components, members or a reason why there is none (dataAbsentReason)",
    "vs-3": "must have a value or a reason why there is none (dataAbsentReason)",
}


def text_of(constraint: Constraint) -> str:
    """What to do about an invariant that is broken; its expression where there are no words for it."""
    known = TEXTS.get(constraint.key)
    if known:
        return known
    expression = " ".join(constraint.expression.split())
    return f"must satisfy {expression if len(expression) <= _LONGEST else expression[:_LONGEST] + ' ...'}"
