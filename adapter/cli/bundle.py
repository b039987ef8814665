"""verify and import."""

from pathlib import Path

import click

from adapter.cli.run import emit, end, guarded, settings, tell


@click.command("verify")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path), metavar="OUT")
@click.option(
    "--key", "keys", multiple=True, type=click.Path(exists=True, path_type=Path), help="A trusted public key."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
@guarded
def verify_command(ctx: click.Context, bundle: Path, keys: tuple[Path, ...], as_json: bool) -> None:
    """Say whether OUT is intact and by whom it is sealed. Works offline."""
    from adapter.delivery.verify import verify

    trusted = keys or settings(ctx).trusted_keys
    found = verify(bundle, trusted)
    tell(found.problems)
    if as_json:
        signer = {"thumbprint": found.signer.thumbprint, "trusted": found.signer.trusted} if found.signer else None
        emit({"intact": found.intact, "files": found.files, "signer": signer})
    else:
        click.echo(f"{'intact' if found.intact else 'NOT intact'}: {found.files} files, {found.seal}")
    end(0 if found.intact and not (found.signer and found.signer.trusted is False) else 1)


@click.command("import")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path), metavar="OUT")
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), metavar="CASE", help="A new case folder."
)
@click.pass_context
@guarded
def import_command(ctx: click.Context, bundle: Path, folder: Path) -> None:
    """Turn the bundle OUT back into a case folder. A bundle that is not intact is not imported."""
    from adapter.delivery.bundle_import import import_bundle

    import_bundle(bundle, folder, settings(ctx).trusted_keys)
    click.echo(str(folder))
