"""Every ImagingStudy and Specimen made of real images, in HL7's validation engine with the profiles they claim."""

import datetime as dt
import subprocess
from pathlib import Path

import pytest

from adapter.convert import convert
from mappings.fhir.wire import pretty
from mappings.identity import DEFAULT_NAMESPACE
from tests.test_dicom_counts import PYDICOM

pytestmark = pytest.mark.live

PROFILES = Path(__file__).resolve().parents[2] / "profiles"


def test_what_is_made_of_images_has_no_error(shared: Path, tmp_path: Path) -> None:
    folders = [shared / "data" / "dicom", PYDICOM / "test_files", PYDICOM / "charset_files"]
    done = convert(folders, DEFAULT_NAMESPACE, dt.date(2026, 3, 16))
    kinds = [entry["resource"]["resourceType"] for bundle in done.bundles.values() for entry in bundle["entry"]]
    assert (kinds.count("ImagingStudy") >= 40, kinds.count("Specimen")) == (True, 4)
    for key, bundle in done.bundles.items():
        (tmp_path / f"{key}.json").write_bytes(pretty(bundle))
    command: list[str | Path] = [shared / "reference" / "validate", "--with", "fast", "--ig", PROFILES, tmp_path]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.stdout == ""
    assert f"{len(done.bundles)} resources checked, 0 with errors, 0 not checked" in told.stderr
