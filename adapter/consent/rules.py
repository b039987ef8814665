"""What a rule is: a small pure function with its paragraph; and what it may say about a request or an item.

A request rule looks at the whole request, an item rule at one item. Both yield Findings; neither decides the outcome:
decide.py combines what was found. A rule is added by writing it and naming it in its module's RULES.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Literal

import msgspec

from adapter.consent.facts import Facts
from adapter.consent.groups import Material
from adapter.consent.policy import Policy

Label = Literal["deny_reviewable", "deny_unreviewable", "pend", "deny_not_permitted", "not_held"]
Effect = Literal["note", "hold", "wait", "exclude", "stop"]


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """A legal basis of a use or disclosure.

    Attributes:
        name: what rules are registered for.
        code: the reason printed for each released item; None where the basis could not be determined.
        minimum_necessary: whether 45 CFR 164.502(b) limits it; None where the rule does not arise.
        accounting: whether 45 CFR 164.528 wants a line; None where it does not arise.
    """

    name: str
    code: str | None
    minimum_necessary: bool | None = None
    accounting: bool | None = None


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """A request before the law: its facts, the policy, the day (None: unknown) and the basis it stands on."""

    facts: Facts
    policy: Policy
    today: date | None
    basis: Basis


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule found.

    Attributes:
        code: a row of reasons.csv.
        effect: note (said, changes nothing), hold (the request pends), wait (the item stays behind; alone, it pends),
            exclude (the item is out), stop (nothing may leave and no clock runs).
        item: the item it is about; None means the request.
        label: for exclude, the outcome when no item is left.
        fact: the name of the fact that is missing or wrong, where the code itself does not say it.
    """

    code: str
    effect: Effect
    item: str | None = None
    label: Label = "deny_not_permitted"
    fact: str | None = None


RequestCheck = Callable[[Matter], Iterable[Finding]]
ItemCheck = Callable[[Matter, Material], Iterable[Finding]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One registered rule.

    Attributes:
        name: stable id, `group.rule`.
        paragraph: where the law says it.
        does: one plain sentence, shown by `explain consent`.
        bases: names of the bases it applies to.
        request, item: the check; exactly one is given.
        ends: once it excludes an item, later rules have nothing to say about that item.
    """

    name: str
    paragraph: str
    does: str
    bases: frozenset[str]
    request: RequestCheck | None = None
    item: ItemCheck | None = None
    ends: bool = False


RIGHT = frozenset({"access", "directive"})
"""Bases with a duty to act and a clock (45 CFR 164.524)."""
RESEARCH = frozenset({"waiver", "limited_data_set", "research_decedents"})
COMPELLED = frozenset({"public_health", "required_by_law"})
_PERMITTED = frozenset({"treatment", "payment", "family", "decedent_family", "authorization", "decedent_50"})
DISCLOSURES = _PERMITTED | RESEARCH | COMPELLED
"""Bases that permit and do not require; the holder still decides."""
OUTGOING = RIGHT | DISCLOSURES
TO_OTHERS = DISCLOSURES | {"directive"}
"""Bases on which somebody else than the individual receives."""


def request_rule(name: str, paragraph: str, does: str, *, bases: frozenset[str]) -> Callable[[RequestCheck], Rule]:
    """Register a check of the whole request."""
    return lambda check: Rule(name=name, paragraph=paragraph, does=does, bases=bases, request=check)


def item_rule(
    name: str, paragraph: str, does: str, *, bases: frozenset[str], ends: bool = False
) -> Callable[[ItemCheck], Rule]:
    """Register a check of one item."""
    return lambda check: Rule(name=name, paragraph=paragraph, does=does, bases=bases, item=check, ends=ends)


def note(code: str, item: Material | None = None) -> Finding:
    """Say something that changes nothing."""
    return Finding(code=code, effect="note", item=item.id if item else None)


def hold(code: str, item: Material | None = None, *, fact: str | None = None) -> Finding:
    """Leave a question open: the request pends."""
    return Finding(code=code, effect="hold", item=item.id if item else None, fact=fact)


def missing(fact: str, item: Material | None = None) -> Finding:
    """Pend for a fact that is not known."""
    return hold("FACT_MISSING", item, fact=fact)


def wait(code: str, item: Material, *, fact: str | None = None) -> Finding:
    """Keep an item behind until something is supplied."""
    return Finding(code=code, effect="wait", item=item.id, fact=fact)


def out(code: str, item: Material, label: Label, *, fact: str | None = None) -> Finding:
    """Exclude an item."""
    return Finding(code=code, effect="exclude", item=item.id, label=label, fact=fact)


def all_true(*flags: bool | None) -> bool | None:
    """Whether all hold: False as soon as one does not, None while one is unknown.

    >>> all_true(True, None), all_true(False, None), all_true(True, True)
    (None, False, True)
    """
    if any(flag is False for flag in flags):
        return False
    return None if any(flag is None for flag in flags) else True


def none_true(*flags: bool | None) -> bool:
    """Whether none is known to hold; unknown counts as not holding."""
    return not any(flag is True for flag in flags)


def same_name(one: str | None, other: str | None) -> bool:
    """Compare two names as people do: case and spacing do not matter; nothing equals an absent name."""
    if not one or not other:
        return False
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def blank(text: str | None) -> bool:
    """Whether a text says nothing."""
    return text is None or not text.strip()
