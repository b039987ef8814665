"""Part, block and slide labels that reports name, matched with the materials of the case."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import structs

from mappings.completeness.evidence import Evidence
from mappings.completeness.labels import Mention, mentions
from mappings.completeness.states import STATES, Found, State, best, counted, rank, tally, worst
from mappings.completeness.tissue import Tissue
from mappings.domain.material import Part
from mappings.domain.values import Fact

NOTHING = "no slide, block or image of it is in the case"


class Row(Fact, frozen=True, kw_only=True):
    """What there is of one part, or of the labels of one part.

    `about` holds labels and local names and never a number of the laboratory; `item` is the part's local name.
    """

    need: str
    about: str
    item: str | None = None
    state: State
    detail: str
    listed: bool = False
    """Named by no report, only listed."""


class Parts:
    """The labels of a case's pathology reports against its tissue."""

    def __init__(self, tissue: Tissue, evidence: Evidence) -> None:
        self.tissue, self.evidence = tissue, evidence

    def rows(self) -> tuple[Row, ...]:
        """Every part, every group of labels, and what needs a person."""
        return tuple(_apart((*self._parts(), *self._blocks(), *self._doubtful(), *self._unread())))

    @cached_property
    def _mentions(self) -> tuple[tuple[Mention, tuple[str, ...]], ...]:
        """Each label with the accession numbers it may be of."""
        made: dict[tuple[Mention, tuple[str, ...]], None] = {}
        for text in self.evidence.texts:
            for found in mentions(text.words, text.numbers, specimens=text.specimens):
                made[found, (found.accession,) if found.accession else tuple(sorted(text.numbers))] = None
        return tuple(made)

    @cached_property
    def _named(self) -> dict[tuple[str, tuple[str, ...]], None]:
        """(part label, accession numbers) that a report names for sure."""
        told = [(m.part, numbers) for m, numbers in self._mentions if m.sure and m.part]
        told += [(n.label, ()) for n in self.evidence.named if n.label and not n.name]
        full = {(label, numbers) for label, numbers in told if numbers}
        known = {label for label, _ in full}
        kept = [(label, numbers) for label, numbers in told if label and (numbers or label not in known)]
        return dict.fromkeys(sorted(kept, key=lambda one: (len(one[0]), one)))

    # --- parts

    def _parts(self) -> Iterator[Row]:
        seen: set[str] = set()
        for label, numbers in self._named:
            row, parts = self._part(label, numbers, f"part {label}{self._of(numbers)}")
            seen.update(parts)
            yield row
        told = {self.tissue.part_of(n.name) for n in self.evidence.named if n.name}
        for part in self.tissue.case.parts:
            if part.id not in seen:
                yield self._listed(part, part.id in told)
        yield from self._dangling()

    def _of(self, numbers: tuple[str, ...]) -> str:
        """Which report it is that names something, where there are several; by its local name."""
        reports = sorted(
            {text.report for text in self.evidence.texts if text.numbers and set(text.numbers) & set(numbers)}
        )
        several = len({numbers for _, numbers in self._mentions if numbers}) > 1
        return f" of {reports[0]}" if several and reports else ""

    def _part(self, label: str, numbers: tuple[str, ...], about: str) -> tuple[Row, tuple[str, ...]]:
        fits = self.tissue.parts(label, numbers) or self._only(label, numbers)
        states = [Found(state=best(found), what=tally(found)) for found in map(self.tissue.below, (p.id for p in fits))]
        if not fits and (loose := self.tissue.unlinked(label, numbers)):
            states = [Found(state=best(found), what=tally(found)) for found in [self.tissue.all_of(loose)]]
        names = tuple(part.id for part in fits)
        if not states and self._without_label(numbers):
            detail = f"{about} is named in the report; whether a specimen that carries no label is it needs a person"
            return Row(need="part", about=about, state="unclear", detail=detail), names
        state, low = best(states), worst(states)
        if len(states) > 1 and rank(low) < rank("promised") <= rank(state):
            detail = (
                f"{about} is named in the report and several specimens carry that label: which is meant needs a person"
            )
            return Row(need="part", about=about, state="unclear", detail=detail), names
        return self._row(
            about, state if states else "missing", "; ".join(f.what for f in states), "named in the report"
        ), names

    def _only(self, label: str, numbers: tuple[str, ...]) -> tuple[Part, ...]:
        """The one specimen there is, where it carries no label and the report names one part by the first label."""
        parts = self.tissue.of(numbers)
        named = {one for one, told in self._named if told == numbers}
        alone = len(parts) == 1 and not self.tissue.labels[parts[0].id] and named == {label} <= {"A", "1"}
        return parts if alone else ()

    def _without_label(self, numbers: tuple[str, ...]) -> bool:
        return any(
            not self.tissue.labels[part.id] and rank(best(self.tissue.below(part.id))) > rank("missing")
            for part in self.tissue.of(numbers)
        )

    def _listed(self, part: Part, told: bool) -> Row:
        found = self.tissue.below(part.id)
        about = _called(part, self.tissue.labels[part.id])
        row = self._row(about, best(found), tally(found), "named in the report" if told else "listed in the case")
        return structs.replace(row, item=part.id, listed=not told)

    def _row(self, about: str, state: State, what: str, told: str) -> Row:
        if state == "missing" and self.tissue.unassigned():
            detail = f"{about} is {told}; whether a whole-slide image that names no slide shows it needs a person"
            return Row(need="part", about=about, state="unclear", detail=detail)
        if state == "missing":
            return Row(need="part", about=about, state=state, detail=f"{about} is {told}, {what or NOTHING}")
        return Row(need="part", about=about, state=state, detail=what)

    def _dangling(self) -> Iterator[Row]:
        """Specimens that a report refers to, that are not in the case and that no label tells."""
        lost = [n for n in self.evidence.named if not n.name and not n.label]
        if lost:
            detail = (
                f"{counted(len(lost), 'specimen')} that a report refers to came without a label and "
                "without the resource: whether the materials in the case are of it needs a person"
            )
            yield Row(need="labels", about="specimens", state="unclear", detail=detail)

    # --- blocks and slides

    def _blocks(self) -> Iterator[Row]:
        groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for mention, numbers in self._mentions:
            if mention.sure and mention.kind != "part":
                groups.setdefault((mention.part or "", numbers), []).append(mention.label)
        for (part, numbers), labels in groups.items():
            about = (f"part {part}" if part else "other labels") + self._of(numbers)
            yield self._labelled(about, part, dict.fromkeys(labels), numbers)

    def _labelled(self, about: str, part: str, labels: Iterable[str], numbers: tuple[str, ...]) -> Row:
        bare = any(self.tissue.bare(p.id) for p in self.tissue.parts(part, numbers) or self.tissue.of(numbers))
        by_state: dict[State, list[str]] = {}
        for label in labels:
            found = [one for name in self.tissue.labelled(label, numbers) for one in self.tissue.found(name)]
            state = best(found) if found else "unclear" if bare else "missing"
            by_state.setdefault(state, []).append(label)
        told = [f"{', '.join(by_state[s])}: {_BLOCK[s]}" for s in STATES if s in by_state]
        return Row(need="block", about=about, state=min(by_state, key=rank), detail="; ".join(told))

    # --- what needs a person

    def _doubtful(self) -> Iterator[Row]:
        sure = {(m.kind, m.label) for m, _ in self._mentions if m.sure}
        labels = dict.fromkeys(
            f"{mention.kind} {mention.label}"
            for mention, _ in self._mentions
            if not mention.sure and (mention.kind, mention.label) not in sure and not self.tissue.knows(mention.label)
        )
        if labels:
            detail = f"the report also says what may be {', '.join(labels)}: whether it is needs a person"
            yield Row(need="labels", about="words of the report", state="unclear", detail=detail)

    def _unread(self) -> Iterator[Row]:
        if number := len(self.evidence.unread):
            one = number == 1
            detail = (
                f"{counted(number, 'pathology report')} {'is' if one else 'are'} in a form whose words are not read "
                "here (PDF, picture): whether parts are named there that are not in the case needs a person"
            )
            yield Row(need="labels", about="reports not read", state="unclear", detail=detail)


def _apart(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows under names of their own: what is called as another one before it is numbered."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        number = counts[row.need, row.about] = counts.get((row.need, row.about), 0) + 1
        yield row if number == 1 else structs.replace(row, about=f"{row.about} ({number})")


_BLOCK: dict[State, str] = {
    "missing": "named in the report, no block, slide or image of it is in the case",
    "unreadable": "an image that cannot be read",
    "unclear": "named in the report; materials without a label are in the case, so that this needs a person",
    "promised": "listed or promised",
    "on-its-way": "on the way",
    "here": "here",
}


def _called(part: Part, labels: frozenset[str]) -> str:
    return f"part {' or '.join(sorted(labels))}" if labels else f"specimen {part.id}"
