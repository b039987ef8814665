"""Profiles merged down their chain: each differential laid over the tree of its base.

A differential is `[[element id, {fact}], ...]` as `differentials` makes it. Facts of a deeper profile win, constraints
add up, a slice holds what is said of the sliced element as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from adapter.validation.model import PRIMITIVES, Binding, Constraint, ProfileNode, Slicing, TypeRule

_EXTENSIONS = ("extension", "modifierExtension")
_BY_URL = Slicing(discriminators=(("value", "url"),))
_BY_TYPE = Slicing(discriminators=(("type", "$this"),))
# What a cut tree does not say again below a slice: how often, and how the slices are told apart.
_OF_SLICED: dict[str, Any] = {"min": None, "max": None, "slicing": None, "slices": {}}


def tree(kind: str, elements: Iterable[Sequence[Any]]) -> ProfileNode:
    """The tree of one differential alone.

    Args:
        kind: the type constrained; the ids start with it.
        elements: (element id, fact) as `differentials.compact` makes them.
    """
    top = _Growing(kind)
    for path, fact in elements:
        node = top
        for step in path.split(".")[1:]:
            node = node.at(step)
        node.said.update(fact)
    return top.node()


class _Growing:
    """A node while its tree is read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.said: dict[str, Any] = {}
        self._children: dict[str, _Growing] = {}
        self._slices: dict[str, _Growing] = {}

    def at(self, step: str) -> "_Growing":
        name, _, sliced = step.partition(":")
        child = self._children.setdefault(name, _Growing(f"{self.path}.{name}"))
        return child._slices.setdefault(sliced, _Growing(child.path)) if sliced else child

    def node(self) -> ProfileNode:
        said = self.said
        return ProfileNode(
            path=self.path,
            min=said.get("min"),
            max=said.get("max"),
            types=tuple(_type(*each) for each in said.get("types", ())),
            fixed=said.get("fixed"),
            pattern=said.get("pattern"),
            binding=_binding(*said["binding"]) if "binding" in said else None,
            constraints=tuple(_constraint(*each) for each in said.get("constraints", ())),
            min_value=said.get("min_value"),
            max_value=said.get("max_value"),
            max_length=said.get("max_length"),
            slicing=_slicing(**said["slicing"]) if "slicing" in said else None,
            slices={name: each.node() for name, each in self._slices.items()},
            children={name: each.node() for name, each in self._children.items()},
        )


def _type(
    code: str, profiles: Sequence[str] = (), targets: Sequence[str] = (), aggregation: Sequence[str] = ()
) -> TypeRule:
    return TypeRule(code=code, profiles=tuple(profiles), targets=tuple(targets), aggregation=tuple(aggregation))


def _binding(value_set: str, strength: Any, most: str | None = None) -> Binding:
    return Binding(value_set=value_set, strength=strength, most=most)


def _constraint(key: str, expression: str, severity: Any = "error") -> Constraint:
    return Constraint(key=key, expression=expression, severity=severity)


def _slicing(by: Sequence[Sequence[Any]] = (), rules: Any = "open", ordered: bool = False) -> Slicing:
    return Slicing(discriminators=tuple((kind, path) for kind, path in by), rules=rules, ordered=ordered)


def merged(base: ProfileNode, over: ProfileNode) -> ProfileNode:
    """Lay a differential's tree over that of its base."""
    keys = {each.key for each in over.constraints}
    slicing = over.slicing or base.slicing
    if slicing and base.slicing and not slicing.discriminators:
        slicing = msgspec.structs.replace(slicing, discriminators=base.slicing.discriminators)
    return ProfileNode(
        path=base.path,
        min=base.min if over.min is None else over.min,
        max=base.max if over.max is None else over.max,
        types=over.types or base.types,
        fixed=over.fixed or base.fixed,
        pattern=over.pattern or base.pattern,
        binding=over.binding or base.binding,
        constraints=(*(each for each in base.constraints if each.key not in keys), *over.constraints),
        min_value=over.min_value or base.min_value,
        max_value=over.max_value or base.max_value,
        max_length=base.max_length if over.max_length is None else over.max_length,
        slicing=slicing,
        slices=_both(base.slices, over.slices),
        children=_both(base.children, over.children),
    )


def _both(base: Mapping[str, ProfileNode], over: Mapping[str, ProfileNode]) -> dict[str, ProfileNode]:
    made = dict(base)
    for name, node in over.items():
        made[name] = merged(made[name], node) if name in made else node
    return made


def finished(node: ProfileNode) -> ProfileNode:
    """Complete a merged tree: slicings that go without saying, slices that hold what the sliced element says."""
    name = node.path.rpartition(".")[2]
    slicing = node.slicing
    if node.slices and (slicing is None or not slicing.discriminators):
        implied = _BY_URL if name in _EXTENSIONS else _BY_TYPE if name.endswith("[x]") else None
        if implied and slicing:
            implied = msgspec.structs.replace(implied, rules=slicing.rules, ordered=slicing.ordered)
        slicing = implied or slicing
    root = msgspec.structs.replace(node, **_OF_SLICED)
    slices: dict[str, ProfileNode] = {}
    for sliced, own in node.slices.items():
        outer = node.slices.get(sliced.rpartition("/")[0])
        around = merged(root, msgspec.structs.replace(outer, **_OF_SLICED)) if outer else root
        slices[sliced] = finished(_named(name, sliced, merged(around, own)))
    return msgspec.structs.replace(
        node,
        slicing=slicing,
        slices=slices,
        children={child: finished(each) for child, each in node.children.items()},
    )


def _named(name: str, sliced: str, node: ProfileNode) -> ProfileNode:
    """Write out what a slice's name or profile says: the type of a choice, the url of an extension."""
    stem = name.removesuffix("[x]")
    if stem != name and len(node.types) != 1 and sliced.startswith(stem):
        kind = sliced.removeprefix(stem)
        fitting = [each for each in node.types if each.code.lower() == kind.lower()]
        low = kind[:1].lower() + kind[1:]
        types = fitting or [TypeRule(code=low if low in PRIMITIVES else kind)]
        return msgspec.structs.replace(node, types=tuple(types))
    if name in _EXTENSIONS and len(node.types) == 1 and len(node.types[0].profiles) == 1:
        url = ProfileNode(path=f"{node.path}.url", fixed={"kind": "uri", "value": node.types[0].profiles[0]})
        return msgspec.structs.replace(node, children={"url": url, **node.children})
    return node
