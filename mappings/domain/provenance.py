"""Where something written comes from: who made it of what, when, and under which authority it was done."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, need


class Agent(Fact, frozen=True, kw_only=True):
    """Somebody who took part; a person acts `on_behalf_of` an organization."""

    role: Literal["author", "custodian", "transmitter", "assembler", "performer", "verifier"]
    who: str
    on_behalf_of: str | None = None


class Origin(Item, frozen=True, kw_only=True):
    """The origin of `targets`: an activity at a time, its agents, the citations it rests on, and what it was made of.

    `policies` are addresses of citations (eCFR, Federal Register, U.S.C.). Of a release it names what is released only;
    what was `removed` is said where nobody but the holder reads it. `occurred` is when it came about.
    A hand-over is of material: it passed from one to another.
    """

    LINKS: ClassVar = {"targets": ("*",), "sources": ("*",), "removed": ("*",)}

    targets: tuple[str, ...]
    recorded: Moment
    activity: Literal["create", "revise", "transform", "transmit", "disclose", "receive", "hand-over"]
    agents: tuple[Agent, ...]
    policies: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    occurred: Moment | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.targets, "needs at least one entry in `targets`")
        need(self.agents, "needs at least one entry in `agents`")
        need(self.recorded.offset, "field `recorded` needs a time with its UTC offset")
