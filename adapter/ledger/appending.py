"""Adding rows to the chain, inside one transaction that holds its head."""

import json
from typing import Any

import sqlalchemy as sa

from adapter.ledger.chain import link
from adapter.ledger.tables import HEAD, JSON_COLUMNS, PLAIN
from mappings.problems import refuse


class Appending:
    """The one writer: made from a transaction, it locks the head until the transaction ends."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        head = connection.execute(sa.select(HEAD.c.number, HEAD.c.hash).with_for_update()).one()
        self._number, self._hash = int(head.number), str(head.hash)

    def add(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Add a row unless one of its id is there."""
        if not self.has(table, row["id"]):
            json = JSON_COLUMNS if table.name not in PLAIN else frozenset[str]()
            self.append(table, {name: _stored(name, value, json) for name, value in row.items()})

    def has(self, table: sa.Table, key: object) -> bool:
        """Whether a row of this id is there."""
        return self.connection.execute(sa.select(table.c.id).where(table.c.id == key)).first() is not None

    def append(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Add a row of texts and whole numbers as the next one of the chain."""
        number = self._number + 1
        mark = link(self._hash, number, table.name, row)
        self.connection.execute(table.insert().values(**row, number=number, hash=mark))
        self.connection.execute(HEAD.update().values(number=number, hash=mark))
        self._number, self._hash = number, mark


def canonical(value: object) -> str:
    """The JSON text of a value: no blanks, names sorted, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _stored(name: str, value: object, json_columns: frozenset[str]) -> object:
    held = canonical(value) if name in json_columns else value
    if isinstance(held, str) and "\0" in held:
        message = "does not take a text with a NUL character, which no database keeps alike; take it out of the case"
        raise refuse("value", f"ledger {name}", message, rule="ledger.text")
    return str(held) if isinstance(held, str) else held
