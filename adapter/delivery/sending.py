"""What every way of delivering images has in common: outcomes, the journal of what was sent, and what is told."""

from collections.abc import Callable, Iterable
from typing import ClassVar

import msgspec

from adapter.delivery.images import READ_BACK, Delivered, Outcome, Progress, Proof
from adapter.delivery.part10 import Part10
from adapter.transfer.journal import Journal, Line
from adapter.transfer.reasons import is_warning, said_of
from mappings.problems import IssueType, Problem, ProblemError, problem

Begin = Callable[[Iterable[tuple[str, str]]], None]
"""Told which instances (SOP Instance UID, sha256) are about to go, before the first of them is sent."""


def untold(_: Iterable[tuple[str, str]]) -> None:
    """For who keeps no ledger."""


class Sending:
    """One run. A protocol says how: `steps` lists what is there, sends what is missing, and has it shown.

    `sent` are the instances that this or an earlier run began to send.
    """

    rule: ClassVar[str]

    def __init__(
        self, name: str, parts: tuple[Part10, ...], journal: Journal, begin: Begin, progress: Progress | None
    ) -> None:
        self.name, self.parts, self.journal, self._begin, self._progress = name, parts, journal, begin, progress
        self.problems: list[Problem] = []
        self.lists = True
        self.sent = set(journal.of("sending", "stored"))
        self.proved = journal.of("proved")
        self.outcomes: dict[str, Outcome] = {}

    def run(self) -> Delivered:
        """Whatever goes wrong on the way is the outcome of the instances that it kept from going."""
        try:
            self.steps()
        except ProblemError as error:
            stored = self.journal.of("stored")
            for part in self.parts:
                if part.uid not in self.outcomes:
                    here = (part.uid, part.sha256) in stored
                    self.outcomes[part.uid] = Outcome(part=part, here=here, ours=here, problem=error.problems[0])
        outcomes = tuple(self.outcomes[part.uid] for part in self.parts)
        return Delivered(outcomes=outcomes, problems=tuple(dict.fromkeys(self.problems)))

    def steps(self) -> None:
        """Have everything there."""
        raise NotImplementedError

    def missing(self, listed: Iterable[str]) -> list[Part10]:
        """What is not there yet; that it is about to go is written down."""
        there = set(listed)
        found = [part for part in self.parts if part.uid not in there]
        if found:
            self._begin((part.uid, part.sha256) for part in found)
        return found

    def ours(self, part: Part10) -> bool:
        """Whether an instance that is there came from us."""
        return (part.uid, part.sha256) in self.sent

    def settled(self, found: Iterable[Outcome]) -> None:
        """Keep outcomes."""
        self.outcomes |= {one.part.uid: one for one in found}
        if self._progress:
            self._progress(sum(one.here for one in self.outcomes.values()), len(self.parts))

    def known_proof(self, part: Part10) -> Proof | None:
        """What showed in an earlier run that the receiver has it."""
        line = self.proved.get((part.uid, part.sha256))
        return next((one for one in READ_BACK if line is not None and one == line.detail), None)

    def sending(self, parts: Iterable[Part10]) -> None:
        """Write down that these are being sent, before they are."""
        self.journal.add(Line(event="sending", uid=part.uid, sha256=part.sha256) for part in parts)

    def taken(self, parts: Iterable[Part10]) -> list[Outcome]:
        """Write down that these are stored."""
        found = list(parts)
        if found:
            self.journal.add(Line(event="stored", uid=part.uid, sha256=part.sha256) for part in found)
        return [Outcome(part=part, here=True, ours=True) for part in found]

    def refused(self, part: Part10, code: IssueType, words: str) -> Outcome:
        """Write down that one was not stored."""
        self.journal.add([Line(event="refused", uid=part.uid, sha256=part.sha256, detail=code)])
        found = problem(code, f"instance {part.uid}", f"was not stored: {words}", rule=self.rule)
        return Outcome(part=part, here=False, problem=found)

    def not_listed(self, one: Outcome) -> Outcome:
        """One that was acknowledged, and the archive lists it not."""
        message = "was acknowledged, but the archive does not list it; try again, or ask its operator"
        found = problem("transient", f"instance {one.part.uid}", message, rule=self.rule)
        return msgspec.structs.replace(one, here=False, ours=False, problem=found)

    def judged(self, one: Outcome, proof: Proof | None) -> Outcome:
        """One that is listed, by what comes back of it: the same, or (None) another data set."""
        if proof is None:
            message = (
                "is there with another data set than was released (changed by the archive, or another instance of "
                "this UID); compare the two, and ask its operator"
            )
            found = problem("conflict", f"instance {one.part.uid}", message, rule="deliver.content")
            return msgspec.structs.replace(one, here=one.ours, problem=found)
        if proof in READ_BACK:
            self.journal.add([Line(event="proved", uid=one.part.uid, sha256=one.part.sha256, detail=proof)])
        return msgspec.structs.replace(one, proof=proof)

    def blind(self) -> None:
        """The archive lists nothing to us."""
        self.lists = False
        self.tell("informational", "does not list what it has to us: its answers alone say that it came")

    def warned(self, part: Part10, status: int) -> None:
        """Tell that one was stored with a warning."""
        if is_warning(status):
            self.tell("conflict", said_of(status)[1], f"instance {part.uid}")

    def tell(self, code: IssueType, message: str, where: str = "") -> None:
        """Tell something that is no outcome of an instance."""
        self.problems.append(problem(code, where or f"pacs.{self.name}", message, rule=self.rule, severity="warning"))


__all__ = ["Begin", "Sending", "untold"]
