"""Original and review side by side."""

from typing import Any

from tests.adapter.viewer.rich import REPORTS, REQUEST, rich
from tests.adapter.viewer.test_page import full, page, part, row, text


def _comparison() -> Any:
    (found,) = part(full(), "reports").xpath(".//section[@class='comparison']")
    return found


def _only(*reports: Any, concordances: Any = ()) -> Any:
    request = {k: v for k, v in REQUEST.items() if k != "diagnoses"}
    return page(rich(reports=list(reports), concordances=list(concordances), diagnoses=[], request=request))


def test_both_diagnoses_stand_in_one_row_the_original_first() -> None:
    shown = _comparison()
    title = next(h for h in shown.iter("h4") if text(h).startswith("Diagnosis"))
    cells = [text(cell) for cell in title.getnext()]
    assert cells[0].startswith("Original Skin, left shoulder, excision: - Atypical compound melanocytic proliferation")
    assert cells[1].startswith("Review Skin, left shoulder, excision (S26-00417, 3 slides, 1 block): - Malignant")
    assert text(title) == "Diagnosis ≠ differs"


def test_the_diagnosis_comes_first_then_the_order_of_the_original() -> None:
    titles = [text(h) for h in _comparison().iter("h4")]
    assert titles == [
        "Original",
        "Review",
        "Diagnosis ≠ differs",
        "Comment",
        "Clinical history",
        "Gross description",
        "Microscopic description",
        "Addenda",
    ]


def test_the_degree_is_said_in_words() -> None:
    shown = text(_comparison())
    assert "≠≠ Major discordance The review differs with consequence for treatment or prognosis." in shown
    assert "Impact Treatment changed" in shown
    assert "Stated by Tomás Reyes MD PhD, Northern Cancer Review Center, 9 Mar 2026, 15:00 UTC−06:00" in shown


def test_stated_differences_are_a_table() -> None:
    (table,) = _comparison().xpath(".//table[@class='differences']")
    assert row(table, "Behavior") == "Behavior ≠ differs Uncertain Malignant"


def test_findings_are_marked_where_aspect_and_values_differ() -> None:
    (table,) = _comparison().xpath(".//table[@class='findings']")
    assert row(table, "Behavior") == "Behavior · Part S26-00417-A ≠ differs Uncertain Malignant"
    assert row(table, "Margins") == "Margins · Part S26-00417-A Free, 0.2 cm Free, 0.2 cm"
    assert row(table, "Tumor size") == "Tumor size · Slide A2-1 – 1.10 mm"
    assert row(table, "SOX10") == "SOX10 · Slide A2-2 Positive –"


def test_of_one_aspect_only_the_findings_that_differ_are_marked() -> None:
    def markers(her2: str) -> list[dict[str, Any]]:
        told = {"ER": "Positive", "HER2": her2}
        return [{"id": f"{n}-{her2}", "kind": "biomarker", "code": {"text": n}, "text": v} for n, v in told.items()]

    original = {**REPORTS["reports"][0], "findings": markers("Negative")}
    review = {**REPORTS["reports"][2], "findings": markers("Equivocal")}
    stated = {"id": "c", "original": "original", "review": "review", "degree": "minor"}
    stated_differences = [{"aspect": "biomarker", "original": "HER2 negative", "review": "HER2 equivocal"}]
    shown = _only(original, review, concordances=[{**stated, "differences": stated_differences}])
    (table,) = part(shown, "reports").xpath(".//table[@class='findings']")
    assert row(table, "ER") == "ER Positive Positive"
    assert row(table, "HER2") == "HER2 ≠ differs Negative Equivocal"


def test_values_that_differ_are_not_marked_when_nobody_stated_it() -> None:
    original, _, review, _ = REPORTS["reports"]
    shown = part(_only(original, review), "reports")
    assert "No comparison of these two reports has been stated." in text(shown)
    assert "differs" not in text(shown)
    assert row(shown, "Behavior") == "Behavior · Part S26-00417-A Uncertain Malignant"


def test_a_finding_without_a_part_meets_its_only_counterpart() -> None:
    original = {**REPORTS["reports"][0], "findings": [{"id": "o", "kind": "grade", "text": "G2", "part": "part-a"}]}
    review = {**REPORTS["reports"][2], "findings": [{"id": "r", "kind": "grade", "text": "G3"}]}
    assert row(part(_only(original, review), "reports"), "Grade") == "Grade · Part S26-00417-A G2 G3"


def test_findings_of_two_parts_are_not_mixed() -> None:
    findings = [{"id": f"o{n}", "kind": "grade", "text": f"G{n}", "part": p} for n, p in ((1, "part-a"), (2, "part-b"))]
    original = {**REPORTS["reports"][0], "findings": findings}
    review = {**REPORTS["reports"][2], "findings": [{"id": "r", "kind": "grade", "text": "G3", "part": "part-b"}]}
    request = {k: v for k, v in REQUEST.items() if k != "diagnoses"}
    parts = [{"id": "part-a", "description": "left"}, {"id": "part-b", "description": "right"}]
    case = rich(
        parts=parts,
        blocks=[],
        slides=[],
        custody=[],
        studies=[],
        reports=[{**original, "examined": []}, {**review, "examined": []}],
        concordances=[],
        diagnoses=[],
        request=request,
    )
    shown = part(page(case), "reports")
    assert row(shown, "Grade · Part part-a") == "Grade · Part part-a G1 –"
    assert row(shown, "Grade · Part part-b") == "Grade · Part part-b G2 G3"


def test_an_original_that_is_a_document_stands_beside_the_review() -> None:
    review = {**REPORTS["reports"][2], "extends": None}
    stated = {"id": "c", "original": "scan-pdf", "review": "review", "degree": "agree"}
    shown = part(_only(review, concordances=[stated]), "reports")
    assert "Original Pathology report S26-00417, as printed: S26-00417.pdf" in text(shown)
    assert "See the document." in text(shown)
    assert "= Agreement The review comes to the same diagnosis." in text(shown)


def test_addenda_stand_under_their_report() -> None:
    (title,) = [h for h in _comparison().iter("h4") if text(h) == "Addenda"]
    original, review = title.getnext()
    assert "HMB-45: gradient kept." in text(original)
    assert text(review) == "Review None."


def test_a_report_without_a_counterpart_stands_alone() -> None:
    (alone,) = part(full(), "reports").xpath(".//article")
    assert text(alone).startswith("Radiology, original Kind Radiology, final")
    assert [text(h) for h in alone.iter("h4")] == ["Impression", "Findings"]


def test_addenda_of_each_other_are_not_lost() -> None:
    base = REPORTS["reports"][1]
    one = {**base, "addendum_of": "two", "id": "one"}
    other = {**base, "addendum_of": "one", "id": "two", "sections": [{"kind": "comment", "text": "SECOND"}]}
    shown = text(part(_only(one, other), "reports"))
    assert "HMB-45" in shown
    assert "SECOND" in shown
