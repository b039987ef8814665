"""What a DICOM file says of itself, read in bounds: neither a deflated data set nor a long value fills the memory."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from adapter.deflated import DEFLATED, inflated, too_long
from mappings.problems import ProblemError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

HEADER_MOST = 64 << 20
"""Bytes that the data set of a deflated file may have up to its pixels: it may enclose a document."""
LONGEST = 64 << 10
"""Bytes that one of the values that are asked for may have; a longer one is left out."""
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def opened(path: Path, tags: Sequence[str] | None = None, force: bool = False) -> "Dataset":
    """The data set of a file up to its pixels, with its file meta information; of `tags` only those, if given.

    What pydicom warns about has to be caught by the caller. It raises almost anything on broken files, and says values
    in it.

    Raises:
        ProblemError: `too-long`: it is deflated, and inflates to more than may be.
    """
    from pydicom import dcmread
    from pydicom.dataelem import RawDataElement

    most = None if tags is None else LONGEST
    wanted = None if tags is None else list(tags)
    found = _inflated(path, wanted)
    if found is None:
        found = dcmread(path, most, stop_before_pixels=True, force=force, specific_tags=wanted)
    for tag, element in list(found.items()):
        if isinstance(element, RawDataElement) and element.value is None and element.length:  # read when asked for
            del found[tag]
    return found


def _inflated(path: Path, tags: list[str] | None) -> "Dataset | None":
    """The same of a file that says that it is deflated; None of any other."""
    from pydicom.datadict import tag_for_keyword
    from pydicom.filereader import _read_file_meta_info, read_dataset, read_preamble
    from pydicom.tag import Tag

    with path.open("rb") as stream:
        read_preamble(stream, True)
        meta = _read_file_meta_info(stream)
        if str(meta.get("TransferSyntaxUID", "")) != DEFLATED:
            return None
        header = io.BytesIO(inflated(stream, HEADER_MOST))
    wanted: list[BaseTag | int] | None = None if tags is None else [Tag(tag_for_keyword(tag) or 0) for tag in tags]
    found = read_dataset(header, False, True, stop_when=lambda tag, _, __: tag in _PIXELS, specific_tags=wanted)
    if header.tell() >= HEADER_MOST:
        raise too_long(HEADER_MOST)
    found.file_meta = meta
    return found


def named(error: ProblemError, path: Path) -> ProblemError:
    """The same with the file that it is about."""
    return ProblemError(msgspec.structs.replace(one, where=f"{path.name} {one.where}") for one in error.problems)


__all__ = ["named", "opened"]
