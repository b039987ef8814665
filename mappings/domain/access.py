"""Under which authority a case may go: the request of the patient or the provider, and the papers behind it.

The words are those of the decision tables: an absent answer means unknown, and unknown never permits.
"""

from decimal import Decimal
from typing import ClassVar, Literal

from mappings.domain.access_groups import (
    CourtOrder,
    Election,
    Involvement,
    LimitedDataSet,
    Manner,
    MinimumNecessary,
    MinorPatient,
    ResearchRequest,
)
from mappings.domain.party import Item
from mappings.domain.values import Fact, Moment, PartialDate, need


class Directive(Fact, frozen=True, kw_only=True):
    """The patient's direction to send a copy to somebody (45 CFR 164.524(c)(3)(ii)): written, signed, who and where."""

    written: bool
    signed: bool
    designee: str = ""
    address: str = ""
    signed_on: PartialDate | None = None
    document: str | None = None


class Authorization(Fact, frozen=True, kw_only=True):
    """A signed authorization (45 CFR 164.508(c)). Empty texts are missing elements; `covers` limits it to items."""

    description: str = ""
    discloser: str = ""
    recipient: str = ""
    purpose: str = ""
    expiry: str = ""
    """A date, an event (`end of the research study`) or `none`."""
    signed: bool = False
    signed_on: PartialDate | None = None
    signer: Literal["patient", "personal_representative"] | None = None
    representative_authority_described: bool | None = None
    statement_revocation: bool | None = None
    statement_conditioning: bool | None = None
    statement_redisclosure: bool | None = None
    revoked_in_writing_on: PartialDate | None = None
    compound: bool | None = None
    conditioned: bool | None = None
    known_false: bool | None = None
    psychotherapy_notes: bool | None = None
    covers: tuple[str, ...] | None = None
    document: str | None = None
    plain_language: bool | None = None
    remuneration: bool | None = None
    statement_remuneration: bool | None = None
    expiry_event_occurred: bool | None = None
    sought_by_holder: bool | None = None
    copy_given: bool | None = None


class Part2Consent(Fact, frozen=True, kw_only=True):
    """A written consent for substance use disorder records (42 CFR 2.31(a))."""

    patient_named: bool = False
    discloser: bool = False
    description: bool = False
    recipients: str = ""
    recipient_is_covered_entity: bool | None = None
    tpo_single_consent: bool | None = None
    hipaa_redisclosure_statement: bool | None = None
    purpose: str = ""
    revocation_right: bool | None = None
    expiry: str = ""
    signed: bool = False
    signed_on: PartialDate | None = None
    redisclosure_potential_statement: bool | None = None
    refusal_consequences_statement: bool | None = None
    revoked_on: PartialDate | None = None
    document: str | None = None
    covers: tuple[str, ...] | None = None
    signer: str | None = None
    signer_authority_described: bool | None = None
    recipient_is_intermediary: bool | None = None
    intermediary_participants_named: bool | None = None
    combined: bool | None = None
    known_false: bool | None = None


class Restriction(Fact, frozen=True, kw_only=True):
    """A restriction the holder agreed to (45 CFR 164.522(a)); without `items` it blocks all for that recipient."""

    agreed: bool
    blocks_recipient: str
    items: tuple[str, ...] = ()


class Determination(Fact, frozen=True, kw_only=True):
    """A licensed professional's finding that access would cause harm (45 CFR 164.524(a)(3))."""

    ground: Literal[
        "endanger_life_or_safety", "substantial_harm_to_referenced_person", "substantial_harm_via_representative",
        "inmate_jeopardy", "emotional_distress",
    ]  # fmt: skip
    applies_to: tuple[str, ...]
    by_licensed_professional: bool | None = None
    professional: str | None = None
    made_on: PartialDate | None = None


class Representation(Fact, frozen=True, kw_only=True):
    """By what right a representative acts (45 CFR 164.502(g))."""

    type: str
    scope: str | None = None


class Loan(Fact, frozen=True, kw_only=True):
    """The loan agreement for slides and blocks (42 CFR 493.1105(a)(7), laboratory policy)."""

    agreement: bool
    return_by: PartialDate | None = None
    custodian: str | None = None


class Extension(Fact, frozen=True, kw_only=True):
    """One statement that more time is needed (45 CFR 164.524(b)(2)(ii)): why, until when, and when it was sent."""

    reasons: str
    until: PartialDate
    sent_on: PartialDate | None = None

    def check(self) -> None:
        need(self.until.precision == "day", "field `until` must be a day")
        need(self.sent_on is None or self.sent_on.precision == "day", "field `sent_on` must be a day")


class Fee(Fact, frozen=True, kw_only=True):
    """One line of what a copy costs (45 CFR 164.524(c)(4)); `amount` in US dollars."""

    item: str
    amount: Decimal

    def check(self) -> None:
        need(self.amount.is_finite() and self.amount >= 0, "field `amount` must be a number, and not negative")


class DenialReview(Fact, frozen=True, kw_only=True):
    """The review of a denial by a licensed professional who took no part in it (45 CFR 164.524(a)(4), (d)(4))."""

    requested_on: PartialDate | None = None
    official: str | None = None
    official_licensed: bool | None = None
    decision: Literal["uphold", "overturn"] | None = None
    decided_on: PartialDate | None = None


class Access(Item, frozen=True, kw_only=True):
    """What is asked of the holder, by whom, for whom, to what end; and what proves it."""

    LINKS: ClassVar = {
        "requested_by": ("*",),
        "recipient_party": ("Organization", "Role", "Practitioner", "RelatedPerson", "Patient"),
    }

    pathway: Literal["access", "disclosure"]
    requester: str
    """`patient`, `personal_representative`, `referring_physician`, `review_center`, ..."""
    recipient: str
    """`patient`, `review_center`, `attorney`, ..."""
    recipient_party: str
    """Local name of the organization or person that gets what is released."""
    purpose: str
    """`treatment`, `patient_request`, `payment`, ..."""
    requested_by: str | None = None
    recipient_is_provider: bool | None = None
    engaged_by_payer: bool | None = None
    """Whether a payer commissions the review: then it is payment, whatever it is called."""
    identity_verified: bool | None = None
    authority_verified: bool | None = None
    request_form: Literal["written", "electronic", "oral"] | None = None
    received_at: Moment | None = None
    holder_tz: str | None = None
    """IANA name of the holder's time zone: the day of receipt is local."""
    directive: Directive | None = None
    authorization: Authorization | None = None
    part2_consent: Part2Consent | None = None
    representative: Representation | None = None
    restrictions: tuple[Restriction, ...] = ()
    determinations: tuple[Determination, ...] = ()
    loan: Loan | None = None
    extensions: tuple[Extension, ...] = ()
    fees: tuple[Fee, ...] = ()
    review: DenialReview | None = None
    received_by_associate_at: Moment | None = None
    """When a business associate got the request, if one did before the holder."""
    written_required: bool | None = None
    informed_of_written_rule: bool | None = None
    actions: tuple[Literal["inspect", "copy"], ...] | None = None
    manner: Manner | None = None
    asserted_reason: str | None = None
    site_demands: tuple[str, ...] = ()
    minimum_necessary: MinimumNecessary | None = None
    involvement: Involvement | None = None
    minor: MinorPatient | None = None
    inmate: bool | None = None
    election: Election | None = None
    psychotherapy_authorization: Authorization | None = None
    """An authorization for psychotherapy notes beside the one for everything else (45 CFR 164.508(b)(3)(ii))."""
    counseling_notes_consent: Part2Consent | None = None
    proceedings_consent: Part2Consent | None = None
    court_order: CourtOrder | None = None
    research: ResearchRequest | None = None
    limited_data_set: LimitedDataSet | None = None
    required_by_law: bool | None = None
    state_consents: tuple[str, ...] = ()
    """Classes of data (hiv, genetic, ...) for which the written consent that state law wants is on file."""

    def check(self) -> None:
        Item.check(self)
        for name in ("received_at", "received_by_associate_at"):
            told: Moment | None = getattr(self, name)
            need(told is None or not told.floating, f"field `{name}` needs its UTC offset")
        general = self.authorization
        twice = self.psychotherapy_authorization and general is not None and general.psychotherapy_notes is True
        need(not twice, "`authorization` is for psychotherapy notes too: one of the two is enough")


class Notice(Item, frozen=True, kw_only=True):
    """What the holder tells the requester: received, extended, denied, asked elsewhere, or what is still missing.

    The kinds of 45 CFR 164.524(b)(2), (c)(4) and (d)(2)-(4), 164.526, 164.528 and 42 CFR 2.32; `about` are the request
    and what else it speaks of, `document` is the letter itself.
    """

    LINKS: ClassVar = {
        "recipient": ("Patient", "RelatedPerson", "Organization", "Role", "Practitioner"),
        "about": ("*",),
        "document": ("Document", "*"),
    }

    kind: Literal[
        "acknowledgement", "acceptance", "extension", "denial", "review-outcome", "redirect", "fee-notice",
        "request-for-information", "part2-statement", "accounting", "amendment-acceptance", "amendment-denial",
        "amendment-extension", "accounting-extension", "accounting-suspension",
    ]  # fmt: skip
    sent: Moment | None = None
    recipient: str | None = None
    text: str | None = None
    about: tuple[str, ...] = ()
    document: str | None = None

    def check(self) -> None:
        Item.check(self)
        need(self.text or self.document, "needs `text` or `document`")
