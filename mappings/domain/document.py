"""The table of contents of a case as a document: which entries stand under which heading."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, need, unique

SectionKind = Literal[
    "request",
    "authority",
    "diagnoses",
    "reports",
    "review",
    "concordance",
    "specimens",
    "imaging",
    "documents",
    "people",
]


class ContentSection(Fact, frozen=True, kw_only=True):
    """One heading and the local names of what stands under it."""

    kind: SectionKind
    entries: tuple[str, ...]

    def check(self) -> None:
        need(self.entries, "a section needs at least one entry in `entries`")


class CaseDocument(Item, frozen=True, kw_only=True):
    """The first entry of a document Bundle: title, date, authors and the sections in their order."""

    LINKS: ClassVar = {
        "authors": ("Practitioner", "Role", "Organization", "Patient", "RelatedPerson"),
        "custodian": ("Organization",),
    }

    kind: Literal["review-request", "review-result", "tumor-board"]
    title: str
    date: Moment
    authors: tuple[str, ...]
    sections: tuple[ContentSection, ...] = ()
    custodian: str | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.title.strip(), "field `title` must not be empty")
        need(self.authors, "needs at least one entry in `authors`")
        unique((section.kind for section in self.sections), "the kinds of `sections`")
