"""The lines of a JSON text at which FHIRPaths lead; looked for only where there are Problems to place."""

import bisect
import re
from collections.abc import Iterable, Iterator

from adapter.fhir_xml.lines import steps

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]', re.DOTALL)
Tokens = Iterator[re.Match[str]]
Goal = tuple[str, list[tuple[str, str, int]]]
"""(place, the steps that are left)"""


def lines_of(data: bytes, places: Iterable[str]) -> dict[str, int]:
    """The line of each place in a JSON text that parses; of the nearest around it where it is missing.

    `Patient.name[0]#2` is the second property of that object, whatever its name.
    """
    text = data.decode("utf-8-sig")
    seek = _Search(text, [(place, _steps(place)) for place in dict.fromkeys(places)])
    ends = [found.start() for found in re.finditer("\n", text)]
    return {place: bisect.bisect_left(ends, offset) + 1 for place, offset in seek.found.items()}


def _steps(place: str) -> list[tuple[str, str, int]]:
    path, _, position = place.partition("#")
    return [*steps(path), *([(f"#{position}", f"#{position}", -1)] if position else [])]


def _stems(name: str) -> list[str]:
    """What a property may be the choice of: `deceased` of deceasedBoolean."""
    return [name[:end] for end, letter in enumerate(name) if end and letter.isupper()]


class _Search:
    """One pass over the text, into those branches that some place leads through."""

    def __init__(self, text: str, goals: list[Goal]) -> None:
        first = len(text) - len(text.lstrip())
        self.found = {place: first for place, _ in goals}
        self._tokens: Tokens = _TOKEN.finditer(text)
        token = next(self._tokens, None)
        if token is not None and token[0] == "{":
            self._object(goals)

    def _object(self, goals: list[Goal]) -> None:
        if not goals:
            self._skip()
            return
        met: set[str] = set()
        named: dict[str, list[Goal]] = {}
        for goal in goals:
            for name in set(goal[1][0][:2]) if goal[1] else ():
                named.setdefault(name, []).append(goal)
        position = 0
        for token in self._tokens:
            if token[0] == "}":
                return
            if token[0][0] != '"':
                continue
            position += 1
            name = token[0][1:-1]
            plain = name.removeprefix("_")
            below = named.get(plain) or [goal for stem in _stems(plain) for goal in named.get(stem, ())]
            below = [*below, *named.get(f"#{position}", ())]
            if name != plain:  # what stands on a primitive is told at the primitive, where there is one
                below = [goal for goal in below if goal[0] not in met]
            self._mark(below, token.start())
            met.update(place for place, _ in below)
            if self._member(below) == "}":
                return

    def _member(self, below: list[Goal]) -> str:
        next(self._tokens, None)  # the colon
        token = next(self._tokens, None)
        if token is None or token[0] in ",}":
            return token[0] if token else "}"
        if token[0] == "{":
            self._object([(place, rest[1:]) for place, rest in below if rest[0][2] <= 0])
        elif token[0] == "[":
            self._array(below)
        return ""

    def _array(self, goals: list[Goal]) -> None:
        """The elements of a list: each goal goes on in the one it names."""
        if not goals:
            self._skip()
            return
        index = 0
        at: dict[int, list[Goal]] = {}
        for goal in goals:
            at.setdefault(goal[1][0][2], []).append(goal)
        for token in self._tokens:
            if token[0] == "]":
                return
            if token[0] == ",":
                index += 1
                continue
            here = at.get(index, [])
            self._mark(here, token.start())
            if token[0] == "{":
                self._object([(place, rest[1:]) for place, rest in here])
            elif token[0] == "[":
                self._skip()

    def _mark(self, goals: list[Goal], offset: int) -> None:
        for place, _ in goals:
            self.found[place] = offset

    def _skip(self) -> None:
        depth = 1
        for token in self._tokens:
            depth += 1 if token[0] in "{[" else -1 if token[0] in "}]" else 0
            if not depth:
                return
