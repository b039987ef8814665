"""What became of the mutants: a line a file, then each that lives, with the reason where survivors.csv gives one."""

import ast
import csv
import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from tests.mutation.tree import JUDGED, ROOT, TREE

KNOWN = ROOT / "tests" / "adapter" / "consent" / "survivors.csv"
LEAST = 95
"""Percent of the mutants that fall."""
_LIVES = {0: "survived", 5: "no tests", 33: "no tests", None: "not judged"}
_TIME = frozenset({36, 24, -24, 152, 255})
"""Exit codes of a mutant that was stopped because it took too long."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One mutant: its function, the lines that differ, and what became of it."""

    function: str
    was: str
    becomes: str
    fate: str


def mutants(module: str) -> Iterator[Mutant]:
    """Yield the mutants of a module, in the order they were made."""
    place = TREE / "mutants" / JUDGED / f"{module}.py"
    meta = place.with_name(f"{module}.py.meta")
    fates = json.loads(meta.read_bytes())["exit_code_by_key"] if meta.is_file() else {}
    source = place.read_text(encoding="utf-8")
    lines, tree = source.splitlines(), ast.parse(source)
    made = {
        node.name: [lines[node.lineno - 1].replace(node.name, "", 1), *lines[node.lineno : node.end_lineno]]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    for key, code in fates.items():
        name = key.rpartition(".")[2]
        original = re.sub(r"__mutmut_\d+$", "__mutmut_orig", name)
        fate = "timeout" if code in _TIME else _LIVES.get(code, "killed")
        was, becomes = _change(made[original], made[name]) if fate in ("survived", "no tests") else ("", "")
        function = (
            original.removesuffix("__mutmut_orig").removeprefix("x").removeprefix("_").strip("ǁ").replace("ǁ", ".")
        )
        yield Mutant(function=f"{module}.{function}", was=was, becomes=becomes, fate=fate)


def _change(before: list[str], after: list[str]) -> tuple[str, str]:
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    was, becomes = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ".join(was), " ".join(becomes)


def reasons() -> dict[tuple[str, str, str], str]:
    """Read survivors.csv: why what lives may live, by function and change."""
    if not KNOWN.is_file():
        return {}
    rows = csv.DictReader(KNOWN.read_text(encoding="utf-8").splitlines(), strict=True)
    return {(row["function"], row["was"], row["becomes"]): row["reason"] for row in rows}


def report() -> int:
    """Print it; 1 where fewer fall than must, or one lives that has no reason."""
    known, alive, total = reasons(), [], Counter[str]()
    print(f"{'file':22}{'mutants':>8}{'killed':>8}{'timeout':>8}{'survived':>9}{'no tests':>9}{'percent':>9}")
    for path in sorted((TREE / JUDGED).glob("*.py")):
        found = list(mutants(path.stem))
        if found:
            count = Counter(mutant.fate for mutant in found)
            total += count
            print(_line(path.name, count))
            alive += [mutant for mutant in found if mutant.fate in ("survived", "no tests")]
    print(_line("all", total))
    unknown = 0
    for mutant in alive:
        reason = known.get((mutant.function, mutant.was, mutant.becomes))
        unknown += reason is None
        print(f"\n{mutant.function}: {mutant.fate}\n  - {mutant.was}\n  + {mutant.becomes}")
        print(f"  {reason or 'no reason given'}")
    print(f"\n{len(alive)} live, {unknown} of them without a reason in {KNOWN.relative_to(ROOT)}")
    return int(bool(unknown) or _percent(total) < LEAST)


def _percent(count: Counter[str]) -> float:
    return 100 * (count["killed"] + count["timeout"]) / max(1, count.total())


def _line(name: str, count: Counter[str]) -> str:
    told = (count["killed"], count["timeout"], count["survived"], count["no tests"] + count["not judged"])
    return f"{name:22}{count.total():8}{told[0]:8}{told[1]:8}{told[2]:9}{told[3]:9}{_percent(count):9.1f}"
