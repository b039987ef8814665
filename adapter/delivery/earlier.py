"""Is what stands at a target wholly an earlier export of the same case? Only that is replaced; anything else stays.

A folder with a file of somebody in it, another manifest, a link, an export that was changed: none is ours to remove.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from adapter.account import Account
from adapter.delivery.manifest import MANIFEST, SIGNATURE, Manifest, ManifestFile, read_manifest
from mappings.problems import ProblemError, refuse

MAX_MANIFEST = 64 << 20
_RULE = "bundle.container"
_OUTSIDE = frozenset((MANIFEST, SIGNATURE))


def replaceable(target: Path, case: str) -> bool:
    """Whether `target` is an empty folder, or a folder or zip that holds nothing but what `export` of `case` wrote."""
    if target.is_symlink():
        return False
    try:
        return _folder(target, case) if target.is_dir() else _zip(target, case)
    except (ProblemError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError):
        return False
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError):  # no manifest, or none of ours
        return False


def check_account(place: Path) -> None:
    """Raise ProblemError where something other than an account stands at the place of `OUT.account.json`."""
    if not os.path.lexists(place):
        return
    try:
        if place.is_symlink() or not place.is_file():
            raise OSError
        msgspec.json.decode(place.read_bytes(), type=Account)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        message = "exists and is no account of an export; name another OUT, so that nothing of yours is overwritten"
        raise refuse("conflict", place.name, message, rule=_RULE) from None


def _folder(folder: Path, case: str) -> bool:
    found = list(folder.rglob("*"))
    if not found:
        return True
    if any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in found):
        return False
    told = _told(read_manifest(folder)[0], case)
    return told is not None and all(_as_told(path, path.relative_to(folder).as_posix(), told) for path in found)


def _as_told(path: Path, name: str, told: Mapping[str, ManifestFile]) -> bool:
    if path.is_dir():
        return any(known.startswith(f"{name}/") for known in told)
    if name in _OUTSIDE:
        return True
    if name not in told or path.stat().st_size != told[name].size:
        return False
    with path.open("rb") as stream:
        return _digest(stream) == told[name].sha256


def _zip(target: Path, case: str) -> bool:
    with zipfile.ZipFile(target) as archive:
        entries = archive.infolist()
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST or len({e.filename for e in entries}) != len(entries):
            return False
        told = _told(msgspec.json.decode(archive.read(MANIFEST), type=Manifest), case)
        return told is not None and all(_packed_as_told(archive, entry, told) for entry in entries)


def _packed_as_told(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, told: Mapping[str, ManifestFile]) -> bool:
    name = entry.filename
    if name in _OUTSIDE:
        return True
    if name not in told or entry.file_size != told[name].size:
        return False
    with archive.open(entry) as stream:
        return _digest(stream) == told[name].sha256


def _digest(stream: IO[bytes]) -> str:
    found = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        found.update(chunk)
    return found.hexdigest()


def _told(manifest: Manifest, case: str) -> dict[str, ManifestFile] | None:
    """The files that the manifest lists, where it is one of this case."""
    return {file.path: file for file in manifest.files} if manifest.case == case else None
