"""A command as a shell runs it: what it printed where, and its exit code."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"


class Done(msgspec.Struct, frozen=True):
    """The end of a run."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)


def run(folder: Path, *arguments: str | Path, stdin: str = "", **environ: str) -> Done:
    """Run `second-opinion` in a folder with a ledger of its own there."""
    done = subprocess.run(
        [sys.executable, "-c", "from adapter.cli import main; main(prog_name='second-opinion')", *map(str, arguments)],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "SECOND_OPINION_LEDGER": f"sqlite:///{folder / 'ledger.sqlite3'}",
        }
        | environ,
        input=stdin.encode(errors="surrogateescape"),
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def case(folder: Path, name: str) -> Path:
    """A copy of a scenario without its expected outputs."""
    place = folder / name
    shutil.copytree(FIXTURES / "cases" / name, place, ignore=shutil.ignore_patterns("expected"))
    return place


def change(place: Path, **fields: Any) -> Path:
    """Set fields of a case's case.json; None takes one out."""
    location = place / "case.json"
    held = json.loads(location.read_text(encoding="utf-8")) | fields
    held = {name: value for name, value in held.items() if value is not None}
    location.write_text(json.dumps(held), encoding="utf-8")
    return place
