"""Generated domain values: the small values, people and organizations, diagnoses, procedures, documents.

Texts are such as FHIR allows (no control characters, not padded, not empty). Links lead to names of `NAMES`, so that
`WRITING` knows where everything is.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from mappings.domain.clinical import Diagnosis, Procedure
from mappings.domain.material import Document, Endpoint
from mappings.domain.party import (
    PATIENT,
    Accreditation,
    Coverage,
    Organization,
    Patient,
    Practitioner,
    RelatedPerson,
    Role,
)
from mappings.domain.values import (
    Address,
    Code,
    Concept,
    Contact,
    Identifier,
    Moment,
    PartialDate,
    PersonName,
    Quantity,
    Span,
)
from mappings.fhir.context import URN, Writing
from mappings.identity import DEFAULT_NAMESPACE, resource_id

NAMES = (PATIENT, "item", "item#binary", "one", "two", "three")
WRITING = Writing({name: URN + resource_id(DEFAULT_NAMESPACE, "test", name) for name in NAMES})
"""Where the things of a test are: the item itself, its Binary, and what it may point at."""

ids = st.just("item")
links = st.sampled_from(("one", "two", "three"))
lists_of_links = st.lists(links, unique=True, max_size=2).map(tuple)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The strategy or None."""
    return st.none() | strategy


def some(strategy: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """A tuple of up to two."""
    return st.lists(strategy, min_size=least, max_size=2).map(tuple)


# --- values

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text
)
tokens = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,11}", fullmatch=True)

_days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(str)
_clocks = st.tuples(st.times(), st.sampled_from(("", ".5", ".250"))).map(lambda t: f"{t[0]:%H:%M:%S}{t[1]}")
_offsets = st.sampled_from(("Z", "+00:00", "-05:00", "+05:30", "+14:00"))
partial_dates = st.tuples(_days, st.sampled_from((4, 7, 10))).map(lambda t: PartialDate(t[0][: t[1]]))
instants = st.builds("{}T{}{}".format, _days, _clocks, _offsets).map(Moment)
floating = st.builds("{}T{}".format, _days, _clocks).map(Moment)
moments = st.one_of(partial_dates.map(Moment), instants, floating)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """A span; never one that ends before it starts, often one whose ends differ in precision only."""
    first, second = draw(moments), draw(moments)
    if draw(st.booleans()):
        second = Moment(first[: draw(st.sampled_from((4, 7, 10)))])
    for start, end in ((first, second), (second, first)):
        try:
            both = Span(start=start, end=end)
        except ValueError:
            continue
        return draw(st.sampled_from((both, Span(start=start), Span(end=end))))
    return Span(start=first)


codes = st.builds(
    Code,
    system=st.sampled_from(("http://snomed.info/sct", "http://loinc.org", "http://example.org/codes")),
    code=tokens,
    display=maybe(words),
    version=maybe(tokens),
)
concepts = st.one_of(
    st.builds(Concept, codes=some(codes, 1), text=maybe(words)),
    st.builds(Concept, text=words),
)
identifiers = st.builds(
    Identifier,
    system=st.sampled_from(("http://example.org/numbers", "urn:oid:2.16.840.1.113883.4.7")),
    value=tokens,
    kind=st.sampled_from((None, "MR", "ACSN", "PLAC", "FILL", "NPI", "MB")),
    assigner=maybe(words),
)
person_names = st.one_of(
    st.builds(
        PersonName,
        family=words,
        given=some(words),
        prefix=some(words),
        suffix=some(words),
        text=maybe(words),
        use=st.sampled_from((None, "usual", "official", "temp", "nickname", "anonymous", "old", "maiden")),
    ),
    st.builds(PersonName, text=words),
    st.builds(PersonName, given=some(words, 1)),
)
contacts = st.builds(
    Contact,
    system=st.sampled_from(("phone", "fax", "email", "pager", "url", "sms", "other")),
    value=words,
    use=st.sampled_from((None, "home", "work", "temp", "old", "mobile")),
)
addresses = st.builds(
    Address,
    lines=some(words),
    city=words,
    state=maybe(words | st.sampled_from(("MA", "PR", "Ontario"))),
    postal_code=maybe(words),
    country=maybe(words),
    use=st.sampled_from((None, "home", "work", "temp", "old", "billing")),
) | st.builds(Address, lines=some(words, 1))
quantities = st.builds(
    Quantity,
    value=st.decimals(Decimal("-1e9"), Decimal("1e9"), places=3),
    unit=maybe(words),
    code=maybe(st.sampled_from(("mm", "%", "1"))),
    comparator=st.sampled_from((None, "<", "<=", ">=", ">")),
)
languages = st.sampled_from(("en", "de-CH", "es"))

# --- people and organizations

_reached: dict[str, Any] = {"contacts": some(contacts), "addresses": some(addresses)}


def _patients(**more: Any) -> st.SearchStrategy[Patient]:
    return st.builds(
        Patient,
        identifiers=some(identifiers, 1),
        names=some(person_names, 1),
        birth_date=maybe(partial_dates),
        gender=st.sampled_from((None, "male", "female", "other", "unknown")),
        language=maybe(languages),
        **_reached,
        **more,
    )


patients = _patients(deceased=st.sampled_from((None, True, False))) | _patients(deceased_on=moments)
related_persons = st.builds(
    RelatedPerson,
    id=ids,
    names=some(person_names),
    relationship=st.sampled_from(
        ("guardian", "health_care_proxy", "power_of_attorney", "durable_power_of_attorney", "other")
    ),
    birth_date=maybe(partial_dates),
    **_reached,
)
practitioners = st.builds(Practitioner, id=ids, names=some(person_names), identifiers=some(identifiers), **_reached)
accreditations = st.builds(
    Accreditation,
    body=st.sampled_from(("cap", "coc", "nci-designated", "nci-comprehensive")),
    number=maybe(words),
    period=maybe(spans()),
)
organizations = st.builds(
    Organization,
    id=ids,
    name=words,
    kind=st.sampled_from(("provider", "laboratory", "review_center", "payer", "other")),
    identifiers=some(identifiers),
    accreditations=some(accreditations),
    contacts=some(contacts.filter(lambda contact: contact.use != "home")),
    addresses=some(addresses.filter(lambda address: address.use != "home")),
)
roles = st.builds(
    Role, id=ids, practitioner=links, organization=links, specialty=maybe(concepts), contacts=some(contacts)
)
coverages = st.builds(
    Coverage,
    id=ids,
    payer=links,
    member_id=words,
    status=st.sampled_from(("active", "cancelled", "draft", "entered-in-error")),
    relationship=st.sampled_from((None, "self", "spouse", "child", "parent", "other")),
    plan=maybe(words),
    period=maybe(spans()),
)
endpoints = st.builds(
    Endpoint,
    id=ids,
    address=tokens.map("https://images.example.org/{}".format),
    connection=st.sampled_from(("dicom-wado-rs", "dicom-qido-rs", "dicom-stow-rs", "hl7-fhir-rest")),
    status=st.sampled_from(("active", "suspended", "error", "off", "entered-in-error", "test")),
    name=maybe(words),
    organization=maybe(links),
)

# --- the cancer and what was done

diagnoses = st.builds(
    Diagnosis,
    id=ids,
    code=concepts,
    kind=st.sampled_from(("primary-cancer", "secondary-cancer", "other")),
    clinical_status=st.sampled_from(
        (None, "active", "recurrence", "relapse", "inactive", "remission", "resolved"),
    ),
    certainty=st.sampled_from((None, "unconfirmed", "provisional", "differential", "confirmed", "refuted")),
    identifiers=some(identifiers),
    morphology=maybe(concepts),
    body_site=maybe(concepts),
    laterality=st.sampled_from((None, "left", "right", "bilateral")),
    stage=maybe(concepts),
    onset=maybe(moments),
    recorded=maybe(moments),
    asserter=maybe(links),
    primary=maybe(links),
    evidence=lists_of_links,
    note=maybe(words),
)


def _procedures(**more: Any) -> st.SearchStrategy[Procedure]:
    return st.builds(
        Procedure,
        id=ids,
        code=concepts,
        status=st.sampled_from(("preparation", "not-done", "in-progress", "completed", "unknown")),
        identifiers=some(identifiers),
        performers=lists_of_links,
        body_site=maybe(concepts),
        reasons=lists_of_links,
        outcome=maybe(concepts),
        note=maybe(words),
        **more,
    )


procedures = _procedures(performed=maybe(moments)) | _procedures(period=spans())

# --- documents

paths = st.lists(words.filter(lambda word: not set(word) & set("/\\") and word not in (".", "..")), min_size=1).map(
    "/".join
)
documents = st.builds(
    Document,
    id=ids,
    path=paths,
    content_type=st.sampled_from(("application/pdf", "text/plain", "image/svs")),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    size=st.one_of(st.sampled_from((0, 1, 5_000_000, 5_000_001, 2**31 - 1, 2**31)), st.integers(0, 2**50)),
    kind=st.sampled_from(("pathology_report", "genetic_report", "ct_study", "other", "kept for another day")),
    title=maybe(words),
    date=maybe(moments),
    authors=lists_of_links,
    language=maybe(languages),
    period=maybe(spans()),
    about=lists_of_links,
)
