"""A file is found where it lies, whatever its path is called."""

import hashlib
import os
from pathlib import Path

import pytest

from adapter.holding import File
from adapter.sources.files import describe
from adapter.sources.gather import gather_several
from mappings.identity import DEFAULT_NAMESPACE


@pytest.mark.parametrize("path", ["a.bin", "root/deep/a.bin", "other name", "root/a.bin~"])
def test_a_file_is_read_under_any_path(tmp_path: Path, path: str) -> None:
    place = tmp_path / "a.bin"
    place.write_bytes(b"content")
    file = describe(place, path)
    assert (file.path, file.location, file.read()) == (path, place, b"content")
    assert file.sha256 == hashlib.sha256(b"content").hexdigest()
    again = file.at("elsewhere/b").at("x/a.bin")
    assert (again.path, again.location) == ("x/a.bin", place)
    assert again == file.at("x/a.bin")


def test_a_name_that_cannot_be_printed_is_found(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/bad\xff\x07.bin", "wb") as out:
        out.write(b"content")
    (file,) = gather_several({"root": tmp_path}, DEFAULT_NAMESPACE).opaque
    assert (file.path, file.read()) == ("root/bad\\xff\\x07.bin", b"content")


def test_a_file_given_by_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "true.bin").write_bytes(b"content")
    link = tmp_path / "link.bin"
    link.symlink_to("true.bin")
    (file,) = gather_several({"true.bin": link}, DEFAULT_NAMESPACE).opaque
    assert (file.path, file.location, file.read()) == ("true.bin", link, b"content")


def test_files_of_a_folder_share_its_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    files: tuple[File, ...] = gather_several({"root": tmp_path}, DEFAULT_NAMESPACE).opaque
    assert files[0].folder is files[1].folder
