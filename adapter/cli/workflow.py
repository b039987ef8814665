"""workflow: a request for information as it stands, in FHIR, for the holder's own systems."""

from pathlib import Path

import click

from adapter.cli.run import guarded, now, settings, tell

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("workflow")
@click.argument("case", type=FOLDER)
@click.option(
    "--to", "target", type=click.Path(path_type=Path), metavar="FILE", help="A .json file, for its owner alone."
)
@click.pass_context
@guarded
def workflow_command(ctx: click.Context, case: Path, target: Path | None) -> None:
    """Print the request of CASE as a FHIR Bundle for your own systems: Task, review of a denial, papers, letters,
    who decided, what stays, every decision and disclosure. Without --to it goes to stdout.

    It names what is withheld and why: it stays with you. Nothing leaves, nothing is recorded.
    """
    from adapter.claims import families
    from adapter.pipeline import check_case
    from adapter.workflow import matter_at, workflow_of
    from mappings.fhir.wire import pretty

    if target is not None:
        _check(target, case)
    chosen, time = settings(ctx), now()
    made = workflow_of(matter_at(check_case(case, chosen, time), chosen, time), families(chosen))
    data = pretty(made.bundle)
    if target is None:
        click.echo(data.decode(), nl=False)
    else:
        _write(data, target, str(made.bundle["id"]))
        click.echo(str(target))
    tell(made.problems)


def _check(target: Path, folder: Path) -> None:
    """Refuse a target before anything is made.

    Raises:
        ProblemError: it is no .json file, or lies in the case folder.
    """
    from mappings.problems import refuse

    if target.suffix.lower() != ".json":
        raise refuse("not-supported", "--to", "is no .json file; name one", rule="workflow.target")
    if target.resolve().is_relative_to(folder.resolve()):
        message = "lies inside the case folder, where it would become part of the case; name a place outside"
        raise refuse("conflict", "--to", message, rule="workflow.target")


def _write(data: bytes, target: Path, identity: str) -> None:
    """Write it for its owner alone (mode 0600), whole or not at all; an earlier one of this request is replaced.

    Raises:
        ProblemError: something else is there.
    """
    from adapter.whole import write_whole
    from mappings.problems import refuse

    if target.exists() and not _is_earlier(target, identity):
        message = "is there already and is not this request; name another file, or take that one away"
        raise refuse("conflict", "--to", message, rule="workflow.target")
    write_whole(data, target)


def _is_earlier(target: Path, identity: str) -> bool:
    """Whether a file is the Bundle of this id."""
    from mappings.fhir.wire import read_object
    from mappings.problems import ProblemError

    try:
        found = read_object(target.read_bytes())
    except (ProblemError, OSError):
        return False
    return (found.get("resourceType"), found.get("id")) == ("Bundle", identity)
