"""Where the system refused a file operation: told as far as it is a path that was typed, or lies below one."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

_NEXT = {
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.EROFS: "name another place",
    errno.ENOENT: "check that it is there and that something can be made in it, or name another place",
    errno.ENOSPC: "free some space, or name another place",
    errno.EDQUOT: "free some space, or name another place",
    errno.EFBIG: "raise the limit of file sizes here, or name another place",
    errno.ENAMETOOLONG: "take a shorter name",
}

_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says while it writes, without a place."""


def refused(error: OSError) -> str:
    """One line on what the system refused: the place where it is known, what happened, and what to do."""
    place = _place(error)
    what = error.strerror or "the system refused a file operation"
    number = error.errno or 0
    what = f"{what}; {_NEXT[number]}" if number in (_NEXT if place else _ROOM) else what
    return f"error: {f'{place}: ' if place else ''}{what} [os.{error.errno}]"


def _place(error: OSError) -> str | None:
    """What was refused, or the folder that it was to be in; None where nobody typed it: no such path is shown."""
    context = click.get_current_context(silent=True)
    typed = list(_typed(context)) if context else []
    for name in (error.filename, error.filename2):
        if not isinstance(name, str | bytes | os.PathLike):
            continue
        for form in (os.path.abspath, os.path.realpath):
            place = _there(Path(form(os.fsdecode(name))))
            for given in typed:
                if (told := _as_typed(place, given, Path(form(given)))) is not None:
                    return str(told)
    return None


def _there(place: Path) -> Path:
    """The place, or the nearest folder above it that is there: a new file is refused by its folder."""
    return next((one for one in (place, *place.parents) if os.path.lexists(one)), place)


def _as_typed(place: Path, given: Path, whole: Path) -> Path | None:
    """A place below what was typed (`whole` is that in full), or a folder of it, in the words that were typed."""
    if place.is_relative_to(whole):
        return given / place.relative_to(whole)
    return next((one for one, full in zip(given.parents, whole.parents, strict=False) if full == place), None)


def _typed(context: click.Context) -> Iterator[Path]:
    """The paths on the command line."""
    for parameter in context.command.params:
        if isinstance(parameter.type, click.Path):
            yield from _paths(context.params.get(parameter.name or ""))
    if context.parent:
        yield from _typed(context.parent)


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, tuple):
        for one in value:
            yield from _paths(one)
    elif isinstance(value, str | Path):
        yield Path(value)
