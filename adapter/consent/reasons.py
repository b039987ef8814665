"""Why: every reason a decision can give, with its citation, its address, one plain sentence and the next step."""

import functools
from typing import Literal

import msgspec

from adapter.consent.tables import rows

Role = Literal["basis", "release", "exclusion", "open", "duty", "clock", "note"]


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """One row of reasons.csv.

    Attributes:
        citation: the one string form people read.
        uri: an address at which the cited text can be read.
        role: basis (why it may go), release (said of a release only), exclusion (why it stays), open (what is
            missing), duty (what is owed either way), clock, note.
        who: who must act: holder, requester, licensed_professional or nobody.
        produce: names of what has to be produced.
        binds_copies: the ground is the content's, so that it holds for every copy.
    """

    code: str
    citation: str
    uri: str
    role: Role
    sentence: str
    next_step: str
    who: str
    produce: tuple[str, ...]
    binds_copies: bool


@functools.cache
def grounds() -> dict[str, Ground]:
    """Return the table of reasons by code."""
    return {
        row["code"]: msgspec.convert(
            {**row, "produce": tuple(row["produce"].split()), "binds_copies": row["binds_copies"] == "yes"}, Ground
        )
        for row in rows("reasons.csv")
    }


@functools.cache
def wanted() -> dict[str, str]:
    """Return how to supply a missing fact, by its name (facts_wanted.csv); of a Consent, the rule it fails."""
    told = {row["fact"]: row["supply"] for row in rows("facts_wanted.csv")}
    read = {
        row["rule"]: f"{row['element']} ({row['rule']}): {row['does']} {_MEND}" for row in rows("foreign_rules.csv")
    }
    return told | {f"carried_consents.{rule}": text for rule, text in read.items()}


_MEND = "Have the Consent made clear, ended or replaced in the record it comes from, and load it again."


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of one decision.

    Attributes:
        code, citation: a row of reasons.csv.
        item: id of the item it is about; None means the request.
        fact: name of the fact that is missing or does not fit, where the code alone does not say it.
    """

    code: str
    citation: str
    item: str | None = None
    fact: str | None = None

    @property
    def ground(self) -> Ground:
        """The row of the table."""
        return grounds()[self.code]

    @property
    def sentence(self) -> str:
        """One plain sentence; names the missing fact, never a value."""
        return f"{self.ground.sentence} ({self.fact})" if self.fact else self.ground.sentence

    @property
    def next_step(self) -> str:
        """What to do now; for a missing fact, where to say it."""
        return wanted().get(self.fact or "", self.ground.next_step)

    @property
    def who(self) -> str:
        """Who must act."""
        return self.ground.who

    @property
    def uri(self) -> str:
        """Where the cited text can be read."""
        return self.ground.uri


def reason(code: str, item: str | None = None, fact: str | None = None) -> Reason:
    """Build a reason; its citation comes from the table."""
    return Reason(code=code, citation=grounds()[code].citation, item=item, fact=fact)
