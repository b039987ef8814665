"""Operators of FHIRPath (N1, section 6) as code."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapter.validation.fhirpath.closures import (
    Code,
    Frame,
    Items,
    This,
    Truth,
    made,
    of_items,
    of_truth,
    single,
    spend,
)
from adapter.validation.fhirpath.dates import moved
from adapter.validation.fhirpath.equality import (
    Failed,
    distinct,
    equal,
    equal_all,
    equivalent,
    number,
    order,
    text,
    within,
)
from adapter.validation.fhirpath.values import QUANTITIES, Value

Make = Callable[[Code, Code], Code]


def _and(left: Code, right: Code) -> Code:
    one, other = left.truth, right.truth

    def truth(this: This, frame: Frame) -> bool | None:
        a = one(this, frame)
        if a is False:
            return False
        b = other(this, frame)
        return False if b is False else None if a is None or b is None else True

    return of_truth(truth)


def _or(left: Code, right: Code) -> Code:
    one, other = left.truth, right.truth

    def truth(this: This, frame: Frame) -> bool | None:
        a = one(this, frame)
        if a:
            return True
        b = other(this, frame)
        return True if b else None if a is None or b is None else False

    return of_truth(truth)


def _xor(left: Code, right: Code) -> Code:
    one, other = left.truth, right.truth

    def truth(this: This, frame: Frame) -> bool | None:
        a, b = one(this, frame), other(this, frame)
        return None if a is None or b is None else a is not b

    return of_truth(truth)


def _implies(left: Code, right: Code) -> Code:
    one, other = left.truth, right.truth

    def truth(this: This, frame: Frame) -> bool | None:
        a = one(this, frame)
        if a is False:
            return True
        b = other(this, frame)
        return True if b else None if a is None or b is None else False

    return of_truth(truth)


def _equals(left: Code, right: Code) -> Code:
    one, other = left.items, right.items

    def truth(this: This, frame: Frame) -> bool | None:
        a = one(this, frame)
        return equal_all(a, other(this, frame)) if a else None

    return of_truth(truth)


def equals_text(left: Items, expected: str) -> Truth:
    """`left = 'text'`."""

    def truth(this: This, frame: Frame) -> bool | None:
        values = left(this, frame)
        if not values:
            return None
        return len(values) == 1 and text(values[0]) == expected

    return truth


def negated(truth: Truth) -> Truth:
    """The opposite; nothing stays nothing."""

    def opposite(this: This, frame: Frame) -> bool | None:
        answer = truth(this, frame)
        return None if answer is None else not answer

    return opposite


def _not_equals(left: Code, right: Code) -> Code:
    return of_truth(negated(_equals(left, right).truth))


def _equivalent(left: Code, right: Code) -> Code:
    def truth(this: This, frame: Frame) -> bool:
        a, b = left.items(this, frame), right.items(this, frame)
        return len(a) == len(b) and all(any(equivalent(value, other) for other in b) for value in a)

    return of_truth(truth)


def _not_equivalent(left: Code, right: Code) -> Code:
    return of_truth(negated(_equivalent(left, right).truth))


def _ordered(holds: Callable[[int], bool]) -> Make:
    def make(left: Code, right: Code) -> Code:
        def truth(this: This, frame: Frame) -> bool | None:
            a, b = left.items(this, frame), right.items(this, frame)
            if not a or not b:
                return None
            if len(a) > 1 or len(b) > 1:
                return None
            answer = order(a[0], b[0])
            return None if answer is None else holds(answer)

        return of_truth(truth)

    return make


def _in(left: Code, right: Code) -> Code:
    def truth(this: This, frame: Frame) -> bool | None:
        values = left.items(this, frame)
        if not values:
            return None
        others = right.items(this, frame)
        spend(frame, len(values) * len(others))
        return all(any(equal(value, other) for other in others) for value in values)

    return of_truth(truth)


def _contains(left: Code, right: Code) -> Code:
    def truth(this: This, frame: Frame) -> bool | None:
        values, others = left.items(this, frame), right.items(this, frame)
        if not values or not others:
            return None
        return all(within(value, values) for value in others)

    return of_truth(truth)


def union(left: Code, right: Code) -> Code:
    """Both collections, repetitions left out."""

    def items(this: This, frame: Frame) -> list[Value]:
        values = [*left.items(this, frame), *right.items(this, frame)]
        spend(frame, len(values) if all(type(value[0]) is str for value in values) else len(values) ** 2 // 8)
        return distinct(values)

    def exists(this: This, frame: Frame) -> bool:
        return left.exists(this, frame) or right.exists(this, frame)

    return of_items(items)._replace(exists=exists)


def _concatenate(left: Code, right: Code) -> Code:
    def items(this: This, frame: Frame) -> list[Value]:
        a, b = single(left.items(this, frame)), single(right.items(this, frame))
        whole = (text(a) or "" if a else "") + (text(b) or "" if b else "")
        spend(frame, len(whole) // 100)
        return made(whole, "String")

    return of_items(items)


def _arithmetic(calculate: Callable[[Any, Any], Any]) -> Make:
    def make(left: Code, right: Code) -> Code:
        def items(this: This, frame: Frame) -> list[Value]:
            one, other = single(left.items(this, frame)), single(right.items(this, frame))
            if one is None or other is None:
                return []
            a, b = number(one[0]), number(other[0])
            if a is None or b is None:
                if other[2] in QUANTITIES and calculate in (_plus, _minus) and type(one[0]) is str:
                    answer = moved(one, other, 1 if calculate is _plus else -1)
                    return [] if answer is None else [answer]
                a, b = one[0], other[0]
                if calculate is not _plus or type(a) is not str or type(b) is not str:
                    raise Failed
                return made(a + b, "String")
            answer = calculate(a, b)
            if answer is None:
                return []
            return made(answer, "Decimal" if isinstance(answer, Decimal) else "Integer")

        return of_items(items)

    return make


def _plus(a: Any, b: Any) -> Any:
    return a + b


def _minus(a: Any, b: Any) -> Any:
    return a - b


def _divide(a: Any, b: Any) -> Any:
    return Decimal(a) / Decimal(b) if b else None


def _div(a: Any, b: Any) -> Any:
    return int(Decimal(a) / Decimal(b)) if b else None


def _mod(a: Any, b: Any) -> Any:
    """The remainder has the sign of the dividend."""
    if not b:
        return None
    rest = Decimal(a) % Decimal(b)
    return rest if isinstance(a, Decimal) or isinstance(b, Decimal) else int(rest)


OPERATORS: dict[str, Make] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
    "=": _equals,
    "!=": _not_equals,
    "~": _equivalent,
    "!~": _not_equivalent,
    "<": _ordered(lambda answer: answer < 0),
    "<=": _ordered(lambda answer: answer <= 0),
    ">": _ordered(lambda answer: answer > 0),
    ">=": _ordered(lambda answer: answer >= 0),
    "in": _in,
    "contains": _contains,
    "|": union,
    "&": _concatenate,
    "+": _arithmetic(_plus),
    "-": _arithmetic(_minus),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(_divide),
    "div": _arithmetic(_div),
    "mod": _arithmetic(_mod),
}
