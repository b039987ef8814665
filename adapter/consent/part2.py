"""Records of substance use disorder programs (42 CFR part 2): their own consent, their own statement."""

import datetime as dt
from collections.abc import Iterator

from adapter.consent.authorization import expiry_day, is_unclear
from adapter.consent.clock import day_for_papers
from adapter.consent.facts import Facts
from adapter.consent.groups import Material, Part2Consent
from adapter.consent.law import is_counseling, is_part2
from adapter.consent.policy import Policy
from adapter.consent.rules import OUTGOING, Finding, Matter, blank, item_rule, note, out, same_name, wait
from adapter.consent.words import TPO

NO_END = frozenset({"none", "end of the treatment"})


def is_revoked(consent: Part2Consent) -> bool:
    """Whether a consent is known to be revoked, with or without the day."""
    return consent.revoked is True or consent.revoked_on is not None


def is_defective(consent: Part2Consent, facts: Facts, policy: Policy, today: dt.date | None) -> bool:
    """Whether a consent fails 42 CFR 2.31(a), or is expired, revoked or false (2.31(c))."""
    elements = (consent.patient_named, consent.discloser, consent.description, consent.revocation_right, consent.signed)
    dated = consent.signed_on is not None and (today is None or consent.signed_on <= today)
    complete = all(element is True for element in elements) and dated
    named = not blank(consent.recipients) and not blank(consent.purpose)
    dead = is_revoked(consent) or consent.known_false is True
    return dead or not complete or not named or _expired(consent, facts, today) or not _tpo_statements(consent, facts)


def _expired(consent: Part2Consent, facts: Facts, today: dt.date | None) -> bool:
    text = (consent.expiry or "").strip().casefold()
    if not text or (text in NO_END and facts.purpose not in TPO):
        return True
    day = expiry_day(text)
    return day is not None and today is not None and today > day


def _unknown(consent: Part2Consent, today: dt.date | None) -> str | None:
    """The fact without which a consent cannot be judged: what it ends with, or the day of the decision."""
    if is_unclear(consent.expiry):
        return "part2_consent.expiry"
    return "as_of" if today is None and expiry_day(consent.expiry) is not None else None


def _tpo_statements(consent: Part2Consent, facts: Facts) -> bool:
    """Whether the statements for treatment, payment and operations are there: (a)(4)(iii) and (a)(10)."""
    if facts.purpose not in TPO and consent.tpo_single_consent is not True:
        return True
    to_hipaa = consent.hipaa_redisclosure_statement is True or consent.recipient_is_covered_entity is False
    risks = consent.redisclosure_potential_statement is True and consent.refusal_consequences_statement is True
    return to_hipaa and risks


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
    if matter.basis.name == "access" and (facts.requester == "patient" or policy.part2_access_by_representative):
        yield note("PART2_PATIENT_ACCESS", item)
    elif _barred(facts):
        yield out("PART2_PROCEEDINGS_BAR", item, "deny_not_permitted")
    elif _may_redisclose(facts, policy, item):
        yield note("PART2_REDISCLOSURE_HIPAA", item)
    else:
        yield from _by_consent(matter, item, facts.part2_consent)


@item_rule(
    "part2.counseling-notes", "42 CFR 2.31(b)", "SUD counseling notes need a consent of their own.", bases=OUTGOING
)
def counseling_notes(matter: Matter, item: Material) -> Iterator[Finding]:
    if not is_counseling(item):
        return
    if matter.basis.name == "access" and matter.policy.counseling_notes_in_access:
        yield note("PART2_PATIENT_ACCESS", item)
        return
    found = list(_by_consent(matter, item, matter.facts.counseling_notes_consent))
    if _barred(matter.facts) or any(finding.effect == "exclude" for finding in found):
        yield out("PART2_COUNSELING_NOTES", item, "pend")
    else:
        yield from found


def _barred(facts: Facts) -> bool:
    """Whether it is for a proceeding; 2.12(d)(1) asks for a specific consent or a court order, which no fact states."""
    return facts.purpose == "legal_proceedings"


def _may_redisclose(facts: Facts, policy: Policy, item: Material) -> bool:
    """Whether 2.33(b)(1) lets a covered entity that received the record pass it on under HIPAA."""
    received = item.received_under == "tpo_single_consent" and facts.holder.part2_program is False
    consent = facts.part2_consent
    revoked = consent is not None and is_revoked(consent)
    in_purpose = facts.purpose in TPO or policy.part2_redisclosure_beyond_tpo
    return received and facts.holder.covered_entity is True and in_purpose and not revoked


def _by_consent(matter: Matter, item: Material, consent: Part2Consent | None) -> Iterator[Finding]:
    facts, policy = matter.facts, matter.policy
    today = day_for_papers(facts, policy)
    if consent is not None and is_defective(consent, facts, policy, today):
        yield out("PART2_CONSENT_DEFECTIVE", item, "pend")
        yield note("AUTH_HELP_OWED")
    elif consent is not None and (fact := _unknown(consent, today)):
        yield out("PART2_CONSENT_MISSING", item, "pend")
        yield wait("FACT_MISSING", item, fact=fact)
    elif consent is None or not reaches(consent, facts, policy, item):
        yield out("PART2_CONSENT_MISSING", item, "pend")
    else:
        for code in ("PART2_CONSENT_OK", "PART2_NOTICE_REQUIRED", "PART2_CONSENT_COPY"):
            yield note(code, item)
        if facts.purpose not in TPO or item.maintained_in == "ehr":
            yield note("PART2_ACCOUNTING_REQUIRED", item)


RULES = (consented, counseling_notes)
