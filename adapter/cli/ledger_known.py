"""ledger notice, recipient, research: what only the holder can say."""

from pathlib import Path
from typing import Any

import click

from adapter.cli.ledger_record import DAY, past, said, written_down
from adapter.cli.run import guarded, now, settings


@click.command("recipient")
@click.argument("line", metavar="LINE")
@click.option("--is", "same", metavar="SUSPENSION", help="It is the agency of this suspension.")
@click.option("--is-not", "other", metavar="SUSPENSION", help="It is another than the agency of this suspension.")
@click.pass_context
@guarded
def recipient_command(ctx: click.Context, line: str, same: Any, other: Any) -> None:
    """Say whether who got the disclosure LINE is an agency that suspended the accounting of what went to it.

    Both are ids of the ledger; an accounting that is refused for want of it names them. What was said last governs.
    """
    from adapter.ledger.store import Ledger

    if (same is None) == (other is None):
        raise click.UsageError("give one of --is and --is-not")
    time = str(now())
    chosen = settings(ctx)
    Ledger(chosen.ledger).close()  # one that is not there is not made for this
    ledger = Ledger(chosen.ledger, at=time)
    try:
        ledger.recipient_known(line, same or other, same is not None, time)
    finally:
        ledger.close()
    click.echo("written down")


@click.command("research")
@click.option("--name", required=True, metavar="TEXT", help="The protocol or other research activity.")
@click.option("--purpose", required=True, metavar="TEXT", help="What the research is for, in plain words.")
@click.option("--criteria", required=True, metavar="TEXT", help="How records were chosen for it, in plain words.")
@click.option("--information", required=True, metavar="TEXT", help="What kind of information was disclosed.")
@click.option("--on", "days", required=True, multiple=True, type=DAY, metavar="DAY", help="A day it was; repeat it.")
@click.option(
    "--individuals", required=True, type=int, metavar="N", help="Of how many different people, on these days together."
)
@click.option("--sponsor", required=True, metavar="NAME", help="The entity that sponsored the research.")
@click.option("--sponsor-address", required=True, metavar="TEXT", help="Its address.")
@click.option("--sponsor-phone", required=True, metavar="TEXT", help="Its telephone number.")
@click.option("--researcher", required=True, metavar="NAME", help="The researcher to whom it was disclosed.")
@click.option("--researcher-address", required=True, metavar="TEXT", help="The researcher's address.")
@click.option("--researcher-phone", required=True, metavar="TEXT", help="The researcher's telephone number.")
@click.pass_context
@guarded
def research_command(ctx: click.Context, /, days: tuple[Any, ...], individuals: int, **words: str) -> None:
    """Add research (164.512(i)) to every accounting whose time has 50 people or more of it (164.528(b)(4)).

    Such an accounting lists the protocol, in place of a line for each patient. Told again with other days, it is the
    same protocol; its words told last are listed. An accounting warns you where it may be of fewer people in its time.
    """
    from mappings.problems import refuse

    if individuals < 1:
        message = "is less than one: say how many different people's records went on these days"
        raise refuse("value", "--individuals", message, rule="45 CFR 164.528(b)(4)(i)")
    time = str(now())
    for day in days:
        past(day.date(), "--on", time)
    held = sorted({day.date().isoformat() for day in days})
    told = {name: said(text, f"--{name.replace('_', '-')}") for name, text in words.items()}
    row = {"recorded_at": time, **told, "days": ",".join(held), "last_on": held[-1], "individuals": individuals}
    written_down(ctx, "researched", row, time)


@click.command("notice")
@click.argument("request", metavar="REQUEST")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(
        (
            "acknowledgement",
            "acceptance",
            "extension",
            "denial",
            "review-outcome",
            "redirect",
            "fee-notice",
            "request-for-information",
            "part2-statement",
            "accounting",
            "amendment-acceptance",
            "amendment-denial",
            "amendment-extension",
            "accounting-extension",
            "accounting-suspension",
        )
    ),
    help="What the letter was.",
)
@click.option("--sent", type=DAY, metavar="DAY", help="The day it was sent (default: now).")
@click.option("--promised", type=DAY, metavar="DAY", help="The day that an extension promises.")
@click.option("--reasons", metavar="TEXT", help="The reasons that an extension gives; without them it gains no time.")
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The letter: its SHA-256 is kept, not the letter.",
)
@click.pass_context
@guarded
def notice_command(
    ctx: click.Context, request: str, kind: str, sent: Any, promised: Any, reasons: Any, document: Path | None
) -> None:
    """Write down that a letter was sent to the requester; REQUEST is the id that `ledger due` shows."""
    import hashlib

    from adapter.ledger.store import Ledger

    time = str(now())
    if sent:
        past(sent.date(), "--sent", time)
    row = {
        "request_id": request,
        "kind": kind,
        "sent_at": sent.date().isoformat() if sent else time,
        "document_sha256": hashlib.sha256(document.read_bytes()).hexdigest() if document else None,
        "promised_on": promised.date().isoformat() if promised else None,
        "reasons": reasons or None,
    }
    ledger = Ledger(settings(ctx).ledger, at=time)
    try:
        ledger.noticed(row)
    finally:
        ledger.close()
    click.echo("written down")
