"""Where an extension may stand (https://hl7.org/fhir/R4/defining-extensions.html#context)."""

from typing import Any

from adapter.validation.fhirpath import Exhausted, UnsupportedExpression, compiled, typed
from adapter.validation.members import shown
from adapter.validation.model import Profile
from adapter.validation.structure import Node
from adapter.validation.world import World

_SD = "http://hl7.org/fhir/StructureDefinition/"
_NO_DOMAIN = frozenset(("Bundle", "Binary", "Parameters"))
# The types that stand for another in a context (R4 has them as its specializations).
_BASES = {
    "url": "uri", "canonical": "uri", "uuid": "uri", "oid": "uri", "code": "string", "id": "string",
    "markdown": "string", "positiveInt": "integer", "unsignedInt": "integer",
    "Age": "Quantity", "Count": "Quantity", "Distance": "Quantity", "Duration": "Quantity", "Money": "Quantity",
}  # fmt: skip
# R4's own definitions use these beyond what it says of them; HL7's validator mends the same ones.
_MORE = {
    _SD + "capabilitystatement-expectation": "Element",
    _SD + "capabilitystatement-prohibited": "Element",
    _SD + "structuredefinition-normative-version": "Element",
    _SD + "structuredefinition-fhir-type": "ElementDefinition.type",
    _SD + "regex": "ElementDefinition.type",
}


class Contexts:
    """Where extensions may stand in the resources of one validation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reached: dict[tuple[int, str], set[int] | None] = {}

    def allow(self, owner: Node, profile: Profile) -> bool:
        """Whether an element may hold an extension; where its definition says nothing, any may."""
        if not profile.contexts or any(self._fits(owner, kind, said) for kind, said in profile.contexts):
            return True
        return profile.url in _MORE and self._fits(owner, "element", _MORE[profile.url])

    def holds(self, expression: str, node: Node, owner: Node) -> bool:
        """Whether a context invariant holds of the element; one that cannot be judged does."""
        here = self._world.here(owner.scope)._replace(extension=node.value)
        try:
            return compiled(expression, owner.kind)(owner.value, owner.extra, here)
        except (UnsupportedExpression, Exhausted):
            return True

    def _fits(self, owner: Node, kind: str, expression: str) -> bool:
        if kind == "extension":
            return owner.kind == "Extension" and owner.value.get("url") == expression
        if kind == "fhirpath":
            return self._found(owner, expression)
        return _named(owner, expression.rpartition("#")[2].replace("[x]", ""))

    def _found(self, owner: Node, expression: str) -> bool:
        """Whether a FHIRPath, asked of the resource, leads to the element."""
        scope = owner.scope
        key = (id(scope), expression)
        if key not in self._reached:
            try:
                found = typed(expression, scope.kind, scope.resource, None, self._world.here(scope))
            except UnsupportedExpression:
                self._reached[key] = None
            else:
                both = (part for value, extra, _ in found for part in (value, extra))
                self._reached[key] = {id(part) for part in both if isinstance(part, dict)}
        reached = self._reached[key]
        return reached is None or id(owner.value) in reached or id(owner.extra) in reached


def _named(owner: Node, expression: str) -> bool:
    """Whether a path such as `Condition.stage` or a type names an element, by whatever of its types on the way."""
    if expression in ("Element", "*"):
        return True
    at: Node | None = owner
    rest = expression
    while at is not None:
        if rest in _types(at):
            return True
        rest, _, last = rest.rpartition(".")
        element: Any = at.element
        if not rest or element is None or element.group.removesuffix("[x]") != last:
            return False
        at = at.owner
    return False


def _types(node: Node) -> tuple[str, ...]:
    kind = shown(node.kind)
    if node.element is None:
        return (kind, "Resource") if kind in _NO_DOMAIN else (kind, "Resource", "DomainResource")
    if "." in kind:
        return (kind, "BackboneElement")
    return (kind, _BASES[kind]) if kind in _BASES else (kind,)
