"""A disclosure is an AuditEvent on the holder's side, and comes back whole."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.audit import DisclosureRecord, NetworkPoint, Withheld
from mappings.domain.values import Moment
from mappings.fhir import audit_event
from mappings.fhir.context import inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import RECORDS, URLS, WRITING

READING = inverse(WRITING)
CITATION = "https://www.ecfr.gov/current/title-45/section-164.524"
MINIMAL = DisclosureRecord(
    id="disclosure-1",
    recorded=Moment("2026-03-02T10:00:00Z"),
    outcome="success",
    source="hospital",
    source_address=NetworkPoint(kind="machine", address="sidecar.hospital.example.org"),
    recipient="center",
    recipient_address=NetworkPoint(kind="uri", address="https://center.example.org/fhir"),
    released=("report-1",),
)
FULL = DisclosureRecord(
    id="disclosure-1",
    recorded=Moment("2026-03-02T10:00:00-05:00"),
    outcome="minor-failure",
    source="hospital",
    source_address=NetworkPoint(kind="ip", address="192.0.2.1"),
    recipient="center",
    recipient_address=NetworkPoint(kind="email", address="intake@center.example.org"),
    released=("report-1", "study-1"),
    withheld=(
        Withheld(item="letter-1", reason="psychotherapy-notes", citation="45 CFR 164.524(a)(1)(i)"),
        Withheld(item="unknown.bin", reason="not-declared"),
    ),
    purpose="patient_request",
    policies=(CITATION,),
    outcome_text="one of two studies was not acknowledged",
    accounting="exempt",
)


def written(record: DisclosureRecord) -> Json:
    made: Json = loads(dumps(audit_event.to_fhir(record, WRITING)))
    return made


@pytest.mark.parametrize("record", [FULL, MINIMAL], ids=["full", "minimal"])
def test_comes_back(record: DisclosureRecord) -> None:
    assert audit_event.from_fhir(written(record), READING) == record


@given(RECORDS)
@settings(max_examples=150, deadline=None)
def test_law(record: DisclosureRecord) -> None:
    assert audit_event.from_fhir(written(record), READING) == record


def test_rules_are_true() -> None:
    check_rules(audit_event, written(FULL))
    check_fields(audit_event, DisclosureRecord, "record")


def test_is_what_balp_wants_of_the_source_of_a_disclosure() -> None:
    made = written(FULL)
    assert (made["type"]["code"], made["action"], made["subtype"][0]["code"]) == ("110106", "R", "disclose")
    source, recipient = made["agent"]
    assert [a["type"]["coding"][0]["code"] for a in (source, recipient)] == ["110153", "110152"]
    assert source["who"] == made["source"]["observer"] == {"reference": URLS["hospital"]}
    assert source["network"] == {"address": "192.0.2.1", "type": "2"}
    assert recipient["network"] == {"address": "intake@center.example.org", "type": "4"}
    assert source["policy"] == [CITATION]
    patient = made["entity"][0]
    assert (patient["what"], patient["type"]["code"], patient["role"]["code"]) == (
        {"reference": URLS["patient"]},
        "1",
        "1",
    )
    assert made["outcome"] == "4"


def test_tells_released_from_withheld() -> None:
    entities = written(FULL)["entity"][1:]
    assert [e["lifecycle"]["code"] for e in entities] == ["released", "released", "withheld", "withheld"]
    assert entities[2]["detail"] == [
        {"type": "reason", "valueString": "psychotherapy-notes"},
        {"type": "citation", "valueString": "45 CFR 164.524(a)(1)(i)"},
    ]
    assert entities[3]["what"]["identifier"]["value"] == "unknown.bin"


def test_a_thing_is_released_or_withheld() -> None:
    with pytest.raises(ValueError, match="`released` and `withheld` must not repeat"):
        DisclosureRecord(
            id="d",
            recorded=Moment("2026-03-02T10:00:00Z"),
            outcome="success",
            source="hospital",
            source_address=MINIMAL.source_address,
            recipient="center",
            recipient_address=MINIMAL.recipient_address,
            released=("a",),
            withheld=(Withheld(item="a", reason="r"),),
        )


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(subtype=[]), "does not record a disclosure"),
        (changed(type={**written(FULL)["type"], "code": "110107"}), "does not record a disclosure"),
        (changed(agent=written(FULL)["agent"][:1]), r"AuditEvent\.agent: is missing"),
        (changed(entity=written(FULL)["entity"][:1]), "needs at least one entry in `released`"),
        (changed(entity=[*written(FULL)["entity"], {"name": "something"}]), r"entity\.what: is missing"),
        (changed(outcome="5"), "audit-outcome"),
        (changed(recorded=None), r"recorded: is missing"),
        (changed(resourceType="Provenance"), "is not a AuditEvent"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        audit_event.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: audit_event.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said
