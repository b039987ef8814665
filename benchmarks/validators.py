"""Validators of FHIR R4 beside one another, over the same resources in the same run: ours, and what is here of others.

Each gets every resource by itself, already parsed where it can be handed over so. Loading definitions and starting a
virtual machine are not counted (for HL7's engine: what a run over one resource takes). Speed only: what each finds is
another matter (`make strictness`).
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from adapter.validation import validate_resource
from mappings.fhir.wire import Json, dumps, loads
from tests.conftest import shared_folder

HERE = Path(__file__).parent
NODE = HERE.parent / ".live" / "node"
REAL = ("fhir-uscore", "fhir-mcode")
MOST = 100_000  # bytes of a resource


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """How fast one validator is; `rejected` are the resources it calls wrong."""

    name: str
    resources: int
    seconds: float
    cpu: float
    rejected: int

    @property
    def rate(self) -> float:
        """Resources a second of wall clock."""
        return self.resources / self.seconds


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """A validator that is not here, and how to get it."""

    name: str
    why: str


def real() -> list[Json]:
    """US Core's and mCODE's own examples, where the shared folder is."""
    files = [path for name in REAL for path in sorted((shared_folder() / "data" / name).glob("*.json"))]
    return [loads(path.read_bytes()) for path in files if path.stat().st_size < MOST]


def measure(resources: Sequence[Json]) -> list[Speed | Absent]:
    """Time all that are here."""
    return [_ours(resources), _models(resources), _medplum(resources), _reference(resources)]


def load() -> float:
    """Seconds that a fresh process needs for the facts: types, one profile, one value set."""
    program = (
        "import time, msgspec, json, re, decimal, difflib, importlib.resources\n"
        "start = time.perf_counter()\n"
        "from adapter.validation import facts\n"
        "facts.type_facts('Patient')\n"
        "given = facts.definitions()\n"
        "assert given.profile('http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient')\n"
        "assert given.value_set('http://hl7.org/fhir/ValueSet/administrative-gender')\n"
        "print(time.perf_counter() - start)\n"
    )
    runs = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout)
        for _ in range(5)
    ]
    return sorted(runs)[2]


def _timed(name: str, resources: Sequence[Json], wrong: Callable[[Json], bool]) -> Speed:
    for one in resources:
        wrong(one)
    start, cpu = time.perf_counter(), time.process_time()
    rejected = sum([wrong(one) for one in resources])
    return Speed(
        name=name,
        resources=len(resources),
        seconds=time.perf_counter() - start,
        cpu=time.process_time() - cpu,
        rejected=rejected,
    )


def _ours(resources: Sequence[Json]) -> Speed:
    return _timed("ours", resources, lambda one: any(found.stops for found in validate_resource(one)))


def _models(resources: Sequence[Json]) -> Speed | Absent:
    try:
        import pydantic
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        return Absent(name="fhir.resources R4B", why="make setup")

    def wrong(one: Json) -> bool:
        try:
            get_fhir_model_class(one["resourceType"]).model_validate(one)
        except pydantic.ValidationError:
            return True
        return False

    return _timed("fhir.resources R4B", [json.loads(dumps(one)) for one in resources], wrong)


def _medplum(resources: Sequence[Json]) -> Speed | Absent:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        return Absent(name="@medplum/core", why="needs Node; tests/live/install.sh installs it")
    done = subprocess.run(
        ["node", HERE / "medplum.mjs"], input=dumps(list(resources)), capture_output=True, cwd=NODE, check=True
    )
    said = json.loads(done.stdout)
    return Speed(name="@medplum/core", resources=len(resources), **said)


def _reference(resources: Sequence[Json]) -> Speed | Absent:
    program = shared_folder() / "reference" / "validate"
    if not program.is_file() or shutil.which("java") is None or shutil.which("mvn") is None:
        return Absent(name="HL7's validation engine", why="needs Java, Maven and the shared folder")
    lines = [dumps(one) for one in resources]
    start, start_cpu, _ = _child(program, lines[:1])
    seconds, cpu, rejected = _child(program, lines)
    return Speed(
        name="HL7's validation engine",
        resources=len(lines) - 1,
        seconds=seconds - start,
        cpu=cpu - start_cpu,
        rejected=rejected,
    )


def _child(program: Path, lines: Sequence[bytes]) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "resources.ndjson"
        path.write_bytes(b"\n".join(lines) + b"\n")
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [program, "--with", "fast", "--ig", HERE.parent / "profiles", path]  # ours claims these
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"the reference validator failed: {done.stderr[-1000:]}")
    wrong = len({line.partition("\t")[0] for line in done.stdout.splitlines()})
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wrong


def table(found: Sequence[Speed | Absent]) -> list[str]:
    """The lines of the table; the ratio is ours over theirs, in resources a CPU second."""
    ours = next(one for one in found if isinstance(one, Speed))
    lines = [f"{'validator':26}{'resources':>10}{'a second':>11}{'CPU s':>10}{'in error':>10}{'ours is':>11}"]
    for one in found:
        if isinstance(one, Absent):
            lines.append(f"{one.name:26}absent: {one.why}")
        else:
            times = (ours.resources / ours.cpu) / (one.resources / one.cpu)
            left = f"{one.name:26}{one.resources:10}{one.rate:11.0f}{one.cpu:10.3f}{one.rejected:10}"
            lines.append(f"{left}{times:10.1f}x")
    return lines
