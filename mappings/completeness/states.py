"""Where a thing that the reviewer needs is, and what custody says of slides and blocks."""

import typing
from collections.abc import Iterable
from typing import Literal

from mappings.domain.case import Case
from mappings.domain.custody import Setting, follow
from mappings.domain.material import ImagingStudy
from mappings.domain.report import Report
from mappings.domain.values import Fact

State = Literal["missing", "unreadable", "unclear", "promised", "on-its-way", "here"]
"""From the reviewer's side, worst first: nothing in the case; there and cannot be read; a person has to look; listed

or agreed and not sent; sent and not received; here (or with whoever looks at images or papers: in the case).
"""
STATES: tuple[State, ...] = typing.get_args(State)


class Found(Fact, frozen=True, kw_only=True):
    """One thing that may meet a need, and what it is called in a sentence."""

    state: State
    what: str


def rank(state: State) -> int:
    """How good a state is, 0 the worst."""
    return STATES.index(state)


def best(found: Iterable[Found]) -> State:
    """The best state of several; `missing` of none."""
    return max((one.state for one in found), key=rank, default="missing")


def worst(found: Iterable[Found]) -> State:
    """The worst state of several; `here` of none."""
    return min((one.state for one in found), key=rank, default="here")


def tally(found: Iterable[Found]) -> str:
    """How many of what, the best first.

    >>> lost, here = Found(state="missing", what="slide lost"), Found(state="here", what="slide received")
    >>> tally([lost, here, here])
    '2 slides received; 1 slide lost'
    """
    counts: dict[str, int] = {}
    for one in sorted(found, key=lambda f: (-rank(f.state), f.what)):
        counts[one.what] = counts.get(one.what, 0) + 1
    return "; ".join(counted(number, what) for what, number in counts.items())


def counted(number: int, what: str) -> str:
    """A number and the noun that the words begin with; words that begin with none stay as they are."""
    noun = next((noun for noun in _PLURALS if what.startswith(noun)), None)
    if noun is None:
        return what
    return f"{number} {noun if number == 1 else _PLURALS[noun]}{what[len(noun) :]}"


_PLURALS = {
    "whole-slide image": "whole-slide images",
    "pathology report": "pathology reports",
    "imaging study": "imaging studies",
    "slide": "slides",
    "block": "blocks",
    "specimen": "specimens",
    "report": "reports",
    "document": "documents",
    "record": "records",
    "procedure": "procedures",
    "diagnosis": "diagnoses",
}


class Custody:
    """Where each part, block and slide of a case is, by the record of hand-overs, from the reviewer's side."""

    def __init__(self, case: Case) -> None:
        self._organizations = {role.id: role.organization or role.id for role in case.roles}
        slides = frozenset(slide.id for slide in case.slides)
        setting = Setting(holder=case.holder, organizations=self._organizations, slides=slides)
        self._places = follow(case.custody, setting).places
        self._done = case.request.status == "completed"
        asked = (case.request.performer, case.access.recipient_party if case.access else None)
        self._reviewers = frozenset(self._at(party) for party in asked if party)

    def told(self, name: str) -> bool:
        """Whether the record speaks of it."""
        return name in self._places

    def standing(self, name: str) -> tuple[State, str]:
        """Where it is; what was never handed over is listed and no more.

        What somebody else than the reviewer has is listed still. What went back once the review was done had been
        there. What broke may be readable.
        """
        now = self._places.get(name)
        if now is None:
            return "promised", "listed, no hand-over recorded"
        theirs = now.who is None or self._at(now.who) in self._reviewers
        if now.damaged and now.place in ("kept", "in-transit", "away"):
            return "unclear", "damaged"
        if now.place in ("lost", "discarded"):
            return "missing", now.place
        if now.place == "away":
            return ("here", "received") if theirs else ("promised", "with another than the reviewer")
        if now.place == "in-transit" and theirs:
            return "on-its-way", "on the way"
        if now.place == "in-transit" or now.last in ("returned", "received"):
            back = "on the way back" if now.place == "in-transit" else "sent back"
            return ("here", f"reviewed and {back}") if self._done else ("missing", back)
        return "promised", _KEPT.get(now.last or "", "listed, no hand-over recorded")

    def _at(self, party: str) -> str:
        return self._organizations.get(party, party)


_KEPT = {"requested": "asked for", "released": "released, not sent"}


def of_report(report: Report) -> State | None:
    """Where a report is: one that is registered is promised, one that was cancelled is none."""
    if report.status == "cancelled":
        return None
    return "promised" if report.status == "registered" else "here"


def of_study(case: Case, study: ImagingStudy, files: frozenset[str]) -> State | None:
    """Where the images of a study are; `files` are the SOP Instance UIDs whose files are in the case.

    An endpoint lets the reviewer fetch them; a study of which images are only listed is promised.
    """
    if study.status in ("cancelled", "entered-in-error"):
        return None
    here, listed = counts(study, files)
    return "here" if (here and here == listed) or study.endpoints else "promised"


def counts(study: ImagingStudy, files: frozenset[str]) -> tuple[int, int]:
    """How many of the images of a study are in the case, and how many it lists."""
    uids = {instance.uid for series in study.series for instance in series.instances}
    return len(uids & files), len(uids)


MICROSCOPY = frozenset(("SM", "GM"))
NO_IMAGE = frozenset(("SR", "KO", "PR", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTRECORD", "REG", "AU", "PLAN"))


def slides_scanned(study: ImagingStudy) -> bool:
    """Whether a study shows slides."""
    return bool(MICROSCOPY & set(study.modalities))


def radiology(study: ImagingStudy) -> bool:
    """Whether a study holds images of the body: anything but microscopy and what only goes along with images.

    A reading without series does not say, and is taken for one.
    """
    return not study.modalities or bool(set(study.modalities) - MICROSCOPY - NO_IMAGE)
