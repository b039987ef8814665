"""Letters on a request to amend (45 CFR 164.526), and on the way of an accounting of disclosures (164.528)."""

import datetime as dt
import re
from decimal import Decimal

from adapter.consent.case_papers import party_name
from adapter.consent.clock import extended, years_after
from adapter.consent.facts import ExtensionNotice
from adapter.consent.groups import Amendment
from adapter.consent.reasons import grounds
from adapter.consent.rights_facts import part_id
from adapter.letters.draft import OFFICE, Draft
from adapter.letters.model import Section, Table
from adapter.letters.texts import blank_form, counted, line, long_date, paragraphs, plain_words
from adapter.letters.things import thing
from mappings.domain.rights import AccountingRequest, AmendmentPart, AmendmentRequest
from mappings.domain.values import PartialDate

_FEE = "45 CFR 164.528(c)(2)"
_SUSPENDED = "45 CFR 164.528(a)(2)"


def settled(draft: Draft) -> None:
    """Whoever asks is verified, and no question is open: before that nothing is told or answered."""
    if draft.occasion.decision.outcome == "pend":
        for reason in draft.occasion.decision.reasons:
            if reason.ground.role == "open":
                asked = draft.occasion.right
                parts = asked.parts if isinstance(asked, AmendmentRequest) else ()
                part = next((f".parts[{n}]" for n in range(len(parts)) if part_id(n) == reason.item), "")
                where = draft.place + part
                where += f".{reason.fact.removeprefix('amendment.')}" if reason.fact else ""
                draft.lack.add(where, f"is open: {reason.sentence} {reason.next_step}", reason.citation)


def amendment_acceptance(draft: Draft) -> None:
    """Accepted, how it was made, and who should hear of it (45 CFR 164.526(c)(1)-(3)); in part where it is in part."""
    settled(draft)
    asked = _amendment(draft)
    parts, rest = _parts(draft, asked, denied=False)
    made = {reason.item for reason in draft.occasion.decision.reasons if reason.code == "AMENDMENT_TO_BE_MADE"}
    if not parts or not {name for _, name, _ in parts} <= made:
        message = "is not accepted: only what no ground denies is (`accurate_and_complete` false, `created_here` true)"
        draft.lack.add(draft.place, message, "45 CFR 164.526(c)")
    message = "is missing: say what was appended or linked"
    how = [
        draft.lack.need(part.amended, f"{where}.amended", message, "45 CFR 164.526(c)(1)") for where, _, part in parts
    ]
    opening = "opening_in_part" if rest else "opening"
    draft.say(opening, received=draft.received("45 CFR 164.526(b)(2)(i)"), quote=_asks(draft, parts))
    draft.say("items", items=_records(draft, parts))
    amended = " ".join(dict.fromkeys(each for each in how if each))
    draft.say("made_in_part" if rest else "made", amended=amended)
    known = tuple(line(name) for party in asked.inform if (name := party_name(draft.occasion.case, party)))
    draft.say("inform")
    if known:
        draft.say("known", items=counted(known))
    draft.questions()
    form = blank_form("inform")
    values = {"record": draft.record}
    draft.sections.append(
        Section(
            name="form-inform",
            heading=form.title,
            paragraphs=paragraphs(form.text, values),
            blanks=tuple((field, "") for field in form.fields),
            after=paragraphs(form.after, values),
        )
    )


def amendment_denial(draft: Draft) -> None:
    """Basis, statement of disagreement and how, what else may be asked for, complaints (45 CFR 164.526(d)(1))."""
    settled(draft)
    asked, facts = _amendment(draft), draft.occasion.facts
    parts, rest = _parts(draft, asked, denied=True)
    names = {name for _, name, _ in parts}
    told: list[Amendment] = [part for part in facts.amendment_parts if part.item in names] or [
        facts.amendment or Amendment()
    ]
    why = tuple(dict.fromkeys(words for each in told for holds, words in _grounds(each) if holds))
    if not why or "AMENDMENT_DENIAL_ALLOWED" not in draft.occasion.codes:
        message = "is denied on no ground of the law; nobody is owed a denial"
        draft.lack.add(draft.place, message, "45 CFR 164.526(d)(1)(i)")
    today = long_date(draft.occasion.today) if draft.occasion.today else ""
    received = draft.received("45 CFR 164.526(b)(2)(i)")
    opening = "opening_in_part" if rest else "opening"
    draft.say(opening, received=received, date=today, quote=_asks(draft, parts))
    draft.say("items", items=_records(draft, parts))
    table = plain_words("amendment_grounds")
    draft.say("basis", items=tuple(f"{draft.worded(table[name]['words'])} ({table[name]['citation']})" for name in why))
    draft.cite(*(table[name]["citation"] for name in why))
    paragraph = "45 CFR 164.526(d)(1)(ii)"
    message = "is missing: say how a statement of disagreement is filed with you, in plain words"
    how = draft.lack.need(draft.occasion.office.disagreements, f"{OFFICE}.disagreements", message, paragraph) or ""
    draft.say("disagreement", disagreements=how)
    draft.say("future")
    draft.cite(paragraph, "45 CFR 164.526(d)(1)(iii)")
    draft.complaints("45 CFR 164.526(d)(1)(iv)")
    draft.questions()


def _grounds(told: Amendment) -> tuple[tuple[bool, str], ...]:
    """Which grounds of 164.526(a)(2) hold; that another made it is none where its maker can no longer act."""
    gone = told.originator_unavailable_reasonable_basis
    return (
        (told.created_here is False and gone is False, "not_created_here"),
        (told.in_drs is False, "not_in_record_set"),
        (told.accessible is False, "not_accessible"),
        (told.accurate_and_complete is True, "accurate_and_complete"),
    )


def extension(draft: Draft) -> None:
    """More time, once, inside the first 60 days, with reasons and a day (164.526(b)(2)(ii), 164.528(c)(1)(ii))."""
    asked, policy = draft.occasion.right, draft.occasion.policy
    amends = draft.kind == "amendment-extension"
    paragraph = "45 CFR 164.526(b)(2)(ii)" if amends else "45 CFR 164.528(c)(1)(ii)"
    days = policy.amendment_days if amends else policy.accounting_days
    more = policy.amendment_extension_days if amends else policy.accounting_extension_days
    received, day0 = draft.received(paragraph), draft.occasion.received
    places = enumerate(asked.extensions if asked else ())
    number, told = next(((n, each) for n, each in places if each.sent_on is None), (0, None))
    if told is None:
        message = "holds no statement that is still to be sent: say the reasons and the day (`until`)"
        draft.lack.add(f"{draft.place}.extensions", message, paragraph)
    else:
        where = f"{draft.place}.extensions[{number}]"
        reasons = draft.lack.need(told.reasons, f"{where}.reasons", "is empty: say why more time is needed", paragraph)
        until = dt.date.fromisoformat(told.until)
        if day0 is not None:
            limit = day0 + dt.timedelta(days=days)
            sent = ExtensionNotice(
                sent_on=draft.occasion.today, written=True, reasons=told.reasons, promised_date=until
            )
            judged = extended((*draft.occasion.facts.extension_notices, sent), day0, limit, more, policy)[1]
            if judged[-1] != "EXTENSION_VALID" and reasons:
                ground = grounds()[judged[-1]]
                draft.lack.add(f"{where}.until", f"gains no time: {ground.sentence} {ground.next_step}", paragraph)
            draft.say("opening", received=received, limit=long_date(limit))
        draft.say("reasons", reasons=told.reasons)
        draft.say("until", until=long_date(until))
    draft.questions()


def accounting_fee_notice(draft: Draft) -> None:
    """What a further accounting within 12 months costs, told before it is made (45 CFR 164.528(c)(2))."""
    asked = _accounting(draft)
    day0 = draft.occasion.received
    message = "is missing: say when the last accounting was asked for; the first in any 12 months is free"
    earlier = _day(draft.lack.need(asked.earlier_on, f"{draft.place}.earlier_on", message, _FEE))
    if earlier and day0 and not earlier <= day0 < years_after(earlier, 1, draft.occasion.policy):
        message = "does not lie in the 12 months before this request: this accounting is free"
        draft.lack.add(f"{draft.place}.earlier_on", message, _FEE)
    if not asked.fees:
        draft.lack.add(f"{draft.place}.fees", "is missing: say each line of the fee with its amount", _FEE)
    rows, total = [], Decimal(0)
    for number, fee in enumerate(asked.fees):
        if fee.amount != round(fee.amount, 2):
            message = "has parts of a cent; say an amount that can be paid"
            draft.lack.add(f"{draft.place}.fees[{number}].amount", message, _FEE)
        words = plain_words("fees").get(fee.item)
        rows.append((words["words"] if words else line(fee.item), f"{fee.amount:.2f}"))
        total += fee.amount
    table = Table(caption="Fee by line", heads=("For", "US dollars"), rows=(*rows, ("Total", f"{total:.2f}")))
    draft.say("opening", received=draft.received(_FEE), earlier=long_date(earlier) if earlier else "")
    draft.say("fees", table=table, total=f"${total:.2f}")
    draft.say("choice")
    draft.questions()


def accounting_suspension(draft: Draft) -> None:
    """To the agency: what it stated, and until when the accounting is suspended (45 CFR 164.528(a)(2))."""
    told = draft.occasion.suspension
    if told is None:
        message = "has no suspension in force for this patient; `ledger suspend` writes one down"
        draft.lack.add("ledger", message, _SUSPENDED)
        return
    until = long_date(dt.date.fromisoformat(told.until))
    stated = long_date(dt.date.fromisoformat(told.stated_on))
    oral = told.form == "oral"
    draft.say("oral" if oral else "written", official=told.official, stated=stated)
    draft.say("until_oral" if oral else "until", until=until)
    draft.cite(f"{_SUSPENDED}({'ii' if oral else 'i'})")
    draft.questions()


def _amendment(draft: Draft) -> AmendmentRequest:
    asked = draft.occasion.right
    if isinstance(asked, AmendmentRequest):
        if not asked.about:
            message = "is missing: name the records that it is about"
            draft.lack.add(f"{draft.place}.about", message, "45 CFR 164.526(c)(1)")
        return asked
    draft.lack.add("case.json $.amendments", "has no request to amend; say what was asked for", "45 CFR 164.526(b)")
    return AmendmentRequest(id="none", requested_by="patient")


def _accounting(draft: Draft) -> AccountingRequest:
    asked = draft.occasion.right
    if isinstance(asked, AccountingRequest):
        return asked
    message = "has no request for an accounting; say what was asked for"
    draft.lack.add("case.json $.accountings", message, "45 CFR 164.528(c)")
    return AccountingRequest(id="none", requested_by="patient")


Told = tuple[str, str, AmendmentPart]
"""A part of a request to amend: where it stands in the case, what it is called in the decision, what it says."""


def _parts(draft: Draft, asked: AmendmentRequest, *, denied: bool) -> tuple[tuple[Told, ...], bool]:
    """The parts that are denied, or those that are accepted; and whether there are others. One without parts is one."""
    out = draft.occasion.decision.excluded
    if not asked.parts:
        whole = AmendmentPart(**{name: getattr(asked, name) for name in AmendmentPart.__struct_fields__})
        mixed = not denied and bool(out)
        return () if mixed else tuple((draft.place, name, whole) for name in asked.about), False
    named = [(f"{draft.place}.parts[{n}]", part_id(n), part) for n, part in enumerate(asked.parts)]
    found = tuple(each for each in named if (each[1] in out) == denied)
    return found, len(found) < len(named)


def _asks(draft: Draft, parts: tuple[Told, ...]) -> tuple[str, ...]:
    """What the request says, paragraph by paragraph, as words of who asks."""
    message = "is missing: say what is to be amended, as the request says it"
    told = [draft.lack.need(part.asks, f"{where}.asks", message, "45 CFR 164.526(b)(1)") for where, _, part in parts]
    said = (line(words) for each in told for words in re.split(r"\n\s*\n", each or ""))
    return tuple(dict.fromkeys(words for words in said if words))


def _records(draft: Draft, parts: tuple[Told, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(name for _, _, part in parts for name in part.about)
    return counted(thing(draft.occasion, name) for name in names)


def _day(date: PartialDate | None) -> dt.date | None:
    return dt.date.fromisoformat(date) if date else None
