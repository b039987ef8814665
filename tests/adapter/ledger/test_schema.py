"""A ledger of an earlier version is taken over whole, one of a later is refused; reading makes none; writers queue."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from adapter.ledger.shipment import about_to_go
from adapter.ledger.store import Ledger, policy_row
from mappings.problems import ProblemError
from tests.adapter.ledger.given import AT, LATER, POLICY, change, entry, fill, go, know, reported, shipment, suspension
from tests.adapter.ledger.old import CONTENTS, EVENT, FIRST, REASONS, SECOND, counts, schema_1, schema_2
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
    change(url, "UPDATE ledger_version SET version = 6")
    code, message = refusal(url, at)
    assert (code, message) == (
        "not-supported",
        "was written by a newer version of the adapter (schema 6, this one knows 5); update the adapter. "
        "Nothing was changed",
    )
    change(url, "UPDATE ledger_version SET version = 5")
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
        "archived", "chain_head", "checkpoint", "decision", "disclosure", "known_recipient", "ledger_version",
        "notice", "policy", "release", "reported_disclosure", "request", "research", "shipment", "subject",
        "suspension", "takeover",
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
    assert sum(found.rows.values()) == 161


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


def test_schema_2_gets_its_columns_and_its_rows_stay_as_they_are(url: str) -> None:
    _, head = schema_2(url)
    code, message = refusal(url)
    assert (code, "earlier version (schema 2); `second-opinion ledger migrate`" in message) == ("not-supported", True)
    ledger = Ledger(url, at=AT)
    assert ledger.taken_over == 0
    [decision], [notice], [takeover] = (ledger.rows(name) for name in ("decision", "notice", "takeover"))
    ledger.close()
    assert (decision["number"], decision["outcome"], decision["policy_sha256"], notice["reasons"]) == (
        3, "permit_with_exclusions", None, None
    )  # fmt: skip
    assert (takeover["number"], takeover["version"], takeover["rows"], takeover["taken_over_at"]) == (7, 2, 0, AT)
    found = look(url, head)
    assert (found.problems, found.taken_over, found.unclosed) == ((), 0, 0)


def test_what_is_written_after_schema_2_goes_on_its_chain_and_names_the_policy(url: str) -> None:
    _, head = schema_2(url)
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    [_, decision] = ledger.rows("decision")
    [policy] = ledger.rows("policy")
    ledger.close()
    assert (decision["policy_from"], decision["policy_sha256"]) == ("2024-04-16", POLICY["sha256"])
    assert (policy["effective_from"], policy["sha256"]) == ("2024-04-16", POLICY["sha256"])
    assert policy["switches"] == {"access_days": 30, "specimens_in_drs": False}
    assert places(url, head) == []
    change(url, "UPDATE decision SET policy_sha256 = 'x' WHERE number = 3")
    assert places(url) == ["decision 3"]


def test_takers_over_of_schema_2_at_once_take_over_once(url: str) -> None:
    schema_2(url)

    def work() -> Iterator[None]:
        Ledger(url, at=AT).close()
        yield

    assert [_ended(child) for child in [_child(work()) for _ in range(4)]] == [0, 0, 0, 0]
    assert (look(url).problems, look(url).rows["takeover"]) == ((), 1)


def test_each_policy_is_kept_once(url: str) -> None:
    ledger = Ledger(url, at=AT)
    turned = policy_row("2024-04-16", {"access_days": 15, "specimens_in_drs": False})
    for number, policy in enumerate((POLICY, turned, POLICY)):
        made = entry(f"case-{number}", at=f"2026-03-16T10:00:0{number}-04:00")
        ledger.decided(msgspec.structs.replace(made, policy=policy))
    kept, decisions = ledger.rows("policy"), ledger.rows("decision")
    ledger.close()
    assert [row["sha256"] for row in kept] == [POLICY["sha256"], turned["sha256"]]
    assert [row["policy_sha256"] for row in decisions] == [POLICY["sha256"], turned["sha256"], POLICY["sha256"]]


def test_the_digest_of_a_policy_is_the_one_that_anybody_can_compute() -> None:
    text = b'{"access_days":30,"specimens_in_drs":false}'
    assert policy_row("2024-04-16", {"specimens_in_drs": False, "access_days": 30})["sha256"] == (
        hashlib.sha256(text).hexdigest()
    )


def test_schema_3_gets_its_tables_and_its_rows_stay_as_they_are(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    ledger.reported(reported())
    ledger.suspended(suspension())
    ledger.close()
    head = look(url).head
    change(
        url,
        *(f"DROP TABLE {name}" for name in ("known_recipient", "research", "shipment")),
        "UPDATE ledger_version SET version = 3",
    )
    code, message = refusal(url)
    assert (code, "earlier version (schema 3); `second-opinion ledger migrate`" in message) == ("not-supported", True)
    ledger = Ledger(url, at=LATER)
    know(ledger, same=True)
    [takeover] = ledger.rows("takeover")
    ledger.close()
    assert (takeover["version"], takeover["rows"], takeover["taken_over_at"]) == (3, 0, LATER)
    assert (places(url, head), look(url).rows["known_recipient"], look(url).rows["research"]) == ([], 1, 0)


def test_schema_4_gets_its_table_and_its_rows_stay_as_they_are(url: str) -> None:
    ledger = Ledger(url, at=AT)
    go(ledger, entry())
    ledger.close()
    head = look(url).head
    change(url, "DROP TABLE shipment", "UPDATE ledger_version SET version = 4")
    assert refusal(url)[0] == "not-supported"
    ledger = Ledger(url, at=LATER)
    about_to_go(ledger.engine, ledger.rows("release")[0]["id"], shipment())
    [takeover], [kept] = ledger.rows("takeover"), ledger.rows("shipment")
    ledger.close()
    assert (takeover["version"], takeover["rows"], takeover["taken_over_at"]) == (4, 0, LATER)
    assert (kept["instances"], kept["disclosure_id"]) == ([["1.2.3.1", "e" * 64]], None)
    assert places(url, head) == []
