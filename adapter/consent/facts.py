"""The facts a decision is made on: what is known about one request, in the words of the law's tables.

Nothing here decides. A boolean that is absent is None, that is unknown, and no rule takes unknown for true; `held` alone
is true unless said otherwise, and `as_of` is the day of receipt unless said otherwise. Words for requester, recipient,
purpose and kind are free text: a word no rule knows leads to a pend, never to a crash and never to a permit.
Dates are calendar dates; `received_at` and `as_of` are a date or a date-time (with offset: read in `holder_tz`).
"""

import datetime as dt
import difflib
import re
from decimal import Decimal
from typing import Any, get_type_hints

import msgspec

from mappings.fhir.wire import dumps, loads
from mappings.problems import ProblemError, refuse

RULE = "consent.facts"
_PLAIN_MESSAGE = re.compile(r"(Expected `[\w| ]+`(, got `\w+`)?|Object missing required field `\w+`)\Z")


class _Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group of facts; every field may be absent."""


class Source(_Fact):
    """Where an item came from (45 CFR 164.524(a)(2)(v))."""

    is_provider: bool | None = None
    promised_confidentiality: bool | None = None
    access_would_reveal: bool | None = None


class Research(_Fact):
    """The four conditions of a suspended access during research (45 CFR 164.524(a)(2)(iii))."""

    includes_treatment: bool | None = None
    in_progress: bool | None = None
    agreed_to_suspension: bool | None = None
    told_of_reinstatement: bool | None = None


class Material(_Fact):
    """One item the law decides about.

    Attributes:
        id: the item's own id within the request, unique.
        kind: a row of kinds.csv; any other word is unknown and pends.
        maintained_in: ehr, other_electronic, paper or physical.
        in_drs: part of a designated record set (45 CFR 164.501).
        held: whether the holder has it; absent means it has.
        completed: a laboratory's report is final (42 CFR 493.1291(l)).
        duplicate_of: id of the item whose content this one repeats.
        data_class, data_classes: what state law may protect (hiv, genetic, ...); they add to what the kind has.
        topic: what care it is about, compared with the scope of a representative.
        received_under: how a Part 2 record came to the holder (`tpo_single_consent`).
    """

    id: str
    kind: str | None = None
    maintained_in: str | None = None
    in_drs: bool | None = None
    held: bool = True
    known_location: str | None = None
    completed: bool | None = None
    duplicate_of: str | None = None
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


class Directive(_Fact):
    """The individual's direction to send a copy to somebody (45 CFR 164.524(c)(3)(ii))."""

    written: bool | None = None
    signed: bool | None = None
    designee: str | None = None
    address: str | None = None


class Authorization(_Fact):
    """An authorization as 45 CFR 164.508 wants it; a boolean says whether the element is there and is about this case.

    `recipient` true means that it names this recipient; where the name itself is given (`recipient_named`) it is compared
    with the request's `recipient_name`. `covers` absent means all that was asked for. `expiry` is a date or an event.
    """

    description: bool | None = None
    discloser: bool | None = None
    recipient: bool | None = None
    recipient_named: str | None = None
    purpose: bool | None = None
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
    revoked_in_writing_on: dt.date | None = None
    covers: tuple[str, ...] | None = None


class Part2Consent(_Fact):
    """A written consent under 42 CFR 2.31(a); `tpo_single_consent` is the one for all treatment, payment, operations."""

    patient_named: bool | None = None
    discloser: bool | None = None
    description: bool | None = None
    recipients: str | None = None
    recipient_is_covered_entity: bool | None = None
    tpo_single_consent: bool | None = None
    hipaa_redisclosure_statement: bool | None = None
    purpose: str | None = None
    revocation_right: bool | None = None
    expiry: str | None = None
    signed: bool | None = None
    signed_on: dt.date | None = None
    redisclosure_potential_statement: bool | None = None
    refusal_consequences_statement: bool | None = None
    revoked_on: dt.date | None = None
    known_false: bool | None = None
    covers: tuple[str, ...] | None = None


class Representative(_Fact):
    """By what title somebody stands in for the individual, and for what (45 CFR 164.502(g))."""

    type: str | None = None
    scope: str | None = None


class Election(_Fact):
    """The holder's election not to treat a person as representative (45 CFR 164.502(g)(5))."""

    reasonable_belief: str | None = None
    best_interest_decision: bool | None = None


class Minor(_Fact):
    """Who consented to a minor's care and what state law says of a parent's access (45 CFR 164.502(g)(3))."""

    consented_alone: bool | None = None
    asked_parent: bool | None = None
    court_or_other_consent: bool | None = None
    confidentiality_assent: bool | None = None
    state_law: str | None = None
    licensed_decision: bool | None = None


class PatientFacts(_Fact):
    """What about the patient changes the law that applies."""

    unemancipated_minor: bool | None = None
    inmate: bool | None = None
    deceased_on: dt.date | None = None


class Holder(_Fact):
    """What the holder is in law."""

    covered_entity: bool | None = None
    clia_laboratory: bool | None = None
    correctional: bool | None = None
    acts_under_direction: bool | None = None
    federal_privacy_act: bool | None = None
    health_plan: bool | None = None
    part2_program: bool | None = None


class Determination(_Fact):
    """A ground of 45 CFR 164.524(a)(2)(ii) or (a)(3) that somebody asserts; no `applies_to` means every item."""

    ground: str | None = None
    by_licensed_professional: bool | None = None
    professional: str | None = None
    decided_on: dt.date | None = None
    applies_to: tuple[str, ...] = ()


class Review(_Fact):
    """The review of a reviewable denial (45 CFR 164.524(a)(4), (d)(4)); decision: overturn or uphold."""

    requested: bool | None = None
    official: str | None = None
    official_licensed: bool | None = None
    decision: str | None = None


class Restriction(_Fact):
    """A restriction the individual asked for (45 CFR 164.522(a)); what is not limited is blocked for all."""

    agreed: bool | None = None
    blocks_recipient: str | None = None
    applies_to: tuple[str, ...] = ()


class ExtensionNotice(_Fact):
    """A written statement that more time is needed (45 CFR 164.524(b)(2)(ii))."""

    sent_on: dt.date | None = None
    written: bool | None = None
    reasons: str | None = None
    promised_date: dt.date | None = None


class Fee(_Fact):
    """One line of a fee; amount in US dollars."""

    item: str | None = None
    amount: Decimal | None = None


class Loan(_Fact):
    """The loan of an original specimen: agreement, day of return, who keeps it meanwhile."""

    agreement: bool | None = None
    return_by: dt.date | None = None
    custodian: str | None = None


class Waiver(_Fact):
    """A waiver of authorization by an IRB or privacy board (45 CFR 164.512(i)(1)(i))."""

    documented: bool | None = None


class LimitedDataSet(_Fact):
    """What makes a limited data set (45 CFR 164.514(e))."""

    direct_identifiers_removed: bool | None = None
    data_use_agreement: bool | None = None


class Family(_Fact):
    """Family and friends involved in care (45 CFR 164.510(b))."""

    involved_before_death: bool | None = None
    contrary_preference_known: bool | None = None
    involved_in_care: bool | None = None
    individual_agreed: bool | None = None
    individual_objected: bool | None = None
    professional_judgment: bool | None = None


class StateRule(_Fact):
    """A stricter state rule for one class of data (45 CFR 160.203(b))."""

    written_consent_required: bool | None = None
    on_file: bool | None = None


class Amendment(_Fact):
    """What decides a request to amend (45 CFR 164.526(a)(2))."""

    created_here: bool | None = None
    originator_unavailable_reasonable_basis: bool | None = None
    in_drs: bool | None = None
    accessible: bool | None = None
    accurate_and_complete: bool | None = None


class Facts(_Fact):
    """All that is known about one request, for `decide`.

    Attributes:
        pathway: use, access, disclosure, amendment, accounting or retention.
        recipient_name: the name of the recipient, compared with the name in a directive, authorization or consent.
        engaged_by_payer: the reviewer is commissioned by a payer: then it is payment, whatever the label.
        received_at, as_of: a date or date-time as text; see the module.

    Raises:
        ProblemError: a material's id is empty or repeated, or a time is none.
    """

    pathway: str | None = None
    requester: str | None = None
    recipient: str | None = None
    recipient_name: str | None = None
    recipient_is_provider: bool | None = None
    engaged_by_payer: bool | None = None
    purpose: str | None = None
    request_form: str | None = None
    written_required: bool | None = None
    informed_of_written_rule: bool | None = None
    identity_verified: bool | None = None
    authority_verified: bool | None = None
    received_at: str | None = None
    holder_tz: str | None = None
    as_of: str | None = None
    materials: tuple[Material, ...] = ()
    patient: PatientFacts = PatientFacts()
    holder: Holder = Holder()
    representative: Representative | None = None
    election: Election | None = None
    minor: Minor | None = None
    family: Family | None = None
    directive: Directive | None = None
    authorization: Authorization | None = None
    psychotherapy_authorization: Authorization | None = None
    part2_consent: Part2Consent | None = None
    counseling_notes_consent: Part2Consent | None = None
    irb_waiver: Waiver | None = None
    limited_data_set: LimitedDataSet | None = None
    required_by_law: bool | None = None
    determinations: tuple[Determination, ...] = ()
    review: Review | None = None
    restrictions: tuple[Restriction, ...] = ()
    emergency: bool | None = None
    state_rules: dict[str, StateRule] = {}
    extension_notices: tuple[ExtensionNotice, ...] = ()
    loan: Loan | None = None
    fees: tuple[Fee, ...] = ()
    form_requested: str | None = None
    form_agreed: str | None = None
    readily_producible: tuple[str, ...] | None = None
    offered_in_lieu: str | None = None
    summary_agreed_in_advance: bool | None = None
    delivery: str | None = None
    risk_warning_given: bool | None = None
    still_prefers: bool | None = None
    asserted_reason: str | None = None
    site_demands: tuple[str, ...] = ()
    actions_requested: tuple[str, ...] | None = None
    scope: str | None = None
    entire_record_justification: str | None = None
    amendment: Amendment | None = None
    document: str | None = None
    created_on: dt.date | None = None
    last_in_effect_on: dt.date | None = None

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for number, item in enumerate(self.materials):
            where = f"$.materials[{number}].id"
            if not item.id.strip():
                raise refuse("required", where, "is empty; give each material an id", rule=RULE)
            if item.id in seen:
                raise refuse("duplicate", where, "repeats the id of an earlier material; ids are unique", rule=RULE)
            seen.add(item.id)
        for name in ("received_at", "as_of"):
            text: str | None = getattr(self, name)
            if text is not None:
                moment(text, f"$.{name}")


_DECODER = msgspec.json.Decoder(Facts)


def moment(text: str, where: str = "$") -> dt.date | dt.datetime:
    """Read a date or a date-time; a date-time keeps its offset.

    Raises:
        ProblemError: it is neither; `where` is named, the text is not.
    """
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError:
        message = "is neither a date (YYYY-MM-DD) nor a date-time with offset (YYYY-MM-DDThh:mm:ss+hh:mm)"
        raise refuse("value", where, message, rule=RULE) from None


def holder_use(materials: tuple[Material, ...]) -> Facts:
    """State the facts of the holder's own use inside its walls (45 CFR 164.506(c)(1)); nothing goes to anybody else."""
    return Facts(pathway="use", requester="holder", recipient="holder", purpose="operations", materials=materials)


def read_facts(data: bytes) -> Facts:
    """Read one facts object from JSON.

    Raises:
        ProblemError: not JSON, an unknown field, a wrong type, a repeated id; the path is named, no value is.
    """
    return facts_from(loads(data))


def facts_from(value: Any) -> Facts:
    """Read facts from parsed JSON.

    Raises:
        ProblemError: as `read_facts`.
    """
    try:
        return _DECODER.decode(dumps(value))
    except msgspec.ValidationError as error:
        raise _safe(str(error)) from None


def _safe(message: str) -> ProblemError:
    """Rewrite msgspec's message: it names the place, and for some faults it also prints the value."""
    text, _, place = message.partition(" - at `")
    where = place.rstrip("`") or "$"
    if text.startswith("Object contains unknown field"):
        return refuse("structure", where, _unknown_field(text), rule=RULE)
    if text.startswith("Invalid RFC3339"):
        return refuse("value", where, "is not a date; write YYYY-MM-DD", rule=RULE)
    if _PLAIN_MESSAGE.match(text):
        return refuse("structure", where, f"{text[0].lower()}{text[1:]}; correct the type", rule=RULE)
    return refuse("value", where, "does not hold what this field takes; see the schema of the facts", rule=RULE)


def _unknown_field(text: str) -> str:
    """Say that a field is unknown without printing it: a misplaced name may be a patient's."""
    given = text.partition("`")[2].rstrip("`")
    near = difflib.get_close_matches(given, FIELD_NAMES, n=1, cutoff=0.75)
    hint = f"; the nearest field is `{near[0]}`" if near else ""
    return f"has a field that facts do not have{hint}; correct or remove it"


def _field_names() -> tuple[str, ...]:
    return tuple(sorted({name for kind in (Facts, *_Fact.__subclasses__()) for name in get_type_hints(kind)}))


FIELD_NAMES = _field_names()
"""Every field of every group of facts."""
