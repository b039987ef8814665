"""Records of substance use disorder programs (42 CFR part 2): their own consent, their own statement."""

import datetime as dt
from collections.abc import Iterator

from adapter.consent.authorization import expiry_day, is_own_use_of_notes, is_unclear
from adapter.consent.clock import day_for_papers
from adapter.consent.facts import Facts
from adapter.consent.groups import Material, Part2Consent
from adapter.consent.law import is_counseling, is_part2
from adapter.consent.policy import Policy
from adapter.consent.rules import OUTGOING, Finding, Matter, blank, item_rule, note, out, same_name, wait
from adapter.consent.words import TPO

ELEMENTS = ("patient_named", "discloser", "description", "revocation_right", "signed")
"""42 CFR 2.31(a)(1)-(3), (6), (8)."""
NO_END = frozenset({"none", "end of the treatment"})


def is_revoked(consent: Part2Consent) -> bool:
    """Whether a consent is known to be revoked, with or without the day."""
    return consent.revoked is True or consent.revoked_on is not None


def defects_of(consent: Part2Consent, facts: Facts, today: dt.date | None) -> tuple[str, ...]:
    """Name what a consent lacks of 42 CFR 2.31(a), or why it is dead under 2.31(c); nothing means it is valid.

    Args:
        consent: the consent.
        facts: the request it is to support.
        today: day of the decision; a dated expiry cannot be judged without it.
    """
    wrong = {name: getattr(consent, name) is not True for name in ELEMENTS}
    wrong |= {name: blank(getattr(consent, name)) for name in ("recipients", "purpose")}
    wrong["signed_on"] = consent.signed_on is None or (today is not None and consent.signed_on > today)
    wrong["expiry"] = _expired(consent, facts, today)
    wrong["revoked"] = is_revoked(consent)
    wrong["known_false"] = consent.known_false is True
    wrong["intermediary_participants_named"] = (
        consent.recipient_is_intermediary is True and consent.intermediary_participants_named is not True
    )
    by_other = not blank(consent.signer) and not same_name(consent.signer, "patient")
    wrong["signer_authority_described"] = by_other and consent.signer_authority_described is not True
    return (*(name for name, holds in wrong.items() if holds), *_lacking_statements(consent, facts))


def _expired(consent: Part2Consent, facts: Facts, today: dt.date | None) -> bool:
    text = (consent.expiry or "").strip().casefold()
    if not text or (text in NO_END and facts.purpose not in TPO):
        return True
    day = expiry_day(text)
    return day is not None and today is not None and today > day


def _unknown(consent: Part2Consent, name: str, today: dt.date | None) -> str | None:
    """The fact without which a consent cannot be judged: what it ends with, or the day of the decision."""
    if is_unclear(consent.expiry):
        return f"{name}.expiry"
    return "as_of" if today is None and expiry_day(consent.expiry) is not None else None


def _lacking_statements(consent: Part2Consent, facts: Facts) -> Iterator[str]:
    """Name the missing statements for treatment, payment and operations: (a)(4)(iii) and (a)(10)."""
    if facts.purpose not in TPO and consent.tpo_single_consent is not True:
        return
    if consent.hipaa_redisclosure_statement is not True and consent.recipient_is_covered_entity is not False:
        yield "hipaa_redisclosure_statement"
    for name in ("redisclosure_potential_statement", "refusal_consequences_statement"):
        if getattr(consent, name) is not True:
            yield name


def reaches(consent: Part2Consent, facts: Facts, policy: Policy, item: Material) -> bool:
    """Whether a consent is for this purpose, this recipient and this item."""
    if consent.covers is not None and item.id not in consent.covers:
        return False
    if consent.tpo_single_consent is True:
        return policy.part2_tpo_single_consent and facts.purpose in TPO
    purpose = (facts.purpose or "").replace("_", " ")
    return same_name(consent.recipients, facts.recipient_name) and same_name(
        (consent.purpose or "").replace("_", " "), purpose
    )


@item_rule(
    "part2.consent",
    "42 CFR 2.33(a)",
    "A Part 2 record needs a valid Part 2 consent for recipient and purpose; patients may see their own.",
    bases=OUTGOING,
)
def consented(matter: Matter, item: Material) -> Iterator[Finding]:
    facts, policy = matter.facts, matter.policy
    if not is_part2(item) or is_counseling(item):
        return
    if _own_access(matter):
        yield note("PART2_PATIENT_ACCESS", item)
    elif is_for_proceedings(facts):
        yield from _in_proceedings(matter, item)
    elif _may_redisclose(facts, policy, item):
        yield note("PART2_REDISCLOSURE_HIPAA", item)
    else:
        yield from _by_consent(matter, item, facts.part2_consent)


@item_rule(
    "part2.counseling-notes",
    "42 CFR 2.31(b)",
    "SUD counseling notes need a consent of their own.",
    bases=OUTGOING | {"use"},
)
def counseling_notes(matter: Matter, item: Material) -> Iterator[Finding]:
    if not is_counseling(item):
        return
    if matter.basis.name == "access" and matter.policy.counseling_notes_in_access:
        yield note("PART2_PATIENT_ACCESS", item)
        return
    if matter.basis.name == "use" and is_own_use_of_notes(matter):
        yield note("NOTES_OWN_USE", item)
        return
    if is_for_proceedings(matter.facts):
        yield out("PART2_COUNSELING_NOTES", item, "pend")
        return
    found = list(_by_consent(matter, item, matter.facts.counseling_notes_consent, "counseling_notes_consent"))
    if any(finding.effect == "exclude" for finding in found):
        yield out("PART2_COUNSELING_NOTES", item, "pend")
    yield from (finding for finding in found if finding.code != "PART2_CONSENT_MISSING")


def _own_access(matter: Matter) -> bool:
    """Whether 2.23 gives the record: to the patient, to a representative only where the policy says so."""
    facts, policy = matter.facts, matter.policy
    if matter.basis.name != "access":
        return False
    return policy.part2_patient_access if facts.requester == "patient" else policy.part2_access_by_representative


def is_for_proceedings(facts: Facts) -> bool:
    """Whether it is for a proceeding, where 2.12(d)(1) bars the record."""
    return facts.purpose == "legal_proceedings"


def _in_proceedings(matter: Matter, item: Material) -> Iterator[Finding]:
    """Lift the bar for a consent to that use alone (2.31(d)) or an order under 2.64 or 2.65; a subpoena is none."""
    facts, consent = matter.facts, matter.facts.proceedings_consent
    order = facts.court_order
    if order is not None and order.under_part2 is True:
        yield note("PART2_COURT_ORDER", item)
    elif consent is not None and consent.combined is False:
        yield from _by_consent(matter, item, consent, "proceedings_consent")
    else:
        yield out("PART2_PROCEEDINGS_BAR", item, "deny_not_permitted")


def _may_redisclose(facts: Facts, policy: Policy, item: Material) -> bool:
    """Whether 2.33(b)(1) lets a covered entity that received the record pass it on under HIPAA."""
    received = item.received_under == "tpo_single_consent" and facts.holder.part2_program is False
    consent = facts.part2_consent
    revoked = consent is not None and is_revoked(consent)
    in_purpose = facts.purpose in TPO or policy.part2_redisclosure_beyond_tpo
    return received and facts.holder.covered_entity is True and in_purpose and not revoked


def _by_consent(
    matter: Matter, item: Material, consent: Part2Consent | None, name: str = "part2_consent"
) -> Iterator[Finding]:
    facts, policy = matter.facts, matter.policy
    today = day_for_papers(facts, policy)
    defects = defects_of(consent, facts, today) if consent is not None else ()
    if defects:
        for defect in defects:
            yield out("PART2_CONSENT_DEFECTIVE", item, "pend", fact=f"{name}.{defect}")
        yield note("AUTH_HELP_OWED")
    elif consent is not None and (fact := _unknown(consent, name, today)):
        yield out("PART2_CONSENT_MISSING", item, "pend")
        yield wait("FACT_MISSING", item, fact=fact)
    elif consent is None or not reaches(consent, facts, policy, item):
        yield out("PART2_CONSENT_MISSING", item, "pend")
    else:
        for code in ("PART2_CONSENT_OK", "PART2_NOTICE_REQUIRED", "PART2_CONSENT_COPY"):
            yield note(code, item)
        if policy.part2_accounting and (facts.purpose not in TPO or item.maintained_in == "ehr"):
            yield note("PART2_ACCOUNTING_REQUIRED", item)


RULES = (consented, counseling_notes)
