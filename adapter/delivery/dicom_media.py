"""Writes DICOM files as a File-set: OUT/DICOMDIR and OUT/DICOM/... (PS3.10 section 8, PS3.3 annex F, IHE PDI layout).

The instances are copied byte for byte. pydicom's FileSet only makes the directory records: it would write the
instances anew, and its messages quote values.
"""

import hashlib
import io
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from adapter.delivery.opened import named, opened
from adapter.delivery.part10 import MARK, complete_meta, head_of
from adapter.quiet import quiet_pydicom
from mappings.problems import Problem, ProblemError, problem, refuse

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.fileset import FileSet

FOLDER = "DICOM"
DICOMDIR = "DICOMDIR"
_NUMBERS = ("StudyID", "SeriesNumber", "InstanceNumber")
"""Type 1 in directory records, type 2 in images: where an image has none, the record counts."""
_KEYS = (
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", *_NUMBERS),
    *("PatientName", "PatientID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "Modality"),
    *("ContentDate", "ContentTime", "ContentLabel", "ContentDescription", "ContentCreatorName", "DocumentTitle"),
    *("ConceptNameCodeSequence", "CompletionFlag", "VerificationFlag", "VerificationDateTime"),
    *("PresentationCreationDate", "PresentationCreationTime", "HL7InstanceIdentifier"),
    *("MIMETypeOfEncapsulatedDocument", "StructureSetLabel", "StructureSetDate", "StructureSetTime"),
    *("RTPlanLabel", "RTPlanDate", "RTPlanTime", "DoseSummationType", "TreatmentDate", "TreatmentTime"),
    *("UserContentLabel", "UserContentLongLabel", "Rows", "Columns", "NumberOfFrames", "ImageType"),
    *("InstanceCreationDate", "InstanceCreationTime", "DataPointRows", "DataPointColumns"),
    *("ReferencedSeriesSequence", "BlendingSequence", "ReferencedImageEvidenceSequence"),
)
"""What directory records are made of; nothing else of an image is handed to their maker."""
_TEXTS = (
    *("StudyDate", "StudyTime", "ContentDate", "ContentTime", "PresentationCreationDate", "PresentationCreationTime"),
    *("StructureSetLabel", "RTPlanLabel", "DoseSummationType", "ContentLabel", "CompletionFlag", "VerificationFlag"),
)
"""Type 1 in directory records too, and not to be made up: where the image has none, the record has it empty."""
_OF_STUDY = ("StudyDate", "StudyTime")
_PLACEHOLDERS = {"Date": "19000101", "Time": "000000"}
"""What stands in the place of a date or time while records are made: their maker wants one."""


class _Image(msgspec.Struct):
    """One instance on its way: its UIDs (study, series, instance), its file, its header."""

    key: tuple[str, str, str]
    path: Path
    dataset: Any
    filled: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()


def write_media(files: Mapping[str, Path], out: Path, uid: str, name: str = "") -> tuple[Problem, ...]:
    """Write the File-set below `out`; the same files and UID give the same bytes.

    Args:
        files: SOP Instance UID -> file.
        out: the folder that gets DICOMDIR and DICOM/; neither may be there yet.
        uid: the File-set UID; name: the File-set ID (0004,1130), at most 16 characters of CS.

    Returns:
        What a receiver has to know, by the place on the medium: an instance that DICOMDIR cannot list, one whose
        record got a number that the image has not, one that got file meta information (its data set is unchanged).

    Raises:
        ProblemError: a file cannot be read as DICOM, is not the instance it is said to be, or changes meanwhile.
    """
    if (out / DICOMDIR).exists() or (out / FOLDER).exists():
        raise refuse("conflict", DICOMDIR, "is already there; write to an empty folder", rule="dicom.media")
    from pydicom.fileset import FileSet
    from pydicom.uid import UID

    with quiet_pydicom(), tempfile.TemporaryDirectory() as scratch, ExitStack() as stage:
        images = sorted((_read(sop, path) for sop, path in files.items()), key=lambda image: image.key)
        _agree(images)
        made = FileSet()
        made.UID = UID(uid)
        made.ID = name or None
        stage.callback(lambda: _unstage(made))
        listed = {image.key[2] for number, image in enumerate(images, 1) if _add(made, image, number)}
        out.mkdir(parents=True, exist_ok=True)
        places = _directory(made, Path(scratch), out, images) if listed else {}
    rest = (f"{FOLDER}/UNLISTED/IM{number:06}" for number in range(len(images)))
    return tuple(
        note
        for image in images
        for note in _write(image, out, places.get(image.key[2]) or next(rest), image.key[2] in places)
    )


def _unstage(made: "FileSet") -> None:
    """Remove the headers that the FileSet has laid aside; left alone, it keeps them until the process ends."""
    made._stage["t"].cleanup()


def _read(sop: str, path: Path) -> _Image:
    try:
        dataset = opened(path, force=True)
        key = (str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.SOPInstanceUID))
        complete_meta(dataset)
    except ProblemError as error:
        raise named(error, path) from None
    except Exception:  # pydicom raises almost anything on broken files, and says values in it
        raise refuse("structure", path.name, "cannot be read as DICOM any more", rule="dicom.media") from None
    if key[2] != sop:
        raise refuse("conflict", path.name, "is another instance than it was; run again", rule="dicom.media")
    return _Image(key=key, path=path, dataset=dataset)


def _agree(images: list[_Image]) -> None:
    """A study has one record: its date and time are those of the first image that has them."""
    told: dict[tuple[str, str], Any] = {}
    for keyword in _OF_STUDY:
        for image in images:
            if image.dataset.get(keyword):
                told.setdefault((image.key[0], keyword), image.dataset[keyword].value)
        for image in images:
            setattr(image.dataset, keyword, told.get((image.key[0], keyword)))


def _add(made: "FileSet", image: _Image, number: int) -> bool:
    """Make the directory records of one instance; False where it lacks what they need."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    try:
        slim = Dataset()
        slim.file_meta = FileMetaDataset()
        slim.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword in _KEYS:
            if keyword in image.dataset:
                slim[keyword] = image.dataset[keyword]
        if "EncapsulatedDocument" in image.dataset:
            slim.EncapsulatedDocument = b"\0\0"
        _title(slim, image.dataset)
        image.filled = tuple(keyword for keyword in _NUMBERS if slim.get(keyword) in (None, ""))
        for keyword in image.filled:
            setattr(slim, keyword, str(number))
        image.blank = tuple(
            keyword
            for keyword in _TEXTS
            if slim.get(keyword) in (None, "") and (keyword in slim or keyword in _OF_STUDY)  # others tell what it is
        )
        for keyword in image.blank:
            setattr(slim, keyword, _PLACEHOLDERS.get(keyword[-4:], "X"))
        slim.save_as(io.BytesIO())  # a FileSet that fails while it stages is left half done
        made.add(slim)
    except Exception:  # an element that records need is missing, empty or broken
        return False
    return True


def _title(slim: "Dataset", dataset: "Dataset") -> None:
    """Of the content of a report or key object, the record has what modifies its title (PS3.3 F.5.25), and no more."""
    items = [one for one in dataset.get("ContentSequence") or () if one.get("RelationshipType") == "HAS CONCEPT MOD"]
    if items:
        slim.ContentSequence = items


def _directory(made: "FileSet", scratch: Path, out: Path, images: list[_Image]) -> dict[str, str]:
    """Write OUT/DICOMDIR and return where each instance that it lists has to be."""
    from pydicom import dcmread

    made.write(scratch)
    directory = dcmread(scratch / DICOMDIR)
    offsets = [record.seq_item_tell for record in directory.DirectoryRecordSequence]
    known = {image.key[2]: image for image in images}
    studies = {image.key[0]: image for image in images}
    places: dict[str, str] = {}
    for record in directory.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            image = known[str(record.ReferencedSOPInstanceUIDInFile)]
            record.ReferencedFileID = [FOLDER, *record.ReferencedFileID]
            record.ReferencedTransferSyntaxUIDInFile = image.dataset.file_meta.TransferSyntaxUID
            places[image.key[2]] = "/".join(record.ReferencedFileID)
            _empty(record, image)
        elif "StudyInstanceUID" in record:
            _empty(record, studies[str(record.StudyInstanceUID)])
    # The longer file ids move the records: write once to learn where they are, then again with the offsets.
    directory.save_as(out / DICOMDIR, enforce_file_format=True)
    moved = dcmread(out / DICOMDIR)
    new = dict(zip(offsets, (r.seq_item_tell for r in moved.DirectoryRecordSequence), strict=True)) | {0: 0}
    _point(moved, new)
    moved.save_as(out / DICOMDIR, enforce_file_format=True)
    return places


def _empty(record: "Dataset", image: _Image) -> None:
    """Take placeholders out again."""
    for keyword in image.blank:
        if keyword in record:
            setattr(record, keyword, None)


def _point(directory: "Dataset", new: dict[int, int]) -> None:
    for keyword in (
        "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity",
        "OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity",
    ):
        setattr(directory, keyword, new[directory[keyword].value])
    for record in directory.DirectoryRecordSequence:
        for keyword in ("OffsetOfTheNextDirectoryRecord", "OffsetOfReferencedLowerLevelDirectoryEntity"):
            setattr(record, keyword, new[record[keyword].value])


def _write(image: _Image, out: Path, place: str, listed: bool) -> list[Problem]:
    """Copy one instance to its place and say what is particular about it."""
    target = out / place
    target.parent.mkdir(parents=True, exist_ok=True)
    notes: list[Problem] = []
    with image.path.open("rb") as source, target.open("wb") as sink:
        if source.read(len(MARK))[128:] != MARK[128:]:
            prefix, begin = head_of(image.dataset, source)
            sink.write(prefix)
            source.seek(begin)
            message = "had no preamble and file meta information and got them; its data set is unchanged"
            notes.append(problem("informational", place, message, rule="PS3.10 7.1", severity="warning"))
        else:
            source.seek(0)
        start = source.tell()
        shutil.copyfileobj(source, sink)
    _same(image.path, start, target)
    empty = [keyword for keyword in image.blank if keyword in _OF_STUDY]
    if empty and listed:
        message = f"has no {' and '.join(empty)}; DICOMDIR has it empty, though it should have one"
        notes.append(problem("informational", place, message, rule="PS3.3 F.5", severity="information"))
    if image.filled and listed:
        message = f"DICOMDIR counts where the image has no {', '.join(image.filled)}; the image is unchanged"
        notes.append(problem("informational", place, message, rule="PS3.3 F.5", severity="information"))
    if not listed:
        message = "is on the medium, but DICOMDIR cannot list it: it lacks what a directory record needs"
        notes.append(problem("incomplete", place, message, rule="PS3.3 F.5", severity="warning"))
    return notes


def _same(source: Path, start: int, target: Path) -> None:
    """Refuse a copy that does not end with the bytes of its source."""
    digests = []
    length = source.stat().st_size - start
    for path, skip in ((source, start), (target, target.stat().st_size - length)):
        with path.open("rb") as stream:
            stream.seek(max(skip, 0))
            digests.append(hashlib.file_digest(stream, "sha256").digest())
    if digests[0] != digests[1]:
        raise refuse("conflict", source.name, "changed while it was copied; run again", rule="dicom.media")
