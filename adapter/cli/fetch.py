"""fetch: images of an archive into a folder of the holder's own."""

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from adapter.cli.columns import columns
from adapter.cli.run import emit, end, guarded, printable, progress, settings, tell
from mappings.problems import Problem

_OPTIONS = (
    click.option("--server", required=True, metavar="NAME", help="An archive of the settings: [pacs.NAME]."),
    click.option("--patient", metavar="[SYSTEM|]NUMBER", help="The patient, with the issuer; `-` reads it from stdin."),
    click.option("--accession", metavar="[SYSTEM|]NUMBER", help="The order; `-` reads it from stdin."),
    click.option("--study", "studies", multiple=True, metavar="UID", help="A Study Instance UID; may be repeated."),
    click.option(
        "--to",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Where to, e.g. CASE/dicom.",
    ),
    click.option("--list", "only_list", is_flag=True, help="Only say which studies there are."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text."),
)


def _asking(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("fetch")
def fetch_command() -> None:
    """Fetch the images of a patient, an order or a study. What was interrupted goes on where it stopped."""


@fetch_command.command("dicomweb")
@_asking
@click.option("--metadata", is_flag=True, help="In place of images, what they are as FHIR: NDJSON on stdout.")
@click.pass_context
@guarded
def dicomweb_command(ctx: click.Context, /, server: str, metadata: bool, **asked: Any) -> None:
    """Fetch by DICOMweb (QIDO-RS, WADO-RS).

    Every instance is checked against what the archive lists (UIDs, patient number) and lies in
    DIR/<study>/<series>/<instance>.dcm, or not at all. DIR.fetch.jsonl beside it keeps what came.
    """
    from adapter.config import pacs_named
    from adapter.dicomweb.client import Client
    from adapter.sources import dicomweb

    chosen = settings(ctx)
    client = Client(server, pacs_named(chosen, server))
    if metadata:
        _metadata(client, chosen, **asked)
    _run(client, dicomweb, client.root, server, **asked)


def _metadata(client: Any, chosen: Any, **asked: Any) -> None:
    """Say as FHIR what the images are: a use inside the holder's own walls, as `convert` makes it."""
    from adapter.claims import families
    from adapter.consent.policy import policies_of
    from adapter.convert import convert_gathered
    from adapter.sources.dicomweb import find
    from adapter.sources.dicomweb_metadata import gather_metadata
    from mappings.fhir.wire import dumps

    if asked["folder"] or asked["only_list"]:
        raise click.UsageError("--metadata goes without --to and --list")
    found, notes = find(client, _wanted(**asked))
    gathered = gather_metadata(client, found)
    today = dt.datetime.now(dt.UTC).date()
    done = convert_gathered(
        gathered, client.name, chosen.namespace, today, families(chosen), policies_of(chosen.policy)
    )
    for _, bundle in sorted(done.bundles.items()):
        for entry in bundle["entry"]:
            click.echo(dumps(entry["resource"]).decode())
    tell(
        (*notes, *(found for unit in done.account.units for found in unit.problems if found.severity != "information"))
    )
    stopped = any(note.stops for note in notes)
    end(1 if not found else 4 if stopped or done.account.incomplete else 0)


def _run(peer: Any, protocol: Any, address: str, server: str, **asked: Any) -> None:
    from adapter.quiet import quiet_pydicom

    folder: Path | None = asked["folder"]
    if (folder is None) == (not asked["only_list"]):
        raise click.UsageError("give either --to DIR or --list")
    wanted = _wanted(**asked)
    with quiet_pydicom():  # for all threads that follow: its state is that of the process
        _fetch(peer, protocol, address, wanted, folder, asked["as_json"])


def _fetch(peer: Any, protocol: Any, address: str, wanted: Any, folder: Path | None, as_json: bool) -> None:
    from adapter.transfer.journal import Journal, journal_of

    found, notes = protocol.find(peer, wanted)
    tell(notes)
    if folder is None:
        _list(found, as_json)
        end(1 if any(note.stops for note in notes) else 0)
    if not found:
        end(1)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with Journal(journal_of(folder), f"fetch {address}") as journal, progress("fetching") as told:
        done = protocol.fetch(peer, found, folder, journal, told)
    _report(done, folder, notes, as_json)


def _wanted(patient: str | None, accession: str | None, studies: tuple[str, ...], **_: Any) -> Any:
    from adapter.transfer.wanted import Wanted

    return Wanted(patient=_number(patient), accession=_number(accession), studies=studies)


def _number(text: str | None) -> Any:
    from adapter.transfer.wanted import number_from

    return None if text is None else number_from(sys.stdin.readline() if text == "-" else text)


def _list(found: Any, as_json: bool) -> None:
    rows = [
        {"study": one.uid, "date": one.date, "modalities": one.modalities, "instances": one.instances} for one in found
    ]
    if as_json:
        emit({"studies": rows})
    elif rows:
        table = [("study", "date", "modalities", "instances")]
        table += [
            (one.uid, one.date, " ".join(one.modalities), "" if one.instances is None else str(one.instances))
            for one in found
        ]
        click.echo("\n".join(columns([tuple(map(printable, row)) for row in table])))


def _report(done: Any, folder: Path, notes: tuple[Problem, ...], as_json: bool) -> None:
    tell(done.problems)
    total = done.instances + done.missing
    if as_json:
        told = {name: getattr(done, name) for name in ("studies", "instances", "new", "missing", "size")}
        emit({"to": str(folder), **told, "problems": (*notes, *done.problems)})
    else:
        studies = f"{done.studies} {'study' if done.studies == 1 else 'studies'}"
        click.echo(f"{done.instances} of {total} instances of {studies} are in {printable(str(folder))}")
        click.echo(f"fetched now: {done.new} instances, {done.size} bytes")
    end(4 if done.missing or any(note.stops for note in (*notes, *done.problems)) else 0)


@fetch_command.command("dimse")
@_asking
@click.pass_context
@guarded
def dimse_command(ctx: click.Context, /, server: str, **asked: Any) -> None:
    """Fetch by DIMSE (C-FIND, then C-GET or C-MOVE); needs the extra `dimse`.

    Every instance is checked against what the archive lists (UIDs, patient number) and lies in
    DIR/<study>/<series>/<instance>.dcm, or not at all. DIR.fetch.jsonl beside it keeps what came.
    """
    from adapter.config import pacs_named
    from adapter.dimse.peer import Peer
    from adapter.sources import dimse

    peer = Peer(server, pacs_named(settings(ctx), server))
    _run(peer, dimse, peer.address, server, **asked)
