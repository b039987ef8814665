"""The case folder: `case.json` beside whatever files there are, to one Loaded case about one person."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.custody.tree import tree_problems
from adapter.holding import UNDECLARED, Draft, File, Loaded
from adapter.sources.case_checks import implausible, unfitting_sources
from adapter.sources.declared import unfit
from adapter.sources.gather import Gathered, by_file, gather, settings_for
from adapter.sources.one_person import check_person
from adapter.sources.persons import contradicted, image_identity, ownership, patient_identity
from adapter.sources.placeholders import placeholders
from adapter.sources.readings import read_carried
from mappings.dicom.study import Found
from mappings.domain.case import Case, Material
from mappings.domain.links import rewrite
from mappings.domain.material import Document, ImagingStudy
from mappings.domain.native import read_case
from mappings.domain.party import is_foreign
from mappings.domain.person import Identity
from mappings.domain.values import Fact
from mappings.problems import ProblemError, problem, refuse

CASE_FILE = "case.json"
HELP_FILE = "case.help.html"
SCHEMA_FILE = "case.schema.json"


def load_case(folder: Path, namespace: UUID) -> Loaded:
    """Load a case folder.

    Raises:
        ProblemError: `case.json` is missing, wrong or not filled in, or items belong to another person.
    """
    location = folder / CASE_FILE
    if not location.is_file():
        message = f"has no {CASE_FILE}; `second-opinion init` writes one to fill in"
        raise refuse("not-found", folder.name or ".", message, rule="case.folder")
    case = _without_readings(_filled_in(location.read_bytes()))
    doubts = (*implausible(case), *unfitting_sources(case, folder))
    if wrong := tuple(doubt for doubt in doubts if doubt.stops):
        raise ProblemError(wrong)
    found = gather(folder, namespace, case.id, case.sources, frozenset((CASE_FILE, HELP_FILE, SCHEMA_FILE)))
    images = found.studies
    check_person(case, found)
    documents, opaque_drafts = _documents(case, found)
    case, vouched = _resolve_lines(case, found)
    owners = ownership(found.carried, dict(found.aliases))
    unowned = frozenset(url for url, of in owners.of.items() if of == "unknown" and url not in vouched)
    readings, reading_problems = read_carried(found.carried, found.aliases)
    merged = _merge(case, images, documents.values(), readings)
    image_drafts = _image_drafts(found, {s.uid: s.id for s in merged.studies})
    return Loaded(
        case=merged,
        carried=found.carried,
        aliases=found.aliases,
        contested=found.contested,
        owners=owners,
        documents={document.id: _file(found.opaque, path) for path, document in documents.items()},
        instances=_instances(found),
        identities=_identities(case, found),
        settings=_settings(case, found),
        drafts=(*found.drafts, *image_drafts, *opaque_drafts),
        unowned=unowned,
        unread=found.unread,
        problems=(*doubts, *reading_problems, *tree_problems(merged)),
    )


def _filled_in(data: bytes) -> Case:
    """The case as its file has it; what is to be filled in is told with all else that is wrong, and only so."""
    unfilled = placeholders(data, CASE_FILE)
    known = {found.where for found in unfilled}
    try:
        case = read_case(data, CASE_FILE)
    except ProblemError as error:
        raise ProblemError((*unfilled, *(found for found in error.problems if found.where not in known))) from None
    if unfilled:
        raise ProblemError(unfilled)
    return case


def _without_readings(case: Case) -> Case:
    """Readings of carried resources are made anew at every load; a case that came out of a bundle still lists them."""
    lists = ("diagnoses", "procedures", "parts", "blocks", "slides", "studies", "reports")
    own = {name: tuple(item for item in getattr(case, name) if not is_foreign(item.id)) for name in lists}
    return msgspec.structs.replace(case, **own, documents=())


# --- opaque files


def _documents(case: Case, found: Gathered) -> tuple[dict[str, Document], list[Draft]]:
    lines = {line.path: line for line in case.materials if line.path}
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
        document = _document(file, line)
        _one_in_law(file, line, declared)
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


def _one_in_law(file: File, line: Material, declared: dict[str, Material]) -> None:
    """The same bytes are one thing in law, wherever they lie: what one line keeps back no other line lets go."""
    first = declared.setdefault(file.sha256, line)
    if any(getattr(first, field) != getattr(line, field) for field in _IN_LAW):
        message = (
            f"has the same bytes as {first.path}, but its line says something else of it in law; say the same twice"
        )
        raise refuse("conflict", file.path, message, rule="case.materials")


_IN_LAW = ("kind", "maintained_in", "in_drs", "held", "known_location", "completed", "sensitivity", "offered")


def _document(file: File, line: Material) -> Document:
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


def _file(files: tuple[File, ...], path: str) -> File:
    return next(file for file in files if file.path == path)


# --- lines about anything else


def _resolve_lines(case: Case, found: Gathered) -> tuple[Case, frozenset[str]]:
    """Lead short names (`Type/id`) in the case to the fullUrl they mean; give the fullUrls a line vouches for."""
    short: dict[str, set[str]] = {}
    for carried in found.carried:
        tail = f"{carried.type}/{carried.resource.get('id')}"
        for key in (tail, carried.full_url):
            short.setdefault(key, set()).add(carried.full_url)
    for alias, target in found.aliases.items():
        short.setdefault(alias, set()).add(target)
    names = {key: next(iter(urls)) for key, urls in short.items() if len(urls) == 1}
    asked = {names[line.item] for line in case.materials if line.item in names}
    strangers = {c.full_url for c in found.carried if c.full_url in asked and contradicted(c, case.patient)}
    vouched = frozenset(asked - strangers)
    resolved = _rename(case, names)
    return resolved, vouched


def _rename(case: Case, names: dict[str, str]) -> Case:
    """Replace foreign names by the fullUrls they mean; one that names nothing here is a Problem."""
    known = set(names) | set(names.values())
    open_places = [place for place, name in _foreign_names(case) if name not in known]
    if open_places:
        message = "names a FHIR resource that is not in the folder, or that two sources have; name its fullUrl"
        raise ProblemError(problem("not-found", f"case.json $.{p}", message, rule="case.link") for p in open_places)
    return rewrite(case, lambda name: names.get(name, name))


def _foreign_names(case: Case) -> Iterable[tuple[str, str]]:
    """Every name of something that came as FHIR, with its place in case.json (the name itself may be a number)."""
    for path, item in case.places():
        for field in type(item).LINKS:
            value = getattr(item, field)
            for name in (value,) if isinstance(value, str) else value or ():
                if is_foreign(name):
                    yield f"{path}.{field}", name
    for number, line in enumerate(case.materials):
        if line.item and is_foreign(line.item):
            yield f"materials[{number}].item", line.item


# --- together


def _merge(
    case: Case, images: Iterable[Found], documents: Iterable[Document], readings: dict[str, tuple[Fact, ...]]
) -> Case:
    declared = {study.uid: study for study in case.studies}
    for image in images:
        declared[image.study.uid] = _merge_study(declared.get(image.study.uid), _on_slides(image, case))
    lists = {name: (*getattr(case, name), *items) for name, items in readings.items() if name != "studies"}
    uids = frozenset(declared)
    read = tuple(s for s in readings.get("studies", ()) if isinstance(s, ImagingStudy) and s.uid not in uids)
    try:
        return msgspec.structs.replace(
            case,
            **lists,
            studies=(*sorted(declared.values(), key=lambda s: s.uid), *read),
            documents=tuple(sorted(documents, key=lambda d: d.id)),
        )
    except ValueError as error:
        raise refuse("invariant", "case.json", str(error), rule="case.format") from None


def _on_slides(image: Found, case: Case) -> ImagingStudy:
    """The study, its series led to the slides of the case by the labels in their headers, where one slide has it."""
    named: dict[str, set[str]] = {}
    for slide in case.slides:
        for identifier in slide.identifiers:
            named.setdefault(identifier.value, set()).add(slide.id)
    found = {uid: [named.get(label, set()) for label in labels] for uid, labels in image.containers.items()}
    slides = {uid: tuple(sorted({next(iter(ids)) for ids in each if len(ids) == 1})) for uid, each in found.items()}
    series = tuple(msgspec.structs.replace(one, slides=slides.get(one.uid, ())) for one in image.study.series)
    return msgspec.structs.replace(image.study, series=series)


def _merge_study(told: ImagingStudy | None, seen: ImagingStudy) -> ImagingStudy:
    """What the case says of a study stands; what it leaves open, and all images, come from the files."""
    if told is None:
        return seen
    slides = {series.uid: series.slides for series in told.series}
    series = tuple(msgspec.structs.replace(one, slides=slides.get(one.uid) or one.slides) for one in seen.series)
    here = {one.uid for one in seen.series}
    rest = tuple(one for one in told.series if one.uid not in here)
    merged = tuple(sorted((*series, *rest), key=lambda s: s.uid))
    filled = {
        name: getattr(told, name) or getattr(seen, name)
        for name in ("identifiers", "started", "description", "procedure", "referrer", "endpoints")
    }
    return msgspec.structs.replace(told, **filled, series=merged)


def _image_drafts(found: Gathered, names_of: dict[str, str]) -> list[Draft]:
    study_of = {path: names_of[image.study.uid] for image in found.studies for path in image.files.values()}
    about = by_file(found.image_problems)
    drafts = []
    for file in found.images:
        notes = tuple(about.get(file.path, ()))
        names = (study_of[file.path],) if file.path in study_of else ()
        refused = not names
        drafts.append(Draft(source=file.path, sha256=file.sha256, names=names, refused=refused, problems=notes))
    return drafts


def _instances(found: Gathered) -> dict[str, File]:
    by_path = {file.path: file for file in found.images}
    return {uid: by_path[path] for image in found.studies for uid, path in image.files.items()}


def _identities(case: Case, found: Gathered) -> dict[str, Identity]:
    """What the sources say of the person, by fullUrl of a Patient and by study UID."""
    seen = {c.full_url: patient_identity(c.resource) for c in found.carried if c.type == "Patient"}
    for image in found.studies:
        chosen = settings_for(min(image.files.values()), case.sources)
        seen[image.study.uid] = image_identity(image.identity, chosen.patient_system if chosen else None)
    return seen


def _settings(case: Case, found: Gathered) -> dict[str, tuple[str | None, str | None]]:
    """SOP Instance UID -> the zone and the issuer configured for where it lay."""
    told: dict[str, tuple[str | None, str | None]] = {}
    for uid, file in _instances(found).items():
        chosen = settings_for(file.path, case.sources)
        told[uid] = (chosen.zone, chosen.patient_system) if chosen else (None, None)
    return told
