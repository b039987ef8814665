"""What left the house: the holder's own record of one disclosure (45 CFR 164.528(b)(2)); it never leaves with it."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, need, unique


class NetworkPoint(Fact, frozen=True, kw_only=True):
    """Where the source sent from or the recipient received: a machine, an address, a telephone, a mailbox or a URI."""

    kind: Literal["machine", "ip", "telephone", "email", "uri"]
    address: str

    def check(self) -> None:
        need(self.address.strip(), "field `address` must not be empty")


class Withheld(Fact, frozen=True, kw_only=True):
    """An item that was asked for and not released; `reason` is the code of the decision, `citation` its paragraph."""

    item: str
    reason: str
    citation: str | None = None


class DisclosureRecord(Item, frozen=True, kw_only=True):
    """One disclosure: by whom, to whom, when, what for, under which citations, what went and what stayed.

    `policies` are addresses of citations. `accounting` says whether 45 CFR 164.528 wants it on the patient's list.
    """

    LINKS: ClassVar = {
        "source": ("Organization",),
        "recipient": ("Organization", "Role", "Practitioner", "RelatedPerson", "Patient"),
        "released": ("*",),
    }

    recorded: Moment
    outcome: Literal["success", "minor-failure", "serious-failure", "major-failure"]
    source: str
    source_address: NetworkPoint
    recipient: str
    recipient_address: NetworkPoint
    released: tuple[str, ...]
    withheld: tuple[Withheld, ...] = ()
    purpose: str | None = None
    """Word of the table `purpose-of-use`."""
    policies: tuple[str, ...] = ()
    outcome_text: str | None = None
    accounting: Literal["required", "exempt"] | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.released, "a disclosure needs at least one entry in `released`")
        need(self.recorded.offset, "field `recorded` needs a time with its UTC offset")
        unique((*self.released, *(w.item for w in self.withheld)), "`released` and `withheld`")
