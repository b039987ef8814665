"""ledger retention, archive: what is past the term it must be kept for, and its way into an archive."""

import datetime as dt
from pathlib import Path
from typing import Any

import click

from adapter.cli.columns import columns
from adapter.cli.ledger_record import DAY
from adapter.cli.run import emit, guarded, now, printable, settings


def _policy(chosen: Any, day: str) -> Any:
    from adapter.consent.policy import policies_of, policy_for

    return policy_for(dt.date.fromisoformat(day), policies_of(chosen.policy))


@click.command("retention")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@click.option("--as-of", "as_of", type=DAY, metavar="DAY", help="The day it is asked (default: today).")
@click.pass_context
@guarded
def retention_command(ctx: click.Context, as_json: bool, as_of: Any) -> None:
    """List what is past its term: six years from when it was made or last in effect (45 CFR 164.530(j)(2)).

    What belongs to one request is kept as long as any of it, and what is still owed (`ledger due`) stays, with what an
    accounting that is not given yet covers. Nothing is deleted; `ledger archive` moves it to a file.
    """
    from adapter.ledger.retention import past_term
    from adapter.ledger.store import Ledger

    day = as_of.date().isoformat() if as_of else str(now())[:10]
    chosen = settings(ctx)
    ledger = Ledger(chosen.ledger)
    try:
        found = past_term(ledger, _policy(chosen, day), dt.date.fromisoformat(day))
    finally:
        ledger.close()
    if as_json:
        emit({"as_of": day, "past": found})
    elif not found:
        click.echo("nothing is past its term")
    else:
        rows = [("last in effect", "kept until", "case", "rows")]
        rows += [(one.last, one.kept_until, one.case or "told by hand", str(len(one.rows))) for one in found]
        click.echo("\n".join(columns([tuple(map(printable, row)) for row in rows])))


@click.command("archive")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), metavar="FILE", help="A new file.")
@click.pass_context
@guarded
def archive_command(ctx: click.Context, target: Path) -> None:
    """Move what is past its term today to FILE (NDJSON); the ledger keeps its places in the chain, and verifies.

    FILE is complete before a row goes; after a crash the same command goes on. Keep FILE, or destroy it as your policy
    says: `ledger verify --archive FILE` tells whether it is as it was written.
    """
    from adapter.ledger.retention import archive
    from adapter.ledger.store import Ledger

    chosen, time = settings(ctx), str(now())
    Ledger(chosen.ledger).close()  # one that is not there is not made for this
    ledger = Ledger(chosen.ledger, at=time)
    try:
        rows = archive(ledger, _policy(chosen, time[:10]), time, target)
    finally:
        ledger.close()
    click.echo(f"archived: {rows} rows" if rows else "nothing is past its term")
