"""convert: foreign files to FHIR, inside the holder's own walls."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import end, guarded, settings, tell


@click.command("convert")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/<patient key>/bundle.json."
)
@click.pass_context
@guarded
def convert_command(ctx: click.Context, paths: tuple[Path, ...], target: Path | None) -> None:
    """Convert files and folders to FHIR: NDJSON on stdout, or with --to one Bundle a person and DIR/account.json.

    What names nobody goes to DIR/unassigned. A use inside the holder's walls (45 CFR 164.506(c)(1)), no disclosure.
    """
    from adapter.convert import convert

    done = convert(paths, settings(ctx).namespace, dt.datetime.now(dt.UTC).date())
    if target is None:
        _stream(done)
        tell(found for unit in done.account.units if unit.outcome == "refused" for found in unit.problems)
    else:
        _write(done, target)
        from adapter.cli import show

        show.account(done.account)
        click.echo(f"wrote {len(done.bundles)} bundles to {target}")
    end(4 if done.account.incomplete else 0)


def _stream(done: Any) -> None:
    from mappings.fhir.wire import dumps

    for _, bundle in sorted(done.bundles.items()):
        for entry in bundle["entry"]:
            click.echo(dumps(entry["resource"]).decode())


def _write(done: Any, target: Path) -> None:
    from mappings.fhir.wire import pretty
    from mappings.problems import refuse

    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise refuse("conflict", target.name, "exists; name a new folder", rule="convert.target")
    for key, bundle in done.bundles.items():
        place = target / key
        place.mkdir(parents=True)
        (place / "bundle.json").write_bytes(pretty(bundle))
        for path, file in done.files.get(key, {}).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.location, place / path)
    target.mkdir(exist_ok=True)
    (target / "account.json").write_bytes(done.account.to_json())
