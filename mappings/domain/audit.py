"""What left the house, and what the gate decided: the holder's own records; they never leave with what they record."""

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


class Grounds(Fact, frozen=True, kw_only=True):
    """A reason of a decision: its code and the paragraph, as people cite it."""

    code: str
    citation: str


class GateRecord(Item, frozen=True, kw_only=True):
    """One decision of the gate: for whom, when, whether it permits, and the Consents it rests on.

    Attributes:
        recorded: when it was decided.
        permitted: whether anything may go.
        text: the outcome in words.
        holder: the organization that decided, and whose adapter asked; `address` is where that ran.
        recipient: who would get it; `recipient_organization` is the organization behind, where there is one.
        consents: local names of the Consents that carry, limit or fail the decision; none: it rests on other grounds.
        grounds: the reasons that are about Consents.
        policies: addresses of the citations.
    """

    LINKS: ClassVar = {
        "holder": ("Organization",),
        "recipient": ("Organization", "Role", "Practitioner", "RelatedPerson", "Patient"),
        "recipient_organization": ("Organization",),
        "consents": ("*",),
    }

    recorded: Moment
    permitted: bool
    text: str
    holder: str
    address: NetworkPoint
    recipient: str
    recipient_organization: str | None = None
    purpose: str | None = None
    """Word of the table `purpose-of-use`."""
    consents: tuple[str, ...] = ()
    grounds: tuple[Grounds, ...] = ()
    policies: tuple[str, ...] = ()

    def check(self) -> None:
        Item.check(self)
        need(self.recorded.offset, "field `recorded` needs a time with its UTC offset")
        need(self.text.strip(), "field `text` must not be empty")
        need(self.consents or not self.grounds, "`grounds` are of Consents, and there are none in `consents`")
        unique(self.consents, "`consents`")
