"""Synthetic images that tell of specimens and enclose documents, for tests of what goes and what stays."""

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from tests.dicom_files import SM, dataset, item, write

PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
LAB = "https://lab.example/sid/accession"
PERSON = {"PatientName": "Testperson^Mirabel", "PatientID": "MRN-77001", "PatientBirthDate": "19580719"}
NUMBERS = "https://ehr.example/sid/mrn"
SOURCES = [{"path": "dicom", "patient_system": NUMBERS}, {"path": "fhir", "base": "https://ehr.example/r4"}]
PDF = b"%PDF-1.7\nA report that an image encloses.\n%%EOF\n"
SLIDES, PAPERS = "1.2.40", "1.2.50"
"""Study UIDs."""


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def issuer(address: str = LAB) -> list[Dataset]:
    """Who issued a number."""
    return [item(UniversalEntityID=address, UniversalEntityIDType="URI")]


def _said(code: str, value: str) -> Dataset:
    return item(ValueType="TEXT", ConceptNameCodeSequence=[coded(code, "DCM", "m")], TextValue=value)


def _meant(name: tuple[str, str], value: Dataset) -> Dataset:
    return item(
        ValueType="CODE", ConceptNameCodeSequence=[coded(name[1], name[0], "m")], ConceptCodeSequence=[value]
    )  # fmt: skip


def steps(slide: str, block: str, part: str, stain: tuple[str, str]) -> list[Dataset]:
    """A slide cut from a block, the block taken from a part, and the slide stained."""
    sampling, staining = coded("433465004", "SCT", "Sampling"), coded("127790008", "SCT", "Staining")
    taken = [_said("121041", block), _meant(("DCM", "111701"), sampling), _said("111705", part)]
    taken.append(_meant(("SCT", "430863003"), coded("311731000", "SCT", "Paraffin wax")))
    cut = [_said("121041", slide), _meant(("DCM", "111701"), sampling), _said("111705", block)]
    cut.append(_meant(("DCM", "111704"), coded("434472006", "SCT", "Sectioning")))
    done = [_said("121041", slide), _meant(("DCM", "111701"), staining)]
    done.append(_meant(("SCT", "424361007"), coded(stain[0], "SCT", stain[1])))
    return [item(SpecimenPreparationStepContentItemSequence=one) for one in (taken, cut, done)]


def scan(
    number: str = "S26-1-A1-1",
    study: str = SLIDES,
    stain: tuple[str, str] = ("12710003", "Hematoxylin stain"),
    **more: Any,
) -> Dataset:
    """A whole-slide image of slide `number` (of block S26-1-A1 of part S26-1-A, unless its label says another)."""
    block, part = number.rsplit("-", 1)[0], number.rsplit("-", 1)[0].rstrip("0123456789")
    tissue = item(
        SpecimenIdentifier=number,
        SpecimenUID=f"{study}.9.{len(number)}",
        IssuerOfTheSpecimenIdentifierSequence=issuer(),
        SpecimenShortDescription=f"section of {number}",
        SpecimenPreparationSequence=steps(number, block, part, stain),
    )
    series = more.pop("SeriesInstanceUID", f"{study}.1")
    values = {
        "SOPClassUID": SM,
        "Modality": "SM",
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "SOPInstanceUID": f"{series}.1",
        "ContainerIdentifier": number,
        "IssuerOfTheContainerIdentifierSequence": issuer(),
        "ContainerTypeCodeSequence": [coded("433466003", "SCT", "Microscope slide")],
        "SpecimenDescriptionSequence": [tissue],
    }
    return dataset(**PERSON | values | more)


def paper(data: bytes = PDF, study: str = PAPERS, number: int = 1, **more: Any) -> Dataset:
    """An instance that encloses a PDF."""
    values = {
        "SOPClassUID": PDF_CLASS,
        "Modality": "DOC",
        "StudyInstanceUID": study,
        "SeriesInstanceUID": f"{study}.8",
        "SOPInstanceUID": f"{study}.8.{number}",
        "DocumentTitle": "Enclosed report",
        "ContentDate": "20260110",
        "ContentTime": "090000",
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": data + b"\0" * (len(data) % 2),
        "EncapsulatedDocumentLength": len(data),
    }
    return dataset(**PERSON | values | more)


def put(folder: Path, **images: Dataset) -> Path:
    """Write images into the folder `dicom` of a case."""
    for name, image in images.items():
        write(folder / "dicom" / f"{name}.dcm", image)
    return folder


__all__ = [
    "LAB",
    "NUMBERS",
    "PAPERS",
    "PDF",
    "PDF_CLASS",
    "PERSON",
    "SLIDES",
    "SOURCES",
    "coded",
    "paper",
    "put",
    "scan",
]
