"""What may not be, and how far a request and its review have come."""

from pathlib import Path
from typing import Any

import pytest

from adapter.pipeline import check_case
from adapter.workflow import matter_at
from mappings.fhir.wire import dumps, loads
from mappings.problems import ProblemError
from tests import small_case
from tests.adapter.workflow.made import OURS, bundle, business, claims, of, task
from tests.workflows import ASKED, DENIED, FOUND, LATER, REVIEW, STATES, exported, sent, settings, shown, small

# --- what may not be


@pytest.mark.parametrize(
    ("review", "message"),
    [
        ({"official": "otto  TESTDOCTOR"}, r"review\.official: made the determination that is reviewed"),
        ({"official_licensed": False}, r"review\.official: is no licensed health care professional"),
        ({"official": None, "official_licensed": None, "decision": "overturn"}, r"review\.official: is missing"),
    ],
)
def test_a_reviewer_who_may_not_review_is_refused(review: dict[str, Any], message: str, tmp_path: Path) -> None:
    told = {name: value for name, value in (REVIEW | review).items() if value is not None}
    with pytest.raises(ProblemError, match=message) as refused:
        bundle(tmp_path, **(DENIED | {"review": told}))
    assert "Testdoctor" not in str(refused.value)
    assert "TESTDOCTOR" not in str(refused.value)


@pytest.mark.parametrize(
    "found", [None, {**FOUND, "ground": "emotional_distress"}, {**FOUND, "by_licensed_professional": False}]
)
def test_a_review_without_a_denial_is_refused(found: dict[str, Any] | None, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="is of no denial that a review is owed for"):
        bundle(tmp_path, determinations=[found] if found else None, review=REVIEW)


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_denial_is_never_completed_and_what_is_open_never_denied(state: str, tmp_path: Path) -> None:
    made = task(bundle(tmp_path, **STATES[state]))
    allowed = {
        "pend": {"on-hold"},
        "deny_reviewable": {"rejected"},
        "permit": {"received", "accepted", "in-progress", "completed"},
        "permit_with_exclusions": {"received", "accepted", "in-progress", "completed"},
    }
    assert made["status"] in allowed[business(made)]


def test_overdue_is_no_denial(tmp_path: Path) -> None:
    made = task(bundle(tmp_path, **STATES["overdue"]))
    assert made["restriction"]["period"] == {"start": "2025-12-01", "end": "2025-12-31"}
    assert (made["status"], business(made)) == ("on-hold", "pend")
    assert "OVERDUE" in [one["type"]["coding"][0]["code"] for one in made["output"]]


def test_a_case_that_asks_for_nothing_has_no_workflow(tmp_path: Path) -> None:
    case = small_case.case()
    del case["access"]
    place = small_case.write(tmp_path / "case", {}, case)
    chosen = settings(tmp_path)
    with pytest.raises(ProblemError, match=r"case\.json \$\.access: is missing"):
        matter_at(check_case(place, chosen, LATER), chosen, LATER)


# --- how far it has come


def test_the_request_from_receipt_to_the_end(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **(ASKED | DENIED))
    seen = [task(loads(dumps(shown(case, chosen).bundle)))["status"]]
    sent(case, "acceptance", chosen)
    seen.append(task(loads(dumps(shown(case, chosen).bundle)))["status"])
    exported(case, tmp_path, chosen)
    seen.append(task(loads(dumps(shown(case, chosen).bundle)))["status"])
    sent(case, "denial", chosen)
    seen.append(task(loads(dumps(shown(case, chosen).bundle)))["status"])
    sent(case, "redirect", chosen)
    seen.append(task(loads(dumps(shown(case, chosen).bundle)))["status"])
    assert seen == ["received", "accepted", "in-progress", "in-progress", "completed"]


@pytest.mark.parametrize(
    ("state", "status", "outcome"),
    [
        ("unverified", "on-hold", "pend"),
        ("all-denied", "rejected", "deny_reviewable"),
        ("denied", "in-progress", "permit_with_exclusions"),
        ("asked", "in-progress", "permit_with_exclusions"),
    ],
)
def test_status_and_outcome_after_an_export(state: str, status: str, outcome: str, tmp_path: Path) -> None:
    made = task(bundle(tmp_path, **STATES[state]))
    assert (made["status"], business(made)) == (status, outcome)


def test_a_request_is_open_until_it_is_told_who_has_what_the_holder_has_not(tmp_path: Path) -> None:
    chosen, case = settings(tmp_path), small(tmp_path, **ASKED)
    exported(case, tmp_path, chosen)
    owed = task(loads(dumps(shown(case, chosen).bundle)))
    assert owed["statusReason"]["text"] == "What may go went; a notice is still owed."
    sent(case, "redirect", chosen)
    assert task(loads(dumps(shown(case, chosen).bundle)))["status"] == "completed"


def test_what_waits_says_for_what_and_what_is_refused_why(tmp_path: Path) -> None:
    waits = task(bundle(tmp_path, **STATES["unverified"]))
    assert waits["statusReason"]["text"].startswith("missing: ")
    (tmp_path / "again").mkdir()
    refused = task(bundle(tmp_path / "again", **STATES["all-denied"]))
    assert "endanger somebody's life or physical safety" in refused["statusReason"]["text"]


@pytest.mark.parametrize(
    ("state", "status", "outcome"),
    [
        ("review-asked", "requested", "requested"),
        ("review-referred", "in-progress", "referred"),
        ("review-unclear", "on-hold", "awaiting-information"),
        ("review-upheld", "completed", "upheld"),
        ("review-overturned", "completed", "overturned"),
    ],
)
def test_the_review_is_part_of_the_request(state: str, status: str, outcome: str, tmp_path: Path) -> None:
    made = bundle(tmp_path, **STATES[state])
    review = task(made, "review-of-denial")
    assert (review["status"], business(review)) == (status, outcome)
    assert review["partOf"] == [{"reference": f"urn:uuid:{task(made)['id']}"}]
    assert claims(review) == [f"{OURS}StructureDefinition/second-opinion-denial-review"]
    items = [one["valueReference"]["display"] for one in review["input"] if "valueReference" in one]
    assert items[0] == "report-original"
    assert set(items) <= {"report-original", "doc-report"}, "a copy is denied with what it repeats"


def test_who_found_and_who_reviewed_are_told_apart(tmp_path: Path) -> None:
    made = bundle(tmp_path, **STATES["review-upheld"])
    names = {
        f"urn:uuid:{one['id']}": one["name"][0]["text"] for one in of(made, "Practitioner") if "text" in one["name"][0]
    }
    told = {
        (one["agent"][0]["type"]["coding"][0]["code"], names.get(one["agent"][0]["who"]["reference"])): one
        for one in of(made, "Provenance")
    }
    found, reviewed = told["author", "Otto Testdoctor"], told["verifier", "Ida Testreviewer"]
    assert (found["occurredDateTime"], reviewed["occurredDateTime"]) == ("2026-01-20", "2026-02-20")
    assert reviewed["target"] == [{"reference": f"urn:uuid:{task(made, 'review-of-denial')['id']}"}]
    assert found["policy"] == ["https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(a)(3)(i)"]
    assert {"reference": f"urn:uuid:{found['id']}"} in task(made)["relevantHistory"]
