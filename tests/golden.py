"""The golden outputs of the fixtures: `python -m tests.golden` writes them anew, test_golden compares.

With a folder (`python -m tests.golden DIR`) it writes there, for a validator, every Bundle in the other shapes of
Consent and Task that can be set, and the AuditEvent of its release in a file of its own. Every scenario is exported at
one fixed time (at an offset that is not UTC, so that a lost zone shows).
"""

import itertools
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from adapter.config import Settings
from adapter.ledger.store import Ledger
from adapter.pipeline import Exported, export_case
from mappings.domain.values import Moment

CASES = Path(__file__).resolve().parent.parent / "fixtures" / "cases"
NOW = Moment("2026-03-16T10:00:00-04:00")
SHAPES = ({"task_shape": "cow"}, {"consent_shape": "fast", "task_shape": "bser"})
KEPT = ("bundle.json", "case.json", "manifest.json")


def scenarios() -> tuple[str, ...]:
    """The names of the scenarios."""
    return tuple(sorted(place.name for place in CASES.iterdir() if (place / "case.json").is_file()))


def source(name: str, folder: Path) -> Path:
    """A copy of a scenario as a user has it: without its expected outputs."""
    place = folder / name
    shutil.copytree(CASES / name, place, ignore=shutil.ignore_patterns("expected"))
    return place


def export(case: Path, target: Path, now: Moment = NOW, **settings: Any) -> Exported:
    """Export at the fixed time with a ledger of its own beside the target."""
    return export_case(case, target, Settings(ledger=_ledger(target), **settings), now)


def _ledger(target: Path) -> str:
    return f"sqlite:///{target.parent / (target.name + '.ledger.sqlite3')}"


def produce(name: str, folder: Path) -> dict[str, bytes]:
    """The golden files of a scenario by name."""
    done = export(source(name, folder), folder / "out")
    made = {kept: (folder / "out" / kept).read_bytes() for kept in KEPT}
    return made | {"account.json": done.account.to_json()}


def in_shape(case: Path, folder: Path, **settings: str) -> dict[str, bytes]:
    """What a case folder becomes with these settings: `bundle.json` as it is delivered, and `release.json`.

    `release.json` is the AuditEvent with all that it points at, as a Bundle that claims nothing: references resolve.
    """
    export(case, folder / "out", NOW, **settings)
    ledger = Ledger(_ledger(folder / "out"))
    event = ledger.rows("release")[0]["audit_event"]
    ledger.close()
    bundle = (folder / "out" / "bundle.json").read_bytes()
    beside: dict[str, Any] = json.loads(bundle)
    beside["entry"].append({"fullUrl": f"urn:uuid:{event['id']}", "resource": event})
    beside["meta"].pop("profile", None)  # what a case collection claims holds without an AuditEvent in it
    return {"bundle.json": bundle, "release.json": json.dumps(beside).encode()}


def shapes(target: Path) -> None:
    """Write every scenario in every other shape to this folder: its Bundle, and its AuditEvent beside it."""
    target.mkdir(parents=True)
    for name, (number, settings) in itertools.product(scenarios(), enumerate(SHAPES)):
        with tempfile.TemporaryDirectory() as scratch:
            made = in_shape(source(name, Path(scratch)), Path(scratch), **settings)
            for kept, data in made.items():
                (target / f"{name}-{number}-{kept}").write_bytes(data)


def main() -> None:
    """Write all golden files anew."""
    if sys.argv[1:]:
        shapes(Path(sys.argv[1]))
        return
    for name in scenarios():
        with tempfile.TemporaryDirectory() as scratch:
            expected = CASES / name / "expected"
            shutil.rmtree(expected, ignore_errors=True)
            expected.mkdir()
            for path, data in produce(name, Path(scratch)).items():
                (expected / path).write_bytes(data)


if __name__ == "__main__":
    main()
