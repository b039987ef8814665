"""Paths of named steps, `code.coding.system`, with short ways for what invariants ask of them most."""

from adapter.validation.facts import resource_types
from adapter.validation.fhirpath.closures import Code, Frame, Items, This, Truth, truth_of
from adapter.validation.fhirpath.operators import equals_text
from adapter.validation.fhirpath.values import Step, Value, is_exactly, named, step

_ABSTRACT = ("Resource", "DomainResource", "Element", "BackboneElement")


class _Known(dict[str, Step]):
    """The step of one name, by kind."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __missing__(self, kind: str) -> Step:
        self[kind] = found = step(kind, self._name)
        return found


def path(source: Items | None, names: tuple[str, ...]) -> Code:
    """The steps, from a collection or from `$this`; the head may be the type of `$this`, `Patient.name`."""
    if source is None and (names[0] in resource_types() or names[0] in _ABSTRACT):
        head = _of_type(names[0])
        return _walk(head, names[1:]) if names[1:] else _items_only(head)
    if source is None and len(names) == 1:
        return _child(names[0])
    return _walk(source, names)


def _of_type(name: str) -> Items:
    return lambda this, _: [this] if this is not None and is_exactly(this[2], name) else []


def _items_only(items: Items) -> Code:
    return _walk(items, ())


def _child(name: str) -> Code:
    """One step from `$this`."""
    known = _Known(name)

    def items(this: This, frame: Frame) -> list[Value]:
        made: list[Value] = []
        if this is not None:
            named(known[this[2]], this, made)
        return made

    def exists(this: This, frame: Frame) -> bool:
        if this is None:
            return False
        found = known[this[2]]
        data = this[0]
        if type(data) is dict and found.choices is None:
            got = data.get(found.name)
            if type(got) is str:
                return bool(found.shadow)
            if type(got) is dict and got and not found.shadow:
                return True
            if got is None and found.shadow not in data:
                return False
        made: list[Value] = []
        named(found, this, made)
        return bool(made)

    return Code(items, _as_truth(items), exists)


def _walk(source: Items | None, names: tuple[str, ...]) -> Code:
    steps = [_Known(name) for name in names]

    def items(this: This, frame: Frame) -> list[Value]:
        current = source(this, frame) if source is not None else [] if this is None else [this]
        for known in steps:
            found: list[Value] = []
            for value in current:
                named(known[value[2]], value, found)
            if not found:
                return found
            current = found
        return current

    def exists(this: This, frame: Frame) -> bool:
        return bool(items(this, frame))

    return Code(items, _as_truth(items), exists)


def _as_truth(items: Items) -> Truth:
    """As `closures.of_items` has it, without its closure for `exists`."""
    return lambda this, frame: truth_of(items(this, frame))


def child_is(name: str, expected: str) -> Truth:
    """`name = 'text'` for a child of `$this`."""
    known = _Known(name)
    slow = equals_text(_child(name).items, expected)

    def truth(this: This, frame: Frame) -> bool | None:
        if this is not None and type(this[0]) is dict:
            found = known[this[2]]
            if found.shadow and found.choices is None:
                got = this[0].get(found.name)
                if type(got) is str:
                    return got == expected
                if got is None and found.shadow not in this[0]:
                    return None
        return slow(this, frame)

    return truth
