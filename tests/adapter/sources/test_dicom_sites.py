"""Anatomic region and structure with their modifiers, as a file and as DICOMweb metadata have them."""

from pathlib import Path
from typing import Any

import pytest

from adapter.sources.dicom_folder import read_instance
from mappings.dicom.header import Header, Triplet
from mappings.dicom.json_metadata import header
from tests.dicom_files import dataset, item, write

LEFT = Triplet(value="7771000", scheme="SCT", meaning="Left")
BREAST = Triplet(value="76752008", scheme="SCT", meaning="Breast")


def coded(value: Triplet, **more: Any) -> Any:
    return item(
        CodeValue=value.value, CodingSchemeDesignator=value.scheme, CodeMeaning=value.meaning, **more
    )  # fmt: skip


MADE = {
    "region": {"AnatomicRegionSequence": [coded(BREAST, AnatomicRegionModifierSequence=[coded(LEFT)])]},
    "structure": {
        "PrimaryAnatomicStructureSequence": [coded(BREAST, PrimaryAnatomicStructureModifierSequence=[coded(LEFT)])]
    },
    "of-the-other-kind": {
        "AnatomicRegionSequence": [coded(BREAST, PrimaryAnatomicStructureModifierSequence=[coded(LEFT)])]
    },
    "second-item": {
        "AnatomicRegionSequence": [coded(BREAST), coded(BREAST, AnatomicRegionModifierSequence=[coded(LEFT)])]
    },
}
REGION, STRUCTURE = (BREAST, (LEFT,), None, ()), (None, (), BREAST, (LEFT,))
READ = {"region": REGION, "structure": STRUCTURE, "of-the-other-kind": REGION, "second-item": (BREAST, (), None, ())}


def told(found: Header | None) -> tuple[Any, ...]:
    assert found is not None
    return found.anatomic_region, found.region_modifiers, found.structure, found.structure_modifiers


@pytest.mark.parametrize("kind", MADE)
def test_a_site_with_its_modifiers_is_read_alike_from_file_and_metadata(kind: str, tmp_path: Path) -> None:
    image = dataset(**MADE[kind])
    assert told(read_instance(write(tmp_path / "a.dcm", image))) == READ[kind]
    assert told(header(image.to_json_dict())) == READ[kind]
