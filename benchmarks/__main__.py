"""`make bench`: what the adapter takes, as a multiple of what a named peer takes in the same run.

Absolute times say more about the machine than about the code. So each measure runs ours and its peer in turn, round
after round, on the same input. The table gives medians, the ratio of the medians, and the range of the rounds' ratios.
"""

import datetime as dt
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from adapter.convert import convert
from adapter.quiet import quiet_pydicom
from adapter.validation import validate_resource
from benchmarks import dicom as dicom_headers
from benchmarks import validators
from mappings.fhir.bundle import take_apart
from mappings.fhir.context import URN
from mappings.fhir.wire import Json, dumps, loads
from mappings.identity import DEFAULT_NAMESPACE
from tests import dicom_files
from tests.golden import produce, scenarios

BIN = Path(sys.executable).parent
TODAY = dt.date(2026, 3, 16)
LEAST = 900  # resources a validator gets, so that a start does not blur it


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Ours beside a peer: how both are timed (seconds a call), and how often."""

    what: str
    ours: Callable[[], float]
    peer: str
    theirs: Callable[[], float]
    rounds: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; times are medians in seconds."""

    what: str
    ours: float
    peer: str
    theirs: float
    ratio: float
    low: float
    high: float


def run(measure: Measure) -> Row:
    """Warm both up once, then time them in turn."""
    measure.ours()
    measure.theirs()
    pairs = [(measure.ours(), measure.theirs()) for _ in range(measure.rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    return Row(
        what=measure.what,
        ours=ours,
        peer=measure.peer,
        theirs=theirs,
        ratio=ours / theirs,
        low=ratios[0],
        high=ratios[-1],
    )


def processor(call: Callable[[], object]) -> Callable[[], float]:
    """Time a call in processor seconds of this process."""

    def timed() -> float:
        gc.collect()
        start = time.process_time()
        call()
        return time.process_time() - start

    return timed


def child(*command: str) -> Callable[[], float]:
    """Time a command in its user and system seconds."""

    def timed() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONWARNINGS": ""})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return timed


# --- what is measured


def start() -> list[Measure]:
    """`second-opinion --help`: what stands between a person and the first word."""
    ours = child(str(BIN / "second-opinion"), "--help")
    python = child(sys.executable, "-c", "pass")
    click = child(sys.executable, "-c", "import click")
    return [
        Measure(what="second-opinion --help", ours=ours, peer="python -c pass", theirs=python, rounds=15),
        Measure(what="second-opinion --help", ours=ours, peer='python -c "import click"', theirs=click, rounds=15),
    ]


def validation(bundles: Sequence[bytes]) -> Measure:
    """1000 resources against R4: ours judges codes, invariants and references too, fhir.resources does not."""
    from fhir.resources.R4B import get_fhir_model_class

    entries = [entry for data in bundles for entry in take_apart(loads(data))]
    ours = [found for url, found in entries if url.startswith(URN)]
    exact: list[Json] = [ours[number % len(ours)] for number in range(1000)]
    plain: list[Json] = [json.loads(dumps(found)) for found in exact]
    models = {found["resourceType"]: get_fhir_model_class(found["resourceType"]) for found in ours}
    return Measure(
        what="validate 1000 resources",
        ours=processor(lambda: [validate_resource(found) for found in exact]),
        peer="fhir.resources R4B model_validate",
        theirs=processor(lambda: [models[found["resourceType"]].model_validate(found) for found in plain]),
        rounds=5,
    )


def dicom(folder: Path) -> Measure:
    """300 CT headers to one ImagingStudy with its Patient, validated; pydicom only reads the headers."""
    from pydicom import dcmread

    paths = [_slice(folder, number) for number in range(1, 301)]

    def read() -> None:
        with quiet_pydicom():
            for path in paths:
                dcmread(path, stop_before_pixels=True)

    def ours() -> None:
        done = convert([folder], DEFAULT_NAMESPACE, TODAY)
        (bundle,) = done.bundles.values()
        (study,) = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "ImagingStudy")
        if study["numberOfInstances"] != len(paths):
            raise RuntimeError("the study has not all instances: nothing was measured")

    return Measure(
        what="convert 300 DICOM files",
        ours=processor(ours),
        peer="pydicom reads 300 headers",
        theirs=processor(read),
        rounds=5,
    )


def _slice(folder: Path, number: int) -> Path:
    made = dicom_files.dataset(
        SOPInstanceUID=f"1.2.3.1.{number}",
        InstanceNumber=str(number),
        IssuerOfPatientID="https://hospital.example/sid/mrn",
        Rows=64,
        Columns=64,
        BitsAllocated=16,
        PixelData=bytes(64 * 64 * 2),
        ImagePositionPatient=[0, 0, number],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        SliceThickness="1.25",
    )
    made["PixelData"].VR = "OW"
    return dicom_files.write(folder / f"{number:04}.dcm", made)


def reading(bundles: list[bytes]) -> Measure:
    """The golden bundles read with every digit kept, repeated keys refused; json.loads makes floats and drops keys."""

    def each(read: Callable[[bytes], object]) -> None:
        for data in bundles * 5:
            read(data)

    return Measure(
        what=f"read {sum(map(len, bundles)) // 1000} kB of FHIR JSON",
        ours=processor(lambda: each(loads)),
        peer="json.loads",
        theirs=processor(lambda: each(json.loads)),
        rounds=15,
    )


def _bundle(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        return produce(name, Path(scratch))["bundle.json"]


def main() -> None:
    """Measure and print the table."""
    bundles = [_bundle(name) for name in scenarios()]
    with tempfile.TemporaryDirectory() as scratch:
        measures = [*start(), validation(bundles), dicom(Path(scratch) / "ct"), reading(bundles)]
        rows = [run(measure) for measure in measures]
    print(f"{'ours':26}{'ms':>9}   {'peer':35}{'ms':>9}{'ratio':>9}   range")
    for row in rows:
        left = f"{row.what:26}{row.ours * 1000:9.1f}   {row.peer:35}{row.theirs * 1000:9.1f}"
        print(f"{left}{row.ratio:9.2f}   {row.low:.2f} to {row.high:.2f}")
    print()
    entries = [found for data in bundles for url, found in take_apart(loads(data)) if url.startswith(URN)]
    for what, resources in (("our golden resources", entries), ("US Core and mCODE examples", validators.real())):
        if resources:
            rounds = -(-LEAST // len(resources))
            print(f"validating {len(resources)} resources: {what}, {rounds} times")
            print("\n".join(validators.table(validators.measure(resources * rounds))))
    print(f"load of the facts in a fresh process: {validators.load() * 1000:.0f} ms")
    print("\n".join(dicom_headers.table()))


if __name__ == "__main__":
    main()
