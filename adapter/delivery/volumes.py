"""How a release is divided among media of one size: what belongs together stays together where it fits."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from adapter.delivery.part10 import Part10
from mappings.problems import refuse

SIZES = {"cd": 700_000_000, "dvd": 4_700_000_000}
"""Bytes of a CD (80 minutes) and a single-layer DVD, as they are sold, rounded down."""
SECTOR = 2048
"""Files take whole sectors (ECMA-119 6.1.2)."""
RECORD = 2 * SECTOR
"""Allowed for each instance besides its file: its directory records, its line in SHA256.TXT, its part of folders."""
RESERVE = 1 << 20
"""Allowed for each volume besides its content: its pages, lists and file system."""


class Volume(msgspec.Struct, kw_only=True):
    """One medium: the files of the case that lie on it (by name), its instances, and the bytes it may still take."""

    free: int
    files: list[str]
    images: list[Part10]


def volumes(files: Iterable[tuple[str, int]], images: Sequence[Part10], capacity: int) -> tuple[Volume, ...]:
    """Divide files (name, size) and instances among volumes of `capacity` bytes; the same input, the same volumes.

    Files come first. Each study then goes on the first volume that has room for all of it. One that no volume has
    room for is divided by series, and a series that no volume has room for by instances.

    Raises:
        ProblemError: something is larger than a volume.
    """
    files = list(files)
    _check([*((_sectors(size), name) for name, size in files), *((_taken(one), one.uid) for one in images)], capacity)
    found: list[Volume] = []
    for name, size in files:
        _fitting(found, _sectors(size), capacity).files.append(name)
    for group in _together(images, capacity):
        volume = _fitting(found, sum(map(_taken, group)), capacity)
        volume.images += group
    return tuple(found)


def _together(images: Sequence[Part10], capacity: int) -> Iterator[list[Part10]]:
    """What is put on a volume at a time."""
    room = capacity - RESERVE
    for _, study in groupby(sorted(images, key=lambda one: (one.study, one.series, one.uid)), lambda one: one.study):
        whole = list(study)
        if sum(map(_taken, whole)) <= room:
            yield whole
            continue
        for _, series in groupby(whole, lambda one: one.series):
            part = list(series)
            yield from [part] if sum(map(_taken, part)) <= room else ([one] for one in part)


def _check(parts: list[tuple[int, str]], capacity: int) -> None:
    """Refuse a medium that the largest thing does not fit on, and say how large one has to be."""
    size, what = max(parts, default=(0, ""))
    if size + RESERVE > capacity:
        named = next((f" (--medium {name})" for name, room in SIZES.items() if room >= size + RESERVE), "")
        message = (
            f"is the largest thing that has to be on one medium, and does not fit: take one of {size + RESERVE} bytes "
            f"or more{named}"
        )
        raise refuse("too-long", what, message, rule="medium.size")


def _fitting(found: list[Volume], size: int, capacity: int) -> Volume:
    """The first volume with room, a new one if need be."""
    volume = next((one for one in found if one.free >= size), None)
    if volume is None:
        volume = Volume(free=capacity - RESERVE, files=[], images=[])
        found.append(volume)
    volume.free -= size
    return volume


def _sectors(size: int) -> int:
    return -(-size // SECTOR) * SECTOR


def _taken(part: Part10) -> int:
    return _sectors(part.size) + RECORD


__all__ = ["SIZES", "Volume", "volumes"]
