"""ledger: verify, disclosures, due and migrate here; what is written down by hand, and what is archived, beside."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from adapter.cli.columns import columns
from adapter.cli.ledger_kept import archive_command, retention_command
from adapter.cli.ledger_known import notice_command, recipient_command, research_command
from adapter.cli.ledger_record import (
    BY_NUMBER,
    DAY,
    disclosed_command,
    number_of,
    request_command,
    suspend_command,
)
from adapter.cli.run import emit, end, guarded, now, printable, settings, tell

F = TypeVar("F", bound=Callable[..., Any])


@click.group("ledger")
def ledger_command() -> None:
    """The record of what was asked, decided, disclosed and told: whether it is whole, what it owes.

    Nothing is ever deleted from it silently.
    """


for _command in (
    request_command, notice_command, disclosed_command, suspend_command, recipient_command, research_command,
    retention_command, archive_command,
):  # fmt: skip
    ledger_command.add_command(_command)


def _common(command: F) -> F:
    with_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
    as_of = click.option("--as-of", "as_of", type=DAY, metavar="DAY", help="The day it is asked (default: today).")
    return as_of(with_json(command))


def _time(as_of: Any) -> str:
    """The time asked about: a day that was given, else now."""
    return as_of.date().isoformat() if as_of else str(now())


def _table(rows: Sequence[Sequence[str]]) -> None:
    click.echo("\n".join(columns([tuple(map(printable, row)) for row in rows])))


@ledger_command.command("verify")
@click.option("--head", "anchor", metavar="HASH", help="A head that was written down earlier: the ledger must have it.")
@click.option(
    "--archive",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An archive of this ledger: whether it is as it was written.",
)
@_common
@click.pass_context
@guarded
def verify_command(ctx: click.Context, anchor: str | None, file: Path | None, as_json: bool, as_of: Any) -> None:
    """Say whether every row is as it was written, and print the head of the chain.

    Write the head down elsewhere from time to time: given as `--head`, it shows that nothing was cut off since.
    """
    import datetime as dt

    from adapter.consent.policy import policies_of, policy_for
    from adapter.ledger.retention import check_archive
    from adapter.ledger.store import Ledger
    from adapter.ledger.verify import verify

    day = dt.date.fromisoformat(_time(as_of)[:10])
    chosen = settings(ctx)
    ledger = Ledger(chosen.ledger)
    try:
        policy = policy_for(day, policies_of(chosen.policy))
        found = verify(ledger, policy, day, anchor.strip().lower() if anchor is not None else None)
        wrong = check_archive(ledger, file.read_bytes()) if file is not None else ()
    finally:
        ledger.close()
    tell((*found.problems, *wrong))
    if as_json:
        emit({"intact": found.intact, "head": found.head, "rows": found.rows, "taken_over": found.taken_over,
              "archived": found.archived, "unclosed": found.unclosed, "older_than": found.older_than,
              "older": found.older})  # fmt: skip
    else:
        rows = sum(found.rows.values())
        click.echo(f"{'intact' if found.intact else 'NOT INTACT'}: {rows} rows")
        click.echo(f"head {found.head}")
        for line in _remarks(found):
            click.echo(line)
    end(0 if found.intact and not wrong else 1)


def _remarks(found: Any) -> list[str]:
    told = []
    if found.taken_over:
        told.append(
            f"taken over: {found.taken_over} rows come from a ledger without a chain; what was done to them before "
            "cannot be shown"
        )
    if found.archived:
        told.append(f"archived: {found.archived} rows went to archives; `--archive FILE` verifies one of them")
    if found.unclosed:
        told.append(f"not closed: {found.unclosed} releases were prepared and never reported as done; export again")
    if found.older:
        named = ", ".join(f"{name} {count}" for name, count in found.older.items())
        told.append(f"older than {found.older_than}, past the six years they must be kept: {named}; nothing is deleted")
    return told


@ledger_command.command("disclosures")
@BY_NUMBER
@click.option("--case", "case_id", metavar="ID", help="The disclosures of a case, in place of a patient's.")
@click.option("--since", type=DAY, metavar="DAY", help="From this day on (default: six years before).")
@click.option("--all", "everything", is_flag=True, help="For you alone: those too that the accounting leaves out.")
@_common
@click.pass_context
@guarded
def disclosures_command(
    ctx: click.Context, patient: str, case_id: str | None, since: Any, everything: bool, as_json: bool, as_of: Any
) -> None:
    """List what was disclosed of a patient, as an accounting must (45 CFR 164.528(b)): when, to whom, what, why.

    Where a line may have gone to an agency that suspended its accounting, there is none until you say so (`recipient`).
    A ledger that is not as it was written is said to be so, and is failed, as in `verify`.
    """
    import datetime as dt

    from adapter.consent.policy import policies_of, policy_for
    from adapter.ledger.accounting import accounting, of_case, six_years
    from adapter.ledger.store import Ledger
    from adapter.ledger.suspending import not_settled
    from adapter.ledger.verify import verify
    from mappings.problems import ProblemError

    until = dt.date.fromisoformat(_time(as_of)[:10])
    days = (until, max(until, dt.date.fromisoformat(now().date)))  # asked of a day that is past, it is read today
    chosen = settings(ctx)
    policy = policy_for(until, policies_of(chosen.policy))
    span = (since.date() if since else six_years(until, policy), until)
    asked = None if case_id is not None else number_of(patient)
    ledger = Ledger(chosen.ledger)
    try:
        if asked:
            found = accounting(ledger, asked, span, policy, days)
        else:
            found = of_case(ledger, str(case_id), span, policy, days)
        altered = verify(ledger, policy, until).problems
    finally:
        ledger.close()
    _warn(found, asked is not None)
    tell(altered)
    if not everything and (open_ones := not_settled(found.lines)):
        raise ProblemError(open_ones)
    lines = [line for line in found.lines if everything or (line.counts and not line.suspended)]
    if as_json:
        told = {"since": found.since, "until": found.until, "numbers": found.others + 1}
        emit({**told, "disclosures": lines, "research": found.studies.listed})
    elif found.known:
        _show(found, lines)
    end(0 if found.known and not altered else 1)


def _warn(found: Any, by_patient: bool) -> None:
    from mappings.problems import problem

    told = []
    where, what = ("--patient", "this number with this issuer") if by_patient else ("--case", "this case")
    if not found.known:
        message = f"the ledger has nothing under {what}; check it, and the other numbers the patient has"
        told.append(problem("not-found", where, message, rule="ledger.patient"))
    if found.persons > 1:
        message = "stands for more than one name or birth date: look at each case before you give this to anybody"
        told.append(problem("multiple-matches", where, message, rule="ledger.patient", severity="warning"))
    if found.unfiled:
        message = (
            f"{found.unfiled} disclosures of this time come from an earlier version and stand under no patient: look "
            "them up by --case"
        )
        told.append(problem("incomplete", "ledger", message, rule="ledger.patient", severity="warning"))
    hidden = sum(line.suspended for line in found.lines)
    if hidden:
        message = (
            f"leaves out {hidden} disclosures while their accounting is suspended; the individual is told neither of "
            "them nor of the suspension"
        )
        told.append(problem("suppressed", "ledger", message, rule="45 CFR 164.528(a)(2)", severity="warning"))
    tell((*told, *found.studies.doubts()))


def _show(found: Any, lines: Sequence[Any]) -> None:
    for each in found.studies.listed:
        click.echo(f"research, by protocol (45 CFR 164.528(b)(4)): {printable(each.name)}, {each.first} to {each.last}")
    if not lines:
        click.echo(f"no disclosures to account for from {found.since} to {found.until}")
        return
    rows = [("date", "to", "address", "what", "purpose", "on")]
    for line in lines:
        purpose = _purpose(line.purpose)
        why = f"{purpose} ({', '.join(line.basis)})" if line.basis else purpose
        counted = _standing(line) or line.request_paper or ("" if line.counts else _exempt(line))
        rows.append((line.date[:10], line.recipient, line.address or "not known", line.description, why, counted))
    _table(rows)


def _purpose(code: str) -> str:
    """The purpose with its words beside the code."""
    from adapter.letters.texts import purpose_in_words

    shown = purpose_in_words(code)
    return code if shown == code else f"{code}: {shown}"


def _standing(line: Any) -> str:
    if line.suspended:
        return "suspended"
    return f"suspended? ({line.id})" if line.counts and line.unsettled else ""


def _exempt(line: Any) -> str:
    return f"need not be listed ({line.exemption})" if line.exemption else "need not be listed"


@ledger_command.command("due")
@_common
@click.pass_context
@guarded
def due_command(ctx: click.Context, as_json: bool, as_of: Any) -> None:
    """List requests that are not met, by their last day; what is overdue says so.

    Access: 45 CFR 164.524(b)(2), amendment: 164.526(b)(2), accounting: 164.528(c)(1).
    """
    import datetime as dt

    from adapter.consent.policy import policies_of, policy_for
    from adapter.ledger.due import due
    from adapter.ledger.store import Ledger

    time = _time(as_of)
    chosen = settings(ctx)
    ledger = Ledger(chosen.ledger)
    try:
        found = due(ledger, policy_for(dt.date.fromisoformat(time[:10]), policies_of(chosen.policy)), time)
    finally:
        ledger.close()
    if as_json:
        emit({"as_of": time, "due": [{"overdue": one.overdue, **_plain(one)} for one in found]})
    elif not found:
        click.echo("nothing is due")
    else:
        rows = [("deadline", "", "kind", "case", "received", "decided", "next", "request")]
        rows += [
            (one.deadline or "not known", _left(one), one.kind, one.case, (one.received_at or "not known")[:10],
             one.outcome, one.next, one.request)
            for one in found
        ]  # fmt: skip
        _table(rows)
    end(0)


def _plain(one: Any) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(one)
    return found


def _left(one: Any) -> str:
    if one.days is None:
        return ""
    return f"OVERDUE by {-one.days} days" if one.overdue else f"{one.days} days left"


@ledger_command.command("migrate")
@click.pass_context
@guarded
def migrate_command(ctx: click.Context) -> None:
    """Make the ledger, or take over one of an earlier version. Every export does so too, where it may."""
    from adapter.ledger.store import Ledger

    ledger = Ledger(settings(ctx).ledger, at=str(now()))
    taken = ledger.taken_over
    ledger.close()
    click.echo(f"taken over: {taken} rows" if taken else "up to date")
