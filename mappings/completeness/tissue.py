"""The materials of a case by the labels they carry: part -> block -> slide -> image, and where each is."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from mappings.completeness.evidence import Evidence
from mappings.completeness.labels import mentions, split_number
from mappings.completeness.states import Custody, Found, State, of_study, slides_scanned
from mappings.domain.case import Case
from mappings.domain.material import Block, Part, Slide, is_told
from mappings.terminology.labels import Label, readings

Piece = Part | Block | Slide


class Tissue:
    """The tissue of a case; made once, asked often."""

    def __init__(self, case: Case, evidence: Evidence) -> None:
        self.case = case
        self._files = frozenset(evidence.files)
        self._broken = frozenset(evidence.broken)
        self._custody = Custody(case)
        self._names = tuple(thing.id for thing in (*case.blocks, *case.slides))
        above: dict[str, str | None] = {b.id: b.part for b in case.blocks}
        above |= {slide.id: slide.parent for slide in case.slides}
        above |= {part.id: part.parent for part in case.parts}
        self._parents = {name: parent for name, parent in above.items() if parent}
        pieces: tuple[Piece, ...] = (*case.parts, *case.blocks, *case.slides)
        self._numbers = {piece.id: _numbers(piece) for piece in pieces}

    # --- where a thing is

    def found(self, name: str) -> Iterator[Found]:
        """What there is of a block or slide: the thing itself unless only images tell of it, and each image of it."""
        if not is_told(name):
            state, what = self._custody.standing(name)
            yield Found(state=state, what=f"{self._kind(name)} {what}")
        yield from self._images(name)

    def all_of(self, names: Iterable[str]) -> tuple[Found, ...]:
        """What there is of several blocks and slides."""
        return tuple(one for name in names for one in self.found(name))

    def below(self, part: str) -> tuple[Found, ...]:
        """What there is of a part: its blocks, slides and images; the tissue itself where it was handed over."""
        names = [*self._under(part), *self.loose(part)]
        itself = [Found(state=s, what=f"specimen {w}") for s, w in self._handed(part)]
        return (*itself, *self._images(part), *self.all_of(names))

    def pieces(self) -> tuple[Found, ...]:
        """Everything there is to look at under a microscope."""
        scans = [s for s in self.case.studies if slides_scanned(s)]
        states = [state for s in scans if (state := of_study(self.case, s, self._files))]
        files = [d for d in self.case.documents if d.kind == "whole_slide_image"]
        return (
            *(
                Found(state=s, what=f"{self._kind(n)} {w}")
                for n in self._names
                if not is_told(n)
                for s, w in (self._custody.standing(n),)
            ),
            *(Found(state=state, what=_IMAGE[state]) for state in states),
            *(self._file(d.id) for d in files),
            *(Found(state=s, what=f"specimen {w}") for part in self.case.parts for s, w in self._handed(part.id)),
        )

    def unassigned(self) -> bool:
        """Whether there is an image of a slide that does not say which."""
        scans = [s for s in self.case.studies if slides_scanned(s) and of_study(self.case, s, self._files)]
        known = self._numbers.keys()
        loose = any(not set(series.slides) & known for study in scans for series in study.series)
        files = [d for d in self.case.documents if d.kind == "whole_slide_image"]
        return loose or any(not set(d.about) & known for d in files) or any(not study.series for study in scans)

    def _handed(self, name: str) -> tuple[tuple[State, str], ...]:
        return (self._custody.standing(name),) if self._custody.told(name) else ()

    def _images(self, name: str) -> Iterator[Found]:
        for study in self.case.studies:
            if any(name in series.slides for series in study.series):
                state = of_study(self.case, study, self._files)
                yield from (Found(state=state, what=_IMAGE[state]),) if state else ()
        for document in self.case.documents:
            if document.kind == "whole_slide_image" and name in document.about:
                yield self._file(document.id)

    def _file(self, name: str) -> Found:
        broken = name in self._broken
        return Found(state="unreadable" if broken else "here", what=_IMAGE["unreadable" if broken else "here"])

    def _kind(self, name: str) -> str:
        return "block" if any(name == block.id for block in self.case.blocks) else "slide"

    # --- by label

    def part_of(self, name: str) -> str | None:
        """The part that a block or slide comes from, or a part itself: the one whose label is on it."""
        parts = {part.id for part in self.case.parts}
        return next((one for one in (name, *self._above(name)) if one in parts), None)

    def _under(self, part: str) -> tuple[str, ...]:
        """The blocks and slides of a part, and of what was taken from it."""
        return tuple(name for name in self._names if part in self._above(name))

    def _above(self, name: str) -> tuple[str, ...]:
        """What a thing comes from, the nearest first; a circle ends where it began."""
        found: list[str] = []
        while (parent := self._parents.get(name)) and parent not in found:
            found.append(parent)
            name = parent
        return tuple(found)

    def loose(self, part: str) -> tuple[str, ...]:
        """The blocks and slides that say by their label alone that they are of a part."""
        own, numbers = self.labels[part], self.accessions(part)
        return tuple(name for label in own for name in self.unlinked(label, numbers))

    def unlinked(self, label: str, accessions: Iterable[str]) -> tuple[str, ...]:
        """The blocks and slides of no part of the case whose label begins with that of this part."""
        wanted = frozenset(accessions)
        return tuple(
            name
            for name in self._names
            if self.part_of(name) is None
            and any(own and _part(own) == label and _fit(wanted, number) for number, own in self._numbers[name])
        )

    @cached_property
    def labels(self) -> dict[str, frozenset[str]]:
        """Part -> the labels it goes by: its own, else those its blocks and slides carry."""
        made: dict[str, frozenset[str]] = {}
        for part in self.case.parts:
            own = {label for _, label in self._numbers[part.id] if label and _PART.fullmatch(label)}
            below = (n for name in self._under(part.id) for n in self._numbers[name])
            made[part.id] = frozenset(own or {m for _, label in below if label and (m := _part(label))} or _told(part))
        return made

    def parts(self, label: str, accessions: Iterable[str]) -> tuple[Part, ...]:
        """The parts of this label, of these accessions where both sides say theirs."""
        return tuple(p for p in self.of(accessions) if label in self.labels[p.id])

    def of(self, accessions: Iterable[str]) -> tuple[Part, ...]:
        """The parts that may belong to a report with these accession numbers."""
        wanted = frozenset(accessions)
        return tuple(p for p in self.case.parts if not wanted or not (own := self.accessions(p.id)) or own & wanted)

    def accessions(self, part: str) -> frozenset[str]:
        """The accession numbers on a part and what was made of it."""
        own = {number for number, _ in self._numbers[part] if number}
        below = (n for name in self._under(part) for n in self._numbers[name])
        return frozenset(own or {number for number, _ in below if number})

    def labelled(self, label: str, accessions: Iterable[str]) -> tuple[str, ...]:
        """The blocks and slides of this label (`A1`: the block and its slides), by local name."""
        wanted = frozenset(accessions)
        return tuple(
            name
            for name in self._names
            for number, own in self._numbers[name]
            if own and (own == label or own.startswith(f"{label}-")) and _fit(wanted, number)
        )

    def knows(self, label: str) -> bool:
        """Whether anything in the case carries this label."""
        numbers = {own for told in self._numbers.values() for _, own in told if own}
        return label in numbers or any(label in told for told in self.labels.values())

    def bare(self, part: str) -> bool:
        """Whether a block or slide of a part carries no label."""
        return any(not any(label for _, label in self._numbers[name]) for name in self._under(part))


_IMAGE = {
    "here": "whole-slide image in the case",
    "promised": "whole-slide image listed, its files are not in the case",
    "unreadable": "whole-slide image that cannot be read",
}


_PART = re.compile(r"([A-Z])\1?|\d{1,2}|[A-E][A-Z]")


def _numbers(piece: Piece) -> tuple[tuple[str | None, str | None], ...]:
    """(accession, label) of each number that a piece carries: as the schemes of laboratories read it, else by shape."""
    made: dict[tuple[str | None, str | None], None] = {}
    for value in (identifier.value for identifier in piece.identifiers):
        found: list[tuple[str | None, str | None]] = [(one.accession, printed(one)) for one in readings(value)]
        made.update(dict.fromkeys(found or [split_number(value)]))
    return tuple(made)


def printed(label: Label) -> str:
    """A label without its accession in the one form in which labels are compared: `A1-2`, `A-2`, `1A`."""
    above = f"{label.part or ''}{label.block or ''}"
    return f"{above}-{label.slide}" if above and label.slide else above or label.slide or ""


def _fit(wanted: frozenset[str], number: str | None) -> bool:
    """Whether a number may be of one of these accessions; a side that says none may."""
    return not wanted or number is None or number in wanted


def _part(label: str) -> str | None:
    """The part's label inside that of a block or slide, where the laboratory numbers that way."""
    found = re.fullmatch(r"(([A-Z])\2?|[A-E][A-Z])(?:(?:FS)?\d{1,3})?(-\d{1,3})?|([1-9]\d?)[A-Z](-\d{1,3})?", label)
    return (found[1] or found[4]) if found else None


def _told(part: Part) -> set[str]:
    """The label that a part's description begins with."""
    found = mentions(part.description or "", specimens=True)
    return {m.label for m in found if m.kind == "part" and m.sure}
