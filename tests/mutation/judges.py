"""A pytest plugin for mutants: who judges one, and with empty caches (what an earlier run has read would hide it).

What a release lets through is judged by whole exports with something withheld (tests/test_no_trace*.py); what is read
of a case, by cases; the law, by its own tests alone.
"""

import os
import sys
from collections.abc import Mapping

import pytest

RELEASE = ("enclosed", "gate", "gone", "labels", "moved", "names", "release", "withhold_carried", "withhold_case")
CASES = ("case_", "foreign", "forms", "law", "papers")
OF_RELEASES = ("test_no_trace",)
OF_CASES = (
    "test_foreign_case", "test_gate", "test_papers_of_a_case", "test_names", "test_forms", "test_holder_keeps",
    "test_case_says",
)  # fmt: skip
WHOLE = "_in_full.py"
"""Tests that compare all that comes of a case: what changes any of it falls at once."""
OF_GENERATORS = ("test_the_generator_",)
"""About the facts that are drawn, not about the gate; and long."""


def pytest_sessionstart() -> None:
    """Forget what the cached functions of the project have read."""
    _forget("adapter", "mappings")


def pytest_runtest_setup() -> None:
    """While it is learnt which test asks which function: forget, else the first alone would ask a cached one."""
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        _forget("adapter.consent")


def _forget(*packages: str) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(packages):
            for thing in list(vars(module).values()):
                if clear := getattr(thing, "cache_clear", None):
                    clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests that take long and are about something else than what the mutant is of."""
    items[:] = [item for item in items if not item.name.startswith(OF_GENERATORS)]
    mutant = os.environ.get("MUTANT_UNDER_TEST", "")
    if "." not in mutant:
        return
    name = mutant.split(".")[2]
    if name not in RELEASE:
        out = OF_RELEASES if name.startswith(CASES) and name != "foreign_law" else OF_RELEASES + OF_CASES
        items[:] = [item for item in items if not item.path.name.startswith(out)]


def order(mutant: str, items: list[pytest.Item], seconds: Mapping[str, float]) -> list[pytest.Item]:
    """Put first who knows most of a mutant: whole cases, the tests of its module, the vectors; quick before long.

    `seconds` is how long each test took, by its id.
    """
    own = f"test_{mutant.split('.')[2].split('_')[0]}"
    known = ("test_vectors", "test_switches")

    def key(item: pytest.Item) -> tuple[bool, bool, bool, float]:
        name = item.path.name
        first = (name.endswith(WHOLE), name.startswith(own), name.startswith(known))
        return not first[0], not first[1], not first[2], seconds.get(item.nodeid, 0.0)

    return sorted(items, key=key)
