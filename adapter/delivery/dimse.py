"""Released images to an archive by C-STORE (PS3.4 annex B), in the transfer syntaxes that the files have.

The extra `dimse`. Every instance has a status of its own; what was stored is then listed (C-FIND) and read back
(C-GET) as far as the archive lets us. A data set is compared without its file meta information: DIMSE has none.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapter.consent.release import Release
from adapter.delivery.images import READ_BACK, Delivered, Outcome, Progress, Proof, compared
from adapter.delivery.part10 import Part10, parts_of
from adapter.dimse.asking import Image, images_of
from adapter.dimse.peer import MAX_CONTEXTS, RULE, Peer
from adapter.dimse.taking import pieces, take
from adapter.quiet import quiet_pydicom
from adapter.transfer.journal import Journal, Line
from adapter.transfer.reasons import is_warning, said_of
from adapter.transfer.workers import several
from mappings.problems import IssueType, Problem, ProblemError, problem

BATCH = 100
"""Instances that go on one association."""
_CANNOT = frozenset(("forbidden", "not-supported", "processing"))


def deliver_images(release: Release, peer: Peer, journal: Journal, progress: Progress | None = None) -> Delivered:
    """Have every released instance in the archive; what is there is not sent again.

    Whatever goes wrong on the way is the outcome of the instances that it kept from going.

    Raises:
        ProblemError: before anything is sent: a file cannot be read, or is not what it was.
    """
    return _Delivery(peer, journal, parts_of(release), progress).run()


class _Delivery:
    """One run."""

    def __init__(self, peer: Peer, journal: Journal, parts: tuple[Part10, ...], progress: Progress | None) -> None:
        self.peer, self.journal, self.parts, self.progress = peer, journal, parts, progress
        self.problems: list[Problem] = []
        self.lists = True
        self.sent = set(journal.of("sending", "stored"))
        self.proved = journal.of("proved")
        self.outcomes: dict[str, Outcome] = {}

    def run(self) -> Delivered:
        try:
            self._run()
        except ProblemError as error:
            stored = self.journal.of("stored")
            for part in self.parts:
                if part.uid not in self.outcomes:
                    here = (part.uid, part.sha256) in stored
                    self.outcomes[part.uid] = Outcome(part=part, here=here, ours=here, problem=error.problems[0])
        outcomes = tuple(self.outcomes[part.uid] for part in self.parts)
        return Delivered(outcomes=outcomes, problems=tuple(dict.fromkeys(self.problems)))

    def _run(self) -> None:
        listed = self._listed()
        here = [part for part in self.parts if part.uid in listed]
        self._shown([Outcome(part=part, here=True, ours=self._ours(part)) for part in here], listed)
        missing = [part for part in self.parts if part.uid not in listed]
        for each in several(self._send, _batches(missing), self.peer.pacs.connections):
            self._settled(each)
        new = [self.outcomes[part.uid] for part in missing if self.outcomes[part.uid].here]
        if new and self.peer.pacs.proof != "answer":
            self._shown(new, self._listed())

    def _ours(self, part: Part10) -> bool:
        return (part.uid, part.sha256) in self.sent

    def _settled(self, found: Iterable[Outcome]) -> None:
        self.outcomes |= {one.part.uid: one for one in found}
        if self.progress:
            self.progress(sum(one.here for one in self.outcomes.values()), len(self.parts))

    # --- what is there

    def _listed(self) -> dict[str, Image]:
        found: dict[str, Image] = {}
        for study in sorted({part.study for part in self.parts}) if self.lists else ():
            try:
                found |= images_of(self.peer, study)
            except ProblemError as error:
                if error.problems[0].code not in _CANNOT:
                    raise
                self.lists = False
                self._tell("informational", "does not list what it has to us: its answers alone say that it came")
                return {}
        return found

    def _shown(self, found: list[Outcome], listed: dict[str, Image]) -> None:
        """Say of instances that are there what shows it."""
        if not self.lists:
            return
        gone = [one for one in found if one.part.uid not in listed]
        message = "was acknowledged, but the archive does not list it; try again, or ask its operator"
        for one in gone:
            wrong = problem("transient", f"instance {one.part.uid}", message, rule=RULE)
            self._settled([msgspec.structs.replace(one, here=False, ours=False, problem=wrong)])
        rest = [one for one in found if one.part.uid in listed]
        proved = [one for one in rest if (one.part.uid, one.part.sha256) in self.proved]
        for one in proved:
            told = self.proved[one.part.uid, one.part.sha256].detail
            self._settled([msgspec.structs.replace(one, proof=next(p for p in READ_BACK if p == told))])
        groups: dict[str, list[Outcome]] = {}
        for one in rest:
            if one not in proved:
                groups.setdefault(listed[one.part.uid].series, []).append(one)
        for each in groups.values():
            self._settled(self._compared(each, listed))

    def _compared(self, group: list[Outcome], listed: dict[str, Image]) -> list[Outcome]:
        """Instances of one series, read back by C-GET where the archive does that."""
        if self.peer.pacs.proof != "content":
            return [msgspec.structs.replace(one, proof="list") for one in group]
        parts = {one.part.uid: one.part for one in group}
        same: dict[str, Proof | None] = {}

        def read(came: Path) -> bool:
            uid = _uid(came)
            if uid in parts:
                same[uid] = compared(parts[uid], pieces(came))
            return uid in parts

        try:
            asked = [msgspec.structs.replace(listed[uid], sop_class=part.sop_class) for uid, part in parts.items()]
            take(self.peer, asked, read)
        except ProblemError as error:
            if error.problems[0].code not in (*_CANNOT, "not-found"):
                raise
        if not all(uid in same for uid in parts):
            self._tell("informational", "does not send back all that it has: that it is listed has to do")
        return [self._judged(one, same.get(one.part.uid, "list")) for one in group]

    def _judged(self, one: Outcome, proof: Proof | None) -> Outcome:
        if proof is not None:
            if proof in READ_BACK:
                self.journal.add([Line(event="proved", uid=one.part.uid, sha256=one.part.sha256, detail=proof)])
            return msgspec.structs.replace(one, proof=proof)
        message = (
            "is there with another data set than was released (changed by the archive, or another instance of this "
            "UID); compare the two, and ask its operator"
        )
        found = problem("conflict", f"instance {one.part.uid}", message, rule="deliver.content")
        return msgspec.structs.replace(one, here=one.ours, problem=found)

    # --- sending

    def _send(self, batch: Sequence[Part10]) -> list[Outcome]:
        """Send a batch; what an association that broke off left open goes on another, as often as is allowed."""
        left, done = list(batch), list[Outcome]()
        for attempt in range(self.peer.pacs.attempts):
            try:
                self._on_one(left, done)
                return done
            except ProblemError as error:
                known = {one.part.uid for one in done}
                left = [part for part in left if part.uid not in known]
                if error.problems[0].code != "transient":
                    raise
                if attempt + 1 == self.peer.pacs.attempts:
                    return [*done, *(Outcome(part=part, here=False, problem=error.problems[0]) for part in left)]
                self.peer.wait(attempt)
        return done

    def _on_one(self, parts: Sequence[Part10], done: list[Outcome]) -> None:
        from pynetdicom import build_context

        kinds = sorted({(part.sop_class, part.syntax) for part in parts})
        contexts = [build_context(sop_class, syntax) for sop_class, syntax in kinds]
        with self.peer.associated(contexts, "C-STORE") as association, tempfile.TemporaryDirectory() as scratch:
            for part in parts:
                self.journal.add([Line(event="sending", uid=part.uid, sha256=part.sha256)])
                done.append(self._one(association, part, Path(scratch)))
                self._settled(done[-1:])

    def _one(self, association: Any, part: Part10, scratch: Path) -> Outcome:
        place = part.file.location
        if part.prefix:
            place = scratch / "instance"
            with place.open("wb") as sink:
                sink.writelines(part.chunks())
        try:
            with quiet_pydicom():
                status = association.send_c_store(place)
        except ValueError:  # the peer accepted no context for it
            return self._refused(part, "not-supported", "it takes this SOP class not in this transfer syntax")
        except (AttributeError, RuntimeError):
            raise self.peer.problem("transient", "broke the association off; try again", "C-STORE") from None
        number = self.peer.number(status, "C-STORE")
        if number == 0 or is_warning(number):
            if number:
                self._tell("conflict", said_of(number)[1], f"instance {part.uid}")
            self.journal.add([Line(event="stored", uid=part.uid, sha256=part.sha256)])
            return Outcome(part=part, here=True, ours=True)
        return self._refused(part, *said_of(number))

    def _refused(self, part: Part10, code: IssueType, words: str) -> Outcome:
        self.journal.add([Line(event="refused", uid=part.uid, sha256=part.sha256, detail=code)])
        found = problem(code, f"instance {part.uid}", f"was not stored: {words}", rule=RULE)
        return Outcome(part=part, here=False, problem=found)

    def _tell(self, code: IssueType, message: str, where: str = "") -> None:
        place = where or f"pacs.{self.peer.name}"
        self.problems.append(problem(code, place, message, rule=RULE, severity="warning"))


def _batches(parts: Sequence[Part10]) -> Iterator[list[Part10]]:
    """Batches whose kinds fit into one association."""
    batch: list[Part10] = []
    kinds: set[tuple[str, str]] = set()
    for part in sorted(parts, key=lambda part: (part.sop_class, part.syntax, part.uid)):
        kind = (part.sop_class, part.syntax)
        if batch and (len(batch) == BATCH or len(kinds | {kind}) > MAX_CONTEXTS):
            yield batch
            batch, kinds = [], set()
        batch.append(part)
        kinds.add(kind)
    if batch:
        yield batch


def _uid(path: Path) -> str:
    from pydicom import dcmread

    with quiet_pydicom():
        try:
            return str(dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
        except Exception:  # pydicom says values in what it raises
            return ""
