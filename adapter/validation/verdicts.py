"""Judgements that rely on one another, round cycles of references too, each made as seldom as can be.

What is asked for while something is judged is judged first, as far as that goes; in a cycle what is still being judged
is taken as satisfied. Where that was wrong, only what relied on it is judged again. A verdict turns from satisfied to
unsatisfied once and never back, so that this ends. Nothing here calls itself: a chain may have any length.
"""

import heapq
from collections.abc import Callable

from adapter.validation.places import Finding

Key = tuple[int, str]
"""A resource met, by identity of its scope, and the canonical of a profile."""


class _Record:
    """What is known of one key.

    Attributes:
        holds, findings: what is told of it; satisfied, with nothing found, until it has been judged.
        made: what the last judging found.
        asks: what the last judging was told, by (key, whether all findings were asked for).
        relying: the keys that asked for this one.
        rounds: how often it was judged.
        settled: whether it was judged to the end once.
        open: whether it is being judged, and waits for what it asked for.
        own: whether it lacks something though all that it asked for was told to be satisfied. What relies on it in
            a cycle and lacks nothing else is then no fault of it: HL7's engine, which starts at it, has it so.
        due: whether it must be judged again.
    """

    __slots__ = ("asks", "due", "findings", "holds", "made", "open", "own", "relying", "rounds", "settled")

    def __init__(self) -> None:
        self.holds, self.settled, self.open, self.due, self.own, self.rounds = True, False, False, False, False, 0
        self.findings: list[Finding] = []
        self.made: list[Finding] = []
        self.asks: dict[tuple[Key, bool], bool | list[Finding]] = {}
        self.relying: dict[Key, None] = {}

    def told(self, whole: bool) -> bool | list[Finding]:
        """All findings, or whether there is no error among them."""
        return self.findings if whole else self.holds


class Verdicts:
    """The verdicts of one validation; `judge` finds what a key lacks, and may ask here for others while it does."""

    def __init__(self, judge: Callable[[Key], list[Finding]]) -> None:
        self._judge = judge
        self._records: dict[Key, _Record] = {}
        self._asks: dict[tuple[Key, bool], bool | list[Finding]] | None = None
        self._due: list[tuple[bool, int, int, Key]] = []
        self.rounds = 0

    def findings(self, key: Key) -> list[Finding]:
        """What a key lacks."""
        told = self._told(key, True)
        return told if isinstance(told, list) else []

    def holds(self, key: Key) -> bool:
        """Whether a key lacks nothing that is an error."""
        return self._told(key, False) is True

    def _told(self, key: Key, whole: bool) -> bool | list[Finding]:
        if self._asks is None:
            self._settle(key)
        record = self._records.get(key) or _Record()
        told = record.told(whole)
        if self._asks is not None:
            self._asks[key, whole] = told
        return told

    def _settle(self, key: Key) -> None:
        stack = [key] if key not in self._records else []
        while stack or self._due:
            again = not stack
            if again:
                stack.append(heapq.heappop(self._due)[-1])
            top = stack[-1]
            record = self._records.get(top)
            if record is None or again or (record.open and self._mistaken(record)):
                record = self._round(top)
                unknown = [each for each, _ in record.asks if each not in self._records]
                if unknown:
                    stack += unknown
                    continue
            stack.pop()
            if record.open:
                self._close(top, record)

    def _round(self, key: Key) -> _Record:
        """Judge a key once."""
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = _Record()
        record.open, record.due = True, False
        record.rounds += 1
        self.rounds += 1
        asks = self._asks = record.asks = {}
        try:
            record.made = self._judge(key)
        finally:
            self._asks = None
        record.own = record.own or (not _sound(record.made) and all(told in (True, []) for told in asks.values()))
        return record

    def _mistaken(self, record: _Record) -> bool:
        return any(self._records[key].told(whole) != told for (key, whole), told in record.asks.items())

    def _close(self, key: Key, record: _Record) -> None:
        """Tell what was found from now on; who was told otherwise is due again, who may still turn first."""
        before = record.holds, record.findings
        record.holds = _sound(record.made) and (record.holds or not record.settled)
        record.findings, record.settled, record.open = record.made, True, False
        record.own = record.own and not record.holds
        for asked, _ in record.asks:
            self._records[asked].relying[key] = None
        if before == (record.holds, record.findings):
            return
        for other in record.relying:
            relying = self._records[other]
            if not (relying.open or relying.due or relying.own) and _wrong(relying, key, record):
                relying.due = True
                heapq.heappush(self._due, (not relying.holds, relying.rounds, len(self._due), other))


def _sound(findings: list[Finding]) -> bool:
    return not any(finding.severity == "error" for finding in findings)


def _wrong(relying: _Record, key: Key, record: _Record) -> bool:
    return any(relying.asks.get((key, whole), record.told(whole)) != record.told(whole) for whole in (True, False))
