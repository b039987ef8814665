"""Days of a case as facts of the law."""

import datetime as dt

from mappings.domain.values import PartialDate


def day_of(date: PartialDate | None) -> dt.date | None:
    """A date known to the day; a month is not (and what rests on it stays unknown)."""
    return dt.date.fromisoformat(date) if date is not None and date.precision == "day" else None
