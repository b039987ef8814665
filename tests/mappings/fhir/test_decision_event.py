"""A decision of the gate is an AuditEvent on the holder's side, and comes back whole."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.audit import GateRecord, Grounds, NetworkPoint
from mappings.domain.values import Moment
from mappings.fhir import audit_event, decision_event
from mappings.fhir.context import inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import GATES, URLS, WRITING

READING = inverse(WRITING)
CITATION = "https://www.ecfr.gov/current/title-45/section-164.508"
FULL = GateRecord(
    id="disclosure-1",
    recorded=Moment("2026-03-02T10:00:00-05:00"),
    permitted=False,
    text="pend; answer by 2026-04-01",
    holder="hospital",
    address=NetworkPoint(kind="machine", address="gateway.hospital.example.org"),
    recipient="dr-second",
    recipient_organization="center",
    purpose="treatment",
    consents=("access-1#consent", "access-1#consent-2"),
    grounds=(Grounds(code="AUTH_EXPIRED", citation="45 CFR 164.508(b)(2)(i)"),),
    policies=(CITATION,),
)
MINIMAL = msgspec.structs.replace(
    FULL, permitted=True, recipient="daughter", recipient_organization=None, purpose=None, consents=(), grounds=(),
    policies=(),
)  # fmt: skip


def written(record: GateRecord, **more: Any) -> Json:
    made: Json = loads(dumps(decision_event.to_fhir(record, WRITING, **more)))
    return made


@pytest.mark.parametrize("record", [FULL, MINIMAL], ids=["full", "minimal"])
@pytest.mark.parametrize("shape", ["pcf", "fast"])
def test_comes_back(record: GateRecord, shape: str) -> None:
    assert decision_event.from_fhir(written(record, shape=shape), READING) == record


@given(GATES)
@settings(max_examples=150, deadline=None)
def test_law(record: GateRecord) -> None:
    assert decision_event.from_fhir(written(record), READING) == record


def test_rules_are_true() -> None:
    check_rules(decision_event, written(FULL))
    check_fields(decision_event, GateRecord, "record")


def test_is_what_balp_wants_of_a_decision_by_consent() -> None:
    made = written(FULL)
    assert (made["type"]["code"], made["subtype"][0]["code"], made["action"]) == ("110113", "AuthZ-Consent", "E")
    assert made["outcome"] == "4"
    assert [a["type"]["coding"][0]["code"] for a in made["agent"]] == ["110150", "IRCP", "PROV", "authserver"]
    assert [a["requestor"] for a in made["agent"]] == [False, True, False, False]
    client, user, organization, authorizer = made["agent"]
    assert authorizer["who"] == made["source"]["observer"] == client["who"] == {"reference": URLS["hospital"]}
    assert client["network"] == {"address": "gateway.hospital.example.org", "type": "1"}
    assert (user["who"], user["policy"]) == ({"reference": URLS["dr-second"]}, [CITATION])
    assert organization["who"] == {"reference": URLS["center"]}


def test_names_the_consents_and_the_grounds_and_no_item() -> None:
    patient, first, second = written(FULL)["entity"]
    assert (patient["what"], patient["role"]["code"]) == ({"reference": URLS["patient"]}, "1")
    assert [e["type"]["code"] for e in (first, second)] == ["Consent", "Consent"]
    assert first["what"] == {"reference": URLS["access-1#consent"]}
    assert first["detail"] == [{"type": "AUTH_EXPIRED", "valueString": "45 CFR 164.508(b)(2)(i)"}]
    assert "detail" not in second


def test_a_decision_without_a_consent_has_the_other_subtype() -> None:
    made = written(MINIMAL)
    assert (made["subtype"][0]["code"], made["outcome"], len(made["entity"])) == ("AuthZ-Role", "0", 1)
    assert len(made["agent"]) == 3


def test_fast_wants_an_identifier_beside_each_party() -> None:
    made = written(FULL, shape="fast")
    agents = [agent["who"] for agent in made["agent"]]
    assert {one["identifier"]["system"] for one in (*agents, made["entity"][0]["what"])} == {"urn:ietf:rfc:3986"}
    assert agents[0]["identifier"]["value"] == URLS["hospital"]
    assert made["source"]["observer"] == agents[3]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"consents": ()}, "`grounds` are of Consents"),
        ({"consents": ("a", "a")}, "`consents` must not repeat"),
        ({"recorded": Moment("2026-03-02")}, "needs a time with its UTC offset"),
        ({"text": " "}, "`text` must not be empty"),
    ],
)
def test_a_record_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        msgspec.structs.replace(FULL, **changes)


def test_a_disclosure_is_no_decision_and_a_decision_no_disclosure() -> None:
    with pytest.raises(ProblemError, match="does not record a disclosure"):
        audit_event.from_fhir(written(FULL), READING)
    with pytest.raises(ProblemError, match="does not record a decision"):
        decision_event.from_fhir(changed(subtype=[]), READING)


def changed(**members: Any) -> Json:
    return {**written(FULL), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(agent=written(FULL)["agent"][:3]), r"AuditEvent\.agent: is missing"),
        (changed(agent=[{**a, "who": None} for a in written(FULL)["agent"]]), r"agent\.who: is missing"),
        (changed(outcome="5"), "audit-outcome"),
        (changed(outcomeDesc=None), r"outcomeDesc: is missing"),
        (changed(recorded=None), r"recorded: is missing"),
        (changed(resourceType="Provenance"), "is not a AuditEvent"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        decision_event.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: decision_event.from_fhir(r, READING), data.draw(broken(written(FULL))))
    assert SECRET not in said
