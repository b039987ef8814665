"""Everything that lies in a folder, told apart and read: FHIR resources, DICOM headers, opaque files, and what failed.

Nothing is decided here: every unit found is a `Draft` on the account, whatever becomes of it later.
"""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.holding import BUNDLE_FORMAT, INSIDE_BUNDLE, Draft, File
from adapter.sources.dicom_folder import read_instance
from adapter.sources.fhir_files import FhirUnit, place, read_fhir, source_key
from adapter.sources.files import walk
from adapter.validation.facts import resource_types
from mappings.dicom.study import Header
from mappings.domain.case import SourceSettings
from mappings.fhir.carried import Carried, source_base
from mappings.fhir.wire import dumps
from mappings.problems import Problem, ProblemError, problem


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds. `aliases` lead from the fullUrl of a duplicate to that of the resource it repeats.

    `contested` leads from the fullUrl that a resource got to the one it had, where another has that with other content.
    """

    carried: tuple[Carried, ...] = ()
    aliases: dict[str, str] = {}
    contested: dict[str, str] = {}
    images: tuple[tuple[File, Header], ...] = ()
    opaque: tuple[File, ...] = ()
    drafts: tuple[Draft, ...] = ()


def settings_for(path: str, settings: Iterable[SourceSettings]) -> SourceSettings | None:
    """The settings of the longest folder (or file) that holds the path."""
    fitting = [s for s in settings if s.path == "." or path == s.path or path.startswith(f"{s.path}/")]
    return max(fitting, key=lambda s: len(s.path), default=None)


def gather(
    root: Path,
    namespace: UUID,
    key: str,
    settings: tuple[SourceSettings, ...] = (),
    skip: frozenset[str] = frozenset(),
    *,
    exports_apart: bool = True,
) -> Gathered:
    """Read all files below `root`. `key` names the source (the case), so that fullUrls do not depend on content.

    `exports_apart` leaves case bundles that lie in the folder aside, each as one unit.
    """
    types = resource_types()
    units: list[tuple[FhirUnit, Carried]] = []
    images: list[tuple[File, Header]] = []
    opaque: list[File] = []
    drafts: list[Draft] = []
    bundles = _case_bundles(root) if exports_apart else ()
    for found in walk(root, skip):
        if isinstance(found, tuple):
            drafts.append(Draft(source=found[0], sha256="", refused=True, problems=(found[1],)))
        elif any(found.path.startswith(folder) for folder in bundles):
            drafts += [_exported(found)] if found.path.rpartition("/")[2] == "manifest.json" else []
        elif found.kind in ("json", "ndjson"):
            _gather_fhir(found, types, (namespace, key, settings), units, opaque, drafts)
        elif found.kind == "dicom":
            _gather_dicom(found, images, opaque, drafts)
        else:
            opaque.append(found)
    carried, aliases, contested = _settle(units, namespace, drafts)
    return Gathered(
        carried=carried,
        aliases=aliases,
        contested=contested,
        images=tuple(images),
        opaque=tuple(opaque),
        drafts=tuple(drafts),
    )


def _case_bundles(root: Path) -> tuple[str, ...]:
    """The folders below `root` that are case bundles themselves, as path prefixes: they hold a manifest of ours."""
    found = sorted(root.glob("*/**/manifest.json")) if root.is_dir() else []
    mark = f'"{BUNDLE_FORMAT}"'.encode()
    return tuple(f"{p.parent.relative_to(root).as_posix()}/" for p in found if p.is_file() and mark in _head(p))


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(200)


def _exported(manifest: File) -> Draft:
    """A case bundle inside the folder is one unit, named by its folder and known by its manifest."""
    folder = manifest.path.rpartition("/")[0] + "/"
    message = "is a case bundle; what was exported is no part of the case: `import` reads it"
    note = problem("business-rule", folder, message, rule=INSIDE_BUNDLE, severity="warning")
    return Draft(source=folder, sha256=manifest.sha256, problems=(note,))


def _gather_fhir(
    file: File,
    types: frozenset[str],
    where: tuple[UUID, str, tuple[SourceSettings, ...]],
    units: list[tuple[FhirUnit, Carried]],
    opaque: list[File],
    drafts: list[Draft],
) -> None:
    namespace, key, settings = where
    found = read_fhir(file, types)
    if found is None or _only_foreign(found):
        opaque.append(file)
        return
    chosen = settings_for(file.path, settings)
    bundled = len(found) > 1 or "#" in found[0].source
    own = source_key(namespace, key, file.path if bundled else ".")
    for unit in found:
        if unit.resource is None:
            broken = any(p.stops for p in unit.problems)
            drafts.append(Draft(source=unit.source, sha256=unit.sha256, refused=broken, problems=unit.problems))
        else:
            units.append((unit, place(unit, own, chosen.base if chosen else None, namespace)))


def _only_foreign(found: tuple[FhirUnit, ...]) -> bool:
    """Whether the file is one JSON object of another kind of FHIR (it may be kept whole)."""
    return len(found) == 1 and found[0].resource is None and any(p.rule == "fhir.type" for p in found[0].problems)


def _gather_dicom(file: File, images: list[tuple[File, Header]], opaque: list[File], drafts: list[Draft]) -> None:
    try:
        header = read_instance(file.location)
    except ProblemError as error:
        located = tuple(msgspec.structs.replace(p, where=f"{file.path} {p.where}".strip()) for p in error.problems)
        drafts.append(Draft(source=file.path, sha256=file.sha256, refused=True, problems=located))
        return
    if header is None:
        opaque.append(msgspec.structs.replace(file, kind="other", content_type="application/octet-stream"))
    elif header.sop_class == "1.2.840.10008.1.3.10":
        message = "is a DICOMDIR, an index of other files; the bundle gets a new one for what is released"
        note = problem("informational", file.path, message, rule="dicom.dicomdir", severity="information")
        drafts.append(Draft(source=file.path, sha256=file.sha256, problems=(note,)))
    else:
        images.append((file, header))


def _settle(
    units: list[tuple[FhirUnit, Carried]], namespace: UUID, drafts: list[Draft]
) -> tuple[tuple[Carried, ...], dict[str, str], dict[str, str]]:
    """One resource per fullUrl and per content: duplicates become aliases, contradictions get a source of their own.

    Of duplicates the one with the first fullUrl is carried, so that what two sources repeat stays together.
    """
    contents: dict[str, set[bytes]] = {}
    for _, carried in units:
        contents.setdefault(carried.full_url, set()).add(dumps(carried.resource))
    placed: list[tuple[FhirUnit, Carried, str]] = []
    for unit, carried in units:
        torn = len(contents[carried.full_url]) > 1
        placed.append((unit, _rehome(carried, namespace) if torn else carried, carried.full_url))
    kept: dict[bytes, Carried] = {}
    for _, carried, _ in sorted(placed, key=lambda one: one[1].full_url):
        kept.setdefault(dumps(carried.resource), carried)
    for unit, carried, url in placed:
        drafts.append(_draft(unit, carried, kept[dumps(carried.resource)], torn=carried.full_url != url))
    firsts = [(carried.full_url, kept[dumps(carried.resource)].full_url, url) for _, carried, url in placed]
    aliases = {url: first for url, first, _ in firsts if url != first}
    contested = {url: before for url, _, before in firsts if url != before}
    return tuple(sorted(kept.values(), key=lambda c: c.full_url)), aliases, contested


def _draft(unit: FhirUnit, carried: Carried, first: Carried, torn: bool) -> Draft:
    notes: list[Problem] = []
    if torn:
        message = "another unit has the same type and id with other content; references to it stay open: mend the ids"
        notes.append(problem("conflict", unit.source, message, rule="fhir.fullurl", severity="warning"))
    if first is not carried:
        message = f"repeats {first.unit} and is carried once"
        notes.append(problem("duplicate", unit.source, message, rule="fhir.duplicate", severity="information"))
    return Draft(source=unit.source, sha256=unit.sha256, names=(first.full_url,), problems=tuple(notes))


def _rehome(carried: Carried, namespace: UUID) -> Carried:
    base = source_base(source_key(namespace, carried.base, carried.unit))
    tail = f"{carried.type}/{carried.resource.get('id')}"
    return msgspec.structs.replace(carried, base=base, full_url=f"{base}/{tail}")
