"""A File-set holds the instances byte for byte, and DICOMDIR leads to them, the same on every run."""

import hashlib
import pathlib
import tempfile

import pytest
from pydicom import dcmread

from adapter.delivery.dicom_media import write_media
from adapter.sources.dicom_folder import read_instance
from mappings.dicom.study import studies
from mappings.problems import ProblemError
from tests.dicom_files import dataset, item, write, write_bare

UID = "2.25.301234567890"


def three(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Two series of one study and a second study."""
    made = (
        dataset(),
        dataset(SOPInstanceUID="1.2.3.2.1", SeriesInstanceUID="1.2.3.2", SeriesNumber="2"),
        dataset(SOPInstanceUID="1.2.4.1.1", SeriesInstanceUID="1.2.4.1", StudyInstanceUID="1.2.4"),
    )
    return {str(one.SOPInstanceUID): write(folder / f"{n}.dcm", one) for n, one in enumerate(made)}


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def listed(out: pathlib.Path) -> dict[str, pathlib.Path]:
    """What DICOMDIR lists: SOP Instance UID -> file."""
    records = dcmread(out / "DICOMDIR").DirectoryRecordSequence
    return {
        str(r.ReferencedSOPInstanceUIDInFile): out.joinpath(*r.ReferencedFileID)
        for r in records
        if "ReferencedFileID" in r
    }


def test_instances_are_unchanged_and_listed(tmp_path: pathlib.Path) -> None:
    files = three(tmp_path / "in")
    assert write_media(files, tmp_path / "out", UID) == ()
    assert list(content(tmp_path / "out")) == [
        "DICOM/PT000000/ST000000/SE000000/IM000000",
        "DICOM/PT000000/ST000000/SE000001/IM000000",
        "DICOM/PT000000/ST000001/SE000000/IM000000",
        "DICOMDIR",
    ]
    assert dcmread(tmp_path / "out" / "DICOMDIR").file_meta.MediaStorageSOPInstanceUID == UID
    assert {uid: place.read_bytes() for uid, place in listed(tmp_path / "out").items()} == {
        uid: path.read_bytes() for uid, path in files.items()
    }


def test_offsets_lead_from_record_to_record(tmp_path: pathlib.Path) -> None:
    write_media(three(tmp_path / "in"), tmp_path / "out", UID)
    directory = dcmread(tmp_path / "out" / "DICOMDIR")
    records = {record.seq_item_tell: record for record in directory.DirectoryRecordSequence}
    patient = records[directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity]
    study = records[patient.OffsetOfReferencedLowerLevelDirectoryEntity]
    series = records[study.OffsetOfReferencedLowerLevelDirectoryEntity]
    other = records[series.OffsetOfTheNextDirectoryRecord]
    image = records[other.OffsetOfReferencedLowerLevelDirectoryEntity]
    assert (patient.DirectoryRecordType, other.SeriesInstanceUID) == ("PATIENT", "1.2.3.2")
    assert image.ReferencedTransferSyntaxUIDInFile == "1.2.840.10008.1.2.1"
    assert image.ReferencedSOPInstanceUIDInFile == "1.2.3.2.1"
    assert list(image.ReferencedFileID) == ["DICOM", "PT000000", "ST000000", "SE000001", "IM000000"]
    assert records[study.OffsetOfTheNextDirectoryRecord].StudyInstanceUID == "1.2.4"


def test_nothing_is_left_in_the_temporary_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = three(tmp_path / "in")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    write_media(files, tmp_path / "out", UID)
    assert list(scratch.iterdir()) == []


def test_same_input_same_bytes(tmp_path: pathlib.Path) -> None:
    files = three(tmp_path / "in")
    write_media(files, tmp_path / "one", UID)
    write_media(dict(reversed(files.items())), tmp_path / "two", UID)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_file_without_meta_information_gets_it(tmp_path: pathlib.Path) -> None:
    bare = write_bare(tmp_path / "bare", dataset())
    problems = write_media({"1.2.3.1.1": bare}, tmp_path / "out", UID)
    assert [(p.severity, p.where, p.rule) for p in problems] == [
        ("warning", "DICOM/PT000000/ST000000/SE000000/IM000000", "PS3.10 7.1")
    ]
    written = tmp_path / "out" / "DICOM/PT000000/ST000000/SE000000/IM000000"
    assert written.read_bytes()[128:132] == b"DICM"
    assert written.read_bytes().endswith(bare.read_bytes())
    read = dcmread(written)
    assert (read.PatientID, read.file_meta.TransferSyntaxUID) == ("T-1", "1.2.840.10008.1.2")


def test_meta_information_without_preamble_is_not_doubled(tmp_path: pathlib.Path) -> None:
    whole = write(tmp_path / "whole", dataset()).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[132:])
    write_media({"1.2.3.1.1": cut}, tmp_path / "out", UID)
    read = dcmread(tmp_path / "out" / "DICOM/PT000000/ST000000/SE000000/IM000000")
    assert (read.PatientID, read.file_meta.TransferSyntaxUID) == ("T-1", "1.2.840.10008.1.2.1")


@pytest.mark.parametrize("keyword", ["StudyID", "SeriesNumber", "InstanceNumber"])
@pytest.mark.parametrize("value", [None, ""])
def test_records_count_where_images_do_not(tmp_path: pathlib.Path, keyword: str, value: str | None) -> None:
    path = write(tmp_path / "in", dataset(**{keyword: value}))
    problems = write_media({"1.2.3.1.1": path}, tmp_path / "out", UID)
    assert [(p.severity, p.rule) for p in problems] == [("information", "PS3.3 F.5")]
    assert keyword in problems[0].message
    written = tmp_path / "out" / "DICOM/PT000000/ST000000/SE000000/IM000000"
    assert written.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("keyword", ["StudyDate", "StudyTime"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_time_that_the_image_has_not_is_empty_in_the_directory(
    tmp_path: pathlib.Path, keyword: str, value: str | None
) -> None:
    path = write(tmp_path / "in", dataset(**{keyword: value}))
    problems = write_media({"1.2.3.1.1": path}, tmp_path / "out", UID)
    assert [(p.severity, p.message[:19]) for p in problems] == [("information", f"has no {keyword}; DI"[:19])]
    records = dcmread(tmp_path / "out" / "DICOMDIR").DirectoryRecordSequence
    assert [record[keyword].value for record in records if record.DirectoryRecordType == "STUDY"] == [""]
    assert listed(tmp_path / "out")["1.2.3.1.1"].read_bytes() == path.read_bytes()
    assert b"19000101" not in (tmp_path / "out" / "DICOMDIR").read_bytes()


def test_a_study_has_the_date_of_the_first_image_that_has_one(tmp_path: pathlib.Path) -> None:
    made = (dataset(StudyDate=""), dataset(SOPInstanceUID="1.2.3.1.2", StudyDate="20260116"))
    files = {str(one.SOPInstanceUID): write(tmp_path / f"{n}", one) for n, one in enumerate(made)}
    assert write_media(files, tmp_path / "out", UID) == ()
    records = dcmread(tmp_path / "out" / "DICOMDIR").DirectoryRecordSequence
    assert [record.StudyDate for record in records if record.DirectoryRecordType == "STUDY"] == ["20260116"]


def test_a_report_is_listed_with_what_modifies_its_title_alone(tmp_path: pathlib.Path) -> None:
    code = item(CodeValue="126000", CodingSchemeDesignator="DCM", CodeMeaning="Imaging Measurement Report")
    content = [
        item(RelationshipType="HAS CONCEPT MOD", ValueType="CODE", ConceptNameCodeSequence=[code]),
        item(RelationshipType="CONTAINS", ValueType="TEXT", TextValue="Rosebud", ConceptNameCodeSequence=[code]),
    ]
    report = dataset(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", Modality="SR", CompletionFlag="COMPLETE", ContentDate="20260115",
        VerificationFlag="UNVERIFIED", ContentTime="080000", ConceptNameCodeSequence=[code], ContentSequence=content,
    )  # fmt: skip
    assert write_media({"1.2.3.1.1": write(tmp_path / "in", report)}, tmp_path / "out", UID) == ()
    (record,) = (r for r in dcmread(tmp_path / "out" / "DICOMDIR").DirectoryRecordSequence if "ContentSequence" in r)
    assert record.DirectoryRecordType == "SR DOCUMENT"
    assert [one.RelationshipType for one in record.ContentSequence] == ["HAS CONCEPT MOD"]
    assert b"Rosebud" not in (tmp_path / "out" / "DICOMDIR").read_bytes()


@pytest.mark.parametrize("keyword", ["PatientID"])
def test_nothing_is_invented_about_the_person(tmp_path: pathlib.Path, keyword: str) -> None:
    path = write(tmp_path / "in", dataset(**{keyword: None}))
    problems = write_media({"1.2.3.1.1": path}, tmp_path / "out", UID)
    assert [(p.severity, p.where) for p in problems] == [("warning", "DICOM/UNLISTED/IM000000")]
    assert (tmp_path / "out" / "DICOM/UNLISTED/IM000000").read_bytes() == path.read_bytes()


def test_another_instance_under_that_uid_is_refused(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "in", dataset())
    with pytest.raises(ProblemError) as caught:
        write_media({"1.2.3.9": path}, tmp_path / "out", UID)
    assert caught.value.problems[0].code == "conflict"
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(b"Rosebud" * 30)
    with pytest.raises(ProblemError) as caught:
        write_media({"1.2.3.9": path}, tmp_path / "out", UID)
    assert "Rosebud" not in str(caught.value)


def test_nothing_is_overwritten(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "in", dataset())
    write_media({"1.2.3.1.1": path}, tmp_path / "out", UID)
    with pytest.raises(ProblemError, match="already there"):
        write_media({"1.2.3.1.1": path}, tmp_path / "out", UID)


def test_real_files(shared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    root = shared / "data" / "dicom"
    read = ((str(path), read_instance(path)) for path in sorted(root.rglob("*")) if path.is_file())
    found, _ = studies((path, header) for path, header in read if header)
    files = {uid: pathlib.Path(path) for study in found for uid, path in study.files.items()}
    problems = write_media(files, tmp_path / "one", UID)
    write_media(files, tmp_path / "two", UID)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    originals = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()}
    copies = {
        hashlib.sha256(data).hexdigest() for name, data in content(tmp_path / "one").items() if name != "DICOMDIR"
    }
    assert copies == originals
    places = listed(tmp_path / "one")
    assert (len(files), len(places)) == (67, 65)
    assert {uid: place.read_bytes() for uid, place in places.items()} == {
        uid: files[uid].read_bytes() for uid in places
    }
    assert sorted(p.severity for p in problems) == ["information", "warning", "warning"]
