"""The built FHIR package in HAPI FHIR JPA's own installer, and in HL7's validation engine with our examples."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from adapter import package_file

pytestmark = pytest.mark.live

PROGRAM = Path(__file__).parent / "InstallPackages.java"
BEFORE = (
    "support.ext.r4-0.1.0",
    "hl7.fhir.us.core-6.1.0",
    "hl7.fhir.uv.genomics-reporting-2.0.0",
    "hl7.fhir.us.mcode-4.0.0",
)
"""What ours depends on, in an order in which each has its bases."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package_file.build(tmp_path_factory.mktemp("package") / "second-opinion.tgz")


@pytest.fixture(scope="module")
def installed(package: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the installer says, line by line."""
    start = shared / "counterparts" / "hapi" / "start.sh"
    packages = [*(str(shared / "fhir-packages" / f"{name}.tgz") for name in BEFORE), str(package)]
    done = subprocess.run(
        [start, "0"],
        env={
            **os.environ,
            "PACKAGES": ":".join(packages),
            "CLASSPATH": "target/lib/*",
            "HEAP": "1g",
            "JOPTS": str(PROGRAM),  # in place of the server: the program above
        },
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def _counts(folder: Path) -> dict[str, int]:
    """How many artefacts of each type the package holds."""
    kinds = [path.name.partition("-")[0] for path in folder.glob("*-*.json")]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def test_hapi_installs_every_definition(installed: list[str]) -> None:
    (line,) = [line for line in installed if line.startswith("INSTALLED second-opinion.fhir ")]
    said = line.partition("{")[2].rstrip("}")
    counts = {kind: int(number) for kind, number in (part.split("=") for part in said.split(", "))}
    wanted = _counts(package_file.FOLDER)
    kinds = ("CodeSystem", "ConceptMap", "StructureDefinition", "ValueSet")
    assert counts == {kind: wanted[kind] for kind in kinds}


def test_hapi_validates_the_examples_by_the_profiles(installed: list[str]) -> None:
    """It has no LOINC and only the HL7 terminology that R4 carries, so what rests on these codes it cannot know.

    The Bundles are left to the reference validator: where HAPI can follow references it misses the base types that the
    published snapshots of US Core name with their version (`Patient|4.0.1`).
    """
    unknown = ("CodeSystem is unknown", "Unknown code 'http://terminology.hl7.org/", "a matching slice is required")
    errors = [line for line in installed if line.startswith("ERROR ") and not line.startswith("ERROR Bundle-")]
    assert [line for line in errors if not any(reason in line for reason in unknown)] == []
    clean = {line.split()[1] for line in installed if line.startswith("EXAMPLE ") and line.endswith(" 0")}
    assert len(clean) >= 19
    assert "ServiceRequest-request.json" in clean


def test_the_reference_validator_takes_the_package(package: Path, shared: Path) -> None:
    program = shared / "reference" / "validate"
    examples = package_file.FOLDER / "examples"
    done = subprocess.run(
        [program, "--with", "fast", "--ig", package, examples], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0
    assert f"{len(list(examples.glob('*.json')))} resources checked, 0 with errors" in done.stderr


def test_the_reference_validator_judges_by_it(package: Path, shared: Path, tmp_path: Path) -> None:
    request = json.loads((package_file.FOLDER / "examples" / "ServiceRequest-request.json").read_bytes())
    del request["reasonCode"]
    (tmp_path / "request.json").write_text(json.dumps(request))
    program = shared / "reference" / "validate"
    done = subprocess.run(
        [program, "--with", "fast", "--ig", package, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ServiceRequest.reasonCode" in done.stdout
