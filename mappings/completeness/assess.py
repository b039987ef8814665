"""What the request's scope and reasons need, against what a case holds. Computed on whatever case is handed in:

what the holder has, or what is released; it knows of nothing else.
"""

from collections.abc import Iterator

from mappings.completeness.evidence import Evidence
from mappings.completeness.met import Held
from mappings.completeness.needs import Level, Need, needs_of
from mappings.completeness.parts import Parts, Row
from mappings.completeness.states import Found, State, best, counts, of_report, of_study, rank, tally, worst
from mappings.domain.case import Case
from mappings.domain.material import ImagingStudy
from mappings.domain.request import Reason, Scope
from mappings.domain.values import Fact

NOTHING = "nothing of it is in the case"


class Requirement(Fact, frozen=True, kw_only=True):
    """One need as it stands.

    Attributes:
        need: its name in the table; `about` which part, labels or study where there are several: labels and local
            names, never a number or a description; `item` is the local name of that part or study.
        label: what it is in words.
        state: see `states.State`.
        detail: what there is, or what is not, in a sentence; it may hold labels that reports print.
        where: FHIRPath of what is looked for.
    """

    need: str
    label: str
    level: Level
    state: State
    about: str | None = None
    detail: str
    where: str
    item: str | None = None

    @property
    def gap(self) -> bool:
        """Whether the reviewer will miss it: nothing is there, or nothing that can be read."""
        return self.state in ("missing", "unreadable")

    @property
    def key(self) -> tuple[str, str | None]:
        """What makes it the same need in two assessments."""
        return self.need, self.about


class Completeness(Fact, frozen=True, kw_only=True):
    """Every need of a request, in the order of the table."""

    scope: Scope
    reasons: tuple[Reason, ...]
    requirements: tuple[Requirement, ...]

    @property
    def gaps(self) -> tuple[Requirement, ...]:
        """What the reviewer will miss, required first."""
        return tuple(sorted((r for r in self.requirements if r.gap), key=lambda r: r.level, reverse=True))

    @property
    def open(self) -> tuple[Requirement, ...]:
        """What is not here: gaps, what needs a person, what is promised or on its way; required first, worst first."""
        told = (r for r in self.requirements if r.state != "here")
        return tuple(sorted(told, key=lambda r: (r.level != "required", rank(r.state))))


def completeness(case: Case, evidence: Evidence) -> Completeness:
    """Assess a case: every need that applies, with its state, in the order of the table; the same input, the same."""
    held, request = Held(case, evidence), case.request
    rows = Parts(held.tissue, evidence).rows()
    made: list[Requirement] = []
    for need in needs_of(request.scope, request.reasons, surgery=held.surgery):
        made += _requirements(need, held, rows)
    return Completeness(scope=request.scope, reasons=request.reasons, requirements=tuple(made))


def _requirements(need: Need, held: Held, rows: tuple[Row, ...]) -> Iterator[Requirement]:
    if need.name in ("part", "block", "labels"):
        for row in rows:
            if row.need == need.name:
                level: Level = "recommended" if row.listed else need.level
                yield _made(need, row.state, row.detail, row.about, level, row.item)
    elif need.name == "study":
        yield from (_study(need, held, study) for study in held.studies() if of_study(held.case, study, frozenset()))
    else:
        yield _single(need, held.find(need.name))


def _single(need: Need, found: tuple[Found, ...]) -> Requirement:
    """A need that anything of its kind meets: what is best is told, of tissue all."""
    state = best(found)
    told = found if need.name == "tissue" else tuple(one for one in found if one.state == state)
    if not found:
        return _made(need, state, NOTHING)
    doubt = f": whether it is {need.label} needs a person" if state == "unclear" else ""
    return _made(need, state, tally(told) + doubt)


def _made(
    need: Need,
    state: State,
    detail: str,
    about: str | None = None,
    level: Level | None = None,
    item: str | None = None,
) -> Requirement:
    return Requirement(
        need=need.name,
        label=need.label,
        level=level or need.level,
        state=state,
        about=about,
        detail=detail,
        where=need.where,
        item=item,
    )


def _study(need: Need, held: Held, study: ImagingStudy) -> Requirement:
    """The images of one study and the report that goes with it."""
    files = frozenset(held.evidence.files)
    images = of_study(held.case, study, files) or "missing"
    radiology = [r for r in held.case.reports if r.kind == "radiology" and of_report(r)]
    own = [r for r in radiology if study.id in r.studies]
    own_papers = [d for d in held.case.documents if d.kind == "radiology_report" and study.id in d.about]
    loose = [r for r in radiology if not r.studies]
    loose_papers = [f for f in held.papers("radiology_report") if f.state == "here"]
    if own or own_papers:
        states = [Found(state=of_report(r) or "missing", what="") for r in own] + [held.paper(d) for d in own_papers]
        report = best(states)
        said = _REPORTED.get(report, "its report is promised")
    elif loose or loose_papers:
        report, said = (
            "unclear",
            "a radiology report is in the case and names no study: whether it is this one's needs a person",
        )
    else:
        report, said = "missing", "no report of it is in the case"
    here, listed = counts(study, files)
    some = f"{here} of {listed} images in the case" if here else "listed, its images are not in the case"
    told = {"here": "images in the case", "promised": some}[images]
    state = worst([Found(state=images, what=""), Found(state=report, what="")])
    return _made(need, state, f"{told}; {said}", _called(study), item=study.id)


_REPORTED: dict[State, str] = {"here": "its report is in the case", "unreadable": "its report cannot be read"}


def _called(study: ImagingStudy) -> str:
    return f"{' and '.join(study.modalities) or 'imaging study'} {study.id}"
