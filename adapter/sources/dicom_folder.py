"""Reads the headers of DICOM files, with or without preamble (PS3.10 section 7). Pixel data are not touched.

pydicom's own messages quote values: its warnings are caught, its errors are said again without them.
"""

import io
from collections.abc import Mapping
from pathlib import Path

import msgspec

from adapter.quiet import quiet_pydicom
from adapter.sources.dicom_elements import Bounded, Odd, read, scan
from adapter.sources.dicom_ending import fragments_end_early
from adapter.sources.dicom_header import WANTED, Reader
from adapter.sources.files import Place, places
from mappings.dicom.header import Header
from mappings.dicom.study import Found, Grouping
from mappings.problems import Problem, ProblemError, refuse

DIRECTORY = "1.2.840.10008.1.3.10"
"""SOP Class of a DICOMDIR."""
HEAD = 1 << 16
"""So many bytes of a file are looked at first; nearly every header ends in them."""


def read_instance(path: Path, reader: Reader | None = None) -> Header | None:
    """Read the header of one file; None where it is no DICOM. A `reader` remembers what the files of a series share.

    Raises:
        ProblemError: it says that it is DICOM but cannot be read, or it cannot be opened.
    """
    try:
        with path.open("rb", buffering=0) as stream:
            head = stream.read(HEAD) or b""
            size = len(head) if len(head) < HEAD else stream.seek(0, io.SEEK_END)
            return read_header(head, size, stream, reader or Reader())
    except OSError:
        raise refuse("not-found", "", "cannot be opened; check that it is there and readable", rule="file") from None


def read_folder(root: Path, zones: Mapping[str, str] | None = None) -> tuple[tuple[Found, ...], tuple[Problem, ...]]:
    """The studies of the DICOM files below `root`, by their headers alone: nothing is hashed, nothing else is read.

    For whoever needs no account: what is no DICOM is passed over. Problems are those of `mappings.dicom.study.studies`
    and those of files that cannot be read.
    """
    reader, grouping, problems = Reader(), Grouping(zones), []
    for place in places(root):
        if not isinstance(place, Place):
            problems.append(place[1])
            continue
        try:
            header = read_instance(Path(place.location), reader)
        except ProblemError as error:
            problems += (msgspec.structs.replace(p, where=f"{place.path} {p.where}".strip()) for p in error.problems)
            continue
        if header is not None and header.sop_class != DIRECTORY:
            grouping.add(place.path, header)
    found, notes = grouping.close()
    return found, (*problems, *notes)


def read_header(head: bytes, size: int, stream: io.FileIO, reader: Reader) -> Header | None:
    """Read the header of a file of `size` bytes that begins with `head`; `stream` is asked where that is not enough.

    Raises:
        ProblemError: it says that it is DICOM but cannot be read.
    """
    try:
        elements, cut_off, fragments = scan(head, size, WANTED)
    except Odd:
        return _slowly(head, stream, reader)
    cut_off = cut_off or bool(fragments and fragments_end_early(stream, fragments))
    return reader.header(elements, cut_off=cut_off)


def _slowly(head: bytes, stream: io.FileIO, reader: Reader) -> Header | None:
    marked = head[128:132] == b"DICM"
    found = _read(stream, reader, force=not marked)
    if found is None and marked:
        message = "is marked as DICOM but its header cannot be read; it is broken or cut off: ask the sender for it"
        raise refuse("structure", "(0002,0000)", message, rule="PS3.10 7") from None
    return found


def _read(stream: io.FileIO, reader: Reader, force: bool) -> Header | None:
    with quiet_pydicom() as heard:
        stream.seek(0)
        buffered = Bounded(stream)
        try:
            elements, broken, cut_off = read(buffered, WANTED, force)
            header = reader.header(elements, broken, cut_off)
        except ProblemError:
            raise
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return None
        finally:
            buffered.detach()  # left alone it would close the file, and a warning of that be heard
    if force and not (header.sop_class and header.study_uid):
        return None
    return msgspec.structs.replace(header, irregular=(*header.irregular, "header")) if heard else header
