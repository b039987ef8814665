"""Released images to an archive by C-STORE (PS3.4 annex B), in the transfer syntaxes that the files have.

The extra `dimse`. Every instance has a status of its own; what was stored is then listed (C-FIND) and read back
(C-GET) as far as the archive lets us. A data set is compared without its file meta information: DIMSE has none.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapter.consent.release import Release
from adapter.delivery.images import Delivered, Outcome, Progress, Proof, compared
from adapter.delivery.opened import opened
from adapter.delivery.part10 import Part10, parts_of
from adapter.delivery.sending import Begin, Sending, untold
from adapter.dimse.asking import Image, images_of
from adapter.dimse.peer import MAX_CONTEXTS, RULE, Peer
from adapter.dimse.taking import pieces, received_in, take
from adapter.quiet import quiet_pydicom
from adapter.transfer.journal import Journal
from adapter.transfer.reasons import is_warning, said_of
from adapter.transfer.workers import several
from mappings.problems import ProblemError

BATCH = 100
"""Instances that go on one association."""
_CANNOT = frozenset(("forbidden", "not-supported", "processing"))


def deliver_images(
    release: Release, peer: Peer, journal: Journal, progress: Progress | None = None, begin: Begin = untold
) -> Delivered:
    """Have every released instance in the archive; what is there is not sent again.

    Whatever goes wrong on the way is the outcome of the instances that it kept from going.

    Raises:
        ProblemError: before anything is sent: a file cannot be read, or is not what it was.
    """
    return _Delivery(peer, parts_of(release), journal, begin, progress).run()


class _Delivery(Sending):
    """One run."""

    rule = RULE

    def __init__(
        self, peer: Peer, parts: tuple[Part10, ...], journal: Journal, begin: Begin, progress: Progress | None
    ) -> None:
        super().__init__(peer.name, parts, journal, begin, progress)
        self.peer = peer

    def steps(self) -> None:
        listed = self._listed()
        here = [part for part in self.parts if part.uid in listed]
        self._shown([Outcome(part=part, here=True, ours=self.ours(part)) for part in here], listed)
        missing = self.missing(listed)
        for each in several(self._send, _batches(missing), self.peer.pacs.connections):
            self.settled(each)
        new = [self.outcomes[part.uid] for part in missing if self.outcomes[part.uid].here]
        if new and self.peer.pacs.proof != "answer":
            self._shown(new, self._listed())

    # --- what is there

    def _listed(self) -> dict[str, Image]:
        found: dict[str, Image] = {}
        for study in sorted({part.study for part in self.parts}) if self.lists else ():
            try:
                found |= images_of(self.peer, study)
            except ProblemError as error:
                if error.problems[0].code not in _CANNOT:
                    raise
                self.blind()
                return {}
        return found

    def _shown(self, found: list[Outcome], listed: dict[str, Image]) -> None:
        """Say of instances that are there what shows it."""
        if not self.lists:
            return
        groups: dict[str, list[Outcome]] = {}
        for one in found:
            if one.part.uid not in listed:
                self.settled([self.not_listed(one)])
            elif proof := self.known_proof(one.part):
                self.settled([msgspec.structs.replace(one, proof=proof)])
            else:
                groups.setdefault(listed[one.part.uid].series, []).append(one)
        for each in groups.values():
            self.settled(self._compared(each, listed))

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
            with received_in(None):
                take(self.peer, asked, read)
        except ProblemError as error:
            if error.problems[0].code not in (*_CANNOT, "not-found"):
                raise
        if not all(uid in same for uid in parts):
            self.tell("informational", "does not send back all that it has: that it is listed has to do")
        return [self.judged(one, same.get(one.part.uid, "list")) for one in group]

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
                if error.problems[0].code == "not-supported":  # no context of this batch; another batch has others
                    words = "it takes none of these SOP classes in these transfer syntaxes"
                    return [*done, *(self.refused(part, "not-supported", words) for part in left)]
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
                self.sending([part])
                done.append(self._one(association, part, Path(scratch)))
                self.settled(done[-1:])

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
            return self.refused(part, "not-supported", "it takes this SOP class not in this transfer syntax")
        except (AttributeError, RuntimeError):
            raise self.peer.problem("transient", "broke the association off; try again", "C-STORE") from None
        number = self.peer.number(status, "C-STORE")
        if number == 0 or is_warning(number):
            self.warned(part, number)
            return self.taken([part])[0]
        return self.refused(part, *said_of(number))


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
    with quiet_pydicom():
        try:
            return str(opened(path, ["SOPInstanceUID"]).SOPInstanceUID)
        except Exception:  # pydicom raises almost anything on broken files; what names no UID counts as not sent
            return ""
