"""Never more at a time than allowed, nothing begun after a failure, and what was done is not lost."""

import threading
import time
from collections.abc import Generator

import pytest

from adapter.transfer.workers import several


def test_all_is_done_and_never_more_at_a_time() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def work(number: int) -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return number * number

    assert sorted(several(work, range(30), 3)) == sorted(number * number for number in range(30))
    assert 1 <= most[0] <= 3


def test_things_are_taken_when_there_is_a_thread_for_them() -> None:
    taken: list[int] = []

    def things() -> Generator[int, None, None]:
        for number in range(100):
            taken.append(number)
            yield number

    found = several(lambda number: number, things(), 2)
    next(found)
    assert len(taken) <= 4
    assert isinstance(found, Generator)
    found.close()


def test_a_failure_ends_it_and_keeps_what_was_done() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 5:
            raise ValueError("five")
        return number

    done: list[int] = []

    def collect() -> None:
        for result in several(work, range(100), 2):
            done.append(result)

    with pytest.raises(ValueError, match="five"):
        collect()
    assert set(begun) - {5} == set(done)
    assert len(begun) <= 8
