"""Media to be burnt, in other hands: DCMTK resolves every record of the DICOMDIR, Orthanc takes every image."""

import re
import subprocess
from pathlib import Path

import pydicom
import pytest

from adapter.delivery.volumes import RESERVE
from tests.adapter.cli.command import case, run
from tests.live.servers import Server
from tests.live.test_dicom import FILE_ID, REFERENCED_INSTANCE, SOP_INSTANCE, digest, dump

pytestmark = pytest.mark.live

SCENARIO = "discordant-imaging-biopsy"
PERSON = {
    "PatientID": "IND-000345", "PatientName": "Testpatient-Indigo^Mei", "PatientBirthDate": "19700228",
    "PatientSex": "F", "OtherPatientIDs": None, "IssuerOfPatientID": None,
}  # fmt: skip
KINDS = (
    *("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "rtplan.dcm", "rtdose.dcm", "test-SR.dcm"),
    *("reportsi.dcm", "liver_1frame.dcm", "ExplVR_BigEnd.dcm", "waveform_ecg.dcm", "examples_ybr_color.dcm"),
    *("examples_palette.dcm", "examples_jpeg2k.dcm", "MR_small_implicit.dcm", "image_dfl.dcm"),
)
"""pydicom's own files: images, plan, dose, structured reports, segmentation, waveform; in eight transfer syntaxes."""


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A case with images of many kinds, and the small volumes it was written to."""
    from pydicom.data import get_testdata_file

    folder = tmp_path_factory.mktemp("medium")
    place = case(folder, SCENARIO)
    for number, name in enumerate(KINDS):
        found = pydicom.dcmread(str(get_testdata_file(name, download=False)))
        for keyword, value in PERSON.items():
            if value is None:
                found.pop(keyword, None)
            else:
                setattr(found, keyword, value)
        found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(f"2.25.99.{number}")
        found.save_as(place / "dicom" / f"kind-{number}.dcm")
    done = run(folder, "export", SCENARIO, "--to", "out", "--medium", str(RESERVE + 800_000))
    assert done.code == 0, done.out + done.err
    return place, sorted((folder / "out").iterdir())


def test_there_are_several(volumes: tuple[Path, list[Path]]) -> None:
    assert [volume.name for volume in volumes[1]] == ["VOLUME1", "VOLUME2"]


def test_every_record_leads_to_its_file(volumes: tuple[Path, list[Path]]) -> None:
    number = 0
    for volume in volumes[1]:
        places = [volume / place.replace("\\", "/") for place in dump(volume / "DICOMDIR", FILE_ID)]
        assert [path for path in places if not path.is_file()] == []
        assert dump(volume / "DICOMDIR", REFERENCED_INSTANCE) == [
            uid for path in places for uid in dump(path, SOP_INSTANCE)[:1]
        ]
        assert sorted(places) == sorted(path for path in (volume / "DICOM").rglob("*") if path.is_file())
        number += len(places)
    assert number == len(KINDS) + 4


def test_every_kind_of_record_is_there(volumes: tuple[Path, list[Path]]) -> None:
    kinds = {kind.strip() for volume in volumes[1] for kind in dump(volume / "DICOMDIR", "0004,1430")}
    assert kinds == {"PATIENT", "STUDY", "SERIES", "IMAGE", "RT DOSE", "RT PLAN", "SR DOCUMENT", "WAVEFORM"}


def test_the_images_are_the_ones_of_the_case(volumes: tuple[Path, list[Path]]) -> None:
    came = sorted(digest(path) for path in (volumes[0] / "dicom").rglob("*") if path.is_file())
    there = [digest(path) for volume in volumes[1] for path in (volume / "DICOM").rglob("*") if path.is_file()]
    assert sorted(there) == came


def test_the_lists_are_right_for_sha256sum(volumes: tuple[Path, list[Path]]) -> None:
    for volume in volumes[1]:
        done = subprocess.run(
            ["sha256sum", "--strict", "-c", "SHA256.TXT"], cwd=volume, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout.count(b": OK\n")) == (
            0,
            len((volume / "SHA256.TXT").read_text().splitlines()),
        )


def test_dcmtk_reads_the_directory_without_a_complaint(volumes: tuple[Path, list[Path]]) -> None:
    for volume in volumes[1]:
        done = subprocess.run(["dcmdump", "-Un", str(volume / "DICOMDIR")], capture_output=True, check=True)
        assert [line for line in done.stderr.decode().splitlines() if re.match(r"[EF]:", line)] == []


def test_orthanc_takes_every_image(volumes: tuple[Path, list[Path]], orthanc: Server) -> None:
    files = [path for volume in volumes[1] for path in (volume / "DICOM").rglob("*") if path.is_file()]
    answers = [orthanc.post("instances", path.read_bytes(), "application/dicom") for path in files]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["ID"] for answer in answers}) == len(KINDS) + 4
