"""What cannot be opened, read or written is one Problem, of the right kind, that shows no value."""

import sqlite3
from pathlib import Path

import pytest

from adapter.errors import exit_code
from adapter.ledger import engine
from adapter.ledger.store import Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import AT, change, entry, fill, go, notice, release


def code(url: str, at: str | None = AT) -> tuple[str, int]:
    with pytest.raises(ProblemError) as refused:
        Ledger(url, at=at)
    return refused.value.problems[0].code, exit_code(refused.value)


@pytest.mark.parametrize(
    "url", ["", "no url", "nosuch://x", "sqlite:////proc/nowhere/ledger.db", "postgresql+nodriver://x/y"]
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
    change(url, "DROP TABLE notice")
    ledger = Ledger(url, at=AT)
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
