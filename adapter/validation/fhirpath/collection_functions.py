"""Functions on collections (FHIRPath N1, sections 5.1 to 5.4, 5.8, 5.9) as code."""

from collections.abc import Callable, Iterator
from typing import Any

from adapter.validation.fhirpath.closures import (
    Code,
    Exhausted,
    Frame,
    Items,
    Make,
    This,
    made,
    of_items,
    of_truth,
    single,
    spend,
)
from adapter.validation.fhirpath.equality import Failed, distinct, number, within
from adapter.validation.fhirpath.operators import negated, union
from adapter.validation.fhirpath.values import Value, children, descendants

_MOST = 100_000  # values that `repeat` may gather: no resource has so many


def _each(source: Code, criterion: Items) -> Callable[[This, Frame], Iterator[tuple[Value, list[Value]]]]:
    """Each value with what the criterion makes of it, `$index` counting."""

    def judged(this: This, frame: Frame) -> Iterator[tuple[Value, list[Value]]]:
        outer = frame.index
        for index, value in enumerate(source.items(this, frame)):
            frame.index = index
            yield value, criterion(value, frame)
            frame.index = outer

    return judged


def _exists(source: Code, arguments: list[Code]) -> Code:
    if not arguments:
        return of_truth(source.exists)
    return of_truth(where(source, arguments).exists)


def _empty(source: Code, _: list[Code]) -> Code:
    exists = source.exists
    return of_truth(lambda this, frame: not exists(this, frame))


def _not(source: Code, _: list[Code]) -> Code:
    return of_truth(negated(source.truth))


def where(source: Code, arguments: list[Code]) -> Code:
    """The values for which the criterion is true."""
    before, criterion = source.items, arguments[0].truth

    def items(this: This, frame: Frame) -> list[Value]:
        values = before(this, frame)
        frame.left -= len(values)
        if frame.left < 0:
            raise Exhausted
        return [value for value in values if criterion(value, frame)]

    def exists(this: This, frame: Frame) -> bool:
        values = before(this, frame)
        frame.left -= len(values)
        if frame.left < 0:
            raise Exhausted
        for value in values:  # noqa: SIM110 - a generator costs as much again
            if criterion(value, frame):
                return True
        return False

    return of_items(items)._replace(exists=exists)


def _select(source: Code, arguments: list[Code]) -> Code:
    before, projection = source.items, arguments[0].items

    def items(this: This, frame: Frame) -> list[Value]:
        made = []
        for value in before(this, frame):
            found = projection(value, frame)
            spend(frame, 1 + len(found))
            made += found
        return made

    return of_items(items)


def _all(source: Code, arguments: list[Code]) -> Code:
    if not arguments:
        return _booleans(True, every=True)(source, [])
    before, criterion = source.items, arguments[0].truth

    def truth(this: This, frame: Frame) -> bool:
        values = before(this, frame)
        spend(frame, len(values))
        for value in values:  # noqa: SIM110 - a generator costs as much again
            if not criterion(value, frame):
                return False
        return True

    return of_truth(truth)


def indexed(name: str, source: Code, criterion: Code) -> Code:
    """`where`, `select`, `all` or `exists` of a criterion that asks for `$index`."""
    judged = _each(source, criterion.items)

    def select(this: This, frame: Frame) -> list[Value]:
        return [one for _, answers in judged(this, frame) for one in answers]

    def keep(this: This, frame: Frame) -> list[Value]:
        return [value for value, answers in judged(this, frame) if _is_true(answers)]

    def every(this: This, frame: Frame) -> bool:
        return all([_is_true(answers) for _, answers in judged(this, frame)])

    if name == "all":
        return of_truth(every)
    code = of_items(select if name == "select" else keep)
    return of_truth(code.exists) if name == "exists" else code


def _is_true(values: list[Value]) -> bool:
    return len(values) == 1 and values[0][0] is not False


def _repeat(source: Code, arguments: list[Code]) -> Code:
    """What the projection gives, and again of that, each value once (values are told apart by what they hold)."""
    projection = arguments[0].items

    def items(this: This, frame: Frame) -> list[Value]:
        seen: set[str] = set()
        made: list[Value] = []
        queue = list(source.items(this, frame))
        for value in queue:  # grows as it goes
            for found in projection(value, frame):
                mark = repr(found)
                spend(frame, 1 + len(mark) // 10)
                if mark not in seen:
                    seen.add(mark)
                    made.append(found)
                    queue.append(found)
            if len(made) > _MOST:
                raise Failed
        return made

    return of_items(items)


def _aggregate(source: Code, arguments: list[Code]) -> Code:
    step = arguments[0].items
    start = arguments[1].items if len(arguments) > 1 else None

    def items(this: This, frame: Frame) -> list[Value]:
        outer = frame.total
        frame.total = start(this, frame) if start else []
        for value in source.items(this, frame):
            frame.total = step(value, frame)
            spend(frame, 1 + len(frame.total))
        answer, frame.total = frame.total, outer
        return answer

    return of_items(items)


def _booleans(wanted: bool, *, every: bool) -> Make:
    """`allTrue`, `anyTrue`, `allFalse`, `anyFalse`."""

    def make(source: Code, _: list[Code]) -> Code:
        def truth(this: This, frame: Frame) -> bool:
            answers = [value[0] is wanted for value in source.items(this, frame)]
            return all(answers) if every else any(answers)

        return of_truth(truth)

    return make


def _count(source: Code, _: list[Code]) -> Code:
    return of_items(lambda this, frame: made(len(source.items(this, frame)), "Integer"))


def _is_distinct(source: Code, _: list[Code]) -> Code:
    def truth(this: This, frame: Frame) -> bool:
        values = source.items(this, frame)
        return len(_apart(values, frame)) == len(values)

    return of_truth(truth)


def _of(change: Callable[[list[Value]], list[Value]]) -> Make:
    """A function that makes a collection of a collection."""

    def make(source: Code, _: list[Code]) -> Code:
        return of_items(lambda this, frame: change(source.items(this, frame)))

    return make


def _single(values: list[Value]) -> list[Value]:
    if len(values) > 1:
        raise Failed
    return values


def _children(values: list[Value]) -> list[Value]:
    made: list[Value] = []
    for value in values:
        children(value, made)
    return made


def _descendants(source: Code, _: list[Code]) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        made = []
        for value in source.items(this, frame):
            found = descendants(value)
            spend(frame, 1 + len(found))
            made += found
        return made

    return of_items(items)


def _distinct(source: Code, _: list[Code]) -> Code:
    return of_items(lambda this, frame: _apart(source.items(this, frame), frame))


def _apart(values: list[Value], frame: Frame) -> list[Value]:
    spend(frame, len(values) if all(type(value[0]) is str for value in values) else len(values) ** 2 // 8)
    return distinct(values)


def _cut(cut: Callable[[list[Value], int], list[Value]]) -> Make:
    def make(source: Code, arguments: list[Code]) -> Code:
        def items(this: This, frame: Frame) -> list[Value]:
            asked = single(arguments[0].items(this, frame))
            if asked is None or not isinstance(asked[0], int):
                return []
            return cut(source.items(this, frame), asked[0])

        return of_items(items)

    return make


def at(source: Code, arguments: list[Code]) -> Code:
    """The indexer."""
    return _cut(lambda values, index: values[index : index + 1] if index >= 0 else [])(source, arguments)


def _paired(change: Callable[[list[Value], list[Value]], Any]) -> Make:
    """A function of two collections, which answers with a collection or a boolean."""

    def make(source: Code, arguments: list[Code]) -> Code:
        def items(this: This, frame: Frame) -> list[Value]:
            values, others = source.items(this, frame), arguments[0].items(this, frame)
            spend(frame, len(values) * (1 + len(others)))
            answer = change(values, others)
            return answer if isinstance(answer, list) else made(answer, "Boolean")

        return of_items(items)

    return make


def _iif(source: Code | None, arguments: list[Code]) -> Code:
    """The arguments are asked of the source where it is one value or none; without source of `$this`."""
    criterion, then = arguments[0].truth, arguments[1].items
    otherwise = arguments[2].items if len(arguments) > 2 else None

    def items(this: This, frame: Frame) -> list[Value]:
        focus = single(source.items(this, frame)) if source is not None else this
        if criterion(focus, frame):
            return then(focus, frame)
        return otherwise(focus, frame) if otherwise else []

    return of_items(items)


def whole(data: Any) -> int:
    """A count as an integer, zero for what is none."""
    found = number(data)
    return int(found) if found is not None else 0


FUNCTIONS: dict[str, tuple[int, int, Make]] = {
    "exists": (0, 1, _exists),
    "empty": (0, 0, _empty),
    "not": (0, 0, _not),
    "where": (1, 1, where),
    "select": (1, 1, _select),
    "all": (0, 1, _all),
    "repeat": (1, 1, _repeat),
    "aggregate": (1, 2, _aggregate),
    "allTrue": (0, 0, _booleans(True, every=True)),
    "anyTrue": (0, 0, _booleans(True, every=False)),
    "allFalse": (0, 0, _booleans(False, every=True)),
    "anyFalse": (0, 0, _booleans(False, every=False)),
    "count": (0, 0, _count),
    "distinct": (0, 0, _distinct),
    "isDistinct": (0, 0, _is_distinct),
    "first": (0, 0, _of(lambda values: values[:1])),
    "last": (0, 0, _of(lambda values: values[-1:])),
    "tail": (0, 0, _of(lambda values: values[1:])),
    "single": (0, 0, _of(_single)),
    "skip": (1, 1, _cut(lambda values, count: values[max(count, 0) :])),
    "take": (1, 1, _cut(lambda values, count: values[: max(count, 0)])),
    "union": (1, 1, lambda source, arguments: union(source, arguments[0])),
    "combine": (1, 1, _paired(lambda values, others: [*values, *others])),
    "intersect": (1, 1, _paired(lambda values, others: distinct([v for v in values if within(v, others)]))),
    "exclude": (1, 1, _paired(lambda values, others: [v for v in values if not within(v, others)])),
    "subsetOf": (1, 1, _paired(lambda values, others: all(within(v, others) for v in values))),
    "supersetOf": (1, 1, _paired(lambda values, others: all(within(v, values) for v in others))),
    "children": (0, 0, _of(_children)),
    "descendants": (0, 0, _descendants),
}
iif = _iif
