"""What the system refuses is told with its place as it was typed, and with no place that nobody typed."""

import errno
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adapter.cli.run import guarded
from tests.adapter.cli.command import case, run


def _told(error: OSError, *words: str) -> str:
    @click.command()
    @click.argument("case", nargs=-1, type=click.Path(path_type=Path))
    @click.option("--to", "target", type=click.Path(path_type=Path))
    @click.option("--note")
    @guarded
    def fails(**_: object) -> None:
        raise error

    done = CliRunner().invoke(fails, list(words))
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr


def _denied(name: object) -> PermissionError:
    return PermissionError(errno.EACCES, "Permission denied", name)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "den").mkdir()
    (tmp_path / "den" / "case.json").touch()
    (tmp_path / "ro").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_below_what_was_typed_is_told_from_there(absolute: bool, here: Path) -> None:
    name = here / "den" / "case.json" if absolute else "den/case.json"
    assert _told(_denied(name), "den") == "error: den/case.json: Permission denied; check its permissions [os.13]\n"
    assert _told(_denied(os.fsencode(name)), "ro", "den").startswith("error: den/case.json: ")


@pytest.mark.parametrize("name", ["ro/out", "ro/.out.k2j4h", "ro/out/deep/file.json"])
def test_what_cannot_be_made_is_told_by_the_folder_that_is_there(name: str, here: Path) -> None:
    told = _told(_denied(here / name), "den", "--to", "ro/out")
    assert told == "error: ro: Permission denied; check its permissions [os.13]\n"


def test_a_link_that_was_typed_is_told_as_typed(here: Path) -> None:
    (here / "link").symlink_to(here / "den")
    assert _told(_denied(here / "den" / "case.json"), "link").startswith("error: link/case.json: ")


def test_a_place_that_nobody_typed_is_not_shown(here: Path) -> None:
    (here / "Testperson").mkdir()
    for name in (here / "Testperson", here / "Testperson" / "file", here.parent, 7, None):
        assert _told(_denied(name), "den", "--note", "Testperson") == "error: Permission denied [os.13]\n"


def test_a_name_cannot_fake_a_line(here: Path) -> None:
    (here / "den" / "a\nb").touch()
    assert _told(_denied("den/a\nb"), "den").startswith("error: den/a\\nb: Permission denied")


def test_no_room_asks_for_room(here: Path) -> None:
    told = _told(OSError(errno.ENOSPC, "No space left on device", "ro/out"), "--to", "ro/out")
    assert told == "error: ro: No space left on device; free some space, or name another place [os.28]\n"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder here that takes nothing from anybody")
def test_an_export_to_where_nothing_can_be_made_names_the_folder(tmp_path: Path) -> None:
    done = run(tmp_path, "export", case(tmp_path, "svc-syndrome"), "--to", "/proc/out")
    assert (done.code, done.err.splitlines()[-1].partition(";")[0]) == (1, "error: /proc: No such file or directory")
