"""The scan of a header says what pydicom says of it; what it does not understand it leaves to pydicom."""

import os
import pathlib
import tracemalloc
from typing import Any

import msgspec
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.quiet import quiet_pydicom
from adapter.sources.dicom_elements import SEQUENCES, Bounded, Odd, items, read, scan
from adapter.sources.dicom_folder import read_instance
from adapter.sources.dicom_header import WANTED, Reader
from mappings.dicom.header import Header, Issued, Tissue
from tests.dicom_files import dataset, item, write

PYDICOM = pathlib.Path(os.path.dirname(pydicom.__file__)) / "data"


def by_scan(path: pathlib.Path) -> Header | None:
    data = path.read_bytes()
    try:
        elements, cut_off, _ = scan(data, len(data), WANTED)
    except Odd:
        return None
    return Reader().header(elements, cut_off=cut_off)


def by_pydicom(path: pathlib.Path) -> Header:
    with quiet_pydicom(), path.open("rb") as stream:
        return Reader().header(*read(stream, WANTED, True)[:2])


def alike(found: Header) -> Header:
    return msgspec.structs.replace(found, cut_off=False)


@pytest.mark.parametrize("folder", ["test_files", "charset_files"])
def test_the_scan_agrees_with_pydicom_on_its_own_files(folder: str) -> None:
    paths = [path for path in sorted((PYDICOM / folder).rglob("*")) if path.is_file()]
    pairs = [(path, found) for path in paths if (found := by_scan(path))]
    assert len(pairs) >= {"test_files": 90, "charset_files": 12}[folder]
    assert [path.name for path, found in pairs if alike(found) != by_pydicom(path)] == []


def test_the_scan_agrees_with_pydicom_on_real_files(shared: pathlib.Path) -> None:
    paths = sorted((shared / "data" / "dicom").rglob("*.dcm"))
    pairs = [(path, found) for path in paths if (found := by_scan(path))]
    assert len(pairs) >= 55
    assert [path.name for path, found in pairs if alike(found) != by_pydicom(path)] == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_of_damaged_files_the_scan_says_what_pydicom_says_or_nothing(
    tmp_path: pathlib.Path, data: st.DataObject
) -> None:
    made = dataset(OtherPatientIDsSequence=[item(PatientID="T-2")], ImageType=["ORIGINAL", "PRIMARY"])
    whole = bytearray(write(tmp_path / "whole", made).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(132, len(whole) - 1))
        whole[place] = data.draw(st.sampled_from([0, 1, 2, 8, 16, 32, 65, 255]))
    path = tmp_path / "damaged"
    path.write_bytes(whole)
    header = by_scan(path)
    try:
        theirs = by_pydicom(path)
    except Exception:
        return
    assert header is None or _said(header) <= _said(theirs) | {"", None}


def _said(header: Header) -> set[Any]:
    """The texts of a header."""
    return {value for value in msgspec.structs.astuple(header) if isinstance(value, str)}


def sequences(undefined: bool) -> pydicom.Dataset:
    inner = item(SpecimenIdentifier="A1", SpecimenShortDescription="inner")
    inner.IssuerOfTheSpecimenIdentifierSequence = [item(UniversalEntityID="1.2.9", UniversalEntityIDType="ISO")]
    made = dataset(SpecimenDescriptionSequence=[inner], ContainerIdentifier="C1")
    for keyword in ("SpecimenDescriptionSequence",):
        made[keyword].is_undefined_length = undefined
        made[keyword].value[0].is_undefined_length_sequence_item = undefined
    inner["IssuerOfTheSpecimenIdentifierSequence"].is_undefined_length = undefined
    return made


@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_of_either_length_are_opened(tmp_path: pathlib.Path, undefined: bool) -> None:
    found = by_scan(write(tmp_path / "a", sequences(undefined)))
    assert found is not None
    label = Issued(value="A1", universal="1.2.9", universal_type="ISO")
    assert found.specimens == (Tissue(identifier=label, short="inner"),)


@pytest.mark.parametrize("data", [b"", b"\0" * 132, b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI"])
def test_what_is_no_header_in_explicit_vr_is_odd(data: bytes) -> None:
    with pytest.raises(Odd):
        scan(data, len(data), WANTED)


def test_bytes_that_are_no_items_are_odd() -> None:
    from adapter.sources.dicom_elements import Sequence

    assert items(b"no sequence") == []
    with pytest.raises(Odd):
        items(Sequence(b"\x08\0\x00\x01SH\x02\x00ab"))


def test_a_file_that_ends_before_its_pixels_do_is_cut_off(tmp_path: pathlib.Path) -> None:
    made = dataset(Rows=8, Columns=8, BitsAllocated=16, PixelData=bytes(128))
    made["PixelData"].VR = "OW"
    whole = write(tmp_path / "whole", made)
    short = tmp_path / "short"
    short.write_bytes(whole.read_bytes()[:-10])
    assert [found.cut_off for path in (whole, short) if (found := read_instance(path))] == [False, True]


SYNTAXES = {"implicit": (True, True, ""), "explicit": (False, True, ".1"), "big-endian": (False, False, ".2")}


def written(path: pathlib.Path, made: pydicom.Dataset, syntax: str) -> pathlib.Path:
    """The data set in a transfer syntax, with preamble and meta information."""
    implicit, little, suffix = SYNTAXES[syntax]
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.UID(f"1.2.840.10008.1.2{suffix}")
    pydicom.dcmwrite(path, made, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_whole_file_of_any_syntax_is_regular(syntax: str, tmp_path: pathlib.Path) -> None:
    found = read_instance(written(tmp_path / "a", dataset(StudyDescription="slides"), syntax))
    assert found is not None
    assert (found.study_description, found.irregular, found.cut_off) == ("slides", (), False)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_file_of_any_syntax_that_ends_early_is_cut_off(syntax: str, tmp_path: pathlib.Path) -> None:
    made = dataset(Rows=8, BitsAllocated=16, PixelData=bytes(128), ImageComments="x" * 40)
    whole = written(tmp_path / "whole", made, syntax).read_bytes()
    ends = {len(whole): False, len(whole) - 1: True, len(whole) - 127: True, whole.index(b"x" * 40) + 9: True}
    for end, cut_off in ends.items():
        (tmp_path / "short").write_bytes(whole[:end])
        found = read_instance(tmp_path / "short")
        assert found is not None
        assert (end, found.study_uid, found.cut_off) == (end, "1.2.3", cut_off)


@pytest.mark.parametrize(
    ("tail", "cut_off"),
    [
        (b"", True),
        (b"\xfe\xff\x00\xe0\x08\0\0\x00abcd", True),
        (b"\xfe\xff\x00\xe0\x08\0\0\x00abcdefgh", True),
        (b"\xfe\xff\x00\xe0\x08\0\0\x00abcdefgh\xfe\xff\xdd\xe0\0\0\0\0", False),
        (b"\xfe\xff\xdd\xe0\0\0\0\0" + b"\xfc\xff\xfc\xffOB\0\0\x02\0\0\0\0\0", False),
    ],
    ids=["nothing", "part of a fragment", "no delimiter", "whole", "with padding behind"],
)
def test_compressed_pixels_that_have_no_end_are_cut_off(tail: bytes, cut_off: bool, tmp_path: pathlib.Path) -> None:
    begin = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0"
    path = write(tmp_path / "a", dataset())
    path.write_bytes(path.read_bytes() + begin + tail)
    found = read_instance(path)
    assert found is not None
    assert found.cut_off == cut_off


def test_a_long_value_that_nobody_asks_for_is_passed_over(tmp_path: pathlib.Path) -> None:
    """It may be as long as the memory; here it is longer than any header and mostly a hole."""
    path = write(tmp_path / "a", dataset())
    head, size = path.read_bytes(), 400 << 20
    behind = b"\x40\0\x12\x05LO\x04\0S26A"
    with path.open("r+b") as stream:
        stream.write(head + b"\x29\0\x10\x10OB\0\0" + size.to_bytes(4, "little"))
        stream.seek(size, os.SEEK_CUR)
        stream.write(behind)
    tracemalloc.start()
    try:
        found = read_instance(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert (found.container, found.cut_off) == (Issued(value="S26A"), False)
    assert most < 20 << 20


def test_of_what_has_to_be_read_no_more_is_than_a_header_may_have(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").write_bytes(bytes(64))
    with (tmp_path / "a").open("rb", buffering=0) as raw:
        stream = Bounded(raw)
        stream.left = 40
        assert [len(stream.read(32)), len(stream.read(8))] == [32, 8]
        with pytest.raises(ValueError):  # noqa: PT011 - no text: pydicom's errors have none either
            stream.read(1)
        stream.left = 40
        with pytest.raises(ValueError):  # noqa: PT011
            stream.read()
        stream.detach()


def test_a_sequence_that_was_handed_on_as_unknown_is_opened(tmp_path: pathlib.Path) -> None:
    """Software that does not know a sequence makes UN of it, and its content is in Implicit VR (PS3.5 6.2.2)."""
    inner = b"\x40\0\x51\x05" + (4).to_bytes(4, "little") + b"S26A"
    value = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
    path = write(tmp_path / "a", dataset(ContainerIdentifier="S26"))
    path.write_bytes(path.read_bytes() + b"\x40\0\x60\x05UN\0\0" + len(value).to_bytes(4, "little") + value)
    found = read_instance(path)
    assert found is not None
    assert found.specimens == (Tissue(identifier=Issued(value="S26A")),)


def test_every_sequence_that_is_read_is_known_as_one() -> None:
    asked = {tag for tag in WANTED if pydicom.datadict.dictionary_has_tag(tag)}
    assert {tag for tag in asked if pydicom.datadict.dictionary_VR(tag) == "SQ"} - SEQUENCES == set()
    assert {pydicom.datadict.dictionary_VR(tag) for tag in SEQUENCES} == {"SQ"}


def test_a_header_longer_than_the_first_bytes_is_read_whole(tmp_path: pathlib.Path) -> None:
    made = dataset(ImageComments="x" * 9000, PatientComments="y" * 9000)
    made.add_new(0x00091001, "UN", bytes(70_000))
    made.add_new(0x00090010, "LO", "A")
    found = read_instance(write(tmp_path / "a", made))
    assert found is not None
    assert (found.modality, found.series_uid, found.cut_off) == ("CT", "1.2.3.1", False)


def test_what_headers_share_is_decoded_once(tmp_path: pathlib.Path) -> None:
    reader = Reader()
    paths = [write(tmp_path / str(n), dataset(SOPInstanceUID=f"1.2.3.1.{n}", InstanceNumber=n)) for n in range(1, 4)]
    found = [header for path in paths if (header := read_instance(path, reader))]
    assert [(h.instance_uid, h.instance_number) for h in found] == [
        ("1.2.3.1.1", "1"),
        ("1.2.3.1.2", "2"),
        ("1.2.3.1.3", "3"),
    ]
    assert found[0].patient_names is found[2].patient_names
