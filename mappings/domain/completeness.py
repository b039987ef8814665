"""What a reviewer needs for a scope, and what is not there. Computed on whatever case is handed in."""

from collections.abc import Callable
from typing import Literal

from mappings.domain.case import Case
from mappings.domain.request import Scope
from mappings.domain.values import Fact

Level = Literal["required", "recommended"]


class Need(Fact, frozen=True, kw_only=True):
    """One thing a reviewer needs."""

    name: str
    label: str
    level: Level
    scopes: tuple[Scope, ...]


class Gap(Fact, frozen=True, kw_only=True):
    """A need that nothing in the case meets."""

    name: str
    label: str
    level: Level


PATHOLOGY = frozenset({"surgical-pathology", "cytology", "hematopathology"})
BOTH: tuple[Scope, ...] = ("pathology-only", "multidisciplinary")
NEEDS = (
    Need(name="pathology-report", label="the original pathology report", level="required", scopes=BOTH),
    Need(name="tissue", label="slides, blocks or whole-slide images", level="required", scopes=BOTH),
    Need(name="radiology-report", label="the radiology report", level="required", scopes=("multidisciplinary",)),
    Need(name="imaging", label="the radiology images", level="required", scopes=("multidisciplinary",)),
    Need(name="diagnosis", label="the working diagnosis", level="recommended", scopes=BOTH),
    Need(name="clinical-history", label="the clinical history", level="recommended", scopes=BOTH),
)


def _documents(case: Case, *kinds: str) -> bool:
    return any(document.kind in kinds for document in case.documents)


_MET: dict[str, Callable[[Case], bool]] = {
    "pathology-report": lambda case: (
        any(r.role == "original" and r.kind in PATHOLOGY for r in case.reports) or _documents(case, "pathology_report")
    ),
    "tissue": lambda case: (
        bool(case.slides or case.blocks)
        or any("SM" in s.modalities for s in case.studies)
        or _documents(case, "whole_slide_image")
    ),
    "radiology-report": lambda case: (
        any(r.kind == "radiology" for r in case.reports) or _documents(case, "radiology_report")
    ),
    "imaging": lambda case: any(set(s.modalities) - {"SM", "SR", "KO", "PR", "DOC"} for s in case.studies),
    "diagnosis": lambda case: bool(case.diagnoses),
    "clinical-history": lambda case: (
        any(s.kind == "history" for r in case.reports for s in r.sections)
        or _documents(case, "history_letter", "clinical_record")
    ),
}


def gaps(case: Case) -> tuple[Gap, ...]:
    """What the scope of the case's request needs and the case has not, required first."""
    missing = [
        Gap(name=need.name, label=need.label, level=need.level)
        for need in NEEDS
        if case.request.scope in need.scopes and not _MET[need.name](case)
    ]
    return tuple(sorted(missing, key=lambda gap: gap.level, reverse=True))
