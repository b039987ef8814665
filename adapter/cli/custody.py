"""custody: where everything is, what is overdue or lost; and further events of the record."""

import sys
from pathlib import Path
from typing import Any

import click

from adapter.cli.columns import columns
from adapter.cli.run import emit, end, guarded, now, printable, refused_as, settings, tell

DAY = click.DateTime(formats=["%Y-%m-%d"])
KINDS = ("requested", "released", "shipped", "received", "returned", "lost", "broken", "recut", "discarded")


@click.command("custody")
@click.argument("cases", metavar="CASE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--overdue", "late_only", is_flag=True, help="Only what is overdue, lost or damaged.")
@click.option("--all", "everything", is_flag=True, help="Blocks and slides too that never were asked for.")
@click.option("--as-of", "as_of", type=DAY, metavar="DAY", help="The day it is asked (default: today).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--fhir", "as_fhir", is_flag=True, help="Tasks and Provenance for the holder: one Bundle a line, one line a case."
)
@click.option("--record", "kind", metavar="KIND", help=f"Append an event: {', '.join(KINDS)}; `-` reads JSON lines.")
@click.option("--item", "items", multiple=True, metavar="NAME", help="A part, block or slide: its name or label.")
@click.option("--at", metavar="TIME", help="When: a day, or a time with its UTC offset (default: now).")
@click.option("--by", metavar="PARTY", help="Who gives it: the local name of an organization or role.")
@click.option("--to", metavar="PARTY", help="Who gets it.")
@click.option("--carrier", help="Who carries it.")
@click.option("--tracking", metavar="NUMBER", help="The carrier's number.")
@click.option("--due-back", metavar="DAY", help="The day of return.")
@click.option("--form", type=click.Choice(("recut", "loan", "transfer")), help="Sections, a loan, or for good.")
@click.option("--sections", type=click.IntRange(1, 9999), metavar="N", help="How many sections of each item.")
@click.option("--note", help="What else is to be said.")
@click.option("--id", "name", metavar="NAME", help="A name for the event (default: custody-N).")
@click.option("--despite-retention", is_flag=True, help="Record a disposal within the retention period all the same.")
@click.pass_context
@guarded
def custody_command(ctx: click.Context, /, cases: tuple[Path, ...], kind: str | None, **told: Any) -> None:
    """Say where each slide and block is: since when, who has it, due back when, what is overdue or lost.

    CASE is a case folder, or a folder of them. With --record an event is added to the record of one case (its
    case.json), which is append-only: what was recorded wrongly is corrected by a further event.
    """
    event = ("items", "at", "by", "to", "carrier", "tracking", "due_back", "form", "sections", "note", "name",
             "despite_retention")  # fmt: skip
    if kind is None:
        if given := [name.replace("_", "-") for name in event if told[name]]:
            raise click.UsageError(
                f"--{given[0].removesuffix('s') if given[0] == 'items' else given[0]} needs --record"
            )
        _show(ctx, cases, told)
    else:
        if told["as_fhir"] or told["late_only"] or told["everything"] or told["as_of"]:
            raise click.UsageError("--record goes with neither --fhir, --overdue, --all nor --as-of")
        if len(cases) != 1:
            raise click.UsageError("--record needs one CASE")
        _record(ctx, cases[0], kind, told)


# --- where everything is


def _show(ctx: click.Context, cases: tuple[Path, ...], told: dict[str, Any]) -> None:
    import datetime as dt

    import msgspec

    from adapter.custody.holdings import cases_below, overview, read
    from adapter.custody.policy import policy_for
    from adapter.custody.seal import changed
    from mappings.domain.values import Moment
    from mappings.problems import Problem, ProblemError

    chosen = settings(ctx)
    time = Moment(told["as_of"].date().isoformat()) if told["as_of"] else now()
    today = dt.date.fromisoformat(time.date)
    policy = policy_for(today, chosen.custody)
    views: list[Any] = []
    refused: list[Problem] = []
    bundles: list[Any] = []
    for given in cases:
        try:
            folders = cases_below(given)
        except ProblemError as error:
            refused += error.problems
            continue
        for folder in folders:
            try:
                case = read(folder)
                view = overview(case, policy, today, everything=told["everything"])
                views.append(msgspec.structs.replace(view, problems=(*view.problems, *changed(folder, case.custody))))
                bundles += [_bundle(case, policy, chosen)] if told["as_fhir"] else []
            except ProblemError as error:
                refused += [_of(folder, problem) for problem in error.problems]
    found = [_of(Path(view.case), problem) for view in views for problem in view.problems]
    if told["as_json"]:
        emit({"as_of": today, "cases": [_plain(view, told["late_only"]) for view in views], "problems": refused})
    elif told["as_fhir"]:
        from mappings.fhir.wire import dumps

        for bundle in bundles:
            click.echo(dumps(bundle).decode())
    elif views or not refused:
        _table([line for view in views for line in view.holdings if not told["late_only"] or _wrong(line)], told)
    tell([*refused, *(one for one in found if one.severity != "information")])
    bad = bool(refused) + sum(any(p.stops for p in view.problems) for view in views)
    whole = sum(not any(p.stops for p in view.problems) for view in views)
    end(0 if not bad else 4 if whole else 1)


def _bundle(case: Any, policy: Any, chosen: Any) -> Any:
    from adapter.claims import families
    from adapter.custody.holder_fhir import custody_bundle

    return custody_bundle(case, policy, now(), chosen.namespace, families(chosen))


def _of(folder: Path, found: Any) -> Any:
    """A Problem with the case it is of before its place."""
    import msgspec

    where = found.where if found.where.startswith(f"{folder.name}/") else f"{folder.name}/{found.where}"
    return msgspec.structs.replace(found, where=where)


def _plain(view: Any, late_only: bool) -> dict[str, Any]:
    lines = [line for line in view.holdings if not late_only or _wrong(line)]
    return {"case": view.case, "holdings": lines, "problems": view.problems}


def _wrong(line: Any) -> bool:
    return bool(line.overdue or line.damaged or line.state == "lost")


def _table(lines: list[Any], told: dict[str, Any]) -> None:
    if not lines:
        click.echo("nothing is overdue, lost or damaged" if told["late_only"] else "nothing was asked for or has left")
        return
    rows = [("case", "item", "label", "what", "state", "since", "with", "due back", "parcel", "")]
    for line in lines:
        parcel = " ".join(part for part in (line.carrier, line.tracking) if part)
        way = "to " if line.state == "in-transit" or (line.state == "lost" and line.tracking) else ""
        with_ = f"{way}{line.who}" if line.who else ""
        rows.append(
            (line.case, line.item, line.label or "", line.what, line.state, (line.since or "")[:16].replace("T", " "),
             with_, line.due_back or "", parcel, _remark(line))
        )  # fmt: skip
    click.echo("\n".join(columns([tuple(map(printable, row)) for row in rows])))


def _remark(line: Any) -> str:
    told = []
    if line.overdue:
        told.append(f"OVERDUE by {-line.days} days" if line.days is not None else "OVERDUE")
    if line.state == "lost":
        told.append("LOST")
    if line.damaged:
        told.append("broken")
    if line.release_status in ("on-hold", "rejected"):
        until = f" until {line.kept_until}" if line.release_reason == "retention" and line.kept_until else ""
        told.append(f"{line.release} {line.release_status}: {line.release_reason}{until}")
    elif line.release_status == "accepted":
        told.append(f"may go: {line.release}")
    if line.scans and line.release_status in ("on-hold", "rejected", "failed", "accepted"):
        told.append(f"scan: {', '.join(line.scans)}")
    return "; ".join(told)


# --- a further event


def _record(ctx: click.Context, given: Path, kind: str, told: dict[str, Any]) -> None:
    import datetime as dt

    from adapter.custody.holdings import read
    from adapter.custody.policy import policy_for
    from adapter.custody.record import append

    if kind not in (*KINDS, "-"):
        raise click.UsageError(f"--record is one of {', '.join(KINDS)}, or -")
    if kind == "-" and any(told[name] for name in ("items", "at", "by", "to", "carrier", "tracking", "due_back",
                                                   "form", "sections", "note", "name")):  # fmt: skip
        raise click.UsageError("--record - reads whole events: it goes with none of the options that describe one")
    if kind != "-" and not told["items"]:
        raise click.UsageError("--record needs --item")
    time = now()
    with refused_as(told["as_json"]):
        policy = policy_for(dt.date.fromisoformat(time.date), settings(ctx).custody)
        case = read(given)
        lines: tuple[int, ...] = ()
        if kind == "-":
            lines, events = _read_events(sys.stdin.buffer.read())
        else:
            events = (_event(kind, told, case, policy, time),)

        def called(number: int, field: str) -> str:
            return f"line {lines[number]} $.{field}" if lines else f"--{field.replace('_', '-')}"

        unnamed = kind != "-" and not told["name"]
        done = append(
            given, events, policy, time, beyond_retention=told["despite_retention"], unnamed=unnamed, called=called
        )
    tell(one for one in done.problems if one.severity != "information")
    if told["as_json"]:
        emit({"recorded": done.added, "already": done.known, "problems": done.problems})
    else:
        for word, names in (("recorded", done.added), ("already recorded", done.known)):
            for name in names:
                click.echo(f"{word} {printable(name)}")
    end(0)


def _event(kind: str, told: dict[str, Any], case: Any, policy: Any, time: Any) -> Any:
    from adapter.custody.naming import item_of
    from mappings.domain.material import CustodyEvent
    from mappings.domain.values import Moment, PartialDate
    from mappings.problems import refuse

    taken = {item.id for item in case.items()}
    free = next(f"custody-{n}" for n in range(1, len(taken) + 2) if f"custody-{n}" not in taken)
    items = tuple(dict.fromkeys(item_of(text, case, policy.terms.label_scheme) for text in told["items"]))
    try:
        return CustodyEvent(
            id=told["name"] or free,
            items=items,
            kind=kind,  # type: ignore[arg-type]
            at=Moment(told["at"]) if told["at"] else time,
            by=told["by"],
            to=told["to"],
            carrier=told["carrier"],
            tracking=told["tracking"],
            due_back=PartialDate(told["due_back"]) if told["due_back"] else None,
            form=told["form"],
            sections=told["sections"],
            note=told["note"],
        )
    except ValueError as error:
        raise refuse("value", "--record", str(error), rule="custody.record") from None


def _read_events(data: bytes) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """JSON lines, each a whole event as it stands in case.json: the number of each line, and the events."""
    from mappings.domain.material import CustodyEvent
    from mappings.domain.native import decode

    lines = [(number, line) for number, line in enumerate(data.splitlines(), start=1) if line.strip()]
    read = tuple(decode(line, CustodyEvent, f"line {number}") for number, line in lines)
    return tuple(number for number, _ in lines), read
