"""Opaque files of a case folder (PDF, text, pictures) as documents, each by its line under `materials`."""

from collections.abc import Container

from adapter.holding import UNDECLARED, Draft, File
from adapter.sources.declared import unfit
from adapter.sources.gather import Gathered
from mappings.domain.case import Case, Material
from mappings.domain.material import Document
from mappings.problems import ProblemError, problem, refuse


def documents_of(case: Case, found: Gathered, inside: Container[str] = ()) -> tuple[dict[str, Document], list[Draft]]:
    """Documents by path, and the units of all opaque files; lines about what lies `inside` images are not theirs.

    Raises:
        ProblemError: a line names a file that is not here or is no document, or says something impossible.
    """
    lines = {line.path: line for line in case.materials if line.path and line.path not in inside}
    documents: dict[str, Document] = {}
    drafts: list[Draft] = []
    seen: dict[str, str] = {}
    declared: dict[str, Material] = {}
    for file in found.opaque:
        line = lines.pop(file.path, None)
        if line is None:
            message = (
                "no line under `materials` in case.json declares what this file is; add one to have it decided about"
            )
            note = problem("business-rule", file.path, message, rule=UNDECLARED, severity="warning")
            drafts.append(Draft(source=file.path, sha256=file.sha256, problems=(note,)))
            continue
        document = document_of(file, line)
        one_in_law(file, line, declared)
        if document.id in seen:
            message = f"has the same bytes as {seen[document.id]} and is taken once"
            note = problem("duplicate", file.path, message, rule="case.duplicate", severity="information")
            drafts.append(Draft(source=file.path, sha256=file.sha256, names=(document.id,), problems=(note,)))
            continue
        seen[document.id] = file.path
        documents[file.path] = document
        drafts.append(Draft(source=file.path, sha256=file.sha256, names=(document.id,)))
    if lines:
        raise ProblemError(unfit(map(str, lines), found))
    return documents, drafts


def one_in_law(file: File, line: Material, declared: dict[str, Material]) -> None:
    """The same bytes are one thing in law, wherever they lie: what one line keeps back no other line lets go."""
    first = declared.setdefault(file.sha256, line)
    if any(getattr(first, field) != getattr(line, field) for field in _IN_LAW):
        message = (
            f"has the same bytes as {first.path}, but its line says something else of it in law; say the same twice"
        )
        raise refuse("conflict", file.path, message, rule="case.materials")


_IN_LAW = ("kind", "maintained_in", "in_drs", "held", "known_location", "completed", "sensitivity", "offered")


def document_of(file: File, line: Material) -> Document:
    assert line.kind is not None
    if file.size == 0:
        message = "is empty, and declared under `materials` in case.json; put the document itself there"
        raise refuse("incomplete", file.path, message, rule="case.materials")
    try:
        return Document(
            id=line.id or f"document-{file.sha256[:16]}",
            path=file.path,
            content_type=file.content_type,
            sha256=file.sha256,
            size=file.size,
            kind=line.kind,
            title=line.title,
            date=line.date,
            authors=line.authors,
            language=line.language,
            period=line.period,
            about=line.about,
        )
    except ValueError as error:
        raise refuse("invariant", f"case.json $.materials ({file.path})", str(error), rule="case.format") from None
