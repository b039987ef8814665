"""Everything that lies in a folder, told apart and read: FHIR resources, DICOM headers, opaque files, and what failed.

Nothing is decided here: every unit found is a `Draft` on the account, whatever becomes of it later.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.holding import Draft, File
from adapter.sources.dicom_directory import compared
from adapter.sources.dicom_folder import DIRECTORY
from adapter.sources.examining import Examined, Seen, examine_all
from adapter.sources.fhir_files import FhirUnit, place, read_fhir, source_key
from adapter.sources.files import as_document, not_fhir
from adapter.sources.set_aside import case_bundles, exported, other_pages
from adapter.transfer.journal import fetch_state
from adapter.validation.facts import resource_types
from adapter.watching import counted
from mappings.dicom.study import Found, Grouping
from mappings.domain.case import SourceSettings
from mappings.domain.material import Endpoint
from mappings.fhir.carried import Carried, pointers, source_base
from mappings.fhir.wire import dumps
from mappings.problems import Problem, problem


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds. `aliases` lead from the fullUrl of a duplicate to that of the resource it repeats.

    `contested` leads from the fullUrl that a resource got to the one it had, where another has that with other content.
    `unread` are the resources that were refused, as far as they could be read. `images` are the DICOM instances,
    `studies` what they are of, `image_problems` what is said of them, each by the path of its file. `endpoints` are
    what studies name that lie in an archive.
    """

    carried: tuple[Carried, ...] = ()
    unread: tuple[Carried, ...] = ()
    aliases: dict[str, str] = {}
    contested: dict[str, str] = {}
    images: tuple[File, ...] = ()
    studies: tuple[Found, ...] = ()
    image_problems: tuple[Problem, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    opaque: tuple[File, ...] = ()
    drafts: tuple[Draft, ...] = ()


def settings_for(path: str, settings: Iterable[SourceSettings]) -> SourceSettings | None:
    """The settings of the longest folder (or file) that holds the path."""
    fitting = [s for s in settings if s.path == "." or path == s.path or path.startswith(f"{s.path}/")]
    return max(fitting, key=lambda s: len(s.path), default=None)


def by_file(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Problems of images by the path of the file (which stands before the tag)."""
    about: dict[str, list[Problem]] = {}
    for note in problems:
        about.setdefault(note.where.rpartition(" ")[0], []).append(note)
    return about


def gather(
    root: Path,
    namespace: UUID,
    key: str,
    settings: tuple[SourceSettings, ...] = (),
    skip: frozenset[str] = frozenset(),
) -> Gathered:
    """Read all files below `root`. `key` names the source (the case), so that fullUrls do not depend on content.

    Case bundles that lie in the folder are left aside, each as one unit.
    """
    heap = _Heap(namespace, settings)
    bundles = case_bundles(root)
    for found in counted(examine_all(root, skip - other_pages(root, skip))):
        if isinstance(found, Seen) and any(found.file.path.startswith(folder) for folder in bundles):
            is_it = found.file.path.rpartition("/")[2] == "manifest.json"
            heap.drafts += [exported(found.file)] if is_it else []
        else:
            heap.add(found, key)
    return heap.settled()


def gather_several(roots: Mapping[str, Path], namespace: UUID) -> Gathered:
    """Read all files below several roots, each a source of its own under its name, and settle them together.

    Paths begin with the name of their root; names are not empty and none lies within another.
    """
    heap = _Heap(namespace, ())
    for name, root in roots.items():
        alone = root.is_file()
        for found in counted(examine_all(root)):
            heap.add(_within(name, found, alone), name)
    return heap.settled()


def _within(name: str, found: Examined, alone: bool) -> Examined:
    """What was found, named by its root first."""
    if isinstance(found, tuple):
        path = name if alone else f"{name}/{found[0]}"
        return path, msgspec.structs.replace(found[1], where=path)
    before = found.file.path
    path = name if alone else f"{name}/{before}"
    located = (msgspec.structs.replace(p, where=f"{path}{p.where.removeprefix(before)}") for p in found.problems)
    return msgspec.structs.replace(found, file=found.file.at(path), problems=tuple(located))


class _Heap:
    """What has been read so far."""

    def __init__(self, namespace: UUID, settings: tuple[SourceSettings, ...]) -> None:
        self.namespace, self.settings, self.types = namespace, settings, resource_types()
        self.units: list[tuple[FhirUnit, Carried]] = []
        self.images: list[File] = []
        self.directories: list[File] = []
        self.digests: dict[str, bytes] = {}
        zones = {each.path: each.zone for each in settings if each.zone}
        self.grouping = Grouping(zones, self._digest)
        self.opaque: list[File] = []
        self.drafts: list[Draft] = []
        self.unread: list[Carried] = []

    def _digest(self, path: str) -> str:
        if not self.digests:
            self.digests = {file.path: file.digest for file in self.images}
        return self.digests[path].hex()

    def add(self, found: Examined, key: str) -> None:
        if isinstance(found, tuple):
            self.drafts.append(Draft(source=found[0], sha256="", refused=True, problems=(found[1],)))
            return
        file = found.file
        if state := fetch_state(file.location):
            self.drafts += [_unfinished(file)] if state == "open" else []
        elif file.kind in ("json", "ndjson", "fhir-xml"):
            where = (self.namespace, key, self.settings)
            _gather_fhir(file, self.types, where, self.units, self.opaque, self.drafts, self.unread)
        elif found.problems:
            self.drafts.append(Draft(source=file.path, sha256=file.sha256, refused=True, problems=found.problems))
        elif file.kind == "dicom":
            self._dicom(file, found)
        else:
            self.opaque.append(file)

    def _dicom(self, file: File, found: Seen) -> None:
        if found.header is None:
            self.opaque.append(as_document(file))
        elif found.header.sop_class == DIRECTORY:
            self.directories.append(file)
        else:
            self.images.append(file)
            self.grouping.add(file.path, found.header)

    def _directories(self, uids: dict[str, str]) -> None:
        """Each DICOMDIR against the images below its folder."""
        present = {file.path: uids.get(file.path, "") for file in self.images}
        folders = {
            file.path: f"{folder}/" if (folder := file.path.rpartition("/")[0]) else "" for file in self.directories
        }
        for directory in self.directories:
            below = folders[directory.path]
            deeper = tuple({f for f in folders.values() if f != below and f.startswith(below)})
            others = frozenset(path for path in present if deeper and path.startswith(deeper))
            notes = compared(directory, present, others)
            self.drafts.append(Draft(source=directory.path, sha256=directory.sha256, problems=notes))

    def settled(self) -> Gathered:
        carried, aliases, contested = _settle(self.units, self.namespace, self.drafts)
        studies, notes = self.grouping.close()
        self._directories({path: uid for study in studies for uid, path in study.files.items()})
        return Gathered(
            carried=carried,
            unread=tuple(self.unread),
            aliases=aliases,
            contested=contested,
            images=tuple(self.images),
            studies=studies,
            image_problems=notes,
            opaque=tuple(self.opaque),
            drafts=tuple(self.drafts),
        )


def _unfinished(journal: File) -> Draft:
    """The journal of a fetch that did not come to its end: images are missing beside it."""
    message = "says that images are still missing in the folder beside it: run the same `second-opinion fetch` again"
    note = problem("incomplete", journal.path, message, rule="fetch.complete")
    return Draft(source=journal.path, sha256=journal.sha256, refused=True, problems=(note,))


def _gather_fhir(
    file: File,
    types: frozenset[str],
    where: tuple[UUID, str, tuple[SourceSettings, ...]],
    units: list[tuple[FhirUnit, Carried]],
    opaque: list[File],
    drafts: list[Draft],
    unread: list[Carried],
) -> None:
    namespace, key, settings = where
    found = read_fhir(file, types)
    if found is None or _only_foreign(found):
        opaque.append(not_fhir(file) if found is None else file)
        return
    chosen = settings_for(file.path, settings)
    bundled = any(unit.source != file.path for unit in found)
    own = source_key(namespace, key, file.path if bundled else ".")
    base = chosen.base.rstrip("/") if chosen and chosen.base else None
    for unit in found:
        if unit.resource is None:
            broken = any(p.stops for p in unit.problems)
            drafts.append(Draft(source=unit.source, sha256=unit.sha256, refused=broken, problems=unit.problems))
            if unit.unread is not None:
                unread.append(place(msgspec.structs.replace(unit, resource=unit.unread), own, base, namespace))
        else:
            units.append((unit, place(unit, own, base, namespace)))


def _only_foreign(found: tuple[FhirUnit, ...]) -> bool:
    """Whether the file is one JSON object of another kind of FHIR (it may be kept whole)."""
    return len(found) == 1 and found[0].resource is None and any(p.rule == "fhir.type" for p in found[0].problems)


def _settle(
    units: list[tuple[FhirUnit, Carried]], namespace: UUID, drafts: list[Draft]
) -> tuple[tuple[Carried, ...], dict[str, str], dict[str, str]]:
    """One resource per fullUrl and per content: duplicates become aliases, contradictions get a source of their own.

    Of duplicates the one with the first fullUrl is carried, so that what two sources repeat stays together.
    """
    classes = _classes([carried for _, carried in units])
    forms: dict[str, set[int]] = {}
    for (_, carried), one in zip(units, classes, strict=True):
        forms.setdefault(carried.full_url, set()).add(one)
    placed: list[tuple[FhirUnit, Carried, str, int]] = []
    for (unit, carried), one in zip(units, classes, strict=True):
        torn = len(forms[carried.full_url]) > 1
        placed.append((unit, _rehome(carried, namespace) if torn else carried, carried.full_url, one))
    kept: dict[int, Carried] = {}
    for _, carried, _, one in sorted(placed, key=lambda each: each[1].full_url):
        first = kept.setdefault(one, carried)
        labels = (*first.labels, *(label for label in carried.labels if label not in first.labels))
        kept[one] = msgspec.structs.replace(first, labels=labels) if labels != first.labels else first
    for unit, carried, url, one in placed:
        drafts.append(_draft(unit, kept[one], torn=carried.full_url != url))
    firsts = [(carried.full_url, kept[one].full_url, url) for _, carried, url, one in placed]
    aliases = {url: first for url, first, _ in firsts if url != first}
    contested = {url: before for url, _, before in firsts if url != before}
    return tuple(sorted(kept.values(), key=lambda c: c.full_url)), aliases, contested


def _classes(carried: list[Carried]) -> list[int]:
    """A number for each resource; equal where the content is equal and what it points at is equal in turn.

    The same `Patient/1` under two bases is two persons unless the two resources say the same.
    """
    held: dict[str, list[int]] = {}
    for number, item in enumerate(carried):
        held.setdefault(item.full_url, []).append(number)
    aims = [[_aim(item, literal, held) for _, _, literal in pointers(item.resource)] for item in carried]
    of = _numbered(dumps(item.resource) for item in carried)
    while True:
        seen = [tuple(frozenset(of[i] for i in held[a]) if a in held else a for a in each) for each in aims]
        finer = _numbered(zip(of, seen, strict=True))
        if len(set(finer)) == len(set(of)):
            return finer
        of = finer


def _numbered(values: Iterable[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]


def _aim(item: Carried, literal: str, held: Mapping[str, object]) -> str:
    """What a pointer means: a fullUrl here; else the address it has under its base, where it may name a person."""
    url = item.resolve(literal)
    return url if url in held or literal.startswith(("Patient/", "Group/")) else literal


def _draft(unit: FhirUnit, first: Carried, torn: bool) -> Draft:
    notes: list[Problem] = [*unit.problems]
    if torn:
        message = "another unit has the same type and id with other content; references to it stay open: mend the ids"
        notes.append(problem("conflict", unit.source, message, rule="fhir.fullurl", severity="warning"))
    if first.unit != unit.source:
        message = f"repeats {first.unit} and is carried once"
        notes.append(problem("duplicate", unit.source, message, rule="fhir.duplicate", severity="information"))
    return Draft(source=unit.source, sha256=unit.sha256, names=(first.full_url,), problems=tuple(notes))


def _rehome(carried: Carried, namespace: UUID) -> Carried:
    base = source_base(source_key(namespace, carried.base, carried.unit))
    tail = f"{carried.type}/{carried.resource.get('id')}"
    return msgspec.structs.replace(carried, base=base, full_url=f"{base}/{tail}")
