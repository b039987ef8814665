"""An origin is a Provenance, and comes back whole."""

import pathlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.provenance import Agent, Origin
from mappings.domain.values import Moment
from mappings.fhir import provenance
from mappings.fhir.context import Reading, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import ORIGINS, URLS, WRITING

READING = inverse(WRITING)
CITATION = "https://www.ecfr.gov/current/title-45/section-164.506"
MINIMAL = Origin(
    id="origin-1",
    targets=("report-1",),
    recorded=Moment("2026-03-02T10:00:00Z"),
    activity="create",
    agents=(Agent(role="author", who="dr-second"),),
)
FULL = Origin(
    id="origin-1",
    targets=("report-1", "study-1"),
    recorded=Moment("2026-03-02T10:00:00.5-05:00"),
    activity="disclose",
    agents=(
        Agent(role="transmitter", who="hospital"),
        Agent(role="author", who="dr-first", on_behalf_of="hospital"),
    ),
    policies=(CITATION,),
    sources=("letter-1",),
    removed=("slide-1",),
    occurred=Moment("2026-03"),
)


def written(origin: Origin) -> Json:
    made: Json = loads(dumps(provenance.to_fhir(origin, WRITING)))
    return made


@pytest.mark.parametrize("origin", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(origin: Origin) -> None:
    assert provenance.from_fhir(written(origin), READING) == origin


@given(ORIGINS)
@settings(max_examples=100, deadline=None)
def test_law(origin: Origin) -> None:
    assert provenance.from_fhir(written(origin), READING) == origin


def test_rules_are_true() -> None:
    check_rules(provenance, written(FULL))
    check_fields(provenance, Origin, "origin")


def test_a_disclosure_under_its_citation() -> None:
    made = written(FULL)
    assert made["recorded"] == "2026-03-02T10:00:00.5-05:00"
    assert made["policy"] == [CITATION]
    assert made["activity"]["coding"][0]["code"] == "disclose"
    assert [c["system"] for c in made["agent"][0]["type"]["coding"]] == [
        "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
        "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type",
    ]
    assert made["occurredDateTime"] == "2026-03"
    assert made["entity"] == [
        {"role": "source", "what": {"reference": URLS["letter-1"]}},
        {"role": "removal", "what": {"reference": URLS["slide-1"]}},
    ]


def test_the_time_is_an_instant() -> None:
    with pytest.raises(ValueError, match="needs a time with its UTC offset"):
        Origin(id="o", targets=("a",), recorded=Moment("2026-03-02"), activity="create", agents=MINIMAL.agents)


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(activity=None), "origin-activity"),
        (changed(recorded="2026-03-02"), "needs a time with its UTC offset"),
        (changed(target=[]), "needs at least one entry in `targets`"),
        (changed(agent=[{"who": {"reference": "Device/1"}}]), r"agent\.type: is missing"),
        (changed(agent=[{"type": written(FULL)["agent"][0]["type"]}]), r"agent\.who: is missing"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        provenance.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: provenance.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said


def test_real_ones(shared: pathlib.Path) -> None:
    found = real(shared, "Provenance")
    said = [outcome(lambda r: provenance.from_fhir(r, Reading({})), item) for _, item in found]
    assert len(said) >= 2
    assert {text.partition(":")[0] for text in said} <= {"read", "error"}
