"""Images on their way to an archive: which were about to go, and which a line of the accounting is about.

The row is written before the first image is sent. So after a crash it is known which of those that the archive has came
from here, whatever else was lost, and every one gets on a line, once.
"""

from uuid import uuid5

import msgspec
import sqlalchemy as sa

from adapter.ledger.appending import Appending, canonical
from adapter.ledger.engine import reading, writing
from adapter.ledger.tables import SHIPMENTS
from mappings.identity import DEFAULT_NAMESPACE, within

Images = frozenset[tuple[str, str]]
"""Instances, each by (SOP Instance UID, sha256)."""


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """Images of a release; `transfer_sha256` tells which case goes to which archive."""

    transfer_sha256: str
    recorded_at: str
    instances: Images


def about_to_go(engine: sa.Engine, release_id: str, shipment: Shipment) -> None:
    """Write down that these are about to be sent; the same told again is one row.

    Raises:
        ProblemError: the ledger cannot be written.
    """
    with writing(engine) as connection:
        add_shipment(Appending(connection), release_id, shipment, None)


def shipped(engine: sa.Engine, transfer_sha256: str) -> tuple[tuple[Images, ...], Images]:
    """The images that were about to go in a transfer, by each run that began, and those that a line is about.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    begun, told = list[Images](), frozenset[tuple[str, str]]()
    asked = sa.select(SHIPMENTS.c.instances, SHIPMENTS.c.disclosure_id)
    with reading(engine) as connection:
        for row in connection.execute(asked.where(SHIPMENTS.c.transfer_sha256 == transfer_sha256)):
            found = msgspec.json.decode(row.instances, type=Images)
            if row.disclosure_id:
                told |= found
            else:
                begun.append(found)
    return tuple(begun), told


def add_shipment(chain: Appending, release_id: str, shipment: Shipment, disclosure_id: str | None) -> None:
    """Add the row, unless it is there."""
    instances = [list(one) for one in sorted(shipment.instances)]
    told = (release_id, shipment.transfer_sha256, disclosure_id or "", canonical(instances))
    row = {
        "id": str(uuid5(DEFAULT_NAMESPACE, within("shipment", *told))),
        "release_id": release_id,
        "disclosure_id": disclosure_id,
        "transfer_sha256": shipment.transfer_sha256,
        "recorded_at": shipment.recorded_at,
        "instances": instances,
    }
    chain.add(SHIPMENTS, row)


__all__ = ["Images", "Shipment", "about_to_go", "add_shipment", "shipped"]
