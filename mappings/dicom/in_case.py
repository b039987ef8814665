"""Specimens that headers tell of, in a case: matched to what the case declares by label and issuer, never twice.

What the case declares stands; a thing that nobody declared comes from the headers, under a name that `is_told` knows.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from mappings.dicom.agreement import differences, left_open
from mappings.dicom.found import Found
from mappings.dicom.notes import Notes
from mappings.dicom.specimens import Materials, materials
from mappings.domain.case import Case
from mappings.domain.material import Block, ImagingStudy, Part, Series, Slide, is_told
from mappings.domain.values import Identifier
from mappings.identity import DICOM_UID, ISSUER_NOT_STATED
from mappings.problems import Problem, problem

Thing = Part | Block | Slide
RULE = "dicom.specimen"
_UNSTATED = (ISSUER_NOT_STATED,)


class Told(NamedTuple):
    """A case with what its images tell, and what is to be said of it (`where` is the path of a file and a tag)."""

    case: Case
    problems: tuple[Problem, ...]


def declared(case: Case) -> Case:
    """The case without what headers told when it was loaded or released before. Its links may lead nowhere."""
    return _with(case, (), ())


def told_names(case: Case, images: Iterable[Found]) -> frozenset[str]:
    """The names of the specimens that these images tell of and the case does not declare."""
    matching = _Matching(case, materials(images))
    return frozenset(thing.id for thing in matching.undeclared())


def with_told(case: Case, images: Iterable[Found]) -> Told:
    """The case with the specimens that these images tell of, made anew.

    Raises:
        ValueError: something in the case links to a specimen that no image tells of.
    """
    tree = materials(images)
    return _Matching(case, tree).told()


def merged(told: ImagingStudy | None, seen: Found | None, slides: Iterable[Slide]) -> ImagingStudy | None:
    """A study as the case says and as its files show it, its series led to the declared slides by their labels.

    What the case says of a study stands; what it leaves open, and all images, come from the files.
    """
    if seen is None:
        return told
    found = _on_slides(seen, [slide for slide in slides if not is_told(slide.id)])
    if told is None:
        return found
    own = {series.uid: series for series in told.series}
    series = tuple(_series(own[one.uid], one) if one.uid in own else one for one in found.series)
    here = {one.uid for one in found.series}
    rest = tuple(one for one in told.series if one.uid not in here)
    filled = {
        name: getattr(told, name) or getattr(found, name)
        for name in ("identifiers", "started", "description", "procedure", "referrer", "endpoints")
    }
    return msgspec.structs.replace(told, **filled, series=tuple(sorted((*series, *rest), key=lambda s: s.uid)))


def contradictions(studies: Iterable[ImagingStudy], images: Iterable[Found]) -> Iterator[Problem]:
    """Where files show a series otherwise than the case says, by the first file of the study."""
    declared = {series.uid: series for study in studies for series in study.series}
    for image in images:
        for seen in image.study.series:
            told = declared.get(seen.uid)
            differ = [word for field, word in _FILLED.items() if told and _differ(told, seen, field)]
            if differ:
                where = f"{image.identities[0].paths[0]} (0020,000E)"
                message = f"is of a series that the case says otherwise: {', '.join(differ)}; what the case says stands"
                yield problem("conflict", where, message, rule="dicom.series", severity="warning")


_FILLED = {
    "number": "number",
    "description": "description",
    "body_site": "body site",
    "laterality": "side",
    "started": "time",
    "performer": "performer",
}
"""What the case may say of a series, and in words; what it leaves open comes from the files."""


def _differ(told: Series, seen: Series, field: str) -> bool:
    ours, theirs = getattr(told, field), getattr(seen, field)
    return ours not in (None, theirs) and theirs is not None


def _series(told: Series, seen: Series) -> Series:
    """A series of both: what is told stands, with the instances that are listed and not here."""
    here = {each.uid for each in seen.instances}
    listed = (*seen.instances, *(each for each in told.instances if each.uid not in here))
    filled = {
        field: getattr(seen, field) if getattr(told, field) is None else getattr(told, field) for field in _FILLED
    }
    instances = tuple(sorted(listed, key=lambda i: (i.number is None, i.number or 0, i.uid)))
    return msgspec.structs.replace(seen, **filled, instances=instances, slides=told.slides or seen.slides)


def less(study: ImagingStudy, uids: Collection[str]) -> ImagingStudy:
    """The study without these instances, and without series of which nothing else is listed."""
    series = []
    for one in study.series:
        left = tuple(each for each in one.instances if each.uid not in uids)
        series += [msgspec.structs.replace(one, instances=left)] if left or not one.instances else []
    return msgspec.structs.replace(study, series=tuple(series))


def _on_slides(image: Found, slides: Iterable[Slide]) -> ImagingStudy:
    """The study, its series led to the slides of the case by the labels in their headers, where one slide has it."""
    named: dict[str, set[str]] = {}
    for slide in slides:
        for identifier in slide.identifiers:
            named.setdefault(identifier.value, set()).add(slide.id)
    found = {uid: [named.get(label, set()) for label in labels] for uid, labels in image.containers.items()}
    shown = {uid: tuple(sorted({next(iter(ids)) for ids in each if len(ids) == 1})) for uid, each in found.items()}
    series = tuple(msgspec.structs.replace(one, slides=shown.get(one.uid, ())) for one in image.study.series)
    return msgspec.structs.replace(image.study, series=series)


class _Matching:
    def __init__(self, case: Case, tree: Materials) -> None:
        self.case, self.tree, self.notes = case, tree, Notes()
        self.own = tuple(thing for thing in _things(case) if not is_told(thing.id))
        self.held = {thing.id: thing for thing in (*self.own, *tree.parts, *tree.blocks, *tree.slides)}
        self.meant: dict[str, str | None] = {}
        """Name of what a header tells of -> the name of what it is in the case; None: it cannot be told which."""

    def undeclared(self) -> tuple[Thing, ...]:
        """What nobody declared; of all the rest it is known then what it is."""
        things: tuple[Thing, ...] = (*self.tree.parts, *self.tree.blocks, *self.tree.slides)
        self.meant = {thing.id: self._match(thing) for thing in things}
        return tuple(thing for thing in things if self.meant[thing.id] == thing.id)

    def told(self) -> Told:
        new = tuple(self._placed(thing) for thing in self.undeclared())
        for told, name in self.meant.items():
            if name is not None and name != told:
                self._compare(self.held[told], self.held[name])
        studies = tuple(self._shown(study) for study in self.case.studies)
        return Told(_with(self.case, new, studies), (*self.tree.problems, *self.notes.problems))

    # --- which is which

    def _match(self, thing: Thing) -> str | None:
        """What of the case it is: by label and issuer, else by the label alone; itself where nobody declared it."""
        numbers = {(each.system, each.value) for each in thing.identifiers}
        sure = [one for one in self.own if _fits(one, thing) and numbers & _labels(one) - _bare(numbers)]
        label = thing.identifiers[0]
        found = sure or [one for one in self.own if _fits(one, thing) and label.value in _values(one)]
        if len({one.id for one in found}) > 1:
            self._warn(thing, "has the label of several things that the case declares: which it is needs a person")
            return None
        if not found:
            return thing.id
        if not sure and not _loose(label, found[0]):
            message = f"has the label of `{found[0].id}` by another issuer; it is taken for that: look whether it is"
            self._warn(thing, message)
        return found[0].id

    def _warn(self, thing: Thing, message: str) -> None:
        self.notes.add("conflict", self.tree.places[thing.id], message, RULE)

    # --- what is told against what is declared

    def _compare(self, thing: Thing, own: Thing) -> None:
        differ = [*differences(thing, own), *self._origins(thing, own)]
        if differ:
            message = f"tells of `{own.id}` otherwise than the case: {', '.join(differ)}; one of the two is wrong"
            self._warn(thing, message)
        more = [*left_open(thing, own), *(["what it was cut from"] if _up(thing) and not _up(own) else [])]
        if more:
            message = f"tells more of `{own.id}` than the case does ({', '.join(more)}); it stays in the images alone"
            self.notes.tell("incomplete", self.tree.places[thing.id], message, RULE)

    def _origins(self, thing: Thing, own: Thing) -> Iterator[str]:
        """Where both say what it was cut from: the block, the part that differ."""
        theirs, ours = tuple(self._above(thing)), tuple(self._above(own))
        for kind in (Block, Part):
            told = {one.id for one in theirs if isinstance(one, kind)}
            known = {one.id for one in ours if isinstance(one, kind)}
            if told and known and not told & known:
                yield f"another {kind.__name__.lower()}"

    def _above(self, thing: Thing) -> Iterator[Thing]:
        """What it was taken from, as things of the case where they are."""
        seen = {thing.id}
        while (name := self._meant(_up(thing))) is not None and name in self.held and name not in seen:
            seen.add(name)
            thing = self.held[name]
            yield thing

    def _meant(self, name: str | None) -> str | None:
        return self.meant.get(name, name) if name else None

    # --- as things of the case

    def _placed(self, thing: Thing) -> Thing:
        """A thing that nobody declared, led to what it was cut from."""
        name = self._meant(_up(thing))
        above = self.held.get(name) if name else None
        allowed = (Block, Part) if isinstance(thing, Slide) else (Part,)
        parent = above.id if isinstance(above, allowed) else None
        field = "part" if isinstance(thing, Block) else "parent"
        return msgspec.structs.replace(thing, **{field: parent})

    def _shown(self, study: ImagingStudy) -> ImagingStudy:
        """The study, its series led to the slides they show; what the case says of a series stands beside."""
        series = []
        for one in study.series:
            own = {name for name in one.slides if not is_told(name)}
            seen = {name for told in self.tree.shown.get(one.uid, ()) if (name := self._meant(told))}
            seen = {name for name in seen if isinstance(self.held[name], Slide)}
            series.append(msgspec.structs.replace(one, slides=tuple(sorted(own | seen))))
        return msgspec.structs.replace(study, series=tuple(series))


def _things(case: Case) -> tuple[Thing, ...]:
    return (*case.parts, *case.blocks, *case.slides)


def _with(case: Case, new: tuple[Thing, ...], studies: tuple[ImagingStudy, ...]) -> Case:
    kinds: dict[str, type[Thing]] = {"parts": Part, "blocks": Block, "slides": Slide}
    lists = {
        name: (
            *(one for one in getattr(case, name) if not is_told(one.id)),
            *(one for one in new if isinstance(one, kind)),
        )
        for name, kind in kinds.items()
    }
    return msgspec.structs.replace(case, **lists, studies=studies or case.studies)


def _up(thing: Thing) -> str | None:
    return thing.part if isinstance(thing, Block) else thing.parent


def _fits(own: Thing, told: Thing) -> bool:
    """Whether one may be the other: a thing of which no header says what it is may be a block as well as a part."""
    return type(own) is type(told) or (isinstance(told, Part) and isinstance(own, Block))


def _labels(own: Thing) -> set[tuple[str, str]]:
    """Its numbers; an accession is that of everything taken at once."""
    return {(each.system, each.value) for each in own.identifiers if each.kind != "ACSN"}


def _values(own: Thing) -> set[str]:
    return {value for system, value in _labels(own) if system != DICOM_UID}


def _bare(numbers: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Numbers whose issuer nobody states: that two are alike says little."""
    return {number for number in numbers if number[0] in _UNSTATED}


def _loose(label: Identifier, own: Thing) -> bool:
    """Whether the issuer of a label is open on either side."""
    systems = {system for system, value in _labels(own) if value == label.value}
    return label.system in _UNSTATED or not systems.isdisjoint(_UNSTATED)


__all__ = ["Told", "declared", "less", "merged", "with_told"]
