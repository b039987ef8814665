"""What a case may say and yet cannot mean: words that no table has, zones that are none, folders that are not there."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from adapter.consent.law import kinds
from mappings.domain.case import Case
from mappings.domain.case_record import record_of
from mappings.domain.material import is_told
from mappings.domain.party import is_foreign
from mappings.fhir.carried import base_of
from mappings.problems import Problem, problem


def implausible(case: Case) -> tuple[Problem, ...]:
    """Words under `materials` that are no kind of item or no local name, a zone that is none, impossible custody."""
    custody = (found for found in record_of(case).problems if found.severity != "information")
    return tuple((*_kinds(case), *_line_ids(case), *_holder_zone(case), *_told_moved(case), *custody))


def _told_moved(case: Case) -> Iterator[Problem]:
    """What only images tell of is known, and not had: what is handed over is declared under a name of its own."""
    for number, event in enumerate(case.custody):
        if any(map(is_told, event.items)):
            message = (
                "hands over something that only images tell of; declare it under `parts`, `blocks` or `slides` with a "
                "name of your own and its label"
            )
            yield problem("business-rule", f"case.json $.custody[{number}].items", message, rule="case.told")


def _line_ids(case: Case) -> Iterator[Problem]:
    """A line names a Document of the case by a local name: an address means what came as FHIR."""
    for number, line in enumerate(case.materials):
        if line.id is not None and (is_foreign(line.id) or not line.id.strip()):
            message = "is no local name: write a short word of your own, without `/` and not an address"
            yield problem("value", f"case.json $.materials[{number}].id", message, rule="case.names")


def _kinds(case: Case) -> Iterator[Problem]:
    known = kinds()
    for number, line in enumerate(case.materials):
        if line.kind is not None and line.kind not in known:
            message = f"is none of the kinds of item: {', '.join(known)}"
            yield problem("code-invalid", f"case.json $.materials[{number}].kind", message, rule="case.kind")


def _holder_zone(case: Case) -> Iterator[Problem]:
    if case.access is not None and case.access.holder_tz is not None and not _is_zone(case.access.holder_tz):
        yield problem("value", "case.json $.access.holder_tz", _ZONE, rule="case.zone")


def unfitting_sources(case: Case, folder: Path) -> Iterator[Problem]:
    """Settings of sources whose zone is none (an error), or that fit nothing here (a warning)."""
    for number, source in enumerate(case.sources):
        where = f"case.json $.sources[{number}]"
        if source.path != "." and not (folder / source.path).exists():
            message = "names a folder or file that is not here, so that its settings fit nothing; mend the path"
            yield problem("not-found", f"{where}.path", message, rule="case.sources", severity="warning")
        if source.base is not None and base_of(f"{source.base.rstrip('/')}/Patient/1") is None:
            message = "is no address of a FHIR server; write it as https://server/path"
            yield problem("value", f"{where}.base", message, rule="case.base")
        if source.zone is not None and not _is_zone(source.zone):
            yield problem("value", f"{where}.zone", _ZONE, rule="case.zone")


_ZONE = "is no time zone; write its IANA name, such as America/New_York"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True
