"""Synthetic DICOM files for tests; the persons in them do not exist."""

import io
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"
SM = "1.2.840.10008.5.1.4.1.1.77.1.6"


def dataset(**more: Any) -> Dataset:
    """A CT image of a synthetic person; None takes an element out."""
    values: dict[str, Any] = {
        "SOPClassUID": CT,
        "SOPInstanceUID": "1.2.3.1.1",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.1",
        "Modality": "CT",
        "StudyID": "1",
        "SeriesNumber": "1",
        "InstanceNumber": "1",
        "StudyDate": "20260115",
        "StudyTime": "080000",
        "PatientName": "Testperson^Synthetic",
        "PatientID": "T-1",
        "PatientBirthDate": "19600203",
        **more,
    }
    made = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def item(**values: Any) -> Dataset:
    """An item of a sequence."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def write(path: Path, made: Dataset) -> Path:
    """Write the data set as a DICOM file (PS3.10)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(made.get("SOPClassUID", CT))
    meta.MediaStorageSOPInstanceUID = UID(made.get("SOPInstanceUID", "1.2"))
    path.parent.mkdir(parents=True, exist_ok=True)
    FileDataset(str(path), made, file_meta=meta, preamble=b"\0" * 128).save_as(path, enforce_file_format=True)
    return path


def write_bare(path: Path, made: Dataset) -> Path:
    """Write the data set alone, implicit little endian: no preamble, no file meta information."""
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, made, implicit_vr=True, little_endian=True)
    path.write_bytes(buffer.getvalue())
    return path


__all__ = ["CT", "SM", "dataset", "item", "write", "write_bare"]
