"""What a profile may ask of one value alone: fixed and pattern values, limits, bindings, invariants."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from adapter.validation import codes
from adapter.validation.facts import Definitions
from adapter.validation.fhirpath import EXHAUSTED, Exhausted, UnsupportedExpression, compiled
from adapter.validation.model import Binding, Constraint, ProfileNode
from adapter.validation.moments import is_after
from adapter.validation.places import UNHELD, Finding, Place
from adapter.validation.texts import cut, text_of
from adapter.validation.world import Check, Run

_LONGEST = 100
_IDS = frozenset(("id",))
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def leaves(node: ProfileNode, kind: str, label: str, definitions: Definitions) -> Iterator[Check]:
    """Yield the checks of a constrained element on one value of it."""
    if node.fixed is not None:
        yield _fixed(node.fixed["value"], label)
    if node.pattern is not None:
        yield _pattern(node.pattern["value"], label)
    if node.max_length is not None:
        yield _max_length(node.max_length, label)
    for limit, low in ((node.min_value, True), (node.max_value, False)):
        if limit is not None:
            yield _limit(limit["value"], low, label)
    if node.binding is not None:
        yield _binding(kind, node.binding, definitions)
        if node.binding.strength == "required" and definitions.value_set(node.binding.value_set) is None:
            yield _unheld(node, label)
    for constraint in node.constraints:
        yield _constraint(constraint, kind, definitions)


def same(value: Any, other: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, 1.0 is not 1, and an element may have an id of its own."""
    if isinstance(other, Mapping):
        if not isinstance(value, dict) or (value.keys() | _IDS) != (other.keys() | _IDS):
            return False
        return all(same(value[k], other[k]) for k in other if k in value)
    if isinstance(other, list | tuple):
        if not isinstance(value, list) or len(value) != len(other):
            return False
        return all(same(one, two) for one, two in zip(value, other, strict=True))
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other) and _text(value) == _text(other)


def _text(value: Any) -> Any:
    """A number as it is written."""
    return str(getattr(value, "text", value)) if isinstance(value, int | Decimal) else None


def fits(value: Any, pattern: Any) -> bool:
    """Whether a JSON value holds all that a pattern holds; each item of a list may be found anywhere in the value's."""
    if isinstance(pattern, Mapping):
        return isinstance(value, dict) and all(key in value and fits(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list | tuple):
        if not isinstance(value, list) or len(value) < len(pattern):
            return False
        return all(any(fits(one, asked) for one in value) for asked in pattern)
    return same(value, pattern)


def describe(value: Any) -> str:
    """Say a value of a definition in a message, shortly."""
    if isinstance(value, Mapping):
        if "code" in value:
            return f"{value['system']}#{value['code']}" if "system" in value else str(value["code"])
        return describe(next(iter(value.values()), ""))
    if isinstance(value, list | tuple):
        return " and ".join(describe(item) for item in value)
    return str(value)[:_LONGEST]


def _fixed(asked: Any, label: str) -> Check:
    message = f"must be exactly {describe(asked)} ({label})"

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        if _unsaid(value, extra):
            return
        if isinstance(extra, dict) and "extension" in extra and value is not None:
            run.out.append(Finding("value", place, f"has an extension, and {message}", "fhir.fixed"))
        elif not same(value, asked):
            run.out.append(Finding("value", _differing(value, asked, place, same), message, "fhir.fixed"))

    return check


def _pattern(asked: Any, label: str) -> Check:
    message = f"must hold {describe(asked)} ({label})"

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        if not fits(value, asked) and not _unsaid(value, extra):
            run.out.append(Finding("value", _differing(value, asked, place, fits), message, "fhir.pattern"))

    return check


def _unsaid(value: Any, extra: Any) -> bool:
    """Whether a primitive has no value and says why."""
    said = extra.get("extension") if value is None and isinstance(extra, dict) else None
    return isinstance(said, list) and any(isinstance(one, dict) and one.get("url") == _ABSENT for one in said)


def _differing(value: Any, asked: Any, place: Place, alike: Callable[[Any, Any], bool]) -> Place:
    """Where a value departs from what is asked: the first member that does, where it is one of its own.

    In a list only where a fixed value and what is given have one item: a pattern asks for no item in particular.
    """
    if isinstance(asked, Mapping) and isinstance(value, dict):
        for name, member in asked.items():
            given = value.get(name)
            if alike(given, member):
                continue
            if not isinstance(member, list | tuple):
                return _differing(given, member, (place, name, None), alike)
            if alike is same and len(member) == 1 and isinstance(given, list) and len(given) == 1:
                return _differing(given[0], member[0], (place, name, 0), alike)
    return place


def _max_length(most: int, label: str) -> Check:
    message = f"is longer than {most} characters ({label})"

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        if isinstance(value, str) and len(value) > most:
            run.out.append(Finding("too-long", place, message, "fhir.maxLength"))

    return check


def _limit(limit: Any, low: bool, label: str) -> Check:
    message = f"is {'below' if low else 'above'} {describe(limit)} ({label})"

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        if _beyond(value, limit, low):
            run.out.append(Finding("value", place, message, "fhir.limit"))

    return check


def _beyond(value: Any, limit: Any, low: bool) -> bool:
    if isinstance(limit, Mapping):
        if not isinstance(value, dict) or any(value.get(k) != limit.get(k) for k in ("system", "code")):
            return False
        value, limit = value.get("value"), limit.get("value")
    if isinstance(limit, str):
        return is_after(limit, value) if low else is_after(value, limit)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        return False
    return bool(value < limit if low else value > limit)


def _binding(kind: str, binding: Binding, definitions: Definitions) -> Check:
    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        found = codes.judge(kind, value, binding, definitions) if value is not None else None
        if found is not None:
            severity, message = found
            run.out.append(Finding("code-invalid", place, message, "fhir.binding", severity, binding.value_set))

    return check


def _unheld(node: ProfileNode, label: str) -> Check:
    url = node.binding.value_set if node.binding else ""
    message = f"could not be judged by {url} ({label}): no package at hand holds that value set"
    mark = f"{label} {node.path}"

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        if value is not None:
            run.out.append(Finding("incomplete", place, message, UNHELD, "warning", mark))

    return check


def _constraint(constraint: Constraint, kind: str, definitions: Definitions) -> Check:
    key, severity, message = constraint.key, constraint.severity, text_of(constraint, definitions.texts)
    try:
        holds = compiled(constraint.expression, kind, key)
    except UnsupportedExpression as error:
        expression = " ".join(constraint.expression.split())
        return _unjudged(f"cannot be judged, as {error} is not supported; it must satisfy {cut(expression)}", key)

    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        try:
            held = holds(value, extra, run.world.here(run.scope))
        except Exhausted:
            run.out.append(Finding("too-costly", place, EXHAUSTED, key, "warning"))
            return
        if not held:
            run.out.append(Finding("invariant", place, message, key, severity))

    return check


def _unjudged(message: str, key: str) -> Check:
    def check(value: Any, extra: Any, place: Place, run: Run) -> None:
        run.out.append(Finding("not-supported", place, message, key, "warning"))

    return check
