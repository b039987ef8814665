"""Many files are looked at by several processes, and the outcome is the same; a dead process loses nothing."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from adapter.sources import examining
from adapter.sources.examining import Seen, examine_all
from tests.dicom_files import dataset, write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in range(1, 41):
        made = dataset(SOPInstanceUID=f"1.2.3.1.{number}", InstanceNumber=number)
        write(tmp_path / f"in/{number:03}.dcm", made)
    (tmp_path / "in/note.txt").write_text("text")
    (tmp_path / "in/link").symlink_to("/etc/hostname")
    monkeypatch.setattr(examining, "MANY", 10)
    monkeypatch.setattr(examining, "CHUNK", 3)
    return tmp_path / "in"


def told(found: list[Any]) -> list[tuple[str, str]]:
    return [
        (each.file.path, each.header.instance_uid if each.header else "")
        if isinstance(each, Seen)
        else (each[0], "refused")
        for each in found
    ]


def test_by_processes_or_alone_the_outcome_is_the_same(folder: Path) -> None:
    alone, together = list(examine_all(folder, jobs=1)), list(examine_all(folder, jobs=2))
    assert together == alone
    assert told(alone)[:2] == [("001.dcm", "1.2.3.1.1"), ("002.dcm", "1.2.3.1.2")]
    assert told(alone)[-2:] == [("link", "refused"), ("note.txt", "")]
    assert len(alone) == 42


def test_what_a_dead_process_left_is_done_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, look = os.getpid(), examining.examine

    def dies(place: Any, reader: Any) -> Any:
        if os.getpid() != parent and place.path == "020.dcm":
            os._exit(1)
        return look(place, reader)

    monkeypatch.setattr(examining, "examine", dies)
    found = list(examine_all(folder, jobs=2))
    assert [path for path, _ in told(found)] == sorted(path.name for path in folder.iterdir())
    assert sum(uid.startswith("1.2.3.1.") for _, uid in told(found)) == 40


def test_with_another_thread_nothing_is_forked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(examining, "ProcessPoolExecutor", never)
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert len(list(examine_all(folder, jobs=2))) == 42
    finally:
        stop.set()
        other.join()


def test_few_files_start_no_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "MANY", 1000)
    monkeypatch.setattr(examining, "ProcessPoolExecutor", None)
    assert len(list(examine_all(folder, jobs=2))) == 42
