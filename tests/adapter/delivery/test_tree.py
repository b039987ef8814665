"""A delivery appears whole or not at all, and one that comes in is opened with guards."""

import os
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest

from adapter.delivery import tree
from adapter.delivery.tree import opened, unpack, writing
from mappings.problems import ProblemError


def _deliver(target: Path, **files: str) -> None:
    with writing(target) as place:
        for name, text in {"manifest_json": "{}", **files}.items():
            (place / name.replace("_", ".")).write_text(text)


def _below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# --- out


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_nothing_is_there_until_all_is(name: str, tmp_path: Path) -> None:
    def stop() -> None:
        with writing(tmp_path / name) as place:
            (place / "half").write_text("a half")
            assert not (tmp_path / name).exists()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop()
    assert _below(tmp_path) == set()


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_new_delivery_takes_the_place_of_the_earlier_one(name: str, tmp_path: Path) -> None:
    _deliver(tmp_path / name, a_txt="first", b_txt="only there")
    _deliver(tmp_path / name, a_txt="second")
    with opened(tmp_path / name) as place:
        assert _below(place) == {"manifest.json", "a.txt"}
        assert (place / "a.txt").read_text() == "second"
    assert {path.name for path in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("moment", ["writing", "moving"])
def test_a_crash_leaves_the_earlier_delivery(
    name: str, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _deliver(tmp_path / name, a_txt="first")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    target, attribute = {"writing": (Path, "write_text"), "moving": (os, "replace")}[moment]
    monkeypatch.setattr(target, attribute, fail)
    with pytest.raises(OSError, match="No space"):
        _deliver(tmp_path / name, a_txt="second")
    monkeypatch.undo()
    with opened(tmp_path / name) as place:
        assert (place / "a.txt").read_text() == "first"
    assert {path.name for path in tmp_path.iterdir()} == {name}


def test_what_is_no_earlier_delivery_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("mine")
    (tmp_path / "notes.zip").write_text("no zip at all")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", "mine")
    (tmp_path / "file").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in ("mine", "notes.zip", "photos.zip", "file"):
        with pytest.raises(ProblemError, match="exists and is no earlier delivery"):
            _deliver(tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _deliver(tmp_path / "out", a_txt="here")
    assert _below(tmp_path / "out") == {"manifest.json", "a.txt"}


def test_the_folder_around_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"nowhere: does not exist; create this folder first"):
        _deliver(tmp_path / "nowhere" / "out")
    assert _below(tmp_path) == set()


def test_a_zip_depends_on_names_and_bytes_alone(tmp_path: Path) -> None:
    _deliver(tmp_path / "one.zip", a_txt="a", b_txt="b", c_pdf="c")
    time.sleep(0.01)
    with writing(tmp_path / "two.zip") as place:
        for name in ("c.pdf", "b.txt", "manifest.json", "a.txt"):
            (place / name).write_text({"manifest.json": "{}"}.get(name, name[0]))
            (place / name).chmod(0o600)
            os.utime(place / name, (1_000_000_000, 1_000_000_000))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.txt", "b.txt", "c.pdf", "manifest.json"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {stat.S_IFREG | 0o644}


# --- in


def _zipped(place: Path, *entries: tuple[str, str], mode: int = 0) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return place


OUTSIDE = [
    "../evil",
    "a/../../evil",
    "/etc/evil",
    "//host/share",
    "C:evil",
    "C:/evil",
    "..\\evil",
    "a\\..\\..\\evil",
    "a/..",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_outside_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", ("first.txt", "fine"), (name, "evil"))
    (tmp_path / "place").mkdir()
    with pytest.raises(ProblemError, match="holds a path or link that leads outside"):
        unpack(archive, tmp_path / "place")
    assert _below(tmp_path) == {"in.zip", "place"}


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", ("link", "/etc/passwd"), mode=stat.S_IFLNK | 0o777)
    (tmp_path / "place").mkdir()
    with pytest.raises(ProblemError, match="holds a path or link that leads outside"):
        unpack(archive, tmp_path / "place")
    assert _below(tmp_path / "place") == set()


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/bundle.json").symlink_to("/etc/passwd")
    with pytest.raises(ProblemError, match="holds a link"), opened(tmp_path / "out"):
        pass


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("one", "other"), [("a.txt", "a.txt"), ("a.txt", "A.TXT"), ("documents/ä", "documents/Ä")])
def test_a_name_that_stands_twice_is_refused_before_anything_is_written(one: str, other: str, tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", (one, "first"), (other, "second"))
    (tmp_path / "place").mkdir()
    with pytest.raises(ProblemError, match="holds the same name twice"):
        unpack(archive, tmp_path / "place")
    assert _below(tmp_path / "place") == set()


@pytest.mark.parametrize(("guard", "most"), [("MAX_FILES", 2), ("MAX_BYTES", 3_000_000), ("MAX_RATIO", 2)])
def test_a_bomb_is_refused_before_anything_is_written(
    guard: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [(f"{number}.txt", "0" * 1_100_000) for number in range(3)]
    archive = _zipped(tmp_path / "in.zip", *entries)
    (tmp_path / "fine").mkdir()
    unpack(archive, tmp_path / "fine")
    (tmp_path / "place").mkdir()
    monkeypatch.setattr(tree, guard, most)
    with pytest.raises(ProblemError, match="unpacks to more than a case can be"):
        unpack(archive, tmp_path / "place")
    assert _below(tmp_path / "place") == set()


def test_the_guards_are_those_of_a_case() -> None:
    assert (tree.MAX_FILES, tree.MAX_BYTES, tree.MAX_RATIO) == (200_000, 200 << 30, 200)


def test_an_entry_longer_than_it_says_is_refused(tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", ("a.txt", "0" * 5000))
    data = archive.read_bytes()
    assert data.count(struct.pack("<L", 5000)) == 2
    archive.write_bytes(data.replace(struct.pack("<L", 5000), struct.pack("<L", 50)))
    (tmp_path / "place").mkdir()
    with pytest.raises(ProblemError, match="is no zip that can be read whole"):
        unpack(archive, tmp_path / "place")


@pytest.mark.parametrize("cut", [30, 60, 200])
def test_a_cut_zip_is_refused(cut: int, tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", ("a.txt", "".join(map(str, range(500)))))
    archive.write_bytes(archive.read_bytes()[:-cut])
    with (
        pytest.raises(ProblemError, match=r"neither a folder nor a zip|no zip that can be read whole"),
        opened(archive),
    ):
        pass


def test_damaged_contents_are_refused(tmp_path: Path) -> None:
    archive = _zipped(tmp_path / "in.zip", ("a.txt", "".join(map(str, range(500)))))
    data = bytearray(archive.read_bytes())
    data[60:80] = bytes(20)
    archive.write_bytes(bytes(data))
    with pytest.raises(ProblemError, match="is no zip that can be read whole"), opened(archive):
        pass


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_text("no zip")
    for name in ("in.zip", "nothing"):
        with pytest.raises(ProblemError, match="is neither a folder nor a zip"), opened(tmp_path / name):
            pass
