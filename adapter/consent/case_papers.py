"""The papers of a case as facts of the law: who gets it, what was signed, what was restricted or found."""

from typing import Any

from adapter.consent import facts as law_facts
from adapter.consent.case_days import day_of
from adapter.consent.forms import Forms
from adapter.consent.names import Names, is_blocked, kept_back, let_go
from adapter.consent.rules import same_name
from adapter.consent.words import INDIVIDUALS, PROVIDERS
from mappings.domain.access import Access, Authorization, Part2Consent
from mappings.domain.case import Case
from mappings.domain.party import PATIENT

__all__ = ["contradicts", "day_of", "papers_of", "party_name"]


def papers_of(case: Case, access: Access, names: Names, forms: Forms) -> dict[str, Any]:
    """The facts of what was signed, agreed and found, by the names they have in `Facts`."""
    holder = party_name(case, case.holder)
    right = access.representative
    return {
        **_signed(access, holder, names),
        "representative": law_facts.Representative(type=right.type, scope=right.scope) if right else None,
        "restrictions": tuple(
            law_facts.Restriction(
                agreed=r.agreed,
                blocks_recipient=access.recipient if is_blocked(case, r.blocks_recipient) else r.blocks_recipient,
                applies_to=kept_back(r.items, names, forms),
            )
            for r in access.restrictions
        ),
        "determinations": tuple(
            law_facts.Determination(
                ground=d.ground,
                by_licensed_professional=d.by_licensed_professional,
                professional=d.professional,
                decided_on=day_of(d.made_on),
                applies_to=kept_back(d.applies_to, names, forms),
            )
            for d in access.determinations
        ),
        "loan": law_facts.Loan(
            agreement=access.loan.agreement, return_by=day_of(access.loan.return_by), custodian=access.loan.custodian
        )
        if access.loan
        else None,
        **_said_and_asked(access),
    }


def _signed(access: Access, holder: str | None, names: Names) -> dict[str, Any]:
    """What the patient signed. An authorization that says it is for psychotherapy notes is for nothing else."""
    general, notes = access.authorization, access.psychotherapy_authorization
    if general is not None and general.psychotherapy_notes is True:
        general, notes = None, general
    directive = access.directive
    return {
        "directive": law_facts.Directive(
            written=directive.written, signed=directive.signed, designee=directive.designee, address=directive.address
        )
        if directive
        else None,
        "authorization": _authorization(general, holder, names) if general else None,
        "psychotherapy_authorization": _authorization(notes, holder, names) if notes else None,
        **{name: _part2(told, names) if (told := getattr(access, name)) else None for name in PART2_PAPERS},
    }


PART2_PAPERS = ("part2_consent", "counseling_notes_consent", "proceedings_consent")


def _said_and_asked(access: Access) -> dict[str, Any]:
    """What was written to the requester (an extension counts once it was sent), and the review of a denial."""
    review = access.review
    return {
        "extension_notices": tuple(
            law_facts.ExtensionNotice(
                sent_on=day_of(told.sent_on), written=True, reasons=told.reasons, promised_date=day_of(told.until)
            )
            for told in access.extensions
            if told.sent_on is not None
        ),
        "fees": tuple(law_facts.Fee(item=line.item, amount=line.amount) for line in access.fees),
        "review": law_facts.Review(
            requested=review.requested_on is not None or review.decision is not None,
            official=review.official,
            official_licensed=review.official_licensed is True,  # one of whom that is not said binds nobody: it waits
            decision=review.decision,
        )
        if review
        else None,
    }


def _authorization(given: Authorization, holder: str | None, names: Names) -> law_facts.Authorization:
    """The authorization's elements; a discloser that is not the holder by name is unknown, and unknown pends."""
    return law_facts.Authorization(
        description=bool(given.description.strip()),
        discloser=True if same_name(given.discloser, holder) else None,
        recipient=bool(given.recipient.strip()),
        recipient_named=given.recipient or None,
        purpose=bool(given.purpose.strip()),
        purpose_named=given.purpose or None,
        expiry=given.expiry or None,
        signed=given.signed,
        signed_on=day_of(given.signed_on),
        signer=given.signer,
        representative_authority_described=given.representative_authority_described,
        statement_revocation=given.statement_revocation,
        statement_conditioning=given.statement_conditioning,
        statement_redisclosure=given.statement_redisclosure,
        compound=given.compound,
        conditioned=given.conditioned,
        known_false=given.known_false,
        revoked_in_writing_on=day_of(given.revoked_in_writing_on),
        revoked=given.revoked_in_writing_on is not None or None,
        plain_language=given.plain_language,
        remuneration=given.remuneration,
        statement_remuneration=given.statement_remuneration,
        expiry_event_occurred=given.expiry_event_occurred,
        sought_by_holder=given.sought_by_holder,
        copy_given=given.copy_given,
        covers=None if given.covers is None else let_go(given.covers, names),
    )


def _part2(given: Part2Consent, names: Names) -> law_facts.Part2Consent:
    return law_facts.Part2Consent(
        patient_named=given.patient_named,
        discloser=given.discloser,
        description=given.description,
        recipients=given.recipients or None,
        recipient_is_covered_entity=given.recipient_is_covered_entity,
        tpo_single_consent=given.tpo_single_consent,
        hipaa_redisclosure_statement=given.hipaa_redisclosure_statement,
        purpose=given.purpose or None,
        revocation_right=given.revocation_right,
        expiry=given.expiry or None,
        signed=given.signed,
        signed_on=day_of(given.signed_on),
        redisclosure_potential_statement=given.redisclosure_potential_statement,
        refusal_consequences_statement=given.refusal_consequences_statement,
        revoked_on=day_of(given.revoked_on),
        revoked=given.revoked_on is not None or None,
        signer=given.signer,
        signer_authority_described=given.signer_authority_described,
        recipient_is_intermediary=given.recipient_is_intermediary,
        intermediary_participants_named=given.intermediary_participants_named,
        combined=given.combined,
        known_false=given.known_false,
        covers=None if given.covers is None else let_go(given.covers, names),
    )


def party_name(case: Case, name: str | None) -> str | None:
    """The name of a party of the case as its papers would name it."""
    if name == PATIENT:
        return case.patient.names[0].label
    organization = next((o for o in case.organizations if o.id == name), None)
    if organization:
        return organization.name
    names = {p.id: p.names[0].label for p in case.practitioners} | {
        p.id: p.names[0].label for p in case.related_persons
    }
    if name in names:
        return names[name]
    role = next((r for r in case.roles if r.id == name), None)
    return party_name(case, role.organization) if role else None


def contradicts(case: Case, access: Access) -> bool:
    """Whether the word for the recipient says another thing than the party that gets what is released."""
    party = access.recipient_party
    role = next((role for role in case.roles if role.id == party), None)
    organization = next((o for o in case.organizations if o.id == (role.organization if role else party)), None)
    provider = access.recipient in PROVIDERS or access.recipient_is_provider is True
    if access.recipient == "holder" or (access.recipient == "patient") != (party == PATIENT):
        return True
    if organization is None:
        return False
    return access.recipient in INDIVIDUALS or (provider and organization.kind == "payer")
