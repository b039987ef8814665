"""Images of one person as FHIR: the studies, the specimens that they name, the documents that they enclose."""

from collections.abc import Iterable, Mapping
from typing import Literal
from urllib.parse import quote
from uuid import UUID

import msgspec

from adapter.holding import File
from adapter.sources.dicom_enclosed import document_in
from mappings.dicom.specimens import Materials, materials
from mappings.dicom.study import Enclosed, Found
from mappings.domain.material import Block, Document, Endpoint, ImagingStudy, Part, Slide
from mappings.domain.party import PATIENT
from mappings.fhir import binary, document_reference, endpoint, imaging_study, specimen
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID, resource_id, sid, within
from mappings.problems import Problem, ProblemError

ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
Gender = Literal["male", "female", "other"]
GENDERS: dict[str, Gender] = {"M": "male", "F": "female", "O": "other"}
"""Values of (0010,0040)."""


class Made(msgspec.Struct, kw_only=True):
    """Entries by fullUrl, files that travel beside them, and by path of an image what more came of it."""

    entries: list[tuple[str, Json]] = []
    beside: dict[str, File] = {}
    urls: dict[str, list[str]] = {}
    problems: list[Problem] = []


def gender_of(images: Iterable[Found]) -> Gender | None:
    """The administrative gender, where all images say the same."""
    said = {header.sex for image in images for headers in image.headers.values() for header in headers if header.sex}
    return GENDERS.get(said.pop()) if len(said) == 1 else None


def images_as_fhir(
    images: Iterable[Found],
    files: Mapping[str, File],
    namespace: UUID,
    person: tuple[str, str] | None,
    endpoints: tuple[Endpoint, ...] = (),
) -> Made:
    """Studies, specimens and enclosed documents.

    Args:
        images: studies of one person, or of nobody who is known.
        files: path -> file of the images.
        namespace: the deployment's namespace for ids.
        person: fullUrl of the Patient and what identifies the person; None: each study stands for itself.
        endpoints: those that the studies name.
    """
    made = Made(entries=[], beside={}, urls={}, problems=[])
    groups = [list(images)] if person else [[image] for image in images]
    for group in groups:
        url, key = person or (None, within(DICOM_UID, group[0].study.uid) if group else "")
        _group(group, files, namespace, url, key, made, endpoints)
    made.entries.sort(key=lambda entry: (entry[1]["resourceType"], entry[0]))
    return made


def _group(
    images: list[Found],
    files: Mapping[str, File],
    namespace: UUID,
    subject: str | None,
    key: str,
    made: Made,
    endpoints: tuple[Endpoint, ...],
) -> None:
    tree = materials(images)
    made.problems += tree.problems
    urls = {PATIENT: subject or URN}
    for image in images:
        urls[image.study.id] = URN + resource_id(namespace, DICOM_UID, image.study.uid)
    things: tuple[Part | Block | Slide, ...] = (*tree.parts, *tree.blocks, *tree.slides)
    for thing in things:
        urls[thing.id] = URN + resource_id(namespace, sid("specimen"), within(key, thing.id))
    named = {name for image in images for name in image.study.endpoints}
    urls |= {each.id: URN + resource_id(namespace, sid("endpoint"), each.address) for each in endpoints}
    ctx = Writing(urls)
    made.entries += [(urls[each.id], endpoint.to_fhir(each, ctx)) for each in endpoints if each.id in named]
    for image in images:
        study = imaging_study.to_fhir(_with_slides(image.study, tree), ctx)
        made.entries.append((urls[image.study.id], study if subject else {**study, "subject": ABSENT}))
        for enclosed in image.enclosed:
            _document(enclosed, files[enclosed.path], image, (namespace, subject), ctx, made)
    made.entries += [(urls[thing.id], _subject(specimen.to_fhir(thing, ctx), subject)) for thing in things]


def _subject(resource: Json, subject: str | None) -> Json:
    """Nobody's, where nobody is known."""
    return resource if subject else {name: value for name, value in resource.items() if name != "subject"}


def _with_slides(study: ImagingStudy, tree: Materials) -> ImagingStudy:
    series = tuple(msgspec.structs.replace(one, slides=tree.shown.get(one.uid, ())) for one in study.series)
    return msgspec.structs.replace(study, series=series)


def _document(
    enclosed: Enclosed, file: File, image: Found, owner: tuple[UUID, str | None], ctx: Writing, made: Made
) -> None:
    namespace, subject = owner
    try:
        found, note = document_in(file, enclosed)
    except ProblemError as error:
        made.problems += error.problems
        return
    made.problems += [note] if note else []
    name, path = f"enclosed-{enclosed.uid}", f"documents/{found.sha256[:16]}"
    item = Document(
        id=name,
        path=path,
        content_type=found.content_type,
        sha256=found.sha256,
        size=found.size,
        kind="undeclared_document",
        title=enclosed.title or None,
        date=enclosed.date,
        about=(image.study.id,),
    )
    url = URN + resource_id(namespace, sid("enclosed"), enclosed.uid)
    inside = binary.embedded(item)
    data_url = URN + resource_id(namespace, sid("enclosed-binary"), enclosed.uid) if inside else quote(path)
    here = Writing({**ctx.urls, name: url, binary.binary_name(item): data_url})
    made.entries.append((url, _subject(document_reference.to_fhir(item, here, sha1=found.sha1), subject)))
    made.urls.setdefault(enclosed.path, []).append(url)
    if inside:
        made.entries.append((data_url, binary.to_fhir(item, found.read(), here)))
        made.urls[enclosed.path].append(data_url)
    else:
        made.beside[path] = found
