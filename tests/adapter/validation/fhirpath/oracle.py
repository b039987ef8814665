"""fhirpathpy (https://github.com/beda-software/fhirpath-py) as the second opinion on what an expression gives."""

import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import fhirpathpy
    from fhirpathpy.engine.nodes import ResourceNode
    from fhirpathpy.models import models

from adapter.validation import narrative
from adapter.validation.fhirpath import compiled
from adapter.validation.fhirpath.corrections import corrected
from mappings.fhir.wire import Json
from tests.adapter.validation.fhirpath.expressions import Met, published


def _plain(value: Any) -> Any:
    """JSON without our decimals: the oracle copies what it is given."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return Decimal(value) if isinstance(value, Decimal) else value


def _has_value(inputs: list[Any]) -> list[bool]:
    return [len(inputs) == 1 and inputs[0] is not None and not isinstance(inputs[0], dict)]


def _clean(inputs: list[Any]) -> list[bool]:
    return [len(inputs) == 1 and narrative.check(inputs[0]) is None]


def _node(resource: Json) -> Any:
    return ResourceNode.create_node(_plain(resource), resource["resourceType"])  # type: ignore[no-untyped-call]


def _functions(root: Json) -> dict[str, Any]:
    """What FHIR adds and the library leaves to its users; `trace` takes what is traced in R4 but not there."""

    def resolve(inputs: list[Any]) -> list[Any]:
        links = [one.get("reference") if isinstance(one, dict) else one for one in inputs]
        contained = {f"#{one.get('id')}": one for one in root.get("contained", [])} | {"#": root}
        return [_node(contained[link]) for link in links if link in contained]

    return {
        "hasValue": {"fn": _has_value, "arity": {0: []}},
        "htmlChecks": {"fn": _clean, "arity": {0: []}},
        "trace": {"fn": lambda inputs, *_: inputs, "arity": {1: ["String"], 2: ["String", "Expr"]}},
        "resolve": {"fn": resolve, "arity": {0: []}},
    }


def verdict(expression: str, one: Met) -> bool:
    """The oracle's answer to an expression as a verdict; false where it raises."""
    context = {
        "resource": _node(one.here.resource),
        "rootResource": _node(one.here.root),
        "sct": "http://snomed.info/sct",
        "loinc": "http://loinc.org",
    }
    # With a base the library knows no head of a path that is a type, `Appointment.status`.
    base = expression if "resourceType" in one.value else {"expression": expression, "base": one.kind}
    options = {"userInvocationTable": _functions(one.here.root)}
    try:
        found = fhirpathpy.evaluate(_plain(one.value), base, context, models["r4"], options)
    except Exception:
        return False
    return bool(found) and found != [False]


# The oracle is wrong on these, or they are not judged by their expression.
WRONG = {
    "dom-3": "fhirpathpy refuses `as` of several values, which HL7's engine and this expression need",
    "us-core-13": "fhirpathpy raises on `practitioner or organization`: it does not take one value for true",
    "opd-3": "HL7's validator, and we, ask for a resource type, which needs a terminology",
    "txt-2": "HL7's validator, and we, give the one expression of txt-1 and txt-2 two meanings",
}


def chosen(elements: list[Met], most: int) -> Iterator[tuple[str, str, Met]]:
    """(id, expression, element): for each invariant of each kind at most so many elements, spread over all."""
    by_kind: dict[str, list[Met]] = {}
    for one in elements:
        if isinstance(one.value, dict):
            by_kind.setdefault(one.kind, []).append(one)
    for kind, members in sorted(by_kind.items()):
        stride = -(-len(members) // most)
        for key, expression in sorted(published().get(kind, ())):
            if key not in WRONG:
                yield from ((key, expression, one) for one in members[::stride])


def disagreements(elements: list[Met], most: int) -> tuple[int, list[tuple[str, bool, Any]]]:
    """How many verdicts were compared, and those we give otherwise than the oracle: (id, ours, the element)."""
    compared, apart = 0, []
    for key, expression, one in chosen(elements, most):
        ours = compiled(expression, one.kind, key)(one.value, one.extra, one.here)
        compared += 1
        if ours is not verdict(corrected(expression, key), one):
            apart.append((key, ours, one.value))
    return compared, apart
