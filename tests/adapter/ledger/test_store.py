"""The ledger file speaks of patients: a new one is for its owner alone."""

from pathlib import Path

import pytest

from adapter.ledger.store import Ledger

AT = "2026-03-16T10:00:00-04:00"


def mode(place: Path) -> int:
    return place.stat().st_mode & 0o777


def test_a_new_ledger_and_its_side_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/state/ledger.sqlite3", at=AT)
    assert ledger.rows("decision") == []
    found = {place.name: mode(place) for place in (tmp_path / "state").iterdir()}
    ledger.close()
    assert found == {"ledger.sqlite3": 0o600, "ledger.sqlite3-wal": 0o600, "ledger.sqlite3-shm": 0o600}
    assert mode(tmp_path / "state") == 0o700


def test_the_mode_of_a_ledger_that_is_there_is_the_owners_matter(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", at=AT).close()
    (tmp_path / "ledger.sqlite3").chmod(0o640)
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", at=AT).close()
    assert mode(tmp_path / "ledger.sqlite3") == 0o640


def test_a_ledger_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledger = Ledger("sqlite:///:memory:", at=AT)
    assert ledger.rows("release") == []
    ledger.close()
    assert list(tmp_path.iterdir()) == []
