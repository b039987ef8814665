"""What is done to the ledger behind its back shows: changed, removed, inserted, reordered, cut off."""

import datetime as dt
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapter.consent.policy import policy_for
from adapter.ledger.chain import GENESIS, link
from adapter.ledger.store import Ledger
from adapter.ledger.tables import CHAINED, HEAD, METADATA
from adapter.ledger.verify import Verified, verify
from tests.adapter.ledger.given import AT, LATER, change, entry, fill, go, release

TODAY = dt.date(2026, 4, 1)
ORDER = (
    "request", "subject", "policy", "decision", "request", "subject", "decision", "release", "disclosure", "notice",
    "reported_disclosure", "suspension", "known_recipient", "research", "takeover", "checkpoint", "shipment",
)  # fmt: skip
"""The tables of the rows that `fill` writes, from number 1."""


def look(url: str, anchor: str | None = None) -> Verified:
    ledger = Ledger(url)
    try:
        return verify(ledger, policy_for(TODAY), TODAY, anchor)
    finally:
        ledger.close()


def places(url: str, anchor: str | None = None) -> list[str]:
    return [found.where.removeprefix("ledger ") for found in look(url, anchor).problems]


def test_a_ledger_that_nobody_touched_is_intact(url: str) -> None:
    head = fill(url)
    found = look(url, head)
    assert (found.intact, found.head) == (True, head)
    assert found.rows == {
        "request": 2, "subject": 2, "policy": 1, "decision": 2, "release": 1, "disclosure": 1, "reported_disclosure": 1,
        "suspension": 1, "known_recipient": 1, "research": 1, "notice": 1, "takeover": 1, "checkpoint": 1,
        "shipment": 1,
    }  # fmt: skip


def test_the_hash_is_the_one_that_anybody_can_compute() -> None:
    row = {"id": "x", "rows": 3, "kind": "é", "left_out": None, "number": 1, "hash": "y"}
    text = '["' + GENESIS + '",1,"takeover",{"id":"x","kind":"é","rows":3}]'
    assert link(GENESIS, 1, "takeover", row) == hashlib.sha256(text.encode()).hexdigest()
    assert GENESIS == "665d540f4596cfede57842daa3a29a22b1dd9524c97bc0b5d40a8df848cde602"


@pytest.mark.parametrize("table", sorted(table.name for table in CHAINED))
def test_a_change_of_any_column_shows(table: str, url: str) -> None:
    fill(url)
    number = ORDER.index(table) + 1
    unseen = []
    for column in [column.name for column in METADATA.tables[table].columns]:
        held = _value(url, table, column, number)
        wrong = held + 100 if isinstance(held, int) else f"{(held or '')[:-1]}?"
        change(url, f"UPDATE {table} SET {column} = {_sql(wrong)} WHERE number = {number}")
        unseen += [] if places(url) else [column]
        at = wrong if column == "number" else number
        change(url, f"UPDATE {table} SET {column} = {_sql(held)} WHERE number = {at}")
        assert places(url) == []
    assert unseen == []


def _sql(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    quoted = str(value).replace("'", "''")
    return str(value) if isinstance(value, int) else f"'{quoted}'"


def _value(url: str, table: str, column: str, number: int) -> str | int | None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT {column} FROM {table} WHERE number = {number}").scalar_one()
    engine.dispose()
    assert found is None or isinstance(found, str | int)
    return found


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (t.name, c.name)
        for t in CHAINED
        for c in t.columns
        if c.nullable and (t.name, c.name) not in (("release", "state_before"), ("disclosure", "exemption"))
    ],
)
def test_to_empty_a_column_shows(table: str, column: str, url: str) -> None:
    fill(url)
    held = {"decision": 7}.get(table, ORDER.index(table) + 1)
    change(url, f"UPDATE {table} SET {column} = NULL WHERE number = {held}")
    assert places(url) == [f"{table} {held}"]


@pytest.mark.parametrize("number", range(1, 17))
def test_a_row_that_is_removed_shows(number: int, url: str) -> None:
    fill(url)
    change(url, f"DELETE FROM {ORDER[number - 1]} WHERE number = {number}")
    assert places(url) == [f"row {number}"]


def test_rows_that_are_removed_show_as_one_gap(url: str) -> None:
    fill(url)
    change(url, *(f"DELETE FROM {ORDER[number - 1]} WHERE number = {number}" for number in (4, 5, 6)))
    assert places(url) == ["rows 4 to 6"]


def test_a_gap_is_not_closed_by_new_numbers(url: str) -> None:
    fill(url)
    later = (f"UPDATE {table} SET number = {n - 1} WHERE number = {n}" for n, table in enumerate(ORDER, 1) if n > 4)
    change(url, "DELETE FROM decision WHERE number = 4", *later)
    assert places(url) == [
        "request 4", "subject 5", "decision 6", "release 7", "disclosure 8", "notice 9", "reported_disclosure 10",
        "suspension 11", "known_recipient 12", "research 13", "takeover 14", "checkpoint 15", "shipment 16",
        "chain_head",
    ]  # fmt: skip


def test_rows_that_change_places_show(url: str) -> None:
    fill(url)
    change(
        url,
        "UPDATE decision SET number = 99 WHERE number = 4",
        "UPDATE decision SET number = 4 WHERE number = 7",
        "UPDATE decision SET number = 7 WHERE number = 99",
    )
    assert places(url) == ["decision 4", "request 5", "decision 7", "release 8"]


COPY = (
    "INSERT INTO notice (id, request_id, kind, sent_at, recipient, document_sha256, promised_on, reasons, number, "
    "hash) SELECT 'forged', request_id, kind, sent_at, recipient, document_sha256, promised_on, reasons, {}, hash "
    "FROM notice WHERE number = 10"
)


def test_a_row_that_is_inserted_at_a_number_of_another_shows(url: str) -> None:
    fill(url)
    change(url, COPY.format(9))
    assert places(url) == ["disclosure, notice 9"]


def test_a_row_that_is_added_at_the_end_shows(url: str) -> None:
    fill(url)
    change(url, COPY.format(18))
    assert places(url) == ["notice 18", "chain_head"]


def test_a_row_before_the_first_and_one_far_off_show(url: str) -> None:
    fill(url)
    change(url, COPY.format(0), COPY.format(5_000_000_000).replace("forged", "far"))
    assert places(url) == ["notice 0", "rows 18 to 4999999999", "chain_head"]


def test_a_number_that_is_none_shows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    fill(url)
    change(url, "UPDATE notice SET number = 'ten' WHERE number = 10")
    assert places(url) == ["row 10", "rows"]


def test_bytes_in_place_of_a_text_show(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    fill(url)
    change(url, "UPDATE notice SET kind = CAST(kind AS BLOB) WHERE number = 10")
    assert places(url) == ["notice 10"]


def test_a_last_row_that_is_cut_off_shows_by_the_head(url: str) -> None:
    fill(url)
    change(url, "DELETE FROM shipment WHERE number = 17")
    assert places(url) == ["chain_head"]


def test_an_end_that_is_cut_off_with_the_head_shows_by_a_head_that_was_written_down(url: str) -> None:
    head = fill(url)
    change(
        url,
        "DELETE FROM shipment WHERE number = 17",
        "UPDATE chain_head SET number = 16, hash = (SELECT hash FROM checkpoint WHERE number = 16)",
    )
    assert places(url) == [], "nothing inside can show it"
    assert places(url, head) == ["--head"]


def test_a_history_written_anew_shows_by_a_head_that_was_written_down(urls: Iterator[str]) -> None:
    first, second = next(urls), next(urls)
    head = fill(first)
    ledger = Ledger(second, at=AT)
    go(ledger, entry("case-3"))
    ledger.close()
    assert places(second) == []
    assert places(second, head) == ["--head"]


def test_a_head_that_was_written_down_holds_while_the_ledger_grows(url: str) -> None:
    head = fill(url)
    ledger = Ledger(url, at=LATER)
    go(ledger, entry("case-4", at=LATER), "b" * 64)
    ledger.close()
    assert (places(url, head), look(url).head == head) == ([], False)


@pytest.mark.parametrize("change_of", ["number = 9", "hash = 'x'"])
def test_a_head_that_is_changed_shows(change_of: str, url: str) -> None:
    fill(url)
    change(url, f"UPDATE chain_head SET {change_of}")
    assert places(url) == ["chain_head"]


def test_a_head_that_is_gone_shows(url: str) -> None:
    fill(url)
    change(url, "DELETE FROM chain_head")
    assert places(url) == ["chain_head"]


def test_no_problem_tells_what_stands_in_a_row(url: str) -> None:
    fill(url)
    change(url, "UPDATE disclosure SET recipient = 'Dr. Mirabel Testperson' WHERE number = 9")
    told = " ".join(map(str, look(url).problems))
    assert ("Mirabel" in told, "Review Center" in told, "disclosure 9" in told) == (False, False, True)


def test_of_many_places_a_hundred_are_told(url: str) -> None:
    ledger = Ledger(url, at=AT)
    for number in range(60):
        ledger.decided(entry(f"case-{number}", f"MRN-{number}"))
    ledger.close()
    change(url, "UPDATE decision SET outcome = 'pend'", "UPDATE subject SET system = 'x'")
    found = look(url)
    assert (len(found.problems), found.problems[-1].message) == (101, "has 20 more such places")


def test_a_copy_verifies_where_it_lies(tmp_path: Path) -> None:
    head = fill(f"sqlite:///{tmp_path}/ledger.sqlite3")
    shutil.copy(tmp_path / "ledger.sqlite3", tmp_path / "backup.sqlite3")
    assert places(f"sqlite:///{tmp_path}/backup.sqlite3", head) == []


def test_what_is_older_than_six_years_is_counted_and_stays(url: str) -> None:
    ledger = Ledger(url, at=AT)
    for number, at in enumerate(("2020-03-31T10:00:00-04:00", "2020-04-01T10:00:00-04:00", LATER)):
        ledger.decided(entry(f"case-{number}", at=at))
    ledger.close()
    found = look(url)
    assert (found.older_than, found.older) == ("2020-04-01", {"decision": 1, "request": 1})
    assert found.rows["decision"] == 3


def test_a_release_that_was_never_closed_is_counted(url: str) -> None:
    ledger = Ledger(url, at=AT)
    ledger.prepare(entry(), release())
    ledger.close()
    assert look(url).unclosed == 1


def test_the_head_is_one_row(url: str) -> None:
    fill(url)
    ledger = Ledger(url)
    with ledger.engine.connect() as connection:
        assert [tuple(row)[:2] for row in connection.execute(sa.select(HEAD))] == [(1, 17)]
    ledger.close()
