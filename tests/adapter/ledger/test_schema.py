"""A ledger of an earlier version is taken over whole, one of a later is refused; reading makes none; writers queue."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.ledger.store import Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import AT, LATER, change, entry, fill, go
from tests.adapter.ledger.old import CONTENTS, EVENT, FIRST, REASONS, SECOND, counts, schema_1
from tests.adapter.ledger.test_chain import look, places


def refusal(url: str, at: str | None = None) -> tuple[str, str]:
    """Code and text of the one Problem with which it is not opened."""
    with pytest.raises(ProblemError) as refused:
        Ledger(url, at=at)
    [found] = refused.value.problems
    assert found.where == "ledger"
    return found.code, found.message


def test_every_row_of_schema_1_is_taken_over_with_every_value(url: str) -> None:
    ledger = Ledger(schema_1(url), at=AT)
    decisions, releases, disclosures = (ledger.rows(name) for name in ("decision", "release", "disclosure"))
    [takeover] = ledger.rows("takeover")
    taken = ledger.taken_over
    ledger.close()
    assert (taken, takeover["rows"], takeover["version"], takeover["taken_over_at"], takeover["number"]) == (
        7, 7, 1, AT, 1
    )  # fmt: skip
    assert [(row["id"], row["number"]) for row in decisions] == [
        ("decision-1", 2), ("decision-2", 3), ("decision-3", 4)
    ]  # fmt: skip
    first = decisions[0]
    assert (first["case_id"], first["decided_at"], first["outcome"], first["deadline"], first["facts_sha256"]) == (
        "case-1", FIRST, "permit", "2025-02-09", "f" * 64
    )  # fmt: skip
    assert (first["reasons"], first["excluded"], first["request_id"]) == (REASONS, [], None)
    assert [(row["content_sha256"], row["state"], row["audit_event"]) for row in releases] == [
        (CONTENTS[0], "delivered", EVENT), (CONTENTS[1], "prepared", EVENT)
    ]  # fmt: skip
    assert [(row["disclosed_at"], row["recipient_address"], row["accounting"]) for row in disclosures] == [
        (FIRST, None, "required"), (SECOND, "1 Test Road", "exempt")
    ]  # fmt: skip


def test_what_was_taken_over_is_chained_and_said(url: str) -> None:
    Ledger(schema_1(url), at=AT).close()
    found = look(url)
    assert (found.problems, found.taken_over, found.unclosed) == ((), 7, 1)
    change(url, "UPDATE decision SET case_id = 'case-9' WHERE id = 'decision-2'")
    assert places(url) == ["decision 3"]


def test_a_state_that_only_schema_1_tells_is_kept(url: str) -> None:
    schema_1(url)
    change(url, "DELETE FROM disclosure")
    ledger = Ledger(url, at=AT)
    assert [row["state"] for row in ledger.rows("release")] == ["delivered", "prepared"]
    ledger.close()
    assert look(url).unclosed == 1


def test_a_release_of_schema_1_keeps_its_time_and_is_closed_by_the_next_delivery(url: str) -> None:
    ledger = Ledger(schema_1(url), at=AT)
    assert ledger.first_time(CONTENTS[1]) == FIRST
    go(ledger, entry(at=LATER), CONTENTS[1])
    assert [row["state"] for row in ledger.rows("release")] == ["delivered", "delivered"]
    ledger.close()
    assert places(url) == []


def test_reading_neither_makes_nor_takes_over(url: str) -> None:
    assert refusal(url)[0] == "not-found"
    assert refusal(url)[0] == "not-found"
    schema_1(url)
    code, message = refusal(url)
    assert (code, "ledger migrate" in message) == ("not-supported", True)
    assert counts(url) == {"decision": 3, "release": 2, "disclosure": 2}


def test_a_file_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}/state/ledger.sqlite3")[0] == "not-found"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", [None, AT])
def test_a_ledger_of_a_newer_version_is_refused_and_not_touched(at: str | None, url: str) -> None:
    fill(url)
    change(url, "UPDATE ledger_version SET version = 3")
    code, message = refusal(url, at)
    assert (code, message) == (
        "not-supported",
        "was written by a newer version of the adapter (schema 3, this one knows 2); update the adapter. "
        "Nothing was changed",
    )
    change(url, "UPDATE ledger_version SET version = 2")
    assert places(url) == []


def test_opening_twice_changes_nothing(url: str) -> None:
    head = fill(url)
    ledger = Ledger(url, at=LATER)
    assert ledger.taken_over == 0
    ledger.close()
    assert look(url).head == head


def test_the_tables_are_these(url: str) -> None:
    fill(url)
    engine = sa.create_engine(url)
    assert sorted(sa.inspect(engine).get_table_names()) == [
        "chain_head", "decision", "disclosure", "ledger_version", "notice", "release", "request", "subject", "takeover"
    ]  # fmt: skip
    engine.dispose()


def _child(work: Iterator[None]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for _ in work:
                pass
            code = 0
        finally:
            os._exit(code)
    return child


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_writers_at_once_wait_for_one_another(url: str) -> None:
    def work(writer: int) -> Iterator[None]:
        ledger = Ledger(url, at=AT)
        for number in range(8):
            go(ledger, entry(f"case-{writer}-{number}"), f"{writer}{number}".zfill(64))
            yield
        ledger.close()

    assert [_ended(child) for child in [_child(work(writer)) for writer in range(4)]] == [0, 0, 0, 0]
    found = look(url)
    assert (found.problems, found.rows["decision"], found.rows["release"], found.rows["disclosure"]) == ((), 32, 32, 32)
    assert sum(found.rows.values()) == 160


def test_writers_at_once_of_the_same_content_make_one_release(url: str) -> None:
    def work(writer: int) -> Iterator[None]:
        ledger = Ledger(url, at=AT)
        yield
        go(ledger, entry(at=f"2026-03-16T10:00:0{writer}-04:00"))
        ledger.close()

    assert [_ended(child) for child in [_child(work(writer)) for writer in range(4)]] == [0, 0, 0, 0]
    found = look(url)
    assert (found.problems, found.rows["release"], found.rows["disclosure"], found.rows["request"]) == ((), 1, 4, 1)


def test_takers_over_at_once_take_over_once(url: str) -> None:
    schema_1(url)

    def work() -> Iterator[None]:
        Ledger(url, at=AT).close()
        yield

    assert [_ended(child) for child in [_child(work()) for _ in range(4)]] == [0, 0, 0, 0]
    assert (look(url).problems, look(url).rows["takeover"], look(url).taken_over) == ((), 1, 7)


def test_who_reads_sees_one_state_while_others_write(url: str) -> None:
    from adapter.ledger.engine import reading
    from adapter.ledger.tables import DECISIONS

    Ledger(url, at=AT).close()
    reader, writer = Ledger(url), Ledger(url, at=AT)
    count = sa.select(sa.func.count()).select_from(DECISIONS)
    with reading(reader.engine) as connection:
        before = connection.execute(count).scalar_one()
        go(writer, entry())
        assert (before, connection.execute(count).scalar_one()) == (0, 0)
    with reading(reader.engine) as connection:
        assert connection.execute(count).scalar_one() == 1
    reader.close()
    writer.close()


@pytest.mark.parametrize("backend", [pytest.param("postgresql", marks=pytest.mark.live)])
def test_a_role_that_may_only_add_can_export(url: str) -> None:
    Ledger(url, at=AT).close()
    schema = url.rpartition("%3D")[2]
    role = f"clerk_{schema}"
    change(
        url, f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {schema} TO {role}", f"GRANT UPDATE ON chain_head TO {role}",
    )  # fmt: skip
    clerk = Ledger(url.replace("ledger@", f"{role}@"), at=LATER)
    go(clerk, entry())
    with pytest.raises(sa.exc.ProgrammingError), clerk.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM disclosure")
    clerk.close()
    assert (places(url), look(url).rows["disclosure"]) == ([], 1)
