"""Codes that a grammar makes rather than a list: media types, languages, units, and lists that others publish."""

from collections.abc import Callable, Mapping

SYSTEMS: Mapping[str, Callable[[str], bool | None]] = {}
"""By code system: whether a code is one of it."""
