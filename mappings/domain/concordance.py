"""How a review compares with the original: never a clinical decision, and the pathologist's own statement wins."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, need

Degree = Literal["agree", "minor", "major", "deferred"]
Aspect = Literal["diagnosis", "type", "behavior", "grade", "stage", "margin", "invasion", "biomarker", "site", "other"]
Impact = Literal["none", "follow-up", "treatment-changed", "treatment-avoided", "prognosis", "undetermined"]


class Difference(Fact, frozen=True, kw_only=True):
    """One aspect in which the two reports differ; `original` and `review` are what each says, in words."""

    aspect: Aspect
    original: str | None = None
    review: str | None = None


class Concordance(Item, frozen=True, kw_only=True):
    """The comparison of an original report (or its document) with a review."""

    LINKS: ClassVar = {
        "original": ("Report", "Document", "*"),
        "review": ("Report", "*"),
        "findings": ("Finding", "Document", "*"),
        "stated_by": ("Practitioner", "Role", "Organization"),
    }

    original: str
    review: str
    degree: Degree
    differences: tuple[Difference, ...] = ()
    impact: Impact | None = None
    findings: tuple[str, ...] = ()
    stated_by: str | None = None
    at: Moment | None = None
    comment: str | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.original != self.review, "`original` and `review` must be two reports")
        need(self.degree != "agree" or not self.differences, "degree `agree` has no `differences`")
        need(self.degree not in ("minor", "major") or self.differences, "a discordance needs `differences`")
