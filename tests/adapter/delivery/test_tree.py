"""A delivery appears whole or not at all, and one that comes in is opened with guards."""

import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.account import account
from adapter.delivery import tree
from adapter.delivery.earlier import check_account
from adapter.delivery.manifest import Manifest, describe, encode
from adapter.delivery.tree import opened, unpack, writing
from mappings.problems import ProblemError

CASE = "case-1"


def _manifest(place: Path, case: str = CASE) -> bytes:
    told = Manifest(
        adapter_version="1",
        profiles_version="1",
        case=case,
        released_at="2026-03-16T10:00:00-04:00",
        carried=0,
        basis=(),
        files=describe(place),
    )
    return encode(told)


def _deliver(target: Path, case: str = CASE, **files: str) -> None:
    with writing(target, case) as place:
        for name, text in files.items():
            (place / name.replace("_", ".")).write_text(text)
        (place / "manifest.json").write_bytes(_manifest(place, case))


def _below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# --- out


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_nothing_is_there_until_all_is(name: str, tmp_path: Path) -> None:
    def stop() -> None:
        with writing(tmp_path / name, CASE) as place:
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
        with pytest.raises(ProblemError, match="exists and is not wholly an earlier export of this case"):
            _deliver(tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def _all(folder: Path) -> dict[str, bytes | None]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def _add(folder: Path) -> None:
    (folder / "diary.txt").write_text("mine")


def _add_folder(folder: Path) -> None:
    (folder / "mine").mkdir()


def _change(folder: Path) -> None:
    (folder / "a.txt").write_text("FIRST")


def _other_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"name": "an app"}')


def _link(folder: Path) -> None:
    (folder / "a.txt").rename(folder.parent / "elsewhere.txt")
    (folder / "a.txt").symlink_to(folder.parent / "elsewhere.txt")


TOUCHED = [_add, _add_folder, _change, _other_manifest, _link]


@pytest.mark.parametrize("touch", TOUCHED)
def test_an_export_that_somebody_touched_stays(touch: Callable[[Path], None], tmp_path: Path) -> None:
    _deliver(tmp_path / "out", a_txt="first")
    touch(tmp_path / "out")
    before = _all(tmp_path)
    with pytest.raises(ProblemError, match="exists and is not wholly an earlier export of this case"):
        _deliver(tmp_path / "out", a_txt="second")
    assert _all(tmp_path) == before


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_an_export_of_another_case_stays(name: str, tmp_path: Path) -> None:
    _deliver(tmp_path / name, "case-2", a_txt="first")
    before = _all(tmp_path)
    with pytest.raises(ProblemError, match="exists and is not wholly an earlier export of this case"):
        _deliver(tmp_path / name, "case-1", a_txt="second")
    assert _all(tmp_path) == before


@pytest.mark.parametrize("entry", [("diary.txt", "mine"), ("a.txt", "FIRST"), ("manifest.json", "{}"), ("sub/", "")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_somebody_touched_stays(entry: tuple[str, str], tmp_path: Path) -> None:
    _deliver(tmp_path / "out.zip", a_txt="first")
    with zipfile.ZipFile(tmp_path / "out.zip", "a") as archive:
        archive.writestr(*entry)
    before = _all(tmp_path)
    with pytest.raises(ProblemError, match="exists and is not wholly an earlier export of this case"):
        _deliver(tmp_path / "out.zip", a_txt="second")
    assert _all(tmp_path) == before


def test_what_is_put_there_while_the_delivery_is_made_stays(tmp_path: Path) -> None:
    _deliver(tmp_path / "out", a_txt="first")

    def deliver() -> None:
        with writing(tmp_path / "out", CASE):
            _add(tmp_path / "out")

    with pytest.raises(ProblemError, match="exists and is not wholly"):
        deliver()
    assert (tmp_path / "out/diary.txt").read_text() == "mine"
    assert (tmp_path / "out/a.txt").read_text() == "first"


@pytest.mark.parametrize("to", ["there", "nowhere"])
def test_a_link_at_the_target_stays(to: str, tmp_path: Path) -> None:
    _deliver(tmp_path / "there", a_txt="first")
    (tmp_path / "out").symlink_to(tmp_path / to)
    with pytest.raises(ProblemError, match="exists and is not wholly"):
        _deliver(tmp_path / "out", a_txt="second")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "there/a.txt").read_text() == "first"


def test_an_export_of_which_files_are_missing_is_replaced(tmp_path: Path) -> None:
    _deliver(tmp_path / "out", a_txt="first", b_txt="first")
    (tmp_path / "out/b.txt").unlink()
    (tmp_path / "out/manifest.jws").write_text("a signature")
    _deliver(tmp_path / "out", a_txt="second")
    assert _below(tmp_path / "out") == {"manifest.json", "a.txt"}


@pytest.mark.parametrize(
    "text", ["my notes", "{", '{"units": 5}', '{"mine": 1}', "\ud800".encode("utf-16", "surrogatepass")]
)
def test_only_an_account_is_taken_for_one(text: str | bytes, tmp_path: Path) -> None:
    place = tmp_path / "out.account.json"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProblemError, match="exists and is no account of an export"):
        check_account(place)


def test_an_account_and_a_free_place_are_taken(tmp_path: Path) -> None:
    place = tmp_path / "out.account.json"
    check_account(place)
    place.write_bytes(account(()).to_json())
    check_account(place)
    place.rename(tmp_path / "other")
    place.symlink_to(tmp_path / "other")
    with pytest.raises(ProblemError, match="exists and is no account of an export"):
        check_account(place)


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
    with writing(tmp_path / "two.zip", CASE) as place:
        for name in ("c.pdf", "b.txt", "a.txt", "manifest.json"):
            (place / name).write_bytes(_manifest(place) if name == "manifest.json" else name[0].encode())
            (place / name).chmod(0o640)
            os.utime(place / name, (1_000_000_000, 1_000_000_000))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.txt", "b.txt", "c.pdf", "manifest.json"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {stat.S_IFREG | 0o600}


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
