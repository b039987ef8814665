"""A request for a second opinion is said by ServiceRequest and Task, and comes back whole."""

import pathlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.assessment import DecisionFactors
from mappings.domain.request import PlannedTreatment, RequestEvent, ReviewRequest
from mappings.domain.values import Concept, Identifier, Moment, PartialDate
from mappings.fhir import reasons, service_request, task
from mappings.fhir.context import Reading, inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome, real
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import URLS, WRITING, requests

READING = inverse(WRITING)
MINIMAL = ReviewRequest(
    id="request-1",
    scope="pathology-only",
    reasons=("patient-wish",),
    question="Is it malignant?",
    authored_on=Moment("2026-03-02"),
    requester="dr-first",
    performer="center",
)
FULL = ReviewRequest(
    id="request-1",
    scope="multidisciplinary",
    reasons=("rare-cancer", "before-irreversible-treatment"),
    question="Confirm synovial sarcoma before amputation?",
    authored_on=Moment("2026-03-02T09:00:00-05:00"),
    requester="dr-first",
    performer="center",
    identifiers=(Identifier(system="http://hospital.example.org/orders", value="O-7", kind="PLAC"),),
    urgency="urgent",
    events=(
        RequestEvent(status="received", at=Moment("2026-03-02T10:00:00-05:00"), detail="awaiting-materials"),
        RequestEvent(status="accepted", at=Moment("2026-03-04")),
        RequestEvent(status="on-hold", at=Moment("2026-03-05T07:00:00"), reason="block missing"),
    ),
    due=PartialDate("2026-03-20"),
    planned_treatment=PlannedTreatment(
        description="Amputation below the knee",
        code=Concept(text="amputation"),
        irreversible=True,
        scheduled=PartialDate("2026-04"),
        held=True,
    ),
    factors=DecisionFactors(diagnostic_confidence="low", discordance_group="soft-tissue-sarcoma"),
    coverage="coverage-1",
    diagnoses=("diagnosis-1",),
    supporting=("report-1", "study-1"),
)
EMERGENCY = msgspec.structs.replace(
    MINIMAL,
    urgency="emergency",
    emergency="spinal-cord-compression",
    events=(
        RequestEvent(status="received", at=Moment("2026-03-02")),
        RequestEvent(status="on-hold", at=Moment("2026-03-02"), detail="awaiting-information"),
    ),
)


def written(request: ReviewRequest, **extras: Any) -> tuple[Json, Json]:
    """Both resources as they are after the wire."""
    made = service_request.to_fhir(request, WRITING, **extras), task.to_fhir(request, WRITING)
    return loads(dumps(made[0])), loads(dumps(made[1]))


@pytest.mark.parametrize("request_", [MINIMAL, FULL, EMERGENCY], ids=["minimal", "full", "emergency"])
def test_comes_back(request_: ReviewRequest) -> None:
    order, life = written(request_)
    assert service_request.from_fhir(order, READING, task=life) == request_


@given(requests())
@settings(max_examples=200, deadline=None)
def test_law(request_: ReviewRequest) -> None:
    order, life = written(request_)
    assert service_request.from_fhir(order, READING, task=life) == request_


def test_in_the_shape_of_bser_every_reason_has_words_and_it_comes_back() -> None:
    order, life = written(FULL, shape="bser")
    assert [reason["text"] for reason in order["reasonCode"]] == [
        "Second Opinion",
        "Rare cancer",
        "Before irreversible treatment",
    ]
    assert service_request.from_fhir(order, READING, task=life) == FULL
    assert not any("text" in reason for reason in written(FULL, shape="cow")[0]["reasonCode"])


def test_rules_are_true() -> None:
    check_rules(service_request, written(FULL)[0])
    check_fields(service_request, ReviewRequest, "request")


def test_members_are_in_the_order_of_the_page() -> None:
    assert list(written(FULL)[0]) == [
        "resourceType",
        "id",
        "extension",
        "identifier",
        "status",
        "intent",
        "category",
        "priority",
        "code",
        "orderDetail",
        "subject",
        "occurrencePeriod",
        "authoredOn",
        "requester",
        "performer",
        "reasonCode",
        "reasonReference",
        "insurance",
        "supportingInfo",
        "note",
    ]


def codes(concepts: list[Json]) -> list[str]:
    return [coding["code"] for concept in concepts for coding in concept["coding"]]


def test_says_second_opinion_in_the_codes_of_hl7() -> None:
    order = written(FULL)[0]
    assert codes(order["reasonCode"]) == ["S", "rare-cancer", "before-irreversible-treatment"]
    assert order["reasonCode"][0]["coding"][0]["system"] == "http://terminology.hl7.org/CodeSystem/v2-0336"
    assert codes(order["orderDetail"]) == ["SO", "WR"]
    assert codes([order["code"]]) == ["720006006"]
    assert codes(order["category"]) == ["386053000", "multidisciplinary"]
    assert codes([written(MINIMAL)[0]["code"]]) == ["11429006"]
    assert codes(written(MINIMAL)[0]["reasonCode"]) == ["S", "patient-wish", "P"]


def test_window_of_a_pathology_review_is_3_to_7_business_days_and_marked_as_computed() -> None:
    period = written(MINIMAL)[0]["occurrencePeriod"]
    assert (period["start"], period["end"]) == ("2026-03-05", "2026-03-11")
    assert period["extension"] == [{"url": service_request.COMPUTED, "valueBoolean": True}]


def test_a_date_asked_for_is_the_end_and_not_marked() -> None:
    assert written(FULL)[0]["occurrencePeriod"] == {"start": "2026-03-18", "end": "2026-03-20"}


def test_a_date_before_the_earliest_day_has_no_start() -> None:
    early = msgspec.structs.replace(FULL, due=PartialDate("2026-03-10"))
    assert written(early)[0]["occurrencePeriod"] == {"end": "2026-03-10"}


def test_an_emergency_is_stat_expedited_and_never_on_hold() -> None:
    order, life = written(EMERGENCY)
    assert order["priority"] == "stat"
    assert codes(order["category"])[-1] == "concurrent-expedited-review"
    assert codes(order["reasonCode"])[-1] == "71286001"
    assert order["status"] == "active"
    assert life["status"] == "on-hold"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("requested", "active"),
        ("accepted", "active"),
        ("rejected", "active"),
        ("on-hold", "on-hold"),
        ("completed", "completed"),
        ("cancelled", "revoked"),
    ],
)
def test_status_of_the_order(status: str, said: str) -> None:
    assert service_request._status(status, emergency=False) == said


def test_published_rates_travel_with_the_request() -> None:
    found = [e for e in written(FULL)[0]["extension"] if e["url"] == reasons.FACTORS]
    rates = [part for part in found[0]["extension"] if part["url"] == "published-rate"]
    first = {part["url"]: part for part in rates[0]["extension"]}
    assert first["lower"]["valueDecimal"] == Decimal(25)
    assert "doi:10.1309/425H-NW4W-XC9A-005H" in first["source"]["valueString"]
    assert {"url": "informs-only", "valueBoolean": True} in found[0]["extension"]


def test_what_the_release_adds_is_marked_and_not_read_as_named_by_the_requester() -> None:
    order, life = written(FULL, also=("access-1#consent", "report-1"))
    assert [r["reference"] for r in order["supportingInfo"]] == [
        URLS["report-1"],
        URLS["study-1"],
        URLS["access-1#consent"],
    ]
    assert service_request.from_fhir(order, READING, task=life) == FULL


def test_a_reference_to_what_is_not_written_is_refused() -> None:
    with pytest.raises(ProblemError, match="name an entry of the case"):
        service_request.to_fhir(msgspec.structs.replace(FULL, supporting=("gone",)), WRITING)


def test_an_unknown_discordance_group_is_refused() -> None:
    odd = msgspec.structs.replace(FULL, factors=DecisionFactors(discordance_group="unheard-of"))
    with pytest.raises(ProblemError, match="no published rates for this group; there are any, soft-tissue-sarcoma"):
        service_request.to_fhir(odd, WRITING)


def test_the_end_of_the_calendar_is_refused() -> None:
    late = msgspec.structs.replace(FULL, authored_on=Moment("9999-12-30"), events=(), due=None)
    with pytest.raises(ProblemError, match="no turnaround can be counted"):
        service_request.to_fhir(late, WRITING)


def changed(**members: Any) -> Json:
    order = {**written(MINIMAL)[0], **members}
    return {name: value for name, value in order.items() if value is not None}


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (changed(intent="proposal"), "is not an order"),
        (changed(doNotPerform=True), "asks that something is not done"),
        (changed(modifierExtension=[{"url": "http://example.org"}]), "changes the meaning"),
        (changed(resourceType="Task"), "is not a ServiceRequest"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(status="completed"), "without its Task"),
        (changed(status="revoked"), "without its Task"),
        (changed(priority="stat"), "stat needs the emergency among reasonCode"),
        (changed(priority="soon"), "request-priority"),
        (changed(category=None), "ServiceRequest.category: is missing"),
        (changed(reasonCode=None), "needs at least one entry in `reasons`"),
        (changed(note=None), "ServiceRequest.note: is missing"),
        (changed(requester=None), "ServiceRequest.requester: is missing"),
        (changed(performer=[{"display": "somebody"}]), "ServiceRequest.performer: is missing"),
        (changed(authoredOn="yesterday"), "is not a date or time"),
        (changed(extension=[{"url": reasons.TREATMENT}]), "description: is missing"),
        (
            changed(extension=[{"url": reasons.TREATMENT, "extension": [{"url": "held", "valueString": "x"}]}]),
            "needs valueBoolean",
        ),
        (
            changed(
                extension=[
                    {
                        "url": reasons.FACTORS,
                        "extension": [{"url": "discordance-group", "valueCode": "x"}],
                    }
                ]
            ),
            "no published rates",
        ),
    ],
)
def test_refuses(order: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        service_request.from_fhir(order, READING)


def test_refuses_an_order_that_its_task_contradicts() -> None:
    order, life = written(FULL)
    with pytest.raises(ProblemError, match="does not agree with Task"):
        service_request.from_fhir({**order, "status": "revoked"}, READING, task=life)


def test_refuses_the_task_of_another_request() -> None:
    order, life = written(FULL)
    with pytest.raises(ProblemError, match=r"Task\.focus: is not this ServiceRequest"):
        service_request.from_fhir(order, READING, task={**life, "focus": {"reference": URLS["report-1"]}})
    by_address = {**life, "focus": {"reference": f"https://ehr.example.org/fhir/ServiceRequest/{order['id']}"}}
    assert service_request.from_fhir(order, READING, task=by_address) == FULL


def test_reads_a_foreign_referral() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "r1",
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "720006006"}]}],
        "priority": "asap",
        "subject": {"reference": "Patient/1"},
        "occurrenceDateTime": "2026-05-01T12:00:00+02:00",
        "authoredOn": "2026-04-01",
        "requester": {"reference": "PractitionerRole/1"},
        "performer": [{"reference": "Organization/2"}, {"reference": "Organization/3"}],
        "reasonCode": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0336", "code": "P"}]}],
        "note": [{"text": "Board, please."}],
    }
    read = service_request.from_fhir(order, Reading({}))
    assert read == ReviewRequest(
        id="ServiceRequest/r1",
        scope="multidisciplinary",
        reasons=("patient-wish",),
        question="Board, please.",
        authored_on=Moment("2026-04-01"),
        requester="PractitionerRole/1",
        performer="Organization/2",
        urgency="urgent",
        due=PartialDate("2026-05-01"),
    )
    by_agreement = service_request.from_fhir({**order, "category": []}, Reading({}), scope="pathology-only")
    assert by_agreement.scope == "pathology-only"


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    order, life = written(FULL)
    bad_order, bad_life = data.draw(broken(order)), data.draw(broken(life))
    said = outcome(lambda r: service_request.from_fhir(r, READING, task=bad_life), bad_order)
    assert SECRET not in said


def test_real_ones_are_no_requests_for_a_second_opinion(shared: pathlib.Path) -> None:
    found = real(shared, "ServiceRequest")
    said = [outcome(lambda r: service_request.from_fhir(r, Reading({})), item) for _, item in found]
    assert len(found) >= 270
    assert {text.partition(":")[0] for text in said} == {"error"}
