"""A delivery as a tree of files: written to a temporary place beside the target, moved when complete, read with guards.

A folder and a zip are the same tree. A zip is deterministic: sorted names, one fixed time, fixed modes.
"""

import errno
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from adapter.delivery.earlier import replaceable
from adapter.whole import keep_private
from mappings.problems import ProblemError, refuse

EPOCH = (1980, 1, 1, 0, 0, 0)
MAX_FILES = 200_000
MAX_BYTES = 200 << 30
MAX_RATIO = 200
"""Guards against archives made to exhaust the reader: number of files, size unpacked, and compression ratio."""
_RULE = "bundle.container"
_OURS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.EIO)
_STORED = (".dcm", ".zip", ".pdf", ".png", ".jpg", ".jpeg", ".gz", ".svs")


@contextmanager
def writing(target: Path, case: str) -> Iterator[Path]:
    """A temporary folder that becomes `target` (a folder, or a zip by its ending) when the block ends without error.

    It is its owner's alone, whatever the umask.

    Raises:
        ProblemError: the target exists and is not wholly an earlier delivery of `case`, or its parent does not exist.
    """
    check_parent(target)
    target = target.absolute()
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        tree = scratch / "tree"
        tree.mkdir()
        yield tree
        made = _zip(tree, scratch / "archive") if target.suffix == ".zip" else tree
        keep_private(made)
        check_target(target, case)  # as late as can be: somebody may have put something there meanwhile
        _move(made, target, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def check_target(target: Path, case: str) -> None:
    """Raise ProblemError unless a delivery of `case` may be written there; nothing is touched."""
    check_parent(target)
    target = target.absolute()
    if os.path.lexists(target) and not replaceable(target, case):
        message = (
            "exists and is not wholly an earlier export of this case; name a new path, so that nothing of yours is "
            "overwritten"
        )
        raise refuse("conflict", target.name, message, rule=_RULE)


def check_parent(target: Path) -> None:
    """Raise ProblemError, which names the folder as it was given, unless `target` would lie in a folder that exists."""
    parent = target.parent
    if not parent.is_dir():
        what = "is no folder; name another place" if parent.exists() else "does not exist; create this folder first"
        raise refuse("not-found", str(parent), what, rule=_RULE)


def _move(made: Path, target: Path, scratch: Path) -> None:
    before = scratch / "before"
    if target.is_dir():
        target.rename(before)
    try:
        os.replace(made, target)
    except OSError:
        if before.exists():
            before.rename(target)
        raise


def _zip(tree: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", allowZip64=True) as out:
        for path in sorted(p for p in tree.rglob("*") if p.is_file()):
            name = path.relative_to(tree).as_posix()
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            info.create_system = 3
            info.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, out.open(info, "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    return archive


@contextmanager
def opened(container: Path) -> Iterator[Path]:
    """The tree of a delivery for reading; a zip is unpacked to a temporary folder first.

    Raises:
        ProblemError: it is neither, or holds paths that lead outside, links, or more than the guards allow.
    """
    if container.is_dir():
        _check_links(container)
        yield container
        return
    if not container.is_file() or not zipfile.is_zipfile(container):
        message = "is neither a folder nor a zip; name what `export` wrote"
        raise refuse("not-found", container.name, message, rule=_RULE)
    with tempfile.TemporaryDirectory(prefix="second-opinion-") as scratch:
        unpack(container, Path(scratch))
        yield Path(scratch)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip with guards: names, links, count, size and ratio are checked before a byte is written.

    Raises:
        ProblemError: `security`, naming the rule it breaks.
    """
    try:
        with zipfile.ZipFile(archive) as source:
            entries = source.infolist()
            _check_entries(entries, archive.name)
            for entry in entries:
                if entry.is_dir():
                    continue
                place = folder / entry.filename
                place.parent.mkdir(parents=True, exist_ok=True)
                with source.open(entry) as reader, place.open("xb") as sink:
                    _copy(reader, sink, entry.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in _OURS:
            raise  # it is not the zip: there is no room for it, or no right
        raise refuse("structure", archive.name, "is no zip that can be read whole; send it again", rule=_RULE) from None


def _copy(reader: object, sink: object, size: int) -> None:
    written = 0
    while chunk := reader.read(1 << 20):  # type: ignore[attr-defined]
        written += len(chunk)
        if written > size:
            raise zipfile.BadZipFile
        sink.write(chunk)  # type: ignore[attr-defined]


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_FILES or total > MAX_BYTES or total > MAX_RATIO * max(packed, 1 << 20):
        raise refuse("security", name, "unpacks to more than a case can be; it is not opened", rule=_RULE)
    names = {entry.filename.casefold() for entry in entries}
    if len(names) != len(entries):
        raise refuse("security", name, "holds the same name twice; it is not opened", rule=_RULE)
    for entry in entries:
        path = PurePosixPath(entry.filename)
        outside = path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename
        link = stat.S_ISLNK(entry.external_attr >> 16)
        if outside or link or "\0" in entry.filename:
            raise refuse("security", name, "holds a path or link that leads outside; it is not opened", rule=_RULE)


def _check_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise refuse("security", folder.name, "holds a link; a delivery has none: it is not opened", rule=_RULE)


__all__ = ["ProblemError", "opened", "unpack", "writing"]
