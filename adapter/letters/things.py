"""How a letter calls an item: in plain words, and no closer than the reason it speaks for allows."""

from adapter.consent.names import PHYSICAL
from adapter.letters.occasion import Occasion
from adapter.letters.texts import known_date, line, plain_words
from mappings.domain.material import Document, ImagingStudy
from mappings.domain.report import Report

A_REPORT = "a report"


def kind_in_words(occasion: Occasion, item: str) -> str:
    """What kind of thing it is: for parts of the case itself by what they are, else by the kind in law."""
    kind = next((m.kind for m in occasion.facts.materials if m.id == item), None)
    found = next((each for each in occasion.case.items() if each.id == item), None)
    words = plain_words("things")
    told = found.kind if isinstance(found, Document) and kind is None else kind
    row = words.get(type(found).__name__) or words.get(told or "")
    return row["words"] if row else A_REPORT if isinstance(found, Report) else "an item"


def thing(occasion: Occasion, item: str) -> str:
    """The kind with title and date, for what goes, or is somewhere else."""
    found = next((each for each in occasion.case.items() if each.id == item.removesuffix(PHYSICAL)), None)
    said = kind_in_words(occasion, item)
    title = found.title if isinstance(found, Document) else found.description if isinstance(found, ImagingStudy) else ""
    day = _day(found)
    return said + (f" “{line(title)}”" if title else "") + (f", {known_date(day)}" if day else "")


def dated(occasion: Occasion, item: str) -> str:
    """The kind with its date, for what stays: a title may tell what is not to be told."""
    found = next((each for each in occasion.case.items() if each.id == item.removesuffix(PHYSICAL)), None)
    day = _day(found)
    return kind_in_words(occasion, item) + (f", {known_date(day)}" if day else "")


def _day(found: object) -> str | None:
    if isinstance(found, Document):
        return str(found.date) if found.date else None
    if isinstance(found, ImagingStudy):
        return str(found.started) if found.started else None
    if isinstance(found, Report):
        told = found.issued or found.effective
        return str(told) if told else None
    return None
