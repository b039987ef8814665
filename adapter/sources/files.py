"""The files of a folder: found, hashed in one pass, and told apart by content, never by name."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import msgspec

from adapter.holding import File, Kind, whereabouts
from adapter.sources.xml_root import root_of
from mappings.problems import Problem, problem

HEAD = 4096
"""So many bytes tell what a file is."""
FIRST = 1 << 16
CHUNK = 1 << 20

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
)
TYPES: dict[str, str] = {
    "json": "application/json",
    "ndjson": "application/fhir+ndjson",
    "fhir-xml": "application/fhir+xml",
    "ccda": "application/hl7-cda+xml",
    "hl7v2": "x-application/hl7-v2+er7",
    "dicom": "application/dicom",
    "dicom-directory": "application/dicom",
    "pdf": "application/pdf",
}


_IRREGULAR = "is a pipe, socket or device, which holds no file: put its content in a file"
Walked = File | tuple[str, Problem]
"""A file, or the path of what cannot be read and why."""


class Place(NamedTuple):
    """A file that can be looked at: where it is, and its path below what was given."""

    location: str
    path: str


def walk(root: Path, skip: frozenset[str] = frozenset()) -> Iterator[Walked]:
    """Every file below `root` (or `root` itself), sorted by path; what cannot be read comes as (path, Problem).

    Links that lead out of `root`, links to folders, and anything that is no regular file, are refused. A path is text
    that can be printed: what is no UTF-8, and control characters, stand in it as escapes.
    """
    for found in places(root, skip):
        yield looked_at(found) if isinstance(found, Place) else found


def places(root: Path, skip: frozenset[str] = frozenset()) -> Iterator[Place | tuple[str, Problem]]:
    """As `walk`, before anything is read."""
    inside = root.resolve()
    if root.is_file():
        yield from _place(str(root), printable(root.name), str(inside.parent))
        return
    if not root.is_dir():
        name = printable(root.name)
        yield name, problem("not-supported", name, _IRREGULAR, rule="source.file")
        return
    given: set[str] = set()
    below = len(os.path.join(str(root), ""))
    for location, message in _listed(str(root)):
        raw = location[below:].replace(os.sep, "/") or "."
        path = printable(raw)
        while path in given:
            path += "~"
        given.add(path)
        if message:
            yield path, problem("no-store", path, message, rule="source.file")
        elif raw not in skip:
            yield from _place(location, path, str(inside))


def _listed(root: str) -> Iterator[tuple[str, str]]:
    """Every place below `root` that is no folder that can be read, with what is wrong with it, if it is a folder."""
    unread: list[OSError] = []
    for folder, names, found in os.walk(root, onerror=unread.append):
        names.sort()
        links = {name for name in names if os.path.islink(os.path.join(folder, name))}
        for name in sorted((*found, *links)):
            linked = "is a link to a folder, which is not followed; copy the folder itself here"
            yield os.path.join(folder, name), linked if name in links else ""
        yield from ((error.filename, "is a folder that cannot be read; check its permissions") for error in unread)
        unread.clear()
    yield from ((error.filename, "is a folder that cannot be read; check its permissions") for error in unread)


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 and characters that steer a terminal as escapes."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def _place(location: str, path: str, inside: str) -> Iterator[Place | tuple[str, Problem]]:
    try:
        mode = os.lstat(location).st_mode
        if stat.S_ISREG(mode):
            yield Place(location, path)
        elif not stat.S_ISLNK(mode):
            yield path, problem("not-supported", path, _IRREGULAR, rule="source.file")
        elif Path(location).resolve().is_relative_to(inside) and os.path.isfile(location):
            yield Place(location, path)
        else:
            message = "is a link that leads out of the folder, or no regular file; copy the file itself here"
            yield path, problem("security", path, message, rule="source.file")
    except RuntimeError:  # what pathlib says of a link that leads to itself
        message = "is a link that leads to itself; copy the file itself here"
        yield path, problem("security", path, message, rule="source.file")
    except OSError:
        yield path, _unread(path)


def looked_at(place: Place) -> Walked:
    """The file at this place, hashed, or why it cannot be read."""
    try:
        return describe(Path(place.location), place.path)
    except OSError:
        return place.path, _unread(place.path)


def _unread(path: str) -> Problem:
    return problem("no-store", path, "cannot be read; check its permissions", rule="source.file")


def describe(location: Path, path: str) -> File:
    """Hash a file and tell what it is."""
    with location.open("rb", buffering=0) as stream:
        return described(stream, str(location), path)[0]


def described(stream: FileIO, place: str, path: str) -> tuple[File, bytes]:
    """Hash a file that is open at its start and tell what it is; also its first 64 KiB.

    DICOM images are known by their sha256 alone: SHA-1 is for attachments of documents.
    """
    head = stream.read(FIRST)
    kind, content_type = sniff(head[:HEAD])
    sha256, sha1, size = hashlib.sha256(head), hashlib.sha1(usedforsecurity=False), len(head)
    if kind != "dicom":
        sha1.update(head)
    chunk = stream.read(CHUNK) if size == FIRST else b""
    while chunk:
        sha256.update(chunk)
        if kind != "dicom":
            sha1.update(chunk)
        size += len(chunk)
        chunk = stream.read(CHUNK)
    folder, name = whereabouts(place, path)
    made = File(
        path=path,
        folder=folder,
        name=name,
        digest=sha256.digest(),
        sha1=b"" if kind == "dicom" else sha1.digest(),
        size=size,
        kind=kind,
        content_type=content_type,
    )
    return made, head


def as_document(file: File) -> File:
    """A file that only looked like DICOM, as what can be kept of it: bytes."""
    digest = hashlib.sha1(usedforsecurity=False)
    with file.location.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    kept = {"kind": "other", "content_type": "application/octet-stream", "sha1": digest.digest()}
    return msgspec.structs.replace(file, **kept)


def sniff(head: bytes) -> tuple[Kind, str]:
    """What the first bytes of a file say it is, with its media type."""
    if head[128:132] == b"DICM":
        return "dicom", TYPES["dicom"]
    if head.startswith(b"%PDF-"):
        return "pdf", TYPES["pdf"]
    for magic, content_type in _MAGIC:
        if head.startswith(magic):
            return "other", content_type
    if _like_dicom(head):
        return "dicom", TYPES["dicom"]
    return _sniff_text(head)


def _sniff_text(head: bytes) -> tuple[Kind, str]:
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:1] in (b"{", b"["):
        return "json", TYPES["json"]
    if body.startswith(b"<"):
        return _sniff_xml(body)
    if body[:4] == b"MSH|" or body[:5] == b"\x0bMSH|" or body[:4] in (b"FHS|", b"BHS|"):
        return "hl7v2", TYPES["hl7v2"]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return "other", "application/octet-stream"
    return "other", "application/octet-stream" if b"\x00" in head else "text/plain"


_V3 = b"urn:hl7-org:v3"


def _sniff_xml(body: bytes) -> tuple[Kind, str]:
    root = root_of(body)
    if root is None or root.namespace is None:  # longer than the head: what it speaks of tells most
        is_fhir = b"http://hl7.org/fhir" in body and _other_xml(body) == ("other", "application/xml")
    else:
        is_fhir = root.namespace == b"http://hl7.org/fhir"
    return ("fhir-xml", TYPES["fhir-xml"]) if is_fhir else _other_xml(body)


def _other_xml(body: bytes) -> tuple[Kind, str]:
    """What XML (or what begins like it) is that is no FHIR."""
    root = root_of(body)
    if root and root.namespace:
        is_cda = root.namespace == _V3
    else:
        is_cda = _V3 in body or (root is not None and root.name == b"ClinicalDocument")
    if is_cda:
        return "ccda", TYPES["ccda"]
    html = (root is not None and root.name.lower() == b"html") or b"<!doctype html" in body[:200].lower()
    return "other", "text/html" if html else "application/xml"


def not_fhir(file: File) -> File:
    """A file whose first bytes looked like FHIR XML, and that is none once it is read, as what else it is."""
    if file.kind != "fhir-xml":
        return file
    with file.location.open("rb") as stream:
        body = stream.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    kind, content_type = _other_xml(body)
    return msgspec.structs.replace(file, kind=kind, content_type=content_type)


def _like_dicom(head: bytes) -> bool:
    """Whether this may be DICOM without preamble: group 0002 or 0008 first, in either byte order."""
    little = head[:2] in (b"\x02\x00", b"\x08\x00") and len(head) > 8 and head[3:4] == b"\x00"
    big = head[:2] in (b"\x00\x02", b"\x00\x08") and len(head) > 8 and head[2:3] == b"\x00"
    return little or big
