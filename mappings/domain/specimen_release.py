"""The release of one slide or block: apart from the decision about information, and never a denial of access.

45 CFR 164.524 gives copies of information; glass and paraffin are material. What decides about them is the policy of
the laboratory that keeps them, its duty to retain them, and a request in writing.
"""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Moment, PartialDate, need

WAITS = frozenset(("on-hold", "rejected", "failed"))
"""States in which nothing goes, each with its reason."""


class SpecimenRelease(Item, frozen=True, kw_only=True):
    """What is released of one physical item, from whom to whom, on what terms, and how far it is.

    Attributes:
        item: the part, block or slide that was asked for.
        form: `recut` (sections cut anew, or unstained ones), `loan` of the original, `transfer` of it for good.
        status: `accepted` may go, `in-progress` is out, `completed` came back (or arrived, where it stays), `on-hold`
            waits and `rejected` is refused for the `reason`, `failed` was lost on the way.
        asked: when it was asked for.
        holder: who keeps it; recipient: who gets it.
        request: the order of the review; authority: the paper behind it, where that is a Consent.
        paper: what it was asked for with; basis: on what basis the patient's data on the label go with it.
        custodian, return_by: who answers for a loan, and the day it ends.
        kept_until: the day until which the original has to be kept.
        scans: images that show it and can be had instead.
    """

    LINKS: ClassVar = {
        "item": ("Part", "Block", "Slide"),
        "holder": ("Organization", "Role"),
        "recipient": ("Organization", "Role"),
        "request": ("ReviewRequest",),
        "scans": ("ImagingStudy", "Document"),
    }

    item: str
    form: Literal["recut", "loan", "transfer"]
    status: Literal["accepted", "in-progress", "completed", "on-hold", "rejected", "failed"]
    holder: str
    reason: (
        Literal[
            "paper-missing", "loan-terms", "quantity", "quantity-unknown", "retention", "retention-unknown", "damaged",
            "away", "lost", "discarded",
        ]
        | None
    ) = None  # fmt: skip
    asked: Moment | None = None
    recipient: str | None = None
    request: str | None = None
    authority: str | None = None
    paper: Literal["patient-request", "treatment-request", "authorization"] | None = None
    basis: Literal["treatment", "authorization"] | None = None
    custodian: str | None = None
    return_by: PartialDate | None = None
    kept_until: PartialDate | None = None
    scans: tuple[str, ...] = ()

    def check(self) -> None:
        Item.check(self)
        waits = self.status in WAITS
        need(waits == (self.reason is not None), "`reason` says why it waits, is refused or failed, and nothing else")
        need(self.form == "loan" or self.return_by is None, "only a loan has a day of return")
        terms = self.custodian is not None and self.return_by is not None
        free = self.status == "accepted" and self.form == "loan"
        need(not free or terms, "a loan needs `custodian` and `return_by` before it goes")
