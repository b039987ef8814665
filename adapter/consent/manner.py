"""How an access request is met: form and format, summary, e-mail, fees (45 CFR 164.524(c)(2), (c)(4))."""

from collections.abc import Iterator

from adapter.consent.groups import Material
from adapter.consent.rules import RIGHT, Finding, Matter, blank, hold, item_rule, note, request_rule


@item_rule(
    "manner.format",
    "45 CFR 164.524(c)(2)(i)-(ii)",
    "The form asked for if readily producible; else the agreed electronic form, or paper for what is on paper.",
    bases=RIGHT,
)
def form(matter: Matter, item: Material) -> Iterator[Finding]:
    facts = matter.facts
    if blank(facts.form_requested):
        return
    producible = facts.readily_producible or ()
    if facts.form_requested in producible:
        yield note("FORMAT_AS_REQUESTED", item)
    elif facts.form_agreed in producible:
        yield note("FORMAT_FALLBACK_ELECTRONIC", item)
    elif item.maintained_in == "paper":
        yield note("FORMAT_FALLBACK_HARD_COPY", item)
    else:
        yield hold("FORMAT_AGREEMENT_NEEDED", item)


@request_rule(
    "manner.summary",
    "45 CFR 164.524(c)(2)(iii)",
    "A summary replaces the record only if the individual agreed beforehand.",
    bases=RIGHT,
)
def summary(matter: Matter) -> Iterator[Finding]:
    if not blank(matter.facts.offered_in_lieu) and matter.facts.summary_agreed_in_advance is not True:
        yield note("SUMMARY_NOT_AGREED")


@request_rule(
    "manner.email",
    "78 FR 5566, 5634 (Jan. 25, 2013)",
    "Plain e-mail goes to an individual who was warned and still wants it.",
    bases=RIGHT,
)
def email(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if facts.delivery != "unencrypted_email":
        return
    warned = facts.risk_warning_given is True and facts.still_prefers is True
    yield note("EMAIL_PREFERENCE_HONOURED") if warned else hold("EMAIL_WARNING_NEEDED")


@request_rule(
    "manner.fee",
    "45 CFR 164.524(c)(4)",
    "The individual pays for copying, supplies, postage, an agreed summary; a directive is not so limited.",
    bases=RIGHT,
)
def fee(matter: Matter) -> Iterator[Finding]:
    fees = matter.facts.fees
    if not fees:
        return
    if matter.basis.name == "directive":
        yield note("FEE_LIMIT_NOT_APPLICABLE")
    elif all(line.item in matter.policy.fee_items for line in fees):
        yield note("FEE_OK")
    else:
        yield note("FEE_ITEM_DISALLOWED")


RULES = (form, summary, email, fee)
