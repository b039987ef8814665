"""How an access request is met: form and format, summary, e-mail, fees (45 CFR 164.524(c)(2), (c)(4))."""

from collections.abc import Iterator

from adapter.consent.facts import Facts
from adapter.consent.groups import Fee, Material
from adapter.consent.policy import Policy
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
    on_paper = item.maintained_in == "paper"
    if facts.form_requested in producible:
        yield note("FORMAT_AS_REQUESTED", item)
    elif facts.form_agreed in producible:
        yield note("FORMAT_FALLBACK_HARD_COPY" if facts.form_agreed in PAPER else "FORMAT_FALLBACK_ELECTRONIC", item)
    elif on_paper or facts.electronic_offers_refused is True:
        yield note("FORMAT_FALLBACK_HARD_COPY", item)
    else:
        yield hold("FORMAT_AGREEMENT_NEEDED", item)


PAPER = frozenset({"paper", "paper_copy", "hard_copy"})
"""Words for a readable hard copy."""


@request_rule(
    "manner.summary",
    "45 CFR 164.524(c)(2)(iii)",
    "A summary replaces the record only if the individual agreed beforehand, to it and to its fee.",
    bases=RIGHT,
)
def summary(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if not blank(facts.offered_in_lieu) and not _summary_agreed(facts):
        yield note("SUMMARY_NOT_AGREED")


def _summary_agreed(facts: Facts) -> bool:
    charged = any(line.item == "agreed_summary" for line in facts.fees)
    return facts.summary_agreed_in_advance is True and (not charged or facts.summary_fee_agreed is True)


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
    "manner.device",
    "45 CFR 164.524(c)(3)(i)",
    "A device of the individual's own may be refused for the risk it is to the system; then another way is agreed.",
    bases=RIGHT,
)
def own_device(matter: Matter) -> Iterator[Finding]:
    if matter.facts.delivery == "own_device" and matter.facts.device_risk_found is True:
        yield hold("DEVICE_REFUSED")


@request_rule(
    "manner.fee",
    "45 CFR 164.524(c)(4)",
    "The individual pays for copying, supplies, postage, an agreed summary; a directive is not so limited.",
    bases=RIGHT,
)
def fee(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if not facts.fees:
        return
    if matter.basis.name == "directive":
        yield note("FEE_LIMIT_NOT_APPLICABLE")
        return
    wrong = [number for number, line in enumerate(facts.fees) if not _chargeable(line, facts, matter.policy)]
    for number in wrong:
        yield Finding(code="FEE_ITEM_DISALLOWED", effect="note", fact=f"fees[{number}]")
    if not wrong:
        yield note("FEE_OK")


def _chargeable(line: Fee, facts: Facts, policy: Policy) -> bool:
    """Whether the individual may be charged a line: a page only for paper, a summary once agreed, a flat fee alone."""
    if line.item not in policy.fee_items:
        return False
    if line.item == "paper":
        return not _all_electronic(facts)
    if line.item == "agreed_summary":
        return _summary_agreed(facts)
    if line.item == "flat_fee":
        within = line.amount is None or line.amount * 100 <= policy.flat_fee_cents
        return within and len(facts.fees) == 1
    return True


def _all_electronic(facts: Facts) -> bool:
    """Whether the copy is known to be electronic: kept so, and asked for or agreed in a form that is not paper."""
    kept = all(item.maintained_in in ("ehr", "other_electronic") for item in facts.materials)
    chosen = facts.form_agreed or facts.form_requested
    return kept and not blank(chosen) and chosen not in PAPER


RULES = (form, summary, email, own_device, fee)
