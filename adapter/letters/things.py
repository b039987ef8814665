"""How a letter calls an item: in plain words, and no closer than the reason it speaks for allows."""

from adapter.consent.names import PHYSICAL
from adapter.letters.occasion import Occasion
from adapter.letters.texts import known_date, line, plain_words
from mappings.domain.material import Document, ImagingStudy
from mappings.domain.report import Report

A_REPORT = "a report"
APART = " (the laboratory decides apart from this letter whether and how it goes)"
"""Behind a slide or block: that the law lets it go does not say that the laboratory may part with it (retention)."""


def kind_in_words(occasion: Occasion, item: str) -> str:
    """What kind of thing it is: for parts of the case itself by what they are, else by the kind in law."""
    kind = next((m.kind for m in occasion.facts.materials if m.id == item), None)
    found = next((each for each in occasion.case.items() if each.id == item), None)
    words = plain_words("things")
    told = found.kind if isinstance(found, Document) and kind is None else kind
    row = words.get(type(found).__name__) or words.get(told or "")
    return row["words"] if row else A_REPORT if isinstance(found, Report) else "an item"


def thing(occasion: Occasion, item: str) -> str:
    """The kind with title (of a report its number, too) and date, by which the reader can tell which one is meant."""
    found = _found(occasion, item)
    title, number = _title(occasion, found), _number(found)
    said = kind_in_words(occasion, item) + (f" “{line(title)}”" if title else "")
    if item.endswith(PHYSICAL):
        said += APART
    return ", ".join(part for part in (said, number and f"number {line(number)}", _when(found)) if part)


def dated(occasion: Occasion, item: str) -> str:
    """The kind with its date, for what stays on a ground that a title could tell more of."""
    when = _when(_found(occasion, item))
    return kind_in_words(occasion, item) + (f", {when}" if when else "")


def _found(occasion: Occasion, item: str) -> object:
    return next((each for each in occasion.case.items() if each.id == item.removesuffix(PHYSICAL)), None)


def _title(occasion: Occasion, found: object) -> str | None:
    """What it is called: a report by its printed form."""
    if isinstance(found, Report):
        printed = (each for each in occasion.case.documents if each.id in found.documents)
        return next((each.title for each in printed if each.title), None)
    return (
        found.title if isinstance(found, Document) else found.description if isinstance(found, ImagingStudy) else None
    )


def _number(found: object) -> str | None:
    return found.identifiers[0].value if isinstance(found, Report) and found.identifiers else None


def _when(found: object) -> str:
    day = _day(found)
    return known_date(day) if day else ""


def _day(found: object) -> str | None:
    if isinstance(found, Document):
        return str(found.date) if found.date else None
    if isinstance(found, ImagingStudy):
        return str(found.started) if found.started else None
    if isinstance(found, Report):
        told = found.issued or found.effective
        return str(told) if told else None
    return None
