"""Where fetched instances come to lie: FOLDER/<study>/<series>/<instance>.dcm, each whole and checked or not there."""

import hashlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec

from adapter.quiet import quiet_pydicom
from adapter.transfer.journal import Journal, Line
from mappings.domain.material import check_uid
from mappings.problems import Problem, problem, refuse

_RULE = "fetch.instance"
_TAGS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "PatientID"]
_PYDICOM = threading.Lock()
"""What keeps pydicom quiet is a state of the whole process."""
TOGETHER = 32
"""Instances that are written into the journal at once."""


class Expected(msgspec.Struct, frozen=True):
    """An instance that is waited for, and the patient number that its study has in the archive."""

    study: str
    series: str
    uid: str
    patient: str


class Inbox:
    """A folder that is filled; several threads may hand in at a time. Nothing that is there already is overwritten.

    `have` are the UIDs that are here, whole, as the journal says and the files show.
    """

    def __init__(self, folder: Path, journal: Journal, expected: Iterable[Expected]) -> None:
        self.folder, self.journal = folder, journal
        self.expected = {one.uid: one for one in expected}
        self.problems: list[Problem] = []
        self.refused: set[str] = set()
        self.size = 0
        self.new = 0
        self._lock = threading.Lock()
        self._unwritten: list[Line] = []
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("*/*/.*.part"):
            stale.unlink()
        told = {line.uid: line for line in journal.lines if line.event == "fetched"}
        self.have = {uid for uid in self.expected if uid in told and self._is_here(told[uid])}

    @property
    def missing(self) -> set[str]:
        """What is still waited for."""
        with self._lock:
            return set(self.expected) - self.have - self.refused

    def place(self, one: Expected) -> Path:
        """Where an instance comes to lie."""
        return self.folder / one.study / one.series / f"{one.uid}.dcm"

    def _is_here(self, line: Line) -> bool:
        place = self.place(self.expected[line.uid])
        try:
            with place.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == line.sha256
        except OSError:
            return False

    def scratch(self, series: Expected, number: int) -> Path:
        """A place for something that is not known yet, on the same file system; one per thread and number."""
        folder = self.folder / series.study / series.series
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f".{threading.get_ident()}-{number}.part"

    def write(self, scratch: Path, chunks: Iterable[bytes], length: int | None) -> str | None:
        """Write a stream to a scratch file, on disk when this returns; its sha256, None where it is not as long."""
        digest, size = hashlib.sha256(), 0
        with scratch.open("wb") as sink:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                sink.write(chunk)
            _on_disk(sink)
        return digest.hexdigest() if length is None or length == size else None

    def take(self, scratch: Path, sha256: str) -> str | None:
        """Put a whole scratch file in its place, if it is an instance that is waited for; its UID.

        What is none, or says of itself otherwise than the archive did, is not kept, and that is told.
        """
        found = _identity(scratch)
        one = self.expected.get(found.get("SOPInstanceUID", ""))
        if one is None:
            self._tell("conflict", "sent", "sent something that was not asked for, or is no DICOM instance; not kept")
            scratch.unlink()
            return None
        told = (found.get("StudyInstanceUID"), found.get("SeriesInstanceUID"), found.get("PatientID", ""))
        if told != (one.study, one.series, one.patient):
            message = "names its study, series or patient otherwise than the archive lists it; it is not kept"
            self._tell("conflict", f"instance {one.uid}", message)
            scratch.unlink()
            with self._lock:
                self.refused.add(one.uid)
            return one.uid
        self._settle(one, scratch, sha256)
        return one.uid

    def _settle(self, one: Expected, scratch: Path, sha256: str) -> None:
        place = self.place(one)
        size = scratch.stat().st_size
        with self._lock:
            if place.exists():
                known = Line(event="fetched", uid=one.uid, sha256=sha256)
                ours = any(line.event == "fetched" and line.uid == one.uid for line in self.journal.lines)
                if not (ours or self._is_here(known)):
                    message = "is there already, and is another file; move it away, or name another folder"
                    raise refuse("conflict", place.name, message, rule=_RULE)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(scratch, place)
            self._unwritten.append(
                Line(event="fetched", uid=one.uid, sha256=sha256, study=one.study, series=one.series)
            )
            if one.uid not in self.have:
                self.have.add(one.uid)
                self.size += size
                self.new += 1
            if len(self._unwritten) >= TOGETHER:
                self._flush()

    def refuse(self, uid: str, found: Problem) -> None:
        """Give up on an instance, for a reason."""
        with self._lock:
            self.refused.add(uid)
            self.problems.append(found)

    def close(self) -> None:
        """Have everything in the journal; that it is complete, where it is."""
        with self._lock:
            self._flush()
        if not (set(self.expected) - self.have):
            self.journal.add([Line(event="complete")])

    def _flush(self) -> None:
        if self._unwritten:
            self.journal.add(self._unwritten)
            self._unwritten = []

    def _tell(self, code: str, where: str, message: str) -> None:
        with self._lock:
            self.problems.append(problem(code, where, message, rule=_RULE))  # type: ignore[arg-type]


def _identity(path: Path) -> dict[str, str]:
    """What an instance says of itself; nothing where it cannot be read."""
    from pydicom import dcmread

    with _PYDICOM, quiet_pydicom():
        try:
            header = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
            found = {tag: str(header.get(tag) or "").strip(" \0") for tag in _TAGS}
            check_uid(found["SOPInstanceUID"], "it")
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return {}
    return found


def _on_disk(sink: IO[bytes]) -> None:
    sink.flush()
    os.fsync(sink.fileno())


__all__ = ["Expected", "Inbox"]
