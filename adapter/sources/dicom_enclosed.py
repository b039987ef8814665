"""The document inside an encapsulated document instance (PS3.3 sections A.45, C.24): its exact bytes."""

import hashlib
import io
import re

import msgspec

from adapter.holding import File
from adapter.quiet import quiet_pydicom
from mappings.dicom.study import Enclosed
from mappings.problems import Problem, problem, refuse

_DOCUMENT, _LENGTH = "EncapsulatedDocument", "EncapsulatedDocumentLength"
_PADDED = ("application/pdf", "text/xml")
"""Media types whose content never ends in a NUL byte: what follows is padding to an even length."""
_UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[^\W_][\w!#$&^.+-]{,126}/[^\W_][\w!#$&^.+-]{,126}( *; *[\w-]+=[\w.+-]+)*", re.ASCII)
"""A media type as an attachment takes it (RFC 6838 section 4.2)."""


def document_in(file: File, enclosed: Enclosed) -> tuple[File, Problem | None]:
    """The document as a file of its own, and what is to be said of its length.

    Raises:
        ProblemError: there are no bytes, or fewer than the instance says.
    """
    data, stated = _element(file)
    where = f"{file.path} (0042,0011)"
    if not data or (stated is not None and stated > len(data)):
        message = "holds fewer bytes of the document than it says; it is cut off: ask the sender for it again"
        raise refuse("incomplete", where, message, rule="PS3.3 C.24.2")
    data, note = _unpadded(data, stated, enclosed.content_type.lower(), where)
    if not _MEDIA_TYPE.fullmatch(enclosed.content_type):
        message = "names no media type of its document; it is kept as bytes of which nothing is known"
        note = problem("value", f"{file.path} (0042,0012)", message, rule="PS3.3 C.24.2", severity="warning")
    if enclosed.content_type.lower() == "application/pdf" and not data.startswith(b"%PDF-"):
        message = "says that it is a PDF and does not begin like one; the bytes are kept as they are"
        note = problem("value", where, message, rule="PS3.3 C.24.2", severity="warning")
    made = msgspec.structs.replace(
        file,
        data=data,
        digest=hashlib.sha256(data).digest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).digest(),
        size=len(data),
        kind="pdf" if enclosed.content_type.lower() == "application/pdf" else "other",
        content_type=enclosed.content_type if _MEDIA_TYPE.fullmatch(enclosed.content_type) else _UNKNOWN,
    )
    return made, note


def _unpadded(data: bytes, stated: int | None, kind: str, where: str) -> tuple[bytes, Problem | None]:
    """Without the one NUL that makes an odd length even, where it can be told from the document."""
    if stated == len(data):
        return data, None
    if data.endswith(b"\0") and stated == len(data) - 1:
        return data[:-1], None
    if data.endswith(b"\0") and stated is None and kind in _PADDED:
        message = "states no length of its document; the one byte of padding after it was taken off"
        return data[:-1], problem("informational", where, message, rule="PS3.3 C.24.2", severity="information")
    if stated is None:
        return data, None
    message = "states another length of its document than there are bytes; all bytes are kept"
    return data, problem("value", where, message, rule="PS3.3 C.24.2", severity="warning")


def _element(file: File) -> tuple[bytes, int | None]:
    from pydicom import dcmread

    with quiet_pydicom():
        try:
            found = dcmread(io.BytesIO(file.read()), specific_tags=[_DOCUMENT, _LENGTH], force=True)
            data, stated = found.get(_DOCUMENT), found.get(_LENGTH)
        except Exception:  # pydicom raises almost anything on broken files, and says values in it
            return b"", None
    return data if isinstance(data, bytes) else b"", stated if isinstance(stated, int) else None
