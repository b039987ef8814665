"""A file for people <-> DocumentReference (https://hl7.org/fhir/R4/documentreference.html).

The bytes are a Binary up to 5 MB, above that a file beside the Bundle. R4 has SHA-1 and 32-bit sizes only: sha256, true
size and the path are in an extension of ours on the attachment.
"""

import base64
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from mappings.domain.material import Document
from mappings.domain.party import PATIENT
from mappings.domain.values import Moment
from mappings.fhir.binary import binary_name, embedded
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    concept,
    construct,
    extension,
    from_table,
    moment,
    objects,
    period,
    read_moment,
    read_period,
    read_table,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import ExactDecimal, Json
from mappings.identity import structure
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/DocumentReference"
FILE = structure("file")
"""Extension on Attachment with the parts `path`, `sha256` and `size`: the file as it is."""

KIND = structure("document-kind")
"""Extension on DocumentReference.type: the kind in law, of which LOINC has not every one."""

MAX_SIZE = 2**31 - 1
"""The largest Attachment.size (unsignedInt)."""

OTHER = "other"
PAPERS = ("consent_form", "authorization")
"""Kinds that are the paper behind a Consent."""

RULES = (
    Rule("(always)", "DocumentReference.status", "current"),
    Rule("document.kind", "DocumentReference.type", "table document-kind: LOINC of scale Doc, else v3 UNK"),
    Rule("document.kind", "DocumentReference.type.extension:document-kind", "the kind itself"),
    Rule("(always)", "DocumentReference.category", "clinical-note (table document-category)"),
    Rule("document.kind", "DocumentReference.category", "of a consent or authorization the code for such papers too"),
    Rule("patient", "DocumentReference.subject"),
    Rule("document.date", "DocumentReference.date", "an instant: only where time and offset are known"),
    Rule("document.authors", "DocumentReference.author"),
    Rule("document.path", "DocumentReference.content.attachment.extension:file", "with sha256 and true size"),
    Rule("document.sha256", "DocumentReference.content.attachment.extension:file"),
    Rule("document.content_type", "DocumentReference.content.attachment.contentType"),
    Rule("document.language", "DocumentReference.content.attachment.language"),
    Rule("document.path", "DocumentReference.content.attachment.url", "its Binary, or the path above 5 MB"),
    Rule("document.size", "DocumentReference.content.attachment.size", "up to 2^31-1"),
    Rule("the bytes of the file", "DocumentReference.content.attachment.hash", "SHA-1, base64"),
    Rule("document.title", "DocumentReference.content.attachment.title"),
    Rule("document.date", "DocumentReference.content.attachment.creation", "as precise as known"),
    Rule("document.period", "DocumentReference.context.period"),
    Rule("document.about", "DocumentReference.context.related"),
)


def to_fhir(document: Document, ctx: Writing, *, sha1: bytes | None = None) -> Json:
    """Write a document; `sha1` is the digest (20 bytes) of the same file, where the caller has it."""
    return compact(
        {
            "resourceType": "DocumentReference",
            "id": ctx.id(document.id),
            "meta": ctx.meta(),
            "status": "current",
            "type": _type(document.kind),
            "category": [from_table("document-category", word) for word in _categories(document.kind)],
            "subject": ctx.to(PATIENT),
            "date": _instant(document.date),
            "author": ctx.to_all(document.authors),
            "content": [{"attachment": _attachment(document, ctx, sha1)}],
            "context": compact({"period": period(document.period), "related": ctx.to_all(document.about)}),
        }
    )


def from_fhir(resource: Json, ctx: Reading, *, path: str | None = None, data: bytes | None = None) -> Document:
    """Read a DocumentReference, of several contents the first.

    A foreign one does not say where its file is in the case: then the caller, who has stored it, hands in `path` and
    `data`. A type that the table does not list is of the kind `other`.

    Raises:
        ProblemError: it was entered in error, its file is not known, or a value is not valid.
    """
    expect(resource, "DocumentReference")
    attachment = next((a for c in objects(resource.get("content")) if isinstance(a := c.get("attachment"), dict)), {})
    context = found if isinstance(found := resource.get("context"), dict) else {}
    where = "DocumentReference.content.attachment"
    return construct(
        Document,
        "DocumentReference",
        id=ctx.own(resource),
        **_file(attachment, path, data),
        content_type=required(text(attachment.get("contentType")), f"{where}.contentType"),
        kind=_kind(resource.get("type")),
        title=text(attachment.get("title")) or text(resource.get("description")) or None,
        date=read_moment(attachment, "creation") or read_moment(resource, "date"),
        authors=ctx.all(resource.get("author")),
        language=text(attachment.get("language")) or None,
        period=read_period(context.get("period")),
        about=ctx.all(context.get("related")),
    )


def _type(kind: str) -> Json:
    listed = table("document-kind")
    made = concept(listed.concept(kind if kind in listed.values else OTHER)) or {}
    return {"extension": [{"url": KIND, "valueCode": kind}], **made}


def _categories(kind: str) -> tuple[str, ...]:
    """FAST finds the paper behind a Consent by its category."""
    return ("note", "consent") if kind in PAPERS else ("note",)


def _kind(value: object) -> str:
    return text((extension(value, KIND) or {}).get("valueCode")) or read_table("document-kind", value) or OTHER


def _instant(value: Moment | None) -> str | None:
    return str(value) if value and value.offset else None


def _attachment(document: Document, ctx: Writing, sha1: bytes | None) -> Json:
    parts = [
        {"url": "path", "valueString": document.path},
        {"url": "sha256", "valueString": document.sha256},
        {"url": "size", "valueDecimal": document.size},
    ]
    beside = quote(document.path)
    return compact(
        {
            "extension": [{"url": FILE, "extension": parts}],
            "contentType": document.content_type,
            "language": document.language,
            "url": ctx.to(binary_name(document))["reference"] if embedded(document) else beside,
            "size": document.size if document.size <= MAX_SIZE else None,
            "hash": base64.b64encode(sha1).decode("ascii") if sha1 else None,
            "title": document.title,
            **moment("creation", document.date),
        }
    )


def _file(attachment: Json, path: str | None, data: bytes | None) -> dict[str, Any]:
    """Where the file is, its digest and size: from our extension, or from what the caller has stored."""
    if path is not None and data is not None:
        return {"path": path, "sha256": sha256(data).hexdigest(), "size": len(data)}
    where = "DocumentReference.content.attachment"
    found = extension(attachment, FILE)
    if found is None:
        message = "does not say which file of the case it is; store the file and declare it under `materials`"
        raise refuse("not-supported", where, message, rule="document.path")
    said = {name: extension(found, name) or {} for name in ("path", "sha256", "size")}
    return {
        "path": required(text(said["path"].get("valueString")), f"{where}.extension.path"),
        "sha256": required(text(said["sha256"].get("valueString")), f"{where}.extension.sha256"),
        "size": required(_count(said["size"].get("valueDecimal")), f"{where}.extension.size"),
    }


def _count(value: object) -> int | None:
    """A whole number, however it is written."""
    if isinstance(value, ExactDecimal):
        return int(value) if value.is_finite() and value.adjusted() < 40 and value == int(value) else None
    return value if type(value) is int else None
