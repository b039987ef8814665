"""How the slices of an element are told apart (https://hl7.org/fhir/R4/profiling.html#discriminator).

A discriminator is a restricted FHIRPath. It is followed twice: in the slice's definition, to find what it asks for,
and in an instance, to find the values that must answer to it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapter.validation.leaves import fits, leaves, same
from adapter.validation.members import Item, gather, shown, slots_of
from adapter.validation.model import ProfileNode, TypeRule
from adapter.validation.world import PRESENT, Check, Compiles, Run

_STEP = re.compile(r"""(?<!\w)(\$this|\w+)(?:\(\s*['"]?([^'")]*)['"]?\s*\))?(?:\.|$)""")
_EXTENSIONS = ("extension", "modifierExtension")
Matches = Callable[[Item, Run], bool]
Step = tuple[str, str]


def steps_of(path: str) -> list[Step]:
    """Part a discriminator's path in (name, argument); `$this` is no step."""
    found = [(match[1], match[2] or "") for match in _STEP.finditer(path) if match[0]]
    return [("resolve", "") if name == "resolve" else (name, argument) for name, argument in found if name != "$this"]


def matcher(kind: str, path: str, node: ProfileNode, compiler: Compiles, label: str) -> Matches | None:
    """Whether a value answers to one discriminator of a slice; nothing where the slice asks for nothing there.

    Args:
        kind: `value`, `pattern`, `exists`, `type` or `profile`.
        path: the discriminator's path.
        node: the slice.
        compiler: makes profiles ready.
        label: name of the profile, for messages.
    """
    steps = steps_of(path)
    asked = _asked(node, steps, compiler)
    if asked is None:
        return None
    test = _test(kind, asked, compiler, label)
    if test is None:
        return None
    if kind == "exists":
        wanted = asked.max != 0
        return lambda item, run: bool(_select([item], steps, run)) is wanted
    if not steps:
        return test
    return lambda item, run: any(test(found, run) for found in _select([item], steps, run))


def _test(kind: str, asked: ProfileNode, compiler: Compiles, label: str) -> Matches | None:
    if kind == "exists":
        return (lambda item, run: True) if asked.max == 0 or asked.min else None
    if kind == "type":
        codes = frozenset(shown(rule.code) for rule in asked.types)
        return (lambda item, run: item.kind in codes) if codes else None
    if kind == "profile":
        urls = tuple(url for rule in asked.types for url in rule.profiles)
        return _conforms(urls, compiler) if urls else None
    return _value(asked, compiler, label)


def _conforms(urls: tuple[str, ...], compiler: Compiles) -> Matches:
    def test(item: Item, run: Run) -> bool:
        return any(compiler.satisfied(url, item.value, item.extra, item.place, run) is not False for url in urls)

    return test


def _value(asked: ProfileNode, compiler: Compiles, label: str) -> Matches | None:
    if asked.fixed is not None:
        fixed = asked.fixed["value"]
        return lambda item, run: same(item.value, fixed)
    if asked.pattern is not None:
        pattern = asked.pattern["value"]
        return lambda item, run: fits(item.value, pattern)
    if asked.binding is not None and asked.binding.strength == "required":
        return _passing(lambda kind: tuple(leaves(_only_bound(asked), kind, label, compiler.definitions)))
    if asked.children or asked.types:
        return _passing(lambda kind: compiler.checks(asked, kind, label))
    return None


def _only_bound(asked: ProfileNode) -> ProfileNode:
    return ProfileNode(path=asked.path, binding=asked.binding)


def _passing(checks_of: Callable[[str], tuple[Check, ...]]) -> Matches:
    plans: dict[str, tuple[Check, ...]] = {}

    def test(item: Item, run: Run) -> bool:
        plan = plans.get(item.kind)
        if plan is None:
            plan = plans[item.kind] = checks_of(item.kind)
        inner = run.fresh()
        for check in plan:
            check(item.value, item.extra, item.place, inner)
        return not any(finding.severity == "error" for finding in inner.out)

    return test


def _asked(node: ProfileNode, steps: list[Step], compiler: Compiles) -> ProfileNode | None:
    """The element of a definition that a path leads to."""
    for position, (name, argument) in enumerate(steps):
        found = _below(node, name, argument, compiler)
        if found is None:
            return _within_value(node, steps[position:])
        node = found
    return node


def _below(node: ProfileNode, name: str, argument: str, compiler: Compiles) -> ProfileNode | None:
    if name == "resolve":
        return _target(node, compiler)
    if name in ("ofType", "as"):
        return node
    if name in _EXTENSIONS and argument:
        return _extension(node, name, argument, compiler)
    holders = (node, *node.slices.values())
    found = (each.children.get(name) or each.children.get(f"{name}[x]") for each in holders)
    child = next((each for each in found if each is not None), None)
    if child is None:
        for url in (url for rule in node.types for url in rule.profiles):
            profile = compiler.known(url)
            child = _below(profile.root, name, argument, compiler) if profile else None
            if child is not None:
                break
    return child


def _target(node: ProfileNode, compiler: Compiles) -> ProfileNode | None:
    """A reference's target as an element: of the types and profiles that the reference allows."""
    urls = [url for rule in node.types for url in rule.targets]
    rules = []
    for url in urls:
        profile = compiler.known(url)
        kind = profile.type if profile else url.removeprefix(PRESENT)
        rules.append(TypeRule(code=kind, profiles=(url,)))
    first = compiler.known(urls[0]) if len(urls) == 1 else None
    children = first.root.children if first else {}
    return ProfileNode(path=node.path, types=tuple(rules), children=children) if rules else None


def _extension(node: ProfileNode, name: str, url: str, compiler: Compiles) -> ProfileNode | None:
    holder = node.children.get(name)
    for each in holder.slices.values() if holder else ():
        fixed = each.children["url"].fixed if "url" in each.children else None
        if (fixed and fixed["value"] == url) or any(url in rule.profiles for rule in each.types):
            if set(each.children) - {"url"}:
                return each
            profile = compiler.known(url)
            root = profile.root if profile else each
            return ProfileNode(path=each.path, min=each.min, max=each.max, types=each.types, children=root.children)
    return None


def _within_value(node: ProfileNode, steps: list[Step]) -> ProfileNode | None:
    """What a fixed or pattern value above says of an element below it."""
    said = node.pattern or node.fixed
    value: Any = said["value"] if said else None
    for name, _ in steps:
        if isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        value = value.get(name) if isinstance(value, Mapping) else None
    return None if value is None else ProfileNode(path=node.path, pattern={"kind": "", "value": value})


def _select(items: list[Item], steps: list[Step], run: Run) -> list[Item]:
    """The values that a path leads to."""
    for name, argument in steps:
        items = [found for item in items for found in _step(item, name, argument, run)]
    return items


def _step(item: Item, name: str, argument: str, run: Run) -> list[Item]:
    if name == "resolve":
        return _resolved(item, run)
    if name in ("ofType", "as"):
        return [item] if item.kind == argument else []
    if not isinstance(item.value, dict):
        return []
    slots = slots_of(item.kind, name)
    found = gather(item.value, slots, item.place) if slots else []
    if name in _EXTENSIONS and argument:
        return [one for one in found if isinstance(one.value, dict) and one.value.get("url") == argument]
    return found


def _resolved(item: Item, run: Run) -> list[Item]:
    link = item.value.get("reference") if isinstance(item.value, dict) else item.value
    found = run.world.resolve(link, run.scope) if isinstance(link, str) and link else []
    return [Item(scope.resource, None, scope.kind, scope.place) for scope in found[:1]]
