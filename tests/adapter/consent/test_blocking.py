"""Information blocking: which exception is shown for which decision, and what of it was not at hand stays marked."""

from typing import Any

import pytest
from click.testing import CliRunner

from adapter.cli.explain import explain_command
from adapter.consent.blocking import exceptions, exceptions_for
from adapter.consent.reasons import grounds
from tests.adapter.consent.given import ACCESS, AUTHORIZED, NOTES, REPORT, SUD, TREATMENT, Request, decided, without

HARM = [{"ground": "endanger_life_or_safety", "by_licensed_professional": True, "professional": "dr-a"}]
SOURCE = {"is_provider": False, "promised_confidentiality": True, "access_would_reveal": True}


@pytest.mark.parametrize(
    ("request_", "materials", "changed", "shown"),
    [
        (ACCESS, [REPORT], {}, []),
        (TREATMENT, [REPORT], {}, []),
        (ACCESS, [REPORT], {"identity_verified": None}, ["preconditions"]),
        (AUTHORIZED, [REPORT], {"authorization": None}, ["preconditions"]),
        (TREATMENT, [REPORT, SUD], {}, ["preconditions", "segmentation"]),
        (ACCESS, [REPORT | {"source": SOURCE}], {}, ["unreviewable"]),
        (ACCESS, [REPORT, NOTES], {}, ["outside-ehi", "segmentation"]),
        (ACCESS, [NOTES], {}, ["outside-ehi"]),
        (ACCESS, [REPORT], {"determinations": HARM}, ["preventing-harm"]),
        (TREATMENT, [REPORT], {"restrictions": [{"agreed": True}]}, ["asked-not-to-share"]),
        (ACCESS, [REPORT], {"form_requested": "dicom"}, ["manner"]),
        (ACCESS, [REPORT], {"fees": [{"item": "copy_labor"}]}, ["fees"]),
        (ACCESS, [REPORT], {"received_at": "2025-01-05T10:00:00-05:00", "as_of": "2026-03-02"}, []),
        (ACCESS, [REPORT, REPORT | {"id": "elsewhere", "held": False}], {}, []),
    ],
)
def test_the_exception_that_may_hold_is_shown(
    request_: Request, materials: list[Request], changed: dict[str, Any], shown: list[str]
) -> None:
    decision = decided(request_, *materials, **changed)
    assert [row.exception for row in exceptions_for(decision)] == shown


def test_an_unknown_fact_is_covered_by_no_exception() -> None:
    assert exceptions_for(decided(without(ACCESS, "request_form"))) == ()


def test_what_was_not_at_hand_stays_marked_and_no_row_quotes() -> None:
    assert {row.citation for row in exceptions() if not row.verified} == {
        "45 CFR 171.201", "45 CFR 171.204(a)", "45 CFR 171.301", "45 CFR 171.302",
    }  # fmt: skip
    assert {row.citation for row in exceptions() if row.verified} == {
        "45 CFR 171.102", "45 CFR 171.202(b)", "45 CFR 171.202(d)", "45 CFR 171.202(e)",
    }  # fmt: skip
    assert not any(mark in text for row in exceptions() for text in (row.says, row.asks) for mark in '"\u201c\u201d')


def test_every_code_is_a_reason_and_stands_in_one_row() -> None:
    codes = [code for row in exceptions() for code in row.codes]
    assert set(codes) <= grounds().keys()
    assert len(codes) == len(set(codes))
    assert {row.when for row in exceptions()} == {"pend", "deny", "part", "manner", "fee"}


def test_every_paper_that_can_be_supplied_is_a_precondition() -> None:
    """What the requester or patient has to supply is what 171.202(b) is about, or how the copy is given."""
    asked = {code for code, ground in grounds().items() if ground.role == "open" and ground.who == "requester"}
    rows = {row.exception: set(row.codes) for row in exceptions()}
    assert asked - rows["preconditions"] - rows["manner"] == {"WRITTEN_REQUEST_REQUIRED", "ENTIRE_RECORD_NOT_JUSTIFIED"}


def test_explain_prints_the_table() -> None:
    page = CliRunner().invoke(explain_command, ["consent", "--blocking", "--format", "markdown"]).stdout
    assert "| preventing-harm | 45 CFR 171.201 | no | deny |" in page
