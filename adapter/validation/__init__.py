"""What stands before every delivery: is it FHIR R4 (4.0.1), in rings.

1 structure, 2 required codes, 3 reference targets, 4 references inside a Bundle, 5 invariants. The base definitions are
facts in definitions.json; nothing here reads the network, and no message holds a value of the input.
"""

from adapter.validation import bundles, codes, contained, invariants, references
from adapter.validation.facts import resource_types
from adapter.validation.structure import Node, Walk
from mappings.fhir.wire import Json
from mappings.problems import Problem, problem

__all__ = ["validate_bundle", "validate_resource"]


def validate_resource(resource: Json, where: str | None = None) -> list[Problem]:
    """Judge one resource by itself, a Bundle with its entries.

    Args:
        resource: parsed JSON as `mappings.fhir.wire` reads it; never changed, and nothing in it makes this fail.
        where: FHIRPath at which it stands (`Bundle.entry[3].resource`); its type where not given.

    Returns:
        Problems in the order of the rings; none where all is well.
    """
    walk = Walk()
    walk.resource(resource, where)
    found = list(walk.problems)
    found += codes.check(walk.nodes)
    found += contained.check(walk.nodes)
    found += invariants.check(walk.nodes)
    outside, within = _bundles(walk.nodes)
    found += references.check(outside, None)
    for bundle, nodes in within:
        found += bundles.check(bundle.value, bundle.where)
        found += references.check(nodes, references.index(bundle.value))
    return found


def validate_bundle(bundle: Json) -> list[Problem]:
    """Judge a Bundle: the resource of every entry, the Bundle's own rules, and every reference inside it."""
    kind = bundle.get("resourceType") if isinstance(bundle, dict) else None
    found = validate_resource(bundle)
    if isinstance(kind, str) and kind != "Bundle" and kind in resource_types():
        found.insert(0, problem("structure", f"{kind}.resourceType", "must be Bundle", rule="fhir.resourceType"))
    return found


def _bundles(nodes: list[Node]) -> tuple[list[Node], list[tuple[Node, list[Node]]]]:
    """Part the nodes: those in no Bundle, and for each Bundle those in it (a nested Bundle apart)."""
    outside: list[Node] = []
    within: list[tuple[Node, list[Node]]] = []
    around: list[tuple[Node, list[Node]]] = []
    for node in nodes:
        while around and not node.where.startswith(f"{around[-1][0].where}."):
            around.pop()
        (around[-1][1] if around else outside).append(node)
        if node.kind == "Bundle":
            around.append((node, []))
            within.append(around[-1])
    return outside, within
