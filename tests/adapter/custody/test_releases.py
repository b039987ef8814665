"""What becomes of a slide or block that was asked for, by the papers, the tissue, the loan and the years."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from adapter.custody.releases import going, releases_of
from adapter.custody.retention import kept, material
from mappings.domain.case import Case
from mappings.domain.specimen_release import SpecimenRelease
from tests.adapter.custody.given import DAY, LOAN, MATERIALS, asked, case, event, policy, write

SHIP = {"by": "lab", "to": "center"}


def release(made: Case, item: str, own: Path | None = None, day: dt.date = DAY) -> SpecimenRelease:
    return {one.item: one for one in releases_of(made, policy(own, day), day)}[item]


def fate(
    item: str, own: Path | None = None, day: dt.date = DAY, *more: Any, **changes: Any
) -> tuple[str, str, str | None]:
    one = release(case(custody=[asked(item), *more], **changes), item, own, day)
    return one.form, one.status, one.reason


# --- by default: sections are sent, originals stay


def test_sections_are_cut_and_the_original_stays() -> None:
    assert fate("slide") == ("recut", "accepted", None)
    one = release(case(custody=[asked("slide")]), "slide")
    assert (one.holder, one.recipient, one.request, one.asked) == ("lab", "center", "request", "2026-03-01")
    assert (one.paper, one.basis, one.return_by, one.custodian) == ("treatment-request", "treatment", None, None)


def test_an_unstained_section_is_what_it_is_asked_for() -> None:
    assert fate("unstained") == ("recut", "accepted", None)


@pytest.mark.parametrize("item", ["last", "smear", "block"])
def test_what_cannot_be_cut_anew_is_lent_and_waits_for_its_terms(item: str) -> None:
    assert fate(item) == ("loan", "on-hold", "loan-terms")
    assert fate(item, access__loan=LOAN) == ("loan", "accepted", None)


@pytest.mark.parametrize(
    "loan",
    [
        {**LOAN, "agreement": False},
        {"agreement": True, "return_by": "2026-06-01"},
        {"agreement": True, "custodian": "Slide room"},
        {**LOAN, "custodian": "  "},
    ],
    ids=["no agreement", "no custodian", "no day", "blank custodian"],
)
def test_a_loan_without_one_of_its_terms_waits(loan: dict[str, Any]) -> None:
    assert fate("last", access__loan=loan) == ("loan", "on-hold", "loan-terms")


def test_an_agreement_lends_the_original_and_names_its_terms() -> None:
    one = release(case(custody=[asked("slide")], access__loan=LOAN), "slide")
    assert (one.form, one.status, one.custodian, one.return_by) == ("loan", "accepted", "Slide room", "2026-06-01")
    assert one.kept_until == "2036-02-20"


# --- tissue


@pytest.mark.parametrize(
    ("remaining", "slide", "block"),
    [
        ("ample", ("recut", "accepted", None), ("loan", "on-hold", "loan-terms")),
        ("limited", ("recut", "on-hold", "quantity"), ("loan", "on-hold", "quantity")),
        (None, ("recut", "on-hold", "quantity-unknown"), ("loan", "on-hold", "quantity-unknown")),
        ("exhausted", ("loan", "on-hold", "loan-terms"), ("loan", "rejected", "quantity")),
    ],
)
def test_tissue_has_to_stay_in_the_block(remaining: str | None, slide: tuple[Any, ...], block: tuple[Any, ...]) -> None:
    blocks = [
        {k: v for k, v in {**MATERIALS["blocks"][0], "remaining": remaining}.items() if v},
        MATERIALS["blocks"][1],
    ]
    assert fate("slide", blocks=blocks) == slide
    assert fate("block", blocks=blocks) == block


def test_a_limited_block_leaves_under_an_agreement() -> None:
    blocks = [{**MATERIALS["blocks"][0], "remaining": "limited"}, MATERIALS["blocks"][1]]
    assert fate("block", blocks=blocks, access__loan=LOAN) == ("loan", "accepted", None)


def test_sections_of_what_is_used_up_are_refused() -> None:
    made = case(custody=[asked("last", form="recut")])
    assert (release(made, "last").status, release(made, "last").reason) == ("rejected", "quantity")


# --- papers


@pytest.mark.parametrize(
    ("changes", "paper", "basis"),
    [
        ({}, "treatment-request", "treatment"),
        ({"access__purpose": "payment"}, None, None),
        ({"access": None}, None, None),
        ({"access__pathway": "access", "access__requester": "patient"}, None, None),
        (
            {"access__pathway": "access", "access__requester": "patient", "access__request_form": "oral"},
            None,
            None,
        ),
        (
            {"access__pathway": "access", "access__requester": "patient", "access__request_form": "written"},
            "patient-request",
            "treatment",
        ),
        (
            {
                "access__pathway": "access",
                "access__requester": "patient",
                "access__recipient": "attorney",
                "access__recipient_is_provider": False,
                "access__request_form": "written",
            },
            "patient-request",
            None,
        ),
        ({"access__authorization": {"signed": True}}, "authorization", "authorization"),
        ({"access__purpose": "payment", "access__authorization": {"signed": False}}, None, None),
    ],
)
def test_what_is_asked_for_without_a_paper_waits(changes: dict[str, Any], paper: str | None, basis: str | None) -> None:
    one = release(case(custody=[asked("slide")], **changes), "slide")
    assert (one.paper, one.basis) == (paper, basis)
    assert (one.status, one.reason) == (("on-hold", "paper-missing") if paper is None else ("accepted", None))


def test_a_release_that_waits_never_is_a_denial() -> None:
    made = case(custody=[asked("slide", "last", "block")], access__purpose="payment")
    assert {one.status for one in releases_of(made, policy(), DAY)} == {"on-hold"}
    assert {one.reason for one in releases_of(made, policy(), DAY)} == {"paper-missing"}


# --- retention


def test_an_original_is_not_given_for_good_while_it_has_to_be_kept() -> None:
    made = case(custody=[asked("slide", form="transfer")])
    one = release(made, "slide")
    assert (one.form, one.status, one.reason, one.kept_until) == ("transfer", "rejected", "retention", "2036-02-20")
    assert release(made, "slide", day=dt.date(2036, 2, 20)).status == "rejected"
    assert release(made, "slide", day=dt.date(2036, 2, 21)).status == "accepted"


def test_a_block_may_go_after_two_years_where_the_laboratory_says_it_is_not_accredited(tmp_path: Path) -> None:
    made = case(custody=[asked("block", form="transfer")])
    after = dt.date(2028, 2, 21)
    assert release(made, "block", day=after).status == "rejected"
    own = write(tmp_path, "[[release]]\neffective_from = 2026-01-01\naccredited_unless_told = false\n")
    assert release(made, "block", own, after).status == "accepted"
    assert release(made, "block", own, dt.date(2028, 2, 20)).status == "rejected"
    other = [{**MATERIALS["organizations"][0], "accreditations": [{"body": "coc"}]}, MATERIALS["organizations"][1]]
    assert release(case(custody=[asked("block", form="transfer")], organizations=other), "block", day=after).status == (
        "accepted"
    )


def test_without_a_report_the_years_are_a_lower_bound_that_never_lets_go() -> None:
    made = case(custody=[asked("slide", form="transfer")], reports=[])
    assert (release(made, "slide").status, release(made, "slide").reason) == ("rejected", "retention")
    assert release(made, "slide").kept_until is None
    late = release(made, "slide", day=dt.date(2040, 1, 1))
    assert (late.status, late.reason) == ("on-hold", "retention-unknown")
    undated = case(custody=[asked("slide", form="transfer")], reports=[], parts=[{"id": "part"}])
    assert release(undated, "slide").reason == "retention-unknown"


def test_only_cytology_is_kept_as_cytology() -> None:
    report = MATERIALS["reports"][0]
    of_cells = case(reports=[{**report, "kind": "cytology"}])
    slides = {slide.id: slide for slide in of_cells.slides}
    assert material(slides["smear"], of_cells) == "cytology-slide"
    assert material(slides["slide"], of_cells) == "slide"
    both = case(reports=[report, {**report, "id": "report-2", "kind": "cytology"}])
    assert material(slides["smear"], both) == "slide"


def test_a_state_that_wants_more_gets_more(tmp_path: Path) -> None:
    line = '[[retention]]\nid = "s"\neffective_from = 2026-01-01\nregime = "state"\nmaterial = "slide"\nkeep = "P20Y"\n'
    own = write(tmp_path, line + 'start = "examination"\ncitation = "State code 1"\n')
    made = case()
    slide = next(slide for slide in made.slides if slide.id == "slide")
    found = kept(slide, made, policy(own))
    assert (found.until, found.rule and found.rule.citation, found.exact) == (
        dt.date(2046, 2, 20),
        "State code 1",
        True,
    )


def test_the_last_final_report_dates_the_examination() -> None:
    report = MATERIALS["reports"][0]
    later = {**report, "id": "r2", "status": "corrected", "issued": "2026-03-02T10:00:00-05:00"}
    draft = {**report, "id": "r3", "status": "preliminary", "issued": "2026-03-09T10:00:00-05:00"}
    review = {**report, "id": "r4", "role": "review", "issued": "2026-03-10T10:00:00-05:00"}
    made = case(reports=[report, later, draft, review])
    assert kept(made.slides[0], made, policy()).until == dt.date(2036, 3, 2)


# --- each switch


@pytest.mark.parametrize(
    ("switch", "item", "changes", "before", "after"),
    [
        ("recuts_first = false", "slide", {}, ("recut", "accepted", None), ("loan", "on-hold", "loan-terms")),
        ("agreement_lends_originals = false", "slide", {"access__loan": LOAN}, ("loan", "accepted", None),
         ("recut", "accepted", None)),
        ("limited_blocks_cut = true", "slide", {"blocks": "limited"}, ("recut", "on-hold", "quantity"),
         ("recut", "accepted", None)),
        ("limited_blocks_lent = true", "block", {"blocks": "limited"}, ("loan", "on-hold", "quantity"),
         ("loan", "on-hold", "loan-terms")),
        ("written_request_needed = false", "slide", {"access__requester": "patient", "access__pathway": "access"},
         ("recut", "on-hold", "paper-missing"), ("recut", "accepted", None)),
    ],
)  # fmt: skip
def test_a_switch_turns_what_it_says(
    tmp_path: Path, switch: str, item: str, changes: dict[str, Any], before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    if changes.get("blocks") == "limited":
        changes = {"blocks": [{**MATERIALS["blocks"][0], "remaining": "limited"}, MATERIALS["blocks"][1]]}
    own = write(tmp_path, f"[[release]]\neffective_from = 2026-01-01\n{switch}\n")
    assert fate(item, **changes) == before
    assert fate(item, own, **changes) == after


def test_the_switch_of_transfers(tmp_path: Path) -> None:
    own = write(tmp_path, "[[release]]\neffective_from = 2026-01-01\ntransfer_within_retention = true\n")
    made = case(custody=[asked("slide", form="transfer")])
    assert release(made, "slide", own).status == "accepted"


# --- what has happened


@pytest.mark.parametrize(
    ("more", "fate_"),
    [
        ([event("shipped", "last", at="2026-03-02", **SHIP)], ("in-progress", None)),
        (
            [event("shipped", "last", at="2026-03-02", **SHIP), event("lost", "last", at="2026-03-03")],
            ("failed", "lost"),
        ),
        ([event("broken", "last", at="2026-03-02")], ("on-hold", "damaged")),
        ([event("discarded", "last", at="2026-03-02")], ("rejected", "discarded")),
        (
            [
                event("shipped", "last", at="2026-03-02", **SHIP),
                event("received", "last", at="2026-03-03", by="center"),
                event("returned", "last", at="2026-03-09", by="center", to="lab"),
            ],
            ("completed", None),
        ),
    ],
)
def test_what_has_happened_counts_first(more: list[dict[str, Any]], fate_: tuple[str, str | None]) -> None:
    assert fate("last", None, DAY, *more, access__loan=LOAN)[1:] == fate_


def test_sections_that_arrived_are_done_and_a_loan_is_out_until_it_is_back() -> None:
    both = [asked("unstained", "last"), event("shipped", "unstained", "last", at="2026-03-02", **SHIP)]
    both += [event("received", "unstained", "last", at="2026-03-03", by="center")]
    made = case(custody=both, access__loan=LOAN)
    assert release(made, "unstained").status == "completed"
    assert release(made, "last").status == "in-progress"


def test_a_record_that_begins_with_an_arrival_makes_no_release() -> None:
    made = case(custody=[event("received", "slide", by="center")], holder="center", access__recipient_party="lab")
    assert releases_of(made, policy(), DAY) == ()


# --- scans instead


SCAN = {
    "id": "scan",
    "uid": "2.25.1",
    "series": [{"uid": "2.25.2", "modality": "SM", "instances": [], "slides": ["slide"]}],
}


def test_the_scan_that_shows_it_is_offered() -> None:
    made = case(custody=[asked("slide", "block", "last")], studies=[SCAN])
    assert [(one.item, one.scans) for one in releases_of(made, policy(), DAY)] == [
        ("slide", ("scan",)),
        ("block", ("scan",)),
        ("last", ()),
    ]


def test_a_slide_file_that_is_said_to_show_it_is_offered_too() -> None:
    file = {"id": "svs", "path": "a1.svs", "content_type": "image/tiff", "sha256": "0" * 64, "size": 1, "kind": "wsi"}
    line = {"path": "a1.svs", "id": "svs", "kind": "whole_slide_image", "in_law": {"scan_of": "slide#physical"}}
    made = case(custody=[asked("slide", "last")], documents=[file], materials=[line])
    assert [(one.item, one.scans) for one in releases_of(made, policy(), DAY)] == [("slide", ("svs",)), ("last", ())]


# --- what goes to a recipient


def test_only_what_is_released_and_waits_for_nothing_goes() -> None:
    made = case(custody=[asked("slide", "last", "unstained")])
    released = ("slide#physical", "last#physical", "report")
    assert [one.item for one in going(made, released, policy(), DAY)] == ["slide"]
    assert going(made, (), policy(), DAY) == ()
