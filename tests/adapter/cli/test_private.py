"""What is written about a patient is its owner's alone, whatever the umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapter.cli.command import case, run


@pytest.fixture(autouse=True)
def _open_to_others() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(place: Path) -> set[tuple[str, str]]:
    """(folder or file, mode) of everything at and below a place."""
    found = [place, *place.rglob("*")]
    return {("dir" if each.is_dir() else "file", oct(stat.S_IMODE(each.stat().st_mode))) for each in found}


FOLDER = {("dir", "0o700"), ("file", "0o600")}


def test_an_export_and_its_account(tmp_path: Path) -> None:
    place = case(tmp_path, "discordant-imaging-biopsy")
    for name in ("out", "out.zip"):
        assert run(tmp_path, "export", place, "--to", name).code in (0, 4)
        assert modes(tmp_path / f"{name}.account.json") == {("file", "0o600")}
    assert modes(tmp_path / "out") == FOLDER
    assert (tmp_path / "out" / "DICOM").is_dir()
    assert modes(tmp_path / "out.zip") == {("file", "0o600")}


def test_a_medium_and_what_is_imported_from_it(tmp_path: Path) -> None:
    place = case(tmp_path, "discordant-imaging-biopsy")
    assert run(tmp_path, "export", place, "--to", "cd", "--medium", "cd").code in (0, 4)
    assert modes(tmp_path / "cd") == FOLDER
    assert run(tmp_path, "import", "cd", "--to", "back").code == 0
    assert modes(tmp_path / "back") == FOLDER


@pytest.mark.parametrize("there", [False, True])
def test_what_is_converted(tmp_path: Path, there: bool) -> None:
    place = case(tmp_path, "discordant-imaging-biopsy")
    if there:
        (tmp_path / "made").mkdir()
    assert run(tmp_path, "convert", place, "--to", "made").code in (0, 4)
    assert (tmp_path / "made" / "account.json").is_file()
    assert modes(tmp_path / "made") == FOLDER
