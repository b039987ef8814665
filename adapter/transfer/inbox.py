"""Where fetched instances come to lie: FOLDER/<study>/<series>/<instance>.dcm, each whole and checked or not there."""

import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import msgspec

from adapter.transfer.journal import Journal, Line
from adapter.transfer.wanted import comparable
from mappings.dicom.header import Header
from mappings.domain.person import Identity, unlike
from mappings.problems import IssueType, Problem, ProblemError, problem, refuse

_RULE = "fetch.instance"
_PYDICOM = threading.Lock()
"""What keeps pydicom quiet is a state of the whole process."""
MAX_INSTANCE = 16 << 30
"""Bytes of the longest instance that is taken: an answer may have no end."""
TOGETHER = 32
"""Instances that are written into the journal at once."""


Read = Callable[[Path], Header | None]
"""Reads the header of a file in bounds; None where it is no DICOM, a ProblemError where it must not be opened."""


class Expected(msgspec.Struct, frozen=True):
    """An instance that is waited for, and the patient number that its study has in the archive.

    `person` is what the archive lists of the patient beside it, as far as that can be compared.
    """

    study: str
    series: str
    uid: str
    patient: str
    person: Identity = Identity()


class Inbox:
    """A folder that is filled; several threads may hand in at a time. Nothing that is there already is overwritten.

    `have` are the UIDs that are here, whole, as the journal says and the files show.
    """

    def __init__(self, folder: Path, journal: Journal, expected: Iterable[Expected], read: Read) -> None:
        self.folder, self.journal, self._read = folder, journal, read
        self.expected: dict[str, Expected] = {}
        self.problems: list[Problem] = []
        for one in expected:
            if self.expected.setdefault(one.uid, one) != one:
                self._note("duplicate", f"instance {one.uid}", "is listed in two places; only one of them is fetched")
        self.refused: set[str] = set()
        self.size = 0
        self.new = 0
        self._lock = threading.Lock()
        self._unwritten: list[Line] = []
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("*/*/.*.part"):
            stale.unlink()
        for left in folder.glob(".incoming-*"):  # what a run that was killed was receiving
            shutil.rmtree(left)
        told = {line.uid: line for line in journal.lines if line.event == "fetched"}
        self.have = {uid for uid in self.expected if uid in told and self._is_here(told[uid])}
        self._came = {uid: told[uid].sha256 for uid in self.have}

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
        """Write a stream to a scratch file, on disk when this returns; its sha256, None where it is not as long.

        Raises:
            ProblemError: it is longer than an instance may be.
        """
        digest, size = hashlib.sha256(), 0
        with scratch.open("wb") as sink:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                if size > MAX_INSTANCE:
                    message = f"sends an instance of more than {MAX_INSTANCE >> 30} GB; it is not taken"
                    raise refuse("too-long", "sent", message, rule=_RULE)
                sink.write(chunk)
            _on_disk(sink)
        return digest.hexdigest() if length is None or length == size else None

    def take(self, scratch: Path, sha256: str) -> str | None:
        """Put a whole scratch file in its place, if it is an instance that is waited for; its UID, None where not.

        What is none, or says of itself otherwise than the archive did, is not kept, and that is told.
        """
        try:
            with _PYDICOM:
                found = self._read(scratch)
        except ProblemError as error:
            told = error.problems[0]
            self._tell(told.code, "sent", f"sent something that {told.message}; not kept")
            return None
        if found is None:
            self._tell("structure", "sent", "sent something that is no DICOM instance; not kept")
            return None
        one = self.expected.get(found.instance_uid)
        if one is None:
            self._tell("conflict", "sent", "sent an instance that was not asked for; not kept")
            return None
        if (parts := _otherwise(one, found)) is not None:
            message = f"names its {parts} otherwise than the archive lists it; it is not kept"
            self._tell("conflict", f"instance {one.uid}", message)
            return None
        self._settle(one, scratch, sha256)
        return one.uid

    def _settle(self, one: Expected, scratch: Path, sha256: str) -> None:
        place = self.place(one)
        size = scratch.stat().st_size
        with self._lock:
            if one.uid in self.have:  # of what comes twice the first is kept
                if self._came[one.uid] != sha256:
                    self._note("conflict", f"instance {one.uid}", "was sent twice and not the same; the first is kept")
                return
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
            self.have.add(one.uid)
            self._came[one.uid] = sha256
            self.size += size
            self.new += 1
            if len(self._unwritten) >= TOGETHER:
                self._flush()

    def refuse(self, uid: str, found: Problem) -> None:
        """Give up on an instance, for a reason; where something was told of it already, that is the reason."""
        with self._lock:
            self.refused.add(uid)
            if not any(one.where == found.where for one in self.problems):
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

    def _tell(self, code: IssueType, where: str, message: str) -> None:
        with self._lock:
            self._note(code, where, message)

    def _note(self, code: IssueType, where: str, message: str) -> None:
        """Tell once what may happen many times."""
        found = problem(code, where, message, rule=_RULE)
        if found not in self.problems:
            self.problems.append(found)


def _otherwise(one: Expected, found: Header) -> str | None:
    """What an instance says otherwise than the archive lists it: of where it belongs, or of whose it is."""
    told = (found.study_uid, found.series_uid, found.patient_id.value if found.patient_id else "")
    if told != (one.study, one.series, one.patient):
        return "study, series or patient"
    return " and ".join(f"patient's {part}" for part in unlike(one.person, comparable(found.identity))) or None


def _on_disk(sink: IO[bytes]) -> None:
    sink.flush()
    os.fsync(sink.fileno())


__all__ = ["Expected", "Inbox"]
