"""The items and parties of a case as the provisions of a Consent may name them."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from adapter.consent.facts import Material as Item
from adapter.consent.foreign import objects
from adapter.consent.foreign_parties import Number, Party, Thing, codings, number_of
from adapter.consent.forms import Forms, every_form
from adapter.consent.labels import labels_of
from adapter.consent.law import data_classes_of, is_part2
from adapter.consent.names import PHYSICAL
from adapter.holding import Loaded
from mappings.domain.case import Case
from mappings.domain.party import PATIENT
from mappings.domain.values import Identifier, Moment, PartialDate
from mappings.fhir.carried import Carried
from mappings.fhir.wire import Json

_OPAQUE = frozenset(("DocumentReference", "Binary", "Media", "Bundle", "Composition", "Parameters", "Basic"))
_TYPES = {
    "ReviewRequest": "ServiceRequest",
    "Report": "DiagnosticReport",
    "Document": "DocumentReference",
    "Diagnosis": "Condition",
    "Part": "Specimen",
    "Block": "Specimen",
    "Slide": "Specimen",
    "Concordance": "Observation",
}
"""FHIR resource type of a native item, where its own name is not that."""
_DATES = (
    "effectiveDateTime", "effectiveInstant", "issued", "date", "started", "authoredOn", "recordedDate", "onsetDateTime",
    "performedDateTime", "occurrenceDateTime", "created", "dateTime", "receivedTime",
)  # fmt: skip


def things_of(loaded: Loaded, items: Iterable[Item], forms: Forms) -> tuple[Thing, ...]:
    """Every item, in their order; the glass of a slide is what the slide is."""
    carried = {item.full_url: item for item in loaded.carried}
    native = {item.id: item for item in (loaded.case.request, *loaded.case.items())}
    return tuple(_thing(item, carried, native, forms) for item in items)


def _thing(item: Item, carried: Mapping[str, Carried], native: Mapping[str, object], forms: Forms) -> Thing:
    name = item.id.removesuffix(PHYSICAL)
    same = every_form((name,), forms)
    classes = data_classes_of(item) | ({"sud"} if is_part2(item) else set())
    plain = Thing(id=item.id, urls=frozenset(same), classes=classes)
    if name in carried:
        return _of_carried(plain, carried[name])
    return _of_native(plain, native.get(name))


def _of_carried(plain: Thing, item: Carried) -> Thing:
    resource = item.resource
    coded = (resource.get("code"), resource.get("type"), *objects(resource.get("category")))
    return msgspec.structs.replace(
        plain,
        type=item.type,
        opaque=item.type in _OPAQUE or "presentedForm" in resource,
        numbers=frozenset(_numbers(resource)),
        labels=labels_of(resource, item.labels),
        codes=frozenset((system, code) for one in coded for system, code in codings(one) if system and code),
        dates=tuple(value for member in _DATES if isinstance(value := resource.get(member), str)),
    )


def _numbers(resource: Json) -> Iterator[Number]:
    for one in (resource.get("masterIdentifier"), *objects(resource.get("identifier"))):
        number = number_of(one)
        if number is not None:
            yield number


def _of_native(plain: Thing, item: object) -> Thing:
    if not isinstance(item, msgspec.Struct):
        return msgspec.structs.replace(plain, opaque=True)
    kind = type(item).__name__
    held = [getattr(item, field) for field in item.__struct_fields__]
    numbers = [n for value in held if isinstance(value, tuple) for n in value if isinstance(n, Identifier)]
    return msgspec.structs.replace(
        plain,
        type=_TYPES.get(kind, kind),
        opaque=kind in ("Document", "Report"),
        numbers=frozenset((n.system, n.value) for n in numbers),
        dates=tuple(_date(value) for value in held if isinstance(value, (Moment, PartialDate))),
    )


def _date(value: Moment | PartialDate) -> str:
    """As FHIR writes it: of a time without offset the date alone."""
    return str(value.date) if isinstance(value, Moment) and value.floating else str(value)


# --- parties


def parties_of(loaded: Loaded) -> dict[str, Party]:
    """fullUrl -> who that is, of every resource that came; what leads to a person or organization leads to it."""
    carried = {item.full_url: item for item in loaded.carried}
    found = {url: _party(item, carried, loaded) for url, item in carried.items()}
    return found | {alias: found[url] for alias, url in loaded.aliases.items() if url in found}


def _party(item: Carried, carried: dict[str, Carried], loaded: Loaded) -> Party:
    if item.type != "PractitionerRole":
        return _plain_party(item)
    resource = item.resource
    led = resource.get("practitioner", resource.get("organization"))
    literal = led.get("reference") if isinstance(led, dict) else None
    url = item.resolve(literal) if isinstance(literal, str) else ""
    other = carried.get(loaded.aliases.get(url, url))
    plain = Party(urls=frozenset([item.full_url]), numbers=frozenset(_numbers(resource)), person=True)
    if other is None or other.type == "PractitionerRole":
        return plain
    party = _plain_party(other)
    return msgspec.structs.replace(party, urls=party.urls | plain.urls, numbers=party.numbers | plain.numbers)


def _plain_party(item: Carried) -> Party:
    return Party(
        urls=frozenset([item.full_url]),
        numbers=frozenset(_numbers(item.resource)),
        names=frozenset(_spoken(item.resource.get("name"))),
        patient=item.type == "Patient",
        person=item.type != "Organization",
        signs=item.type == "RelatedPerson",
    )


def _spoken(name: object) -> Iterator[str]:
    if isinstance(name, str) and name.strip():
        yield plain_name(name)
    for one in objects(name):
        given = one.get("given")
        parts = [*(given if isinstance(given, list) else []), one.get("family")]
        told = one.get("text") or " ".join(part for part in parts if isinstance(part, str))
        if isinstance(told, str) and told.strip():
            yield plain_name(told)


def plain_name(name: str) -> str:
    """A name as people compare it: case and spacing do not matter."""
    return " ".join(name.split()).casefold()


def native_parties(case: Case, name: str | None) -> tuple[Party, ...]:
    """Who a local name of the case is: of a role both the person and the organization."""
    if name == PATIENT:
        numbers = frozenset((n.system, n.value) for n in case.patient.identifiers)
        return (Party(urls=frozenset([PATIENT]), numbers=numbers, patient=True, person=True),)
    role = next((role for role in case.roles if role.id == name), None)
    if role is not None:
        return (*native_parties(case, role.practitioner), *native_parties(case, role.organization))
    for organization in case.organizations:
        if organization.id == name:
            numbers = frozenset((n.system, n.value) for n in organization.identifiers)
            return (Party(urls=frozenset([name]), numbers=numbers, names=frozenset([plain_name(organization.name)])),)
    people = ((p.id, p.names, p.identifiers) for p in case.practitioners)
    for own, names, identifiers in (*people, *((p.id, p.names, ()) for p in case.related_persons)):
        if own == name:
            numbers = frozenset((n.system, n.value) for n in identifiers)
            told = frozenset(plain_name(one.label) for one in names)
            return (Party(urls=frozenset([name]), numbers=numbers, names=told, person=True),)
    return ()
