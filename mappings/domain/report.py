"""Reports: the original, which is never altered, and the review, which is a new report beside it."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Concept, Fact, Identifier, Moment, Quantity, need

ReportKind = Literal[
    "surgical-pathology",
    "cytology",
    "hematopathology",
    "radiology",
    "laboratory",
    "genomics",
    "pathology-consult",
    "radiology-consult",
    "oncology-consult",
    "tumor-board",
]
FindingKind = Literal[
    "histology",
    "behavior",
    "grade",
    "margin",
    "invasion",
    "lymph-node",
    "biomarker",
    "tumor-size",
    "stage-group",
    "stage-t",
    "stage-n",
    "stage-m",
    "imaging",
    "other",
]


class Section(Fact, frozen=True, kw_only=True):
    """A part of the narrative, as plain text."""

    kind: Literal[
        "history",
        "gross",
        "microscopic",
        "ancillary",
        "intraoperative",
        "diagnosis",
        "comment",
        "findings",
        "impression",
    ]
    text: str

    def check(self) -> None:
        need(self.text.strip(), "field `text` must not be empty")


class Finding(Item, frozen=True, kw_only=True):
    """One coded statement of a report, with one of `value`, `quantity`, `text`, `absent`; seen in `part`."""

    LINKS: ClassVar = {"part": ("Part", "Block", "Slide"), "diagnosis": ("Diagnosis",)}

    kind: FindingKind
    code: Concept | None = None
    value: Concept | None = None
    quantity: Quantity | None = None
    text: str | None = None
    interpretation: (
        Literal["abnormal", "normal", "positive", "negative", "indeterminate", "detected", "not-detected"] | None
    ) = None
    body_site: Concept | None = None
    method: Concept | None = None
    part: str | None = None
    diagnosis: str | None = None
    absent: Literal["unknown", "not-performed", "not-applicable", "masked", "asked-unknown", "unsupported"] | None = (
        None
    )

    def check(self) -> None:
        Item.check(self)
        given = [field is not None for field in (self.value, self.quantity, self.text, self.absent)]
        need(sum(given) == 1, "needs exactly one of `value`, `quantity`, `text`, `absent`")
        need(self.kind != "other" or self.code, "kind `other` needs `code`")


class Report(Item, frozen=True, kw_only=True):
    """A diagnostic report. `examined` says which slides, blocks and studies it saw; `documents` its printed form.

    A review `extends` the original; an addendum is `addendum_of` its own base; a tumor board's result is `summary_of`.
    """

    LINKS: ClassVar = {
        "authors": ("Practitioner", "Role", "Organization"),
        "organization": ("Organization",),
        "examined": ("Part", "Block", "Slide"),
        "studies": ("ImagingStudy",),
        "documents": ("Document",),
        "extends": ("Report", "*"),
        "addendum_of": ("Report", "*"),
        "summary_of": ("Report", "*"),
        "request": ("ReviewRequest",),
    }

    role: Literal["original", "review"]
    kind: ReportKind
    status: Literal["registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled"]
    identifiers: tuple[Identifier, ...] = ()
    effective: Moment | None = None
    issued: Moment | None = None
    authors: tuple[str, ...] = ()
    organization: str | None = None
    sections: tuple[Section, ...] = ()
    findings: tuple[Finding, ...] = ()
    conclusion: str | None = None
    conclusion_codes: tuple[Concept, ...] = ()
    examined: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    extends: str | None = None
    addendum_of: str | None = None
    summary_of: tuple[str, ...] = ()
    request: str | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.extends is None or self.role == "review", "only a review has `extends`")
        need(self.extends != self.id != self.addendum_of, "a report cannot point at itself")
        need(
            self.issued is None or (self.issued.time and self.issued.offset),
            "field `issued` needs a time with its offset",
        )
