"""DICOM headers to ImagingStudy, on the same generated CT slices in one run: ours beside three others.

A bare pydicom loop that reads the headers and does nothing with them, DCMTK's dcmdump printing eight tags, and
dicom2fhir, pinned to the set of versions it starts with, in a virtual environment of its own that is thrown away. Each
run is a process of its own. Time is that of the work alone, without imports; memory is the largest resident set of the
process, with what its children have for themselves, imports and all.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests import dicom_files

PEER = ("dicom2fhir==0.1.25", "fhir.resources==8.0.0", "fhir-core==1.0.1", "annotated-types==0.7.0")
"""With what dicom2fhir asks for itself it does not start (fhir.resources 8.3)."""
FEW, MANY, SERIES = 2_000, 20_000, 5
ROOT = Path(__file__).resolve().parent.parent
TAGS = ("0008,0018", "0008,0016", "0020,000d", "0020,000e", "0008,0060", "0008,0020", "0020,0011", "0020,0013")

_TIMED = """
import json, sys, time
from pathlib import Path
root = Path(sys.argv[1])
{imports}
start, used = time.perf_counter(), time.process_time()
{work}
print(json.dumps({{"wall": time.perf_counter() - start, "cpu": time.process_time() - used, "count": count}}))
"""
BARE = _TIMED.format(
    imports="from pydicom import dcmread",
    work="count = sum(bool(dcmread(p, stop_before_pixels=True)) for p in sorted(root.rglob('*.dcm')))",
)
OURS = _TIMED.format(
    imports="""
from adapter.sources.dicom_folder import read_folder
from mappings.domain.party import PATIENT
from mappings.fhir import imaging_study
from mappings.fhir.context import Writing
from mappings.fhir.wire import dumps
""",
    work="""
found, _ = read_folder(root)
made = [imaging_study.to_fhir(one.study, Writing({PATIENT: "urn:uuid:p", one.study.id: "urn:uuid:s"})) for one in found]
size = sum(len(dumps(one)) for one in made)
count = sum(one["numberOfInstances"] for one in made)
""",
)
CONVERT = _TIMED.format(
    imports="""
import datetime as dt
from adapter.cli.convert import _write
from adapter.convert import convert
from mappings.identity import DEFAULT_NAMESPACE
""",
    work="""
done = convert([root], DEFAULT_NAMESPACE, dt.date(2026, 3, 16))
_write(done, Path(sys.argv[2]), "json")
count = done.account.count("mapped")
""",
)
THEIRS = _TIMED.format(
    imports="""
import asyncio, logging
logging.disable(logging.CRITICAL)
from dicom2fhir.dicom2fhir import from_directory
config = {"dicom_timezone": "UTC", "generator": {"imaging_study": {"add_instances": True}}}
""",
    work="""
made = asyncio.run(from_directory(root, config))
size = len(made.json())
(study,) = (each.resource for each in made.entry if type(each.resource).__name__ == "ImagingStudy")
count = study.numberOfInstances
""",
)
_DUMP = """
import json, subprocess, sys, time
from pathlib import Path
start = time.perf_counter()
files = sorted(str(path) for path in Path(sys.argv[1]).rglob("*.dcm"))
done = subprocess.run(["dcmdump", "-q", *sys.argv[3:], *files], capture_output=True, check=True)
count = done.stdout.count(b"(0008,0018)")
print(json.dumps({"wall": time.perf_counter() - start, "cpu": 0, "count": count}))
"""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run: seconds of the work on the clock and of its own processor time; memory in MB; instances found."""

    wall: float
    cpu: float
    memory: float
    count: int


def slices(folder: Path, number: int, side: int) -> Path:
    """A CT study of that many slices in five series, with the elements that a scanner writes."""
    pixels = bytes(side * side * 2)
    for n in range(1, number + 1):
        one = n % SERIES + 1
        made = dicom_files.dataset(
            **_CONSTANT,
            StudyInstanceUID="1.2.826.0.1.3680043.9.7777.1",
            SeriesInstanceUID=f"1.2.826.0.1.3680043.9.7777.1.{one}",
            SOPInstanceUID=f"1.2.826.0.1.3680043.9.7777.1.{one}.{n}",
            SeriesNumber=one,
            InstanceNumber=n,
            ImagePositionPatient=[0, 0, n],
            SliceLocation=n,
            Rows=side,
            Columns=side,
            PixelData=pixels,
        )
        made["PixelData"].VR = "OW"
        dicom_files.write(folder / f"s{one}" / f"{n:06}.dcm", made)
    return folder


_CONSTANT: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 192",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "IssuerOfPatientID": "HOSP",
    "TimezoneOffsetFromUTC": "-0500",
    "SeriesDate": "20260115",
    "SeriesTime": "080100.25",
    "AcquisitionDate": "20260115",
    "AcquisitionTime": "080100",
    "ContentDate": "20260115",
    "ContentTime": "080100",
    "AccessionNumber": "A-1",
    "Manufacturer": "Synthetic",
    "InstitutionName": "Synthetic Hospital",
    "ReferringPhysicianName": "Doctor^Synthetic",
    "StudyDescription": "CT abdomen",
    "SeriesDescription": "axial 1.25",
    "ManufacturerModelName": "Synthetic",
    "PerformingPhysicianName": "Tech^One",
    "PatientSex": "F",
    "PatientAge": "065Y",
    "BodyPartExamined": "ABDOMEN",
    "ScanOptions": "HELICAL",
    "SliceThickness": "1.25",
    "KVP": "120",
    "DataCollectionDiameter": "500",
    "DeviceSerialNumber": "1",
    "SoftwareVersions": "1.0",
    "ProtocolName": "ABD",
    "ReconstructionDiameter": "400",
    "GantryDetectorTilt": "0",
    "TableHeight": "150",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "300",
    "Exposure": "150",
    "FilterType": "BODY",
    "GeneratorPower": "36",
    "FocalSpots": "0.7",
    "ConvolutionKernel": "STD",
    "PatientPosition": "FFS",
    "FrameOfReferenceUID": "1.2.3.9",
    "AcquisitionNumber": "1",
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "PixelSpacing": [0.8, 0.8],
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
    "PixelRepresentation": 0,
    "WindowCenter": "40",
    "WindowWidth": "400",
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
}


def once(python: str, code: str, folder: Path, *more: str) -> Run:
    """Run the code in a process of its own, out of our sight but for its memory."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [python, "-W", "ignore", "-c", code, str(folder), f"{scratch}/out", *more]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        most = 0.0
        while started.poll() is None:
            most = max(most, _memory(started.pid))
            time.sleep(0.02)
        if started.returncode or started.stdout is None:
            raise RuntimeError("it failed: nothing was measured")
        told = json.loads(started.stdout.read().splitlines()[-1])
    return Run(**told, memory=most)


def _memory(pid: int, kind: str = "Rss:") -> float:
    """Megabytes of the process (all it has in memory) and of its children (their proportional share)."""
    total = 0.0
    try:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += _memory(int(child), "Pss:")
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            total += int(line.split()[1]) / 1024 if line.startswith(kind) else 0
    except (OSError, ValueError):
        return total
    return total


def peer_python(folder: Path) -> str | None:
    """An interpreter that has dicom2fhir; None where it cannot be had (no network)."""
    if given := os.environ.get("BENCH_DICOM2FHIR_PYTHON"):
        return given
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        subprocess.run([f"{folder}/bin/pip", "install", "-q", *PEER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{folder}/bin/python"


def table(rounds: int = 3) -> list[str]:
    """Measure and give the lines of the table: medians of the rounds, in which all run in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        few, many = slices(root / "few", FEW, 64), slices(root / "many", MANY, 64)
        large = slices(root / "large", 400, 512)
        others: list[tuple[str, str, str, Sequence[str]]] = [("pydicom, headers only", sys.executable, BARE, ())]
        if shutil.which("dcmdump"):
            asked = [part for tag in TAGS for part in ("+P", tag)]
            others.append(("dcmdump, eight tags", sys.executable, _DUMP, asked))
        if python := peer_python(root / "peer"):
            others.append((PEER[0], python, THEIRS, ()))
        ours = [("ours: ImagingStudy", sys.executable, OURS, ()), ("ours: convert, whole", sys.executable, CONVERT, ())]
        every = [*others, *ours]
        found: dict[str, list[Run]] = {name: [] for name, *_ in every}
        for _ in range(rounds):
            for name, interpreter, code, more in every:
                found[name].append(once(interpreter, code, few, *more))
        lines = _lines(f"{FEW} CT slices, 64 x 64", found)
        grown = {name: [once(interpreter, code, many, *more)] for name, interpreter, code, more in ours}
        lines += _lines(f"{MANY} CT slices, 64 x 64", grown)
        for name, runs in grown.items():
            growth = runs[0].memory - statistics.median(run.memory for run in found[name])
            lines.append(f"{name}: {growth:+.0f} MB from {FEW} to {MANY} instances")
        chosen = (others[0], *ours)
        big = {
            name: [once(interpreter, code, large, *more) for _ in range(3)] for name, interpreter, code, more in chosen
        }
        return lines + _lines("400 CT slices, 512 x 512 (convert hashes all bytes, the others read headers)", big)


def _lines(title: str, found: dict[str, list[Run]]) -> list[str]:
    bare = found.get("pydicom, headers only")
    base = statistics.median(run.wall for run in bare) if bare else None
    lines = ["", title, f"{'':28}{'ms':>9}{'range':>17}{'x pydicom':>11}{'cpu ms':>9}{'MB':>7}{'instances':>11}"]
    for name, runs in found.items():
        walls = [run.wall * 1000 for run in runs]
        middle = statistics.median(walls)
        ratio = f"{middle / 1000 / base:.2f}" if base else ""
        cpu = f"{statistics.median(run.cpu for run in runs) * 1000:.0f}" if runs[0].cpu else ""
        memory = max(run.memory for run in runs)
        span = f"{min(walls):.0f} to {max(walls):.0f}"
        lines.append(f"{name:28}{middle:9.0f}{span:>17}{ratio:>11}{cpu:>9}{memory:7.0f}{runs[0].count:11}")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
