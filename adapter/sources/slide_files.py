"""Whole-slide images in scanners' own formats, told by their content; MIRAX also by the folder beside its file.

Only the first directory of a TIFF is looked at: what the scanner wrote of itself stands there.
"""

from collections.abc import Iterable
from pathlib import Path
from struct import error as StructError
from struct import unpack_from

from adapter.holding import File

MIRAX = "3DHISTECH MIRAX"
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (270, b"Aperio", "Aperio (SVS)"),
    (271, b"Hamamatsu", "Hamamatsu (NDPI)"),
    (270, b"leica-microsystems.com/scn", "Leica (SCN)"),
    (305, b"Philips", "Philips TIFF"),
    (700, b"iScan", "Ventana (BIF)"),
    (270, b"openmicroscopy.org/Schemas/OME", "OME-TIFF"),
)
"""Tag of the first directory (ImageDescription, Make, Software, XMP), what stands in it, and whose format it is."""
_READ = 1 << 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 7: 1, 16: 8}


def slide_format(location: Path) -> str:
    """The scanner's format of a whole-slide image, or an empty text."""
    try:
        with location.open("rb") as stream:
            head = stream.read(16)
            if head.startswith(b"ZISRAWFILE"):
                return "Zeiss (CZI)"
            order = {b"II": "<", b"MM": ">"}.get(head[:2])
            if order is None:
                return ""
            tags = _first_directory(stream, head, order)
    except (OSError, StructError, OverflowError, ValueError):
        return ""
    return next((name for tag, mark, name in _MARKS if mark in tags.get(tag, b"")), "")


def _first_directory(stream: object, head: bytes, order: str) -> dict[int, bytes]:
    big = unpack_from(f"{order}H", head, 2)[0] == 43
    offset = unpack_from(f"{order}Q", head, 8)[0] if big else unpack_from(f"{order}L", head, 4)[0]
    count_form, entry, wide = ("Q", 20, 8) if big else ("H", 12, 4)
    count = unpack_from(f"{order}{count_form}", _at(stream, offset, 8))[0]
    start = offset + (8 if big else 2)
    table = _at(stream, start, min(count, 200) * entry)
    found: dict[int, bytes] = {}
    for number in range(min(count, 200)):
        tag, kind = unpack_from(f"{order}HH", table, number * entry)
        if tag not in (270, 271, 305, 700):
            continue
        length = unpack_from(f"{order}{'Q' if big else 'L'}", table, number * entry + 4)[0] * _SIZES.get(kind, 1)
        value = number * entry + 4 + wide
        if length <= wide:
            found[tag] = table[value : value + length]
        else:
            found[tag] = _at(stream, unpack_from(f"{order}{'Q' if big else 'L'}", table, value)[0], min(length, _READ))
    return found


def _at(stream: object, offset: int, length: int) -> bytes:
    stream.seek(offset)  # type: ignore[attr-defined]
    found: bytes = stream.read(length)  # type: ignore[attr-defined]
    return found


def mirax(files: Iterable[File]) -> dict[str, tuple[File, ...]]:
    """Path of a MIRAX file -> the files of its folder (X.mrxs and X/Slidedat.ini with X/Data0000.dat and so on)."""
    by_path = {file.path: file for file in files}
    found: dict[str, tuple[File, ...]] = {}
    for path in by_path:
        folder = f"{path[: -len('.mrxs')]}/"
        if path.lower().endswith(".mrxs") and f"{folder}Slidedat.ini" in by_path:
            found[path] = tuple(by_path[name] for name in sorted(by_path) if name.startswith(folder))
    return found
