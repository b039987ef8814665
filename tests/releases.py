"""Releases for tests: made here and nowhere else outside the gate."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from adapter.consent.release import _KEY, Citation, Contents, Release
from adapter.holding import File
from mappings.domain.case import Case
from mappings.domain.material import Document
from mappings.domain.values import Moment
from mappings.fhir.carried import Carried

ACCESS_RIGHT = Citation(
    code="ACCESS_RIGHT",
    citation="45 CFR 164.524(a)(1)",
    uri="https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(a)(1)",
    sentence="The patient has a right to inspect and to get a copy of this item.",
)


def made_release(
    case: Case,
    *,
    carried: Iterable[Carried] = (),
    instances: Iterable[str] = (),
    images: Mapping[str, Path] | None = None,
    basis: tuple[Citation, ...] = (ACCESS_RIGHT,),
    decided_at: str = "2026-03-09T16:30:00-05:00",
    documents: bool = True,
) -> Release:
    """A Release of the whole case, with a file for each of its documents and for the SOP Instance UIDs given.

    The files have a place and a digest, but are not written to disk; `images` are files that are there, by UID.
    """
    contents = Contents(
        case=case,
        carried=tuple(sorted(carried, key=lambda c: c.full_url)),
        documents={d.id: _file_of(d) for d in case.documents} if documents else {},
        instances={uid: _image(uid) for uid in instances}
        | {uid: _file_there(path) for uid, path in (images or {}).items()},
        basis=basis,
        decided_at=Moment(decided_at),
    )
    return Release(_KEY, contents)


def _file_of(document: Document) -> File:
    return File(
        path=document.path,
        folder=os.path.dirname(document.path),
        digest=bytes.fromhex(document.sha256),
        sha1=hashlib.sha1(document.path.encode(), usedforsecurity=False).digest(),
        size=document.size,
        kind="pdf",
        content_type=document.content_type,
    )


def _file_there(path: Path) -> File:
    data = path.read_bytes()
    return File(
        path=path.name,
        folder=str(path.parent),
        digest=hashlib.sha256(data).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        size=len(data),
        kind="dicom",
        content_type="application/dicom",
    )


def _image(uid: str) -> File:
    data = uid.encode()
    return File(
        path=f"dicom/{uid}.dcm",
        folder="dicom",
        digest=hashlib.sha256(data).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        size=len(data),
        kind="dicom",
        content_type="application/dicom",
    )
