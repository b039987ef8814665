"""Expressions that R4 published wrong, each with what it is read as, and why.

HL7's validator corrects the same ones in code (org.hl7.fhir.validation, FHIRPathExpressionFixer); where we read one
otherwise than it does, the comment says so.
"""

# By the id of the invariant, where the expression alone does not tell.
_BY_KEY = {
    # txt-1 and txt-2 have one expression; the first means the markup, the second that there is content.
    "txt-2": ("htmlChecks()", "htmlChecks2()"),
}

_READ_AS = {
    # ras-2: an absent probability made it empty.
    "probability is decimal implies (probability as decimal) <= 100": (
        "(probability.exists() and (probability is decimal)) implies ((probability as decimal) <= 100)"
    ),
    # que-12: its sentence says "more than one".
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() >= 2 implies enableBehavior.exists()"
    ),
    # que-7: the element is a FHIR boolean.
    "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
    # dom-6: a contained resource needs no narrative.
    "text.`div`.exists()": "(%rootResource != $this) or text.`div`.exists()",
    # ref-1: empty where there is no reference; `#` is the container.
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))": (  # noqa: E501
        "reference.exists() implies (reference = '#' or (reference.startsWith('#').not() or "
        "(reference.substring(1) in %rootResource.contained.id)))"
    ),
    # bdl-8: empty where there is no fullUrl.
    "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    # The names of conformance resources: empty without a name, and the whole name is meant.
    "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')": (
        "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')"
    ),
    # con-3: compares a CodeableConcept with a string. Read as its sentence says; HL7's correction is always true.
    "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()": (  # noqa: E501
        "clinicalStatus.exists() or verificationStatus.coding.where("
        "system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() "
        "or category.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-category' and "
        "code='problem-list-item').empty()"
    ),
    # tim-9: `when` repeats.
    "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))": (
        "offset.empty() or (when.exists() and when.select($this in ('C' | 'CM' | 'CD' | 'CV')).allFalse())"
    ),
    # eld-19, eld-20: the whole path is meant.
    r"path.matches('[^\\s\\.,:;\\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')": (  # noqa: E501
        r"path.matches('^[^\\s\\.,:;\\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}"
        r"(\\.[^\\s\\.,:;\\\'\"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')"
    ),
    r"path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')": (
        r"path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')"
    ),
    # pd-1 (FAST, BSeR): more than one telecom is no boolean.
    "telecom or endpoint": "telecom.exists() or endpoint.exists()",
}


def corrected(expression: str, key: str = "") -> str:
    """The expression as it is to be read; most are read as they are."""
    if key in _BY_KEY and expression == _BY_KEY[key][0]:
        return _BY_KEY[key][1]
    return _READ_AS.get(expression, expression)
