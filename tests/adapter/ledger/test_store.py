"""The ledger file speaks of patients: a new one is for its owner alone."""

from pathlib import Path

import pytest

from adapter.config import load_settings
from adapter.ledger.store import Ledger
from mappings.problems import ProblemError
from tests.adapter.ledger.given import entry, notice

AT = "2026-03-16T10:00:00-04:00"


def mode(place: Path) -> int:
    return place.stat().st_mode & 0o777


def test_a_new_ledger_and_its_side_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    ledger = Ledger(f"sqlite:///{tmp_path}/state/ledger.sqlite3", at=AT)
    assert ledger.rows("decision") == []
    found = {place.name: mode(place) for place in (tmp_path / "state").iterdir()}
    ledger.close()
    assert found == {"ledger.sqlite3": 0o600, "ledger.sqlite3-wal": 0o600, "ledger.sqlite3-shm": 0o600}


def test_the_default_place_is_made_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", f"{tmp_path}/home/state")
    Ledger(load_settings(environ={"XDG_STATE_HOME": f"{tmp_path}/home/state"}).ledger, at=AT).close()
    assert mode(tmp_path / "home/state/second-opinion") == 0o700
    assert mode(tmp_path / "home/state/second-opinion/ledger.sqlite3") == 0o600


@pytest.mark.parametrize("below", ["state/ledger.sqlite3", "a/b/ledger.sqlite3", "file/ledger.sqlite3"])
def test_a_folder_that_somebody_named_is_not_made(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ProblemError) as refused:
        Ledger(f"sqlite:///{tmp_path}/{below}", at=AT)
    [told] = refused.value.problems
    assert (told.code, told.where, told.rule) == ("no-store", "ledger", "ledger")
    assert told.message.startswith("names a file in a folder that is not there; make the folder")
    assert [place.name for place in tmp_path.iterdir()] == ["file"]


def test_the_mode_of_a_ledger_that_is_there_is_the_owners_matter(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", at=AT).close()
    (tmp_path / "ledger.sqlite3").chmod(0o640)
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", at=AT).close()
    assert mode(tmp_path / "ledger.sqlite3") == 0o640


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+pysqlite://",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file:/x?vfs=memdb&uri=true",
        "sqlite:///file:?uri=true",
    ],
)
def test_a_ledger_that_would_keep_nothing_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for at in (AT, None):
        with pytest.raises(ProblemError, match="keeps nothing; name a file") as caught:
            Ledger(url, at=at)
        assert [(told.where, told.rule) for told in caught.value.problems] == [("ledger", "ledger")]
    assert list(tmp_path.iterdir()) == []


def test_a_file_named_by_a_uri_is_a_ledger(tmp_path: Path) -> None:
    Ledger(f"sqlite:///file:{tmp_path}/ledger.sqlite3?uri=true", at=AT).close()
    assert (tmp_path / "ledger.sqlite3").is_file()


def test_the_same_letter_on_the_same_day_is_one_notice(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite3", at=AT)
    made = entry()
    ledger.decided(made)
    first = ledger.noticed(notice("denial", "2026-03-16T10:00:00-04:00", made))
    assert ledger.noticed(notice("denial", "2026-03-16T10:00:05-04:00", made)) == first
    assert len(ledger.rows("notice")) == 1
    for other in (
        notice("denial", "2026-03-17T10:00:00-04:00", made),
        notice("denial", "2026-03-16T10:00:05-04:00", made) | {"document_sha256": "0" * 64},
        notice("denial", "2026-03-16T10:00:05-04:00", made) | {"document_sha256": None},
        notice("denial", "2026-03-16T10:00:05-04:00", made) | {"reasons": None},
        notice("acceptance", "2026-03-16T10:00:05-04:00", made),
    ):
        ledger.noticed(other)
    assert len(ledger.rows("notice")) == 6
    ledger.close()
