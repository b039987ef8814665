"""verify and import."""

from pathlib import Path

import click

from adapter.cli.run import emit, end, guarded, settings, tell

KEYS = click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A trusted public key (PEM or JWK), in place of those in the settings; may be repeated.",
)


@click.command("verify")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path), metavar="OUT")
@KEYS
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
@guarded
def verify_command(ctx: click.Context, bundle: Path, keys: tuple[Path, ...], as_json: bool) -> None:
    """Say whether OUT is intact and by whom it is signed. Works offline.

    OUT is a bundle (folder or .zip), a volume of a medium, or the folder of all its volumes.
    """
    from adapter.delivery.verify import verify

    found = verify(bundle, keys or settings(ctx).trusted_keys)
    tell(found.refusals)
    if as_json:
        signer = {"thumbprint": found.signer.thumbprint, "trusted": found.signer.trusted} if found.signer else None
        volumes = {"volumes": found.volumes} if found.volumes else {}
        emit({"intact": found.intact, "signed": found.signed, "files": found.files, **volumes, "signer": signer})
    else:
        click.echo(found.summary)
    end(1 if found.refusals else 0)


@click.command("import")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path), metavar="OUT")
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), metavar="CASE", help="A new case folder."
)
@KEYS
@click.pass_context
@guarded
def import_command(ctx: click.Context, bundle: Path, folder: Path, keys: tuple[Path, ...]) -> None:
    """Turn OUT back into a case folder. What `verify` does not take is not imported.

    OUT is a bundle (folder or .zip), or a medium: the folder of all its volumes, or the one that has CASE/CASE.ZIP.
    """
    from adapter.delivery.bundle_import import import_bundle

    tell(import_bundle(bundle, folder, keys or settings(ctx).trusted_keys))
    click.echo(str(folder))
