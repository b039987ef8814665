"""Released images to an archive: load -> check -> release -> send what is missing -> record."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from adapter.checked import Checked
from adapter.config import Pacs, Settings, pacs_named
from adapter.consent.gate import release
from adapter.consent.release import Release
from adapter.delivery.case_bundle import fhir_bundle
from adapter.delivery.images import Delivered, Outcome, Progress, digest_of
from adapter.delivery.sending import Begin
from adapter.errors import NotPermitted
from adapter.ledger.due import IMAGES_ALONE
from adapter.ledger.shipment import Shipment, about_to_go, shipped
from adapter.ledger.store import Ledger
from adapter.pipeline import check_case, not_permitted
from adapter.quiet import quiet_pydicom
from adapter.recording import Part, disclosure_row, entry, release_row
from adapter.sources.readings import read_again
from adapter.transfer.journal import Journal, Line
from adapter.validation import validate_resource
from mappings.domain.case import Case
from mappings.domain.values import Moment
from mappings.problems import refuse

By = Literal["dicomweb", "dimse"]
Send = Callable[[Release, Journal, Progress | None, Begin], Delivered]


class ImagesDelivered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; `recorded` is how many instances the accounting got a line about now."""

    checked: Checked
    delivered: Delivered
    recorded: int


def deliver_images(
    folder: Path, name: str, by: By | None, settings: Settings, now: Moment, progress: Progress | None = None
) -> ImagesDelivered:
    """Deliver the released images of a case to an archive of the settings.

    The ledger has decision, release and the instances that are about to go before anything is sent, and the disclosure
    of what went before this returns, whatever went wrong on the way. The journal CASE.NAME.deliver.jsonl lies beside
    the case folder; where it was lost, the ledger knows what the next run has to account for.

    Raises:
        NotPermitted: the gate does not permit; the ledger has the decision.
        ProblemError: bad input or settings, no image is released, or the archive is not the recipient's.
    """
    pacs = pacs_named(settings, name)
    address, send = _sender(name, pacs, by)
    checked = check_case(folder, settings, now)
    ledger = Ledger(settings.ledger, at=str(now))
    try:
        decided = entry(checked, now, IMAGES_ALONE)
        if not checked.decision.permits:
            ledger.decided(decided)
            raise NotPermitted(checked.decision, not_permitted(checked.decision))
        _check_recipient(name, pacs, checked.loaded.case)
        released = release(checked.loaded, checked.decision, now, validate_resource, read_again)
        part = _part(released, address)
        bundle = fhir_bundle(released, settings)
        row = ledger.prepare(decided, release_row(checked, released, bundle, settings, address, part))
        place = folder.absolute().with_name(f"{folder.absolute().name}.{name}.deliver.jsonl")
        about = f"deliver {pacs.url} {pacs.host}:{pacs.port}/{pacs.title} {checked.loaded.case.id}"
        with quiet_pydicom(), Journal(place, about, begun=False) as journal:  # quiet in all threads that follow
            _restore(journal, ledger)
            delivered = send(released, journal, progress, lambda going: _begin(ledger, row, journal, going, now))
            recorded = _record(ledger, row, checked, released, delivered, journal, now)
    finally:
        ledger.close()
    return ImagesDelivered(checked=checked, delivered=delivered, recorded=recorded)


def _sender(name: str, pacs: Pacs, by: By | None) -> tuple[str, Send]:
    """The address of an archive, and what sends to it; secrets are read here, before anything is decided."""
    if by == "dimse" or (by is None and not pacs.url):
        from adapter.delivery import dimse
        from adapter.dimse.peer import Peer

        peer = Peer(name, pacs)
        return peer.address, lambda released, *how: dimse.deliver_images(released, peer, *how)
    from adapter.delivery import dicomweb
    from adapter.dicomweb.client import Client

    client = Client(name, pacs)
    return client.root, lambda released, *how: dicomweb.deliver_images(released, client, *how)


def _check_recipient(name: str, pacs: Pacs, case: Case) -> None:
    """Refuse an archive that is not the recipient's: what may go to one center may not go to another."""
    assert case.access is not None
    party = {role.id: role.organization for role in case.roles}.get(
        case.access.recipient_party, case.access.recipient_party
    )
    known = next((one for one in case.organizations if one.id == party), None)
    told = {f"{number.system}|{number.value}" for number in known.identifiers} | {known.name} if known else set()
    if not pacs.recipient:
        message = (
            "does not say in the settings whose archive it is; set `recipient` to an identifier of the recipient "
            "(SYSTEM|VALUE) or its name, as case.json has it"
        )
        raise refuse("business-rule", f"pacs.{name}", message, rule="deliver.recipient")
    if pacs.recipient not in told:
        message = "is not the recipient's archive, by its `recipient` in the settings; nothing was sent"
        raise refuse("forbidden", f"pacs.{name}", message, rule="deliver.recipient")


def _part(released: Release, address: str) -> Part:
    studies = [
        study
        for study in released.case.studies
        if any(one.uid in released.instances for series in study.series for one in series.instances)
    ]
    if not studies:
        message = "releases no images that are here; there is nothing to send to an archive"
        raise refuse("not-found", "case", message, rule="deliver.images")
    files = digest_of((uid, file.sha256) for uid, file in released.instances.items())
    basis = "|".join(row.code for row in released.basis)
    digest = hashlib.sha256(f"images\n{address}\n{files}\n{basis}".encode()).hexdigest()
    return Part(items=tuple(study.id for study in studies), sha256=digest)


def _restore(journal: Journal, ledger: Ledger) -> None:
    """Write into the journal what the ledger knows and it does not: it was lost, wholly or at some time."""
    begun, told = shipped(ledger.engine, journal.about)
    runs = {sha256 for _, sha256 in journal.of("begun")}
    lost = {one for run in begun if digest_of(run) not in runs for one in run} - journal.of("sending", "stored").keys()
    journal.add(Line(event="sending", uid=uid, sha256=sha256) for uid, sha256 in sorted(lost))
    unknown = told - journal.of("disclosed").keys()
    journal.add(Line(event="disclosed", uid=uid, sha256=sha256) for uid, sha256 in sorted(unknown))


def _begin(ledger: Ledger, row: str, journal: Journal, going: Iterable[tuple[str, str]], now: Moment) -> None:
    shipment = _shipment(journal, going, now)
    about_to_go(ledger.engine, row, shipment)
    journal.add([Line(event="begun", sha256=digest_of(shipment.instances))])


def _shipment(journal: Journal, instances: Iterable[tuple[str, str]], now: Moment) -> Shipment:
    return Shipment(transfer_sha256=journal.about, recorded_at=str(now), instances=frozenset(instances))


def _record(
    ledger: Ledger,
    row: str,
    checked: Checked,
    released: Release,
    delivered: Delivered,
    journal: Journal,
    now: Moment,
) -> int:
    """Write the disclosure of what went and is on no line yet; how many instances that are."""
    told = journal.of("disclosed")
    went = [one for one in delivered.here if one.ours and (one.part.uid, one.part.sha256) not in told]
    if not went:
        return 0
    manifest = digest_of((one.part.uid, one.part.sha256) for one in went)
    lines = ledger.rows("disclosure")
    if not any(line["release_id"] == row and line["manifest_sha256"] == manifest for line in lines):
        line = disclosure_row(checked, released, manifest, now)
        shipment = _shipment(journal, ((one.part.uid, one.part.sha256) for one in went), now)
        ledger.delivered(row, {**line, "description": _description(released, went, delivered)}, shipment)
    journal.add(Line(event="disclosed", uid=one.part.uid, sha256=one.part.sha256) for one in went)
    return len(went)


def _description(released: Release, went: list[Outcome], delivered: Delivered) -> str:
    """A brief description of what was disclosed (45 CFR 164.528(b)(2)(iii)), by counts."""
    studies = len({one.part.study for one in went})
    return (
        f"case {released.case.id}: images, {len(went)} of {len(delivered.outcomes)} instances of {studies} imaging "
        f"{'study' if studies == 1 else 'studies'}, to an archive"
    )
