"""A deflated data set (PS3.5 section A.5): its header inflated, the rest only counted: no file fills the memory.

What is refused here for its size is refused before anything else opens the file.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from mappings.problems import refuse

DEFLATED = "1.2.840.10008.1.2.1.99"
"""Transfer syntax of a data set that is deflated whole."""
HEADER_MOST = 16 << 20
"""Bytes that a header may have, inflated."""
MOST = 512 << 20
"""Bytes that a whole data set may have, inflated."""
_CHUNK = 1 << 16


def inflated(stream: BinaryIO, header_most: int = HEADER_MOST, most: int = MOST) -> bytes:
    """The first `header_most` bytes of the data set that is deflated from here on.

    Raises:
        ProblemError: `too-long` where it inflates to more than `most` bytes.
        zlib.error: it is not deflated, or cut off.
    """
    kept = bytearray()
    for made in inflating(stream, most):
        kept += made[: max(0, header_most - len(kept))]
    return bytes(kept)


def inflating(stream: BinaryIO, most: int = MOST) -> Iterator[bytes]:
    """The data set that is deflated from here on, in pieces.

    Raises:
        ProblemError, zlib.error: as `inflated`.
    """
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    rest = stream.read(_CHUNK)
    while not inflater.eof:
        made = inflater.decompress(rest, _CHUNK)
        size += len(made)
        if size > most:
            raise too_long(most)
        yield made
        rest = inflater.unconsumed_tail or stream.read(_CHUNK)
        if not (rest or made or inflater.eof):
            raise zlib.error


def too_long(most: int) -> Exception:
    """The refusal of what inflates to more than `most` bytes."""
    message = (
        f"is deflated and would inflate to more than {most >> 20} MB, as files do that are made to fill a memory; it "
        "is not opened: ask the sender for it in another transfer syntax"
    )
    return refuse("too-long", "(0002,0010)", message, rule="dicom.deflated")
