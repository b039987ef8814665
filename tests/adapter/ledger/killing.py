"""kill -9 at a point that is always the same: a forked child kills itself there, with whatever it has open."""

import os
import signal
import sys
from collections.abc import Callable

import sqlalchemy as sa

FILES = frozenset(("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.link"))
"""Audit events of the interpreter that are about files."""


class _Points:
    """Counts the points that are passed, and ends the process at the last one; nothing is cleaned up."""

    def __init__(self, last: int) -> None:
        self.left = last

    def passed(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def killed_at(point: int, work: Callable[[], object], *, files: bool = False) -> bool:
    """Do the work in a child that is killed at the n-th point; False where it was done before it came to that.

    Points lie before each SQL statement and before each COMMIT, which is after the one before it; with `files`, before
    each operation on a file besides.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            points = _Points(point)
            for name in ("before_cursor_execute", "commit"):
                sa.event.listen(sa.Engine, name, points.passed)
            if files:
                sys.addaudithook(lambda name, _: points.passed() if name in FILES else None)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed of itself"
    return False
