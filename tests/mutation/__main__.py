"""Mutation testing of the consent gate: `make mutation`, or `python -m tests.mutation [--children N] [PATTERN...]`.

A pattern names mutants (`adapter.consent.clock.*`) and has them judged again; without one, what was judged before and
did not change stands. `--report` prints what is known and judges nothing.
"""

import argparse
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest
from _pytest import config as pytest_config
from _pytest.runner import runtestprotocol

from tests.conftest import shared_folder
from tests.mutation import tree
from tests.mutation.report import report

LONGEST = 30
"""Seconds of the processor that one test may take of a mutant: ten times what the longest takes of the code."""
TOO_LONG = 36
"""The exit code by which mutmut knows a mutant that was stopped."""


def main() -> int:
    """Make the copy, run mutmut in it, print what became of the mutants."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    asked.add_argument("--children", type=int, default=1, help="how many mutants are judged at once")
    asked.add_argument("--report", action="store_true", help="print what is known")
    asked.add_argument("pattern", nargs="*", help="mutants to judge, again where they were judged")
    told = asked.parse_args()
    if not told.report:
        os.environ["SECOND_OPINION_SHARED"] = str(shared_folder())
        tree.build()
        _run(told.pattern, told.children)
    return report()


def _run(patterns: list[str], children: int) -> None:
    """Run mutmut where the copy is; what was imported here is not what it tests."""
    os.chdir(tree.TREE)
    sys.path[:] = [place for place in sys.path if place not in ("", str(tree.ROOT))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    mutmut: Any = importlib.import_module("mutmut.__main__")
    workers: Any = importlib.import_module("mutmut.workers.isolation").ForkRunner
    workers.startup = _collect_once(workers.startup)
    mutmut.print_stats = _now_and_then(mutmut.print_stats)
    mutmut._run(patterns, children)


def _collect_once(startup: Callable[[Any], None]) -> Callable[[Any], None]:
    """Have the tests collected once; each mutant's own process asks those that reach it until one fails."""

    def started(self: Any) -> None:
        os.chdir(tree.TREE / "mutants")
        options: Any = importlib.import_module("mutmut.configuration").config()
        chosen = [*options.pytest_add_cli_args, *options.pytest_add_cli_args_test_selection]
        config = pytest_config._prepareconfig(["--rootdir=.", "--tb=native", "-s", "-q", *chosen])
        session = pytest.Session.from_config(config)
        config._do_configure()
        config.hook.pytest_sessionstart(session=session)
        config.hook.pytest_collection(session=session)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        items = {item.nodeid: item for item in session.items}
        os.chdir(tree.TREE)
        self.test_runner.run_tests = lambda *, mutant_name, tests: _judge(
            mutant_name, [items[t] for t in tests if t in items]
        )
        startup(self)

    return started


def _judge(mutant: str, items: list[pytest.Item]) -> int:
    """Ask tests until one fails: 1, one takes too long: 36, else 0; in the mutant's own process."""
    trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")
    trampoline.get_mutant_under_test = lambda: mutant
    asked: Any = sys.modules["tests.mutation.judges"]
    asked.pytest_sessionstart()
    asked.pytest_collection_modifyitems(items)
    os.chdir(tree.TREE / "mutants")
    state: Any = importlib.import_module("mutmut.state").state()
    told = asked.order(mutant, items, state.duration_by_test)
    signal.signal(signal.SIGPROF, lambda *_: os._exit(TOO_LONG))
    try:
        for item, following in zip(told, [*told[1:], None], strict=True):
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            reports = runtestprotocol(item, log=False, nextitem=following)
            if item.session.testsfailed or any(report.failed for report in reports):
                return 1
    except BaseException:
        return 1
    return 0


def _now_and_then(told: Callable[..., None]) -> Callable[..., None]:
    """Count the mutants once in a hundred times: to count them all after each takes as long as to judge one."""
    calls = itertools.count()

    def print_stats(found: Any, force_output: bool = False) -> None:
        if next(calls) % 100 == 0 or force_output:
            told(found, force_output=True)

    return print_stats


if __name__ == "__main__":
    sys.exit(main())
