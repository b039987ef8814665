"""The denial with every element of 45 CFR 164.524(d)(2), and the outcome of its review (d)(4)."""

from adapter.letters.draft import ACCESS, OFFICE, Draft
from adapter.letters.places import is_named, is_reviewable, is_titled, placed
from adapter.letters.texts import counted, listed, long_date
from adapter.letters.things import dated, thing

_REVIEW = "45 CFR 164.524(d)(4)"


def denial(draft: Draft) -> None:
    """Basis in plain words, review rights where there are any, complaint to the holder and to the Secretary."""
    occasion = draft.occasion
    today = long_date(occasion.today) if occasion.today else ""
    draft.say("opening", received=draft.received(), date=today)
    stays = _basis(draft)
    outside = [f"{_called(draft, item)}. {_why(told)}" for item, told in placed(draft, "explained")]
    if outside:
        draft.say("explained", items=counted(outside))
    if occasion.decision.released:
        goes = counted(thing(occasion, item) for item in occasion.decision.released)
        draft.say("released", items=goes)
        draft.cite("45 CFR 164.524(d)(1)")
    _review(draft, stays)
    draft.complaints()
    draft.questions()


def _basis(draft: Draft) -> list[str]:
    """Say why, item by item; the items."""
    found = list(placed(draft, "denied"))
    if not found or "DENIAL_NOTICE_REQUIRED" not in draft.occasion.codes:
        message = "denies nothing on a ground that a denial letter is for; nobody is owed one"
        draft.lack.add("decision", message, "45 CFR 164.524(d)(2)(i)")
    draft.say("basis", items=counted(f"{_called(draft, item)}. {_why(told)}" for item, told in found))
    draft.cite(*(citation for _, told in found for citation, _ in told))
    return [item for item, _ in found]


def _called(draft: Draft, item: str) -> str:
    name = _small(draft, item)
    return f"{name[0].upper()}{name[1:]}"


def _why(told: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f"{words} ({citation})" for citation, words in told)


def _review(draft: Draft, stays: list[str]) -> None:
    paragraph = "45 CFR 164.524(d)(2)(ii)"
    reviewable = [_small(draft, item) for item in stays if is_reviewable(draft, item)]
    final = [_small(draft, item) for item in stays if not is_reviewable(draft, item)]
    if reviewable:
        message = "is missing: say how a review of the denial is asked for, in plain words"
        how = draft.lack.need(draft.occasion.office.reviews, f"{OFFICE}.reviews", message, paragraph) or ""
        draft.say("review", reviewable=listed(counted(reviewable)), reviews=how)
        draft.cite(paragraph, "45 CFR 164.524(a)(4)")
    if final:
        draft.say("no_review", final=listed(counted(final)))


def _small(draft: Draft, item: str) -> str:
    """The item, so that the reader can tell which one is meant, as far as its grounds let that be told."""
    if not is_named(draft, item):
        return "one item in the record"
    return thing(draft.occasion, item) if is_titled(draft, item) else dated(draft.occasion, item)


def review_outcome(draft: Draft) -> None:
    """What the reviewing official decided, who took no part in the denial."""
    occasion = draft.occasion
    review = occasion.facts.review
    where = f"{ACCESS}.review"
    decided = draft.lack.need(
        review.decision if review else None, f"{where}.decision", "is missing: uphold or overturn", _REVIEW
    )
    official = draft.lack.need(
        review.official if review else None, f"{where}.official", "is missing: name the reviewing official", _REVIEW
    )
    bound = tuple(r.item for r in occasion.decision.reasons if r.code == "REVIEW_DECISION_BINDS" and r.item)
    if "REVIEWER_NOT_INDEPENDENT" in occasion.codes:
        message = "took part in the denial, is not licensed, or neither is known: name a licensed one who did not"
        draft.lack.add(f"{where}.official", message, _REVIEW)
    elif decided and official and not bound:
        draft.lack.add(where, "is of no denial in this decision; there is no outcome to tell", _REVIEW)
    draft.say("opening", official=official or "")
    fits = [item for item in bound if (item in occasion.decision.excluded) == (decided == "uphold")]
    draft.say("uphold" if decided == "uphold" else "overturn", items=counted(_reviewed(draft, item) for item in fits))
    if decided == "uphold":
        draft.complaints()
    draft.questions()


def _reviewed(draft: Draft, item: str) -> str:
    """By its title where it goes now; what stays is called as in the denial."""
    goes = item in draft.occasion.decision.released or is_titled(draft, item)
    return thing(draft.occasion, item) if goes else dated(draft.occasion, item)
