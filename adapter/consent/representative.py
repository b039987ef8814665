"""Who stands in for the individual, and for how much (45 CFR 164.502(g))."""

from collections.abc import Iterator

from adapter.consent.groups import Material, Minor
from adapter.consent.rules import RIGHT, Finding, Matter, blank, hold, item_rule, missing, note, out, request_rule

OF_THE_LIVING = frozenset({"health_care_proxy", "guardian", "power_of_attorney", "court_appointed"})
OF_THE_DEAD = frozenset({"executor", "administrator"})
STATE_LAW = frozenset({"permits", "requires", "prohibits", "silent"})
EVERYTHING = "all_health_care"


@request_rule(
    "representative.type",
    "45 CFR 164.502(g)(2), (g)(4)",
    "A representative has a title the law knows: for care while the patient lives, for the estate after.",
    bases=RIGHT,
)
def title(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if facts.requester != "personal_representative":
        return
    kind = facts.representative.type if facts.representative else None
    died = facts.patient.has_died
    if kind in OF_THE_LIVING and not died:
        yield note("PERSONAL_REPRESENTATIVE")
    elif kind in OF_THE_DEAD and died:
        yield note("DECEDENT_REPRESENTATIVE")
    elif kind in OF_THE_LIVING | OF_THE_DEAD:
        yield hold("AUTHORITY_NOT_VERIFIED", fact="representative.type")
    else:
        yield missing("representative.type")


@item_rule(
    "representative.scope",
    "45 CFR 164.502(g)(2)",
    "A representative gets what the representation is about.",
    bases=RIGHT,
)
def scope(matter: Matter, item: Material) -> Iterator[Finding]:
    facts = matter.facts
    if facts.requester != "personal_representative" or facts.representative is None:
        return
    limit = facts.representative.scope
    if facts.representative.type in OF_THE_DEAD and limit is None:
        return
    if blank(limit):
        yield hold("FACT_MISSING", item, fact="representative.scope")
    elif limit != EVERYTHING and item.topic != limit:
        yield out("REPRESENTATION_SCOPE_EXCEEDED", item, "pend" if item.topic is None else "deny_not_permitted")


@request_rule(
    "representative.election",
    "45 CFR 164.502(g)(5)",
    "On a reasonable belief of abuse and a best-interest decision, a person is not treated as representative.",
    bases=RIGHT,
)
def election(matter: Matter) -> Iterator[Finding]:
    elected = matter.facts.election
    if elected is None or blank(elected.reasonable_belief) or matter.facts.requester == "patient":
        return
    if elected.best_interest_decision is True:
        yield Finding(code="REPRESENTATIVE_NOT_RECOGNIZED", effect="stop")
    elif elected.best_interest_decision is False:
        yield note("ELECTION_INCOMPLETE")
    else:
        yield hold("ELECTION_INCOMPLETE", fact="election.best_interest_decision")


@request_rule(
    "representative.parent",
    "45 CFR 164.502(g)(3)",
    "A parent acts for an unemancipated minor; where the minor acts alone, and where it forbids, state law decides.",
    bases=RIGHT,
)
def parent(matter: Matter) -> Iterator[Finding]:
    facts = matter.facts
    if facts.requester != "parent":
        return
    if facts.patient.unemancipated_minor is not True:
        yield missing("patient.unemancipated_minor")
        return
    minor = facts.minor or Minor()
    if minor.state_law == "prohibits":
        yield Finding(code="MINOR_STATE_LAW_PROHIBITS", effect="stop")
    elif minor.state_law not in STATE_LAW:
        yield missing("minor.state_law")
    elif _acts_alone(minor):
        yield note("MINOR_ACTS_ALONE")
        yield _when_alone(minor)
    elif minor.consented_alone is None:
        yield missing("minor.consented_alone")
    else:
        yield note("PARENT_OF_MINOR")


def _acts_alone(minor: Minor) -> bool:
    alone = minor.consented_alone is True and minor.asked_parent is not True
    return alone or minor.court_or_other_consent is True or minor.confidentiality_assent is True


def _when_alone(minor: Minor) -> Finding:
    if minor.state_law in ("permits", "requires"):
        return note("MINOR_STATE_LAW_PERMITS")
    if minor.licensed_decision is True:
        return note("MINOR_DECISION_NEEDED")
    return Finding(code="MINOR_DECISION_NEEDED", effect="hold" if minor.licensed_decision is None else "stop")


RULES = (title, scope, election, parent)
