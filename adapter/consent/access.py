"""The individual's right of access (45 CFR 164.524(a)): what it reaches, and the grounds to withhold an item."""

from collections.abc import Iterator

from adapter.consent.groups import Determination, Material
from adapter.consent.law import is_known, is_physical, is_psychotherapy, is_undeclared, kinds_of
from adapter.consent.rules import (
    OUTGOING,
    RIGHT,
    Finding,
    Matter,
    all_true,
    blank,
    hold,
    item_rule,
    missing,
    none_true,
    note,
    out,
    request_rule,
    same_name,
)


@item_rule(
    "item.held",
    "45 CFR 164.524(d)(3)",
    "What the holder has not is not decided about; where it is, is said.",
    bases=OUTGOING,
    ends=True,
)
def held(matter: Matter, item: Material) -> Iterator[Finding]:
    if not item.held:
        yield out("NOT_HELD" if blank(item.known_location) else "HELD_ELSEWHERE_KNOWN", item, "not_held")


@item_rule(
    "item.kind",
    "45 CFR 164.502(a)",
    "An item of unknown kind pends; a file nobody declared stays behind.",
    bases=OUTGOING,
)
def kind_known(matter: Matter, item: Material) -> Iterator[Finding]:
    if is_undeclared(item):
        yield out("NOT_DECLARED", item, "pend")
    elif not is_known(item):
        yield missing("kind", item)


@item_rule(
    "access.record-set",
    "45 CFR 164.501",
    "The right of access ends where the designated record set ends.",
    bases=RIGHT,
    ends=True,
)
def in_record_set(matter: Matter, item: Material) -> Iterator[Finding]:
    if item.in_drs is False:
        yield out("NOT_IN_DESIGNATED_RECORD_SET", item, matter.policy.outside_right_alone)
    elif item.in_drs is None:
        yield missing("in_drs", item)


@item_rule(
    "access.specimen",
    "45 CFR 164.524(a)(1)",
    "A slide or block is no copy of information; it is released apart.",
    bases=RIGHT,
    ends=True,
)
def specimen(matter: Matter, item: Material) -> Iterator[Finding]:
    if is_physical(item) and not matter.policy.specimens_in_drs:
        yield out("SPECIMEN_OUTSIDE_ACCESS_RIGHT", item, matter.policy.outside_right_alone)
        yield from _scan(matter, item)


def _scan(matter: Matter, item: Material) -> Iterator[Finding]:
    """Say what there is instead of a slide: a scan that is held, or one to be made where the policy says it is owed."""
    if any(item.id in other.scan_of and other.held for other in matter.facts.materials):
        yield note("SCAN_INSTEAD", item)
    elif matter.policy.scanning_owed and item.kind == "glass_slide":
        yield out("SCAN_OWED", item, "pend")


@item_rule(
    "access.psychotherapy",
    "45 CFR 164.524(a)(1)(i)",
    "Psychotherapy notes are outside the right of access.",
    bases=RIGHT,
)
def psychotherapy(matter: Matter, item: Material) -> Iterator[Finding]:
    if is_psychotherapy(item):
        yield out("PSYCHOTHERAPY_NOTES", item, "deny_unreviewable")


@item_rule(
    "access.litigation",
    "45 CFR 164.524(a)(1)(ii)",
    "What was compiled for a proceeding is outside the right.",
    bases=RIGHT,
)
def litigation(matter: Matter, item: Material) -> Iterator[Finding]:
    if "litigation_compilation" in kinds_of(item):
        yield out("LITIGATION_INFORMATION", item, "deny_unreviewable")


@item_rule(
    "access.laboratory",
    "42 CFR 493.1291(l)",
    "A laboratory gives completed reports; an unfinished one waits.",
    bases=RIGHT,
)
def laboratory(matter: Matter, item: Material) -> Iterator[Finding]:
    if matter.facts.holder.clia_laboratory is not True or item.completed is None:
        return
    if item.completed:
        yield note("CLIA_LAB_ACCESS", item)
    elif matter.policy.incomplete_report_waits:
        yield out("REPORT_NOT_COMPLETE", item, "pend")


def _ground(code: str, item: Material, met: bool | None, fact: str) -> Iterator[Finding]:
    """Yield what an unreviewable ground of (a)(2) comes to: met, not met, or not known."""
    if met:
        yield out(code, item, "deny_unreviewable")
    elif met is None:
        yield missing(fact, item)
    else:
        yield note("GROUND_NOT_AVAILABLE", item)


@item_rule(
    "access.research",
    "45 CFR 164.524(a)(2)(iii)",
    "Access rests during research with treatment, if the individual agreed and was told when it returns.",
    bases=RIGHT,
)
def research(matter: Matter, item: Material) -> Iterator[Finding]:
    study = item.research
    if study is not None:
        by_provider = matter.facts.holder.health_plan is not True
        met = all_true(
            by_provider,
            study.includes_treatment,
            study.in_progress,
            study.agreed_to_suspension,
            study.told_of_reinstatement,
        )
        yield from _ground("RESEARCH_SUSPENSION", item, met, "research")


@item_rule(
    "access.confidential-source",
    "45 CFR 164.524(a)(2)(v)",
    "Out is what a non-provider gave under promise of confidentiality, where access would reveal the source.",
    bases=RIGHT,
)
def confidential_source(matter: Matter, item: Material) -> Iterator[Finding]:
    source = item.source
    if source is not None:
        outsider = None if source.is_provider is None else not source.is_provider
        met = all_true(outsider, source.promised_confidentiality, source.access_would_reveal)
        yield from _ground("CONFIDENTIAL_SOURCE", item, met, "source")


@item_rule(
    "access.privacy-act",
    "45 CFR 164.524(a)(2)(iv)",
    "Records under the Privacy Act, where that Act lets deny.",
    bases=RIGHT,
)
def privacy_act(matter: Matter, item: Material) -> Iterator[Finding]:
    if item.privacy_act_denial_ok is True:
        yield from _ground("PRIVACY_ACT_DENIAL", item, matter.facts.holder.federal_privacy_act, "federal_privacy_act")


@item_rule(
    "access.determination",
    "45 CFR 164.524(a)(2)(ii), (a)(3)",
    "A ground of harm counts only as the law states it and only from a licensed professional.",
    bases=RIGHT,
)
def determination(matter: Matter, item: Material) -> Iterator[Finding]:
    stated = [d for d in matter.facts.determinations if not d.applies_to or item.id in d.applies_to]
    if item.names_other_person is True and all(d.ground != "substantial_harm_to_referenced_person" for d in stated):
        yield note("REFERENCE_ALONE_NOT_GROUND", item)
    for made in stated:
        yield from _judge(matter, item, made)


def _judge(matter: Matter, item: Material, made: Determination) -> Iterator[Finding]:
    represented = matter.facts.requester != "patient"
    if made.ground == "inmate_jeopardy":
        yield from _inmate(matter, item)
    elif made.ground == "emotional_distress" or (
        made.ground == "substantial_harm_via_representative" and not represented
    ):
        yield note("HARM_GROUND_NOT_MET", item)
    elif made.ground == "substantial_harm_to_referenced_person" and item.names_other_person is None:
        yield missing("names_other_person", item)
    elif made.ground == "substantial_harm_to_referenced_person" and (
        item.names_other_person is False or item.other_person_is_provider is True
    ):
        yield note("REFERENCE_ALONE_NOT_GROUND", item)
    elif made.ground not in HARM or made.by_licensed_professional is not True or _yet_to_come(matter, made):
        yield hold("LICENSED_DETERMINATION_MISSING", item)
    else:
        yield from _reviewed(matter, item, made, HARM[made.ground])


def _yet_to_come(matter: Matter, made: Determination) -> bool:
    return made.decided_on is not None and matter.today is not None and made.decided_on > matter.today


HARM = {
    "endanger_life_or_safety": "ENDANGERMENT",
    "substantial_harm_to_referenced_person": "HARM_TO_REFERENCED_PERSON",
    "substantial_harm_via_representative": "HARM_VIA_REPRESENTATIVE",
}
"""Reviewable grounds, 45 CFR 164.524(a)(3)(i)-(iii)."""


def _inmate(matter: Matter, item: Material) -> Iterator[Finding]:
    holder, actions = matter.facts.holder, matter.facts.actions_requested
    if actions is not None and "copy" not in actions:
        return
    neither = holder.correctional is False and holder.acts_under_direction is False
    unknown = none_true(holder.correctional, holder.acts_under_direction) and not neither
    under = None if unknown else not neither
    yield from _ground("INMATE_COPY_JEOPARDY", item, all_true(matter.facts.patient.inmate, under), "holder")


def _reviewed(matter: Matter, item: Material, made: Determination, code: str) -> Iterator[Finding]:
    """Yield a denial, or what its review came to: (a)(4) and (d)(4)."""
    review = matter.facts.review
    if review is None or review.requested is not True or review.decision not in ("overturn", "uphold"):
        yield out(code, item, "deny_reviewable")
        yield note("REVIEW_OFFERED")
        return
    named = not blank(review.official) and not blank(made.professional)
    independent = named and not same_name(review.official, made.professional)
    if not independent or review.official_licensed is False:
        yield hold("REVIEWER_NOT_INDEPENDENT", item)
        return
    yield note("REVIEW_DECISION_BINDS", item)
    if review.decision == "uphold":
        yield out(code, item, "deny_reviewable")


@request_rule(
    "access.not-a-ground",
    "45 CFR 164.524(a)",
    "A bill, another origin, a missing purpose or any other reason the text does not list withholds nothing.",
    bases=RIGHT,
)
def asserted_reason(matter: Matter) -> Iterator[Finding]:
    if not blank(matter.facts.asserted_reason):
        yield note("NOT_A_GROUND")


@request_rule(
    "access.unreasonable",
    "HHS OCR access guidance (2016)",
    "A step that is an unreasonable barrier does not stand in the way.",
    bases=RIGHT,
)
def unreasonable(matter: Matter) -> Iterator[Finding]:
    if matter.facts.site_demands:
        yield note("UNREASONABLE_MEASURE")


RULES = (
    held, kind_known, in_record_set, specimen, psychotherapy, litigation, laboratory, research, confidential_source,
    privacy_act, determination, asserted_reason, unreasonable,
)  # fmt: skip
