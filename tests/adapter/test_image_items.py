"""What images tell and enclose, as `check`, the completeness, the page and custody know it."""

import copy
import html
import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from adapter.completeness import of_case
from adapter.config import Settings
from adapter.holding import Loaded
from adapter.pipeline import check_case
from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from mappings.problems import ProblemError
from tests import golden, small_case
from tests.enclosing import LAB, PAPERS, PDF, SLIDES, SOURCES, coded, paper, put, scan
from tests.small_case import PATIENT, REPORT, case

Json = dict[str, Any]


def made(folder: Path, images: dict[str, Dataset], **told: Any) -> Path:
    files = {"fhir/p.json": PATIENT, "fhir/report.json": REPORT}
    return put(small_case.write(folder / "case", files, case(sources=SOURCES) | told), **images)


def loaded(folder: Path, images: dict[str, Dataset], **told: Any) -> Loaded:
    return load_case(made(folder, images, **told), DEFAULT_NAMESPACE)


def states(found: Loaded) -> dict[str, tuple[str, str]]:
    return {one.need: (one.state, one.detail) for one in of_case(found).requirements}


def page(folder: Path, images: dict[str, Dataset], **told: Any) -> str:
    golden.export(made(folder, images, **told), folder / "out")
    return html.unescape((folder / "out/index.html").read_text("utf-8"))


# --- completeness


def test_slides_that_headers_tell_of_are_here_as_images_and_promise_no_glass(tmp_path: Path) -> None:
    tissue = states(loaded(tmp_path, {"scan": scan()}))
    assert tissue["tissue"] == ("here", "1 whole-slide image in the case")
    assert tissue["further-sections"][0] == "missing"


def test_a_document_that_nobody_declares_needs_a_person(tmp_path: Path) -> None:
    told = states(loaded(tmp_path, {"paper": paper()}))
    assert told["radiology-report"][0] == "unclear"
    assert "1 document inside an image that no line under `materials` declares" in told["radiology-report"][1]
    assert states(loaded(tmp_path / "without", {"scan": scan()}))["radiology-report"][0] == "missing"


def test_a_declared_document_is_here(tmp_path: Path) -> None:
    line = {"path": "dicom/paper.dcm", "kind": "radiology_report"}
    assert states(loaded(tmp_path, {"paper": paper()}, materials=[line]))["radiology-report"] == ("here", "1 document")


@pytest.mark.parametrize(("data", "state"), [(PDF, "here"), (PDF[:-8], "unreadable")])
def test_a_declared_pdf_that_is_cut_off_cannot_be_read(data: bytes, state: str, tmp_path: Path) -> None:
    line = {"path": "dicom/paper.dcm", "kind": "radiology_report"}
    assert states(loaded(tmp_path, {"paper": paper(data)}, materials=[line]))["radiology-report"][0] == state


def test_an_instance_that_holds_less_than_it_says_cannot_be_read(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"paper": paper(EncapsulatedDocumentLength=4000)})
    assert states(found)["radiology-report"][0] == "unreadable"
    [unit] = [draft for draft in found.drafts if draft.source == "dicom/paper.dcm"]
    assert (unit.refused, unit.names, [p.severity for p in unit.problems]) == (True, (), ["error"])


# --- the page


def test_the_page_shows_what_headers_tell_of_and_its_stains(tmp_path: Path) -> None:
    image = scan()
    step = (
        image.SpecimenDescriptionSequence[0].SpecimenPreparationSequence[2].SpecimenPreparationStepContentItemSequence
    )
    image.SpecimenDescriptionSequence[0].SpecimenTypeCodeSequence = [coded("430856003", "SCT", "Tissue section")]
    eosin = copy.deepcopy(step[2])
    eosin.ConceptCodeSequence = [coded("36879007", "SCT", "Eosin stain")]
    step.append(eosin)
    shown = page(tmp_path, {"scan": image})
    assert "S26-1-A1-1" in shown
    assert "<strong>Hematoxylin stain; Eosin stain</strong>" in shown
    assert "stained with Hematoxylin stain, Eosin stain" in shown
    assert "Tissue section" in shown
    assert shown.count("known from the images") == 3


def test_the_page_shows_the_substances_of_a_declared_stain(tmp_path: Path) -> None:
    code = {"codes": [{"system": "http://snomed.info/sct", "code": "12710003", "display": "Hematoxylin stain"}]}
    slide = {
        "id": "s",
        "identifiers": [{"system": LAB, "value": "S9"}],
        "stain": {"text": "H&E"},
        "stained_with": [code],
    }
    shown = page(tmp_path, {}, slides=[slide])
    assert "stained with Hematoxylin stain" in shown
    assert "known from the images" not in shown


def test_the_page_leads_to_the_enclosed_document(tmp_path: Path) -> None:
    shown = page(tmp_path, {"paper": paper()}, materials=[{"path": "dicom/paper.dcm", "kind": "pathology_report"}])
    assert 'href="documents/enclosed.pdf"' in shown
    assert "Enclosed report" in shown


# --- loading


def test_what_only_images_tell_of_is_not_handed_over(tmp_path: Path) -> None:
    place = made(tmp_path, {"scan": scan()})
    [slide] = load_case(place, DEFAULT_NAMESPACE).case.slides
    told = json.loads((place / "case.json").read_text("utf-8"))
    told["slides"] = [{"id": slide.id, "identifiers": [{"system": LAB, "value": "S26-1-A1-1"}]}]
    event = {"id": "c", "items": [slide.id], "kind": "shipped", "at": "2026-03-01", "by": "org-holder"}
    (place / "case.json").write_text(json.dumps(told | {"custody": [event]}), "utf-8")
    with pytest.raises(ProblemError, match=r"\$\.custody\[0\]\.items: hands over something that only images tell of"):
        load_case(place, DEFAULT_NAMESPACE)


def test_the_name_of_what_no_image_tells_of_is_said_and_left_out(tmp_path: Path) -> None:
    slide = {"id": "specimen-0123456789abcdef", "identifiers": [{"system": LAB, "value": "S1"}]}
    found = loaded(tmp_path, {}, slides=[slide])
    assert found.case.slides == ()
    assert [(p.where, p.severity) for p in found.problems if p.rule == "case.told"] == [
        ("case.json $.slides[0]", "warning")
    ]


def test_a_link_to_what_no_image_tells_of_any_more_stops_the_case(tmp_path: Path) -> None:
    told = {
        "blocks": [{"id": "specimen-0123456789abcdef"}],
        "slides": [{"id": "s", "parent": "specimen-0123456789abcdef"}],
    }
    with pytest.raises(ProblemError, match=r"`slides\[0\]\.parent` names nothing of the case"):
        loaded(tmp_path, {}, **told)


def test_what_differs_is_on_the_account_of_the_file_that_tells_it(tmp_path: Path) -> None:
    block = {"id": "other", "identifiers": [{"system": LAB, "value": "S26-1-B1"}]}
    slide = {"id": "mine", "parent": "other", "identifiers": [{"system": LAB, "value": "S26-1-A1-1"}]}
    found = loaded(tmp_path, {"scan": scan()}, blocks=[block], slides=[slide])
    [unit] = [draft for draft in found.drafts if draft.source == "dicom/scan.dcm"]
    assert [(p.severity, p.rule) for p in unit.problems] == [
        ("warning", "dicom.specimen"),
        ("information", "dicom.specimen"),
    ]
    assert "`mine` otherwise than the case: another block" in unit.problems[0].message


def test_check_names_the_document_as_an_item(tmp_path: Path) -> None:
    line = {"path": "dicom/paper.dcm", "id": "told", "kind": "pathology_report"}
    checked = check_case(made(tmp_path, {"paper": paper(), "scan": scan()}, materials=[line]), Settings(), golden.NOW)
    assert {"told", f"study-{PAPERS}", f"study-{SLIDES}"} <= set(checked.decision.released)
    assert not [name for name in checked.decision.released if name.startswith("specimen-")]
