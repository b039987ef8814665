"""Reads the headers of DICOM files, with or without preamble (PS3.10 section 7). Pixel data are not touched.

pydicom's own messages quote values: its warnings are caught, its errors are said again without them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from adapter.quiet import quiet_pydicom
from mappings.dicom.header import Header, Issued, Triplet
from mappings.problems import refuse

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TEXTS = {
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "instance_uid": "SOPInstanceUID",
    "sop_class": "SOPClassUID",
    "modality": "Modality",
    "series_number": "SeriesNumber",
    "instance_number": "InstanceNumber",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "series_date": "SeriesDate",
    "series_time": "SeriesTime",
    "timezone_offset": "TimezoneOffsetFromUTC",
    "body_part": "BodyPartExamined",
    "laterality": "Laterality",
    "image_laterality": "ImageLaterality",
    "study_description": "StudyDescription",
    "series_description": "SeriesDescription",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "burned_in": "BurnedInAnnotation",
    "label_in_image": "SpecimenLabelInImage",
}
_OTHERS = (
    "SpecificCharacterSet",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDs",
    "OtherPatientIDsSequence",
    "PatientName",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "ProcedureCodeSequence",
    "RequestedProcedureCodeSequence",
    "AnatomicRegionSequence",
    "ContainerIdentifier",
    "IssuerOfTheContainerIdentifierSequence",
    "SpecimenDescriptionSequence",
    "ImageType",
)
_START = 132


def read_instance(path: Path) -> Header | None:
    """Read the header of one file; None where it is no DICOM.

    Raises:
        ProblemError: it says that it is DICOM but cannot be read, or it cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            marked = stream.read(_START)[128:] == b"DICM"
    except OSError:
        raise refuse("not-found", "", "cannot be opened; check that it is there and readable", rule="file") from None
    found = _read(path, force=not marked)
    if found is None and marked:
        message = "is marked as DICOM but its header cannot be read; it is broken or cut off: ask the sender for it"
        raise refuse("structure", "(0002,0000)", message, rule="PS3.10 7") from None
    return found


def _read(path: Path, force: bool) -> Header | None:
    import pydicom

    with quiet_pydicom() as heard:
        try:
            dataset = pydicom.dcmread(
                path, stop_before_pixels=True, force=force, specific_tags=[*_TEXTS.values(), *_OTHERS]
            )
            header = _header(_Fields(dataset), str(getattr(dataset.file_meta, "TransferSyntaxUID", "")))
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return None
    if force and not (header.sop_class and header.study_uid):
        return None
    return msgspec.structs.replace(header, irregular=header.irregular or bool(heard))


class _Fields:
    """Elements as text. What cannot be converted is absent, and remembered."""

    def __init__(self, dataset: "Dataset", broken: list[str] | None = None) -> None:
        self.dataset = dataset
        self.broken: list[str] = [] if broken is None else broken

    def raw(self, keyword: str) -> Any:
        try:
            return self.dataset.get(keyword)
        except Exception:  # the value of this one element is broken; the others may be good
            self.broken.append(keyword)
            return None

    def texts(self, keyword: str) -> tuple[str, ...]:
        value = self.raw(keyword)
        if value is None or value == "":
            return ()
        several = not isinstance(value, (str, bytes)) and isinstance(value, Iterable) and not _is_name(value)
        items = value if several else (value,)
        return tuple(text for item in items if (text := _clean(item)))

    def text(self, keyword: str) -> str:
        return next(iter(self.texts(keyword)), "")

    def items(self, keyword: str) -> list["_Fields"]:
        from pydicom.sequence import Sequence

        value = self.raw(keyword)
        return [_Fields(item, self.broken) for item in value] if isinstance(value, Sequence) else []

    def names(self, keyword: str) -> tuple[str, ...]:
        """The component groups of a person name that are not empty: alphabetic, ideographic, phonetic."""
        value = self.raw(keyword)
        if value is None or not _is_name(value):
            return self.texts(keyword)
        try:
            groups = (value.alphabetic, value.ideographic, value.phonetic)
        except Exception:  # the name is in no character set that the file names
            self.broken.append(keyword)
            return ()
        return tuple(text for group in groups if (text := _clean(group)))

    def alphabetic(self, keyword: str) -> str:
        """The names of a multi-valued element, each by its first component group."""
        value = self.raw(keyword)
        values = [value] if value is not None and _is_name(value) else list(value or ())
        return "; ".join(text for item in values if (text := _clean(str(item).split("=")[0]).rstrip("^")))

    def triplet(self, *keywords: str) -> Triplet | None:
        for keyword in keywords:
            for item in self.items(keyword)[:1]:
                value = item.text("CodeValue") or item.text("LongCodeValue") or item.text("URNCodeValue")
                scheme, meaning = item.text("CodingSchemeDesignator"), item.text("CodeMeaning")
                return Triplet(value=value, scheme=scheme, meaning=meaning)
        return None

    def issued(self, value: str, issuer: str, sequence: str) -> Issued | None:
        number = self.text(value)
        if not number:
            return None
        item = next(iter(self.items(sequence)), None)
        return Issued(
            value=number,
            issuer=self.text(issuer) if issuer else (item.text("LocalNamespaceEntityID") if item else ""),
            universal=item.text("UniversalEntityID") if item else "",
            universal_type=item.text("UniversalEntityIDType") if item else "",
        )

    def patient(self) -> Issued | None:
        return self.issued("PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence")


def _is_name(value: object) -> bool:
    return hasattr(value, "ideographic")


def _clean(value: object) -> str:
    return str(value).strip(" \0").strip()


def _header(fields: _Fields, transfer_syntax: str) -> Header:
    meta = _Fields(fields.dataset.file_meta, fields.broken)
    texts: dict[str, Any] = {field: fields.text(keyword) for field, keyword in _TEXTS.items()}
    # The file meta information repeats these two (PS3.10 7.1); a DICOMDIR has them only there.
    texts["sop_class"] = texts["sop_class"] or meta.text("MediaStorageSOPClassUID")
    texts["instance_uid"] = texts["instance_uid"] or meta.text("MediaStorageSOPInstanceUID")
    others = [found for item in fields.items("OtherPatientIDsSequence") if (found := item.patient())]
    specimens = fields.items("SpecimenDescriptionSequence")
    labels = [item.issued("SpecimenIdentifier", "", "IssuerOfTheSpecimenIdentifierSequence") for item in specimens]
    made: dict[str, Any] = {
        "anatomic_region": fields.triplet("AnatomicRegionSequence"),
        "accession": fields.issued("AccessionNumber", "", "IssuerOfAccessionNumberSequence"),
        "procedure": fields.triplet("ProcedureCodeSequence", "RequestedProcedureCodeSequence"),
        "patient_id": fields.patient(),
        "other_patient_ids": (*others, *(Issued(value=number) for number in fields.texts("OtherPatientIDs"))),
        "patient_names": fields.names("PatientName"),
        "referrer": fields.alphabetic("ReferringPhysicianName"),
        "performer": fields.alphabetic("PerformingPhysicianName") or fields.alphabetic("OperatorsName"),
        "container": fields.issued("ContainerIdentifier", "", "IssuerOfTheContainerIdentifierSequence"),
        "specimens": tuple(found for found in labels if found),
        "image_type": fields.texts("ImageType"),
    }
    return Header(**texts, **made, transfer_syntax=transfer_syntax.strip(), irregular=bool(fields.broken))
