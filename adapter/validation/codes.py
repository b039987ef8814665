"""Ring 2: required bindings (https://hl7.org/fhir/R4/terminologies.html#required) of every R4 type.

Not judged, because their codes are outside the base definitions: media types, currencies, UCUM, LOINC answer lists.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from adapter.validation import facts
from adapter.validation.structure import Node
from mappings.problems import Problem, problem

RULE = "fhir.binding"


def check(nodes: Iterable[Node]) -> Iterator[Problem]:
    """Yield one Problem for each coded element outside its required value set."""
    for node in nodes:
        binding = node.element.binding if node.element else None
        if binding and not _bound(node.kind, node.value, binding):
            listing = facts.listing(binding)
            choose = f"; use one of {listing}" if listing else ""
            message = f"is not a code of the required value set {binding}{choose}"
            yield problem("code-invalid", node.where, message, rule=RULE)


def _bound(kind: str, value: Any, binding: str) -> bool:
    if kind == "CodeableConcept":
        codings = value.get("coding")
        return isinstance(codings, list) and any(_coding(coding, binding) for coding in codings)
    if kind == "Coding":
        return _coding(value, binding)
    if isinstance(value, str):
        return value in facts.codes(binding)
    return True


def _coding(value: Any, binding: str) -> bool:
    if not isinstance(value, dict):
        return False
    system, code = value.get("system"), value.get("code")
    return isinstance(system, str) and isinstance(code, str) and (system, code) in facts.codings(binding)
