"""What came as FHIR and travels as it came: a compact list by type of what can be read of each resource.

The JSON is foreign: nothing about its shape is taken for granted, and its narrative is never shown.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapter.viewer.index import Index
from adapter.viewer.markup import Child, Html, el, fragment, items, section, table
from adapter.viewer.say import count, day, number, when
from mappings.fhir.carried import Carried
from mappings.fhir.wire import Json

NAMES = (
    "code", "vaccineCode", "medicationCodeableConcept", "type", "class", "serviceType", "scope", "category",
    "name", "title", "description",
)  # fmt: skip
"""Members that say what a resource is, the most telling first."""
DATES = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "performedDateTime", "performedPeriod",
    "onsetDateTime", "onsetPeriod", "occurrenceDateTime", "occurrencePeriod", "authoredOn", "recordedDate", "started",
    "period", "date", "dateTime", "issued", "recorded", "created", "assertedDate", "sent", "birthDate",
)  # fmt: skip
"""Members that say when, the clinically relevant first."""


def carried(index: Index) -> Html | None:
    """The section, or None where nothing came as FHIR."""
    found: dict[str, list[Carried]] = {}
    for resource in index.release.carried:
        found.setdefault(resource.type, []).append(resource)
    if not found:
        return None
    lists = [fragment(el("h3", f"{kind} ({len(found[kind])})"), _table(kind, found[kind])) for kind in sorted(found)]
    told = count(len(index.release.carried), "resource")
    intro = el("p", f"{told} came as FHIR and travel as they came; bundle.json holds them whole.", class_="quiet")
    return section("records", "Records as received", intro, *lists)


def _table(kind: str, group: list[Carried]) -> Html | None:
    rows: list[list[Child]] = []
    dated = sorted(group, key=lambda c: c.full_url)
    for one in sorted(dated, key=lambda c: date_of(c.resource) or "", reverse=True):
        rows.append(
            [_name(one), items(list(_values(one.resource)), "plain") or "–", when(date_of(one.resource)) or "–"]
        )
    return table(f"{kind}: what can be read of each", ["What", "Value or status", "Date"], rows, "records")


def _name(one: Carried) -> Html:
    told = next((text for member in NAMES if (text := words(one.resource.get(member)))), None)
    return fragment(told or one.type)


def words(value: Any) -> str | None:
    """The words of a CodeableConcept, Coding, HumanName, text, or a list of them; None where there are none."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        told = [text for item in value if (text := words(item))]
        return ", ".join(dict.fromkeys(told)) or None
    if not isinstance(value, dict):
        return None
    coded = words(value.get("coding")) if isinstance(value.get("coding"), list) else None
    own = _text(value, "text") or coded or _text(value, "display")
    return own or _person(value) or _text(value, "code")


def _person(value: Json) -> str | None:
    given = value.get("given")
    parts = [p for p in (given if isinstance(given, list) else []) if isinstance(p, str)]
    family = _text(value, "family")
    return " ".join([*parts, *([family] if family else [])]) or None


def _text(value: Json, member: str) -> str | None:
    found = value.get(member)
    return (found.strip() or None) if isinstance(found, str) else None


def date_of(resource: Json) -> str | None:
    """The date of a resource as its source wrote it."""
    for member in DATES:
        value = resource.get(member)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str) and value:
            return value
    return None


def _values(resource: Json) -> Iterator[Html]:
    if (own := amount(resource)) is not None:
        yield fragment(own)
    components = resource.get("component")
    for part in components if isinstance(components, list) else ():
        if isinstance(part, dict) and (own := amount(part)) is not None:
            yield fragment(words(part.get("code")) or "component", ": ", own)
    said = words(resource.get("interpretation")) or _text(resource, "conclusion")
    if said:
        yield fragment(said)
    for member in ("clinicalStatus", "verificationStatus", "status"):
        if state := words(resource.get(member)):
            yield el("span", state, class_="quiet")


def amount(holder: Json) -> str | None:
    """The value of an Observation or of a component, in words."""
    for member, value in holder.items():
        if not member.startswith("value"):
            continue
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | Decimal):
            return _number(value)
        if isinstance(value, str):
            return day(value)
        if isinstance(value, dict):
            return _quantity(value) or words(value)
    return words(holder.get("dataAbsentReason"))


def _quantity(value: Json) -> str | None:
    found = value.get("value")
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        return None
    told = (_text(value, "comparator"), _number(found), _text(value, "unit") or _text(value, "code"))
    return " ".join(p for p in told if p)


def _number(value: int | Decimal) -> str:
    return number(value) if isinstance(value, Decimal) else str(value)
