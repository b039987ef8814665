"""validate: files, folders, NDJSON against FHIR R4 and the profiles they claim."""

import difflib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from adapter.cli.run import emit, end, guarded, printable, tell
from mappings.problems import Problem, problem

PATH = click.Path(exists=True, allow_dash=True, path_type=Path)
PACKAGE = click.Path(exists=True, path_type=Path)


@click.command("validate")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=PACKAGE,
    metavar="FILE.tgz|DIR",
    help="A FHIR package, or a folder of JSON artefacts, whose profiles count; may be repeated.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="URL",
    help="A profile to judge by, as if each resource of its type claimed it (e.g. http://hl7.org/fhir/us/core/"
    "StructureDefinition/us-core-patient); may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a problem.")
@click.option("--warnings", is_flag=True, help="Say warnings and informations too.")
@guarded
def validate_command(
    paths: tuple[Path, ...], packages: tuple[Path, ...], profiles: tuple[str, ...], as_json: bool, warnings: bool
) -> None:
    """Validate JSON, NDJSON and XML files (folders: all of them; `-`: stdin): one line a problem, tab-separated.

    The columns are file (with the line, where it is known), severity, FHIRPath, rule and text. Exit code 1 where
    something is wrong, or where there is nothing to validate. What was judged is summed up on stderr.
    """
    from adapter.sources.validated import Tally

    known = _definitions(packages)
    _see(profiles, known)
    judging, tally = _Judging(profiles, known), Tally()
    counts = {"error": 0, "warning": 0}
    for found in _all(paths, judging, tally):
        severity = "error" if found.problem.stops else found.problem.severity
        counts[severity] = counts.get(severity, 0) + 1
        if found.problem.stops or warnings:
            _say(found, as_json)
    _sum_up(tally, counts["error"], counts["warning"], warnings)
    end(1 if counts["error"] else 0)


def _definitions(packages: tuple[Path, ...]) -> Any:
    """What is judged by, read once for all files; what of the packages does not count is told."""
    from adapter.validation.facts import definitions

    known = definitions()
    for package in packages:
        known = known.with_package(package)
    tell(known.problems)
    return known


def _see(profiles: tuple[str, ...], known: Any) -> None:
    """Refuse what cannot be judged by, with the reason."""
    from adapter.validation.facts import resource_types

    types = {*resource_types(), "Resource", "DomainResource"}
    for url in profiles:
        profile = known.profile(url)
        if profile is None and not known.is_base(url):
            raise click.BadParameter(known.why_not(url) or _unknown(url, known), param_hint="--profile")
        kind = profile.type if profile else url.partition("|")[0].rpartition("/")[2]
        if kind not in types:
            hint = f"is of {kind}, a part of resources: name a profile of a resource"
            raise click.BadParameter(hint, param_hint="--profile")


def _unknown(url: str, known: Any) -> str:
    """That nobody knows a profile, and which one may be meant."""
    last = {each.rpartition("/")[2]: each for each in sorted(known.profiles())}
    near = difflib.get_close_matches(url, known.profiles(), n=1, cutoff=0.9)
    near = near or [last[name] for name in difflib.get_close_matches(url.rpartition("/")[2], last, n=1, cutoff=0.75)]
    meant = f"; is {near[0]} meant?" if near else ""
    return f"it is in no package that is loaded; name its package by --package{meant}"


class _Judging:
    """Judges resources by what they claim and by `--profile`; knows of which profiles there was a resource."""

    def __init__(self, profiles: tuple[str, ...], known: Any) -> None:
        self._profiles, self._known = profiles, known
        self._met: set[str] = set()
        self._said: set[str] = set()

    def __call__(self, resource: Any) -> list[Problem]:
        from adapter.validation import Judge
        from adapter.validation.places import UNHELD

        judge = Judge(resource, self._known)
        fitting = [url for url in self._profiles if judge.holds(url)]
        self._met.update(fitting)
        found = [each for each in judge.problems(fitting) if each.rule != UNHELD or each.message not in self._said]
        self._said.update(each.message for each in found if each.rule == UNHELD)
        return found

    def unmet(self) -> Iterator[Problem]:
        """A Problem for each profile of whose type nothing was judged."""
        for url in self._profiles:
            if url not in self._met:
                profile = self._known.profile(url)
                kind = profile.type if profile else url.rpartition("/")[2]
                message = f"is a profile of {kind}, and no {kind} is in the input: name another profile or other files"
                yield problem("not-found", url, message, rule="fhir.profile-type")


def _all(paths: tuple[Path, ...], judging: _Judging, tally: Any) -> Iterator[Any]:
    """The findings of all files, and last what is missing from them all."""
    from adapter.sources.validated import Finding

    stopped = False
    for found in _findings(paths, judging, tally):
        stopped = stopped or found.problem.stops
        yield found
    name = " ".join(map(str, paths))
    if tally.resources:
        yield from (Finding(file="--profile", line=None, problem=each) for each in judging.unmet())
    elif not stopped:
        message = "holds nothing to validate: no FHIR resource as JSON, NDJSON or XML is in it"
        yield Finding(file=name, line=None, problem=problem("not-found", "$", message, rule="fhir.nothing"))


def _findings(paths: tuple[Path, ...], judging: _Judging, tally: Any) -> Iterator[Any]:
    from adapter.sources.validated import findings

    for root in paths:
        if str(root) != "-" and (root.is_file() or root.is_dir()):
            yield from findings(root, judging, shown=str(root), tally=tally)
            continue
        with tempfile.TemporaryDirectory() as scratch:  # stdin, or a pipe
            shown = "stdin" if str(root) == "-" else str(root)
            spooled = Path(scratch) / Path(shown).name
            spooled.write_bytes(sys.stdin.buffer.read() if str(root) == "-" else root.read_bytes())
            yield from findings(spooled, judging, shown=shown, tally=tally)


def _sum_up(tally: Any, errors: int, warnings: int, shown: bool) -> None:
    """What was judged, on stderr: the results stay what a program reads."""
    hint = " (--warnings shows them)" if warnings and not shown else ""
    judged = f"{_several(tally.resources, 'resource')} in {_several(tally.files, 'file')}"
    click.echo(f"{judged}: {_several(errors, 'error')}, {_several(warnings, 'warning')}{hint}", err=True)


def _several(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _say(found: Any, as_json: bool) -> None:
    said = found.problem
    if as_json:
        line = {} if found.line is None else {"line": found.line}
        where = {"severity": said.severity, "where": said.where, "rule": said.rule, "message": said.message}
        emit({"file": found.file, **line, **where})
    else:
        file = found.file if found.line is None else f"{found.file}:{found.line}"
        click.echo("\t".join(map(printable, (file, said.severity, said.where, said.rule, said.message))))
