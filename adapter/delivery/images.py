"""What came of sending images, whatever the protocol, and what shows it."""

import hashlib
import tempfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from adapter.deflated import DEFLATED, inflating
from adapter.delivery.part10 import MARK, Part10, data_start, data_start_of, syntax_in
from adapter.quiet import quiet_pydicom
from mappings.problems import Problem, ProblemError

Proof = Literal["content", "data set", "elements", "list", "answer"]
"""What shows that an instance is there: it was read back and is the same, byte for byte; but for its file meta
information; in all its elements, encoded with other lengths; it is listed; it was acknowledged."""
READ_BACK: tuple[Proof, ...] = ("content", "data set", "elements")
Progress = Callable[[int, int], None]
"""Told how many instances of how many are there."""
_PADDING = 0xFFFCFFFC
_SLACK = 1 << 20
"""Bytes by which file meta information of the receiver's own may be longer."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one instance.

    `here`: the receiver has it, and `ours`: from us, now or in an earlier run. `problem` says why it has it not (its
    code: whether that may pass), or what is wrong with what it has.
    """

    part: Part10
    here: bool
    ours: bool = False
    proof: Proof = "answer"
    problem: Problem | None = None


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it all: an outcome for each instance, and what is to be told."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def here(self) -> tuple[Outcome, ...]:
        """Those that the receiver has."""
        return tuple(one for one in self.outcomes if one.here)

    @property
    def passing(self) -> bool:
        """Whether something is missing that may be there after another try."""
        return any(one.problem is not None and one.problem.code in _PASSING for one in self.outcomes if not one.here)


_PASSING = frozenset(("transient", "timeout", "throttled", "lock-error"))


def digest_of(parts: Iterable[tuple[str, str]]) -> str:
    """sha256 over (UID, sha256) of instances, in the order of the UIDs."""
    told = hashlib.sha256()
    for uid, sha256 in sorted(parts):
        told.update(f"{uid} {sha256}\n".encode())
    return told.hexdigest()


def compared(part: Part10, chunks: Iterable[bytes]) -> Proof | None:
    """Whether what a receiver gives back is what was sent; None where its data set is another one.

    What is much longer than what was sent is another one, and not read to its end.
    """
    with tempfile.TemporaryDirectory(prefix="second-opinion-") as scratch:
        place = Path(scratch) / "back"
        whole, size = hashlib.sha256(), 0
        with place.open("wb") as sink:
            for chunk in chunks:
                whole.update(chunk)
                size += len(chunk)
                if size > 2 * part.size + _SLACK:
                    return None
                sink.write(chunk)
        if whole.hexdigest() == part.sha256:
            return "content"
        return _same_data(part, place)


def _same_data(part: Part10, place: Path) -> Proof | None:
    """Archives write file meta information of their own, and encode lengths their own way."""
    with place.open("rb") as stream:
        start = data_start(stream.read(len(MARK) + 12))
        stream.seek(start)
        data = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        syntax = syntax_in(stream.read(start))
    if not start or syntax != part.syntax:
        return None
    if data == part.data_sha256:
        return "data set"
    if syntax == DEFLATED:
        return "elements" if _same_inflated(part, place, start) else None
    return "elements" if same_elements(part.file.location, place) else None


def _same_inflated(part: Part10, place: Path, start: int) -> bool:
    """Whether two deflated data sets are the same but for how they are packed; the first is no longer than may be."""
    digests = []
    try:
        with part.file.location.open("rb") as ours, place.open("rb") as theirs:
            ours.seek(part.start if part.prefix else data_start_of(part.file.location))
            theirs.seek(start)
            for stream in (ours, theirs):
                digest = hashlib.sha256()
                for chunk in inflating(stream):
                    digest.update(chunk)
                digests.append(digest.digest())
    except (ProblemError, zlib.error):
        return False
    return digests[0] == digests[1]


def same_elements(one: Path, other: Path) -> bool:
    """Whether two files have the same elements with the same values, pixel data among them.

    Group lengths (gggg,0000) and padding (FFFC,FFFC) are no part of it. Both files are in memory while they are
    compared.
    """
    from pydicom import dcmread

    with quiet_pydicom():
        try:
            first, second = (dcmread(path, force=True) for path in (one, other))
            tags = [[tag for tag in sorted(each.keys()) if tag.element and tag != _PADDING] for each in (first, second)]
            return tags[0] == tags[1] and all(first[tag] == second[tag] for tag in tags[0])
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return False


__all__ = ["Delivered", "Outcome", "Progress", "Proof", "compared", "digest_of"]
