"""validate: files, folders, NDJSON against FHIR R4."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from adapter.cli.run import emit, end, guarded
from mappings.problems import Problem, ProblemError, Severity, problem

PATH = click.Path(exists=True, allow_dash=True, path_type=Path)


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a problem.")
@click.option("--warnings", is_flag=True, help="Say warnings and informations too.")
@guarded
def validate_command(paths: tuple[Path, ...], as_json: bool, warnings: bool) -> None:
    """Validate JSON and NDJSON files (folders: all of them; `-`: stdin): one line a problem, tab-separated.

    The columns are file, severity, FHIRPath, rule and text. Exit code 1 where something is wrong.
    """
    wrong = False
    for name, found in _problems(paths):
        wrong = wrong or found.stops
        if not (found.stops or warnings):
            continue
        if as_json:
            emit(
                {
                    "file": name,
                    "severity": found.severity,
                    "where": found.where,
                    "rule": found.rule,
                    "message": found.message,
                }
            )
        else:
            click.echo("\t".join((name, found.severity, found.where, found.rule, found.message)))
    end(1 if wrong else 0)


def _problems(paths: tuple[Path, ...]) -> Iterator[tuple[str, Problem]]:
    for root in paths:
        if str(root) == "-":
            with tempfile.TemporaryDirectory() as scratch:
                spooled = Path(scratch) / "stdin"
                spooled.write_bytes(sys.stdin.buffer.read())
                yield from _below(spooled)
        else:
            yield from _below(root)


def _below(root: Path) -> Iterator[tuple[str, Problem]]:
    from adapter.sources.fhir_files import read_fhir
    from adapter.sources.files import walk
    from adapter.validation.facts import resource_types

    for file in walk(root):
        if isinstance(file, tuple):
            yield file[0], file[1]
            continue
        name = file.path if root.is_file() else f"{root.name}/{file.path}"
        if file.kind == "fhir-xml":
            message = "is FHIR XML, which is not read and so not validated; convert it to JSON"
            yield name, problem("not-supported", file.path, message, rule="fhir.xml")
        elif file.kind in ("json", "ndjson"):
            yield from ((name, found) for found in _file(file.read(), read_fhir(file, resource_types())))
        else:
            message = "is neither JSON nor NDJSON and so not validated"
            named: Severity = "error" if root.is_file() else "information"
            yield name, problem("not-supported", "$", message, rule="fhir.json", severity=named)


def _file(data: bytes, units: object) -> Iterator[Problem]:
    from adapter.validation import validate_resource
    from mappings.fhir.wire import loads

    if units is None:
        yield problem("structure", "$", "is JSON but no FHIR resource", rule="fhir.type")
        return
    try:
        value = loads(data)
    except ProblemError:
        for unit in units:  # type: ignore[attr-defined]
            yield from unit.problems
            if unit.resource is not None:
                yield from validate_resource(unit.resource)
        return
    yield from validate_resource(value)
