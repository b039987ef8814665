"""What stands in the way of a permitted disclosure: restrictions (164.522), state law, a disputed report, custody.

A restriction does not bind a disclosure under 164.512 (164.522(a)(1)(v)), nor the individual's own access.
"""

from collections.abc import Iterator

from adapter.consent.facts import Facts
from adapter.consent.groups import Material, Restriction
from adapter.consent.law import data_classes_of, is_administrative
from adapter.consent.rules import (
    COMPELLED,
    DISCLOSURES,
    OUTGOING,
    TO_OTHERS,
    Finding,
    Matter,
    hold,
    item_rule,
    missing,
    note,
    out,
)
from adapter.consent.rules import same_name as same
from adapter.consent.words import PAYERS

BOUND = DISCLOSURES - COMPELLED - {"waiver", "research_decedents"}


def _touches(restriction: Restriction, facts: Facts, item: Material) -> bool:
    if restriction.applies_to and item.id not in restriction.applies_to:
        return False
    blocked = restriction.blocks_recipient
    if blocked in PAYERS and facts.recipient in PAYERS:
        return True
    return blocked is None or same(blocked, facts.recipient) or same(blocked, facts.recipient_name)


@item_rule(
    "restriction.agreed",
    "45 CFR 164.522(a)(1)(iii)",
    "A restriction the holder agreed to keeps the item from that recipient, emergency treatment excepted.",
    bases=BOUND,
)
def agreed(matter: Matter, item: Material) -> Iterator[Finding]:
    for restriction in matter.facts.restrictions:
        if restriction.agreed is False or not _touches(restriction, matter.facts, item):
            continue
        if restriction.agreed is None:
            yield missing("restrictions.agreed", item)
        elif matter.facts.emergency is True and matter.basis.name == "treatment":
            yield note("RESTRICTION_EMERGENCY", item)
        else:
            yield out("AGREED_RESTRICTION", item, "deny_not_permitted")


@item_rule(
    "restriction.self-pay",
    "45 CFR 164.522(a)(1)(vi)",
    "A payer does not learn of what the individual paid in full and asked to keep from it.",
    bases=BOUND,
)
def self_pay(matter: Matter, item: Material) -> Iterator[Finding]:
    facts = matter.facts
    to_payer = facts.recipient in PAYERS or facts.engaged_by_payer is True or facts.requester in PAYERS
    if not to_payer:
        return
    if item.restriction_requested is True and item.paid_in_full_out_of_pocket is None:
        yield missing("paid_in_full_out_of_pocket", item)
    elif item.restriction_requested is True and item.paid_in_full_out_of_pocket is True:
        yield out("SELF_PAY_RESTRICTION", item, "deny_not_permitted")


@item_rule(
    "restriction.state-law",
    "45 CFR 160.203(b)",
    "Where a configured state rule wants written consent for a class of data, the item waits for it.",
    bases=TO_OTHERS,
)
def state_law(matter: Matter, item: Material) -> Iterator[Finding]:
    if any(_consent_wanting(matter, data_class) for data_class in data_classes_of(item)):
        yield out("STATE_LAW_OVERLAY", item, "pend")


def _consent_wanting(matter: Matter, data_class: str) -> bool:
    stated = matter.facts.state_rules.get(data_class)
    standing = matter.policy.state_rules.get(data_class)
    required = any(rule is not None and rule.written_consent_required is not False for rule in (stated, standing))
    return required and (stated is None or stated.on_file is not True)


@item_rule(
    "restriction.disagreement",
    "45 CFR 164.526(d)(5)(i)",
    "A disputed report leaves with the statement of disagreement or not at all.",
    bases=OUTGOING,
)
def disagreement(matter: Matter, item: Material) -> Iterator[Finding]:
    if matter.basis.name == "access" and not matter.policy.disagreement_in_own_access:
        return
    if item.statement_of_disagreement is True:
        included = item.statement_included is True
        yield (note if included else hold)("DISAGREEMENT_MUST_ACCOMPANY", item)


@item_rule(
    "restriction.administrative",
    "45 CFR 164.530(j)(1)",
    "Records of consents and decisions stay with the holder: they would tell what was withheld.",
    bases=TO_OTHERS,
)
def administrative(matter: Matter, item: Material) -> Iterator[Finding]:
    if is_administrative(item) and not matter.policy.administrative_records_leave:
        yield out("ADMINISTRATIVE_RECORD", item, "deny_not_permitted")


RULES = (agreed, self_pay, state_law, disagreement, administrative)
