"""Letters on the way of a request: received, accepted, later, somewhere else, at what cost (45 CFR 164.524(b)-(d))."""

import datetime as dt
from decimal import Decimal

import msgspec

from adapter.consent.clock import judge_notices
from adapter.consent.facts import ExtensionNotice
from adapter.consent.reasons import grounds
from adapter.letters.draft import ACCESS, Draft
from adapter.letters.model import Table
from adapter.letters.places import placed
from adapter.letters.texts import counted, line, long_date, plain_words
from adapter.letters.things import thing
from mappings.domain.access import Extension
from mappings.domain.values import PartialDate

_FEE = "45 CFR 164.524(c)(4)"
_EXTENSION = "45 CFR 164.524(b)(2)(ii)(A)"


def acknowledgement(draft: Draft) -> None:
    """Received, and by when it is answered; a request that is no exercise of a right has no term."""
    draft.say("opening", received=draft.received())
    if draft.occasion.deadline is not None:
        draft.say("deadline", deadline=long_date(draft.occasion.deadline))
    draft.questions()


def acceptance(draft: Draft) -> None:
    """Accepted, with what goes, where, and by when (45 CFR 164.524(b)(2)(i)(A))."""
    occasion = draft.occasion
    facts, goes = occasion.facts, occasion.decision.released
    if facts.pathway != "access" or not goes:
        message = "is not granted: only what may go is accepted"
        draft.lack.add(f"{ACCESS}.pathway", message, "45 CFR 164.524(b)(2)(i)(A)")
    draft.say("opening", received=draft.received(), deadline=draft.deadline())
    draft.say("items", items=counted(thing(occasion, item) for item in goes))
    form = facts.form_requested if "FORMAT_AS_REQUESTED" in occasion.codes else facts.form_agreed
    told = f", in the form agreed ({line(form)})" if form else ""
    directive = facts.directive
    if directive is not None and facts.recipient != facts.requester:
        who, where = directive.designee or "", directive.address or ""
        draft.say("directed", designee=who, address=where, form=told)
        draft.cite("45 CFR 164.524(c)(3)(ii)")
    else:
        draft.say("to_you", form=told)
    draft.say("more")
    draft.questions()


def extension(draft: Draft) -> None:
    """More time: inside the first period, with reasons and a date, once (45 CFR 164.524(b)(2)(ii))."""
    occasion = draft.occasion
    received, first = draft.received(), draft.deadline()
    places = enumerate(occasion.case.access.extensions if occasion.case.access else ())
    number, told = next(((n, each) for n, each in places if each.sent_on is None), (0, None))
    if told is None:
        message = "holds no statement that is still to be sent: say the reasons and the day (`until`)"
        draft.lack.add(f"{ACCESS}.extensions", message, _EXTENSION)
    else:
        where = f"{ACCESS}.extensions[{number}]"
        message = "is empty: say why more time is needed, in words the requester reads"
        reasons = draft.lack.need(told.reasons, f"{where}.reasons", message, _EXTENSION)
        if reasons and occasion.received is not None:
            _judge(draft, told, where)
        draft.say("opening", received=received, limit=first)
        draft.say("reasons", reasons=told.reasons)
        draft.say("until", until=long_date(_day(told.until)))
    draft.questions()


def _judge(draft: Draft, told: Extension, where: str) -> None:
    """Let the clock say what a statement sent today would be worth; one that promised too late a day is corrected."""
    occasion = draft.occasion
    assert occasion.received is not None
    before = occasion.facts.extension_notices
    judged = judge_notices(occasion.received, occasion.facts, occasion.policy)[1]
    wrong = next((each for each, code in zip(before, judged, strict=True) if code == "EXTENSION_TOO_LONG"), None)
    sent = ExtensionNotice(
        sent_on=wrong.sent_on if wrong else occasion.today,
        written=True,
        reasons=told.reasons,
        promised_date=_day(told.until),
    )
    kept = tuple(each for each in before if each is not wrong)
    facts = msgspec.structs.replace(occasion.facts, extension_notices=(*kept, sent))
    code = judge_notices(occasion.received, facts, occasion.policy)[1][-1]
    if code != "EXTENSION_VALID":
        ground = grounds()[code]
        draft.lack.add(f"{where}.until", f"gains no time: {ground.sentence} {ground.next_step}", ground.citation)


def _day(date: PartialDate) -> dt.date:
    return dt.date.fromisoformat(date)


def redirect(draft: Draft) -> None:
    """What the holder does not have, and where to ask (45 CFR 164.524(d)(3))."""
    occasion = draft.occasion
    where = {item.id: item.known_location for item in occasion.facts.materials}
    lines = []
    for item, grounds_of in placed(draft, "elsewhere"):
        known = where.get(item)
        told = f"Ask: {line(known)}." if known and known.strip() else "We do not know who has it."
        lines.append(f"{thing(occasion, item)}. {told}")
        draft.cite(*(citation for citation, _ in grounds_of))
    if not lines:
        message = "holds nothing that is somewhere else: say `held` false, and `known_location` where it is known"
        draft.lack.add("case.json $.materials", message, "45 CFR 164.524(d)(3)")
    draft.say("opening", received=draft.received("45 CFR 164.524(d)(3)"))
    draft.say("items", items=tuple(lines))
    draft.questions()


def fee_notice(draft: Draft) -> None:
    """What the copy costs, line by line; a line that may not be charged stops the letter (45 CFR 164.524(c)(4))."""
    occasion = draft.occasion
    fees, directed = occasion.facts.fees, "FEE_LIMIT_NOT_APPLICABLE" in occasion.codes
    if not fees:
        draft.lack.add(f"{ACCESS}.fees", "is missing: say each line of the fee with its amount", _FEE)
    elif not occasion.codes & {"FEE_OK", "FEE_LIMIT_NOT_APPLICABLE", "FEE_ITEM_DISALLOWED"}:
        message = "is for the patient's own access; this request is none"
        draft.lack.add(f"{ACCESS}.fees", message, _FEE)
    rows, total = [], Decimal(0)
    for number, fee in enumerate(fees):
        where = f"{ACCESS}.fees[{number}]"
        if not directed and fee.item not in occasion.policy.fee_items:
            message = f"may not be charged; what may is {', '.join(occasion.policy.fee_items)}"
            draft.lack.add(f"{where}.item", message, _FEE)
        amount = draft.lack.need(fee.amount, f"{where}.amount", "is missing: say how much", _FEE) or Decimal(0)
        if amount != round(amount, 2):
            draft.lack.add(f"{where}.amount", "has parts of a cent; say an amount that can be paid", _FEE)
        total += amount
        row = plain_words("fees").get(fee.item or "")
        rows.append((row["words"] if row else line(fee.item or ""), _dollars(amount)))
    table = Table(caption="Fee by line", heads=("For", "US dollars"), rows=(*rows, ("Total", _dollars(total))))
    draft.say("directed" if directed else "opening")
    draft.say("fees", table=table, total=f"${_dollars(total)}")
    draft.questions()


def _dollars(amount: Decimal) -> str:
    return f"{amount:.2f}"
