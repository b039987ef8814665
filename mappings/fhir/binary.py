"""The bytes of a document <-> Binary (https://hl7.org/fhir/R4/binary.html)."""

import base64
import binascii
from hashlib import sha256

from mappings.domain.material import Document
from mappings.fhir.context import Writing
from mappings.fhir.datatypes import Rule, compact, text
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json
from mappings.problems import refuse

PROFILE = "http://hl7.org/fhir/StructureDefinition/Binary"
MAX_EMBEDDED = 5_000_000
"""Up to this many bytes a document travels inside the Bundle; a larger one is a file beside it."""

RULES = (
    Rule("document.content_type", "Binary.contentType"),
    Rule("the bytes of the file", "Binary.data", "base64, exact; up to 5 MB"),
)


def embedded(document: Document) -> bool:
    """Whether the bytes travel as a Binary (an empty file has nothing that a Binary could hold)."""
    return 0 < document.size <= MAX_EMBEDDED


def binary_name(document: Document) -> str:
    """The local name of the document's Binary."""
    return f"{document.id}#binary"


def to_fhir(document: Document, data: bytes, ctx: Writing) -> Json:
    """Write the bytes of a document.

    Raises:
        ProblemError: `conflict`, where these are not the bytes that the document describes; `too-long`, where they
            are empty or belong beside the Bundle.
    """
    if len(data) != document.size or sha256(data).hexdigest() != document.sha256:
        message = "the file is not the one described: its size or sha256 differs; describe it again"
        raise refuse("conflict", "Binary.data", message, rule="document.sha256")
    if not embedded(document):
        message = f"only files of 1 to {MAX_EMBEDDED} bytes are embedded; deliver it beside the Bundle"
        raise refuse("too-long", "Binary.data", message, rule="document.size")
    return compact(
        {
            "resourceType": "Binary",
            "id": ctx.id(binary_name(document)),
            "meta": ctx.meta(),
            "contentType": document.content_type,
            "data": base64.b64encode(data).decode("ascii"),
        }
    )


def from_fhir(resource: Json) -> bytes:
    """Read the bytes of a Binary (R4 base64 may be broken into lines).

    Raises:
        ProblemError: it holds no data, or what it holds is not base64.
    """
    expect(resource, "Binary")
    return decode(required(text(resource.get("data")), "Binary.data"), "Binary.data")


def decode(data: str, where: str) -> bytes:
    """The bytes of a base64Binary.

    Raises:
        ProblemError: `value` at `where`.
    """
    try:
        return base64.b64decode("".join(data.split()).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise refuse("value", where, "is not base64; send the file again", rule="fhir.datatype") from None
