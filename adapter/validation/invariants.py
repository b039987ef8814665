"""Ring 5: invariants of R4 that bear on a second opinion, by their ids in the specification, as plain Python.

The Bundle rules (bdl-*) are in `bundles`, those on contained resources (dom-*, ref-1) in `contained`.
A rule sees the JSON object of one element; ring 1 has judged its members, not repaired them: any may be of any type.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from adapter.validation.moments import is_after, is_undecided
from adapter.validation.structure import Node
from mappings.fhir.wire import Json
from mappings.problems import Problem, Severity, problem

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_UCUM = "http://unitsofmeasure.org"


class Rule(NamedTuple):
    """One invariant: its id, whether it holds for an object, and what to do where it does not."""

    id: str
    holds: Callable[[Json], bool]
    message: str
    severity: Severity = "error"


def check(nodes: Iterable[Node]) -> Iterator[Problem]:
    """Yield one Problem for each invariant that an element breaks."""
    for node in nodes:
        for rule in RULES.get(node.kind, ()):
            if not rule.holds(node.value):
                yield problem("invariant", node.where, rule.message, rule=rule.id, severity=rule.severity)


def has(value: Json, *names: str) -> bool:
    """Whether any of the elements exists, be it only by its extension."""
    return any(name in value or f"_{name}" in value for name in names)


def has_choice(value: Json, stem: str) -> bool:
    """Whether a choice element such as `value[x]` exists in any type."""
    size = len(stem)
    return any(plain.startswith(stem) and plain[size : size + 1].isupper() for plain in (n.lstrip("_") for n in value))


def objects(value: Any) -> list[Json]:
    """The JSON objects in what should be a list of them."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def coded(value: Json, name: str, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept element carries one of the codes."""
    concept = value.get(name)
    codings = objects(concept.get("coding")) if isinstance(concept, dict) else []
    return any(coding.get("system") == system and coding.get("code") in codes for coding in codings)


def _extension(value: Json) -> bool:
    return has(value, "extension") != has_choice(value, "value")


def _reference(value: Json) -> bool:
    return has(value, "reference", "identifier", "display", "extension")


def _ordered(value: Json) -> bool:
    low, high = value.get("low"), value.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict):
        return True
    first, last = _number(low), _number(high)
    same = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return not same or first is None or last is None or first <= last


def _number(value: Json) -> Decimal | None:
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        return None
    decimal = Decimal(number)
    return decimal if decimal.is_finite() else None


def _ratio(value: Json) -> bool:
    both = has(value, "numerator") == has(value, "denominator")
    return both and (has(value, "numerator") or has(value, "extension"))


def _positive_age(value: Json) -> bool:
    number = _number(value)
    positive = number is None or number > 0
    return (has(value, "code") or not has(value, "value")) and value.get("system", _UCUM) == _UCUM and positive


def _problem_has_status(value: Json) -> bool:
    """con-3 by its human sentence: the expression R4 prints compares a CodeableConcept with a string."""
    listed = any(coded({"c": c}, "c", _CATEGORY, "problem-list-item") for c in objects(value.get("category")))
    wrong = coded(value, "verificationStatus", _VERIFICATION, "entered-in-error")
    return has(value, "clinicalStatus") or wrong or not listed


def _abated(value: Json) -> bool:
    over = coded(value, "clinicalStatus", _CLINICAL, "resolved", "remission", "inactive")
    return over or not has_choice(value, "abatement")


def _one_value(value: Json) -> bool:
    """obs-7: a value beside components only where no component answers the same code."""
    code = value.get("code")
    mine = objects(code.get("coding")) if isinstance(code, dict) else []
    if not mine or not has_choice(value, "value"):
        return True
    concepts = [c.get("code") for c in objects(value.get("component"))]
    theirs = [coding for concept in concepts if isinstance(concept, dict) for coding in objects(concept.get("coding"))]
    return not any(coding in mine for coding in theirs)


def _no_home(name: str) -> Callable[[Json], bool]:
    return lambda value: all(item.get("use") != "home" for item in objects(value.get(name)))


def _bytes(value: Json) -> bytes | None:
    data = value.get("data")
    try:
        return base64.b64decode("".join(data.split()), validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _size(value: Json) -> bool:
    data, size = _bytes(value), value.get("size")
    return data is None or not isinstance(size, int) or len(data) == size


def _hash(value: Json) -> bool:
    data, stated = _bytes(value), value.get("hash")
    if data is None or not isinstance(stated, str):
        return True
    return base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode() == "".join(stated.split())


def _any(*names: str) -> Callable[[Json], bool]:
    return lambda value: has(value, *names)


def _not_both(first: str, second: str) -> Callable[[Json], bool]:
    return lambda value: not (has(value, first) and has(value, second))


def _needs(name: str, other: str) -> Callable[[Json], bool]:
    return lambda value: has(value, other) or not has(value, name)


_QUANTITY = (Rule("qty-3", _needs("code", "system"), "has a code for the unit but no system: give both"),)

RULES: dict[str, tuple[Rule, ...]] = {
    "Extension": (Rule("ext-1", _extension, "must have either a value or nested extensions, and not both"),),
    # R4 says it in prose (references.html); R5 numbered it ref-2.
    "Reference": (Rule("ref-2", _reference, "points to nothing: give a reference, an identifier or a display"),),
    "Period": (
        Rule("per-1", lambda v: not is_after(v.get("start"), v.get("end")), "starts after it ends"),
        # The expression of per-1 is then empty, which HL7's own engine takes for broken.
        Rule(
            "fhir.period-precision",
            lambda v: not is_undecided(v.get("start"), v.get("end")),
            "has ends of unlike precision that cannot be ordered; some validators refuse it: give both alike if known",
            "warning",
        ),
    ),
    "Quantity": _QUANTITY,
    "Count": _QUANTITY,
    "Distance": _QUANTITY,
    "SimpleQuantity": (*_QUANTITY, Rule("sqty-1", lambda v: not has(v, "comparator"), "must not have a comparator")),
    "Age": (*_QUANTITY, Rule("age-1", _positive_age, "must be above 0, with a UCUM code for the unit")),
    "Duration": (
        *_QUANTITY,
        Rule(
            "drt-1",
            lambda v: not has(v, "code") or (v.get("system") == _UCUM and has(v, "value")),
            "with a code for the unit must have a value, and UCUM as system",
        ),
    ),
    "Range": (Rule("rng-2", _ordered, "has a low value above its high value"),),
    "Ratio": (Rule("rat-1", _ratio, "must have both numerator and denominator, or neither and an extension"),),
    "ContactPoint": (Rule("cpt-2", _needs("value", "system"), "has a value but no system (phone, email ...)"),),
    "Attachment": (
        Rule("att-1", _needs("data", "contentType"), "has data but no contentType"),
        Rule("fhir.attachment.size", _size, "states a size that is not the number of bytes in its data"),
        Rule("fhir.attachment.hash", _hash, "states a hash that is not the SHA-1 (base64) of its data"),
    ),
    "Patient.contact": (
        Rule(
            "pat-1",
            _any("name", "telecom", "address", "organization"),
            "must have a name, telecom, address or organization",
        ),
    ),
    "Organization": (
        Rule("org-1", _any("identifier", "name"), "must have an identifier or a name"),
        Rule("org-2", _no_home("address"), "must not have an address with use home"),
        Rule("org-3", _no_home("telecom"), "must not have a telecom with use home"),
    ),
    "Condition": (
        Rule("con-3", _problem_has_status, "on the problem list should have a clinicalStatus", "warning"),
        Rule("con-4", _abated, "has an abatement, so clinicalStatus must be inactive, remission or resolved"),
        Rule(
            "con-5",
            lambda v: (
                not (has(v, "clinicalStatus") and coded(v, "verificationStatus", _VERIFICATION, "entered-in-error"))
            ),
            "is entered in error, so it must not have a clinicalStatus",
        ),
    ),
    "Condition.stage": (Rule("con-1", _any("summary", "assessment"), "must have a summary or an assessment"),),
    "Condition.evidence": (Rule("con-2", _any("code", "detail"), "must have a code or a detail"),),
    "Observation": (
        Rule(
            "obs-6",
            lambda v: not (has(v, "dataAbsentReason") and has_choice(v, "value")),
            "has a value and a reason for its absence: keep one",
        ),
        Rule("obs-7", _one_value, "has a value although a component has the same code: keep one of them"),
    ),
    "Observation.referenceRange": (Rule("obs-3", _any("low", "high", "text"), "must have a low, a high or a text"),),
    "ServiceRequest": (Rule("prr-1", _needs("orderDetail", "code"), "has orderDetail but no code"),),
    "Consent": (Rule("ppc-1", _any("policy", "policyRule"), "must name a policy or a policyRule"),),
    "Task": (
        Rule(
            "inv-1",
            lambda v: not is_after(v.get("authoredOn"), v.get("lastModified")),
            "was modified before it was authored",
        ),
    ),
    "Composition.section": (
        Rule("cmp-1", _any("text", "entry", "section"), "must have a text, an entry or a section"),
        Rule("cmp-2", _not_both("emptyReason", "entry"), "has entries and a reason for having none: keep one"),
    ),
    "AuditEvent.entity": (Rule("sev-1", _not_both("name", "query"), "must not have both a name and a query"),),
    "FamilyMemberHistory": (
        Rule(
            "fhs-1",
            lambda v: not (has_choice(v, "age") and has_choice(v, "born")),
            "must not have both an age and a birth date",
        ),
    ),
}
