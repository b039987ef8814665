"""What limits a permitted disclosure: minimum necessary (45 CFR 164.502(b), 164.514(d)), accounting, underwriting."""

from collections.abc import Iterator

from adapter.consent.basis import DIRECTIVE, PAYMENT
from adapter.consent.groups import Material
from adapter.consent.law import data_classes_of
from adapter.consent.rules import (
    DISCLOSURES,
    OUTGOING,
    RESEARCH,
    TO_OTHERS,
    Finding,
    Matter,
    blank,
    hold,
    item_rule,
    missing,
    note,
    request_rule,
)
from adapter.consent.words import PAYERS


@request_rule(
    "basis.minimum-necessary",
    "45 CFR 164.502(b)",
    "Say whether the minimum necessary limits the disclosure.",
    bases=DISCLOSURES,
)
def minimum_necessary(matter: Matter) -> Iterator[Finding]:
    if matter.basis.minimum_necessary is not None:
        yield note("MIN_NECESSARY_APPLIES" if matter.basis.minimum_necessary else "MIN_NECESSARY_EXEMPT")


@request_rule(
    "basis.scope",
    "45 CFR 164.514(d)",
    "Payment names its scope; an entire record needs its own justification.",
    bases=frozenset({"payment", "family", "decedent_family"}) | RESEARCH | {"public_health"},
)
def scope_named(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if facts.scope == "entire_medical_record" and blank(facts.entire_record_justification):
        yield hold("ENTIRE_RECORD_NOT_JUSTIFIED")
    elif matter.basis is PAYMENT and blank(facts.scope):
        yield missing("scope")
    elif matter.basis is PAYMENT and facts.requester in PAYERS:
        yield note("RELIANCE_ON_COVERED_ENTITY")


@request_rule(
    "basis.accounting", "45 CFR 164.528(a)(1)", "Say whether the disclosure goes on the accounting.", bases=OUTGOING
)
def accounting(matter: Matter) -> Iterator[Finding]:
    if matter.basis is DIRECTIVE and matter.policy.directive_accounted:
        yield note("ACCOUNTING_REQUIRED")
    elif matter.basis.accounting is not None:
        yield note("ACCOUNTING_REQUIRED" if matter.basis.accounting else "ACCOUNTING_EXEMPT")


@item_rule(
    "basis.underwriting",
    "45 CFR 164.502(a)(5)(i)",
    "Genetic information, family history with it, never serves a health plan's underwriting.",
    bases=TO_OTHERS,
)
def genetic_underwriting(matter: Matter, item: Material) -> Iterator[Finding]:
    to_plan = matter.policy.underwriting_bar_on_recipient and matter.facts.recipient in PAYERS
    plan = matter.facts.holder.health_plan is True or to_plan
    if matter.facts.purpose == "underwriting" and plan and GENETIC & data_classes_of(item):
        yield Finding(code="GENETIC_UNDERWRITING_BAR", effect="exclude", item=item.id)


GENETIC = frozenset({"genetic", "family_history"})
"""Classes of data that are genetic information: 45 CFR 160.103 counts the illnesses of relatives too."""


@request_rule(
    "basis.preparatory",
    "45 CFR 164.512(i)(1)(ii)(B)",
    "A review preparatory to research takes nothing out; what leaves needs an authorization or a waiver.",
    bases=frozenset({"authorization"}),
)
def preparatory(matter: Matter) -> Iterator[Finding]:
    told = matter.facts.representations
    if told is not None and told.review == "preparatory" and matter.facts.purpose == "research":
        yield note("PREPARATORY_STAYS")


RULES = (minimum_necessary, scope_named, accounting, genetic_underwriting, preparatory)
