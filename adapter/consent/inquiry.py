"""Asking the rules: every rule that is for the basis of a request or of an item is asked in order.

What is found of an item depends on that item alone, on the request and on the policy, never on the other items, but for
a scan of a slide, which is looked for among them. decide.py combines what is found here.
"""

from collections.abc import Iterator

import msgspec

from adapter.consent import (
    access,
    authorization,
    basis,
    clock,
    directive,
    foreign_law,
    identity,
    limits,
    manner,
    papers,
    part2,
    representative,
    restrictions,
    terms,
)
from adapter.consent.facts import Facts
from adapter.consent.groups import Material
from adapter.consent.policy import Policy
from adapter.consent.rules import Finding, Matter, Rule

RULES: tuple[Rule, ...] = (
    *basis.RULES,
    *limits.RULES,
    *identity.RULES,
    *representative.RULES,
    *access.RULES,
    *directive.RULES,
    *authorization.RULES,
    *part2.RULES,
    *restrictions.RULES,
    *papers.RULES,
    *foreign_law.RULES,
    *authorization.LOAN_RULES,
    *manner.RULES,
    *clock.RULES,
    *terms.RULES,
)
"""Every rule, in the order of evaluation."""


class ExplainedRule(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `explain consent`."""

    rule: str
    paragraph: str
    does: str
    bases: tuple[str, ...]


def explain() -> tuple[ExplainedRule, ...]:
    """List every registered rule, in the order of evaluation."""
    return tuple(
        ExplainedRule(rule=rule.name, paragraph=rule.paragraph, does=rule.does, bases=tuple(sorted(rule.bases)))
        for rule in RULES
    )


def matter_of(facts: Facts, policy: Policy) -> Matter:
    """Put a request before the law: its day and its basis."""
    today = clock.day_of_decision(facts, policy)
    return Matter(facts=facts, policy=policy, today=today, basis=basis.basis_for(facts, policy, today))


def said_of_request(matter: Matter) -> Iterator[tuple[Rule, Finding]]:
    """Yield what each rule says of the request as a whole."""
    for rule in RULES:
        if rule.request is not None and matter.basis.name in rule.bases:
            yield from ((rule, finding) for finding in rule.request(matter))


def said_of_item(matter: Matter, item: Material) -> Iterator[tuple[Rule, Finding]]:
    """Yield what each rule says of one item; a rule that ends with an exclusion is the last to be asked."""
    names = {one.name for one in basis.bases_of(matter, item)}
    for rule in RULES:
        if rule.item is None or not names & rule.bases:
            continue
        found = list(rule.item(matter, item))
        yield from ((rule, finding) for finding in found)
        if rule.ends and any(finding.effect == "exclude" for finding in found):
            return


def trace(facts: Facts, policy: Policy) -> tuple[tuple[Rule, Finding], ...]:
    """Return every finding with the rule that made it: the request's first, then item by item, before combining."""
    matter = matter_of(facts, policy)
    items = (said for item in facts.materials for said in said_of_item(matter, item))
    return (*said_of_request(matter), *items)
