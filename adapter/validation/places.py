"""Where something stands, said only when somebody asks: FHIRPath costs more to write than most rules cost to judge."""

from typing import Any, NamedTuple

from mappings.problems import IssueType, Problem, Severity, problem

UNHELD = "fhir.binding-unknown"
"""A value set that no package holds; said once for each element definition, not for each value."""
Place = Any
"""FHIRPath as text, or (place of the holder, step, index or None)."""


def render(place: Place) -> str:
    """Write a place as FHIRPath (`Bundle.entry[3].resource.code`)."""
    steps: list[str] = []
    while type(place) is tuple:
        place, step, index = place
        steps.append(f".{step}" if index is None else f".{step}[{index}]")
    steps.append(place)
    return "".join(reversed(steps))


class Finding(NamedTuple):
    """A Problem before its place is written; `mark` tells apart findings of one rule at one place."""

    code: IssueType
    place: Place
    message: str
    rule: str
    severity: Severity = "error"
    mark: str = ""

    def said(self) -> Problem:
        """The Problem."""
        return problem(self.code, render(self.place), self.message, rule=self.rule, severity=self.severity)


def once(findings: list[Finding], said: list[Problem]) -> list[Problem]:
    """The Problems said, and those of the findings: the same fault once, as profiles repeat what others say.

    Of one rule at one place an error goes before a warning.
    """
    if not findings:
        return said
    seen = {(each.where, each.rule, "") for each in said if each.stops}
    found: dict[tuple[str, str, str], Problem] = {}
    for finding in findings:
        each = finding.said()
        key = ("" if each.rule == UNHELD else each.where, each.rule, finding.mark)
        known = found.get(key)
        if key not in seen and (known is None or (each.stops and not known.stops)):
            found[key] = each
    return said + list(found.values())
