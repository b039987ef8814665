"""Links inside a case: every field that holds a local name, rewritten or taken out in one place."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def rewrite(value: T, name: Callable[[str], str | None]) -> T:
    """The value with `name` applied to every local name that a link or a material line holds.

    Where it gives None, the name goes: out of a list, or the field back to its default.

    Raises:
        ValueError: a field that may not be empty would be.
    """
    return _walk(value, name)  # type: ignore[no-any-return]


def _walk(value: Any, name: Callable[[str], str | None]) -> Any:
    if isinstance(value, tuple):
        return tuple(_walk(item, name) for item in value)
    if not isinstance(value, msgspec.Struct):
        return value
    links = set(getattr(type(value), "LINKS", ())) | _EXTRA.get(type(value).__name__, set())
    changed: dict[str, Any] = {}
    for field in value.__struct_fields__:
        old = getattr(value, field)
        new = _rename(old, name) if field in links else _walk(old, name)
        if new is not old and new != old:
            changed[field] = new
    return msgspec.structs.replace(value, **changed) if changed else value


_EXTRA = {
    "Material": {"item", "authors", "about", "duplicate_of"},
    "Authorization": {"covers", "document"},
    "Directive": {"document"},
    "Part2Consent": {"covers", "document"},
    "InLaw": {"scan_of"},
    "Restriction": {"items"},
    "Determination": {"applies_to"},
    "Series": {"slides"},
    "Case": {"holder"},
}
"""Fields that hold local names in structs that have none themselves."""


def _rename(value: Any, name: Callable[[str], str | None]) -> Any:
    if isinstance(value, str):
        return name(value)
    if isinstance(value, tuple):
        return tuple(new for item in value if (new := name(item)) is not None)
    return value


def links_of(value: Any) -> set[str]:
    """Every local name that the value links to, at any depth."""
    found: set[str] = set()

    def note(name: str) -> str:
        found.add(name)
        return name

    rewrite(value, note)
    return found


__all__ = ["links_of", "rewrite"]
