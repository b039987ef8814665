"""The review of a denial is a Task of its own: by whom it may be done, how far it has come, and it comes back."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.domain.access import Access, DenialReview
from mappings.domain.values import PartialDate
from mappings.fhir import review_task
from mappings.fhir.context import inverse
from mappings.fhir.wire import Json, dumps, loads
from mappings.problems import ProblemError
from tests.foreign import SECRET, broken, outcome
from tests.mappings.fhir.rules import check_fields, check_rules
from tests.strategies_request import REVIEWS, URLS, WRITING

READING = inverse(WRITING)
DECIDED = DenialReview(
    requested_on=PartialDate("2026-03-12"),
    official="Dr. Ida Second",
    official_licensed=True,
    decision="uphold",
    decided_on=PartialDate("2026-03-20"),
)
FIRST = ("Dr. Otto First",)
ACCESS = Access(
    id="access-1",
    pathway="access",
    requester="personal_representative",
    recipient="personal_representative",
    recipient_party="daughter",
    purpose="patient_request",
    requested_by="daughter",
)


def of(review: DenialReview | None = DECIDED, **changes: Any) -> Access:
    told = msgspec.structs.replace(review, **changes) if review else None
    return msgspec.structs.replace(ACCESS, review=told)


def written(access: Access, deciders: tuple[str, ...] = FIRST, denied: tuple[str, ...] = ("letter-1",)) -> Json:
    made = review_task.to_fhir(access, WRITING, denied=denied, deciders=deciders, official="dr-second")
    read: Json = loads(dumps(made))
    return read


# --- who may not


@pytest.mark.parametrize("name", ["Dr. Otto First", "dr.  otto FIRST"])
def test_the_first_decider_reviews_nothing(name: str) -> None:
    with pytest.raises(ProblemError, match=r"official: made the determination that is reviewed") as refused:
        written(of(official=name))
    assert refused.value.problems[0].rule == "45 CFR 164.524(a)(4)"
    assert "Otto" not in str(refused.value).replace("official", "")


def test_one_of_several_first_deciders_reviews_nothing() -> None:
    with pytest.raises(ProblemError, match="made the determination"):
        written(of(), deciders=("Dr. Otto First", "Dr. Ida Second"))


def test_an_unlicensed_official_reviews_nothing() -> None:
    with pytest.raises(ProblemError, match=r"official: is no licensed health care professional"):
        written(of(official_licensed=False))


@pytest.mark.parametrize("nobody", [None, "", "  "])
def test_nobody_decides_nothing(nobody: str | None) -> None:
    with pytest.raises(ProblemError, match=r"\$\.access\.review\.official: is missing"):
        written(of(official=nobody))


def test_without_a_review_there_is_none() -> None:
    with pytest.raises(ProblemError, match="there is nothing to review"):
        written(of(None))


def test_without_a_denial_there_is_no_review() -> None:
    with pytest.raises(ProblemError, match="is of no denial that a review is owed for"):
        written(of(), denied=())


# --- how far it has come


@pytest.mark.parametrize(
    ("changes", "deciders", "status", "business", "missing"),
    [
        ({"official": None, "official_licensed": None, "decision": None}, FIRST, "requested", "requested", None),
        ({"decision": None}, FIRST, "in-progress", "referred", None),
        ({"official_licensed": None}, FIRST, "on-hold", "awaiting-information", "access.review.official_licensed"),
        ({"decision": None}, (), "on-hold", "awaiting-information", "access.determinations.professional"),
        ({}, FIRST, "completed", "upheld", None),
        ({"decision": "overturn"}, FIRST, "completed", "overturned", None),
    ],
    ids=["asked for", "referred", "licence unknown", "first decider unknown", "upheld", "overturned"],
)
def test_status_follows_the_review(
    changes: dict[str, Any], deciders: tuple[str, ...], status: str, business: str, missing: str | None
) -> None:
    made = written(of(**changes), deciders)
    assert (made["status"], made["businessStatus"]["coding"][0]["code"]) == (status, business)
    assert made.get("statusReason") == ({"text": f"missing: {missing}"} if missing else None)


def test_what_binds_is_the_output_with_its_citation() -> None:
    [result] = written(of())["output"]
    assert (result["type"]["coding"][0]["code"], result["type"]["text"]) == (
        "REVIEW_DECISION_BINDS", "45 CFR 164.524(d)(4)"
    )  # fmt: skip
    assert result["valueCodeableConcept"]["coding"][0]["code"] == "uphold"


def test_what_does_not_bind_is_no_output() -> None:
    made = written(of(official_licensed=None))
    assert "output" not in made
    assert made["input"][-1]["type"]["coding"][0]["code"] == "reported-result"


def test_it_is_part_of_the_request_and_names_official_item_and_first_decider() -> None:
    made = written(of())
    request = {"reference": URLS["access-1#task"]}
    assert (made["partOf"], made["focus"]) == ([request], request)
    assert made["owner"] == {"reference": URLS["dr-second"], "display": "Dr. Ida Second"}
    assert made["requester"] == {"reference": URLS["daughter"]}
    assert (made["authoredOn"], made["executionPeriod"]) == ("2026-03-12", {"end": "2026-03-20"})
    assert made["input"][0]["valueReference"] == {"reference": URLS["letter-1"]}
    assert made["input"][1]["valueString"] == "Dr. Otto First"
    assert made["input"][2]["valueBoolean"] is True


# --- and back


@given(REVIEWS)
@settings(max_examples=150, deadline=None)
def test_law(told: tuple[DenialReview, tuple[str, ...]]) -> None:
    review, deciders = told
    made = review_task.to_fhir(of(review), WRITING, denied=("letter-1", "report-1"), deciders=deciders)
    assert review_task.from_fhir(loads(dumps(made)), READING) == review


def test_rules_are_true() -> None:
    check_rules(review_task, written(of()), written(of(official_licensed=None)))
    check_fields(review_task, DenialReview, "review")


def changed(**members: Any) -> Json:
    return {**written(of()), **members}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (changed(code={"text": "review"}), "review-code"),
        (changed(owner={"display": "Dr. Otto First"}), r"Task\.owner: made the determination that is reviewed"),
        (changed(owner=None), r"Task\.owner: is missing"),
        (changed(output=[]), r"Task\.status: and output contradict each other"),
        (changed(status="in-progress"), r"Task\.status: and output contradict each other"),
        (changed(status="rejected", output=[]), "says that the review did not come about"),
        (changed(status="entered-in-error"), "entered in error"),
        (changed(resourceType="Consent"), "is not a Task"),
    ],
)
def test_refuses(resource: Json, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        review_task.from_fhir(resource, READING)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_one_is_read_or_refused_without_its_data(data: st.DataObject) -> None:
    said = outcome(lambda r: review_task.from_fhir(r, READING), data.draw(broken(written(of()))))
    assert SECRET not in said
