"""Under which numbers a patient is filed, as a condition of a query."""

from collections.abc import Iterable

import sqlalchemy as sa

Number = tuple[str, str]
"""A patient's number: (system, value)."""


def under(numbers: Iterable[Number], table: sa.Table) -> sa.ColumnElement[bool]:
    """Rows of a table with `system` and `value` that are under one of these numbers."""
    return sa.or_(
        sa.false(),
        *(sa.and_(table.c.system == system, table.c.value == value) for system, value in sorted(set(numbers))),
    )
