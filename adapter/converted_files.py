"""Opaque files as FHIR: each a DocumentReference with its bytes; slides in scanners' own formats are named."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote
from uuid import UUID

from adapter.account import Unit
from adapter.holding import File
from adapter.sources.fhir_files import like_resource
from adapter.sources.slide_files import MIRAX, mirax, slide_format
from mappings.domain.material import Document
from mappings.domain.party import PATIENT
from mappings.fhir import binary, document_reference
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json, loads
from mappings.identity import resource_id, sid
from mappings.problems import Problem, problem

_KEPT = "convert.kept"


class Documents:
    """The opaque files of a conversion, each content once; the files of a MIRAX slide are one document."""

    def __init__(self, opaque: Iterable[File], namespace: UUID) -> None:
        self._namespace = namespace
        self._opaque = tuple(opaque)
        self._folders = mirax(self._opaque)
        self._whole = {file.path: path for path, files in self._folders.items() for file in files}
        self.formats = {file.path: _format(file, self._folders) for file in self._opaque}

    def entries(self) -> tuple[list[tuple[str, Json]], dict[str, File]]:
        """Entries by fullUrl, and the files that travel beside them, by path."""
        entries: list[tuple[str, Json]] = []
        beside: dict[str, File] = {}
        single = [file for file in self._opaque if file.path not in self._whole]
        for file in {file.sha256: file for file in reversed(single)}.values():
            made, files = self._document(file)
            entries += made
            beside |= files
        return sorted(entries, key=lambda entry: entry[0]), beside

    def units(self, said: Mapping[str, list[str]]) -> Iterable[Unit]:
        """The account's lines of these files; `said` are the resources by fullUrl."""
        by_path = {file.path: file for file in self._opaque}
        for file in self._opaque:
            main = by_path[self._whole.get(file.path, file.path)]
            notes = self._notes(file, main)
            resources = tuple(said.get(self._url(main.sha256), ()))
            yield Unit(source=file.path, sha256=file.sha256, outcome="kept", resources=resources, problems=notes)

    def _url(self, digest: str) -> str:
        return URN + resource_id(self._namespace, sid("file"), digest)

    def _document(self, file: File) -> tuple[list[tuple[str, Json]], dict[str, File]]:
        url, rest, slide = self._url(file.sha256), self._folders.get(file.path, ()), self.formats[file.path]
        folder = f"documents/{file.sha256[:16]}"
        path = f"{folder}/{file.path.rpartition('/')[2]}" if rest else folder
        item = _item(f"document-{file.sha256[:16]}", path, file, slide)
        inside = binary.embedded(item) and not rest
        data_url = URN + resource_id(self._namespace, sid("binary"), file.sha256) if inside else quote(path)
        ctx = Writing({PATIENT: url, item.id: url, binary.binary_name(item): data_url})
        made = document_reference.to_fhir(item, ctx, sha1=file.sha1)
        made = {key: value for key, value in made.items() if key != "subject"}
        if inside:
            return [(url, made), (data_url, binary.to_fhir(item, file.read(), ctx))], {}
        beside = {path: file}
        above = file.path.rpartition("/")[0]
        for other in rest:
            place = f"{folder}/{other.path.removeprefix(f'{above}/' if above else '')}"
            beside[place] = other
            part = _item(f"document-{other.sha256[:16]}", place, other, slide)
            here = Writing({**ctx.urls, part.id: url, binary.binary_name(part): quote(place)})
            made["content"] = [*made["content"], *document_reference.to_fhir(part, here, sha1=other.sha1)["content"]]
        return [(url, made)], beside

    def _notes(self, file: File, main: File) -> tuple[Problem, ...]:
        if main is not file:
            message = f"belongs to {main.path}, a whole-slide image, and is kept with it"
            return (problem("informational", file.path, message, rule=_KEPT, severity="information"),)
        if slide := self.formats[file.path]:
            message = (
                f"is a whole-slide image of {slide}, kept whole; its label and overview pictures may name the patient: "
                "look at them before it goes. To send it as DICOM, convert it first (wsidicomizer is a tool for that)"
            )
            return (problem("informational", file.path, message, rule="convert.slide", severity="warning"),)
        return (_kept(file),)


def _format(file: File, folders: Mapping[str, tuple[File, ...]]) -> str:
    if file.path in folders:
        return MIRAX
    return slide_format(file.location) if file.kind == "other" else ""


def _item(name: str, path: str, file: File, slide: str) -> Document:
    """The document; of a slide with the scanner's format as its title."""
    return Document(
        id=name,
        path=path,
        content_type=file.content_type,
        sha256=file.sha256,
        size=file.size,
        kind="whole_slide_image" if slide else "undeclared_document",
        title=f"Whole-slide image, {slide}" if slide else None,
    )


def _kept(file: File) -> Problem:
    what = {"ccda": "C-CDA", "hl7v2": "HL7 v2", "fhir-xml": "FHIR XML, but not of a type of R4"}.get(
        file.kind, file.content_type
    )
    if unread := _unread(file):
        message = f"holds FHIR that is not read: {unread}; kept whole as a document"
        return problem("structure", file.path, message, rule=_KEPT, severity="warning")
    message = f"is {what}, kept whole as a document; its content is not mapped"
    return problem("informational", file.path, message, rule=_KEPT, severity="information")


def _unread(file: File) -> str:
    """Why JSON that is meant as FHIR is not read as that; nothing where it is not meant so."""
    value = loads(file.read()) if file.kind == "json" else None
    if not like_resource(value):
        return ""
    if isinstance(value, list):
        return "a list is no resource: make it a Bundle, or NDJSON"
    return "it must name a resource type of FHIR R4, in resourceType"
