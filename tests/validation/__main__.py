"""`python -m tests.validation`: our validator beside the reference validator, issue by issue.

Without arguments over the seeded faults, with the verdicts kept in verdicts.json; `--judge` asks the reference
validator instead, `--write` asks it and keeps what it says. `--real FOLDER...` compares over files (it is asked).
"""

import argparse
import sys
from pathlib import Path

from tests.validation import real, verdicts
from tests.validation.compare import Compared, compare, differences, ours, rows
from tests.validation.faults import broken, faults, twins


def main(arguments: list[str]) -> int:
    """Print the table and the differences; exit code 1 where a good twin is not clean, or more differs than may."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation", description=__doc__)
    parser.add_argument("--judge", action="store_true", help="ask the reference validator")
    parser.add_argument("--write", action="store_true", help="ask it and write verdicts.json")
    parser.add_argument("--real", nargs="+", type=Path, metavar="FOLDER", help="compare over files")
    parser.add_argument("--most", type=int, metavar="N", help="with --real: fail where more than N verdicts differ")
    chosen = parser.parse_args(arguments)
    if chosen.real:
        found = real.compare_files(chosen.real)
        table(found)
        report(found)
        return int(chosen.most is not None and sum(not one.agrees for one in found) > chosen.most)
    judged = verdicts.ask() if chosen.judge or chosen.write else verdicts.kept()
    if chosen.write:
        verdicts.FILE.write_text(verdicts.text(judged), "utf-8")
    good = twins()
    clean = [compare(f"twin:{name}", "good twin", judged[f"twin:{name}"], ours(twin)) for name, twin in good.items()]
    seeded = [compare(f.id, f.kind, judged[f.id], ours(broken(good[f.twin], f))) for f in faults()]
    table([*clean, *seeded])
    report([*clean, *seeded])
    return 1 if any(one.both or one.only_judge or one.only_ours for one in clean) else 0


def report(compared: list[Compared]) -> None:
    """Print the resources that only one calls wrong, and the issues that only one finds."""
    apart = [one for one in compared if not one.agrees]
    print(f"\n{len(apart)} of {len(compared)} resources are in error for one of the two only")
    for one in apart:
        print(f"{one.name}\tin error only for {'ours' if one.only_ours else 'the reference'}")
    print("\nissues that only one of the two finds")
    print("\n".join(differences(compared)))


def table(compared: list[Compared]) -> None:
    """Print a line for each kind."""
    print(f"{'kind':42}{'resources':>10}{'both':>8}{'only reference':>16}{'only ours':>11}")
    for kind, resources, both, judge, mine in rows(compared):
        print(f"{kind:42}{resources:10}{both:8}{judge:16}{mine:11}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
