"""What goes with part 2 records (42 CFR 2.32), and the accounting of disclosures (45 CFR 164.528)."""

import datetime as dt

from adapter.consent.clock import years_after
from adapter.consent.notices import PART2_STATEMENT
from adapter.letters.draft import ACCESS, Draft
from adapter.letters.model import Table
from adapter.letters.occasion import Disclosure
from adapter.letters.rights import settled
from adapter.letters.texts import line, long_date, purpose_in_words
from mappings.domain.rights import AccountingRequest

_SCOPE = "42 CFR 2.32(b)"
_LINES = "45 CFR 164.528(b)(2)"
_RESEARCH = "45 CFR 164.528(b)(4)"
YEARS = 6
"""The years before the request that an accounting covers (45 CFR 164.528(a)(1))."""
RESEARCH_HEADS = (
    "Research activity", "Purpose, and how records were chosen", "Kind of information", "When", "Sponsor", "Researcher"
)  # fmt: skip
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
    """Every disclosure of the time asked for that has to be listed: date, recipient, description, purpose.

    With `summary`, several to one recipient for one purpose under 164.502(a)(2)(ii) or 164.512 are one line (b)(3).
    """
    if draft.occasion.right is not None:
        settled(draft)
    start, end, shorter = _span(draft)
    rows = sorted(
        (each for each in draft.occasion.disclosures if start.isoformat() <= each.on[:10] <= end.isoformat()),
        key=lambda each: (each.on, each.recipient),
    )
    draft.say("opening_shorter" if shorter else "opening", start=long_date(start), end=long_date(end))
    groups = _grouped(rows) if draft.occasion.summary else [[each] for each in rows]
    numbers = {id(each): number for number, each in enumerate(rows)}
    single = tuple(_row(draft, numbers[id(group[0])], group[0]) for group in groups if len(group) == 1)
    several = tuple(
        (*_row(draft, numbers[id(group[0])], group[0]), str(len(group)), _day(group[-1]))
        for group in groups
        if len(group) > 1
    )
    if single:
        draft.say("lines", table=Table(caption="Disclosures, oldest first", heads=HEADS, rows=single))
    if several:
        heads = ("Date of the first", *HEADS[1:], "How many", "Date of the last")
        draft.say("repeated", table=Table(caption="Repeated disclosures", heads=heads, rows=several))
        draft.cite("45 CFR 164.528(b)(3)")
    research = _research(draft, start, end)
    if not rows and not research:
        draft.say("none")
    draft.say("free")
    draft.questions()


def _research(draft: Draft, start: dt.date, end: dt.date) -> bool:
    """List the protocols that stand for the lines of many people in this time (b)(4); whether there are any.

    Nobody knows of one patient whether it was among them: the list says so, and offers to help in getting in touch.
    """
    rows = []
    for number, told in enumerate(draft.occasion.research):
        for name in told.__struct_fields__:
            message = "is missing of this research: an accounting says it"
            draft.lack.need(getattr(told, name), f"research[{number}].{name}", message, f"{_RESEARCH}(i)")
        if not start.isoformat() <= told.first <= told.last <= end.isoformat():
            message = "went at least in part at another time than this accounting covers: ask the ledger anew"
            draft.lack.add(f"research[{number}]", message, f"{_RESEARCH}(i)(D)")
        first, last = (long_date(dt.date.fromisoformat(day)) for day in (told.first, told.last))
        when = first if first == last else f"{first} to {last}, the date of the last disclosure"
        sponsor = (told.sponsor, told.sponsor_address, told.sponsor_phone)
        researcher = (told.researcher, told.researcher_address, told.researcher_phone)
        words = (told.name, f"{told.purpose} {told.criteria}", told.information)
        rows.append((*map(line, words), when, *(", ".join(map(line, who)) for who in (sponsor, researcher))))
    if rows:
        draft.say("research", table=Table(caption="Research activities", heads=RESEARCH_HEADS, rows=tuple(rows)))
        draft.cite(_RESEARCH)
    return bool(rows)


def _span(draft: Draft) -> tuple[dt.date, dt.date, bool]:
    """The first and last day, and whether the individual asked for less than six years (45 CFR 164.528(a)(1), (3)).

    The six years end on the day of the request where the case says it, else on the day of the letter.
    """
    asked, today = draft.occasion.right, draft.occasion.today or dt.date.max
    if not isinstance(asked, AccountingRequest):
        start = years_after(today, -YEARS, draft.occasion.policy) if draft.occasion.today else today
        return start, today, False
    end = draft.occasion.received or today
    start = years_after(end, -YEARS, draft.occasion.policy)
    first = dt.date.fromisoformat(asked.since) if asked.since else start
    last = dt.date.fromisoformat(asked.until) if asked.until else end
    return max(first, start), min(last, end), first > start or last < end


_MULTIPLE = ("45 CFR 164.502(a)(2)(ii)", "45 CFR 164.512")


def _grouped(rows: list[Disclosure]) -> list[list[Disclosure]]:
    """Rows that may be told as one together, each group oldest first, in the order of their first rows."""
    groups: dict[tuple[object, ...], list[Disclosure]] = {}
    for number, each in enumerate(rows):
        fits = bool(each.basis) and all(citation.startswith(_MULTIPLE) for citation in each.basis)
        key = (each.recipient, each.address, each.purpose, each.basis) if fits else (number,)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _day(told: Disclosure) -> str:
    return long_date(dt.date.fromisoformat(told.on[:10]))


def _row(draft: Draft, number: int, told: Disclosure) -> tuple[str, ...]:
    for name, paragraph in (("recipient", "(ii)"), ("description", "(iii)"), ("purpose", "(iv)")):
        message = "is missing in this line: an accounting says it"
        draft.lack.need(getattr(told, name), f"disclosures[{number}].{name}", message, f"{_LINES}{paragraph}")
    to = f"{line(told.recipient)}, {line(told.address)}" if told.address else line(told.recipient)
    return _day(told), to, line(told.description), line(purpose_in_words(told.purpose))
