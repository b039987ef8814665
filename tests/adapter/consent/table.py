"""Which rule decides which vector: `python -m tests.adapter.consent.table [VECTORS]` prints the table as markdown.

VECTORS is a file of `{id, facts, ...}`; by default the vectors of the law (V), ours (R) and those of the switches, by
their switch. A vector stands in a rule's line where the rule found something, whatever became of that in the end.
"""

import datetime as dt
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapter.consent.facts import facts_from
from adapter.consent.inquiry import RULES, trace
from adapter.consent.policy import Policy, policy_for
from adapter.consent.policy import switches as all_switches
from mappings.fhir.wire import loads

HERE = Path(__file__).parent
LAW = Path(os.environ.get("SECOND_OPINION_SHARED", HERE.parents[3] / "shared")) / "access" / "vectors.json"
FILES = (LAW, HERE / "vectors.json", HERE / "switches.json")
Named = Iterable[tuple[str, Any]]


def by_rule(vectors: Named, policy: Policy) -> dict[str, dict[str, list[str]]]:
    """Rule -> id of a vector -> the codes that the rule said of it, in the order of evaluation."""
    found: dict[str, dict[str, list[str]]] = {rule.name: {} for rule in RULES}
    for name, facts in vectors:
        for rule, finding in trace(facts_from(facts), policy):
            codes = found[rule.name].setdefault(name, [])
            if finding.code not in codes:
                codes.append(finding.code)
    return found


def of_file(path: Path) -> Iterator[tuple[str, Any]]:
    """(id, facts) of each vector; those of the switches are called by their switch."""
    for row in loads(path.read_bytes()):
        yield str(row.get("id") or row["switch"]), row["facts"]


def lines(found: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    """The table as markdown, and below it the switches."""
    paragraph = {rule.name: rule.paragraph for rule in RULES}
    yield "| rule | paragraph | says | vectors |"
    yield "|---|---|---|---|"
    for name, told in found.items():
        codes = sorted({code for said in told.values() for code in said})
        yield f"| `{name}` | {paragraph[name]} | {' '.join(codes)} | {len(told)}: {' '.join(told)} |"
    yield ""
    yield "| switch | paragraph | as shipped |"
    yield "|---|---|---|"
    yield from (
        f"| `{switch.name}` | {switch.paragraph} | {switch.means} |" for switch in all_switches() if switch.reading
    )


def main(arguments: list[str]) -> str:
    """The table over the files named, or over all there are."""
    paths = [Path(name) for name in arguments] or [path for path in FILES if path.is_file()]
    named = [(name.partition("-")[0], facts) for path in paths for name, facts in of_file(path)]
    return "\n".join(lines(by_rule(named, policy_for(dt.date.max))))


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
