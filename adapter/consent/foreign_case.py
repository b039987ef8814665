"""The Consents that a case carries, as facts of the law: what they deny is honoured without anybody naming them.

What one permits carries a release only where a paper under `access` names it as its `document`; then the paper reaches
no further than the Consent. A Consent that permits and that nobody names changes nothing.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from adapter.consent.facts import Material as Item
from adapter.consent.facts import moment
from adapter.consent.foreign import ANY, Said, objects, provisions_of, says
from adapter.consent.foreign_facts import CarriedConsent
from adapter.consent.foreign_papers import lacks
from adapter.consent.foreign_parties import Question, Thing, number_of
from adapter.consent.foreign_readings import SHIPPED, Readings
from adapter.consent.foreign_things import native_parties, parties_of, things_of
from adapter.consent.foreign_time import Edge, begun, edges
from adapter.consent.forms import Forms
from adapter.consent.names import Names, kept_back, meant
from adapter.consent.papers import PAPERS
from adapter.holding import Loaded
from mappings.domain.access import Access
from mappings.fhir.carried import Carried
from mappings.fhir.wire import Json

_FACTS = {"authorization": ("authorization", "psychotherapy_authorization")} | {
    paper: (paper,) for paper in PAPERS if paper not in ("directive", "authorization")
}
"""Papers that are limited to items -> the facts they may be."""
_REPLACED = Said(may=frozenset(("silent",)), rules=("superseded",))
_REFUSED = Said(may=ANY, rules=("refused",))


def with_consents(
    loaded: Loaded, access: Access, items: tuple[Item, ...], papers: dict[str, Any], as_of: str, names: Names,
    forms: Forms, readings: Readings = SHIPPED,
) -> dict[str, Any]:  # fmt: skip
    """The facts of the papers, limited by the Consents they name, with what all Consents of the case say."""
    consents, refused = _consents(loaded.carried), _consents(loaded.unread)
    if not consents and not refused:
        return papers
    things, asked = things_of(loaded, items, forms), _question(loaded, access, as_of, readings)
    said = {f"{one.full_url}#refused": [_REFUSED for _ in things] for one in refused}
    told = {item.full_url: item.resource for item in consents}
    over = superseded(told, asked.zone) if readings.consent_later_replaces_same_number else frozenset()
    for consent in consents:
        here, ours = _asked_of(consent, asked, loaded), _is_ours(consent, loaded)
        replaced = consent.full_url in over
        said[consent.full_url] = [_REPLACED if replaced else says(consent.resource, t, here, ours) for t in things]
    if not readings.consent_denial_beats_later_permit:
        said = _lifted(said, told, asked.zone)
    carried = list(_denials(said, things, names, forms))
    for paper in PAPERS:
        wanted = getattr(getattr(access, paper), "document", None)
        for consent in (c for c in consents if wanted and c.full_url in (wanted, *meant(wanted, names))):
            lacking = lacks(consent.resource, _asked_of(consent, asked, loaded), PAPERS[paper])
            carried += _failing(consent, paper, lacking, said[consent.full_url], things)
            permitted = [t.id for t, s in zip(things, said[consent.full_url], strict=True) if s.permits and not lacking]
            papers = _limited(papers, paper, permitted)
    return papers | {"carried_consents": tuple(carried)}


def _consents(resources: tuple[Carried, ...]) -> tuple[Carried, ...]:
    """The Consents among them, also those that another resource contains: they are named `URL#id`."""
    found = [item for item in resources if item.resource.get("resourceType") == "Consent"]
    for item in resources:
        inner = (one for one in objects(item.resource.get("contained")) if one.get("resourceType") == "Consent")
        for number, one in enumerate(inner):
            name = f"{item.full_url}#{one.get('id', number)}"
            found.append(msgspec.structs.replace(item, full_url=name, resource=one))
    return tuple(found)


def named_in_denials(loaded: Loaded) -> frozenset[str]:
    """The fullUrls of what a Consent names as data that it may deny: items, though they only support others."""
    found: set[str] = set()
    for consent in _consents(loaded.carried):
        if consent.resource.get("status") in ("inactive", "entered-in-error"):
            continue
        denying = (one for one in provisions_of(consent.resource.get("provision")) if one.get("type") != "permit")
        told = (data.get("reference") for one in denying for data in objects(one.get("data")))
        literals = (one.get("reference") for one in told if isinstance(one, dict))
        urls = [consent.resolve(literal) for literal in literals if isinstance(literal, str)]
        found.update(loaded.aliases.get(url, url) for url in urls)
    return frozenset(found)


def _denials(
    said: Mapping[str, list[Said]], things: tuple[Thing, ...], names: Names, forms: Forms
) -> Iterator[CarriedConsent]:
    """What each Consent denies and what it may deny, with every other form of these items."""
    for url, all_ in said.items():
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for thing, one in zip(things, all_, strict=True):
            if one.denies:
                found.setdefault(("denies", ("denies",)), []).append(thing.id)
            elif one.may_deny:
                found.setdefault(("unclear", one.rules), []).append(thing.id)
        for (word, rules), ids in found.items():
            yield CarriedConsent(id=url, says=word, rules=rules, applies_to=kept_back(ids, names, forms))


def _failing(
    consent: Carried, paper: str, lacking: tuple[str, ...], said: list[Said], things: tuple[Thing, ...]
) -> Iterator[CarriedConsent]:
    """The items that a Consent was named for and cannot carry."""
    found: dict[tuple[str, ...], list[str]] = {}
    for thing, one in zip(things, said, strict=True):
        if lacking or not one.permits:
            covered = () if one.permits else one.rules or ("not-covered",)
            found.setdefault((*covered, *lacking), []).append(thing.id)
    for rules, ids in found.items():
        yield CarriedConsent(id=consent.full_url, says="no_authority", rules=rules, paper=paper, applies_to=tuple(ids))


def _limited(papers: dict[str, Any], paper: str, permitted: list[str]) -> dict[str, Any]:
    changed = dict(papers)
    for fact in _FACTS.get(paper, ()):
        held = changed.get(fact)
        if held is not None:
            reach = permitted if held.covers is None else [name for name in held.covers if name in permitted]
            changed[fact] = msgspec.structs.replace(held, covers=tuple(reach))
    return changed


# --- the question


def _question(loaded: Loaded, access: Access, as_of: str, readings: Readings) -> Question:
    zone = access.holder_tz if readings.consent_day_is_local else "UTC"
    purpose = "payment" if access.engaged_by_payer is True else access.purpose
    return Question(
        now=now_of(as_of, zone),
        zone=zone,
        readings=readings,
        recipients=native_parties(loaded.case, access.recipient_party),
        holders=native_parties(loaded.case, loaded.case.holder),
        purposes=frozenset([purpose]),
        parties=parties_of(loaded),
        held=frozenset(item.full_url for item in loaded.carried) | frozenset(loaded.aliases),
    )


def now_of(as_of: str, zone: str | None) -> Edge:
    """The moment of a decision; a date is any moment of that day, a time without offset any place's."""
    value = moment(as_of)
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value, value
    day = edges(as_of[:10], zone)
    assert day is not None  # moment() has read it
    return day[0][0], day[1][1]


def _asked_of(consent: Carried, asked: Question, loaded: Loaded) -> Question:
    """The question with this Consent's own way of resolving references."""

    def resolve(literal: str) -> str:
        url = consent.resolve(literal)
        return loaded.aliases.get(url, url)

    return msgspec.structs.replace(asked, resolve=resolve)


def _is_ours(consent: Carried, loaded: Loaded) -> bool | None:
    """Whether it is about the patient: everybody in a case is; one whose person is not here nobody can tell."""
    url = consent.full_url.partition("#")[0]
    owner = loaded.owners.of[url]
    unknown = owner == "nobody" or (owner == "unknown" and url in loaded.unowned)
    return None if unknown or "patient" not in consent.resource else True


# --- several of them


def superseded(consents: Mapping[str, Json], zone: str | None) -> frozenset[str]:
    """The names of those that a later one with the same identifier replaces; without an order of times, none."""
    by_number: dict[object, list[str]] = {}
    for name, consent in consents.items():
        for number in {number_of(one) for one in objects(consent.get("identifier"))} - {None}:
            by_number.setdefault(number, []).append(name)
    return frozenset(
        name
        for names in by_number.values()
        for name in names
        if any(_later(consents[other], consents[name], zone) for other in names if other != name)
    )


def _lifted(said: dict[str, list[Said]], consents: Mapping[str, Json], zone: str | None) -> dict[str, list[Said]]:
    """What each says, where a later one that permits in every reading lifts what an earlier one denies or may deny."""

    def now(name: str, number: int, one: Said) -> Said:
        later = (o for o in consents if name in consents and _later(consents[o], consents[name], zone))
        return _REPLACED if one.may_deny and any(said[o][number].permits for o in later) else one

    return {name: [now(name, n, one) for n, one in enumerate(all_)] for name, all_ in said.items()}


def _later(one: Json, other: Json, zone: str | None) -> bool:
    first, second = edges(other.get("dateTime"), zone), edges(one.get("dateTime"), zone)
    if first is None or second is None or one.get("status") in ("draft", "proposed", "rejected", "entered-in-error"):
        return False
    return begun(first[1], second[0]) is True


__all__ = ["named_in_denials", "now_of", "superseded", "with_consents"]
