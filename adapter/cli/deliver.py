"""deliver: what is released, to where the recipient takes it in."""

from pathlib import Path
from typing import Any

import click

from adapter.cli.case import FOLDER
from adapter.cli.run import emit, end, guarded, now, progress, refused_as, settings, tell


@click.command("deliver")
@click.argument("case", type=FOLDER)
@click.option("--images", "server", required=True, metavar="NAME", help="An archive of the settings: [pacs.NAME].")
@click.option(
    "--by",
    type=click.Choice(["dicomweb", "dimse"]),
    help="How; by default DICOMweb where the settings have its `url`, else DIMSE.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the summary.")
@click.pass_context
@guarded
def deliver_command(ctx: click.Context, case: Path, server: str, by: Any, as_json: bool) -> None:
    """Deliver the released images of CASE to the recipient's archive (PACS).

    What is there already is not sent again, so that an interrupted delivery goes on where it stopped. Every instance
    is shown to be there: read back and compared, listed, or acknowledged, as far as the archive lets us.
    """
    from adapter.cli import show
    from adapter.delivering import deliver_images
    from adapter.errors import NotPermitted

    try:
        with refused_as(as_json), progress("delivering") as told:
            done = deliver_images(case, server, by, settings(ctx), now(), told)
    except NotPermitted as refusal:
        if as_json:
            emit(show.decision_json(refusal.decision))
        show.refusal(refusal.decision)
        end(refusal.exit_code)
    outcomes = done.delivered.outcomes
    wrong = dict.fromkeys(one.problem for one in outcomes if one.problem is not None)
    tell((*done.delivered.problems, *wrong))
    if as_json:
        emit(_as_json(server, done))
    else:
        _summary(server, done)
    end(_code(done))


def _code(done: Any) -> int:
    """0 all there; 5 some may be there after another try; 1 none; 4 some were refused or changed, or items withheld."""
    here, outcomes = done.delivered.here, done.delivered.outcomes
    if done.delivered.passing:
        return 5
    if not here:
        return 1
    whole = all(one.here and one.problem is None for one in outcomes)
    return 0 if whole and not done.checked.decision.excluded else 4


def _as_json(server: str, done: Any) -> dict[str, Any]:
    rows = [
        {
            "uid": one.part.uid,
            "here": one.here,
            **({"proof": one.proof} if one.here else {}),
            **({"problem": one.problem} if one.problem else {}),
        }
        for one in done.delivered.outcomes
    ]
    return {"to": server, "instances": rows, "recorded": done.recorded, "problems": done.delivered.problems}


def _summary(server: str, done: Any) -> None:
    from collections import Counter

    here, outcomes = done.delivered.here, done.delivered.outcomes
    studies = len({one.part.study for one in outcomes})
    click.echo(f"{len(here)} of {len(outcomes)} instances of {studies} imaging studies are at {server}")
    proofs = Counter(one.proof for one in here if one.problem is None)
    for proof, words in _PROOFS.items():
        if proofs[proof]:
            click.echo(f"  {proofs[proof]} {words}")
    click.echo(f"recorded in the ledger now: {done.recorded} instances")


_PROOFS = {
    "content": "read back: the same bytes",
    "data set": "read back: the same data set (the file meta information is the archive's own)",
    "elements": "read back: the same elements and pixels (encoded by the archive its own way)",
    "list": "listed by the archive",
    "answer": "acknowledged by the archive",
}
