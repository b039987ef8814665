"""convert: foreign files to FHIR, inside the holder's own walls."""

import datetime as dt
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from adapter.cli.run import end, guarded, reading, settings, tell
from mappings.problems import Problem


@click.command("convert")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/<patient key>/bundle.json."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "xml"]),
    default="json",
    help="bundle.json, or bundle.xml (with --to). A Bundle that XML cannot say whole stays JSON.",
)
@click.option(
    "--for",
    "own_use",
    type=click.Choice(["conversion", "originator_treatment", "training", "legal_defense"]),
    default="conversion",
    help="For which use of your own. Session notes stay out of a plain conversion (45 CFR 164.508(a)(2)(i)).",
)
@click.pass_context
@guarded
def convert_command(ctx: click.Context, paths: tuple[Path, ...], target: Path | None, form: str, own_use: str) -> None:
    """Convert files and folders to FHIR: NDJSON on stdout, or with --to one Bundle a person and DIR/account.json.

    What names nobody goes to DIR/unassigned. A use inside the holder's walls (45 CFR 164.506(c)(1)), no disclosure.
    """
    from adapter.claims import families
    from adapter.consent.policy import policies_of
    from adapter.convert import convert

    if form == "xml" and target is None:
        raise click.UsageError("--format xml writes bundle.xml: name a folder with --to")
    chosen = settings(ctx)
    today = dt.datetime.now(dt.UTC).date()
    with reading():
        done = convert(paths, chosen.namespace, today, families(chosen), policies_of(chosen.policy), own_use)
    if target is None:
        _stream(done)
        tell(found for unit in done.account.units if unit.outcome == "refused" for found in unit.problems)
    else:
        unsaid = _write(done, target, form)
        from adapter.cli import show

        show.account(done.account)
        click.echo(f"wrote {len(done.bundles)} bundles to {target}")
        tell(unsaid)
        if unsaid:
            end(4)
    end(4 if done.account.incomplete else 0)


def _stream(done: Any) -> None:
    from mappings.fhir.wire import dumps

    for _, bundle in sorted(done.bundles.items()):
        for entry in bundle["entry"]:
            click.echo(dumps(entry["resource"]).decode())


def _write(done: Any, target: Path, form: str) -> list[Problem]:
    """Write the Bundles and what travels beside them; returns what XML could not say of those that stay JSON."""
    from mappings.problems import refuse

    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise refuse("conflict", target.name, "exists; name a new folder", rule="convert.target")
    if not done.account.units:
        raise refuse("not-found", "PATH", "holds no file: there is nothing to convert", rule="convert.nothing")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _fill_folder(done, target, form)
    except BaseException:
        for each in target.iterdir():  # it was new or empty: what is there is ours and not whole
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        raise


def _fill_folder(done: Any, target: Path, form: str) -> list[Problem]:
    from adapter.whole import keep_private

    unsaid: list[Problem] = []
    for key, bundle in done.bundles.items():
        place = target / key
        place.mkdir()
        name, pieces, problems = _written(bundle, form)
        _fill(place / name, pieces)
        unsaid += (msgspec.structs.replace(found, where=f"{key}/{name} {found.where}") for found in problems)
        for path, file in done.files.get(key, {}).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            file.copy_to(place / path)
    _fill(target / "account.json", done.account.pieces())
    keep_private(target)
    return unsaid


def _fill(place: Path, pieces: Iterable[bytes]) -> None:
    with place.open("wb") as out:
        out.writelines(pieces)


def _written(bundle: Any, form: str) -> tuple[str, Iterable[bytes], tuple[Problem, ...]]:
    """A Bundle's file name and its bytes in pieces; JSON where XML cannot say it whole, and why."""
    from mappings.fhir.in_pieces import in_pieces

    problems: tuple[Problem, ...] = ()
    if form == "xml":
        from adapter import fhir_xml

        data, problems = fhir_xml.write(bundle)
        if not problems:
            return "bundle.xml", (data,), ()
    return "bundle.json", in_pieces(bundle), problems
