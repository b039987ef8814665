"""Needs against what a case holds: each state, part by part; a material more never makes a need worse."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.completeness.assess import Completeness, Requirement, completeness
from mappings.completeness.evidence import Evidence, Holding, Named, Text
from mappings.completeness.needs import lines, needs_of
from mappings.completeness.outcome import operation_outcome
from mappings.completeness.states import STATES, rank
from mappings.domain.case import Case
from mappings.domain.native import read_case
from mappings.fhir.wire import dumps
from mappings.problems import ISSUE_TYPES
from tests.small_case import CASE

LAB = "https://lab.example/sid"
NUMBER = "S26-1234"
TWO_PARTS = "A. Left breast, core biopsy: carcinoma.\nB. Left axilla, lymph node: no tumor."


def number(value: str) -> list[dict[str, str]]:
    return [{"system": LAB, "value": value}]


def part(name: str, value: str) -> dict[str, Any]:
    return {"id": name, "identifiers": number(value)}


def block(name: str, of: str, value: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "part": of, "identifiers": number(value), **more}


def slide(name: str, of: str, value: str) -> dict[str, Any]:
    return {"id": name, "parent": of, "identifiers": number(value)}


def event(name: str, kind: str, *items: str, by: str = "org-holder", to: str | None = "org-center") -> dict[str, Any]:
    day = {"shipped": "01", "received": "02"}.get(kind, "03")
    told = {"id": name, "items": list(items), "kind": kind, "at": f"2026-03-{day}", "by": by}
    return told | ({"to": to} if to else {})


def report(*sections: tuple[str, str], **more: Any) -> dict[str, Any]:
    told = [{"kind": kind, "text": text} for kind, text in sections]
    base = {"id": "report", "role": "original", "kind": "surgical-pathology", "status": "final"}
    return {**base, "identifiers": number(NUMBER), "sections": told, **more}


TISSUE: dict[str, Any] = {
    "parts": [part("a", f"{NUMBER}-A")],
    "blocks": [block("a1", "a", f"{NUMBER}-A1")],
    "slides": [slide("a1-1", "a1", f"{NUMBER}-A1-1")],
}
SENT = [event("c1", "shipped", "a1-1"), event("c2", "received", "a1-1", by="org-center", to=None)]


def made(request: dict[str, Any] | None = None, **changes: Any) -> Case:
    told = {**CASE, **changes}
    told["request"] = {**CASE["request"], **(request or {})}
    return read_case(dumps(told))


def evidence(*texts: str, **more: Any) -> Evidence:
    told = tuple(Text(report="report", words=text, numbers=(NUMBER,), specimens=True) for text in texts)
    return Evidence(texts=told, **more)


def one(found: Completeness, need: str, about: str | None = None) -> Requirement:
    (requirement,) = (r for r in found.requirements if r.key == (need, about))
    return requirement


def abouts(found: Completeness, need: str) -> list[str | None]:
    return [r.about for r in found.requirements if r.need == need]


# --- the table


def test_the_table_says_why_and_whence() -> None:
    assert all(line.why and line.reference and line.where for line in lines())
    assert {line.level for line in lines()} == {"required", "recommended"}
    labels = {(line.name, line.label, line.where) for line in lines()}
    assert len(labels) == len({line.name for line in lines()}), "the lines of a need call it the same"


@pytest.mark.parametrize(
    ("scope", "reason", "need", "level"),
    [
        ("pathology-only", "patient-wish", "pathology-report", "required"),
        ("pathology-only", "patient-wish", "radiology-report", None),
        ("pathology-only", "rare-cancer", "radiology-report", "recommended"),
        ("multidisciplinary", "patient-wish", "radiology-report", "required"),
        ("multidisciplinary", "patient-wish", "imaging", "required"),
        ("pathology-only", "patient-wish", "treatment-plan", None),
        ("multidisciplinary", "patient-wish", "treatment-plan", "recommended"),
        ("multidisciplinary", "before-irreversible-treatment", "treatment-plan", "required"),
        ("pathology-only", "insurance-required", "coverage", "required"),
        ("pathology-only", "borderline-pathology", "molecular", "recommended"),
        ("pathology-only", "borderline-pathology", "operative-note", None),
    ],
)
def test_scope_and_reason_decide_what_is_needed(scope: Any, reason: Any, need: str, level: str | None) -> None:
    found = {line.name: line.level for line in needs_of(scope, [reason], surgery=False)}
    assert found.get(need) == level


def test_after_surgery_its_note_is_needed() -> None:
    assert "operative-note" in {need.name for need in needs_of("pathology-only", ["rare-cancer"], surgery=True)}


def test_each_need_is_assessed_once() -> None:
    names = [need.name for need in needs_of("multidisciplinary", ["rare-cancer"], surgery=True)]
    assert len(names) == len(set(names))


# --- parts


def test_a_part_that_nothing_is_there_of_is_missing() -> None:
    found = completeness(made(**TISSUE), evidence(TWO_PARTS))
    missing = one(found, "part", "part B")
    assert (missing.state, missing.level) == ("missing", "required")
    assert missing.detail == "part B is named in the report, no slide, block or image of it is in the case"
    assert one(found, "part", "part A").state == "promised"
    assert missing in found.gaps


@pytest.mark.parametrize(
    ("custody", "state"),
    [
        ([], "promised"),
        ([event("c", "requested", "b1-1", by="org-center", to="org-holder")], "promised"),
        ([event("c", "released", "b1-1")], "promised"),
        ([event("c", "shipped", "b1-1")], "on-its-way"),
        ([event("c", "shipped", "b1-1"), event("d", "received", "b1-1", by="org-center", to=None)], "here"),
        ([event("c", "shipped", "b1-1"), event("d", "lost", "b1-1")], "missing"),
        ([event("c", "discarded", "b1-1")], "missing"),
        ([event("c", "broken", "b1-1")], "unclear"),
        ([event("c", "shipped", "b1-1", to="org-lab")], "missing"),
    ],
)
def test_custody_says_where_the_slides_of_a_part_are(custody: list[dict[str, Any]], state: str) -> None:
    lab = {"id": "org-lab", "name": "Another Laboratory (synthetic)"}
    case = made(
        parts=[part("b", f"{NUMBER}-B")],
        slides=[slide("b1-1", "b", f"{NUMBER}-B-1")],
        custody=custody,
        organizations=[*CASE["organizations"], lab],
    )
    assert one(completeness(case, evidence(TWO_PARTS)), "part", "part B").state == state


def test_what_is_lost_is_told() -> None:
    lost = [event("c", "shipped", "a1-1"), event("d", "lost", "a1-1")]
    found = completeness(made(parts=TISSUE["parts"], slides=[slide("a1-1", "a", f"{NUMBER}-A-1")], custody=lost),
                         evidence(TWO_PARTS))  # fmt: skip
    assert one(found, "part", "part A").detail == "part A is named in the report, 1 slide lost"


def test_a_scan_of_a_slide_is_here() -> None:
    scan = {
        "id": "wsi", "uid": "2.25.1",
        "series": [{"uid": "2.25.2", "modality": "SM", "slides": ["a1-1"],
                    "instances": [{"uid": "2.25.3", "sop_class": "1.2.840.10008.5.1.4.1.1.77.1.6"}]}],
    }  # fmt: skip
    case = made(**TISSUE, studies=[scan])
    assert one(completeness(case, evidence(TWO_PARTS, files=("2.25.3",))), "part", "part A").state == "here"
    assert one(completeness(case, evidence(TWO_PARTS)), "part", "part A").state == "promised"


def test_an_image_of_no_named_slide_may_be_of_the_part_that_lacks_one() -> None:
    scan = {"id": "wsi", "uid": "2.25.1", "series": [{"uid": "2.25.2", "modality": "SM", "instances": []}]}
    found = completeness(made(**TISSUE, studies=[scan]), evidence(TWO_PARTS))
    assert one(found, "part", "part B").state == "unclear"


def test_a_single_specimen_without_a_label_is_part_a() -> None:
    tissue: dict[str, Any] = {"parts": [part("p", NUMBER)], "slides": [{"id": "s", "parent": "p"}]}
    found = completeness(made(**tissue), evidence("Part A: skin."))
    assert abouts(found, "part") == ["part A"]
    assert one(found, "part", "part A").state == "promised"


def test_specimens_without_labels_need_a_person() -> None:
    tissue: dict[str, Any] = {"parts": [part("p", NUMBER)], "slides": [{"id": "s", "parent": "p"}]}
    found = completeness(made(**tissue), evidence(TWO_PARTS))
    assert [one(found, "part", about).state for about in ("part A", "part B")] == ["unclear", "unclear"]


def test_another_accession_is_another_part() -> None:
    tissue: dict[str, Any] = {"parts": [part("b", "S24-9876-B")], "slides": [slide("s", "b", "S24-9876-B-1")]}
    found = completeness(made(**tissue), evidence("Part B: axilla."))
    assert one(found, "part", "part B").state == "missing"
    other = one(found, "part", "part B (2)")
    assert (other.state, other.level) == ("promised", "recommended")


def test_two_specimens_of_one_label_need_a_person_where_one_has_nothing() -> None:
    tissue: dict[str, Any] = {
        "parts": [part("b", "S24-9876-B"), part("c", f"{NUMBER}-B")],
        "slides": [slide("s", "b", "S24-9876-B-1")],
    }
    told = Evidence(texts=(Text(report="r", words="Part B: axilla.", specimens=True),))
    assert one(completeness(made(**tissue), told), "part", "part B").state == "unclear"


def test_parts_that_are_called_alike_are_told_apart() -> None:
    found = completeness(made(parts=[part("x", f"{NUMBER}-B"), part("y", f"{NUMBER}-B")]), Evidence())
    assert abouts(found, "part") == ["part B", "part B (2)"]


def test_a_slide_that_names_its_part_by_label_alone_counts() -> None:
    tissue: dict[str, Any] = {
        "parts": [part("a", f"{NUMBER}-A"), part("x", NUMBER)],
        "slides": [slide("s", "x", f"{NUMBER}-B1-1")],
    }
    assert one(completeness(made(**tissue), evidence("Part B: skin.")), "part", "part B").state == "promised"


def test_a_part_that_is_only_listed_is_recommended() -> None:
    found = completeness(made(parts=[part("a", f"{NUMBER}-A")]), Evidence())
    assert one(found, "part", "part A").level == "recommended"
    named = Evidence(named=(Named(report="report", name="a"),))
    assert one(completeness(made(parts=[part("a", f"{NUMBER}-A")]), named), "part", "part A").level == "required"


def test_a_specimen_named_by_reference_alone_is_a_part() -> None:
    told = Evidence(named=(Named(report="report", label="C"),))
    assert one(completeness(made(**TISSUE), told), "part", "part C").state == "missing"


def test_a_specimen_without_label_or_resource_needs_a_person() -> None:
    found = completeness(made(**TISSUE), Evidence(named=(Named(report="report"),)))
    assert one(found, "labels", "specimens").state == "unclear"


# --- blocks, slides, doubts


def test_blocks_of_a_part_are_told_together() -> None:
    found = completeness(made(**TISSUE), evidence("Submitted in A1 to A3."))
    missing = one(found, "block", "part A")
    assert (missing.state, missing.level) == ("missing", "recommended")
    assert missing.detail == (
        "A2, A3: named in the report, no block, slide or image of it is in the case; A1: listed or promised"
    )


def test_what_may_be_a_label_needs_a_person_unless_the_case_knows_it() -> None:
    found = completeness(made(**TISSUE), evidence("See block 7 and slides 3A1."))
    assert one(found, "labels", "words of the report").detail == (
        "the report also says what may be block 7, slide 3A1: whether it is needs a person"
    )
    tissue = {**TISSUE, "slides": [slide("x", "a1", "3A1")]}
    assert abouts(completeness(made(**tissue), evidence("See slides 3A1.")), "labels") == []


def test_a_report_whose_words_are_not_read_needs_a_person() -> None:
    found = completeness(made(**TISSUE), Evidence(unread=("doc",)))
    assert one(found, "labels", "reports not read").state == "unclear"


# --- other needs


def test_a_report_that_is_registered_is_promised() -> None:
    coming = {"id": "gen", "role": "original", "kind": "genomics", "status": "registered"}
    found = completeness(made({"reasons": ["borderline-pathology"]}, reports=[coming]), Evidence())
    assert one(found, "molecular").state == "promised"
    assert one(found, "molecular").detail == "1 report, registered"
    gone = completeness(made(reports=[{**coming, "status": "cancelled"}]), Evidence())
    assert one(gone, "molecular").state == "missing"


def test_what_was_refused_cannot_be_read() -> None:
    refused = Evidence(holdings=(Holding(kind="pathology_report", name="r", state="unreadable"),))
    found = one(completeness(made(), refused), "pathology-report")
    assert (found.state, found.detail, found.gap) == ("unreadable", "1 record that was refused", True)


def test_images_without_the_report_that_names_them() -> None:
    study = {"id": "ct", "uid": "2.25.9", "description": "CT chest",
             "series": [{"uid": "2.25.8", "modality": "CT",
                         "instances": [{"uid": "2.25.7", "sop_class": "1.2.840.10008.5.1.4.1.1.2"}]}]}  # fmt: skip
    read = {"id": "rr", "role": "original", "kind": "radiology", "status": "final"}
    both = {"scope": "multidisciplinary"}
    here = Evidence(files=("2.25.7",))
    states = [
        one(completeness(made(both, studies=[study], reports=reports), here), "study", "CT ct").state
        for reports in ([], [read], [{**read, "studies": ["ct"]}])
    ]
    assert states == ["missing", "unclear", "here"]


def test_a_stage_in_words_is_one() -> None:
    both = {"scope": "multidisciplinary"}
    assert one(completeness(made(both), evidence("Margins free. pT2 pN0.")), "stage").state == "here"
    assert one(completeness(made(both), evidence("T2 signal is high.")), "stage").state == "missing"


def test_a_history_that_says_nothing_of_treatment_needs_a_person() -> None:
    told = [report(("history", "A mass for two months."))]
    assert one(completeness(made(reports=told), Evidence()), "prior-treatment").state == "unclear"
    told = [report(("history", "A mass. No prior treatment."))]
    assert one(completeness(made(reports=told), Evidence()), "prior-treatment").state == "here"


# --- OperationOutcome


def test_every_open_need_is_an_issue() -> None:
    found = completeness(made(**TISSUE), evidence(TWO_PARTS))
    outcome = operation_outcome(found, test_data=True)
    assert len(outcome["issue"]) == len(found.open)
    assert {issue["code"] for issue in outcome["issue"]} <= set(ISSUE_TYPES)
    first = outcome["issue"][0]
    assert (first["severity"], first["code"]) == ("error", "required")
    assert outcome["meta"]["security"][0]["code"] == "HTEST"
    (issue,) = (i for i in outcome["issue"] if "(part B)" in i["details"]["text"])
    assert issue == {
        "severity": "error",
        "code": "required",
        "details": {
            "text": "required, missing: slides, blocks or images of each part (part B): "
            "part B is named in the report, no slide, block or image of it is in the case"
        },
        "diagnostics": "completeness.part",
        "expression": ["Specimen"],
    }


def test_where_nothing_is_open_one_issue_says_so() -> None:
    whole = Completeness(scope="pathology-only", reasons=("rare-cancer",), requirements=())
    assert operation_outcome(whole) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information",
                "code": "informational",
                "details": {"text": "nothing that the scope and the reasons of the request need is missing"},
            }
        ],
    }


# --- generated


@st.composite
def materials(draw: st.DrawFn) -> tuple[dict[str, Any], Evidence]:
    """Parts A to C with some blocks, slides and hand-overs, and a text that names some labels."""
    letters = draw(st.sets(st.sampled_from("ABC")))
    parts = [part(x, f"{NUMBER}-{x}") for x in sorted(letters)]
    blocks, slides, custody = [], [], []
    for x in sorted(letters):
        for n in range(draw(st.integers(0, 2))):
            blocks.append(block(f"{x}{n}", x, f"{NUMBER}-{x}{n + 1}"))
            slides += [
                slide(f"{x}{n}-{k}", f"{x}{n}", f"{NUMBER}-{x}{n + 1}-{k + 1}") for k in range(draw(st.integers(0, 2)))
            ]
    for number_, item in enumerate([*blocks, *slides]):
        kind = draw(st.sampled_from(["", "released", "shipped", "discarded"]))
        custody += [event(f"c{number_}", kind, item["id"])] if kind else []
    custody.sort(key=lambda one: str(one["at"]))
    named = draw(st.lists(st.sampled_from(["Part A: x.", "Part B: y.", "Parts A-D.", "Blocks A1-A3.", "Block B2."])))
    return {"parts": parts, "blocks": blocks, "slides": slides, "custody": custody}, evidence("\n".join(named))


ADDED: list[tuple[str, dict[str, Any]]] = [
    ("reports", report(("diagnosis", "Carcinoma."), id="further")),
    ("studies", {"id": "more", "uid": "2.25.4", "series": [{"uid": "2.25.5", "modality": "CT", "instances": []}]}),
    ("diagnoses", {"id": "dx", "code": {"text": "Sarcoma"}}),
]


def worse(before: Completeness, after: Completeness) -> list[tuple[str, str | None]]:
    states = {r.key: r.state for r in after.requirements}
    return [r.key for r in before.requirements if rank(states[r.key]) < rank(r.state)]


@given(materials(), st.sampled_from("ABC"), st.sampled_from(["", "shipped"]))
def test_a_slide_more_never_makes_a_need_worse(drawn: tuple[dict[str, Any], Evidence], letter: str, sent: str) -> None:
    tissue, told = drawn
    before = completeness(made(**tissue), told)
    parts = [*tissue["parts"]]
    parts += [] if any(p["id"] == letter for p in parts) else [part(letter, f"{NUMBER}-{letter}")]
    more = [*tissue["slides"], slide("new", letter, f"{NUMBER}-{letter}1-9")]
    custody = [event("new-c", sent, "new"), *tissue["custody"]] if sent else tissue["custody"]
    after = completeness(made(**{**tissue, "parts": parts, "slides": more, "custody": custody}), told)
    assert worse(before, after) == []


@given(materials(), st.sampled_from(ADDED))
def test_a_report_study_or_diagnosis_more_never_makes_a_need_worse(
    drawn: tuple[dict[str, Any], Evidence], added: tuple[str, dict[str, Any]]
) -> None:
    tissue, told = drawn
    before = completeness(made({"scope": "multidisciplinary"}, **tissue), told)
    after = completeness(made({"scope": "multidisciplinary"}, **tissue, **{added[0]: [added[1]]}), told)
    assert worse(before, after) == []


@given(materials())
def test_every_need_has_one_state_and_comes_once(drawn: tuple[dict[str, Any], Evidence]) -> None:
    tissue, told = drawn
    found = completeness(made({"scope": "multidisciplinary"}, **tissue), told)
    assert {r.state for r in found.requirements} <= set(STATES)
    keys = [r.key for r in found.requirements]
    assert len(keys) == len(set(keys))
    assert completeness(made({"scope": "multidisciplinary"}, **tissue), told) == found


@given(materials(), st.integers(0, 3))
def test_a_text_more_never_makes_a_need_of_materials_better(
    drawn: tuple[dict[str, Any], Evidence], number_: int
) -> None:
    """What a report names says nothing of where it is: rows are added, none of a part improves."""
    tissue, told = drawn
    more = msgspec.structs.replace(told, texts=(*told.texts, *evidence(f"Part {'ABCD'[number_]}: z.").texts))
    parts = {r.key: r.state for r in completeness(made(**tissue), told).requirements if r.need == "part"}
    after = {r.key: r.state for r in completeness(made(**tissue), more).requirements if r.need == "part"}
    assert {key: after[key] for key in parts} == parts


@pytest.mark.parametrize(
    ("need", "words", "state"),
    [
        ("immunohistochemistry", "CK7 positive, CD20 negative.", "here"),
        ("immunohistochemistry", "ER: 90 %, PR weak.", "here"),
        ("immunohistochemistry", "p16 is diffuse.", "here"),
        ("immunohistochemistry", "Immunohistochemistry is negative.", "here"),
        ("immunohistochemistry", "Mismatch repair proteins: MLH1 retained.", "here"),
        ("immunohistochemistry", "Margins are negative for carcinoma.", "missing"),
        ("immunohistochemistry", "Lymph nodes positive: 2 of 14.", "missing"),
        ("immunohistochemistry", "The cyst is retained. H&E stained sections.", "missing"),
        ("immunohistochemistry", "No immunohistochemistry was performed.", "unclear"),
        ("immunohistochemistry", "Immunohistochemistry is pending.", "unclear"),
        ("prior-treatment", "No prior treatment.", "here"),
        ("prior-treatment", "Status post neoadjuvant chemotherapy.", "here"),
        ("prior-treatment", "Resection after radiotherapy.", "here"),
        ("prior-treatment", "ypT1a ypN0", "here"),
        ("prior-treatment", "Treatment-naive patient.", "here"),
        ("prior-treatment", "Recommend adjuvant chemotherapy.", "unclear"),
        ("prior-treatment", "Radiation oncology was consulted.", "unclear"),
        ("prior-treatment", "pT1a pN0", "missing"),
    ],
)
def test_words_meet_a_need_where_they_say_it_and_need_a_person_where_they_only_speak_of_it(
    need: str, words: str, state: str
) -> None:
    """A reviewer who is told that stains are there does not ask for them."""
    assert one(completeness(made(), evidence(words)), need).state == state


CT = {
    "id": "study", "uid": "1.2.3",
    "series": [
        {"uid": f"1.2.3.{n}", "modality": "CT",
         "instances": [{"uid": f"1.2.3.{n}.{i}", "sop_class": "1.2.840.1"} for i in (1, 2)]}
        for n in (1, 2)
    ],
}  # fmt: skip
RADIOLOGY = {
    "id": "paper", "path": "documents/r.pdf", "content_type": "application/pdf", "sha256": "0" * 64, "size": 3,
    "kind": "radiology_report", "about": ["study"],
}  # fmt: skip
ALL = ("1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1", "1.2.3.2.2")


@pytest.mark.parametrize(
    ("files", "state", "told"),
    [
        ((), "promised", "listed, its images are not in the case; its report is in the case"),
        (ALL[:1], "promised", "1 of 4 images in the case; its report is in the case"),
        (ALL[1:], "promised", "3 of 4 images in the case; its report is in the case"),
        (ALL, "here", "images in the case; its report is in the case"),
    ],
)
def test_a_study_is_here_when_all_its_images_are(files: tuple[str, ...], state: str, told: str) -> None:
    """One slice of a hundred is no study that a radiologist can read."""
    case = made({"scope": "multidisciplinary"}, studies=[CT], documents=[RADIOLOGY])
    found = one(completeness(case, evidence(files=files)), "study", "CT study")
    assert (found.state, found.detail) == (state, told)
    assert one(completeness(case, evidence(files=files)), "imaging").state == state


def test_a_report_of_a_study_that_cannot_be_read_is_not_promised() -> None:
    case = made({"scope": "multidisciplinary"}, studies=[CT], documents=[RADIOLOGY])
    found = one(completeness(case, evidence(files=ALL, broken=("paper",))), "study", "CT study")
    assert (found.state, found.detail) == ("unreadable", "images in the case; its report cannot be read")


BARE: dict[str, Any] = {"parts": [{"id": "a"}], "slides": [{"id": "s", "parent": "a"}]}


@pytest.mark.parametrize(("label", "state"), [("A", "promised"), ("1", "promised"), ("B", "unclear"), ("2", "unclear")])
def test_the_one_specimen_without_a_label_is_the_first_part_and_no_other(label: str, state: str) -> None:
    found = completeness(made(**BARE), evidence(f"Part {label}: skin."))
    assert one(found, "part", f"part {label}").state == state


def test_what_another_than_the_reviewer_has_is_not_here() -> None:
    others = [
        {"id": "org-holder", "name": "Holder Hospital (synthetic)"},
        {"id": "org-center", "name": "Review Center (synthetic)", "kind": "review_center"},
        {"id": "org-other", "name": "Another Center (synthetic)"},
    ]
    for who, state in (("org-center", "here"), ("org-other", "promised")):
        sent = [event("c1", "shipped", "a1-1", to=who), event("c2", "received", "a1-1", by=who, to=None)]
        case = made(**TISSUE, custody=sent, organizations=others)
        assert one(completeness(case, evidence("Part A: breast.")), "part", "part A").state == state


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_study_that_was_never_made_is_no_image(status: str) -> None:
    found = completeness(made({"scope": "multidisciplinary"}, studies=[{**CT, "status": status}]), evidence(files=ALL))
    assert one(found, "imaging").state == "missing"
    assert abouts(found, "study") == []


@pytest.mark.parametrize(
    ("labels", "state"),
    [(["A1"], "promised"), (["A1-2"], "promised"), (["A11"], "missing"), ([f"{NUMBER}-A1"], "promised"),
     (["S25-999-A1"], "missing")],
)  # fmt: skip
def test_a_block_that_a_report_names_is_met_by_its_label_with_or_without_the_accession(
    labels: list[str], state: str
) -> None:
    case = made(parts=[part("a", f"{NUMBER}-A")], slides=[slide(f"s{n}", "a", value) for n, value in enumerate(labels)])
    assert one(completeness(case, evidence("Block A1: carcinoma.")), "block", "part A").state == state


@pytest.mark.parametrize(("name", "state"), [("Core needle biopsy", "missing"), ("Mastectomy", "here")])
def test_a_biopsy_is_no_treatment(name: str, state: str) -> None:
    done = {"id": "done", "status": "completed", "code": {"text": name}}
    assert one(completeness(made(procedures=[done]), evidence("x")), "prior-treatment").state == state
