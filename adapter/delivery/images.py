"""What came of sending images, whatever the protocol, and what shows it."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from adapter.delivery.part10 import MARK, Part10, data_start, syntax_in
from mappings.problems import Problem

Proof = Literal["content", "data set", "list", "answer"]
"""What shows that an instance is there: it was read back and is the same, byte for byte; but for its file meta
information; it is listed; it was acknowledged."""
Progress = Callable[[int, int], None]
"""Told how many instances of how many are there."""
_HEAD = 1 << 16


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
    """Whether what a receiver gives back is what was sent; None where its data set is another one."""
    whole, data, head = hashlib.sha256(), hashlib.sha256(), bytearray()
    start: int | None = None
    for chunk in chunks:
        whole.update(chunk)
        if start is not None:
            data.update(chunk)
            continue
        head += chunk
        if len(head) >= _HEAD:
            start = _start(head, data)
    if start is None:
        start = _start(head, data)
    if whole.hexdigest() == part.sha256:
        return "content"
    same = data.hexdigest() == part.data_sha256 and syntax_in(bytes(head[:start])) == part.syntax
    return "data set" if start and same else None


def _start(head: bytearray, data: Any) -> int:
    start = data_start(bytes(head[: len(MARK) + 12]))
    data.update(head[start:])
    return start


__all__ = ["Delivered", "Outcome", "Progress", "Proof", "compared", "digest_of"]
