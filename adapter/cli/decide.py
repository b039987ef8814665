"""decide: facts in, one JSON line each out."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from adapter.cli.run import emit, guarded, settings

FACTS = click.Path(exists=True, dir_okay=False, allow_dash=True)


@click.command("decide")
@click.argument("facts", type=FACTS, metavar="FACTS")
@click.pass_context
@guarded
def decide_command(ctx: click.Context, facts: str) -> None:
    """Decide FACTS: one facts object, an array or NDJSON of {id, facts}; `-` is stdin.

    One JSON line each: {id, outcome, deadline, excluded, reasons}. The time of the decision is `as_of` of the facts.
    """
    from adapter.cli.show import decision_json
    from adapter.consent.decide import decide
    from adapter.consent.facts import facts_from
    from adapter.consent.policy import policies_of, policy_for

    policies = policies_of(settings(ctx).policy)
    data = sys.stdin.buffer.read() if facts == "-" else Path(facts).read_bytes()
    for number, (name, value) in enumerate(_cases(data, "stdin" if facts == "-" else Path(facts).name)):
        case = facts_from(value)
        made = decide(case, policy_for(_day(case.as_of or case.received_at), policies))
        emit({"id": name if name is not None else number, **decision_json(made)})


def _day(told: str | None) -> dt.date:
    """The day whose rules apply: that of the facts, else today."""
    return dt.date.fromisoformat(told[:10]) if told else dt.datetime.now(dt.UTC).date()


def _cases(data: bytes, file: str) -> Iterator[tuple[Any, Any]]:
    """(id, facts) of each case in an object, an array or NDJSON."""
    from mappings.problems import ProblemError

    try:
        value = _loads(data, file)
    except ProblemError:
        lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):  # one JSON text over several lines, and not NDJSON
            raise
        value = [_loads(line, f"{file} line {number}:") for number, line in lines]
    for item in value if isinstance(value, list) else [value]:
        wrapped = isinstance(item, dict) and "facts" in item
        yield (item.get("id"), item["facts"]) if wrapped else (None, item)


def _loads(data: bytes, file: str) -> Any:
    """One JSON text; what is wrong with it is told with the file."""
    from mappings.fhir.wire import loads
    from mappings.problems import ProblemError

    try:
        return loads(data)
    except ProblemError as error:
        places = (msgspec.structs.replace(found, where=f"{file} {found.where}") for found in error.problems)
        raise ProblemError(places) from None


def _is_json(data: bytes) -> bool:
    from mappings.problems import ProblemError

    try:
        _loads(data, "")
    except ProblemError:
        return False
    return True
