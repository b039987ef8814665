"""The contents of a case as a document <-> Composition, first entry of a document Bundle.

https://hl7.org/fhir/R4/composition.html; the texts of the sections are the resources they list.
"""

from typing import Any

from mappings.domain.document import CaseDocument, ContentSection
from mappings.domain.party import PATIENT
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    construct,
    from_table,
    many,
    moment,
    objects,
    read_concept,
    read_moment,
    read_table,
    text,
)
from mappings.fhir.parts import expect, required
from mappings.fhir.wire import Json
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Composition"
RULES = (
    Rule("-", "Composition.status", "final; preliminary and amended are read, entered-in-error is not"),
    Rule("document.kind", "Composition.type", "table document-type (LOINC)"),
    Rule("patient", "Composition.subject"),
    Rule("document.date", "Composition.date"),
    Rule("document.authors", "Composition.author"),
    Rule("document.title", "Composition.title"),
    Rule("document.custodian", "Composition.custodian"),
    Rule("document.sections.kind", "Composition.section.title, Composition.section.code", "table document-section"),
    Rule("document.sections.entries", "Composition.section.entry"),
)


def to_fhir(document: CaseDocument, ctx: Writing) -> Json:
    """Write the contents of a case."""

    def section(value: ContentSection) -> Json:
        title = table("document-section").codings(value.kind)[0].display
        code = from_table("document-section", value.kind)
        return {"title": title, "code": code, "entry": ctx.to_all(value.entries)}

    return compact(
        {
            "resourceType": "Composition",
            "id": ctx.id(document.id),
            "meta": ctx.meta(),
            "status": "final",
            "type": from_table("document-type", document.kind),
            "subject": ctx.to(PATIENT),
            **moment("date", document.date),
            "author": ctx.to_all(document.authors),
            "title": document.title,
            "custodian": ctx.maybe(document.custodian),
            "section": many(section, document.sections),
        }
    )


def from_fhir(resource: Json, ctx: Reading) -> CaseDocument:
    """Read a Composition that lists a case.

    Raises:
        ProblemError: another type of document, one entered in error, or one with a section that no table lists.
    """
    expect(resource, "Composition")
    fields: dict[str, Any] = {
        "id": ctx.own(resource),
        "kind": table("document-type").required(read_concept(resource.get("type")), "Composition.type"),
        "title": required(text(resource.get("title")), "Composition.title"),
        "date": required(read_moment(resource, "date"), "Composition.date"),
        "authors": ctx.all(resource.get("author")),
        "sections": tuple(_section(item, ctx) for item in objects(resource.get("section"))),
        "custodian": ctx.name(resource.get("custodian")),
    }
    return construct(CaseDocument, "Composition", **fields)


def _section(item: Json, ctx: Reading) -> ContentSection:
    kind = read_table("document-section", item.get("code"))
    if kind is None or item.get("section"):
        message = "is no section of a case: keep the document as it came"
        raise refuse("not-supported", "Composition.section", message, rule="table.document-section")
    return construct(ContentSection, "Composition.section", kind=kind, entries=ctx.all(item.get("entry")))
