"""What an expression becomes: closures over the value it is asked of, and the frame of one evaluation."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from adapter.validation.fhirpath.equality import Failed
from adapter.validation.fhirpath.values import FALSE, TRUE, Value
from mappings.fhir.wire import Json


class Here(NamedTuple):
    """Where the element stands.

    Attributes:
        resource: the resource it is in, or the contained one: `%resource`.
        root: the resource that is in no other: `%rootResource`; the container where the resource is contained.
        resolve: gives the resource a reference leads to, None where it is not at hand; asked for what is no `#id`.
        extension: for the context invariant of an extension, the extension: `%extension`.
        memo: what parts of expressions made that depend on the resource alone; none where nothing is remembered.
    """

    resource: Json
    root: Json
    resolve: Callable[[str], Json | None]
    extension: Json | None = None
    memo: dict[object, list[Value]] | None = None


MOST_STEPS = 1_000_000
"""Values that one evaluation may go over, characters it may write: a million takes about a second."""


class Exhausted(Exception):
    """An evaluation took more steps than one may: whether the invariant holds cannot be judged."""


def spend(frame: "Frame", steps: int) -> None:
    """Count steps of an evaluation.

    Raises:
        Exhausted: there were too many.
    """
    frame.left -= steps
    if frame.left < 0:
        raise Exhausted


class Frame:
    """The state of one evaluation."""

    __slots__ = ("context", "here", "index", "left", "total")

    def __init__(self, here: Here, context: Value) -> None:
        self.here = here
        self.context = context
        self.index = 0
        self.left = MOST_STEPS
        self.total: list[Value] = []


This: TypeAlias = Value | None
Items: TypeAlias = Callable[[This, Frame], list[Value]]
Truth: TypeAlias = Callable[[This, Frame], bool | None]
Exists: TypeAlias = Callable[[This, Frame], bool]

_YES, _NO = [TRUE], [FALSE]


class Code(NamedTuple):
    """A compiled node in three forms, of which the shortest that serves is run.

    Attributes:
        items: the collection.
        truth: the collection as an operand of logic: none where it is empty, true for one value that is no boolean.
        exists: whether the collection has anything.
    """

    items: Items
    truth: Truth
    exists: Exists


Make: TypeAlias = Callable[[Code, list[Code]], Code]


def truth_of(items: list[Value]) -> bool | None:
    """A collection as a boolean (N1, 4.5: singleton evaluation).

    Raises:
        Failed: it has more than one value.
    """
    if not items:
        return None
    if len(items) > 1:
        raise Failed
    value = items[0][0]
    return value if value is True or value is False else True


def of_items(items: Items) -> Code:
    """Code whose collection is what is known how to make."""

    def truth(this: This, frame: Frame) -> bool | None:
        return truth_of(items(this, frame))

    def exists(this: This, frame: Frame) -> bool:
        return bool(items(this, frame))

    return Code(items, truth, exists)


def of_truth(truth: Truth) -> Code:
    """Code that makes a boolean, or nothing."""

    def items(this: This, frame: Frame) -> list[Value]:
        answer = truth(this, frame)
        return [] if answer is None else _YES if answer else _NO

    def exists(this: This, frame: Frame) -> bool:
        return truth(this, frame) is not None

    return Code(items, truth, exists)


def remembered(code: Code) -> Code:
    """Code that depends on the resource alone, run once for each place that remembers."""
    before, key = code.items, object()

    def items(this: This, frame: Frame) -> list[Value]:
        memo = frame.here.memo
        if memo is None:
            return before(this, frame)
        found = memo.get(key)
        if found is None:
            found = memo[key] = before(this, frame)
        return found

    return of_items(items)


def constant(values: list[Value]) -> Code:
    """Code that makes the same collection always."""
    return of_items(lambda _, __: values)


def single(values: list[Value]) -> Value | None:
    """The one value of a collection, none of an empty one.

    Raises:
        Failed: there are several.
    """
    if len(values) > 1:
        raise Failed
    return values[0] if values else None


def string(values: list[Value]) -> str | None:
    """The one text of a collection, none where there is none.

    Raises:
        Failed: there are several values.
    """
    if not values:
        return None
    value = single(values)
    data: Any = value[0] if value is not None else None
    return data if type(data) is str else None


def made(data: Any, kind: str) -> list[Value]:
    """A collection of one System value."""
    return [(data, None, f"System.{kind}")]
