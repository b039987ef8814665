"""decide: facts in, one JSON line each out."""

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

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
    for number, (name, value) in enumerate(_cases(data)):
        case = facts_from(value)
        made = decide(case, policy_for(_day(case.as_of or case.received_at), policies))
        emit({"id": name if name is not None else number, **decision_json(made)})


def _day(told: str | None) -> dt.date:
    """The day whose rules apply: that of the facts, else today."""
    return dt.date.fromisoformat(told[:10]) if told else dt.datetime.now(dt.UTC).date()


def _cases(data: bytes) -> Iterator[tuple[Any, Any]]:
    """(id, facts) of each case in an object, an array or NDJSON."""
    from mappings.fhir.wire import loads
    from mappings.problems import ProblemError

    try:
        value = loads(data)
    except ProblemError:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        value = [loads(line) for line in lines]
    for item in value if isinstance(value, list) else [value]:
        wrapped = isinstance(item, dict) and "facts" in item
        yield (item.get("id"), item["facts"]) if wrapped else (None, item)
