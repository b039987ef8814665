"""In a case, images are led to the slides it lists by the label in their headers; an ambiguous label leads nowhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapter.sources.case_file import load_case
from mappings.identity import DEFAULT_NAMESPACE
from tests.dicom_files import SM, dataset
from tests.dicom_files import write as write_image
from tests.small_case import NUMBERS, case


def slide(name: str, label: str) -> dict[str, Any]:
    return {"id": name, "identifiers": [{"system": "https://lab.example/slides", "value": label}]}


@pytest.mark.parametrize(
    ("slides", "led"),
    [
        ([slide("a1", "S26-1 A1")], ("a1",)),
        ([slide("a1", "S26-1 A1"), slide("b1", "S26-1 B1")], ("a1",)),
        ([slide("b1", "S26-1 B1")], ("specimen-db04f1d7c7123d92",)),
        ([slide("a1", "S26-1 A1"), slide("b1", "S26-1 A1")], ()),
    ],
)
def test_images_are_led_to_slides_by_label(tmp_path: Path, slides: list[dict[str, Any]], led: tuple[str, ...]) -> None:
    made = case(slides=slides, sources=[{"path": ".", "patient_system": NUMBERS}])
    (tmp_path / "case.json").write_text(json.dumps(made), encoding="utf-8")
    image = dataset(
        SOPClassUID=SM,
        Modality="SM",
        PatientID="MRN-77001",
        PatientName="Testperson^Mirabel",
        PatientBirthDate="19580719",
        ContainerIdentifier="S26-1 A1",
    )
    write_image(tmp_path / "slide.dcm", image)
    (study,) = load_case(tmp_path, DEFAULT_NAMESPACE).case.studies
    assert [series.slides for series in study.series] == [led]
