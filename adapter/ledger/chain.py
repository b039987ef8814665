"""The chain: each row's hash is over the row and the hash of the row before it, so that no row changes unseen.

    hash = sha256(JSON text of [hash of the row before, number, table, {column: value}])

The text is UTF-8 without blanks, names sorted, characters as they are; the object has every column but `number` and
`hash` that holds a value. Numbers count from 1 through all tables; the hash before row 1 is `GENESIS`. Anybody can
recompute it. It does not keep its owner from rewriting everything: for that, write the head down elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping

GENESIS = hashlib.sha256(b"second-opinion ledger").hexdigest()
_APART = ("number", "hash")


def link(before: str, number: int, table: str, row: Mapping[str, object]) -> str:
    """The hash of a row.

    Raises:
        ValueError: a value is neither text nor whole number; such a row was not written by the ledger.
    """
    held = {name: value for name, value in row.items() if value is not None and name not in _APART}
    if any(type(value) not in (str, int) for value in held.values()):
        raise ValueError("a column holds neither text nor whole number")
    text = json.dumps([before, number, table, held], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
