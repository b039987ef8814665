"""The laws of every mapper: what was written is read back the same, and a reader refuses with Problems only."""

from collections.abc import Callable
from typing import Any

from mappings.fhir.context import Reading, Writing, inverse
from mappings.fhir.wire import dumps, read_object
from mappings.problems import Problem, ProblemError
from tests.strategies import WRITING


def there_and_back(
    to_fhir: Callable[..., dict[str, Any]], from_fhir: Callable[..., Any], value: Any, ctx: Writing = WRITING
) -> Any:
    """The value as it is read again from the JSON text of what was written."""
    return from_fhir(read_object(dumps(to_fhir(value, ctx))), inverse(ctx))


def problems_of(from_fhir: Callable[..., Any], resource: dict[str, Any]) -> tuple[Problem, ...]:
    """The Problems with which the reader refuses; an answer is a fault of the test's expectation."""
    try:
        from_fhir(resource, Reading({}))
    except ProblemError as error:
        return error.problems
    raise AssertionError("was read, not refused")


def reads_or_refuses(from_fhir: Callable[..., Any], resource: dict[str, Any]) -> bool:
    """Whether it is read; True or False, but never another exception than ProblemError."""
    try:
        from_fhir(resource, Reading({}))
    except ProblemError:
        return False
    return True
