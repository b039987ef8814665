"""Tables as a pipe gets them."""

from collections.abc import Sequence

WIDE = 72
"""Longer cells do not widen their column."""


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Padded columns, one line a row and never folded, so that a pipe can search them; a long cell overflows."""
    widths = [max((len(row[n]) for row in rows if len(row[n]) <= WIDE), default=0) for n in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
