"""What the holder has of a case once it is loaded: files, units, whose they are. None of this goes to a recipient."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from mappings.dicom.found import Found
from mappings.domain.case import Case
from mappings.domain.material import ImagingStudy
from mappings.domain.person import Identity
from mappings.fhir.carried import Carried
from mappings.problems import Problem

Kind = Literal["json", "ndjson", "fhir-xml", "ccda", "hl7v2", "dicom", "dicom-directory", "pdf", "other"]
Belongs = Literal["nobody", "unknown"]


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """fullUrl -> the Patients (fullUrls) it is about, `nobody` (supporting) or `unknown` (its person is not here)."""

    of: dict[str, frozenset[str] | Belongs]

    def about(self, url: str) -> frozenset[str]:
        """The Patients a resource is about; empty for nobody and unknown."""
        found = self.of[url]
        return found if isinstance(found, frozenset) else frozenset()


class File(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One file, as small as can be, since there may be tens of thousands.

    Attributes:
        path: relative to what was given, with `/`.
        folder: where it lies on this machine, which files share; `name`: its name there, where `path` ends otherwise.
        digest: SHA-256 of its content; `size` is in bytes.
        sha1: empty of DICOM images, which are no attachments.
        data: its bytes where it is no file of its own: a document that a DICOM instance encloses.
    """

    path: str
    folder: str
    name: str = ""
    digest: bytes
    sha1: bytes
    size: int
    kind: Kind
    content_type: str
    data: bytes | None = None

    @property
    def location(self) -> Path:
        """Where it is on this machine."""
        return Path(self.folder, self.name or _last(self.path))

    @property
    def sha256(self) -> str:
        """SHA-256 of its content, hex."""
        return self.digest.hex()

    def at(self, path: str) -> "File":
        """The same file under another path."""
        name = self.name or _last(self.path)
        return msgspec.structs.replace(self, path=path, name="" if name == _last(path) else name)

    def read(self) -> bytes:
        """The bytes."""
        return self.location.read_bytes() if self.data is None else self.data

    def copy_to(self, place: Path) -> None:
        """Write the bytes to another place."""
        if self.data is None:
            shutil.copyfile(self.location, place)
        else:
            place.write_bytes(self.data)


def whereabouts(place: str, path: str) -> tuple[str, str]:
    """`folder` and `name` of the file at this place, as a `File` of this path has them."""
    folder, name = os.path.split(place)
    return sys.intern(folder), "" if name == _last(path) else name


def _last(path: str) -> str:
    return path.rpartition("/")[2]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A unit before its fate is known: the local names of what it holds, or why it holds nothing."""

    source: str
    sha256: str
    names: tuple[str, ...] = ()
    refused: bool = False
    problems: tuple[Problem, ...] = ()


BUNDLE_FORMAT = "second-opinion-bundle/1"
"""Format of a case bundle's manifest.json."""
INSIDE_BUNDLE = "case.bundle-inside"
"""Rule id: a file that belongs to an export lying in the folder."""
ENCLOSED = "case.enclosed"
"""Rule id: a document inside an image that no line under `materials` declares, or that cannot be read."""
UNDECLARED = "case.undeclared"
"""Rule id: an opaque file that no line under `materials` declares."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate decides about.

    Attributes:
        case: the native facts; documents, studies and readings of carried resources are part of it.
        carried: the resources that came as FHIR, sorted by fullUrl; `aliases` lead from duplicates to them, `contested`
            from the fullUrl a resource got to the one it had, where units contradict each other about it.
        owners: whose they are.
        documents: id of a Document -> its file; instances: SOP Instance UID -> its file.
        identities: what a source says of the person, by fullUrl of a Patient and by study UID.
        settings: SOP Instance UID -> (zone, issuer of bare patient numbers) configured for where it lay.
        drafts: every unit, before its fate is known.
        unowned: fullUrls of resources whose person is not here and that no line vouches for.
        unread: resources that were refused, as far as they could be read: nothing that goes names them.
        images: the studies as their files show them, where they tell of specimens or enclose documents; `declared` are
            studies as case.json has them, by UID.
        enclosed: SOP Instance UID -> the Document that the instance encloses.
    """

    case: Case
    carried: tuple[Carried, ...]
    aliases: Mapping[str, str]
    contested: Mapping[str, str]
    owners: Ownership
    documents: Mapping[str, File]
    instances: Mapping[str, File]
    identities: Mapping[str, Identity]
    settings: Mapping[str, tuple[str | None, str | None]]
    drafts: tuple[Draft, ...]
    unowned: frozenset[str] = frozenset()
    unread: tuple[Carried, ...] = ()
    images: tuple[Found, ...] = ()
    declared: Mapping[str, ImagingStudy] = {}
    enclosed: Mapping[str, str] = {}
    problems: tuple[Problem, ...] = ()
