"""FHIRPath (N1, as FHIR R4 uses it: https://hl7.org/fhir/R4/fhirpath.html) compiled to Python, for invariants.

Our own and not a library: the kept one (fhirpathpy) needs milliseconds for an invariant, and a resource has dozens;
it is the oracle that the tests hold this against. Where HL7's validator and N1 part, HL7's reading is taken: it is
the one that published expressions were tried on (HL7 org.hl7.fhir.core, FHIRPathEngine).

An expression is parsed once and becomes closures over plain parsed JSON. Running one never raises: what HL7's engine
answers with an exception (several values where one is asked for) makes an invariant false, JSON of the wrong shape is
passed over, because the ring of structure reports it.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from adapter.validation.fhirpath.closures import Code, Exhausted, Frame, Here
from adapter.validation.fhirpath.compiler import compile_text
from adapter.validation.fhirpath.corrections import corrected
from adapter.validation.fhirpath.equality import Failed
from adapter.validation.fhirpath.native import NATIVE
from adapter.validation.fhirpath.syntax import UnsupportedExpression

Test: TypeAlias = Callable[[Any, Any, Here], bool]

# Exceptions of the arithmetic of decimals with absurd exponents, and of nesting beyond what Python follows.
_NO_RESULT = (Failed, ArithmeticError, RecursionError)


@functools.lru_cache(maxsize=4096)
def _code(expression: str) -> Code:
    return compile_text(expression)


@functools.lru_cache(maxsize=8192)
def compiled(expression: str, kind: str, key: str = "") -> Test:
    """An invariant as a function of (value, extra, here): whether it is satisfied.

    Args:
        expression: FHIRPath; one that R4 published wrong is corrected (see `corrections`).
        kind: R4 type, resource type or path of a backbone element of the values it will be asked of.
        key: id of the invariant, `txt-2`: two of R4 share an expression and mean different things.

    Returns:
        A function of the JSON value, the object of a primitive's id and extensions (None without) and the place.
        It is true where the collection the expression makes converts to true: one true, one value that is no boolean,
        or several values; false where it is empty or has no result. It raises `Exhausted`, and nothing else, where
        it would take too many steps.

    Raises:
        UnsupportedExpression: naming what is not supported.
    """
    text = corrected(expression, key)
    native = NATIVE.get(text)
    if native is not None:
        return native
    truth, items = _code(text).truth, _code(text).items

    def test(value: Any, extra: Any, here: Here) -> bool:
        this = (value, extra, kind)
        try:
            return truth(this, Frame(here, this)) is True
        except Failed:
            return _several(items, this, here)
        except _NO_RESULT:
            return False

    return test


def _several(items: Callable[..., Any], this: Any, here: Here) -> bool:
    """Several values are true as a result, though they are no operand of logic."""
    try:
        return len(items(this, Frame(here, this))) > 1
    except _NO_RESULT:
        return False


def evaluate(expression: str, kind: str, value: Any, extra: Any, here: Here) -> list[Any]:
    """The JSON values an expression gives; for a primitive of extensions alone, None; nothing where it has no result.

    Raises:
        UnsupportedExpression: naming what is not supported.
    """
    return [one[0] for one in typed(expression, kind, value, extra, here)]


def typed(expression: str, kind: str, value: Any, extra: Any, here: Here) -> list[tuple[Any, Any, str]]:
    """Like `evaluate`, as (value, extra, type), the type an R4 type or a System type.

    Raises:
        UnsupportedExpression: naming what is not supported.
    """
    this = (value, extra, kind)
    items = _code(expression).items
    try:
        return list(items(this, Frame(here, this)))
    except (*_NO_RESULT, Exhausted):
        return []


EXHAUSTED = "cannot be judged: that takes more steps than there is time for"

__all__ = ["EXHAUSTED", "Exhausted", "Here", "UnsupportedExpression", "compiled", "evaluate", "typed"]
