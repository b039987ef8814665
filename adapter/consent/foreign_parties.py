"""Who and what a Consent may name: the question that is asked of it, its items, and who a Reference means."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from adapter.consent.foreign_readings import SHIPPED, Readings
from adapter.consent.foreign_time import Edge
from mappings.fhir.wire import Json

NPI = "http://hl7.org/fhir/sid/us-npi"
Number = tuple[str, str]


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is: fullUrls, numbers (issuer, value), names in lower case.

    `person` is a practitioner, who may work at an organization: another number tells such a pair nothing. `patient` and
    `signs` (a RelatedPerson) are who may agree to a Consent.
    """

    urls: frozenset[str] = frozenset()
    numbers: frozenset[Number] = frozenset()
    names: frozenset[str] = frozenset()
    patient: bool = False
    person: bool = False
    signs: bool = False


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One item, as a provision may name it.

    Attributes:
        id: the name of the item in the case.
        type: its FHIR resource type; opaque where it is a file or attachment that may hold anything.
        urls: every fullUrl that means it or another form of it.
        labels: codes of its security labels, case folded.
        classes: classes of data (hiv, genetic, ...) by label, code or line of the case.
        codes: (system, code) of what it is.
        dates: FHIR dates of when it was made or observed.
    """

    id: str
    type: str | None = None
    opaque: bool = False
    urls: frozenset[str] = frozenset()
    numbers: frozenset[Number] = frozenset()
    labels: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    codes: frozenset[Number] = frozenset()
    dates: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: when, who sends, who receives, what for.

    Attributes:
        now: the moment of the decision, as (earliest, latest) where it is not known to the instant.
        zone: IANA name of the holder's time zone.
        recipients, holders: the parties through which it is received and sent.
        purposes: the words of the request's purpose; of several nobody can tell which it is.
        resolve: a literal reference of the Consent -> the fullUrl it means.
        parties: fullUrl -> who that is, of all that is in the case.
        held: every fullUrl in the case.
        readings: how it is read where the text leaves it open.
    """

    now: Edge
    zone: str | None = None
    recipients: tuple[Party, ...] = ()
    holders: tuple[Party, ...] = ()
    purposes: frozenset[str] = frozenset()
    resolve: Callable[[str], str] = str
    parties: Mapping[str, Party] = msgspec.field(default_factory=dict)
    held: frozenset[str] = frozenset()
    readings: Readings = SHIPPED


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True as soon as one is, None while one is unknown, else False."""
    told = list(answers)
    return True if any(one is True for one in told) else None if None in told else False


def codings(concept: object) -> list[tuple[str | None, str | None]]:
    """(system, code) of a CodeableConcept or a Coding; what has another shape has none."""
    if not isinstance(concept, dict):
        return []
    inner = concept.get("coding")
    told = [one for one in (inner if isinstance(inner, list) else [concept]) if isinstance(one, dict)]
    return [(text(one.get("system")), text(one.get("code"))) for one in told]


def text(value: object) -> str | None:
    """The value where it is a text."""
    return value if isinstance(value, str) else None


def is_one_of(reference: Json, parties: tuple[Party, ...], asked: Question) -> bool | None:
    """Whether a Reference means one of the parties."""
    party = party_of(reference, asked)
    if party is None or not parties:
        return None
    return any_of(_same(party, other, asked.readings) for other in parties)


def party_of(reference: Json, asked: Question) -> Party | None:
    """Who a Reference means by what it leads to in the case and by its identifier; None where by neither."""
    literal, number = reference.get("reference"), number_of(reference.get("identifier"))
    led = asked.parties.get(asked.resolve(literal)) if isinstance(literal, str) else None
    numbers = frozenset([number]) if number else frozenset()
    if led is None:
        return Party(numbers=numbers) if numbers else None
    return msgspec.structs.replace(led, numbers=led.numbers | numbers)


def _same(one: Party, other: Party, readings: Readings) -> bool | None:
    named = readings.consent_equal_name_is_same and one.names & other.names
    if one.urls & other.urls or one.numbers & other.numbers or named:
        return True
    if one.patient or other.patient:
        return one.patient and other.patient
    npis = [{value for system, value in party.numbers if system == NPI} for party in (one, other)]
    return False if all(npis) and one.person is other.person else None


def number_of(identifier: object) -> Number | None:
    """(issuer, value) of an Identifier that has both."""
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system"), identifier.get("value")
    return (system, value) if isinstance(system, str) and isinstance(value, str) else None
