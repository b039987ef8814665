"""The case folder: `case.json` beside whatever files there are, to one Loaded case about one person."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.custody.exchange import NEW
from adapter.custody.seal import SEAL
from adapter.custody.tree import tree_problems
from adapter.holding import Draft, File, Loaded
from adapter.sources.case_checks import implausible, unfitting_sources
from adapter.sources.case_documents import documents_of
from adapter.sources.case_enclosed import Inside, left, look_inside, take_documents
from adapter.sources.gather import Gathered, by_file, gather, settings_for
from adapter.sources.one_person import check_person
from adapter.sources.persons import contradicted, image_identity, ownership, patient_identity
from adapter.sources.placeholders import placeholders
from adapter.sources.readings import read_carried
from mappings.dicom.in_case import Told, contradictions, less, merged, with_told
from mappings.dicom.study import Found, Header
from mappings.domain.case import Case
from mappings.domain.links import rewrite
from mappings.domain.material import Document, ImagingStudy, is_told
from mappings.domain.native import read_case
from mappings.domain.party import is_foreign
from mappings.domain.person import Identity
from mappings.domain.values import Fact
from mappings.problems import Problem, ProblemError, problem, refuse

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
    found = gather(folder, namespace, case.id, case.sources, frozenset((CASE_FILE, HELP_FILE, SCHEMA_FILE, SEAL, NEW)))
    check_person(case, found)
    case, inside = look_inside(case, found)
    documents, opaque_drafts = documents_of(case, found, inside.places)
    take_documents(case, inside, documents, _studies(case, found))
    images = left(found.studies, inside, {each.path: each.zone for each in case.sources if each.zone})
    case, vouched = _resolve_lines(case, found)
    owners = ownership(found.carried, dict(found.aliases))
    unowned = frozenset(url for url, of in owners.of.items() if of == "unknown" and url not in vouched)
    readings, reading_problems = read_carried(found.carried, found.aliases)
    case = msgspec.structs.replace(case, studies=tuple(less(study, inside.gone) for study in case.studies))
    told, lost = _told(_merge(case, images, documents.values(), readings), images)
    notes = (*told.problems, *contradictions(case.studies, images))
    names_of = {s.uid: s.id for s in told.case.studies}
    return Loaded(
        case=told.case,
        carried=found.carried,
        aliases=found.aliases,
        contested=found.contested,
        owners=owners,
        documents={d.id: inside.files.get(path) or _file(found.opaque, path) for path, d in documents.items()},
        instances=_instances(found, images),
        identities=_identities(case, found, images),
        settings=_settings(case, _instances(found, images)),
        drafts=(*found.drafts, *_image_drafts(found, images, inside, (names_of, notes)), *opaque_drafts),
        unowned=unowned,
        unread=found.unread,
        images=tuple(image for image in images if image.members or any(map(_tells, image.headers.values()))),
        declared={study.uid: study for study in case.studies},
        enclosed=inside.names,
        problems=(*doubts, *reading_problems, *tree_problems(told.case), *lost),
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
        if (study := merged(declared.get(image.study.uid), image, case.slides)) is not None:
            declared[image.study.uid] = study
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


def _told(case: Case, images: tuple[Found, ...]) -> tuple[Told, tuple[Problem, ...]]:
    """The case with the specimens that its images tell of; those of before that none tells of now are named."""
    before = {name: place for place, name in _places(case) if is_told(name)}
    try:
        told = with_told(case, images)
    except ValueError as error:
        raise refuse("invariant", "case.json", str(error), rule="case.format") from None
    now = {name for _, name in _places(told.case)}
    message = (
        "has the name of a specimen that only images tell of, and none here tells of it: it is left out; to declare it "
        "yourself, give it a name of your own"
    )
    lost = (place for name, place in before.items() if name not in now)
    return told, tuple(problem("not-found", p, message, rule="case.told", severity="warning") for p in lost)


def _places(case: Case) -> Iterable[tuple[str, str]]:
    lists = {"parts": case.parts, "blocks": case.blocks, "slides": case.slides}
    return ((f"case.json $.{name}[{n}]", one.id) for name, held in lists.items() for n, one in enumerate(held))


def _tells(headers: tuple[Header, ...]) -> bool:
    return any(header.container or header.specimens for header in headers)


def _studies(case: Case, found: Gathered) -> dict[str, str]:
    """SOP Instance UID -> the name of its study in the case."""
    declared = {study.uid: study.id for study in case.studies}
    names = {image.study.uid: declared.get(image.study.uid, image.study.id) for image in found.studies}
    return {uid: names[image.study.uid] for image in found.studies for uid in image.files}


def _image_drafts(
    found: Gathered, images: tuple[Found, ...], inside: Inside, said: tuple[dict[str, str], tuple[Problem, ...]]
) -> list[Draft]:
    """The units of images; one that encloses a document is known by that, and stays where nobody says what it is."""
    names_of, told = said
    study_of = {path: names_of[image.study.uid] for image in images for path in image.files.values()}
    about = by_file((*found.image_problems, *told))
    stay = {path for image in found.studies for uid, path in image.files.items() if uid in inside.gone}
    drafts = []
    for file in found.images:
        notes = (*about.get(file.path, ()), *inside.notes.get(file.path, ()))
        names = inside.of_file(file.path) or ((study_of[file.path],) if file.path in study_of else ())
        refused = file.path in inside.refused or not (names or file.path in stay)
        drafts.append(Draft(source=file.path, sha256=file.sha256, names=names, refused=refused, problems=notes))
    return drafts


def _instances(found: Gathered, images: tuple[Found, ...]) -> dict[str, File]:
    by_path = {file.path: file for file in found.images}
    return {uid: by_path[path] for image in images for uid, path in image.files.items()}


def _identities(case: Case, found: Gathered, images: tuple[Found, ...]) -> dict[str, Identity]:
    """What the sources say of the person, by fullUrl of a Patient and by study UID."""
    seen = {c.full_url: patient_identity(c.resource) for c in found.carried if c.type == "Patient"}
    for image in images:
        chosen = settings_for(min(image.files.values()), case.sources)
        seen[image.study.uid] = image_identity(image.identity, chosen.patient_system if chosen else None)
    return seen


def _settings(case: Case, instances: dict[str, File]) -> dict[str, tuple[str | None, str | None]]:
    """SOP Instance UID -> the zone and the issuer configured for where it lay."""
    told: dict[str, tuple[str | None, str | None]] = {}
    for uid, file in instances.items():
        chosen = settings_for(file.path, case.sources)
        told[uid] = (chosen.zone, chosen.patient_system) if chosen else (None, None)
    return told
