"""The golden outputs of the fixtures: `python -m tests.golden` writes them anew, test_golden compares.

Every scenario is exported at one fixed time (at an offset that is not UTC, so that a lost zone shows).
"""

import shutil
import tempfile
from pathlib import Path

from adapter.config import Settings
from adapter.pipeline import Exported, export_case
from mappings.domain.values import Moment

CASES = Path(__file__).resolve().parent.parent / "fixtures" / "cases"
NOW = Moment("2026-03-16T10:00:00-04:00")
KEPT = ("bundle.json", "case.json", "manifest.json")


def scenarios() -> tuple[str, ...]:
    """The names of the scenarios."""
    return tuple(sorted(place.name for place in CASES.iterdir() if (place / "case.json").is_file()))


def source(name: str, folder: Path) -> Path:
    """A copy of a scenario as a user has it: without its expected outputs."""
    place = folder / name
    shutil.copytree(CASES / name, place, ignore=shutil.ignore_patterns("expected"))
    return place


def export(case: Path, target: Path, now: Moment = NOW) -> Exported:
    """Export at the fixed time with a ledger of its own beside the target."""
    ledger = f"sqlite:///{target.parent / (target.name + '.ledger.sqlite3')}"
    return export_case(case, target, Settings(ledger=ledger), now)


def produce(name: str, folder: Path) -> dict[str, bytes]:
    """The golden files of a scenario by name."""
    done = export(source(name, folder), folder / "out")
    made = {kept: (folder / "out" / kept).read_bytes() for kept in KEPT}
    return made | {"account.json": done.account.to_json()}


def main() -> None:
    """Write all golden files anew."""
    for name in scenarios():
        with tempfile.TemporaryDirectory() as scratch:
            expected = CASES / name / "expected"
            shutil.rmtree(expected, ignore_errors=True)
            expected.mkdir()
            for path, data in produce(name, Path(scratch)).items():
                (expected / path).write_bytes(data)


if __name__ == "__main__":
    main()
