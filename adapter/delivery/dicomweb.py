"""Released images to an archive by STOW-RS (PS3.18 10.5). What was sent is compared with what it says, and has.

An answer of 400 may stand for a batch of which some were stored, one of 200 for a batch of which some were not: what
counts are the UIDs in the answer, and where they are not all there, what the archive lists afterwards.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from adapter.consent.release import Release
from adapter.delivery.images import Delivered, Outcome, Progress, Proof, compared
from adapter.delivery.part10 import Part10, parts_of
from adapter.delivery.sending import Begin, Sending, untold
from adapter.dicomweb.client import RULE, Answer, Client
from adapter.dicomweb.listing import Row, instances_of
from adapter.transfer.journal import Journal
from adapter.transfer.reasons import said_of
from adapter.transfer.workers import several
from mappings.problems import ProblemError, problem

BATCH_BYTES = 256 << 20
"""An instance goes alone rather than in a request longer than this."""
_REFERENCED, _FAILED, _OTHER = "00081199", "00081198", "0008119A"
_UID, _REASON, _WARNING = "00081155", "00081197", "00081196"
_BOUNDARY = "second-opinion-7d2c1f0b9e5a4c3f8b6d"
_ANY = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_CANNOT = frozenset(("forbidden", "not-supported"))
"""What a server says that takes images in and shows none."""


def deliver_images(
    release: Release, client: Client, journal: Journal, progress: Progress | None = None, begin: Begin = untold
) -> Delivered:
    """Have every released instance in the archive; what is there is not sent again.

    Whatever goes wrong on the way is the outcome of the instances that it kept from going.

    Raises:
        ProblemError: before anything is sent: a file cannot be read, or is not what it was.
    """
    return _Delivery(client, parts_of(release), journal, begin, progress).run()


class _Delivery(Sending):
    """One run."""

    rule = RULE

    def __init__(
        self, client: Client, parts: tuple[Part10, ...], journal: Journal, begin: Begin, progress: Progress | None
    ) -> None:
        super().__init__(client.name, parts, journal, begin, progress)
        self.client, self.at_once, self.shows = client, client.pacs.connections, client.pacs.proof == "content"

    def steps(self) -> None:
        listed = self._listed()
        here = [part for part in self.parts if part.uid in listed]
        for one in several(self._there_before, here, self.at_once):
            self.settled([one])
        missing = self.missing(listed)
        for each in several(self._send, _batches(missing, self.client.pacs.batch), self.at_once):
            self.settled(each)
        new = [self.outcomes[part.uid] for part in missing if self.outcomes[part.uid].here]
        if new and self.client.pacs.proof != "answer":
            listed = self._listed()
            for one in several(lambda one: self._shown(one, listed), new, self.at_once):
                self.settled([one])

    # --- what is there

    def _listed(self) -> dict[str, str]:
        """What the archive lists of the studies that go: UID -> series; empty where it lists nothing to us."""
        found: dict[str, str] = {}
        for study in sorted({part.study for part in self.parts}) if self.lists else ():
            try:
                found |= instances_of(self.client, study)
            except ProblemError as error:
                if error.problems[0].code not in _CANNOT:
                    raise
                self.shows = False
                self.blind()
                return {}
        return found

    def _there_before(self, part: Part10) -> Outcome:
        """An instance that the archive has: by an earlier run, or from elsewhere and then the same, or not ours."""
        found = Outcome(part=part, here=True, ours=self.ours(part), proof="list")
        proof = self.known_proof(part)
        return msgspec.structs.replace(found, proof=proof) if proof else self._compared(found)

    def _shown(self, one: Outcome, listed: dict[str, str]) -> Outcome:
        """An instance that was acknowledged, as the archive shows it."""
        if not self.lists:
            return one
        if one.part.uid not in listed:
            return self.not_listed(one)
        return self._compared(msgspec.structs.replace(one, proof="list"))

    def _compared(self, one: Outcome) -> Outcome:
        """An instance that is listed, read back where the archive shows it."""
        return self.judged(one, self._read_back(one.part) if self.shows else "list")

    def _read_back(self, part: Part10) -> Proof | None:
        path = ("studies", part.study, "series", part.series, "instances", part.uid)

        def once() -> Proof | None:
            with self.client.opened(path, _ANY, "reading back") as answer:
                found: list[Proof | None] = []
                for piece in self.client.parts(answer, "reading back"):
                    found.append(compared(part, piece.chunks))
                    if found[-1] is None or len(found) > 1:  # what comes after it need not end
                        return None
            return found[0] if found else None

        try:
            return self.client.tried(once)
        except ProblemError as error:
            if error.problems[0].code not in _CANNOT:
                raise
            self.shows = False
            self.tell("informational", "does not let us read back what it has: that it is listed has to do")
            return "list"

    # --- sending

    def _send(self, batch: Sequence[Part10]) -> list[Outcome]:
        """Send a batch until it is known of each instance what became of it, within the attempts that are allowed."""
        left, done = list(batch), list[Outcome]()
        for attempt in range(self.client.pacs.attempts):
            try:
                answer = self._post(left)
            except ProblemError as error:
                found = error.problems[0]
                if found.code == "too-long" and len(left) > 1:
                    half = len(left) // 2
                    return [*done, *self._send(left[:half]), *self._send(left[half:])]
                if found.code in ("too-long", "not-supported", "processing"):
                    return [*done, *(self.refused(part, found.code, found.message) for part in left)]
                if found.code not in ("transient", "timeout", "throttled"):
                    raise
                if attempt + 1 == self.client.pacs.attempts:
                    return [*done, *(Outcome(part=part, here=False, problem=found) for part in left)]
                self.client.wait(attempt, error)
                settled = self.taken(part for part in left if part.uid in self._there(left))
            else:
                settled = self._reconciled(left, answer)
            done += settled
            known = {one.part.uid for one in settled}
            left = [part for part in left if part.uid not in known]
            if not left:
                return done
        found = problem("transient", f"pacs.{self.client.name}", "is out of resources; try again", rule=RULE)
        return [*done, *(Outcome(part=part, here=False, problem=found) for part in left)]

    def _post(self, batch: Sequence[Part10]) -> Answer:
        self.sending(batch)
        heads = [_head(number) for number in range(len(batch))]
        end = f"\r\n--{_BOUNDARY}--\r\n".encode()
        size = sum(len(head) + part.size for head, part in zip(heads, batch, strict=True)) + len(end)

        def body() -> Iterator[bytes]:
            for head, part in zip(heads, batch, strict=True):
                yield head
                yield from part.chunks()
            yield end

        kind = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
        return self.client.post(("studies", batch[0].study), body(), size, kind, "storing")

    def _reconciled(self, batch: Sequence[Part10], answer: Answer) -> list[Outcome]:
        """What became of each: as the answer says, else as the archive lists it, else by sending it alone."""
        stored, failed = _told(answer.body)
        taken = self.taken(part for part in batch if part.uid in stored)
        for part in batch:
            self.warned(part, stored.get(part.uid, 0))
        refused = [
            self.refused(part, *said_of(failed[part.uid]))
            for part in batch
            if part.uid in failed and part.uid not in stored and said_of(failed[part.uid])[0] != "transient"
        ]
        unclear = [part for part in batch if part.uid not in stored and part.uid not in failed]
        if unclear:
            there = self._there(unclear)
            taken += self.taken(part for part in unclear if part.uid in there)
            rest = [part for part in unclear if part.uid not in there]
            if len(batch) > 1:
                return [*taken, *refused, *(one for part in rest for one in self._send([part]))]
            refused += [
                self.refused(part, "processing", f"it did not store it (status {answer.status})") for part in rest
            ]
        return [*taken, *refused]

    def _there(self, parts: Sequence[Part10]) -> set[str]:
        if not self.lists:
            return set()
        return set(instances_of(self.client, parts[0].study)) & {part.uid for part in parts}


def _head(number: int) -> bytes:
    first = "" if number == 0 else "\r\n"
    return f"{first}--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()


def _batches(parts: Sequence[Part10], most: int) -> Iterator[list[Part10]]:
    """Batches of one study each, not longer than allowed."""
    for _, group in groupby(parts, key=lambda part: part.study):
        batch: list[Part10] = []
        for part in group:
            if batch and (len(batch) == most or sum(one.size for one in batch) + part.size > BATCH_BYTES):
                yield batch
                batch = []
            batch.append(part)
        yield batch


def _told(body: object) -> tuple[dict[str, int], dict[str, int]]:
    """What an answer says was stored (UID -> warning, or 0) and was not (UID -> reason); sequences may be empty."""
    if isinstance(body, list):
        body = body[0] if body else None
    answer = Row(body if isinstance(body, dict) else {})
    stored = {item.text(_UID): _number(item.text(_WARNING)) for item in answer.items(_REFERENCED)}
    failed = {item.text(_UID): _number(item.text(_REASON)) or 0x0110 for item in answer.items(_FAILED)}
    return stored, failed


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
