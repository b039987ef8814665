"""What is missing, and the form that would cure it (45 CFR 171.202(b)(2)(i)).

Whoever asks is told what only they can supply. What only the patient can give (an authorization, a consent) is asked of
the patient, or of the representative who asks; to nobody else does a letter say what would need it.
"""

from adapter.consent.case_papers import party_name
from adapter.consent.reasons import Reason
from adapter.letters.draft import ACCESS, Draft
from adapter.letters.model import Section
from adapter.letters.occasion import Occasion
from adapter.letters.texts import blank_form, line, listed, long_date, paragraphs, plain_words
from mappings.domain.party import PATIENT

_HELP = "45 CFR 171.202(b)(2)(i)"
_PREFILLED = {"Name of the patient", "Who may disclose it", "Who may disclose the records"}


def asks_of(occasion: Occasion, giver: str) -> tuple[tuple[Reason, dict[str, str]], ...]:
    """What is missing that `giver` (requester or patient) can supply, and that they may be told of.

    An individual who asks is both; what is told to the patient alone is not told to a representative.
    """
    own = occasion.facts.requester == "patient"
    audience = {"any", "individual", "patient"} if own or giver == "patient" else {"any"}
    if occasion.by_individual and not own:
        audience = {"any", "individual"}
    givers = {"requester", "patient"} if occasion.by_individual else {giver}
    found = []
    for reason in occasion.decision.reasons:
        row = plain_words("asks").get(reason.code)
        if _is_final(occasion, reason.item):
            continue
        if row and row["given_by"] in givers and row["told_to"] in audience:
            found.append((reason, dict(row)))
    return tuple(found)


def _is_final(occasion: Occasion, item: str | None) -> bool:
    """Whether an item (or with None all of them) stays, whatever is supplied: then nothing is asked for it."""
    if occasion.decision.outcome in ("deny_not_permitted", "not_held"):
        return True
    return item is not None and any(reason.ground.role == "exclusion" for reason in occasion.about(item))


def request_for_information(draft: Draft) -> None:
    """What the requester has to supply, with the forms, and that the clock runs on."""
    occasion = draft.occasion
    on = f" on {long_date(occasion.received)}" if occasion.received else ""
    draft.say("opening", on=on)
    forms = _missing(draft, "requester")
    if occasion.deadline is not None:
        draft.say("clock", deadline=long_date(occasion.deadline))
    draft.say("help")
    draft.questions()
    _forms(draft, forms)


def consent_request(draft: Draft) -> None:
    """What only the patient can give, asked of the patient where somebody else asks for the disclosure."""
    occasion = draft.occasion
    if occasion.by_individual:
        message = "is the patient or a representative; `request-for-information` asks them"
        draft.lack.add(f"{ACCESS}.requester", message, _HELP)
    access = occasion.case.access
    recipient = draft.lack.need(
        party_name(occasion.case, access.recipient_party) if access else None,
        f"{ACCESS}.recipient_party",
        "does not lead to a name: say who would get the records",
        "45 CFR 164.508(c)(1)(iii)",
    )
    message = "is missing: say what the records would be used for"
    purpose = draft.lack.need(occasion.facts.purpose, f"{ACCESS}.purpose", message, "45 CFR 164.508(c)(1)(iv)")
    draft.say("opening", recipient=recipient or "", purpose=(purpose or "").replace("_", " "))
    forms = _missing(draft, "patient")
    draft.say("help")
    draft.questions()
    _forms(draft, forms)


def _missing(draft: Draft, giver: str) -> tuple[str, ...]:
    """Say what is missing; the forms that cure it."""
    found = asks_of(draft.occasion, giver)
    if not found:
        message = "lacks nothing that this addressee can supply and may be told of; `check` says who has to act"
        draft.lack.add("decision", message, _HELP)
    lines: dict[str, list[str]] = {}
    for reason, row in found:
        element = plain_words("elements").get((reason.fact or "").rpartition(".")[2])
        lines.setdefault(f"{row['words']} ({reason.citation})", []).extend([element["words"]] if element else [])
        draft.cite(reason.citation)
    items = tuple(
        f"{words} Missing: {listed(dict.fromkeys(elements))}." if elements else words
        for words, elements in lines.items()
    )
    draft.say("missing", items=items)
    return tuple(dict.fromkeys(row["form"] for _, row in found))


def _forms(draft: Draft, names: tuple[str, ...]) -> None:
    case = draft.occasion.case
    known = line(case.patient.names[0].label)
    holder = line(party_name(case, case.holder) or "")
    for name in names:
        form = blank_form(name)
        told = draft.to is not None and (draft.to.id == PATIENT or draft.occasion.by_individual)
        filled = {field: known if "patient" in field else holder for field in form.fields if field in _PREFILLED}
        draft.sections.append(
            Section(
                name=f"form-{name}",
                heading=f"Form: {form.title}",
                paragraphs=paragraphs(form.text, {}),
                blanks=tuple((field, filled.get(field, "") if told else "") for field in form.fields),
                after=paragraphs(form.after, {}),
            )
        )
        draft.cite(form.citation)
