"""Whether a DICOM file ends before its pixel data do (PS3.5 sections 7.1 and A.4), by the lengths alone."""

import os
from struct import Struct
from typing import BinaryIO

_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_ITEM = 0xFFFEE000
_UNDEFINED = 0xFFFFFFFF
_CLOSED = b"\xfe\xff\xdd\xe0\0\0\0\0"
_WIDE = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")


def ends_early(stream: BinaryIO, place: int, implicit: bool, little: bool) -> bool:
    """Whether an element from `place` on, to the pixel data at most, goes beyond the end of the file.

    False where that cannot be seen: a sequence of undefined length stands before.
    """
    order, size = "<" if little else ">", stream.seek(0, os.SEEK_END)
    short, plain, long = Struct(f"{order}HH2sH"), Struct(f"{order}HHL"), Struct(f"{order}L")
    while place + 8 <= size:
        stream.seek(place)
        head = stream.read(12)
        group, element, kind, length = short.unpack_from(head)
        start = place + 8
        if implicit:
            length = plain.unpack_from(head)[2]
        elif kind in _WIDE:
            if len(head) < 12:
                return True
            length, start = long.unpack_from(head, 8)[0], place + 12
        tag = group << 16 | element
        if length == _UNDEFINED:
            return tag in _PIXELS and fragments_end_early(stream, start)
        if start + length > size:
            return True
        if tag in _PIXELS:
            return False
        place = start + length
    return False


def fragments_end_early(stream: BinaryIO, place: int) -> bool:
    """Whether the fragments of pixel data that begin at `place` go on beyond the end of the file."""
    size, item = stream.seek(0, os.SEEK_END), Struct("<HHL")
    stream.seek(max(size - len(_CLOSED), 0))
    if stream.read(len(_CLOSED)) == _CLOSED:
        return False
    while place + 8 <= size:
        stream.seek(place)
        group, element, length = item.unpack(stream.read(8))
        if group << 16 | element != _ITEM:
            return False
        place += 8 + length
    return True
