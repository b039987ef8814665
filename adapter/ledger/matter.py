"""What the ledger has of one matter (a case and its patient): its decisions, its releases, what was told."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from adapter.ledger.engine import reading
from adapter.ledger.store import Ledger
from adapter.ledger.tables import DECISIONS, DISCLOSURES, NOTICES, RELEASES, REQUESTS

Row = Mapping[str, Any]
_JSON = frozenset(("reasons", "excluded", "basis", "audit_event"))
"""Columns of JSON of decisions and releases."""


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one matter in the order they were written; columns of JSON are read.

    `releases` are those of its decisions; `delivered` are the digests of what was handed over.
    """

    decisions: tuple[Row, ...] = ()
    releases: tuple[Row, ...] = ()
    notices: tuple[Row, ...] = ()
    delivered: frozenset[str] = frozenset()


def matter(ledger: Ledger, matter_id: str) -> Matter:
    """The rows of the matter with this id (see `store.matter_id`); of one that is not known, none.

    Raises:
        ProblemError: the ledger cannot be read.
    """
    requests = sa.select(REQUESTS.c.id).where(REQUESTS.c.matter_id == matter_id)
    mine = DECISIONS.c.request_id.in_(requests)
    contents = sa.select(DECISIONS.c.content_sha256).where(mine, DECISIONS.c.content_sha256.is_not(None))
    with reading(ledger.engine) as connection:

        def rows(table: sa.Table, where: sa.ColumnElement[bool]) -> tuple[Row, ...]:
            found = connection.execute(sa.select(table).where(where).order_by(table.c.number)).mappings()
            wanted = _JSON if table is not NOTICES else frozenset[str]()
            return tuple({name: json.loads(v) if name in wanted else v for name, v in row.items()} for row in found)

        releases = rows(RELEASES, RELEASES.c.content_sha256.in_(contents))
        done = sa.select(RELEASES.c.content_sha256).join(DISCLOSURES, DISCLOSURES.c.release_id == RELEASES.c.id)
        delivered = connection.execute(done.where(RELEASES.c.content_sha256.in_(contents))).scalars()
        return Matter(
            decisions=rows(DECISIONS, mine),
            releases=releases,
            notices=rows(NOTICES, NOTICES.c.request_id.in_(requests)),
            delivered=frozenset(delivered),
        )
