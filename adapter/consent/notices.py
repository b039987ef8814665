"""What a decision obliges the holder to produce, by name; the letters themselves are written elsewhere.

The names stand in reasons.csv beside the reason that calls for them. The Part 2 statement is given here as data because
42 CFR 2.32(a)(2) fixes its words.
"""

from collections.abc import Iterable

from adapter.consent.reasons import Reason

PART2_STATEMENT = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""The short statement of 42 CFR 2.32(a)(2), word for word; it goes with each disclosure under a Part 2 consent."""

ACCOUNTING_FIELDS = ("date", "recipient", "description", "purpose")
"""The fields of an accounting entry (45 CFR 164.528(b)(2))."""

DENIAL_FIELDS = ("basis", "review_rights", "complaint_to_holder", "complaint_to_secretary")
"""What a denial says (45 CFR 164.524(d)(2)(i)-(iii)); review rights only where the denial is reviewable."""


def to_produce(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Name what the reasons call for, each once, in their order."""
    return tuple(dict.fromkeys(name for reason in reasons for name in reason.ground.produce))
