"""What else decides about a request, group by group: all of it stays with the holder, none of it travels.

The fields are those of the decision tables; one that is left out is unknown, and unknown never permits.
"""

from typing import Literal

from mappings.domain.values import Fact, need

StateLaw = Literal["permits", "requires", "prohibits", "silent"]
Delivery = Literal[
    "in_person", "mail", "portal", "secure_link", "encrypted_email", "unencrypted_email", "media", "own_device"
]


class Manner(Fact, frozen=True, kw_only=True):
    """How a copy is to be given (45 CFR 164.524(c)(2)-(3)): form and format, a summary in its place, the way it goes.

    Forms are words of your own, the same in all three fields; `paper`, `paper_copy` and `hard_copy` are known as paper.
    """

    form_requested: str | None = None
    readily_producible: tuple[str, ...] | None = None
    form_agreed: str | None = None
    electronic_offers_refused: bool | None = None
    offered_in_lieu: Literal["summary", "explanation"] | None = None
    summary_agreed_in_advance: bool | None = None
    summary_fee_agreed: bool | None = None
    delivery: Delivery | None = None
    risk_warning_given: bool | None = None
    still_prefers: bool | None = None
    device_risk_found: bool | None = None


class MinimumNecessary(Fact, frozen=True, kw_only=True):
    """How far a payer, a family member or a researcher asks (45 CFR 164.502(b), 164.514(d)(5))."""

    scope: str | None = None
    entire_record_justification: str | None = None


class Involvement(Fact, frozen=True, kw_only=True):
    """Family and friends in the patient's care, of the living and of the dead (45 CFR 164.510(b))."""

    involved_in_care: bool | None = None
    individual_agreed: bool | None = None
    individual_objected: bool | None = None
    opportunity_to_object: bool | None = None
    professional_judgment: bool | None = None
    involved_before_death: bool | None = None
    contrary_preference_known: bool | None = None


class MinorPatient(Fact, frozen=True, kw_only=True):
    """What decides on a parent's access to the record of a minor (45 CFR 164.502(g)(3))."""

    unemancipated: bool | None = None
    consented_alone: bool | None = None
    asked_parent: bool | None = None
    court_or_other_consent: bool | None = None
    confidentiality_assent: bool | None = None
    state_law: StateLaw | None = None
    licensed_decision: bool | None = None


class Election(Fact, frozen=True, kw_only=True):
    """The holder's choice not to treat a person as representative (45 CFR 164.502(g)(5))."""

    reasonable_belief: str | None = None
    best_interest_decision: bool | None = None


class CourtOrder(Fact, frozen=True, kw_only=True):
    """What a court has ordered; `under_part2` if under 42 CFR 2.64 or 2.65. A subpoena by itself lifts no bar."""

    under_part2: bool | None = None
    subpoena: bool | None = None


class ResearchRequest(Fact, frozen=True, kw_only=True):
    """On what research rests without an authorization (45 CFR 164.512(i)(1)): a waiver, or representations."""

    waiver_documented: bool | None = None
    review: Literal["preparatory", "decedents"] | None = None
    sole_purpose: bool | None = None
    necessary: bool | None = None
    death_documented: bool | None = None

    def check(self) -> None:
        told = (self.sole_purpose, self.necessary, self.death_documented)
        need(self.review is not None or not any(one is not None for one in told), "representations need `review`")


class LimitedDataSet(Fact, frozen=True, kw_only=True):
    """What makes a limited data set (45 CFR 164.514(e))."""

    direct_identifiers_removed: bool | None = None
    data_use_agreement: bool | None = None


class ResearchTreatment(Fact, frozen=True, kw_only=True):
    """The conditions under which access to an item rests during research (45 CFR 164.524(a)(2)(iii))."""

    includes_treatment: bool | None = None
    in_progress: bool | None = None
    agreed_to_suspension: bool | None = None
    told_of_reinstatement: bool | None = None


class Informant(Fact, frozen=True, kw_only=True):
    """From whom an item was obtained (45 CFR 164.524(a)(2)(v))."""

    is_provider: bool | None = None
    promised_confidentiality: bool | None = None
    access_would_reveal: bool | None = None


class InLaw(Fact, frozen=True, kw_only=True):
    """What else is known of one item that the law asks about."""

    data_classes: tuple[str, ...] = ()
    topic: str | None = None
    scan_of: str | None = None
    received_under: Literal["tpo_single_consent"] | None = None
    names_other_person: bool | None = None
    other_person_is_provider: bool | None = None
    paid_in_full_out_of_pocket: bool | None = None
    restriction_requested: bool | None = None
    statement_of_disagreement: bool | None = None
    statement_included: bool | None = None
    statement: str | None = None
    """Local name of the document that is the statement of disagreement, or an accurate summary (164.526(d)(5)(i))."""
    privacy_act_denial_ok: bool | None = None
    research: ResearchTreatment | None = None
    source: Informant | None = None
