"""The exported media in other hands: DCMTK reads the directory, Orthanc takes the images."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from adapter.delivery.manifest import read_manifest
from mappings.fhir.wire import Json
from tests.live.judging import Exported
from tests.live.servers import Server

pytestmark = pytest.mark.live

IMAGES = {"borderline-melanocytic": 4, "cord-compression": 1, "discordant-imaging-biopsy": 4}
"""The scenarios with images, and how many of them are released."""

SOP_INSTANCE = "0008,0018"
FILE_ID = "0004,1500"
REFERENCED_INSTANCE = "0004,1511"


def dump(path: Path, *tags: str) -> list[str]:
    """The values of these elements wherever they stand in a file, as DCMTK's dcmdump says them."""
    wanted = [part for tag in tags for part in ("+P", tag)]
    done = subprocess.run(["dcmdump", "-q", "-Un", *wanted, str(path)], capture_output=True, check=True, timeout=60)
    return re.findall(r"^\([0-9a-f,]{9}\) [A-Z]{2} \[(.*?)\]", done.stdout.decode("latin-1"), re.M)


def digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def images(case: Exported) -> list[Path]:
    """The DICOM files of the delivery that its manifest names."""
    manifest, _ = read_manifest(case.tree)
    return [case.tree / file.path for file in manifest.files if file.path.startswith("DICOM/")]


def studies(case: Exported) -> list[Json]:
    """Our ImagingStudy resources."""
    return [resource for _, resource in case.ours if resource["resourceType"] == "ImagingStudy"]


def test_other_scenarios_have_no_media(exported: dict[str, Exported]) -> None:
    with_media = {name for name, case in exported.items() if (case.tree / "DICOMDIR").exists()}
    assert with_media == set(IMAGES)


@pytest.mark.parametrize("name", IMAGES)
def test_the_directory_lists_what_is_on_the_manifest(name: str, exported: dict[str, Exported]) -> None:
    case = exported[name]
    directory = case.tree / "DICOMDIR"
    listed = [case.tree / place.replace("\\", "/") for place in dump(directory, FILE_ID)]
    assert sorted(listed) == images(case)
    assert len(listed) == IMAGES[name]
    assert dump(directory, REFERENCED_INSTANCE) == [uid for path in listed for uid in dump(path, SOP_INSTANCE)]


@pytest.mark.parametrize("name", IMAGES)
def test_the_images_are_the_ones_that_came(name: str, exported: dict[str, Exported]) -> None:
    case = exported[name]
    came = {digest(path) for path in (case.case / "dicom").rglob("*") if path.is_file()}
    assert {digest(path) for path in images(case)} == came
    assert len(came) == IMAGES[name]


@pytest.mark.parametrize("name", IMAGES)
def test_orthanc_has_what_the_imaging_study_says(name: str, orthanc: Server, exported: dict[str, Exported]) -> None:
    case = exported[name]
    sent = [orthanc.post("instances", path.read_bytes(), "application/dicom") for path in images(case)]
    assert {answer.status for answer in sent} == {200}
    parents = {answer.body["ParentStudy"] for answer in sent}
    assert [_said(study) for study in studies(case)] == [_stored(orthanc, parent) for parent in parents]


def _said(study: Json) -> tuple[str, int, int, dict[str, tuple[str, list[str]]]]:
    uid = next(n["value"] for n in study["identifier"] if n["system"] == "urn:dicom:uid").removeprefix("urn:oid:")
    series = {
        row["uid"]: (row["modality"]["code"], sorted(instance["uid"] for instance in row["instance"]))
        for row in study["series"]
    }
    return uid, study["numberOfSeries"], study["numberOfInstances"], series


def _stored(orthanc: Server, key: str) -> tuple[str, int, int, dict[str, tuple[str, list[str]]]]:
    study = orthanc.get(f"studies/{key}").body
    rows = [orthanc.get(f"series/{series}").body for series in study["Series"]]
    series = {
        row["MainDicomTags"]["SeriesInstanceUID"]: (
            row["MainDicomTags"]["Modality"],
            sorted(orthanc.get(f"instances/{one}").body["MainDicomTags"]["SOPInstanceUID"] for one in row["Instances"]),
        )
        for row in rows
    }
    total = sum(len(row["Instances"]) for row in rows)
    return study["MainDicomTags"]["StudyInstanceUID"], len(rows), total, series


@pytest.mark.parametrize("name", IMAGES)
def test_orthanc_finds_the_study_over_dicomweb(name: str, orthanc: Server, exported: dict[str, Exported]) -> None:
    case = exported[name]
    for path in images(case):
        orthanc.post("instances", path.read_bytes(), "application/dicom")
    (study,) = studies(case)
    uid, series, instances, _ = _said(study)
    (found,) = orthanc.get(f"dicom-web/studies?StudyInstanceUID={uid}").body
    assert found["0020000D"]["Value"] == [uid]
    assert [found["00201206"]["Value"], found["00201208"]["Value"]] == [[series], [instances]]
