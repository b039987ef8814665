"""validate: files, folders, NDJSON against FHIR R4 and the profiles they claim."""

import functools
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import emit, end, guarded, printable

PATH = click.Path(exists=True, allow_dash=True, path_type=Path)
PACKAGE = click.Path(exists=True, path_type=Path)


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=PACKAGE,
    metavar="FILE.tgz",
    help="A FHIR package whose profiles count; may be repeated.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="URL",
    help="A profile to judge by, as if each resource claimed it; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a problem.")
@click.option("--warnings", is_flag=True, help="Say warnings and informations too.")
@guarded
def validate_command(
    paths: tuple[Path, ...], packages: tuple[Path, ...], profiles: tuple[str, ...], as_json: bool, warnings: bool
) -> None:
    """Validate JSON, NDJSON and XML files (folders: all of them; `-`: stdin): one line a problem, tab-separated.

    The columns are file (with the line, where it is known), severity, FHIRPath, rule and text. Exit code 1 where
    something is wrong.
    """
    check = _check(packages, profiles)
    wrong = False
    for found in _findings(paths, check):
        wrong = wrong or found.problem.stops
        if found.problem.stops or warnings:
            _say(found, as_json)
    end(1 if wrong else 0)


def _check(packages: tuple[Path, ...], profiles: tuple[str, ...]) -> Callable[[Any], Any]:
    """What judges a resource; the definitions are read once, for all files."""
    from adapter.validation import validate_resource

    if not packages and not profiles:
        return validate_resource
    from adapter.validation.facts import definitions

    known = definitions()
    for package in packages:
        known = known.with_package(package)
    for url in profiles:
        if known.profile(url) is None:
            hint = "it is in no package that is loaded; name its package by --package"
            raise click.BadParameter(hint, param_hint="--profile")
    return functools.partial(validate_resource, profiles=profiles, definitions=known)


def _findings(paths: tuple[Path, ...], check: Callable[[Any], Any]) -> Iterator[Any]:
    from adapter.sources.validated import findings

    for root in paths:
        if str(root) == "-":
            with tempfile.TemporaryDirectory() as scratch:
                spooled = Path(scratch) / "stdin"
                spooled.write_bytes(sys.stdin.buffer.read())
                yield from findings(spooled, check)
        else:
            yield from findings(root, check)


def _say(found: Any, as_json: bool) -> None:
    said = found.problem
    if as_json:
        line = {} if found.line is None else {"line": found.line}
        where = {"severity": said.severity, "where": said.where, "rule": said.rule, "message": said.message}
        emit({"file": found.file, **line, **where})
    else:
        file = found.file if found.line is None else f"{found.file}:{found.line}"
        click.echo("\t".join(map(printable, (file, said.severity, said.where, said.rule, said.message))))
