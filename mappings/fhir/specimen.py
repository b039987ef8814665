"""Part, block and slide <-> Specimen, a tree by parent (https://hl7.org/fhir/R4/specimen.html).

What tells them apart is the container (cassette, slide: DICOM CID 8101 in SNOMED CT) or the type. A Specimen that is
neither is read as a part.
"""

from mappings.domain.material import Block, Part, Slide, is_told
from mappings.domain.party import PATIENT
from mappings.domain.values import Code, Concept, Identifier
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    compact,
    concept,
    construct,
    extension,
    first_of,
    from_table,
    from_table_list,
    many,
    moment,
    note,
    objects,
    read_concept,
    read_moment,
    read_note,
    read_table,
    text,
)
from mappings.fhir.people import identifier, read_identifier, read_identifiers
from mappings.fhir.wire import Json
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/Specimen"
LATERALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
"""mCODE's extension for the side of a body site."""
STAINING = "Stain"
"""Specimen.processing.description of the step whose procedure is the stain."""
SUBSTANCE = "Stain substance"
"""Specimen.processing.description of a step whose procedure is one of the substances of the stain."""
SECTIONS = "sections"
"""Unit of Specimen.container.specimenQuantity: sections that a block is good for, or that a slide stands for."""
_AVAILABLE = {"ample": "available", "limited": "available", "exhausted": "unavailable"}

RULES = (
    Rule("part.identifiers, block.identifiers, slide.identifiers", "Specimen.identifier", "the labels"),
    Rule("part.identifiers, block.identifiers, slide.identifiers", "Specimen.accessionIdentifier", "the first ACSN"),
    Rule("part.description, block.description, slide.description", "Specimen.note"),
    Rule("part.tissue", "Specimen.type", "codes of the source"),
    Rule("part.body_site", "Specimen.collection.bodySite"),
    Rule("part.laterality", "Specimen.collection.bodySite.extension:mcode-laterality-qualifier", "table laterality"),
    Rule("part.procedure", "Specimen.collection.method"),
    Rule("part.collected", "Specimen.collection.collectedDateTime", "as precise as known"),
    Rule("part.received", "Specimen.receivedTime"),
    Rule("part.parent, block.part, slide.parent", "Specimen.parent", "where it is told"),
    Rule("block", "Specimen.type", "table specimen-type: FFPE where the fixative is formalin (table formalin)"),
    Rule("block, slide", "Specimen.container.type", "table specimen-container: cassette, microscope slide"),
    Rule("block.fixative", "Specimen.container.additiveCodeableConcept", "codes of the source"),
    Rule("block.remaining", "Specimen.condition", "table block-remaining"),
    Rule("block.remaining", "Specimen.status", "available, or unavailable where exhausted"),
    Rule("block.sections", "Specimen.container.specimenQuantity", "in a bundle: those left after what was cut"),
    Rule("slide.sections", "Specimen.container.specimenQuantity", "the unit is the constant sections"),
    Rule("slide.stain", "Specimen.processing.procedure", "codes of the source"),
    Rule("slide.stain", "Specimen.processing.description", "the constant Stain"),
    Rule("slide.stained_with", "Specimen.processing.procedure", "codes of the source, a step for each substance"),
    Rule("slide.stained_with", "Specimen.processing.description", "the constant Stain substance"),
    Rule("block.tissue, slide.tissue", "Specimen.type", "codes of the source, beside the code for a block or slide"),
    Rule("slide.kind", "Specimen.type", "table slide-kind, beside the code for a slide"),
    Rule("patient", "Specimen.subject"),
)

Material = Part | Block | Slide


def to_fhir(item: Material, ctx: Writing) -> Json:
    """Write a part, a block or a slide; of a slide that only images tell of nobody told whether it is a recut.

    Raises:
        ProblemError: `not-found` where what it was cut from is not part of what is written.
    """
    if isinstance(item, Part):
        own, parent, remaining = _part(item), item.parent, None
    elif isinstance(item, Block):
        own, parent, remaining = _block(item), item.part, item.remaining
    else:
        own, parent, remaining = _slide(item), item.parent, None
    accession = next((i for i in item.identifiers if i.kind == "ACSN"), None)
    return compact(
        {
            "resourceType": "Specimen",
            "id": ctx.id(item.id),
            "meta": ctx.meta(),
            "identifier": many(identifier, (i for i in item.identifiers if i is not accession)),
            "accessionIdentifier": identifier(accession) if accession else None,
            "status": _AVAILABLE[remaining] if remaining else None,
            "type": own.get("type"),
            "subject": ctx.to(PATIENT),
            **own.get("received", {}),
            "parent": [ctx.to(parent)] if parent else None,
            "collection": own.get("collection"),
            "processing": own.get("processing"),
            "container": own.get("container"),
            "condition": from_table_list("block-remaining", remaining),
            "note": note(item.description),
        }
    )


def _part(part: Part) -> Json:
    site = concept(part.body_site) or {}
    if part.laterality:
        side = {"url": LATERALITY, "valueCodeableConcept": from_table("laterality", part.laterality)}
        site = {"extension": [side], **site}
    collection = {**moment("collectedDateTime", part.collected), "method": concept(part.procedure), "bodySite": site}
    return {
        "type": concept(part.tissue),
        "received": moment("receivedTime", part.received),
        "collection": compact(collection),
    }


def _block(block: Block) -> Json:
    formalin = table("formalin").value_of(block.fixative) is not None
    additive = compact({"additiveCodeableConcept": concept(block.fixative)})
    codes = table("specimen-type").codings("ffpe-block" if formalin else "block")
    return {
        "type": concept(Concept(codes=(*codes, *_also(block.tissue, codes)))),
        "container": [{"type": from_table("specimen-container", "block"), **_quantity(block.sections), **additive}],
    }


def _also(tissue: Concept | None, codes: tuple[Code, ...]) -> tuple[Code, ...]:
    """The codes of the source that say more than ours."""
    told = {(code.system, code.code) for code in codes}
    return tuple(code for code in (tissue.codes if tissue else ()) if (code.system, code.code) not in told)


def _tissue(resource: Json, kind: str) -> Concept | None:
    """The codes of the type that are not those by which a block or slide is written here."""
    words = ("slide",) if kind == "slide" else ("block", "ffpe-block")
    ours = {(code.system, code.code) for word in words for code in table("specimen-type").codings(word)}
    ours |= {
        (code.system, code.code) for word in table("slide-kind").values for code in table("slide-kind").codings(word)
    }
    found = read_concept(resource.get("type"))
    codes = tuple(code for code in (found.codes if found else ()) if (code.system, code.code) not in ours)
    return Concept(codes=codes) if codes else None


def _slide(slide: Slide) -> Json:
    kind = () if is_told(slide.id) else table("slide-kind").codings(slide.kind)
    codes = table("specimen-type").codings("slide") + kind
    codes += _also(slide.tissue, codes)
    steps = [{"description": STAINING, "procedure": concept(slide.stain)}] if slide.stain else []
    steps += [{"description": SUBSTANCE, "procedure": concept(one)} for one in slide.stained_with]
    return {
        "type": concept(Concept(codes=codes)),
        "processing": steps,
        "container": [{"type": from_table("specimen-container", "slide"), **_quantity(slide.sections)}],
    }


def _quantity(sections: int | None) -> Json:
    return {} if sections is None else {"specimenQuantity": {"value": sections, "unit": SECTIONS}}


def from_fhir(resource: Json, ctx: Reading) -> Material:
    """Read a Specimen as a slide, a block, or (where it is neither) a part; the accession comes first.

    Raises:
        ProblemError: a value is not valid.
    """
    kind = _kind(resource)
    parent = next(iter(ctx.all(resource.get("parent"))), None)
    common = {
        "id": ctx.own(resource),
        "identifiers": _identifiers(resource),
        "description": read_note(resource.get("note")),
    }
    if kind == "slide":
        slide_kind = read_table("slide-kind", resource.get("type")) or "original"
        stain = {"stain": _stain(resource), "stained_with": _substances(resource), "tissue": _tissue(resource, kind)}
        return construct(
            Slide, "Specimen", **common, parent=parent, kind=slide_kind, **stain, sections=_sections(resource) or None
        )
    if kind == "block":
        remaining = first_of("block-remaining", resource.get("condition"))
        told = {"fixative": _fixative(resource), "remaining": remaining, "tissue": _tissue(resource, kind)}
        number = _sections(resource)
        left = None if remaining == "exhausted" and number else number  # the original says both
        return construct(Block, "Specimen", **common, part=parent, sections=left, **told)
    return construct(Part, "Specimen", **common, parent=parent, **_read_part(resource))


def _kind(resource: Json) -> str:
    containers = [item.get("type") for item in objects(resource.get("container"))]
    found = first_of("specimen-container", containers) or read_table("specimen-type", resource.get("type")) or "part"
    return found.removeprefix("ffpe-")


def _identifiers(resource: Json) -> tuple[Identifier, ...]:
    labels = read_identifiers(resource.get("identifier"))
    found = read_identifier(resource.get("accessionIdentifier"))
    if not found:
        return labels
    accession = Identifier(system=found.system, value=found.value, kind="ACSN", assigner=found.assigner)
    return (accession, *labels)


def _stain(resource: Json) -> Concept | None:
    """The procedure of the first step that says it is a staining; other steps (cutting) stay in the original."""
    for step in objects(resource.get("processing")):
        procedure = read_concept(step.get("procedure"))
        words = f"{text(step.get('description')) or ''} {procedure.label if procedure else ''}"
        if procedure and "stain" in words.casefold() and step.get("description") != SUBSTANCE:
            return procedure
    return None


def _substances(resource: Json) -> tuple[Concept, ...]:
    steps = (step for step in objects(resource.get("processing")) if step.get("description") == SUBSTANCE)
    return tuple(found for step in steps if (found := read_concept(step.get("procedure"))))


def _fixative(resource: Json) -> Concept | None:
    found = (read_concept(item.get("additiveCodeableConcept")) for item in objects(resource.get("container")))
    return next((fixative for fixative in found if fixative), None)


def _sections(resource: Json) -> int | None:
    """The number of sections, where a quantity is counted so; what else a quantity may be stays in the original."""
    said = (item.get("specimenQuantity") for item in objects(resource.get("container")))
    found = [each.get("value") for each in said if isinstance(each, dict) and each.get("unit") == SECTIONS]
    number = found[0] if len(found) == 1 else None
    return number if type(number) is int and 0 <= number < 10_000 else None


def _read_part(resource: Json) -> Json:
    collection = resource.get("collection")
    collection = collection if isinstance(collection, dict) else {}
    side = extension(collection.get("bodySite"), LATERALITY) or {}
    laterality = read_table("laterality", side.get("valueCodeableConcept"))
    return {
        "tissue": read_concept(resource.get("type")),
        "body_site": read_concept(collection.get("bodySite")),
        "laterality": laterality if laterality != "unpaired" else None,
        "procedure": read_concept(collection.get("method")),
        "collected": read_moment(collection, "collectedDateTime"),
        "received": read_moment(resource, "receivedTime"),
    }
