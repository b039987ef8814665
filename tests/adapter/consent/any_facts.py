"""Requests with any facts: one that is permitted as it stands, and any other facts of the schema laid over it."""

import datetime as dt
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from adapter.consent.facts import Facts, Material
from adapter.consent.groups import Group, StateRule
from adapter.consent.law import kinds
from adapter.consent.words import PURPOSES, REQUESTERS
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    CONSENT,
    DIRECTIVE,
    OF_EVERY_BASIS,
    PAYMENT,
    RESEARCH,
    TPO_CONSENT,
    TREATMENT,
    Request,
)

IDS = ("m0", "m1", "m2", "m3")
NAMES = ("Acme Review", "Smith LLP")
PEOPLE = (*sorted(REQUESTERS), "martian")
RECORDS = ("pathology_report", "pathology_report", *kinds(), "martian")
WORDS: dict[str, tuple[str, ...]] = {
    "pathway": ("access", "disclosure", "use", "amendment", "accounting", "retention", "martian"),
    "own_use": ("conversion", "training", "originator_treatment", "legal_defense", "martian"),
    "document_of": ("authorization", "part2_consent", "directive"),
    "requester": PEOPLE,
    "recipient": PEOPLE,
    "purpose": (*sorted(PURPOSES), "martian"),
    "recipient_name": NAMES,
    "recipient_named": NAMES,
    "recipients": (*NAMES, "my treating providers"),
    "designee": NAMES,
    "purpose_named": ("at the request of the individual", "research", "consultation"),
    "request_form": ("written", "oral", "electronic", "martian"),
    "received_at": ("2026-03-02", "2026-03-03T02:30:00Z", "2026-03-02T10:00:00-05:00"),
    "received_by_associate_at": ("2026-02-27", "2026-03-05T10:00:00Z"),
    "as_of": ("2026-03-02", "2026-05-30T10:00:00-04:00"),
    "holder_tz": ("America/New_York", "Pacific/Kiritimati", "Nowhere/Land"),
    "kind": RECORDS,
    "also": RECORDS,
    "maintained_in": ("ehr", "other_electronic", "paper", "physical", "martian"),
    "duplicate_of": IDS,
    "scan_of": IDS,
    "applies_to": IDS,
    "covers": IDS,
    "data_class": ("hiv", "genetic", "family_history"),
    "data_classes": ("hiv", "genetic"),
    "topic": ("cancer_care", "fertility"),
    "scope": ("cancer_care", "all_health_care", "entire_medical_record"),
    "received_under": ("tpo_single_consent", "martian"),
    "expiry": ("none", "2026-12-31", "2026-01-31", "end of treatment", "1 year", " "),
    "signer": ("patient", "guardian"),
    "ground": (
        "endanger_life_or_safety", "substantial_harm_to_referenced_person", "substantial_harm_via_representative",
        "inmate_jeopardy", "emotional_distress", "martian",
    ),
    "professional": ("dr-a", "dr-b"),
    "official": ("dr-a", "dr-b"),
    "decision": ("overturn", "uphold", "martian"),
    "type": ("health_care_proxy", "guardian", "executor", "martian"),
    "state_law": ("permits", "requires", "prohibits", "silent", "martian"),
    "review": ("preparatory", "decedents"),
    "blocks_recipient": ("health_plan", "review_center", "Acme Review"),
    "form_requested": ("dicom", "paper"),
    "form_agreed": ("jpeg", "paper"),
    "readily_producible": ("dicom", "jpeg", "paper"),
    "delivery": ("unencrypted_email", "own_device", "portal"),
    "actions_requested": ("inspect", "copy"),
    "item": ("copy_labor", "flat_fee", "paper", "search_and_retrieval"),
}  # fmt: skip
DAYS = st.sampled_from([dt.date(1970, 5, 1), dt.date(2026, 1, 5), dt.date(2026, 3, 20), dt.date(2026, 4, 20)])
LEFT_OUT = frozenset({"materials", "carried_consents"})


def _of_type(name: str, kind: Any) -> st.SearchStrategy[Any]:
    """Any JSON value of one field."""
    if get_origin(kind) in (types.UnionType, typing.Union):
        inner = next(one for one in get_args(kind) if one is not type(None))
        return st.none() | _of_type(name, inner)
    if kind is bool:
        return st.booleans()
    if kind is str:
        return st.sampled_from(WORDS.get(name, ("something", " ")))
    if kind is dt.date:
        return DAYS.map(str)
    if kind is Decimal:
        return st.sampled_from([2, 6.5, 25])
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return st.lists(_of_type(name, inner), max_size=2, unique=inner is str)
    if get_origin(kind) is dict:
        return st.dictionaries(st.sampled_from(["hiv", "genetic"]), group(StateRule), max_size=1)
    return group(kind)


def group(kind: type[Group]) -> st.SearchStrategy[Request]:
    """Any group of facts, each field known or not."""
    fields = {name: _of_type(name, hint) for name, hint in get_type_hints(kind).items()}
    return st.fixed_dictionaries({}, optional=fields)


FIELDS = {name: hint for name, hint in get_type_hints(Facts).items() if name not in LEFT_OUT}
WHOLE: dict[str, Request] = {
    "authorization": CONSENT,
    "psychotherapy_authorization": CONSENT,
    "part2_consent": TPO_CONSENT,
    "counseling_notes_consent": TPO_CONSENT,
    "proceedings_consent": TPO_CONSENT
    | {"tpo_single_consent": None, "combined": False, "recipients": "Acme Review", "purpose": "legal proceedings"},
}
"""Papers that are valid; a request has one of them as it is, with one element changed, or any at all."""


@st.composite
def _paper(draw: st.DrawFn, name: str) -> Request:
    whole = WHOLE[name]
    changed = draw(st.sampled_from([None, None, *sorted(whole)]))
    return whole if changed is None else whole | {changed: None}


@st.composite
def items(draw: st.DrawFn) -> list[Request]:
    """One to four items of any kind; what is not drawn is as for a report of the EHR."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        sound: Request = {"kind": draw(st.sampled_from(RECORDS)), "in_drs": True, "maintained_in": "ehr"}
        odd = draw(group(Material)) if draw(st.integers(0, 3)) == 0 else {}
        made.append(sound | odd | {"id": f"m{number}"})
    return made


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A permitted request with other items and any other facts laid over it."""
    often = (ACCESS, DIRECTIVE, TREATMENT, AUTHORIZED, PAYMENT, RESEARCH)
    request: Request = dict(draw(st.sampled_from([*often, *often, *OF_EVERY_BASIS.values()])))
    request["materials"] = draw(items())
    for name in draw(st.lists(st.sampled_from(sorted(WHOLE)), max_size=3, unique=True)):
        request[name] = draw(_paper(name))
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=4, unique=True)):
        request[name] = draw(_of_type(name, FIELDS[name]))
    return request


def flags(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every boolean in facts that can be unknown; `held` cannot."""
    if isinstance(value, bool) and path[-1] != "held":
        yield path
    elif isinstance(value, dict):
        for name, held in value.items():
            yield from flags(held, (*path, name))
    elif isinstance(value, list):
        for number, held in enumerate(value):
            yield from flags(held, (*path, number))


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """The facts with another value at a path."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, list):
        return [put(held, tuple(rest), new) if number == first else held for number, held in enumerate(value)]
    return {**value, first: put(value[first], tuple(rest), new)}
