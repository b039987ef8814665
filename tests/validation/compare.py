"""The two validators beside one another, issue by issue: found by both, only by the reference, only by ours.

An issue is an element that a validator calls wrong (several messages about one element are one issue). Both found it
where the element is the same, or where both name the same invariant and ours names the very entry it fails for.
"""

from collections.abc import Iterable, Sequence

import msgspec

from adapter.validation import validate_resource
from mappings.fhir.wire import Json
from mappings.problems import Problem
from tests.validation.judge import ENGINE_FAILED, Finding
from tests.validation.places import is_same, normal


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One resource: the issues (errors), sorted."""

    name: str
    kind: str
    both: tuple[Finding, ...]
    only_judge: tuple[Finding, ...]
    only_ours: tuple[Finding, ...]

    @property
    def agrees(self) -> bool:
        """Whether both say the same of the resource: in error, or not."""
        return bool(self.both or self.only_judge) == bool(self.both or self.only_ours)


def ours(resource: Json) -> list[Finding]:
    """What our validator says of a resource, as findings."""
    return sorted({finding(problem) for problem in validate_resource(resource)})


def finding(problem: Problem) -> Finding:
    """A problem as a finding."""
    severity = "error" if problem.stops else problem.severity
    return Finding(severity, normal(problem.where), problem.rule)


def compare(name: str, kind: str, judged: Iterable[Finding], found: Iterable[Finding]) -> Compared:
    """Part the errors of both by element."""
    theirs = _by_element(judged)
    mine = _by_element(found)
    both = [one for one in theirs if any(matches(one, other) for other in mine)]
    return Compared(
        name=name,
        kind=kind,
        both=tuple(both),
        only_judge=tuple(one for one in theirs if one not in both),
        only_ours=tuple(one for one in mine if not any(matches(other, one) for other in theirs)),
    )


def _by_element(found: Iterable[Finding]) -> list[Finding]:
    elements: dict[str, Finding] = {}
    for one in sorted(found):
        if one.severity == "error":
            before = elements.get(one.place)
            also = (*before.also, *one.also) if before else one.also
            elements[one.place] = msgspec.structs.replace(before or one, also=tuple(sorted(set(also))))
    return list(elements.values())


def matches(theirs: Finding, mine: Finding) -> bool:
    """Whether an issue of the reference validator and one of ours are the same."""
    if theirs.rule == ENGINE_FAILED:
        return True
    if any(is_same(place, mine.place) for place in (theirs.place, *theirs.also)):
        return True
    return theirs.rule.rpartition("#")[2] == mine.rule and mine.place.startswith(f"{theirs.place}.")


def rows(compared: Sequence[Compared]) -> list[tuple[str, int, int, int, int]]:
    """A line for each kind and one for all: resources, issues found by both, only by the reference, only by ours."""
    kinds: dict[str, list[Compared]] = {}
    for one in compared:
        kinds.setdefault(one.kind, []).append(one)
    return [(kind, len(group), *counts(group)) for kind, group in [*kinds.items(), ("all", list(compared))]]


def counts(compared: Iterable[Compared]) -> tuple[int, int, int]:
    """Issues found by both, only by the reference, only by ours."""
    both = judge = mine = 0
    for one in compared:
        both += len(one.both)
        judge += len(one.only_judge)
        mine += len(one.only_ours)
    return both, judge, mine


def differences(compared: Iterable[Compared]) -> list[str]:
    """One line for each issue that only one of the two found."""
    lines = []
    for one in compared:
        for whose, found in (("reference", one.only_judge), ("ours", one.only_ours)):
            lines += [f"{one.name}\tonly {whose}\t{issue.place}\t{issue.rule}" for issue in found]
    return lines
