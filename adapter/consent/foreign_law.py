"""What a Consent in the record forbids (45 CFR 164.522(a)): honoured unasked; what nobody can evaluate pends.

As an agreed restriction, it binds no disclosure under 164.512, not the individual's own access, and no emergency
treatment. A patient's directive that a Consent in the record contradicts waits until the patient has said which holds.
"""

from collections.abc import Iterator

from adapter.consent.foreign_facts import CarriedConsent
from adapter.consent.groups import Material
from adapter.consent.law import is_counseling, is_part2, is_psychotherapy
from adapter.consent.restrictions import BOUND
from adapter.consent.rules import Finding, Matter, hold, item_rule, note, out, wait

PREFIX = "carried_consents."
UNSAID = ("not-covered",)


def _about(matter: Matter, item: Material) -> Iterator[CarriedConsent]:
    told = matter.facts.carried_consents
    return (one for one in told if not one.applies_to or item.id in one.applies_to)


@item_rule(
    "consent.carried",
    "45 CFR 164.522(a)(1)(iii)",
    "A Consent in the record that denies keeps the item, whoever names it or not; one that nobody can evaluate pends.",
    bases=BOUND | {"directive"},
)
def carried(matter: Matter, item: Material) -> Iterator[Finding]:
    for one in _about(matter, item):
        if one.says == "no_authority":
            continue
        emergency = matter.facts.emergency is True and matter.basis.name == "treatment"
        if emergency and matter.policy.carried_denial_yields_to_emergency:
            yield note("RESTRICTION_EMERGENCY", item)
        elif one.says == "denies" and matter.basis.name == "directive":
            waits = matter.policy.directive_waits_for_denial
            yield (
                hold("CONSENT_UNCLEAR", item, fact=f"{PREFIX}directive") if waits else note("DIRECTIVE_PREVAILS", item)
            )
        elif one.says == "denies" and not matter.policy.carried_denial_binds:
            yield hold("CONSENT_UNCLEAR", item, fact=f"{PREFIX}denies")
        elif one.says == "denies":
            yield out("CONSENT_DENIES", item, "deny_not_permitted")
        else:
            yield from (hold("CONSENT_UNCLEAR", item, fact=f"{PREFIX}{rule}") for rule in one.rules or UNSAID)


@item_rule(
    "consent.named",
    "45 CFR 164.508(a)(1), (b)(2)",
    "A Consent that a paper of the request names carries only what it permits in every reading of it.",
    bases=BOUND | {"directive"},
)
def named(matter: Matter, item: Material) -> Iterator[Finding]:
    for one in _about(matter, item):
        if one.says == "no_authority" and _rests(matter, item, one.paper):
            yield from (wait("CONSENT_NO_AUTHORITY", item, fact=f"{PREFIX}{rule}") for rule in one.rules or UNSAID)


def _rests(matter: Matter, item: Material, paper: str | None) -> bool:
    """Whether the item can go on this paper only; a paper that is not said is any."""
    if paper == "counseling_notes_consent":
        return is_counseling(item)
    if paper == "psychotherapy_authorization":
        return is_psychotherapy(item)
    if paper in ("part2_consent", "proceedings_consent"):
        return is_part2(item)
    if paper == "authorization":
        return matter.basis.name == "authorization" or is_psychotherapy(item)
    return paper is None or matter.basis.name == paper


RULES = (carried, named)
