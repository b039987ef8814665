"""What to do about an invariant, in our own words, where the expression alone would not tell."""

from collections.abc import Mapping

from adapter.validation.model import Constraint

_LONGEST = 160

# By id, with how its expression begins: other specifications may use an id again.
TEXTS: dict[str, tuple[str, str]] = {
    "ele-1": ("", "is empty: give it a value or leave it out"),
    "ext-1": ("", "must have either a value or nested extensions, and not both"),
    "per-1": ("start.", "must not start after it ends; ends of unlike precision (a day, a time) cannot be ordered"),
    "qty-3": ("code.", "has a code for the unit but no system: give both"),
    "sqty-1": ("comparator", "must not have a comparator"),
    "age-1": ("(code", "must be above 0, with a UCUM code for the unit"),
    "drt-1": ("code", "with a code for the unit must have a value, and UCUM as system"),
    "rng-2": ("low", "has a low value above its high value, or the two in unlike units"),
    "rat-1": ("(numerator", "must have both numerator and denominator, or neither and an extension"),
    "cpt-2": ("value", "has a value but no system (phone, email ...)"),
    "att-1": ("data", "has data but no contentType"),
    "pat-1": ("name", "must have a name, telecom, address or organization"),
    "org-1": ("(identifier", "must have an identifier or a name"),
    "org-2": ("where(use", "must not be an address with use home"),
    "org-3": ("where(use", "must not be a contact with use home"),
    "con-1": ("summary", "must have a summary or an assessment"),
    "con-2": ("code", "must have a code or a detail"),
    "con-3": ("clinicalStatus", "on the problem list should have a clinicalStatus"),
    "con-4": ("abatement", "has an abatement, so clinicalStatus must be inactive, remission or resolved"),
    "con-5": ("verificationStatus", "is entered in error, so it must not have a clinicalStatus"),
    "obs-3": ("low", "must have a low, a high or a text"),
    "obs-6": ("dataAbsentReason", "has a value and a reason for its absence: keep one"),
    "obs-7": ("value", "has a value although a component has the same code: keep one of them"),
    "prr-1": ("orderDetail", "has orderDetail but no code"),
    "ppc-1": ("policy", "must name a policy or a policyRule"),
    "inv-1": ("lastModified", "was modified before it was authored"),
    "cmp-1": ("text", "must have a text, an entry or a section"),
    "cmp-2": ("emptyReason", "has entries and a reason for having none: keep one"),
    "sev-1": ("name", "must not have both a name and a query"),
    "fhs-1": ("age", "must not have both an age and a birth date"),
    "us-core-2": (
        "(component",
        "must have a value, components, members or a dataAbsentReason",
    ),
    "us-core-3": ("valueQuantity", "has a unit that is not UCUM: use http://unitsofmeasure.org"),
    "us-core-5": ("vaccineCode", "has an NDC code where a CVX code is wanted"),
    "us-core-6": (
        "(family",
        "must have either a family or given name, or the reason why not (data-absent-reason)",
    ),
    "us-core-7": ("(status='completed'", "is under way or done, so it must say when (performed)"),
    "us-core-8": ("(status='partial'", "is issued, so it must have a clinically relevant time (effective)"),
    "us-core-9": ("(status='partial'", "is issued, so it must say when (issued)"),
    "us-core-10": ("(status='partial'", "is issued, so it must have a clinically relevant time (effective)"),
    "us-core-13": ("practitioner or", "must have a practitioner, an organization, a healthcare service or a location"),
    "us-core-14": ("name", "must have a name or a relationship"),
    "us-core-15": ("identifier", "must have a member number (identifier of type MB) or a subscriberId"),
    "us-core-16": ("value.matches", "is no NPI: it must have ten digits"),
    "us-core-17": ("(((select(value", "is no NPI: its check digit (Luhn, with the prefix 80840) is wrong"),
    "us-core-18": ("value.matches", "is no CLIA number: two digits, D, seven digits"),
    "us-core-19": ("value.matches", "is no NAIC code: five digits"),
    "us-core-21": ("(intent", "is an order, so it must have a requester"),
    "pd-1": ("telecom", "must have a telecom or an endpoint"),
    "provenance-1": ("who", "is a practitioner or a device, so it must say on whose behalf (onBehalfOf)"),
    "vs-1": ("($this", "must have a time at least to the day"),
    "vs-2": ("(component", "must have a value, components, members or a dataAbsentReason"),
    "vs-3": ("value", "must have a value or a reason why there is none (dataAbsentReason)"),
    "must-have-focus-or-specimen-invariant": ("(focus", "must have either a focus or a specimen, and not both"),
    "mcode-reason-required": ("reasonCode", "should have a reasonCode or a reasonReference"),
    "mcode-description-or-id-required": ("description", "must have a description or an identifier"),
}
# Of our own profiles: so-1, so-2 ...
OWN: dict[int, str] = {
    1: "is a concurrent expedited review, so its priority must be stat and it must not be on hold",
    2: "is required by the payer, so it must name the insurance",
    3: "is a concurrent expedited review, so no treatment may be held back for it",
    4: "must have the status of the last step of its history",
    5: "is under way or done, so it must say when it began",
    6: "must have a number that names its issuer",
    7: "is issued, so it must have results, a conclusion or a printed form",
    8: "must say who answers for it: a performer or an interpreter",
    9: "has a contained section without its words",
    10: "is issued, so it must have results, a conclusion or a printed form",
    11: "must say who answers for it: a performer or an interpreter",
    12: "has a contained section without its words",
    13: "must say which report it reviews, adds to or sums up",
    14: "says that the reports agree, so it must not list differences",
    15: "says that the reports differ, so it must say in what",
    16: "must say what either report says of one aspect, or the clinical impact",
    17: "must have either a value or the reason why there is none",
    18: "was refused, so it must say why",
    19: "is about what was lost or broke, so its status must be failed",
    20: "is about what was handed over, so its status must be completed",
    21: "must have its focus among the materials",
    22: "has a container, so it must say what it was cut from (parent)",
    23: "has nothing left, so it must not be available",
    24: "must state the number of the series it lists",
    25: "must state the number of the instances it lists",
    26: "has a series of a modality that the study does not name",
    27: "is no OID: urn:oid: and numbers with points between",
    28: "must have the size of the file",
    29: "must have a SHA-256 of 64 hexadecimal digits in small letters",
    30: "is done, so it must say when it was sent",
    31: "denies, extends or redirects, so it must say which request it is about",
    32: "must have the source of the disclosure as its observer",
    33: "was withheld, so it must say why",
    34: "has a heading twice",
    35: "must be reviewed by another than the one who denied first",
    36: "must be completed with its result, and only then have one",
    37: "waits, so it must say for what",
    38: "was denied, so it must be rejected, never completed",
    39: "is open, so it must be on hold: neither refused nor done",
    40: "must say why where it waits, is refused or failed, and only there",
    41: "is a loan that may go, so it must have a custodian and a day of return",
    42: "has a day of return, so it must be a loan",
}


def text_of(constraint: Constraint, said: Mapping[tuple[str, str], str] | None = None) -> str:
    """What to do about an invariant that is broken; its expression where there are no words for it.

    Args:
        constraint: the invariant.
        said: the words of its package, by (id, expression).
    """
    expression = " ".join(constraint.expression.split())
    begins, known = TEXTS.get(constraint.key, ("", ""))
    if known and expression.startswith(begins):
        return known
    prefix, _, number = constraint.key.partition("-")
    if prefix == "so" and number.isdecimal() and int(number) in OWN:
        return OWN[int(number)]
    human = " ".join((said or {}).get((constraint.key, constraint.expression), "").split())
    if human:
        return f"must satisfy: {cut(human)}"
    return f"must satisfy {cut(expression)}"


def cut(text: str) -> str:
    """The text, or as much of it as a message should have."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
