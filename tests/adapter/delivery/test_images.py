"""What comes back is compared in bounds; a file that would fill the memory is not opened."""

import pathlib
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from adapter.delivery import opened as opened_module
from adapter.delivery.dicom_media import write_media
from adapter.delivery.images import compared
from adapter.delivery.opened import opened
from adapter.delivery.part10 import Part10, data_start_of, parts_of
from mappings.problems import ProblemError
from tests.adapter.test_deflated import bomb
from tests.dicom_files import CT, dataset, write
from tests.releases import made_release
from tests.strategies_case import EXAMPLE

UID_ = "1.2.3.1.1"
PRIVATE = b"\x21\x00\x01\x10OB\0\0"


def deflated(path: pathlib.Path, level: int = 9) -> pathlib.Path:
    """A deflated image; the same data set, packed as well as `level` says."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(CT), UID(UID_)
    made = FileDataset(str(path), dataset(PixelData=b"\1\2" * 5000), file_meta=meta, preamble=b"\0" * 128)
    made.save_as(path, enforce_file_format=True)
    data, start = path.read_bytes(), data_start_of(path)
    squeeze = zlib.compressobj(level, wbits=-15)
    path.write_bytes(data[:start] + squeeze.compress(zlib.decompress(data[start:], -15)) + squeeze.flush())
    return path


def part_of(path: pathlib.Path) -> Part10:
    (part,) = parts_of(made_release(EXAMPLE, images={UID_: path}))
    return part


def test_a_deflated_data_set_packed_otherwise_is_the_same(tmp_path: pathlib.Path) -> None:
    ours, theirs = deflated(tmp_path / "a"), deflated(tmp_path / "b", 1).read_bytes()
    assert ours.read_bytes() != theirs
    assert compared(part_of(ours), [theirs]) == "elements"
    assert compared(part_of(ours), [ours.read_bytes()]) == "content"
    assert compared(part_of(ours), [theirs[:-20]]) is None
    other = deflated(tmp_path / "c", 1).read_bytes().replace(b"PYDICOM", b"ARCHIVE")
    assert compared(part_of(ours), [other]) == "elements"


@pytest.mark.parametrize("megabytes", [17, 100])
def test_a_bomb_that_comes_back_is_another_data_set(megabytes: int, tmp_path: pathlib.Path) -> None:
    ours = part_of(deflated(tmp_path / "a"))
    packed = bomb(tmp_path / "b", megabytes, PRIVATE).read_bytes()
    tracemalloc.start()
    assert compared(ours, [packed]) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_what_comes_back_without_end_is_not_read_to_its_end(tmp_path: pathlib.Path) -> None:
    read = [0]

    def endless() -> Iterator[bytes]:
        while True:
            read[0] += 1
            assert read[0] < 100
            yield bytes(1 << 20)

    assert compared(part_of(write(tmp_path / "a", dataset())), endless()) is None


def test_a_bomb_is_neither_sent_nor_written_to_a_medium(tmp_path: pathlib.Path) -> None:
    path = bomb(tmp_path / "a", 65, PRIVATE)
    refusals = []
    for work in (lambda: part_of(path), lambda: write_media({UID_: path}, tmp_path / "out", "2.25.1")):
        tracemalloc.start()
        with pytest.raises(ProblemError) as caught:
            work()
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
        tracemalloc.stop()
        refusals += [(p.code, p.where, "more than 64 MB" in p.message) for p in caught.value.problems]
    assert refusals == [("too-long", "a (0002,0010)", True)] * 2


def test_deflated_images_are_sent_and_written_as_they_are(tmp_path: pathlib.Path) -> None:
    path = deflated(tmp_path / "a")
    assert part_of(path).syntax == "1.2.840.10008.1.2.1.99"
    assert b"".join(part_of(path).chunks()) == path.read_bytes()
    write_media({UID_: path}, tmp_path / "out", "2.25.1")
    (copy,) = (one for one in (tmp_path / "out" / "DICOM").rglob("*") if one.is_file())
    assert copy.read_bytes() == path.read_bytes()


def test_of_what_is_asked_for_a_long_value_is_left_out(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_module, "LONGEST", 10)
    path = write(tmp_path / "a", dataset(PatientID="T-1", StudyDescription="much longer than ten"))
    found = opened(path, ["PatientID", "StudyDescription"])
    assert (found.get("PatientID"), "StudyDescription" in found) == ("T-1", False)
