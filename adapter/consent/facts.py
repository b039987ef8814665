"""The facts a decision is made on: what is known about one request, in the words of the law's tables.

Nothing here decides. A boolean that is absent is None, that is unknown, and no rule takes unknown for true; `held`
alone is true unless said otherwise, and `as_of` is the day of receipt unless said otherwise. Words for requester,
recipient, purpose and kind are free text: a word no rule knows leads to a pend, never to a crash, never to a permit.
Dates are calendar dates; `received_at` and `as_of` are a date or a date-time (with offset: read in `holder_tz`).
"""

import datetime as dt
import difflib
import re
from typing import Any, get_type_hints

import msgspec

from adapter.consent.foreign_facts import CarriedConsent
from adapter.consent.groups import (
    Amendment,
    AmendmentPart,
    Authorization,
    CourtOrder,
    Determination,
    Directive,
    Election,
    ExtensionNotice,
    Family,
    Fee,
    Group,
    Holder,
    LimitedDataSet,
    Loan,
    Material,
    Minor,
    Part2Consent,
    PatientFacts,
    PrivacyContact,
    Representations,
    Representative,
    Research,
    Restriction,
    Review,
    Source,
    StateRule,
    Waiver,
)
from adapter.consent.words import OWN_USES
from mappings.domain.native import type_in_words
from mappings.fhir.wire import dumps, loads
from mappings.problems import ProblemError, refuse

RULE = "consent.facts"
_MISSING = re.compile(r"Object missing required field `\w+`\Z")


class Facts(Group, frozen=True, kw_only=True):
    """All that is known about one request, for `decide`.

    Attributes:
        pathway: use, access, disclosure, amendment, accounting or retention.
        recipient_name: the name of the recipient, compared with the name in a directive, authorization or consent.
        engaged_by_payer: the reviewer is commissioned by a payer: then it is payment, whatever the label.
        received_at, as_of: a date or date-time as text; see the module.
        received_by_associate_at: when a business associate got the request, if one did before the holder.
        own_use: of the holder's own use, what it is: originator_treatment, training, legal_defense, conversion.

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
    own_use: str | None = None
    request_form: str | None = None
    written_required: bool | None = None
    informed_of_written_rule: bool | None = None
    identity_verified: bool | None = None
    authority_verified: bool | None = None
    received_at: str | None = None
    received_by_associate_at: str | None = None
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
    proceedings_consent: Part2Consent | None = None
    court_order: CourtOrder | None = None
    irb_waiver: Waiver | None = None
    representations: Representations | None = None
    limited_data_set: LimitedDataSet | None = None
    required_by_law: bool | None = None
    determinations: tuple[Determination, ...] = ()
    review: Review | None = None
    restrictions: tuple[Restriction, ...] = ()
    carried_consents: tuple[CarriedConsent, ...] = ()
    emergency: bool | None = None
    state_rules: dict[str, StateRule] = msgspec.field(default_factory=dict)
    extension_notices: tuple[ExtensionNotice, ...] = ()
    loan: Loan | None = None
    fees: tuple[Fee, ...] = ()
    form_requested: str | None = None
    form_agreed: str | None = None
    electronic_offers_refused: bool | None = None
    readily_producible: tuple[str, ...] | None = None
    offered_in_lieu: str | None = None
    summary_agreed_in_advance: bool | None = None
    summary_fee_agreed: bool | None = None
    delivery: str | None = None
    risk_warning_given: bool | None = None
    still_prefers: bool | None = None
    device_risk_found: bool | None = None
    asserted_reason: str | None = None
    site_demands: tuple[str, ...] = ()
    actions_requested: tuple[str, ...] | None = None
    scope: str | None = None
    entire_record_justification: str | None = None
    amendment: Amendment | None = None
    amendment_parts: tuple[AmendmentPart, ...] = ()
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
        for name in ("received_at", "received_by_associate_at", "as_of"):
            text: str | None = getattr(self, name)
            if text is not None:
                moment(text, f"$.{name}")
        days = {"created_on": self.created_on, "last_in_effect_on": self.last_in_effect_on}
        for name, day in (days | {"patient.deceased_on": self.patient.deceased_on}).items():
            if day is not None:
                _countable(day, f"$.{name}")


_DECODER = msgspec.json.Decoder(Facts)


def moment(text: str, where: str = "$") -> dt.date | dt.datetime:
    """Read a date or a date-time; a date-time keeps its offset.

    Raises:
        ProblemError: it is neither; `where` is named, the text is not.
    """
    try:
        value = dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)
    except ValueError:
        message = "is neither a date (YYYY-MM-DD) nor a date-time with offset (YYYY-MM-DDThh:mm:ss+hh:mm)"
        raise refuse("value", where, message, rule=RULE) from None
    _countable(value, where)
    return value


def _countable(day: dt.date, where: str) -> None:
    """Refuse a day at the edge of the calendar, from which neither a term nor another zone can be counted."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        message = f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}, in which terms can be counted; correct the year"
        raise refuse("value", where, message, rule=RULE)


FIRST_YEAR, LAST_YEAR = 1000, 9000


def holder_use(materials: tuple[Material, ...], own_use: str = "conversion") -> Facts:
    """State the facts of the holder's own use inside its walls (45 CFR 164.506(c)(1)); nothing goes to anybody else.

    `own_use` is a word of OWN_USES: what the use is, where notes with a paper of their own are among the materials.
    """
    purpose = OWN_USES[own_use]
    return Facts(
        pathway="use", requester="holder", recipient="holder", purpose=purpose, own_use=own_use, materials=materials
    )


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
    if words := type_in_words(text):
        return refuse("structure", where, words, rule=RULE)
    if _MISSING.match(text):
        return refuse("structure", where, f"{text[0].lower()}{text[1:]}; add it", rule=RULE)
    return refuse("value", where, "does not hold what this field takes; see the schema of the facts", rule=RULE)


def _unknown_field(text: str) -> str:
    """Say that a field is unknown without printing it: a misplaced name may be a patient's."""
    given = text.partition("`")[2].rstrip("`")
    near = difflib.get_close_matches(given, FIELD_NAMES, n=1, cutoff=0.75)
    hint = f"; the nearest field is `{near[0]}`" if near else ""
    return f"has a field that facts do not have{hint}; correct or remove it"


def _field_names() -> tuple[str, ...]:
    return tuple(sorted({name for kind in Group.__subclasses__() for name in get_type_hints(kind)}))


FIELD_NAMES = _field_names()
"""Every field of every group of facts."""

__all__ = [
    "Amendment",
    "Authorization",
    "CourtOrder",
    "Determination",
    "Directive",
    "Election",
    "ExtensionNotice",
    "Facts",
    "Family",
    "Fee",
    "Holder",
    "LimitedDataSet",
    "Loan",
    "Material",
    "Minor",
    "Part2Consent",
    "PatientFacts",
    "PrivacyContact",
    "Representations",
    "Representative",
    "Research",
    "Restriction",
    "Review",
    "Source",
    "StateRule",
    "Waiver",
    "facts_from",
    "holder_use",
    "moment",
    "read_facts",
]
