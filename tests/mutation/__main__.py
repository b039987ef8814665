"""Mutation testing of the consent gate: `make mutation`, or `python -m tests.mutation [--children N] [PATTERN...]`.

A pattern names mutants (`adapter.consent.clock.*`) and has them judged again; without one, what was judged before and
did not change stands. `--report` prints what is known and judges nothing.
"""

import argparse
import importlib
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from tests.conftest import shared_folder
from tests.mutation import judges, tree
from tests.mutation.report import report

FEW = 60
"""How many tests are asked first: most mutants fall at once, and to collect all takes longer than that."""


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
    runner: Any = importlib.import_module("mutmut.runners.harness").PytestRunner
    runner.run_tests = _a_few_first(runner.run_tests)
    mutmut.print_stats = _now_and_then(mutmut.print_stats)
    mutmut._run(patterns, children)


def _now_and_then(told: Callable[..., None]) -> Callable[..., None]:
    """Count the mutants once in a hundred times: to count them all after each takes as long as to judge one."""
    calls = itertools.count()

    def print_stats(found: Any, force_output: bool = False) -> None:
        if next(calls) % 100 == 0 or force_output:
            told(found, force_output=True)

    return print_stats


def _a_few_first(whole: Callable[..., int]) -> Callable[..., int]:
    trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")

    def run_tests(self: Any, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        if mutant_name is None:
            return whole(self, mutant_name=None, tests=tests)
        trampoline.get_mutant_under_test = lambda: mutant_name
        told = judges.order(mutant_name, list(tests))
        for some in (told[:FEW], told[FEW:]):
            code = whole(self, mutant_name=mutant_name, tests=some) if some else 0
            if code not in (0, 5):
                return code
        return 0

    return run_tests


if __name__ == "__main__":
    sys.exit(main())
