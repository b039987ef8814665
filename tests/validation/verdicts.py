"""What the reference validator said of twins and faults, kept, so that a test needs no Java: verdicts.json.

By name the errors: place, message id, and other places as right. Written anew by `python -m tests.validation --write`.
"""

import json
from collections.abc import Mapping, Sequence

from tests.validation.faults import HERE, broken, faults, twins
from tests.validation.judge import Finding, judge

FILE = HERE / "verdicts.json"
Verdicts = dict[str, list[Finding]]


def ask() -> Verdicts:
    """Ask the reference validator about every twin (`twin:NAME`) and every fault, in one call."""
    good = twins()
    named = {f"twin:{name}": twin for name, twin in good.items()}
    named |= {fault.id: broken(good[fault.twin], fault) for fault in faults()}
    judged = judge(named.values())
    return {name: [one for one in found if one.severity == "error"] for name, found in zip(named, judged, strict=True)}


def kept() -> Verdicts:
    """The verdicts in the file."""
    read = json.loads(FILE.read_bytes())
    return {
        name: [Finding("error", place, rule, tuple(also)) for place, rule, *also in found]
        for name, found in read.items()
    }


def text(verdicts: Mapping[str, Sequence[Finding]]) -> str:
    """The file: one line for each name."""
    lines = (
        f"{json.dumps(name)}: {json.dumps([[one.place, one.rule, *one.also] for one in found])}"
        for name, found in verdicts.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"
