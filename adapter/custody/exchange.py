"""case.json in exchange for a new one, by one at a time: whoever reads sees the old or the new, whole."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mappings.problems import refuse

CASE = "case.json"
NEW = f".{CASE}.new"
"""The new content until it is whole; one that a crash left is overwritten."""
RULE = "custody.record"


def exchange(path: Path, data: bytes) -> None:
    """Put the new content in the place of the old in one step: whoever reads sees one or the other, whole."""
    new = path.parent / NEW
    try:
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(new, path.stat().st_mode & 0o777)
        os.replace(new, path)
    except BaseException:  # interrupted too: nothing half written stays
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can sync a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else appends to this case meanwhile; the lock ends with the process, however that ends."""
    if not (folder / CASE).is_file():
        raise refuse("not-found", folder.name or ".", f"has no {CASE}", rule="case.folder")
    try:
        import fcntl
    except ImportError:  # Windows: the exchange is still in one step
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise refuse("lock-error", folder.name or ".", "somebody else is recording; try again", rule=RULE) from None
        yield
    finally:
        os.close(handle)
