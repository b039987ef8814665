"""Several things at a time, never more than allowed, and none begun after the first failure that ends it all."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def several(work: Callable[[T], R], things: Iterable[T], at_once: int) -> Iterator[R]:
    """Do `work` on each thing in up to `at_once` threads; results as they come.

    Things are taken when a thread is free for them, so that the memory needed does not grow with their number. What
    `work` raises ends it: nothing more is begun, what runs is waited for.
    """
    rest = iter(things)
    with ThreadPoolExecutor(at_once, thread_name_prefix="transfer") as pool:
        running: set[Future[R]] = {pool.submit(work, thing) for thing in islice(rest, at_once)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            failed = [future for future in done if future.exception() is not None]
            if failed:
                wait(running)
            for future in done:
                if future not in failed:
                    yield future.result()
            if failed:
                yield from (future.result() for future in running if future.exception() is None)
                failed[0].result()
            running |= {pool.submit(work, thing) for thing in islice(rest, len(done))}


__all__ = ["several"]
