"""Whoever watches is told how far the work is; the work is the same."""

from adapter.watching import counted, watched


def test_the_watcher_is_told_of_every_fiftieth_and_nobody_after() -> None:
    told: list[tuple[int, int | None]] = []
    with watched(lambda done, total: told.append((done, total))):
        assert list(counted(range(120))) == list(range(120))
    assert list(counted(range(120))) == list(range(120))
    assert told == [(50, None), (100, None)]


def test_nobody_watches() -> None:
    with watched(None):
        assert list(counted("abc")) == ["a", "b", "c"]
