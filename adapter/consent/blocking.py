"""Information blocking (45 CFR part 171): which exception may cover what a decision does not give, and what it asks.

Electronic health information that is not given is blocked unless an exception holds. Each row of blocking.csv says in
our own words what one asks of the holder; `verified` no: the text of that section was not at hand, so that counsel has
to read it first. To stay within 30 days is no exception: an unnecessary delay inside them may be blocking too.
"""

import functools
from typing import Literal

import msgspec

from adapter.consent.decide import Decision
from adapter.consent.tables import rows

When = Literal["pend", "deny", "part", "manner", "fee"]


class Exception171(msgspec.Struct, frozen=True, kw_only=True):
    """One row of blocking.csv.

    Attributes:
        exception: short name.
        citation: the section.
        verified: whether the section's text was at hand when the row was written.
        when: pend, deny (some of it stays), part (some goes, some stays), manner or fee.
        codes: the reasons of a decision that it is about; of `part` none, it is about the decision.
        says: when it holds; asks: what it asks of the holder; proof: what to keep. All in our own words.
    """

    exception: str
    citation: str
    verified: bool
    when: When
    codes: tuple[str, ...]
    says: str
    asks: str
    proof: str


@functools.cache
def exceptions() -> tuple[Exception171, ...]:
    """Return the table."""
    return tuple(
        msgspec.convert({**row, "verified": row["verified"] == "yes", "codes": row["codes"].split()}, Exception171)
        for row in rows("blocking.csv")
    )


def exceptions_for(decision: Decision) -> tuple[Exception171, ...]:
    """Return the exceptions that may cover what a decision does not give, in the order of the table."""
    said = {reason.code for reason in decision.reasons}
    parted = decision.outcome == "permit_with_exclusions"
    return tuple(
        row
        for row in exceptions()
        if not said.isdisjoint(row.codes) or (row.when == "part" and parted and _told_apart(said))
    )


def _told_apart(said: set[str]) -> bool:
    """Whether something stays on a ground that an exception has to cover."""
    return any(not said.isdisjoint(row.codes) for row in exceptions() if row.when in ("pend", "deny"))
