"""Long work tells whoever watches how far it is. Nobody watching, nothing is told; what is done is the same."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Watcher = Callable[[int, int | None], None]
"""Told how many are done, and of how many where that is known."""
_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)
STEP = 50


@contextmanager
def watched(by: Watcher | None) -> Iterator[None]:
    """Within this, `by` is told of the work."""
    token = _WATCHER.set(by)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def counted(things: Iterable[T]) -> Iterator[T]:
    """The same things; the watcher is told of every fiftieth."""
    watcher = _WATCHER.get()
    if watcher is None:
        yield from things
        return
    for number, thing in enumerate(things, 1):
        yield thing
        if number % STEP == 0:
            watcher(number, None)
