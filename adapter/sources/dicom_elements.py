"""The elements of a DICOM data set as they are written: bytes by tag, sequences not yet opened (PS3.5 section 7).

Nearly all files are Explicit VR Little Endian before their pixels. Those are scanned here, since nothing of what is not
asked for has to be built; everything else, and whatever looks odd, is read by pydicom.
"""

import io
from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, BinaryIO

from adapter.deflated import DEFLATED, HEADER_MOST, inflated, too_long
from adapter.sources.dicom_ending import ends_early

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LAST = 0x00480010
"""The last tag that is read; pixel data and functional groups lie behind it."""
SEQUENCES = frozenset(
    (
        *(0x00080051, 0x00080110, 0x00081032, 0x00081115, 0x00081199, 0x00082218, 0x00082220, 0x00082228, 0x00082230),
        *(0x00100024, 0x00101002, 0x00321064, 0x00400513, 0x00400518, 0x00400560, 0x00400562, 0x0040059A, 0x00400610),
        *(0x00400612, 0x0040A043, 0x0040A168, 0x0040A375),
    )
)
"""Sequences that are read. Software that does not know one hands it on as UN: in Implicit VR (PS3.5 section 6.2.2)."""
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_SHORT = frozenset(
    (
        *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN"),
        *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
    )
)
_LONG = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)  # their length has four bytes
_NOT_SCANNED = frozenset(f"1.2.840.10008.1.2{end}" for end in ("", ".2", ".1.98", ".1.99", ".4.95", ".4.205", ".8.1"))
"""Implicit VR, Big Endian and the deflated transfer syntaxes."""
_DEEPEST = 16
_head = Struct("<HH2sH").unpack_from
_length = Struct("<L").unpack_from
_item = Struct("<HHL").unpack_from


class Sequence(bytes):
    """The items of a sequence as written in Explicit VR Little Endian."""


Elements = dict[int, "bytes | Sequence | list[Elements]"]
"""Tag (group * 65536 + element) -> value; a sequence that pydicom has read is a list of such."""


class Odd(Exception):
    """The bytes are not what the scan expects: pydicom reads them."""


def scan(data: bytes, size: int, wanted: frozenset[int]) -> tuple[Elements, bool, int]:
    """The wanted elements of a file that begins with `data` and has `size` bytes, and whether it is cut off.

    Last where the fragments of its pixel data begin, 0 where it has none: they may be cut off too.

    Raises:
        Odd: this is not Explicit VR Little Endian after a preamble, or its header goes beyond `data`.
    """
    if data[128:132] != b"DICM":
        raise Odd
    found, place = _elements(data, 132, len(data), wanted, 0x0002FFFF)
    syntax = found.get(0x00020010, b"")
    name = syntax.rstrip(b" \0").decode("ascii", "replace") if isinstance(syntax, bytes) else ""
    if not name.startswith("1.2.840.10008.1.2") or name in _NOT_SCANNED:
        raise Odd
    header, place = _elements(data, place, len(data), wanted, LAST)
    if place >= len(data) and size > len(data):
        raise Odd
    return found | header, *_cut_off(data, place, size)


def _elements(data: bytes, place: int, end: int, wanted: frozenset[int] | None, last: int) -> tuple[Elements, int]:
    """The elements up to the tag `last` (all of them where nothing says which are wanted), and where they end."""
    found: Elements = {}
    while place < end:
        if place + 8 > end:
            raise Odd
        group, element, kind, length = _head(data, place)
        tag = group << 16 | element
        if tag > last:
            break
        start = place + 8
        if kind in _LONG:
            length, start = _long(data, start, end)
        elif kind not in _SHORT:
            raise Odd
        if kind == b"UN" and tag in SEQUENCES:
            raise Odd
        place = start + length if length != _UNDEFINED else _after(data, start, end, kind, 0)
        if place > end:
            raise Odd
        if wanted is None or tag in wanted:
            value = data[start:place]
            found[tag] = Sequence(value) if kind == b"SQ" else value
    return found, place


def _long(data: bytes, place: int, end: int) -> tuple[int, int]:
    if place + 4 > end:
        raise Odd
    return _length(data, place)[0], place + 4


def _after(data: bytes, place: int, end: int, kind: bytes, depth: int) -> int:
    """Where a sequence of undefined length ends, its delimiter included."""
    if kind != b"SQ" or depth > _DEEPEST:
        raise Odd
    while place + 8 <= end:
        group, element, length = _item(data, place)
        tag, place = group << 16 | element, place + 8
        if tag == _SEQUENCE_END:
            return place
        if tag != _ITEM:
            raise Odd
        place = place + length if length != _UNDEFINED else _after_item(data, place, end, depth)
    raise Odd


def _after_item(data: bytes, place: int, end: int, depth: int) -> int:
    while place + 8 <= end:
        group, element, kind, length = _head(data, place)
        if group << 16 | element == _ITEM_END:
            return place + 8
        start = place + 8
        if kind in _LONG:
            length, start = _long(data, start, end)
        elif kind not in _SHORT:
            raise Odd
        place = start + length if length != _UNDEFINED else _after(data, start, end, kind, depth + 1)
    raise Odd


def _cut_off(data: bytes, place: int, size: int) -> tuple[bool, int]:
    """Whether pixel data of a stated length go beyond the end of the file; else where their fragments begin.

    False and 0 where that cannot be seen here.
    """
    end = len(data)
    try:
        while place + 12 <= end:
            group, element, kind, length = _head(data, place)
            tag, start = group << 16 | element, place + 8
            if kind in _LONG:
                length, start = _long(data, start, end)
            elif kind not in _SHORT:
                return False, 0
            if tag in PIXELS:
                return (False, start) if length == _UNDEFINED else (start + length > size, 0)
            place = start + length if length != _UNDEFINED else _after(data, start, end, kind, 0)
    except Odd:
        return False, 0
    return place > size, 0


def items(value: object) -> list[Elements]:
    """The items of a sequence, each with all its elements.

    Raises:
        Odd: the bytes are no items in Explicit VR Little Endian.
    """
    if isinstance(value, list):
        return value
    found: list[Elements] = []
    if not isinstance(value, Sequence):
        return found
    place, end = 0, len(value)
    while place + 8 <= end:
        group, element, length = _item(value, place)
        tag, place = group << 16 | element, place + 8
        if tag == _SEQUENCE_END:
            return found
        if tag != _ITEM:
            raise Odd
        stop = place + length if length != _UNDEFINED else _after_item(value, place, end, 0)
        inner = stop - 8 if length == _UNDEFINED else stop
        if stop > end:
            raise Odd
        found.append(_elements(value, place, inner, None, 0xFFFFFFFF)[0])
        place = stop
    return found


class Bounded(io.BufferedReader):
    """A file of which no more is read than a header may have; what is passed over costs nothing."""

    left = 4 * HEADER_MOST  # sequences of undefined length that nobody asked for are read through

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file, until all that may be is read.

        Raises:
            ValueError: more is asked for.
        """
        self.left -= self.left + 1 if size is None or size < 0 else size
        if self.left < 0:
            raise ValueError
        return super().read(size)


def read(stream: BinaryIO, wanted: frozenset[int], force: bool) -> tuple[Elements, tuple[str, ...], bool]:
    """The wanted elements as pydicom reads them, the tags of those whose value cannot be read, whether it is cut off.

    What pydicom warns about has to be caught by the caller; it raises almost anything on broken files.

    Raises:
        ProblemError: a deflated data set inflates to more than may be.
    """
    from pydicom.filereader import _read_file_meta_info, read_dataset, read_partial, read_preamble
    from pydicom.tag import BaseTag

    broken: list[str] = []
    read_preamble(stream, force)
    meta = _read_file_meta_info(stream)
    if str(meta.get("TransferSyntaxUID", "")) == DEFLATED:
        header = io.BytesIO(inflated(stream))
        dataset = read_dataset(header, False, True, stop_when=lambda tag, _, __: tag > LAST)
        if header.tell() >= HEADER_MOST:
            raise too_long(HEADER_MOST)
        return _of(meta, wanted, broken) | _of(dataset, wanted, broken), tuple(broken), False
    begin = stream.tell()
    stream.seek(0)
    tags: list[BaseTag | int] = sorted(wanted)  # values of other tags are passed over, however long they are
    opened = read_partial(stream, stop_when=lambda tag, _, __: tag > LAST, force=force, specific_tags=tags)
    places, (implicit, little) = (begin, stream.tell()), opened.original_encoding
    cut_off = any(ends_early(stream, place, bool(implicit), bool(little)) for place in places)
    return _of(opened.file_meta, wanted, broken) | _of(opened, wanted, broken), tuple(broken), cut_off


def _of(dataset: "Dataset", wanted: frozenset[int] | None, broken: list[str]) -> Elements:
    from pydicom.sequence import Sequence as Opened

    found: Elements = {}
    for tag in list(dataset.keys()):
        if wanted is not None and int(tag) not in wanted:
            continue
        value = getattr(dataset.get_item(tag), "value", None)
        if isinstance(value, bytes) and not _is_sequence(dataset, tag):
            found[int(tag)] = value
            continue
        try:
            value = dataset[tag].value
            if isinstance(value, Opened):
                found[int(tag)] = [_of(one, None, broken) for one in value]
            elif value is not None:
                found[int(tag)] = _written(value)
        except Exception:  # the value of this one element is broken; the others may be good
            broken.append(f"({int(tag) >> 16:04X},{int(tag) & 0xFFFF:04X})")
    return found


def _is_sequence(dataset: "Dataset", tag: int) -> bool:
    from pydicom.datadict import dictionary_VR

    kind = getattr(dataset.get_item(tag), "VR", None)
    if kind in (None, "UN"):
        try:
            return bool(dictionary_VR(tag) == "SQ")
        except KeyError:
            return False
    return bool(kind == "SQ")


def _written(value: object) -> bytes:
    """A value that pydicom has already made into something, as UTF-8 text again."""
    several = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    return "\\".join(str(one) for one in several).encode()
