"""What goes with part 2 records (42 CFR 2.32), and the accounting of disclosures (45 CFR 164.528)."""

import datetime as dt

from adapter.consent.clock import years_after
from adapter.consent.notices import PART2_STATEMENT
from adapter.letters.draft import ACCESS, Draft
from adapter.letters.model import Table
from adapter.letters.occasion import Disclosure
from adapter.letters.texts import line, long_date

_SCOPE = "42 CFR 2.32(b)"
_LINES = "45 CFR 164.528(b)(2)"
YEARS = 6
"""The years before the request that an accounting covers (45 CFR 164.528(a)(1))."""
HEADS = ("Date", "To whom, and address if known", "What was disclosed", "Purpose")


def part2_statement(draft: Draft) -> None:
    """The statement of 42 CFR 2.32(a)(2), word for word, and the scope of the consent (2.32(b)). It names no record."""
    access = draft.occasion.case.access
    consent = access.part2_consent if access else None
    if "part2_statement" not in draft.occasion.decision.produce:
        message = "lets no record go under a part 2 consent; there is nothing that the statement would go with"
        draft.lack.add("decision", message, "42 CFR 2.32(a)")
    told = {
        name: draft.lack.need(
            getattr(consent, name) if consent else None, f"{ACCESS}.part2_consent.{name}", "is missing", _SCOPE
        )
        or ""
        for name in ("recipients", "purpose", "expiry")
    }
    draft.say("statement", statement=PART2_STATEMENT)
    draft.say("scope", recipients=told["recipients"], purpose=told["purpose"], expiry=told["expiry"])


def accounting(draft: Draft) -> None:
    """Every disclosure of six years that has to be listed: date, recipient and address, description, purpose."""
    today = draft.occasion.today or dt.date.max
    start = years_after(today, -YEARS, draft.occasion.policy) if draft.occasion.today else today
    rows = sorted(
        (each for each in draft.occasion.disclosures if start.isoformat() <= each.on[:10] <= today.isoformat()),
        key=lambda each: (each.on, each.recipient),
    )
    draft.say("opening", start=long_date(start), end=long_date(today))
    lines = tuple(_row(draft, number, each) for number, each in enumerate(rows))
    if lines:
        draft.say("lines", table=Table(caption="Disclosures, oldest first", heads=HEADS, rows=lines))
    else:
        draft.say("none")
    draft.say("free")
    draft.questions()


def _row(draft: Draft, number: int, told: Disclosure) -> tuple[str, ...]:
    for name, paragraph in (("recipient", "(ii)"), ("description", "(iii)"), ("purpose", "(iv)")):
        message = "is missing in this line: an accounting says it"
        draft.lack.need(getattr(told, name), f"disclosures[{number}].{name}", message, f"{_LINES}{paragraph}")
    to = f"{line(told.recipient)}, {line(told.address)}" if told.address else line(told.recipient)
    return long_date(dt.date.fromisoformat(told.on[:10])), to, line(told.description), line(told.purpose)
