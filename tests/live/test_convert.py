"""`second-opinion convert` as a person runs it, its output in two independent validators."""

import subprocess
import sys
from pathlib import Path

import pytest

from mappings.fhir.wire import Json, loads
from tests.golden import CASES
from tests.live.judging import Medplum, hapi_errors, typed
from tests.live.servers import Server

pytestmark = pytest.mark.live

IMAGES = {
    "borderline-melanocytic": ["Patient", "Binary", "DocumentReference", "ImagingStudy", *["Specimen"] * 4],
    "cord-compression": ["Patient", "ImagingStudy"],
    "discordant-imaging-biopsy": ["Patient", "ImagingStudy"],
}


def converted(folder: Path) -> list[Json]:
    """The resources on stdout, one a line."""
    program = Path(sys.executable).parent / "second-opinion"
    done = subprocess.run([program, "convert", str(folder)], capture_output=True, check=True, timeout=120)
    return [loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", IMAGES)
def test_images_as_fhir(name: str, hapi: Server, medplum: Medplum) -> None:
    resources = converted(CASES / name / "dicom")
    assert [r["resourceType"] for r in resources] == IMAGES[name]
    assert [issue for issues in medplum(typed((f"urn:uuid:{r['id']}", r) for r in resources)) for issue in issues] == []
    assert {error for resource in resources for error in hapi_errors(hapi, resource)} == set()
