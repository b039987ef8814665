"""What patients may ask of the holder beside access: to amend (45 CFR 164.526), and an accounting (164.528).

Both stay with the holder: no recipient of a case learns that somebody asked.
"""

from typing import ClassVar, Literal

from mappings.domain.access import Extension, Fee, Representation
from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, PartialDate, need

_ASKER = ("Patient", "RelatedPerson")


class AmendmentPart(Fact, frozen=True, kw_only=True):
    """One part of a request to amend, accepted (45 CFR 164.526(c)) or denied (d) by itself; its records in `about`."""

    asks: str
    about: tuple[str, ...]
    created_here: bool | None = None
    originator_unavailable: bool | None = None
    in_drs: bool | None = None
    accessible: bool | None = None
    accurate_and_complete: bool | None = None
    amended: str = ""


class AmendmentRequest(Item, frozen=True, kw_only=True):
    """A request that records be amended, and what decides it: one ground for all records it is about.

    Where some of it is accepted and some denied, `parts` says what each part asks and what decides it; then the fields
    of the same names stay empty here, and `about` has every record of every part.
    """

    LINKS: ClassVar = {"requested_by": _ASKER, "about": ("*",), "inform": ("*",)}

    requester: Literal["patient", "personal_representative"] = "patient"
    requested_by: str
    received_at: Moment | None = None
    holder_tz: str | None = None
    """IANA name of the holder's time zone: the day of receipt is local."""
    identity_verified: bool | None = None
    authority_verified: bool | None = None
    representative: Representation | None = None
    asks: str = ""
    """What is to be amended, as the request says it."""
    about: tuple[str, ...] = ()
    created_here: bool | None = None
    originator_unavailable: bool | None = None
    in_drs: bool | None = None
    accessible: bool | None = None
    accurate_and_complete: bool | None = None
    amended: str = ""
    """How an accepted amendment was made: what was appended or linked, and where (164.526(c)(1))."""
    parts: tuple[AmendmentPart, ...] = ()
    inform: tuple[str, ...] = ()
    """Who has what is amended and may rely on it (164.526(c)(3))."""
    extensions: tuple[Extension, ...] = ()

    def check(self) -> None:
        Item.check(self)
        need(self.received_at is None or not self.received_at.floating, "field `received_at` needs its UTC offset")
        if self.parts:
            own = [name for name in _OF_A_PART if getattr(self, name) not in ("", None)]
            need(not own, "with `parts`, what is asked and what decides it are said of each part")
            records = {name for part in self.parts for name in part.about}
            need(records == set(self.about), "field `about` must have every record of the `parts`, and no other")


_OF_A_PART = tuple(name for name in AmendmentPart.__struct_fields__ if name != "about")


class AccountingRequest(Item, frozen=True, kw_only=True):
    """A request for an accounting of disclosures; without `since` and `until`, of the six years before it."""

    LINKS: ClassVar = {"requested_by": _ASKER}

    requester: Literal["patient", "personal_representative"] = "patient"
    requested_by: str
    received_at: Moment | None = None
    holder_tz: str | None = None
    """IANA name of the holder's time zone: the day of receipt is local."""
    identity_verified: bool | None = None
    authority_verified: bool | None = None
    representative: Representation | None = None
    since: PartialDate | None = None
    until: PartialDate | None = None
    earlier_on: PartialDate | None = None
    """The day on which the last accounting before this one was asked for: within 12 months a fee may be charged."""
    fees: tuple[Fee, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def check(self) -> None:
        Item.check(self)
        need(self.received_at is None or not self.received_at.floating, "field `received_at` needs its UTC offset")
        for name in ("since", "until", "earlier_on"):
            told: PartialDate | None = getattr(self, name)
            need(told is None or told.precision == "day", f"field `{name}` must be a day")
        need(not (self.since and self.until) or self.since <= self.until, "field `until` lies before `since`")


Right = AmendmentRequest | AccountingRequest
"""A request that releases nothing."""
