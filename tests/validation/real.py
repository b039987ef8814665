"""Both validators over files of others: resource by resource, an entry of a Bundle being a resource.

An issue belongs to the entry its place names, else to the file. Ours is asked as people ask it, by its command.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from adapter.packaging import FOLDER
from tests.validation.compare import Compared, compare
from tests.validation.judge import Finding, judge_paths
from tests.validation.places import normal

_ENTRY = re.compile(r"Bundle\.entry\[\d+\]\.resource")
KNOWN_TO_OURS = (
    *(part for name in ("balp", "pcf", "fast", "cow", "bser") for part in ("--with", name)),
    *("--ig", str(FOLDER)),
)
"""Options that give the reference validator the packages that are built into ours."""
_READ = (".json", ".xml", ".ndjson")


def compare_files(roots: Sequence[Path]) -> list[Compared]:
    """Compare both over every JSON and XML file below the folders; the kind is the folder's name."""
    roots = [root.resolve() for root in roots]
    judged = judge_paths(roots, KNOWN_TO_OURS)
    mine = _ours(roots)
    found: list[Compared] = []
    for root in roots:
        for path in sorted(path for path in root.rglob("*") if path.suffix in _READ):
            name = f"{root.name}/{path.relative_to(root)}"
            theirs = [one for one in judged.get(str(path), []) if one.severity == "error"]
            found += _file(name, root.name, path, theirs, mine.get(str(path), []))
    return found


def _ours(roots: Sequence[Path]) -> dict[str, list[Finding]]:
    program = Path(sys.executable).parent / "second-opinion"
    done = subprocess.run([program, "validate", "--json", *roots], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"our validator failed: {done.stderr[-2000:]}")
    found: dict[str, list[Finding]] = {}
    for line in map(json.loads, done.stdout.splitlines()):
        severity = "error" if line["severity"] == "fatal" else line["severity"]
        found.setdefault(line["file"], []).append(Finding(severity, normal(line["where"]), line["rule"]))
    return found


def _file(name: str, kind: str, path: Path, theirs: list[Finding], mine: list[Finding]) -> Iterator[Compared]:
    for key in ("", *_entries(path)):
        yield compare(f"{name} {key}".strip(), kind, _of(theirs, key), _of(mine, key))


def _entries(path: Path) -> list[str]:
    try:
        read = json.loads(path.read_bytes())
    except ValueError:
        return []
    if not isinstance(read, dict) or read.get("resourceType") != "Bundle" or not isinstance(read.get("entry"), list):
        return []
    return [f"Bundle.entry[{index}].resource" for index in range(len(read["entry"]))]


def _of(found: list[Finding], key: str) -> list[Finding]:
    def entry(place: str) -> str:
        match = _ENTRY.match(place)
        return match[0] if match else ""

    return [one for one in found if entry(one.place) == key]
