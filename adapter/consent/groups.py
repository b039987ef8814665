"""The groups of facts: what an item is, what was signed, who asks and who holds, what was found and decided.

Every field may be absent; an absent boolean is None, that is unknown, and no rule takes unknown for true.
"""

import datetime as dt
from decimal import Decimal

import msgspec


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group of facts; every field may be absent."""


class Source(Group, frozen=True, kw_only=True):
    """Where an item came from (45 CFR 164.524(a)(2)(v))."""

    is_provider: bool | None = None
    promised_confidentiality: bool | None = None
    access_would_reveal: bool | None = None


class Research(Group, frozen=True, kw_only=True):
    """The four conditions of a suspended access during research (45 CFR 164.524(a)(2)(iii))."""

    includes_treatment: bool | None = None
    in_progress: bool | None = None
    agreed_to_suspension: bool | None = None
    told_of_reinstatement: bool | None = None


class Material(Group, frozen=True, kw_only=True):
    """One item the law decides about.

    Attributes:
        id: the item's own id within the request, unique.
        kind: a row of kinds.csv; any other word is unknown and pends.
        also: further kinds it is at once (a psychotherapy note in a Part 2 record); every rule about one of them binds.
        maintained_in: ehr, other_electronic, paper or physical.
        in_drs: part of a designated record set (45 CFR 164.501).
        held: whether the holder has it; absent means it has.
        completed: a laboratory's report is final (42 CFR 493.1291(l)).
        duplicate_of: id of the item whose content this one repeats.
        data_class, data_classes: what state law may protect (hiv, genetic, ...); they add to what the kind has.
        scan_of: ids of the slides whose scan it is.
        enclosed_in: ids of the items (image studies) that hold its content: it goes only where they all go.
        encloses: ids of the items that are all there is of it: it stays where they all stay.
        document_of: names of the papers (facts of this request) whose signed document it is.
        topic: what care it is about, compared with the scope of a representative.
        received_under: how a Part 2 record came to the holder (`tpo_single_consent`).
    """

    id: str
    kind: str | None = None
    also: tuple[str, ...] = ()
    maintained_in: str | None = None
    in_drs: bool | None = None
    held: bool = True
    known_location: str | None = None
    completed: bool | None = None
    duplicate_of: str | None = None
    scan_of: tuple[str, ...] = ()
    enclosed_in: tuple[str, ...] = ()
    encloses: tuple[str, ...] = ()
    document_of: tuple[str, ...] = ()
    originated_elsewhere: bool | None = None
    part2: bool | None = None
    received_under: str | None = None
    data_class: str | None = None
    data_classes: tuple[str, ...] = ()
    topic: str | None = None
    names_other_person: bool | None = None
    other_person_is_provider: bool | None = None
    privacy_act_denial_ok: bool | None = None
    paid_in_full_out_of_pocket: bool | None = None
    restriction_requested: bool | None = None
    statement_of_disagreement: bool | None = None
    statement_included: bool | None = None
    research: Research | None = None
    source: Source | None = None


class Directive(Group, frozen=True, kw_only=True):
    """The individual's direction to send a copy to somebody (45 CFR 164.524(c)(3)(ii))."""

    written: bool | None = None
    signed: bool | None = None
    designee: str | None = None
    address: str | None = None


class Authorization(Group, frozen=True, kw_only=True):
    """An authorization as 45 CFR 164.508 wants it; a boolean says whether the element is there and is about this case.

    `recipient` true means that it names this recipient; where the name itself is given (`recipient_named`) it is
    compared with the request's `recipient_name`, and `purpose_named` with its `purpose`. `covers` absent means all that
    was asked for; `expiry` is a date or an event; `revoked` is for a revocation whose day is not known.
    `sought_by_holder`: the holder asked for it, so that the individual is owed a copy (`copy_given`).
    """

    description: bool | None = None
    discloser: bool | None = None
    recipient: bool | None = None
    recipient_named: str | None = None
    purpose: bool | None = None
    purpose_named: str | None = None
    expiry: str | None = None
    expiry_event_occurred: bool | None = None
    signed: bool | None = None
    signed_on: dt.date | None = None
    signer: str | None = None
    representative_authority_described: bool | None = None
    statement_revocation: bool | None = None
    statement_conditioning: bool | None = None
    statement_redisclosure: bool | None = None
    statement_remuneration: bool | None = None
    remuneration: bool | None = None
    compound: bool | None = None
    conditioned: bool | None = None
    known_false: bool | None = None
    plain_language: bool | None = None
    sought_by_holder: bool | None = None
    copy_given: bool | None = None
    revoked: bool | None = None
    revoked_in_writing_on: dt.date | None = None
    covers: tuple[str, ...] | None = None


class Part2Consent(Group, frozen=True, kw_only=True):
    """A consent under 42 CFR 2.31(a); `tpo_single_consent` is the one for all treatment, payment and operations.

    `recipient_is_intermediary` true asks for the participants behind it, or their class; `combined` is of a consent to
    use in a proceeding, which stands alone (2.31(d)); a `signer` that is not the patient has authority (2.14, 2.15).
    """

    patient_named: bool | None = None
    discloser: bool | None = None
    description: bool | None = None
    recipients: str | None = None
    recipient_is_covered_entity: bool | None = None
    recipient_is_intermediary: bool | None = None
    intermediary_participants_named: bool | None = None
    tpo_single_consent: bool | None = None
    hipaa_redisclosure_statement: bool | None = None
    purpose: str | None = None
    revocation_right: bool | None = None
    expiry: str | None = None
    signed: bool | None = None
    signed_on: dt.date | None = None
    signer: str | None = None
    signer_authority_described: bool | None = None
    combined: bool | None = None
    redisclosure_potential_statement: bool | None = None
    refusal_consequences_statement: bool | None = None
    revoked: bool | None = None
    revoked_on: dt.date | None = None
    known_false: bool | None = None
    covers: tuple[str, ...] | None = None


class Representative(Group, frozen=True, kw_only=True):
    """By what title somebody stands in for the individual, and for what (45 CFR 164.502(g))."""

    type: str | None = None
    scope: str | None = None


class Election(Group, frozen=True, kw_only=True):
    """The holder's election not to treat a person as representative (45 CFR 164.502(g)(5))."""

    reasonable_belief: str | None = None
    best_interest_decision: bool | None = None


class Minor(Group, frozen=True, kw_only=True):
    """Who consented to a minor's care and what state law says of a parent's access (45 CFR 164.502(g)(3))."""

    consented_alone: bool | None = None
    asked_parent: bool | None = None
    court_or_other_consent: bool | None = None
    confidentiality_assent: bool | None = None
    state_law: str | None = None
    licensed_decision: bool | None = None


class PatientFacts(Group, frozen=True, kw_only=True):
    """What about the patient changes the law that applies; `deceased` is for a death whose day is not known."""

    unemancipated_minor: bool | None = None
    inmate: bool | None = None
    deceased: bool | None = None
    deceased_on: dt.date | None = None

    @property
    def has_died(self) -> bool:
        """Whether the patient is known to be dead."""
        return self.deceased is True or self.deceased_on is not None


class PrivacyContact(Group, frozen=True, kw_only=True):
    """Whom a denial names for complaints (45 CFR 164.524(d)(2)(iii)): a name or title, and a telephone number."""

    title: str | None = None
    phone: str | None = None


class Holder(Group, frozen=True, kw_only=True):
    """What the holder is in law."""

    covered_entity: bool | None = None
    clia_laboratory: bool | None = None
    correctional: bool | None = None
    acts_under_direction: bool | None = None
    federal_privacy_act: bool | None = None
    health_plan: bool | None = None
    part2_program: bool | None = None
    privacy_contact: PrivacyContact | None = None


class CourtOrder(Group, frozen=True, kw_only=True):
    """An order of a court; `under_part2` if issued under 42 CFR 2.64 or 2.65. A subpoena by itself is none."""

    under_part2: bool | None = None
    subpoena: bool | None = None


class Determination(Group, frozen=True, kw_only=True):
    """A ground of 45 CFR 164.524(a)(2)(ii) or (a)(3) that somebody asserts; no `applies_to` means every item."""

    ground: str | None = None
    by_licensed_professional: bool | None = None
    professional: str | None = None
    decided_on: dt.date | None = None
    applies_to: tuple[str, ...] = ()


class Review(Group, frozen=True, kw_only=True):
    """The review of a reviewable denial (45 CFR 164.524(a)(4), (d)(4)); decision: overturn or uphold."""

    requested: bool | None = None
    official: str | None = None
    official_licensed: bool | None = None
    decision: str | None = None


class Restriction(Group, frozen=True, kw_only=True):
    """A restriction the individual asked for (45 CFR 164.522(a)); what is not limited is blocked for all."""

    agreed: bool | None = None
    blocks_recipient: str | None = None
    applies_to: tuple[str, ...] = ()


class ExtensionNotice(Group, frozen=True, kw_only=True):
    """A written statement that more time is needed (45 CFR 164.524(b)(2)(ii))."""

    sent_on: dt.date | None = None
    written: bool | None = None
    reasons: str | None = None
    promised_date: dt.date | None = None


class Fee(Group, frozen=True, kw_only=True):
    """One line of a fee; amount in US dollars."""

    item: str | None = None
    amount: Decimal | None = None


class Loan(Group, frozen=True, kw_only=True):
    """The loan of an original specimen: agreement, day of return, who keeps it meanwhile."""

    agreement: bool | None = None
    return_by: dt.date | None = None
    custodian: str | None = None


class Waiver(Group, frozen=True, kw_only=True):
    """A waiver of authorization by an IRB or privacy board (45 CFR 164.512(i)(1)(i))."""

    documented: bool | None = None


class Representations(Group, frozen=True, kw_only=True):
    """What a researcher represents (45 CFR 164.512(i)(1)(ii), (iii)); `review` is preparatory or decedents."""

    review: str | None = None
    sole_purpose: bool | None = None
    necessary: bool | None = None
    death_documented: bool | None = None


class LimitedDataSet(Group, frozen=True, kw_only=True):
    """What makes a limited data set (45 CFR 164.514(e))."""

    direct_identifiers_removed: bool | None = None
    data_use_agreement: bool | None = None


class Family(Group, frozen=True, kw_only=True):
    """Family and friends involved in care (45 CFR 164.510(b))."""

    involved_before_death: bool | None = None
    contrary_preference_known: bool | None = None
    involved_in_care: bool | None = None
    individual_agreed: bool | None = None
    individual_objected: bool | None = None
    opportunity_to_object: bool | None = None
    professional_judgment: bool | None = None


class StateRule(Group, frozen=True, kw_only=True):
    """A stricter state rule for one class of data (45 CFR 160.203(b))."""

    written_consent_required: bool | None = None
    on_file: bool | None = None


class Amendment(Group, frozen=True, kw_only=True):
    """What decides a request to amend (45 CFR 164.526(a)(2))."""

    created_here: bool | None = None
    originator_unavailable_reasonable_basis: bool | None = None
    in_drs: bool | None = None
    accessible: bool | None = None
    accurate_and_complete: bool | None = None


class AmendmentPart(Amendment, frozen=True, kw_only=True):
    """What decides one part of a request to amend, where its parts are decided apart; `item` is the part's own id."""

    item: str = ""
