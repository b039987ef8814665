"""completeness: what the reviewer needs, and where it is."""

from pathlib import Path

import click

from adapter.cli.run import emit, end, guarded, now, refused_as, settings, tell

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FORMS = ("--json", "--fhir", "--html")


@click.command("completeness")
@click.argument("case", type=FOLDER)
@click.option("--released", is_flag=True, help="As the recipient will find it: of what goes, and of nothing else.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the table.")
@click.option("--fhir", "as_fhir", is_flag=True, help="A FHIR OperationOutcome: one issue for each need that is open.")
@click.option("--html", "as_html", is_flag=True, help="A page for the holder; the recipient has index.html.")
@click.pass_context
@guarded
def completeness_command(
    ctx: click.Context, case: Path, released: bool, as_json: bool, as_fhir: bool, as_html: bool
) -> None:
    """Say what the reviewer needs for the request's scope and reasons, and where it is. Nothing leaves.

    Missing, cannot be read, needs a person, promised, on its way, here: also part by part, as the reports name them.
    """
    from adapter.cli import show
    from adapter.errors import NotPermitted
    from adapter.pipeline import check_case, foretell, not_permitted
    from mappings.completeness.outcome import operation_outcome

    if as_json + as_fhir + as_html > 1:
        raise click.UsageError(f"choose one of {', '.join(FORMS)}")
    if as_html and released:
        raise click.UsageError("--html is the holder's page; what the recipient gets is index.html of an export")
    chosen, time = settings(ctx), now()
    with refused_as(as_json or as_fhir):
        checked = check_case(case, chosen, time)
        forecast = foretell(checked, time)
    if released and forecast is None:
        raise NotPermitted(checked.decision, not_permitted(checked.decision))
    found = forecast.completeness if released and forecast else checked.completeness
    beside = None if released else forecast
    told = checked.loaded.case
    if as_json:
        emit(
            {
                "scope": found.scope,
                "reasons": found.reasons,
                "completeness": show.completeness_json(found, beside),
                "gaps": show.gaps_json(found),
            }
        )
    elif as_fhir:
        emit(operation_outcome(found, test_data=told.test_data))
    elif as_html:
        from adapter.viewer.holder import render

        click.echo(render(told.id, found, beside, test_data=told.test_data).decode(), nl=False)
    else:
        show.completeness(found, beside)
    tell(checked.loaded.problems)
    end(0)
