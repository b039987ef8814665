"""ledger request, disclosed, suspend: what happened that no export tells of, written down by hand or from a case."""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import emit, guarded, now, settings

DAY = click.DateTime(formats=["%Y-%m-%d"])
PATIENT = "SYSTEM|VALUE"
NO_TEXT = "\udcff"
"""In place of what is no UTF-8."""
BY_NUMBER = click.option(
    "--patient",
    metavar=PATIENT,
    default="-",
    help="The patient's number with its issuer; `-` (the default) reads it from stdin, where no shell keeps it.",
)


def number_of(given: str) -> tuple[str, str]:
    """The patient's number that was given, as (system, value).

    Raises:
        ProblemError: it has no issuer, or no value.
    """
    from mappings.problems import refuse

    if given == "-":
        try:
            given = click.prompt(PATIENT, err=True) if sys.stdin.isatty() else sys.stdin.readline()
        except UnicodeDecodeError:
            given = NO_TEXT
    try:
        given.encode()
    except UnicodeEncodeError:
        raise refuse("value", "--patient", "is no UTF-8; give it in UTF-8", rule="ledger.text") from None
    system, bar, value = given.strip().partition("|")
    if not (system.strip() and bar and value.strip()):
        message = f"is no {PATIENT}: the issuer's URI, a bar, the number; a number without its issuer is nobody's"
        raise refuse("value", "--patient", message, rule="ledger.patient")
    return system.strip(), value.strip()


@click.command("request")
@click.argument("case", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--kind", type=click.Choice(("amendment", "accounting")), help="Without CASE: what is asked for.")
@click.option("--name", metavar="NAME", help="Without CASE: your name for it, no patient's.")
@click.option("--received", metavar="TIME", help="When it arrived: a day, or a time with UTC offset.")
@click.option("--tz", "zone", metavar="ZONE", help="Your time zone (IANA name): the day of receipt is local.")
@BY_NUMBER
@click.option("--json", "as_json", is_flag=True, help="One JSON object a request.")
@click.pass_context
@guarded
def request_command(
    ctx: click.Context, case: Path | None, kind: Any, name: Any, received: Any, zone: Any, patient: str, as_json: bool
) -> None:
    """Write down requests to amend (45 CFR 164.526) and for an accounting (164.528): those of CASE, or one by hand.

    Each runs under its clock of 60 days from then on (`ledger due`). The same told twice is one request.
    """
    chosen, time = settings(ctx), now()
    if case is not None:
        told = _of_case(case, chosen, time)
    elif kind and name and received and zone:
        told = [_by_hand(kind, name, number_of(patient), (received, zone), chosen, time)]
    else:
        raise click.UsageError("give CASE, or all of --kind, --name, --received and --tz")
    for row in told:
        words = "written down" if row["new"] else "known already"
        emit(row) if as_json else click.echo(f"{words}: {row['kind']} {row['name']}, {row['request']}")


def _of_case(folder: Path, chosen: Any, time: Any) -> list[dict[str, Any]]:
    from adapter.ledger.store import Ledger
    from adapter.pipeline import check_case
    from adapter.rights import decided, entry_of, sent_before
    from mappings.problems import refuse

    checked = check_case(folder, chosen, time)
    found = list(decided(checked, time))
    if not found:
        message = "has neither `amendments` nor `accountings`; say there what was asked for"
        raise refuse("required", "case.json $", message, rule="ledger.request")
    ledger = Ledger(chosen.ledger, at=str(time))
    told = []
    try:
        for asked, facts, decision in found:
            made = entry_of(checked, asked, facts, decision, time)
            new = ledger.asked(made)
            for notice in sent_before(asked):
                ledger.noticed({"request_id": made.request["id"], **notice})
            told.append({"kind": facts.pathway, "name": asked.id, "request": made.request["id"], "new": new})
    finally:
        ledger.close()
    return told


def _by_hand(
    kind: str, name: str, number: tuple[str, str], received: tuple[str, str], chosen: Any, time: Any
) -> dict[str, Any]:
    from adapter.consent.policy import policies_of, policy_for
    from adapter.ledger.store import Ledger
    from adapter.rights import by_hand

    policy = policy_for(dt.date.fromisoformat(time.date), policies_of(chosen.policy))
    made = by_hand(kind, name, number, received, policy, time)
    ledger = Ledger(chosen.ledger, at=str(time))
    try:
        new = ledger.asked(made)
    finally:
        ledger.close()
    return {"kind": kind, "name": name, "request": made.request["id"], "new": new}


@click.command("disclosed")
@BY_NUMBER
@click.option("--on", "day", required=True, type=DAY, metavar="DAY", help="The day of the disclosure.")
@click.option("--to", "recipient", required=True, metavar="NAME", help="Who received it.")
@click.option("--address", metavar="TEXT", help="The recipient's address, if known.")
@click.option("--what", required=True, metavar="TEXT", help="What was disclosed, briefly.")
@click.option("--purpose", required=True, metavar="TEXT", help="What for, so that the individual sees the basis.")
@click.option("--basis", required=True, metavar="CITATION", help="As `45 CFR 164.512(b)`.")
@click.option("--by", "made_by", metavar="NAME", help="The business associate who made it.")
@click.option("--paper", metavar="NAME", help="The written request, by your name for it.")
@click.pass_context
@guarded
def disclosed_command(
    ctx: click.Context, patient: str, day: Any, recipient: str, address: Any, what: str, purpose: str, basis: str,
    made_by: Any, paper: Any,
) -> None:  # fmt: skip
    """Add a disclosure that was made otherwise, by you or a business associate, to the accounting (164.528(b)(1)).

    Those that need not be listed (164.528(a)(1): treatment, payment, authorization, ...) need no row.
    """
    system, value = number_of(patient)
    time = str(now())
    told = {
        "system": system,
        "value": value,
        "reported_at": time,
        "disclosed_at": day.date().isoformat(),
        "recipient": said(recipient, "--to"),
        "recipient_address": address or None,
        "description": said(what, "--what"),
        "purpose": said(purpose, "--purpose"),
        "basis": _citation(basis),
        "made_by": made_by or None,
        "request_paper": paper or None,
    }
    past(day.date(), "--on", time)
    written_down(ctx, "reported", told, time)


@click.command("suspend")
@BY_NUMBER
@click.option("--agency", required=True, metavar="NAME", help="The agency, as the accounting would name it.")
@click.option("--address", metavar="TEXT", help="Its address.")
@click.option("--official", required=True, metavar="NAME", help="Who made the statement.")
@click.option("--stated", required=True, type=DAY, metavar="DAY", help="The day of the statement.")
@click.option("--until", type=DAY, metavar="DAY", help="Until when, as the statement specifies.")
@click.option("--oral", is_flag=True, help="It was made orally: it holds for 30 days at most.")
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The statement (its SHA-256 is kept).",
)
@click.pass_context
@guarded
def suspend_command(
    ctx: click.Context, patient: str, agency: str, address: Any, official: str, stated: Any, until: Any, oral: bool,
    document: Path | None,
) -> None:  # fmt: skip
    """Suspend the accounting of what went to a health oversight agency or law enforcement official (164.528(a)(2)).

    The agency states that an accounting would be reasonably likely to impede it, and for how long.
    """
    import hashlib

    from mappings.problems import refuse

    if until is None and not oral:
        message = "is missing: a written statement specifies the time for which it asks"
        raise refuse("required", "--until", message, rule="45 CFR 164.528(a)(2)(i)")
    system, value = number_of(patient)
    time, first = str(now()), stated.date()
    past(first, "--stated", time)
    last = min(until.date(), first + ORALLY) if until and oral else until.date() if until else first + ORALLY
    if last < first:
        raise refuse(
            "value", "--until", "lies before the statement; correct one of the two days", rule="ledger.suspend"
        )
    told = {
        "system": system,
        "value": value,
        "recorded_at": time,
        "agency": said(agency, "--agency"),
        "agency_address": address or None,
        "official": said(official, "--official"),
        "form": "oral" if oral else "written",
        "stated_on": first.isoformat(),
        "until": last.isoformat(),
        "document_sha256": hashlib.sha256(document.read_bytes()).hexdigest() if document else None,
    }
    written_down(ctx, "suspended", told, time)


ORALLY = dt.timedelta(days=30)
"""How long a statement that was made orally holds (45 CFR 164.528(a)(2)(ii)(C))."""


def written_down(ctx: click.Context, method: str, row: dict[str, Any], time: str) -> None:
    """Hand a row to this method of the ledger, and say whether it is new."""
    from adapter.ledger.store import Ledger

    ledger = Ledger(settings(ctx).ledger, at=time)
    try:
        new = getattr(ledger, method)(row)
    finally:
        ledger.close()
    click.echo("written down" if new else "known already")


def said(text: str, option: str) -> str:
    """The text of an option without the blanks around it.

    Raises:
        ProblemError: it is empty.
    """
    from mappings.problems import refuse

    if not text.strip():
        raise refuse("required", option, "is empty: the accounting says it", rule="45 CFR 164.528(b)(2)")
    return text.strip()


def _citation(text: str) -> str:
    from mappings.problems import refuse

    said = " ".join(text.split())
    if not said.startswith(("45 CFR ", "42 CFR ")):
        message = "is no citation: write the paragraph that permits the disclosure, as `45 CFR 164.512(b)`"
        raise refuse("value", "--basis", message, rule="ledger.disclosed")
    return said


def past(day: dt.date, option: str, time: str) -> None:
    """Raise ProblemError where a day lies after the time."""
    from mappings.problems import refuse

    if day.isoformat() > time[:10]:
        raise refuse("value", option, "lies in the future: only what happened is written down", rule="ledger.day")
