"""init and schema."""

from pathlib import Path

import click

from adapter.cli.run import end, guarded


@click.command("schema")
@guarded
def schema_command() -> None:
    """Print the JSON Schema (2020-12) of case.json."""
    import msgspec

    from mappings.domain.native import schema

    click.echo(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@guarded
def init_command(folder: Path) -> None:
    """Write a case to fill in: DIR/case.json, its schema for editors, and a page that explains each field."""
    from adapter.sources.template import write_template
    from mappings.problems import refuse

    if folder.exists() and any(folder.iterdir()):
        raise refuse("conflict", folder.name, "is not empty; name a new folder", rule="case.folder")
    case, _, page = write_template(folder)
    for path in sorted(folder.iterdir()):
        click.echo(str(path))
    click.echo(f"Next: fill in {case} ({page} explains each field), put the files beside it, then", err=True)
    click.echo(f"      second-opinion check {folder}", err=True)
    end(0)
