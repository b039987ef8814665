"""A file comes into its place whole, and nothing that lies beside is followed, shared or taken away."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.cli.workflow import _write as write_workflow
from adapter.ledger.retention import _keep
from adapter.letters.issue import Issued, write
from adapter.whole import write_whole

WRITERS: tuple[Callable[[bytes, Path], None], ...] = (
    write_whole,
    _keep,
    lambda data, target: write(Issued(data=data), target),
    lambda data, target: write_workflow(data, target, "id"),
)


@pytest.mark.parametrize("writes", WRITERS)
def test_a_link_laid_under_the_old_name_is_not_followed(writes: Callable[[bytes, Path], None], tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / ".out.json.part").symlink_to(tmp_path / "victim")
    writes(b"{}", tmp_path / "out.json")
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert (tmp_path / ".out.json.part").is_symlink(), "what is another's stays"
    assert not (tmp_path / "out.json").is_symlink()
    assert ((tmp_path / "out.json").read_bytes(), (tmp_path / "out.json").stat().st_mode & 0o777) == (b"{}", 0o600)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("writes", WRITERS)
def test_a_writer_does_not_take_away_what_another_is_writing(
    writes: Callable[[bytes, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, sync = tmp_path / "out.json", os.fsync

    def meanwhile(handle: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        write_whole(b"{}", other)
        sync(handle)

    monkeypatch.setattr(os, "fsync", meanwhile)
    writes(b"{}", other)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.json", b"{}")]


def test_a_file_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(b"{}", tmp_path / "out.json")
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
