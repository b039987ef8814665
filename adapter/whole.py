"""Files for their owner alone; one of them written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(data: bytes, target: Path) -> None:
    """Put a file (mode 0600) in its place in one step, on the disk; what was there is replaced.

    It is made beside under a name that nobody can guess or share: a link laid there is not followed, and two writers do
    not take each other's.

    Raises:
        OSError: it cannot be written; then nothing is left of it.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:  # interrupted too: nothing half written stays
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    with contextlib.suppress(OSError):  # not every system can sync a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def keep_private(place: Path) -> None:
    """Take a file, or a folder with everything below it, from everybody but its owner (modes 0600 and 0700).

    Raises:
        OSError: a mode cannot be set.
    """
    if not place.is_dir():
        place.chmod(0o600)
        return
    for folder, _, files in os.walk(place):
        os.chmod(folder, 0o700)
        for name in files:
            os.chmod(os.path.join(folder, name), 0o600)
