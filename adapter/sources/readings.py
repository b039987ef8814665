"""Readings of carried resources: the domain value beside the original, as far as the domain has a place for it.

A reading is never written out again: the original travels. A resource that cannot be read is carried all the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mappings.domain.values import Fact
from mappings.fhir.carried import Carried
from mappings.fhir.context import Reading
from mappings.fhir.wire import Json
from mappings.problems import Problem, ProblemError, problem


def _readers() -> dict[str, Callable[[Json, Reading], Any]]:
    from mappings.fhir import condition, diagnostic_report, imaging_study, procedure, specimen

    return {
        "Condition": condition.from_fhir,
        "DiagnosticReport": diagnostic_report.from_fhir,
        "ImagingStudy": imaging_study.from_fhir,
        "Procedure": procedure.from_fhir,
        "Specimen": specimen.from_fhir,
    }


LISTS = {
    "Diagnosis": "diagnoses",
    "Report": "reports",
    "ImagingStudy": "studies",
    "Procedure": "procedures",
    "Part": "parts",
    "Block": "blocks",
    "Slide": "slides",
}


def read_carried(
    carried: tuple[Carried, ...], aliases: Mapping[str, str]
) -> tuple[dict[str, tuple[Fact, ...]], tuple[Problem, ...]]:
    """The readings by the list of the case they belong to, and an information for each resource that has none."""
    found: dict[str, list[Fact]] = {}
    problems: list[Problem] = []
    readers = _readers()
    for item in carried:
        reader = readers.get(item.type)
        if reader is None:
            continue
        try:
            value = reader(item.resource, reading_of(item, aliases))
        except ProblemError as error:
            detail = "; ".join(f"{p.where}: {p.message}" for p in error.problems)
            message = f"is carried as it came, but not read for the summary ({detail})"
            problems.append(problem("informational", item.unit, message, rule="fhir.reading", severity="information"))
            continue
        found.setdefault(LISTS[type(value).__name__], []).append(value)
    return {name: tuple(items) for name, items in found.items()}, tuple(problems)


def read_again(item: Carried, aliases: Mapping[str, str]) -> dict[str, tuple[Fact, ...]]:
    """The reading of a resource that is no longer what came, by the list of the case it belongs to."""
    return read_carried((item,), aliases)[0]


class _Names(dict[str, str]):
    """Literal reference -> local name, for one resource: relative ones resolve against its base."""

    def __init__(self, item: Carried, aliases: Mapping[str, str]) -> None:
        super().__init__()
        self._item, self._aliases = item, aliases

    def get(self, key: str, default: Any = None) -> Any:
        url = self._item.resolve(key)
        return self._aliases.get(url, url)


class _Carried(Reading, frozen=True):
    """The reading of one carried resource, whose own name is its fullUrl."""

    full_url: str

    def own(self, resource: Json) -> str:
        return self.full_url


def reading_of(item: Carried, aliases: Mapping[str, str]) -> Reading:
    """The reading of one resource: its own name is its fullUrl, references name the fullUrls they mean."""
    return _Carried(_Names(item, aliases), item.full_url)
