"""The journal of a transfer: JSON lines beside the target, only ever added to, each on disk before it counts.

A transfer that was interrupted, by a signal or by the power, reads it and goes on where it stopped. A last line that
was cut off counts for nothing. It holds UIDs, digests and events, nothing else of an image or a person.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec

from mappings.problems import refuse

FORMAT = "second-opinion-transfer/1"
_MARK = f'{{"format":"{FORMAT}","about":"'.encode()
_RULE = "transfer.journal"

Event = Literal["fetched", "begun", "sending", "stored", "proved", "refused", "disclosed", "complete"]


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that happened.

    Attributes:
        event: what; `complete` and `begun` are about the transfer, the others about an instance. `disclosed`: the
            ledger has it on a line; `begun`: it has the instances that are about to go.
        uid: SOP Instance UID; sha256: of the file; of `begun`: over the instances.
        detail: how it was proved, or why it was refused: a word, never a server's text.
        study, series: the UIDs it belongs to, where it was fetched.
    """

    event: Event
    uid: str = ""
    sha256: str = ""
    detail: str = ""
    study: str = ""
    series: str = ""


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    about: str


class Journal:
    """One journal, held by one process at a time; safe to add to from several threads.

    `about` tells one transfer from another (direction, archive and its address, what is transferred): only its digest
    is kept, as `about`, and written. With `begun`, a journal without a line stays: it says that the transfer was begun.
    Without, it goes when it is closed: nothing happened.

    Raises:
        ProblemError: another process holds it (transient), it is of another transfer, or it cannot be read or written.
    """

    def __init__(self, place: Path, about: str, begun: bool = True) -> None:
        self.place, self.begun = place, begun
        self._lock = threading.Lock()
        self.lines: list[Line] = []
        self._file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._hold()
            self.about = hashlib.sha256(about.encode()).hexdigest()
            self._read(self.about)
        except BaseException:  # interrupted too: the journal is free for the next run
            os.close(self._file)
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not (self.begun or self.lines):
                self.place.unlink(missing_ok=True)  # while it is held: nobody else is at it
        finally:
            os.close(self._file)

    def _hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(self._file), os.stat(self.place)):
                raise BlockingIOError  # who held it took it away
        except OSError:
            message = "is held by another run of the same transfer; wait until it ends"
            raise refuse("lock-error", self.place.name, message, rule=_RULE) from None

    def _read(self, about: str) -> None:
        with open(self._file, "rb", closefd=False) as stream:
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and _MARK.startswith(data[: len(_MARK)]):
            os.ftruncate(self._file, 0)
            self._write(msgspec.json.encode(_Head(format=FORMAT, about=about)) + b"\n")
            _settle(self.place.parent)
            return
        rows = whole.splitlines()
        try:
            head = msgspec.json.decode(rows[0] if rows else b"", type=_Head)
            self.lines = [msgspec.json.decode(row, type=Line) for row in rows[1:]]
        except (msgspec.DecodeError, UnicodeDecodeError):
            head = None
        if head is None or head.format != FORMAT or head.about != about:
            message = "is no journal of this transfer; move it away, or name another place"
            raise refuse("conflict", self.place.name, message, rule=_RULE)
        if len(whole) < len(data):
            os.ftruncate(self._file, len(whole))

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)

    def add(self, lines: Iterable[Line]) -> None:
        """Add lines; they are on disk when this returns."""
        rows = list(lines)
        if not rows:
            return
        with self._lock:
            self._write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
            self.lines += rows

    def of(self, *events: Event) -> dict[tuple[str, str], Line]:
        """The last line of these events about each (SOP Instance UID, sha256)."""
        with self._lock:
            return {(line.uid, line.sha256): line for line in self.lines if line.event in events}


ENDING = ".fetch.jsonl"


def journal_of(folder: Path) -> Path:
    """The journal of what is fetched into a folder: beside it."""
    return folder.absolute().with_name(f"{folder.absolute().name}{ENDING}")


def fetch_state(place: Path) -> Literal["complete", "open"] | None:
    """What the journal of a fetch says of it; None where a file is none."""
    if not place.name.endswith(ENDING):
        return None
    try:
        with place.open("rb") as stream:
            if msgspec.json.decode(stream.readline(1024), type=_Head).format != FORMAT:
                return None
            last = b""
            for row in stream:
                last = row
        done = bool(last) and msgspec.json.decode(last, type=Line).event == "complete"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return "open" if place.is_file() and _headed(place) else None
    return "complete" if done else "open"


def _headed(place: Path) -> bool:
    try:
        with place.open("rb") as stream:
            return stream.read(len(_MARK)) == _MARK
    except OSError:
        return False


def _settle(folder: Path) -> None:
    """Have the folder's entries on disk, so that a new file is found after a crash."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["FORMAT", "Event", "Journal", "Line", "fetch_state", "journal_of"]
