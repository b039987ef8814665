"""What cannot be opened, read or written is one Problem, of the right kind, that shows no value."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.errors import exit_code
from adapter.ledger import engine
from adapter.ledger.store import Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import AT, LATER, change, entry, fill, go, notice, release, reported, suspension
from tests.adapter.ledger.test_chain import look


def code(url: str, at: str | None = AT) -> tuple[str, int]:
    with pytest.raises(ProblemError) as refused:
        Ledger(url, at=at)
    return refused.value.problems[0].code, exit_code(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url",
        "nosuch://x",
        "sqlite:////proc/nowhere/ledger.db",
        "sqlite:////proc/ledger.db",
        "postgresql+nodriver://x/y",
    ],
)
def test_what_cannot_be_opened_is_failed(url: str) -> None:
    assert code(url) == ("no-store", 1)


def test_a_file_that_is_no_ledger_is_failed(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("Mirabel Testperson" * 100)
    assert code(f"sqlite:///{tmp_path}/ledger.db") == ("no-store", 1)
    assert code(f"sqlite:///{tmp_path}/ledger.db", None) == ("no-store", 1)


def test_a_server_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    assert code(f"postgresql+psycopg://ledger@/postgres?host={tmp_path}") == ("transient", 5)


def test_a_ledger_that_somebody_holds_is_worth_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT", 0)
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    fill(url)
    holder = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    ledger = Ledger(url, at=AT)
    with pytest.raises(ProblemError) as refused:
        ledger.decided(entry("case-7"))
    holder.close()
    ledger.decided(entry("case-7"))
    ledger.close()
    assert (refused.value.problems[0].code, exit_code(refused.value)) == ("transient", 5)


def test_an_error_of_the_database_shows_no_value(url: str) -> None:
    fill(url)
    ledger = Ledger(url, at=AT)
    change(url, "DROP TABLE notice")
    with pytest.raises(ProblemError) as refused:
        ledger.noticed(notice() | {"recipient": "Mirabel Testperson"})
    ledger.close()
    told = f"{refused.value} {refused.value.__cause__} {refused.value.__suppress_context__}"
    assert "Mirabel" not in told
    assert (refused.value.problems[0].code, refused.value.__suppress_context__) == ("no-store", True)


def test_a_text_that_a_database_would_change_is_refused(url: str) -> None:
    ledger = Ledger(url, at=AT)
    with pytest.raises(ProblemError) as refused:
        ledger.decided(entry("case\0one"))
    assert (refused.value.problems[0].where, ledger.rows("decision")) == ("ledger case_id", [])
    ledger.close()


def test_half_a_character_is_refused_and_nothing_is_written(url: str) -> None:
    ledger = Ledger(url, at=AT)
    with pytest.raises(ProblemError, match="cannot be opened, read or written"):
        ledger.prepare(entry(), release() | {"audit_event": {"who": "\ud800"}})
    assert ledger.rows("decision") == []
    ledger.close()


def test_what_is_written_is_what_is_read(url: str) -> None:
    ledger = Ledger(url, at=AT)
    odd = 'Zoë "\\ \u2028 \U0001f52c 山田\n\t\x01'
    go(ledger, entry("case-1"), recipient=odd)
    [row] = ledger.rows("disclosure")
    [sent] = ledger.rows("release")
    ledger.close()
    assert row["recipient"] == odd
    assert sent["audit_event"] == release()["audit_event"]


def test_a_notice_of_a_request_that_is_none_is_refused(url: str) -> None:
    fill(url)
    ledger = Ledger(url, at=AT)
    with pytest.raises(ProblemError) as refused:
        ledger.noticed(notice() | {"request_id": "none"})
    ledger.close()
    assert (refused.value.problems[0].code, refused.value.problems[0].rule) == ("not-found", "ledger.notice")


WORK: dict[str, Callable[[Ledger], object]] = {
    "decided": lambda ledger: ledger.decided(entry("case-9")),
    "asked": lambda ledger: ledger.asked(entry("case-9", pathway="amendment")),
    "prepare": lambda ledger: ledger.prepare(entry("case-9"), release("9" * 64)),
    "noticed": lambda ledger: ledger.noticed(notice(at=LATER)),
    "reported": lambda ledger: ledger.reported(reported(recipient="Mirabel" * 4000)),
    "suspended": lambda ledger: ledger.suspended(suspension(agency="Mirabel" * 4000)),
}


@pytest.mark.parametrize("pragma", ["query_only=ON", "max_page_count=1"])
@pytest.mark.parametrize("work", WORK)
def test_a_disk_that_is_read_only_or_full_is_one_problem_and_changes_nothing(
    work: str, pragma: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    fill(url)
    head = look(url).head
    ledger = Ledger(url, at=AT)
    sa.event.listen(ledger.engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA {pragma}"))

    def until_it_stops() -> None:
        for number in range(200):
            WORK[work](ledger)
            ledger.reported(reported(description=f"{number}" * 9000))

    with pytest.raises(ProblemError) as refused:
        until_it_stops()
    ledger.close()
    assert [(one.code, "Mirabel" in one.message) for one in refused.value.problems] == [("no-store", False)]
    found = look(url)
    assert found.problems == ()
    assert found.head == head or pragma != "query_only=ON"


@pytest.mark.parametrize("work", WORK)
def test_writers_at_once_of_each_kind_wait_for_one_another(work: str, url: str) -> None:
    fill(url)
    before = sum(look(url).rows.values())
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                ledger = Ledger(url, at=AT)
                WORK[work](ledger)
                ledger.close()
                failed = 0
            finally:
                os._exit(failed)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    found = look(url)
    added = {"decided": 3, "asked": 3, "prepare": 4}.get(work, 1)
    assert (found.problems, sum(found.rows.values()) - before) == ((), added)


@pytest.mark.parametrize("at", [AT, None])
@pytest.mark.parametrize("lost", ["notice", "chain_head", "ledger_version", "archived", "disclosure"])
def test_a_table_that_is_gone_is_one_problem_that_names_it(lost: str, at: str | None, url: str) -> None:
    fill(url)
    change(url, f"DROP TABLE {lost}{' CASCADE' if url.startswith('postgresql') else ''}")
    with pytest.raises(ProblemError) as refused:
        Ledger(url, at=at)
    [told] = refused.value.problems
    assert (told.code, told.where, told.rule, exit_code(refused.value)) == ("no-store", "ledger", "ledger", 1)
    assert told.message.startswith(f"has lost what it was made with (table {lost}): restore the database from a backup")
