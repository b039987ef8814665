"""Values of the request side of the domain for hypothesis, and where their things are in FHIR."""

import datetime as dt
from typing import Any, cast
from uuid import UUID, uuid5

from hypothesis import strategies as st

from mappings.domain.access import (
    Access,
    Authorization,
    DenialReview,
    Determination,
    Directive,
    Loan,
    Notice,
    Part2Consent,
    Representation,
    Restriction,
)
from mappings.domain.assessment import DecisionFactors
from mappings.domain.audit import DisclosureRecord, GateRecord, Grounds, NetworkPoint, Withheld
from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.material import CustodyEvent
from mappings.domain.provenance import Agent, Origin
from mappings.domain.request import NEXT, PlannedTreatment, RequestEvent, ReviewRequest
from mappings.domain.values import Code, Concept, Identifier, Moment, PartialDate
from mappings.fhir.context import Writing
from mappings.terminology.rates import groups
from mappings.terminology.tables import table

SPACE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
ITEMS = ("report-1", "slide-1", "slide-2", "block-1", "study-1", "letter-1", "diagnosis-1", "coverage-1")
PARTIES = ("hospital", "center", "dr-first", "dr-second", "daughter")
SECONDARY = (
    "request-1",
    "request-1#task",
    "request-1#abort",
    "access-1",
    "access-1#task",
    "access-1#review",
    "access-1#consent",
    "access-1#consent-2",
    "access-1#consent-3",
    "event-1",
    "notice-1",
    "contents",
    "origin-1",
    "disclosure-1",
)
URLS = {name: f"urn:uuid:{uuid5(SPACE, name)}" for name in ("patient", *ITEMS, *PARTIES, *SECONDARY)}
WRITING = Writing(URLS)

WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S"), include_characters=" "), min_size=1, max_size=20
).filter(lambda words: words == words.strip())
DAYS = st.dates(dt.date(1995, 1, 1), dt.date(2090, 12, 31))
FLAGS = st.none() | st.booleans()
CLOCKS = st.times().map(lambda t: t.replace(microsecond=0).isoformat())
OFFSETS = st.sampled_from(("Z", "+00:00", "-05:00", "+05:30", "+14:00"))
DATES = st.builds(lambda day, length: PartialDate(day.isoformat()[:length]), DAYS, st.sampled_from((4, 7, 10)))
WHOLE_DATES = DAYS.map(lambda day: PartialDate(day.isoformat()))
INSTANTS = st.builds(lambda day, clock, offset: Moment(f"{day}T{clock}{offset}"), DAYS, CLOCKS, OFFSETS)
FLOATING = st.builds(lambda day, clock: Moment(f"{day}T{clock}.250"), DAYS, CLOCKS)
FLUENT = INSTANTS | DATES.map(Moment)
MOMENTS = FLUENT | FLOATING
CODES = st.builds(
    Code, system=st.just("http://example.org/codes"), code=st.sampled_from("abc"), display=st.none() | WORDS
)
CONCEPTS = st.builds(Concept, codes=st.tuples(CODES), text=st.none() | WORDS) | st.builds(Concept, text=WORDS)
IDENTIFIERS = st.builds(
    Identifier,
    system=st.sampled_from(("http://example.org/orders", "urn:oid:2.16.840.1.113883.19.5")),
    value=WORDS,
    kind=st.sampled_from((None, "PLAC", "FILL")),
)


def tuples_of(values: st.SearchStrategy[Any], least: int = 0, unique: bool = False) -> st.SearchStrategy[Any]:
    """Tuples of up to three of them."""
    return st.lists(values, min_size=least, max_size=3, unique=unique).map(tuple)


def words_of(name: str) -> st.SearchStrategy[str]:
    """The domain's words in a table."""
    return st.sampled_from(table(name).values)


def literal(*words: str) -> st.SearchStrategy[Any]:
    """One of the words, or None."""
    return st.sampled_from((None, *words))


@st.composite
def lives(draw: st.DrawFn) -> tuple[RequestEvent, ...]:
    """A life of a request: steps that may follow each other, in the order of time."""
    days = sorted(draw(st.lists(DAYS, max_size=6)))
    events: list[RequestEvent] = []
    before = "requested"
    for day in days:
        options = sorted(NEXT[before] | {before})
        before = draw(st.sampled_from(options))
        ending = draw(st.sampled_from(("", "T08:30:00Z", "T08:30:00-05:00", "T23:59:59.5")))
        details = literal(
            "awaiting-materials", "awaiting-information", "awaiting-interpretation", "preliminary-outcome"
        )
        event = {"status": before, "at": Moment(f"{day}{ending}")}
        events.append(RequestEvent(**cast(Any, event), detail=draw(details), reason=draw(st.none() | WORDS)))
    return tuple(events)


@st.composite
def requests(draw: st.DrawFn) -> ReviewRequest:
    """Any valid request."""
    urgency = draw(words_of("request-priority"))
    emergency = draw(words_of("emergency")) if urgency == "emergency" else None
    treatment = st.builds(
        PlannedTreatment,
        description=WORDS,
        code=st.none() | CONCEPTS,
        irreversible=st.booleans(),
        scheduled=st.none() | DATES,
        held=st.just(False) if emergency else st.booleans(),
    )
    fields: dict[str, Any] = {
        "id": "request-1",
        "scope": draw(words_of("request-scope")),
        "reasons": draw(tuples_of(words_of("request-reason"), 1, unique=True)),
        "question": draw(WORDS),
        "authored_on": draw(MOMENTS),
        "requester": draw(st.sampled_from(PARTIES)),
        "performer": draw(st.sampled_from(("center", "dr-second"))),
        "identifiers": draw(tuples_of(IDENTIFIERS)),
        "urgency": urgency,
        "emergency": emergency,
        "events": draw(lives()),
        "due": draw(st.none() | WHOLE_DATES),
        "planned_treatment": draw(st.none() | treatment),
        "factors": draw(st.none() | factors()),
        "coverage": "coverage-1",
        "diagnoses": draw(tuples_of(st.just("diagnosis-1"))),
        "supporting": draw(tuples_of(st.sampled_from(ITEMS), unique=True)),
    }
    return ReviewRequest(**fields)


def factors() -> st.SearchStrategy[DecisionFactors]:
    """Any decision factors, none stated included."""
    return st.builds(
        DecisionFactors,
        diagnostic_confidence=literal("low", "moderate", "high"),
        treatment_consequence=literal("reversible", "irreversible", "life-altering"),
        discordance_group=literal(*groups()),
        time_available=literal("hours", "days", "weeks", "no-limit"),
        coverage=literal("required-by-payer", "covered", "self-pay", "not-covered", "unknown"),
        patient_preference=literal("wants", "indifferent", "declines"),
    )


EXPIRIES = st.just("") | DATES.map(str) | st.sampled_from(("none", "end of the research study"))
TEXTS = st.just("") | WORDS
DOCUMENTS = st.sampled_from((None, "letter-1"))
DIRECTIVES = st.builds(
    Directive,
    written=st.booleans(),
    signed=st.booleans(),
    designee=TEXTS,
    address=TEXTS,
    signed_on=st.none() | DATES,
    document=DOCUMENTS,
)
AUTHORIZATIONS = st.builds(
    Authorization,
    description=TEXTS,
    discloser=TEXTS,
    recipient=TEXTS,
    purpose=TEXTS,
    expiry=EXPIRIES,
    signed=st.booleans(),
    signed_on=st.none() | DATES,
    signer=literal("patient", "personal_representative"),
    representative_authority_described=FLAGS,
    statement_revocation=FLAGS,
    statement_conditioning=FLAGS,
    statement_redisclosure=FLAGS,
    revoked_in_writing_on=st.none() | DATES,
    compound=FLAGS,
    conditioned=FLAGS,
    known_false=FLAGS,
    psychotherapy_notes=FLAGS,
    covers=st.none() | tuples_of(st.sampled_from(ITEMS), unique=True),
    document=DOCUMENTS,
)
PART2_CONSENTS = st.builds(
    Part2Consent,
    patient_named=st.booleans(),
    discloser=st.booleans(),
    description=st.booleans(),
    recipients=TEXTS,
    recipient_is_covered_entity=FLAGS,
    tpo_single_consent=FLAGS,
    hipaa_redisclosure_statement=FLAGS,
    purpose=TEXTS,
    revocation_right=FLAGS,
    expiry=EXPIRIES,
    signed=st.booleans(),
    signed_on=st.none() | DATES,
    redisclosure_potential_statement=FLAGS,
    refusal_consequences_statement=FLAGS,
    revoked_on=st.none() | DATES,
    document=DOCUMENTS,
)
ACCESSES = st.builds(
    Access,
    id=st.just("access-1"),
    pathway=words_of("access-pathway"),
    requester=st.sampled_from(("patient", "personal_representative", "referring_physician")),
    recipient=WORDS,
    recipient_party=st.sampled_from(PARTIES),
    purpose=words_of("purpose-of-use"),
    requested_by=st.none() | st.sampled_from(PARTIES),
    recipient_is_provider=FLAGS,
    engaged_by_payer=FLAGS,
    identity_verified=FLAGS,
    authority_verified=FLAGS,
    request_form=literal("written", "oral"),
    received_at=st.none() | FLUENT,
    holder_tz=literal("America/New_York"),
    directive=st.none() | DIRECTIVES,
    authorization=st.none() | AUTHORIZATIONS,
    part2_consent=st.none() | PART2_CONSENTS,
    representative=st.none() | st.builds(Representation, type=WORDS, scope=st.none() | WORDS),
    loan=st.none() | st.builds(Loan, agreement=st.booleans(), return_by=st.none() | DATES, custodian=st.none() | WORDS),
)
HELD_BACK = st.builds(
    lambda access, restriction, finding: (access, restriction, finding),
    ACCESSES,
    st.builds(Restriction, agreed=st.booleans(), blocks_recipient=st.just("zq-insurer"), items=st.just(("zq-note",))),
    st.builds(
        Determination,
        ground=st.just("endanger_life_or_safety"),
        professional=st.just("zq-finder"),
        applies_to=st.just(("zq-note",)),
    ),
)
CUSTODY_EVENTS = st.builds(
    CustodyEvent,
    id=st.just("event-1"),
    items=tuples_of(st.sampled_from(ITEMS[1:4]), 1),
    kind=words_of("custody-kind"),
    at=MOMENTS,
    by=literal("hospital", "dr-first"),
    to=literal("center"),
    carrier=st.none() | WORDS,
    tracking=st.none() | WORDS,
    due_back=st.none() | DATES,
    form=literal("recut", "loan", "transfer"),
    sections=st.none() | st.integers(1, 9999),
    note=st.none() | WORDS,
)
NOTICES = st.builds(
    Notice,
    id=st.just("notice-1"),
    kind=words_of("notice-kind"),
    sent=st.none() | MOMENTS,
    recipient=literal("patient", "daughter"),
    text=WORDS,
    about=tuples_of(st.sampled_from(("access-1#task", "report-1"))),
    document=DOCUMENTS,
)
CONTENTS = st.builds(
    CaseDocument,
    id=st.just("contents"),
    kind=words_of("document-type"),
    title=WORDS,
    date=MOMENTS,
    authors=tuples_of(st.sampled_from(PARTIES), 1),
    sections=st.lists(
        st.builds(ContentSection, kind=words_of("document-section"), entries=tuples_of(st.sampled_from(ITEMS), 1)),
        max_size=3,
        unique_by=lambda section: section.kind,
    ).map(tuple),
    custodian=literal("hospital"),
)
URIS = st.sampled_from(
    (
        "https://www.ecfr.gov/current/title-45/section-164.506#p-164.506(c)(2)",
        "https://www.ecfr.gov/current/title-42/section-2.33",
    )
)
ORIGINS = st.builds(
    Origin,
    id=st.just("origin-1"),
    targets=tuples_of(st.sampled_from(ITEMS), 1),
    recorded=INSTANTS,
    activity=words_of("origin-activity"),
    agents=tuples_of(
        st.builds(
            Agent,
            role=words_of("origin-role"),
            who=st.sampled_from(PARTIES),
            on_behalf_of=literal("hospital"),
        ),
        1,
    ),
    policies=tuples_of(URIS),
    sources=tuples_of(st.sampled_from(ITEMS)),
    removed=tuples_of(st.sampled_from(ITEMS)),
    occurred=st.none() | MOMENTS,
)
NETWORKS = st.builds(NetworkPoint, kind=st.sampled_from(("machine", "ip", "telephone", "email", "uri")), address=WORDS)
RECORDS = st.builds(
    DisclosureRecord,
    id=st.just("disclosure-1"),
    recorded=INSTANTS,
    outcome=words_of("audit-outcome"),
    source=st.just("hospital"),
    source_address=NETWORKS,
    recipient=st.sampled_from(("center", "dr-second", "daughter")),
    recipient_address=NETWORKS,
    released=tuples_of(st.sampled_from(ITEMS[:4]), 1, unique=True),
    withheld=st.lists(
        st.builds(
            Withheld,
            item=st.sampled_from((*ITEMS[4:], "no-resource.bin")),
            reason=st.just("psychotherapy-notes"),
            citation=literal("45 CFR 164.524(a)(1)(i)"),
        ),
        max_size=3,
        unique_by=lambda item: item.item,
    ).map(tuple),
    purpose=literal(*table("purpose-of-use").values),
    policies=tuples_of(URIS),
    outcome_text=st.none() | WORDS,
    accounting=literal("required", "exempt"),
)
GATES = st.builds(
    GateRecord,
    id=st.just("disclosure-1"),
    recorded=INSTANTS,
    permitted=st.booleans(),
    text=WORDS,
    holder=st.just("hospital"),
    address=NETWORKS,
    recipient=st.sampled_from(("center", "dr-second", "daughter", "patient")),
    recipient_organization=literal("center"),
    purpose=literal(*table("purpose-of-use").values),
    consents=tuples_of(
        st.sampled_from(("access-1#consent", "access-1#consent-2", "access-1#consent-3")), 1, unique=True
    ),
    grounds=tuples_of(st.builds(Grounds, code=st.sampled_from(("AUTH_EXPIRED", "AUTH_REVOKED")), citation=WORDS)),
    policies=tuples_of(URIS),
)
_OPEN = st.builds(DenialReview, requested_on=st.none() | DATES)
_NAMED = st.builds(
    DenialReview,
    requested_on=st.none() | DATES,
    official=WORDS.map(lambda words: f"Dr. {words}"),
    official_licensed=st.none() | st.just(True),
    decision=literal("uphold", "overturn"),
    decided_on=st.none() | DATES,
)
REVIEWS = st.tuples(_OPEN | _NAMED, tuples_of(WORDS.map(lambda words: f"First {words}"), unique=True))
"""A review with the names of the first deciders: what may be written."""
