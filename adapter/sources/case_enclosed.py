"""Documents that the images of a case enclose, as documents of the case: declared by a line, else they stay.

A line under `materials` names such a document by the path of the DICOM file, or as an `item` by its SOP Instance UID or
its name `enclosed-UID`. Without a line the instance stays behind, since nobody knows what is in it.
"""

from collections.abc import Iterator

import msgspec

from adapter.holding import ENCLOSED, File
from adapter.sources.case_documents import document_of, one_in_law
from adapter.sources.dicom_enclosed import document_in
from adapter.sources.gather import Gathered
from mappings.dicom.study import Enclosed, Found, without
from mappings.domain.case import Case, Material
from mappings.domain.material import Document
from mappings.problems import Problem, ProblemError, problem, refuse

ENDINGS = {
    "application/pdf": "pdf",
    "text/xml": "xml",
    "model/stl": "stl",
    "model/obj": "obj",
    "model/mtl": "mtl",
}
"""Media type -> the ending of the file's name."""
UNDECLARED_INSIDE = (
    "encloses a document that no line under `materials` in case.json declares; add one with this path and what the "
    "document is (`kind`) to have it decided about; until then the instance stays"
)


class Inside(msgspec.Struct, kw_only=True):
    """What images enclose.

    Attributes:
        files: place of a document (the path of its DICOM file and a name below it) -> the document as a file.
        told: place -> what the header says of it.
        names: SOP Instance UID -> the Document of the case.
        gone: SOP Instance UIDs of what stays, since nobody says what it encloses or it cannot be read.
        refused: paths of DICOM files whose document cannot be read.
        notes: path of a DICOM file -> what is to be said of it.
    """

    files: dict[str, File] = {}
    told: dict[str, Enclosed] = {}
    names: dict[str, str] = {}
    gone: set[str] = set()
    refused: set[str] = set()
    notes: dict[str, list[Problem]] = {}

    @property
    def places(self) -> frozenset[str]:
        """What a line may be about that is no file for people by itself."""
        return frozenset((*self.files, *self.refused))

    def note(self, path: str, *problems: Problem) -> None:
        self.notes.setdefault(path, []).extend(problems)

    def of_file(self, path: str) -> tuple[str, ...]:
        """The name of the Document that a DICOM file encloses, if it is one of the case."""
        return tuple(self.names[e.uid] for e in self.told.values() if e.path == path and e.uid in self.names)


def look_inside(case: Case, found: Gathered) -> tuple[Case, Inside]:
    """What the images enclose, and the case with its lines about that led to it.

    Raises:
        ProblemError: two lines are about one enclosed document.
    """
    inside = Inside()
    files = {file.path: file for file in found.images}
    for enclosed in (each for image in found.studies for each in image.enclosed):
        try:
            file, note = document_in(files[enclosed.path], enclosed)
        except ProblemError as error:
            inside.gone.add(enclosed.uid)
            inside.refused.add(enclosed.path)
            inside.note(enclosed.path, *(msgspec.structs.replace(p, rule=ENCLOSED) for p in error.problems))
            continue
        place = _place(enclosed)
        inside.note(enclosed.path, *((note,) if note else ()))
        inside.files[place], inside.told[place] = msgspec.structs.replace(file, path=place), enclosed
    return _led(case, inside), inside


def _place(enclosed: Enclosed) -> str:
    """Below the DICOM file as if that were a folder: no file of the case can have this path."""
    ending = ENDINGS.get(enclosed.content_type.partition(";")[0].strip().lower(), "bin")
    return f"{enclosed.path}/enclosed.{ending}"


def _led(case: Case, inside: Inside) -> Case:
    """The lines about enclosed documents, each by the place of its document and with a name for it."""
    places = {name: place for place, told in inside.told.items() for name in _names(told, place)}
    lines, seen = [], set[str]()
    for number, line in enumerate(case.materials):
        place = places.get(str(line.path or line.item))
        if place is None:
            lines.append(line)
            continue
        if place in seen:
            message = "is about a document that another line declares already; keep one of the two"
            raise refuse("duplicate", f"case.json $.materials[{number}]", message, rule="case.materials")
        seen.add(place)
        name = line.id or f"enclosed-{inside.told[place].uid}"
        kind = line.kind or "undeclared_document"
        lines.append(msgspec.structs.replace(line, path=place, item=None, id=name, kind=kind))
    return msgspec.structs.replace(case, materials=tuple(lines))


def _names(told: Enclosed, place: str) -> Iterator[str]:
    yield from (told.path, place, told.uid, f"enclosed-{told.uid}")


def take_documents(case: Case, inside: Inside, documents: dict[str, Document], studies: dict[str, str]) -> None:
    """Add the documents that lines declare to those of the case; say of every other that its instance stays.

    Args:
        case: the case; its lines are led to what they mean.
        inside: what the images enclose; `names`, `gone` and `notes` are completed.
        documents: path -> document; an enclosed one with the same bytes as a file is that one.
        studies: SOP Instance UID -> the name of its study.

    Raises:
        ProblemError: a line says something else in law of the same bytes, or something no document can have.
    """
    lines = {line.path: line for line in case.materials if line.path}
    for place, file in sorted(inside.files.items()):
        told, line = inside.told[place], lines.get(place)
        twin = next((each for each in documents.values() if each.sha256 == file.sha256), None)
        if line is None and twin is None:
            inside.gone.add(told.uid)
            note = problem("business-rule", told.path, UNDECLARED_INSIDE, rule=ENCLOSED, severity="warning")
            inside.note(told.path, note)
            continue
        if line is not None and twin is not None:
            one_in_law(file, line, {file.sha256: lines[twin.path]})
        made = twin or document_of(file, _required(line))
        documents[made.path] = _filled(made, told, studies[told.uid])
        inside.names[told.uid] = made.id


def _required(line: Material | None) -> Material:
    assert line is not None
    return line


def _filled(document: Document, told: Enclosed, study: str) -> Document:
    """What its line leaves open as the header tells it; it is about the study that encloses it."""
    title = told.title or (told.concept.meaning if told.concept else "")
    return msgspec.structs.replace(
        document,
        content_type=told.content_type,
        title=document.title or title or None,
        date=document.date or told.date,
        about=(*document.about, *((study,) if study not in document.about else ())),
    )


def left(images: tuple[Found, ...], inside: Inside, zones: dict[str, str]) -> tuple[Found, ...]:
    """The studies without the instances that stay, whatever is decided."""
    made = (without(image, inside.gone, zones) if inside.gone & image.files.keys() else image for image in images)
    return tuple(image for image in made if image is not None)
