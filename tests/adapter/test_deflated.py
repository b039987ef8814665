"""A deflated file is read in bounds: what would fill the memory is refused, and said without its values."""

import io
import pathlib
import tracemalloc
import zlib

import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from adapter.deflated import inflated
from adapter.sources.dicom_folder import read_instance
from mappings.problems import ProblemError
from tests.dicom_files import CT, dataset


def written(path: pathlib.Path, **more: object) -> pathlib.Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(CT)
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.1.1")
    made = FileDataset(str(path), dataset(**more), file_meta=meta, preamble=b"\0" * 128)
    made.save_as(path, enforce_file_format=True)
    return path


def bomb(path: pathlib.Path, megabytes: int, element: bytes) -> pathlib.Path:
    """A small file whose data set begins with a header and goes on with that many megabytes of zeros."""
    start = written(path).read_bytes()
    place = 132 + 12 + int.from_bytes(start[140:144], "little")
    squeeze = zlib.compressobj(9, wbits=-15)
    parts = [start[:place], squeeze.compress(zlib.decompress(start[place:], -15))]
    parts.append(squeeze.compress(element + (megabytes << 20).to_bytes(4, "little")))
    parts += [squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)]
    path.write_bytes(b"".join([*parts, squeeze.flush()]))
    return path


def test_a_deflated_header_is_read(tmp_path: pathlib.Path) -> None:
    found = read_instance(written(tmp_path / "a", StudyDescription="deflated"))
    assert found is not None
    assert (found.instance_uid, found.study_description) == ("1.2.3.1.1", "deflated")
    assert found.transfer_syntax == "1.2.840.10008.1.2.1.99"


@pytest.mark.parametrize(
    ("megabytes", "element", "limit"),
    [(17, b"\x21\x00\x01\x10OB\0\0", 16), (513, b"\xe0\x7f\x10\x00OB\0\0", 512)],
    ids=["header", "pixels"],
)
def test_what_inflates_beyond_bounds_is_refused(
    tmp_path: pathlib.Path, megabytes: int, element: bytes, limit: int
) -> None:
    path = bomb(tmp_path / "a", megabytes, element)
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    with pytest.raises(ProblemError) as caught:
        read_instance(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (said,) = caught.value.problems
    assert (said.code, said.where, said.rule, said.stops) == ("too-long", "(0002,0010)", "dicom.deflated", True)
    assert f"more than {limit} MB" in said.message
    assert "Synthetic" not in str(said)
    assert peak < 80 << 20


def test_pixels_within_bounds_are_no_hindrance(tmp_path: pathlib.Path) -> None:
    found = read_instance(bomb(tmp_path / "a", 20, b"\xe0\x7f\x10\x00OB\0\0"))
    assert found is not None
    assert found.series_uid == "1.2.3.1"


def test_no_more_than_the_header_is_kept() -> None:
    squeeze = zlib.compressobj(9, wbits=-15)
    data = squeeze.compress(bytes(300_000)) + squeeze.flush()
    assert inflated(io.BytesIO(data), 100_000, 300_000) == bytes(100_000)
    with pytest.raises(ProblemError, match="would inflate"):
        inflated(io.BytesIO(data), 100_000, 299_999)
    with pytest.raises(zlib.error):
        inflated(io.BytesIO(b"\xff no deflate"))
    with pytest.raises(zlib.error):
        inflated(io.BytesIO(data[:-5]))
