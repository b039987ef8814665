"""Over every vector and over any facts: what the decision asks for can be written, and every denial is complete."""

import datetime as dt
import json
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings

from adapter.consent.decide import decide
from adapter.consent.facts import Facts, facts_from
from adapter.consent.policy import policy_for
from adapter.letters import Kind, Occasion, called_for, letter
from adapter.letters.html import as_html
from adapter.letters.plain import as_text
from tests.adapter.consent.any_facts import requests
from tests.adapter.consent.given import Request
from tests.adapter.letters.made import DAUGHTER, DISCLOSURE, OFFICE, occasion, refusals, words
from tests.adapter.letters.test_records import PART2

OWN, ACTS, OTHER = occasion(), occasion(access=DAUGHTER), occasion(access=PART2 | DISCLOSURE)
HARM: Request = {
    "pathway": "access",
    "requester": "patient",
    "identity_verified": True,
    "determinations": [{"ground": "endanger_life_or_safety", "by_licensed_professional": True, "professional": "dr-a"}],
}
ASKS: Request = {"pathway": "disclosure", "requester": "referring_physician", "authority_verified": None}
HOLDER_HAS_TO_MEND = {
    ("V12-extension-too-long", "extension"),
    ("V54-fee-search", "fee-notice"),
}
"""Vectors in which the holder promised too late a day, or charges for searching: the letter waits for that."""


def on_facts(facts: Facts) -> Occasion:
    """An occasion on these facts, by a case whose requester is of the same kind."""
    as_of = facts.as_of or facts.received_at or "2026-03-10"
    facts = msgspec.structs.replace(facts, as_of=as_of)
    by = (
        OWN
        if facts.requester == "patient"
        else ACTS
        if facts.requester in ("personal_representative", "parent")
        else OTHER
    )
    policy = policy_for(dt.date.fromisoformat(as_of[:10]))
    return Occasion(case=by.case, facts=facts, decision=decide(facts, policy), policy=policy, office=OFFICE)


def complete(on: Occasion) -> bool:
    """Whether the denial of this occasion has every element of 45 CFR 164.524(d)(2)."""
    made = letter("denial", on)
    names = {part.name for part in made.sections}
    basis = made.section("basis").items
    told = as_text(made)
    return (
        {"basis", "complaint", "secretary"} <= names
        and bool({"review", "no_review"} & names)
        and bool(basis)
        and all("45 CFR 164.524(a)(" in item for item in basis)
        and OFFICE.phone in told
        and OFFICE.title in told
        and as_html(made).count(b"<h1>") == 1
    )


def test_every_vector_has_the_letters_that_its_decision_asks_for(shared: Path) -> None:
    vectors = json.loads((shared / "access/vectors.json").read_text(encoding="utf-8"))
    rows = vectors["vectors"] if isinstance(vectors, dict) else vectors
    asked: list[tuple[str, Kind, bool]] = []
    every = {row["id"]: on_facts(facts_from(row["facts"])) for row in rows}
    for name, on in every.items():
        asked += [(name, kind, not refusals(kind, on)) for kind in called_for(on)]
    owed = {name: complete(on) for name, on in every.items() if "DENIAL_NOTICE_REQUIRED" in on.codes}
    assert (len(owed), set(owed.values())) == (9, {True})
    assert {(name, kind) for name, kind, written in asked if not written} == HOLDER_HAS_TO_MEND
    assert sum(kind == "denial" for _, kind, _ in asked) == 9
    assert sum(kind == "acceptance" for _, kind, _ in asked) > 40


@given(requests())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_denial_is_complete(request_made: Request) -> None:
    on = on_facts(facts_from(request_made | HARM))
    owed = on.by_individual and "DENIAL_NOTICE_REQUIRED" in on.codes
    assert owed == ("denial" in called_for(on))
    assert not owed or untold(on) or complete(on)


def untold(on: Occasion) -> bool:
    """Whether every item denied also stays for a ground that is not to be told, or day 0 is not known."""
    found = {line.partition(":")[0] for line in refusals("denial", on)}
    return bool(found & {"decision", "case.json $.access.received_at", "case.json $.access.holder_tz"})


@given(requests())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_but_the_individual_and_the_patient_is_told_of_an_item(request_made: Request) -> None:
    on = on_facts(facts_from(request_made | ASKS))
    bare = msgspec.structs.replace(
        on,
        decision=msgspec.structs.replace(
            on.decision, reasons=tuple(reason for reason in on.decision.reasons if reason.item is None)
        ),
    )
    assert refusals("request-for-information", on) == refusals("request-for-information", bare) == []
    assert words(letter("request-for-information", on)) == words(letter("request-for-information", bare))
