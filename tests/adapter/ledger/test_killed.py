"""kill -9 at any point leaves a ledger that verifies, and the same command run again makes good what was cut short."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from adapter.config import Settings
from adapter.ledger.chain import GENESIS
from adapter.ledger.store import Ledger
from adapter.pipeline import export_case
from mappings.domain.values import Moment
from mappings.problems import ProblemError
from tests import small_case
from tests.adapter.ledger.given import AT, LATER, change, entry, go, know, notice, reported, research, suspension
from tests.adapter.ledger.killing import killed_at
from tests.adapter.ledger.old import counts, schema_1, schema_2
from tests.adapter.ledger.test_chain import look, places

NOW, AGAIN = Moment(AT), Moment(LATER)


def points(work: Callable[[int], bool]) -> int:
    """How many points there are: work at each until it comes through."""
    return next(number for number in itertools.count(1) if not work(number)) - 1


def everything(url: str) -> None:
    """One of each thing that is written."""
    ledger = Ledger(url, at=AT)
    ledger.decided(entry("case-2", "MRN-0002", outcome="pend"))
    go(ledger, entry())
    ledger.noticed(notice())
    ledger.asked(entry("case-3", "MRN-0003", pathway="amendment", outcome="pend"))
    ledger.reported(reported())
    ledger.suspended(suspension())
    know(ledger, same=True)
    ledger.researched(research())
    ledger.close()


def test_a_writer_that_is_killed_leaves_a_ledger_that_verifies(urls: Iterator[str]) -> None:
    seen: set[tuple[str, ...]] = set()

    def work(point: int) -> bool:
        url = next(urls)
        died = killed_at(point, lambda: everything(url))
        seen.add(_state(url))
        everything(url)
        assert (places(url), look(url).rows) == ([], {
            "request": 3, "subject": 3, "policy": 1, "decision": 3, "release": 1, "disclosure": 1,
            "reported_disclosure": 1, "suspension": 1, "known_recipient": 1, "research": 1, "notice": 1,
            "takeover": 0, "checkpoint": 0, "shipment": 0,
        })  # fmt: skip
        return died

    assert points(work) > 60
    most = ("decision", "decision", "decision", "release", "disclosure", "reported_disclosure", "suspension")
    assert seen == {
        ("not-found",), (), ("decision",), ("decision", "decision", "release"),
        ("decision", "decision", "release", "disclosure"),
        ("decision", "decision", "release", "disclosure", "notice"),
        ("decision", "decision", "decision", "release", "disclosure", "notice"),
        ("decision", "decision", "decision", "release", "disclosure", "reported_disclosure", "notice"),
        (*most, "notice"), (*most, "known_recipient", "notice"), (*most, "known_recipient", "research", "notice"),
    }, "each is whole or not there at all"  # fmt: skip


KINDS = (
    "decision",
    "release",
    "disclosure",
    "reported_disclosure",
    "suspension",
    "known_recipient",
    "research",
    "notice",
)


def _state(url: str) -> tuple[str, ...]:
    try:
        found = look(url)
    except ProblemError as error:
        return tuple(one.code for one in error.problems)
    assert found.problems == ()
    return tuple(n for n in KINDS for _ in range(found.rows[n]))


def test_a_takeover_that_is_killed_leaves_the_ledger_as_it_was(urls: Iterator[str]) -> None:
    def work(point: int) -> bool:
        url = schema_1(next(urls))
        assert counts(url) == {"decision": 3, "release": 2, "disclosure": 2}
        died = killed_at(point, lambda: Ledger(url, at=AT).close())
        ledger = Ledger(url, at=LATER)
        ledger.close()
        found = look(url)
        assert (found.problems, found.taken_over) == ((), 7)
        return died

    assert points(work) > 40


def test_a_step_up_from_schema_2_that_is_killed_leaves_the_ledger_as_it_was(urls: Iterator[str]) -> None:
    def work(point: int) -> bool:
        url, head = schema_2(next(urls))
        died = killed_at(point, lambda: Ledger(url, at=AT).close())
        assert counts(url) == {"decision": 1, "release": 1, "disclosure": 1}
        Ledger(url, at=LATER).close()
        found = look(url, head)
        assert (found.problems, found.rows["takeover"]) == ((), 1)
        return died

    assert points(work) > 12


def test_an_export_that_is_killed_is_made_good_by_the_next(url: str, tmp_path: Path) -> None:
    files = {"fhir/p.json": small_case.PATIENT, "fhir/report.json": small_case.REPORT}
    source = small_case.write(tmp_path / "case", files)
    calm = Settings(ledger=f"sqlite:///{tmp_path}/calm.sqlite3")
    export_case(source, tmp_path / "calm", calm, NOW)
    whole = small_case.delivered(tmp_path / "calm")
    settings = Settings(ledger=url)
    Ledger(url, at=AT).close()
    left: set[tuple[bool, tuple[str, ...]]] = set()

    def work(point: int) -> bool:
        change(url, *(f"DELETE FROM {name}" for name in _TABLES), _FRESH)
        target = tmp_path / f"out{point}"
        died = killed_at(point, lambda: export_case(source, target, settings, NOW), files=True)
        left.add((target.exists(), tuple(row["state"] for row in rows(url, "release"))))
        assert places(url) == []
        export_case(source, target, settings, AGAIN)
        assert small_case.delivered(target) == (whole if rows(url, "release")[0]["decided_at"] == AT else later)
        assert ([row["state"] for row in rows(url, "release")], places(url)) == (["delivered"], [])
        return died

    export_case(source, tmp_path / "later", Settings(ledger=f"sqlite:///{tmp_path}/later.sqlite3"), AGAIN)
    later = small_case.delivered(tmp_path / "later")
    assert points(work) > 40
    assert left == {(False, ()), (False, ("prepared",)), (True, ("prepared",)), (True, ("delivered",))}


_TABLES = ("disclosure", "release", "decision", "policy", "subject", "request")
_FRESH = f"UPDATE chain_head SET number = 0, hash = '{GENESIS}'"


def rows(url: str, table: str) -> list[dict[str, Any]]:
    ledger = Ledger(url)
    try:
        return ledger.rows(table)
    finally:
        ledger.close()
