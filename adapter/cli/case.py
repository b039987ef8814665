"""check and export."""

from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from adapter.cli.run import emit, end, guarded, now, printable, reading, refused_as, settings, tell

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("check")
@click.argument("case", type=FOLDER)
@click.option("--strict", is_flag=True, help="See whether `export --strict` would write it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
@click.pass_context
@guarded
def check_command(ctx: click.Context, case: Path, strict: bool, as_json: bool) -> None:
    """Say what may go, what not, under which paragraph, and what the reviewer will miss. Nothing leaves."""
    from adapter.cli import show
    from adapter.cli.letter import occasion_of, of_rights
    from adapter.letters import called_for
    from adapter.named_files import unfit
    from adapter.pipeline import check_case, rehearse

    chosen, time = settings(ctx), now()
    chosen = replace(chosen, target_strict=chosen.target_strict or strict)
    with refused_as(as_json):
        with reading():
            checked = check_case(case, chosen, time)
        rehearsed = rehearse(checked, chosen, time)
    account = rehearsed.account if rehearsed else None
    forecast = rehearsed.forecast if rehearsed else None
    letters, rights = called_for(occasion_of(checked, chosen, time)), of_rights(checked, chosen, time)
    if as_json:
        told = {
            "completeness": show.completeness_json(checked.completeness, forecast),
            "information_blocking": show.blocking_json(checked.decision),
        }
        emit({**_as_json(checked), **told, "letters": letters, "rights": rights, "account": account})
    else:
        show.decision(checked.decision, checked.facts)
        for kind in letters:
            click.echo(f"letter: second-opinion letter {kind} {printable(str(case))} --to FILE")
        for line in rights:
            for kind in line["letters"]:
                about = printable(line["about"])
                click.echo(f"letter: second-opinion letter {kind} {printable(str(case))} --about {about} --to FILE")
        show.completeness(checked.completeness, forecast)
        if account is not None:
            show.account(account)
    tell(checked.loaded.problems)
    if account is None:
        tell(found for draft in checked.loaded.drafts for found in draft.problems if found.severity != "information")
    unready = tuple(unfit(chosen))
    tell(unready)
    end(3 if account is None else 1 if any(found.stops for found in unready) else 0)


@click.command("export")
@click.argument("case", type=FOLDER)
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path), metavar="OUT", help="Folder, or FILE.zip."
)
@click.option("--strict", is_flag=True, help="Write nothing where something that came as FHIR is not valid.")
@click.option(
    "--medium",
    metavar="cd|dvd|BYTES",
    help="Write OUT/VOLUME1, ... to be burnt (IHE PDI) in place of the bundle, none larger than that.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the summary.")
@click.pass_context
@guarded
def export_command(
    ctx: click.Context, case: Path, target: Path, strict: bool, medium: str | None, as_json: bool
) -> None:
    """Export CASE as a bundle to OUT; OUT.account.json beside it says what became of every unit.

    The bundle is sealed (signed) where a signing key is set.
    """
    from adapter.cli import show
    from adapter.delivery.earlier import check_account
    from adapter.errors import NotPermitted
    from adapter.pipeline import export_case
    from adapter.whole import write_whole

    place = target.with_name(f"{target.name}.account.json")
    with refused_as(as_json):
        check_account(place)
    chosen = settings(ctx)
    chosen = replace(chosen, target_strict=chosen.target_strict or strict)
    try:
        with refused_as(as_json), reading():
            done = export_case(case, target, chosen, now(), _capacity(medium))
    except NotPermitted as refusal:
        if as_json:
            emit(show.decision_json(refusal.decision))
        show.refusal(refusal.decision)
        tell(found for found in refusal.problems if found.rule == "gate.request")
        end(refusal.exit_code)
    write_whole(done.account.to_json(), place)
    if as_json:
        emit({"to": str(target), **_as_json(done.checked), "manifest_sha256": done.manifest_sha256})
    else:
        show.summary(done, target, place)
    whole = set(done.checked.decision.released) == set(done.release.items)
    end(0 if whole and not (done.account.incomplete or done.checked.decision.excluded) else 4)


def _capacity(medium: str | None) -> int | None:
    """The bytes of a medium."""
    from adapter.delivery.volumes import SIZES

    if medium is None or medium in SIZES:
        return SIZES.get(medium or "")
    if not (medium.isascii() and medium.isdigit() and len(medium) < 16):
        raise click.BadParameter("is neither cd, dvd nor a number of bytes", param_hint="--medium")
    return int(medium)


def _as_json(checked: Any) -> dict[str, Any]:
    from adapter.cli import show

    gaps = show.gaps_json(checked.completeness)
    return {"decision": show.decision_json(checked.decision), "gaps": gaps}
