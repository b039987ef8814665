"""What a letter may say of what stays: each ground has its place, and some have none (grounds.csv).

Where an item stays for a ground that is not to be told (a restriction, an election, a minor's own care), no letter
speaks of the item at all, whatever else keeps it.
"""

from collections.abc import Iterator

from adapter.letters.draft import Draft
from adapter.letters.texts import plain_words

SILENT = "silent"
Told = tuple[str, str]
"""A citation and plain words."""


def placed(draft: Draft, place: str) -> Iterator[tuple[str, tuple[Told, ...]]]:
    """The items that stay on a ground of this place, with citation and plain words of each such ground."""
    table = plain_words("grounds")
    for item in draft.occasion.decision.excluded:
        reasons = [reason for reason in draft.occasion.about(item) if reason.ground.role == "exclusion"]
        if any(table.get(reason.code, {}).get("place") == SILENT for reason in reasons):
            continue
        for reason in reasons:
            message = f"has no plain words for {reason.code}; a denial states its basis in plain language"
            draft.lack.need(table.get(reason.code), "grounds.csv", message, "45 CFR 164.524(d)(2)(i)")
        fits = [
            (reason.citation, draft.worded(table[reason.code]["words"]))
            for reason in reasons
            if table.get(reason.code, {}).get("place") == place
        ]
        if fits:
            yield item, tuple(fits)


def is_named(draft: Draft, item: str) -> bool:
    """Whether a letter may say what kind of item it is."""
    rows = (plain_words("grounds").get(reason.code) for reason in draft.occasion.about(item))
    return all(row["named"] == "yes" for row in rows if row)


def is_titled(draft: Draft, item: str) -> bool:
    """Whether a letter may call it by its title: on no ground of it could a title tell what is not to be told."""
    rows = [row for reason in draft.occasion.about(item) if (row := plain_words("grounds").get(reason.code))]
    return bool(rows) and all(row["titled"] == "yes" for row in rows)


def is_reviewable(draft: Draft, item: str) -> bool:
    """Whether a ground on which the item stays may be reviewed, and was not reviewed yet."""
    reasons = draft.occasion.about(item)
    rows = [row for reason in reasons if (row := plain_words("grounds").get(reason.code))]
    decided = any(reason.code == "REVIEW_DECISION_BINDS" for reason in reasons)
    return not decided and any(row["reviewable"] == "yes" for row in rows)
