"""Every file below a root, looked at once: hashed, told apart, and of images the header read.

Where there are many files and several processors, processes of our own do it side by side. They are forked, which is
safe only while this process has one thread and the system is Linux; otherwise, and where that fails, one after another.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

import msgspec

from adapter.holding import File
from adapter.sources.dicom_folder import read_header
from adapter.sources.dicom_header import Reader
from adapter.sources.files import Place, described, places
from mappings.dicom.header import Header
from mappings.problems import Problem, ProblemError, problem

MANY = 2000
"""From so many files on, processes are worth their start."""
MOST = 8
"""So many processes at most."""
CHUNK = 100
"""Files that a process is given at a time."""
AHEAD = 3
"""Chunks that each process may be ahead: what is done and not yet taken stays in memory."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file; of an image its header. `problems` say why an image has none."""

    file: File
    header: Header | None = None
    problems: tuple[Problem, ...] = ()


Examined = Seen | tuple[str, Problem]
"""A file, or the path of what cannot be read and why."""


def examine_all(root: Path, skip: frozenset[str] = frozenset(), jobs: int | None = None) -> Iterator[Examined]:
    """Examine every file below `root`, in the order of their paths; `jobs` processes at most (1: none beside this)."""
    found = places(root, skip)
    several = min(jobs or _processors(), MOST)
    first = list(islice(found, MANY)) if several > 1 else []
    every = chain(first, found)
    if len(first) < MANY or not _forks():
        return _alone(every)
    return _together(every, several)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forks() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


_READER = Reader()
"""What headers share, remembered by a process that was forked."""


def _alone(found: Iterable[Place | tuple[str, Problem]]) -> Iterator[Examined]:
    reader = Reader()
    for place in found:
        yield examine(place, reader) if isinstance(place, Place) else place


def _together(found: Iterable[Place | tuple[str, Problem]], jobs: int) -> Iterator[Examined]:
    """The same by processes. A chunk whose process died is done here."""
    source = iter(found)
    chunks = iter(lambda: list(islice(source, CHUNK)), [])
    waiting: deque[tuple[list[Place | tuple[str, Problem]], Future[list[Examined]]]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        for chunk in chunks:
            try:
                waiting.append((chunk, pool.submit(_chunk, chunk)))
            except (BrokenProcessPool, OSError):
                yield from _taken(waiting)
                yield from _alone(chain(chunk, *chunks))
                return
            while len(waiting) > jobs * AHEAD:
                yield from _result(*waiting.popleft())
        yield from _taken(waiting)


def _taken(waiting: "deque[tuple[list[Place | tuple[str, Problem]], Future[list[Examined]]]]") -> Iterator[Examined]:
    while waiting:
        yield from _result(*waiting.popleft())


def _result(chunk: list[Place | tuple[str, Problem]], done: "Future[list[Examined]]") -> Iterable[Examined]:
    try:
        return done.result()
    except (BrokenProcessPool, OSError):
        return _alone(chunk)


def _chunk(chunk: list[Place | tuple[str, Problem]]) -> list[Examined]:
    return [examine(place, _READER) if isinstance(place, Place) else place for place in chunk]


def examine(place: Place, reader: Reader) -> Examined:
    """Look at one file; a `reader` remembers what headers share."""
    try:
        with open(place.location, "rb", buffering=0) as stream:
            file, head = described(stream, place.location, place.path)
            if file.kind != "dicom":
                return Seen(file=file)
            try:
                return Seen(file=file, header=read_header(head, file.size, stream, reader))
            except ProblemError as error:
                located = (msgspec.structs.replace(p, where=f"{place.path} {p.where}".strip()) for p in error.problems)
                return Seen(file=file, problems=tuple(located))
    except OSError:
        return place.path, problem("no-store", place.path, "cannot be read; check its permissions", rule="source.file")
