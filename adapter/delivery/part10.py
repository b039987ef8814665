"""A released instance as it is sent: a DICOM file (PS3.10 section 7), with the bytes that were decided about.

Where a file has no preamble and file meta information it gets them; its data set is never touched.
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from adapter.consent.release import Release
from adapter.delivery.opened import named, opened
from adapter.holding import File
from adapter.quiet import quiet_pydicom
from mappings.problems import ProblemError, refuse

CHUNK = 1 << 20
MARK = b"\0" * 128 + b"DICM"
_IMPLICIT = "1.2.840.10008.1.2"
_RULE = "dicom.file"


class Part10(msgspec.Struct, frozen=True, kw_only=True):
    """One instance to be sent.

    Attributes:
        uid, study, series, sop_class, syntax: its UIDs; syntax is the transfer syntax of the file.
        file: where it lies, and its sha256 at the time of the decision.
        prefix, start: what goes before the bytes of the file, and the first of those that goes.
        size, sha256: of all that goes.
        meta_end: where the data set begins in it, and data_sha256: of that alone.
    """

    uid: str
    study: str
    series: str
    sop_class: str
    syntax: str
    file: File
    prefix: bytes
    start: int
    size: int
    sha256: str
    data_sha256: str

    def chunks(self) -> Iterator[bytes]:
        """The bytes that go.

        Raises:
            ProblemError: the file is not what it was any more; the last bytes then stay.
        """
        if self.prefix:
            yield self.prefix
        digest = hashlib.sha256(self.prefix)
        held = b""
        with self.file.location.open("rb") as stream:
            stream.seek(self.start)
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                if held:
                    yield held
                held = chunk
        if digest.hexdigest() != self.sha256:
            raise changed(self.file)
        yield held


def parts_of(release: Release) -> tuple[Part10, ...]:
    """The released instances, sorted by study, series and UID.

    Raises:
        ProblemError: a file cannot be read as DICOM, is another instance or has other bytes than it had.
    """
    found = (part10(uid, file) for uid, file in release.instances.items())
    return tuple(sorted(found, key=lambda one: (one.study, one.series, one.uid)))


def part10(uid: str, file: File) -> Part10:
    """One released instance.

    Raises:
        ProblemError: it cannot be read as DICOM, is another instance or has other bytes than it had.
    """
    study, series, sop_class, syntax, prefix, start = _read(uid, file.location)
    whole, digest, data = hashlib.sha256(), hashlib.sha256(prefix), hashlib.sha256()
    size, position, first = len(prefix), 0, data_start(prefix) if prefix else data_start_of(file.location)
    with file.location.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            whole.update(chunk)
            going = chunk[max(start - position, 0) :]
            digest.update(going)
            size += len(going)
            begin = start if prefix else first
            data.update(chunk[max(begin - position, 0) :])
            position += len(chunk)
    if whole.hexdigest() != file.sha256:
        raise changed(file)
    return Part10(
        uid=uid,
        study=study,
        series=series,
        sop_class=sop_class,
        syntax=syntax,
        file=file,
        prefix=prefix,
        start=start,
        size=size,
        sha256=digest.hexdigest(),
        data_sha256=data.hexdigest(),
    )


def _read(uid: str, path: Path) -> tuple[str, str, str, str, bytes, int]:
    tags = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
    with quiet_pydicom():
        try:
            dataset = opened(path, tags, force=True)
            found = tuple(str(dataset[tag].value) for tag in tags)
            complete_meta(dataset)
            with path.open("rb") as stream:
                marked = stream.read(len(MARK))[128:] == MARK[128:]
                prefix, start = (b"", 0) if marked else head_of(dataset, stream)
            syntax = str(dataset.file_meta.TransferSyntaxUID)
        except ProblemError as error:
            raise named(error, path) from None
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            raise refuse("structure", path.name, "cannot be read as DICOM any more", rule=_RULE) from None
    if found[2] != uid:
        raise refuse("conflict", path.name, "is another instance than it was; run again", rule=_RULE)
    return found[0], found[1], found[3], syntax, prefix, start


def complete_meta(dataset: object) -> None:
    """Say which transfer syntax a file without meta information has, as its reader found it."""
    from pydicom.uid import UID

    meta = dataset.file_meta  # type: ignore[attr-defined]
    if not meta.get("TransferSyntaxUID"):
        encoding = dataset.original_encoding  # type: ignore[attr-defined]
        suffix = {(True, True): "", (False, True): ".1", (False, False): ".2"}[encoding]
        meta.TransferSyntaxUID = UID(_IMPLICIT + suffix)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID  # type: ignore[attr-defined]
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID  # type: ignore[attr-defined]


def head_of(dataset: object, source: BinaryIO) -> tuple[bytes, int]:
    """Preamble and file meta information for a file without preamble, and where its data set begins.

    Meta elements that stand there without preamble are passed over.
    """
    from pydicom.filebase import DicomFileLike
    from pydicom.filewriter import write_file_meta_info

    sink = io.BytesIO()
    sink.write(MARK)
    meta = dataset.file_meta  # type: ignore[attr-defined]
    write_file_meta_info(DicomFileLike(sink), meta, enforce_standard=True)
    source.seek(0)
    while (head := source.read(8))[:2] == b"\x02\x00" and len(head) == 8:
        short = head[4:6] not in (b"OB", b"OW", b"UN", b"SQ", b"UT")
        size = int.from_bytes(head[6:8] if short else source.read(4), "little")
        source.seek(size, 1)
    return sink.getvalue(), source.tell() - len(head)


def data_start(head: bytes) -> int:
    """Where the data set begins in a DICOM file, by the length its meta information gives; 0 where it gives none."""
    group_length = head[len(MARK) : len(MARK) + 12]
    if group_length[:8] != b"\x02\x00\x00\x00UL\x04\x00" or len(group_length) < 12:
        return 0
    return len(MARK) + 12 + int.from_bytes(group_length[8:], "little")


def data_start_of(path: Path) -> int:
    """The same of a file."""
    with path.open("rb") as stream:
        return data_start(stream.read(len(MARK) + 12))


def syntax_in(head: bytes) -> str:
    """The transfer syntax that meta information names; empty where it names none."""
    place = head.find(b"\x02\x00\x10\x00UI")
    if place < 0:
        return ""
    size = int.from_bytes(head[place + 6 : place + 8], "little")
    return head[place + 8 : place + 8 + size].rstrip(b"\0 ").decode("ascii", "replace")


def changed(file: File) -> Exception:
    """The bytes that leave are the bytes that were decided about."""
    return refuse("conflict", file.path, "changed since it was decided about; run it again", rule=_RULE)


__all__ = ["Part10", "part10", "parts_of"]
