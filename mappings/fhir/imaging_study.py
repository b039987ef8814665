"""Imaging study <-> ImagingStudy (https://hl7.org/fhir/R4/imagingstudy.html; UIDs as PS3.3 and the R4 page write them).

One instance per SOP Instance UID: frames are not instances. The numbers of series and instances are counted, not read.
"""

from mappings.domain.material import ImagingStudy, Instance, Series
from mappings.domain.party import PATIENT
from mappings.domain.values import Concept
from mappings.fhir.context import Reading, Writing
from mappings.fhir.datatypes import (
    Rule,
    coding,
    compact,
    concept,
    construct,
    many,
    moment,
    objects,
    read_coding,
    read_concept,
    read_moment,
    text,
)
from mappings.fhir.people import identifier, read_identifiers
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID
from mappings.problems import refuse
from mappings.terminology.tables import table

PROFILE = "http://hl7.org/fhir/StructureDefinition/ImagingStudy"
URI = "urn:ietf:rfc:3986"
OID = "urn:oid:"

RULES = (
    Rule("study.uid", "ImagingStudy.identifier", "system urn:dicom:uid, value urn:oid:UID"),
    Rule("study.identifiers", "ImagingStudy.identifier", "issuer and number; an accession has type ACSN"),
    Rule("study.status", "ImagingStudy.status", "the same words"),
    Rule("study.series.modality", "ImagingStudy.modality", "each once, sorted"),
    Rule("patient", "ImagingStudy.subject"),
    Rule("study.started", "ImagingStudy.started", "without an offset: the date, and the time as raw-time beside it"),
    Rule("study.referrer", "ImagingStudy.referrer.display", "the name as the images carry it"),
    Rule("study.endpoints", "ImagingStudy.endpoint"),
    Rule("study.series", "ImagingStudy.numberOfSeries, ImagingStudy.numberOfInstances", "counted"),
    Rule("study.procedure", "ImagingStudy.procedureCode", "codes of the source"),
    Rule("study.description", "ImagingStudy.description"),
    Rule("study.series.uid", "ImagingStudy.series.uid"),
    Rule("study.series.number", "ImagingStudy.series.number"),
    Rule(
        "study.series.modality",
        "ImagingStudy.series.modality",
        "table modality; an unlisted one as it is, without system",
    ),
    Rule("study.series.description", "ImagingStudy.series.description"),
    Rule("study.series.instances", "ImagingStudy.series.numberOfInstances", "counted"),
    Rule("study.series.body_site", "ImagingStudy.series.bodySite", "one code, or words as its display"),
    Rule("study.series.laterality", "ImagingStudy.series.laterality", "table laterality"),
    Rule("study.series.slides", "ImagingStudy.series.specimen"),
    Rule("study.series.started", "ImagingStudy.series.started"),
    Rule("study.series.performer", "ImagingStudy.series.performer.actor.display", "the name as the images carry it"),
    Rule("study.series.instances.uid", "ImagingStudy.series.instance.uid"),
    Rule("study.series.instances.sop_class", "ImagingStudy.series.instance.sopClass", "urn:oid:UID"),
    Rule("study.series.instances.number", "ImagingStudy.series.instance.number"),
    Rule("study.series.instances.title", "ImagingStudy.series.instance.title"),
)


def to_fhir(study: ImagingStudy, ctx: Writing) -> Json:
    """Write the study with all its series and instances.

    Raises:
        ProblemError: `not-found` where an endpoint or a slide is not part of what is written.
    """
    return compact(
        {
            "resourceType": "ImagingStudy",
            "id": ctx.id(study.id),
            "meta": ctx.meta(),
            "identifier": [{"system": DICOM_UID, "value": OID + study.uid}, *many(identifier, study.identifiers)],
            "status": study.status,
            "modality": [_modality(modality) for modality in study.modalities],
            "subject": ctx.to(PATIENT),
            **moment("started", study.started),
            "referrer": {"display": study.referrer} if study.referrer else None,
            "endpoint": ctx.to_all(study.endpoints),
            "numberOfSeries": len(study.series),
            "numberOfInstances": sum(len(series.instances) for series in study.series),
            "procedureCode": [concept(study.procedure)] if study.procedure else None,
            "description": study.description,
            "series": [_series(series, ctx) for series in study.series],
        }
    )


def _modality(modality: str) -> Json:
    """A listed modality with its system; another one as the images have it, which says nothing of its system."""
    known = modality in table("modality").values
    return coding(table("modality").codings(modality)[0]) if known else {"code": modality}


def _series(series: Series, ctx: Writing) -> Json:
    laterality = table("laterality").codings(series.laterality)[0] if series.laterality else None
    return compact(
        {
            "uid": series.uid,
            "number": series.number,
            "modality": _modality(series.modality),
            "description": series.description,
            "numberOfInstances": len(series.instances),
            "bodySite": _site(series.body_site),
            "laterality": coding(laterality) if laterality else None,
            "specimen": ctx.to_all(series.slides),
            **moment("started", series.started),
            "performer": [{"actor": {"display": series.performer}}] if series.performer else None,
            "instance": _instances(series),
        }
    )


def _site(site: Concept | None) -> Json | None:
    if site is None:
        return None
    return coding(site.codes[0]) if site.codes else {"display": site.text}


def _instances(series: Series) -> list[Json]:
    """The instances; those of one SOP Class share its Coding, of which there may be thousands."""
    classes = {i.sop_class: {"system": URI, "code": OID + i.sop_class} for i in series.instances}
    return [
        compact({"uid": i.uid, "sopClass": classes[i.sop_class], "number": i.number, "title": i.title})
        for i in series.instances
    ]


def from_fhir(resource: Json, ctx: Reading) -> ImagingStudy:
    """Read an ImagingStudy.

    Raises:
        ProblemError: it has no study UID, a UID is none, or a series or instance lacks what DICOM gives each.
    """
    identifiers = read_identifiers(resource.get("identifier"))
    oids = (i for i in identifiers if i.system == URI and i.value.startswith(OID))
    uid = next((i for i in identifiers if i.system == DICOM_UID), None) or next(oids, None)
    if uid is None:
        message = "has no Study Instance UID: give it as identifier with the system urn:dicom:uid"
        raise refuse("required", "ImagingStudy.identifier", message, rule="fhir.imaging-study")
    procedures = (read_concept(item) for item in objects(resource.get("procedureCode")))
    return construct(
        ImagingStudy,
        "ImagingStudy",
        id=ctx.own(resource),
        uid=uid.value.removeprefix(OID),
        series=tuple(_read_series(item, ctx) for item in objects(resource.get("series"))),
        identifiers=tuple(i for i in identifiers if i is not uid),
        started=read_moment(resource, "started"),
        description=text(resource.get("description")),
        procedure=next((found for found in procedures if found), None),
        referrer=_display(resource.get("referrer")),
        endpoints=ctx.all(resource.get("endpoint")),
        status=resource.get("status"),
    )


def _display(reference: object) -> str | None:
    return text(reference.get("display")) if isinstance(reference, dict) else None


def _read_series(series: Json, ctx: Reading) -> Series:
    modality = series.get("modality")
    laterality = read_coding(series.get("laterality"))
    performers = (_display(item.get("actor")) for item in objects(series.get("performer")))
    return construct(
        Series,
        "ImagingStudy.series",
        uid=series.get("uid"),
        modality=text(modality.get("code")) if isinstance(modality, dict) else None,
        instances=tuple(_read_instance(item) for item in objects(series.get("instance"))),
        number=series.get("number"),
        description=text(series.get("description")),
        body_site=_read_site(series.get("bodySite")),
        laterality=table("laterality").value(laterality.system, laterality.code) if laterality else None,
        started=read_moment(series, "started"),
        performer=next((name for name in performers if name), None),
        slides=ctx.all(series.get("specimen")),
    )


def _read_site(value: object) -> Concept | None:
    code = read_coding(value)
    if code:
        return Concept(codes=(code,))
    words = text(value.get("display")) if isinstance(value, dict) else None
    return Concept(text=words) if words else None


def _read_instance(instance: Json) -> Instance:
    value = instance.get("sopClass")
    sop_class = text(value.get("code")) if isinstance(value, dict) else None
    return construct(
        Instance,
        "ImagingStudy.series.instance",
        uid=instance.get("uid"),
        sop_class=sop_class.removeprefix(OID) if sop_class else None,
        number=instance.get("number"),
        title=text(instance.get("title")),
    )
