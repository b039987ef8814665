"""Ring 2: codes (https://hl7.org/fhir/R4/terminologies.html).

Every code of a code system of which all codes are known must be one of it, bound or not; what is bound must be in its
required value set and in its largest one. What only SNOMED CT, LOINC, ICD, CPT or VSAC could tell is not judged; nor
are displays, nor what an extensible or preferred binding would rather have. A plain code or text under such a binding
is held to the code system of its value set, where it has one alone: nothing else could be meant (HL7's engine does so).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.validation import facts
from adapter.validation.facts import Definitions
from adapter.validation.model import Binding
from adapter.validation.structure import Node
from adapter.validation.terminology import ValueSet, exists
from mappings.problems import Problem, Severity, problem

RULE = "fhir.binding"
UNKNOWN = "fhir.code"
_CODED = frozenset({"Coding", "CodeableConcept", "Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration"})
_TEXTUAL = frozenset({"code", "string", "uri"})
_WEAKER = frozenset({"extensible", "preferred"})
_TYPES = "http://hl7.org/fhir/resource-types"
# CapabilityStatement.format and patchFormat are bound to media types, but "json", "xml" and "ttl" are meant as well.
_SHORT_FORMATS = frozenset({"json", "xml", "ttl"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def check(nodes: Iterable[Node], definitions: Definitions | None = None) -> Iterator[Problem]:
    """Yield one Problem for each element with a code that its system has not, or outside what it is bound to.

    Args:
        nodes: of the walk; a Coding is judged with the CodeableConcept it stands in.
        definitions: the built-in ones where not given.
    """
    known = definitions or facts.definitions()
    for node in nodes:
        if node.kind in _CODED and not _in_concept(node):
            for severity, message in _wrong(node.kind, node.value, known):
                yield problem("code-invalid", node.where, message, rule=UNKNOWN, severity=severity)
        if node.kind == "Reference" and _no_type(node.value, known):
            message = f"is no resource type of {_TYPES}: name one, such as Patient, or leave it out"
            yield problem("code-invalid", f"{node.where}.type", message, rule=UNKNOWN)
        bound = node.element.bound if node.element else None
        if bound and not _short_format(node):
            found = judge(node.kind, node.value, bound, known)
            if found:
                yield problem("code-invalid", node.where, found[1], rule=RULE, severity=found[0])


def _no_type(reference: Any, definitions: Definitions) -> bool:
    """Tell whether a Reference names a type that R4 has not."""
    said = reference.get("type") if isinstance(reference, dict) else None
    return isinstance(said, str) and exists(_TYPES, said, definitions) is False


def _in_concept(node: Node) -> bool:
    return node.kind == "Coding" and node.owner is not None and node.owner.kind == "CodeableConcept"


def _short_format(node: Node) -> bool:
    named = node.element is not None and node.element.name in ("format", "patchFormat")
    return named and node.kind == "code" and node.value in _SHORT_FORMATS


def _wrong(kind: str, value: Any, definitions: Definitions) -> Iterator[tuple[Severity, str]]:
    """Say what is wrong with the codes of a Coding, CodeableConcept or Quantity, whatever they are bound to."""
    for coding in _codings(kind, value):
        system, code = coding.get("system"), coding.get("code")
        if not isinstance(system, str):
            continue
        known = exists(system, code, definitions) if isinstance(code, str) else None
        if known is False:
            yield "error", f"has a code that {system} has not: give one of its codes, in its spelling and case"
        elif code is None and kind == "CodeableConcept" and _is_whole(system, definitions):
            yield "error", "names a system without a code of it: add the code, or say it as text alone"
        elif known is None and (not _SCHEME.match(system) or _is_value_set(system, definitions)):
            # HL7's engine asks this of a Coding and a Quantity, not of a CodeableConcept.
            severity: Severity = "warning" if kind == "CodeableConcept" else "error"
            yield severity, "has a system that is not the absolute URI of a code system"


def _is_whole(system: str, definitions: Definitions) -> bool:
    """Tell whether all codes of a system are known as a list (a grammar is none)."""
    known = definitions.code_system(system)
    return known is not None and known.complete


def _is_value_set(system: str, definitions: Definitions) -> bool:
    return "/ValueSet/" in system and definitions.value_set(system) is not None


def judge(kind: str, value: Any, binding: Binding, definitions: Definitions) -> tuple[Severity, str] | None:
    """Judge one value against one binding of any strength, its largest value set included.

    Args:
        kind: R4 type of the value.
        value: JSON of the value.
        binding: of the element, by its type or by a profile.
        definitions: where value sets are found.

    Returns:
        Severity and message; None where nothing is wrong, or nobody can say.
    """
    if binding.strength == "required":
        found = _outside(kind, value, binding.value_set, definitions)
        if found:
            return "error", found
    if binding.most and _placed(kind, value):
        most = _outside(kind, value, binding.most, definitions)
        if most:
            return "error", f"{most} (the largest set allowed here)"
    if binding.strength in _WEAKER and kind in _TEXTUAL and isinstance(value, str):
        return _unknown(value, binding.value_set, definitions)
    return None


def _unknown(code: str, url: str, definitions: Definitions) -> tuple[Severity, str] | None:
    """Say that a plain code is none of the one code system that its value set takes codes of."""
    known = definitions.value_set(url)
    if known is None or len(known.parts) != 1:
        return None
    (system,) = known.parts
    if exists(system, code, definitions) is not False:
        return None
    return "error", f"is no code of {system}, where value set {known.url} takes its codes from{_choose(known)}"


def _outside(kind: str, value: Any, url: str, definitions: Definitions) -> str | None:
    """Say that a value is outside a value set; None where it is in it or nobody can say."""
    known = definitions.value_set(url)
    if known is None:
        return None
    if kind in _TEXTUAL:
        inside = known.verdict(None, value) if isinstance(value, str) else True
    elif kind in _CODED:
        if not _names_code(kind, value):
            return _no_code(kind, value, known)
        verdicts = [_verdict(kind, known, coding) for coding in _codings(kind, value)]
        inside = True if True in verdicts else None if None in verdicts else False
    else:
        return None
    return None if inside is not False else f"is not in the value set {known.url}{_choose(known)}"


def _no_code(kind: str, value: Any, known: ValueSet) -> str | None:
    """Say that a code is missing, as HL7's engine does: of a CodeableConcept, where the value set can tell at all."""
    if kind != "CodeableConcept" or (_codings(kind, value) and not _decides(known)):
        return None
    return f"names no code: one of the value set {known.url} is required{_choose(known)}"


def _verdict(kind: str, known: ValueSet, coding: dict[str, Any]) -> bool | None:
    system, code = coding.get("system"), coding.get("code")
    if isinstance(system, str) and isinstance(code, str):
        return known.verdict(system, code)
    return False if kind == "CodeableConcept" and _decides(known) else None


def _decides(known: ValueSet) -> bool:
    """Tell whether a value set can be decided without contents that nobody ships: of a code that nothing has."""
    return known.verdict(None, "\0") is False


def _choose(known: ValueSet) -> str:
    return f"; use one of {known.listing}" if known.listing else ""


def _names_code(kind: str, value: Any) -> bool:
    return any("code" in coding for coding in _codings(kind, value))


def _placed(kind: str, value: Any) -> bool:
    """Tell whether a value has a code that a largest value set can be asked about: text alone may always stand."""
    return kind in _TEXTUAL or any("code" in coding and "system" in coding for coding in _codings(kind, value))


def _codings(kind: str, value: Any) -> list[dict[str, Any]]:
    """Return what carries a system and a code in a value, however malformed it is."""
    if not isinstance(value, dict):
        return []
    if kind != "CodeableConcept":
        return [value]
    codings = value.get("coding")
    return [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []
