"""What the reports, slides and lines of a case are as items of the law, and who its parties are."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.case_facts import items_of
from adapter.consent.case_papers import party_name
from adapter.consent.facts import Material
from adapter.consent.names import is_blocked, parties_named
from adapter.consent.papers import as_paper
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.adapter.consent.given import TREATMENT, decided
from tests.small_case import PATIENT, case, write


def _report(name: str, **more: Any) -> dict[str, Any]:
    said = {"id": name, "role": "original", "kind": "surgical-pathology", "status": "final", "findings": []}
    return said | {"issued": "2026-02-21T10:00:00-05:00"} | more


def _items(folder: Path, **told: Any) -> dict[str, Material]:
    loaded = load_case(write(folder / "case", {"fhir/p.json": PATIENT}, case(**told)), DEFAULT_NAMESPACE)
    return {item.id: item for item in items_of(loaded)}


@pytest.mark.parametrize(
    ("role", "kind", "told"),
    [
        ("original", "surgical-pathology", "pathology_report"),
        ("original", "cytology", "pathology_report"),
        ("original", "hematopathology", "pathology_report"),
        ("original", "radiology", "radiology_report"),
        ("original", "laboratory", "laboratory_report"),
        ("original", "genomics", "genetic_report"),
        ("original", "tumor-board", "second_opinion_report"),
        ("review", "surgical-pathology", "second_opinion_report"),
        ("review", "genomics", "second_opinion_report"),
    ],
)
def test_a_report_is_of_its_kind_and_a_review_is_a_second_opinion(
    role: str, kind: str, told: str, tmp_path: Path
) -> None:
    assert _items(tmp_path, reports=[_report("r", role=role, kind=kind)])["r"].kind == told


def test_a_line_names_the_glass_by_the_slide_or_by_itself(tmp_path: Path) -> None:
    slides = {"parts": [{"id": "part"}], "blocks": [{"id": "block", "part": "part"}],
              "slides": [{"id": "slide", "parent": "block"}]}  # fmt: skip
    for number, name in enumerate(("slide", "slide#physical")):
        line = {"item": "scan", "in_law": {"scan_of": name}}
        found = _items(tmp_path / str(number), reports=[_report("scan")], materials=[line], **slides)
        assert found["scan"].scan_of == ("slide#physical",)


def test_a_line_that_says_nothing_of_a_copy_or_a_scan_leaves_both_unsaid(tmp_path: Path) -> None:
    line = {"item": "r", "known_location": "archive", "in_law": {"topic": "cancer_care"}}
    found = _items(tmp_path, reports=[_report("r")], materials=[line])["r"]
    assert (found.duplicate_of, found.scan_of, found.known_location) == (None, (), "archive")


def test_a_line_leads_to_the_report_of_the_finding_that_it_repeats(tmp_path: Path) -> None:
    findings = [{"id": "finding", "kind": "histology", "text": "Sarcoma"}]
    line = {"item": "copy", "duplicate_of": "finding"}
    found = _items(tmp_path, reports=[_report("r", findings=findings), _report("copy")], materials=[line])
    assert found["copy"].duplicate_of == "r"


def test_without_an_access_nobody_receives(tmp_path: Path) -> None:
    loaded = load_case(write(tmp_path / "case", {"fhir/p.json": PATIENT}, case()), DEFAULT_NAMESPACE)
    assert is_blocked(loaded.case, "org-center") is True
    assert is_blocked(loaded.case, "org-holder") is False
    assert is_blocked(msgspec.structs.replace(loaded.case, access=None), "org-center") is False


def test_a_role_is_named_by_its_local_name_alone(tmp_path: Path) -> None:
    held = load_case(write(tmp_path / "case", {"fhir/p.json": PATIENT}, case()), DEFAULT_NAMESPACE).case
    assert parties_named(held, "role-asks") == {"role-asks"}
    assert parties_named(held, "review  CENTER (synthetic)") == {"org-center"}
    assert parties_named(held, "Ida Testdoctor") == {"prac-asks"}
    assert parties_named(held, "") == frozenset()


def test_a_signed_consent_of_no_paper_is_not_permitted_to_go_to_others() -> None:
    form = {"id": "form", "kind": "consent_form", "held": True, "in_drs": True, "maintained_in": "ehr"}
    assert decided(TREATMENT, form).outcome == "deny_not_permitted"


@pytest.mark.parametrize(
    ("papers", "part2"),
    [
        ({"part2_consent"}, True),
        ({"counseling_notes_consent"}, True),
        ({"authorization", "proceedings_consent"}, True),
        ({"authorization", "directive", "psychotherapy_authorization"}, None),
        (set(), None),
    ],
)
def test_the_document_of_a_part_2_consent_is_a_part_2_record(papers: set[str], part2: bool | None) -> None:
    """42 CFR 2.11, 2.13(c)(1): it says that its patient was in a program."""
    made = as_paper(Material(id="doc", kind="consent_form"), {"doc": frozenset(papers)})
    assert (made.document_of, made.part2) == (tuple(sorted(papers)), part2)
    assert as_paper(Material(id="other", part2=True), {"doc": frozenset(papers)}) == Material(id="other", part2=True)


def test_a_role_is_named_on_paper_by_its_organization(tmp_path: Path) -> None:
    held = load_case(write(tmp_path / "case", {"fhir/p.json": PATIENT}, case()), DEFAULT_NAMESPACE).case
    assert party_name(held, "role-asks") == "Holder Hospital (synthetic)"
    assert party_name(held, "prac-asks") == "Ida Testdoctor"
    assert party_name(held, "nobody") is None
