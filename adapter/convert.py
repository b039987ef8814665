"""Foreign files to FHIR inside the holder's own walls: a use (45 CFR 164.506(c)(1)), never a disclosure.

One Bundle a person. What names nobody goes to `unassigned`; what is about two persons does too. Local paths only.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import msgspec

from adapter.account import Account, Outcome, Unit, account, alike
from adapter.claims import claim
from adapter.closing import inside
from adapter.consent.facts import holder_use
from adapter.consent.gate import use
from adapter.consent.law import material
from adapter.consent.policy import policy_for
from adapter.consent.release import HolderUse
from adapter.holding import Draft, File
from adapter.persons_found import Person, about_alone, identity_seen, person_key, persons_in
from adapter.sources.fhir_files import like_resource
from adapter.sources.files import printable
from adapter.sources.gather import Gathered, by_file, gather_several
from adapter.sources.persons import ownership
from adapter.validation import validate_bundle
from mappings.dicom.study import Found
from mappings.domain.material import Document
from mappings.domain.party import PATIENT, Patient
from mappings.domain.values import Identifier
from mappings.fhir import binary, document_reference, imaging_study
from mappings.fhir import patient as patient_mapper
from mappings.fhir.bundle import collection
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json, loads
from mappings.identity import DICOM_UID, ISSUER_NOT_STATED, resource_id, sid
from mappings.problems import Problem, ProblemError, problem

UNASSIGNED = "unassigned"
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """Bundles by patient key (`unassigned` among them), the files that travel beside them, and the account."""

    bundles: dict[str, Json]
    files: dict[str, dict[str, File]]
    account: Account


def convert(paths: Iterable[Path], namespace: UUID, today: dt.date, tried: Collection[str] = frozenset()) -> Converted:
    """Convert files and folders; `tried` are the families of profiles that what we make of them may claim.

    Raises:
        ProblemError: what we made of them is not valid FHIR.
    """
    roots = named_roots(paths)
    found = gather_several(roots, namespace)
    permitted = _permitted(found, found.studies, today)
    return _Conversion(found, namespace, permitted, tuple(roots), tried).run()


def named_roots(paths: Iterable[Path]) -> dict[str, Path]:
    """The paths by the shortest names that tell them apart: the last name, else the last two of each, and so on.

    A path that is given twice, or lies in another that is given, is read once.
    """
    found = {path.resolve(): path for path in paths}
    outer = {real: path for real, path in found.items() if not any(parent in found for parent in real.parents)}
    depth, deepest = 1, max((len(real.parts) for real in outer), default=1)
    while depth < deepest and not _apart([_tail(real, depth) for real in outer]):
        depth += 1
    return {_tail(real, depth): path for real, path in outer.items()}


def _tail(path: Path, depth: int) -> str:
    return printable("/".join(path.parts[-depth:]).lstrip("/")) or "."


def _apart(names: list[str]) -> bool:
    """Whether no name is another's, or the beginning of its path."""
    within = any(one.startswith(f"{other}/") for one in names for other in names)
    return len(set(names)) == len(names) and not within


def _permitted(found: Gathered, images: Iterable[Found], today: dt.date) -> HolderUse:
    names = [item.full_url for item in found.carried] + [image.study.id for image in images]
    names += [f"file {number}" for number, _ in enumerate(found.opaque)]
    names = names or ["files that hold nothing"]  # to find that out is a use too
    facts = holder_use(tuple(material(name, "clinical_record") for name in dict.fromkeys(names)))
    return use(facts, policy_for(today))


class _Conversion:
    def __init__(
        self,
        found: Gathered,
        namespace: UUID,
        permitted: HolderUse,
        roots: tuple[str, ...],
        tried: Collection[str],
    ) -> None:
        self.roots, self.tried = roots, tried
        self.found, self.images, self.namespace, self.permitted = found, found.studies, namespace, permitted
        self.known = {item.full_url: item for item in found.carried if item.full_url in permitted.items}
        self.owners = ownership(found.carried, dict(found.aliases))

    def run(self) -> Converted:
        persons = persons_in(self.known, self.images, self.roots)
        bundles: dict[str, Json] = {}
        files: dict[str, dict[str, File]] = {}
        said: dict[str, list[str]] = {}
        problems: dict[str, list[Problem]] = {}
        used: set[str] = set()
        for person in persons:
            key = resource_id(self.namespace, sid("person"), person_key(person))[:16]
            urls = about_alone(person, self.known, self.owners, dict(self.found.aliases))
            used |= urls
            entries = [*self._imaging(person), *self._carried(urls)]
            bundles[key] = self._bundle(key, entries, problems, said)
        rest = set(self.known) - used
        documents, beside = self._documents()
        loose = [*self._imaging(None), *documents, *self._carried(rest)]
        if loose:
            bundles[UNASSIGNED] = self._bundle(UNASSIGNED, loose, problems, said)
            files[UNASSIGNED] = beside
        return Converted(bundles=bundles, files=files, account=self._account(said, problems))

    # --- entries

    def _carried(self, urls: Iterable[str]) -> Iterator[tuple[str, Json]]:
        return ((url, self.known[url].resource) for url in sorted(urls))

    def _imaging(self, person: Person | None) -> Iterator[tuple[str, Json]]:
        images = person.images if person else [image for image in self.images if identity_seen(image) is None]
        patient = None if person is None else self._patient(person)
        url = person.patients[0] if person and person.patients else None
        if images and patient is not None and url is None:
            url = URN + resource_id(self.namespace, sid("person"), person_key(person) if person else "")
            made = patient_mapper.to_fhir(patient, Writing({PATIENT: url}))
            yield url, made
        for image in images:
            own = URN + resource_id(self.namespace, DICOM_UID, image.study.uid)
            study = imaging_study.to_fhir(image.study, Writing({PATIENT: url or own, image.study.id: own}))
            yield own, study if url else {**study, "subject": ABSENT}

    def _patient(self, person: Person) -> Patient | None:
        identity = person.identity
        try:
            bare = tuple(Identifier(system=ISSUER_NOT_STATED, value=number) for number in identity.numbers)
            numbers = (*identity.identifiers, *bare)
            return Patient(identifiers=numbers, names=identity.names, birth_date=identity.birth_date)
        except ValueError:
            return None

    def _documents(self) -> tuple[list[tuple[str, Json]], dict[str, File]]:
        entries: list[tuple[str, Json]] = []
        beside: dict[str, File] = {}
        for digest, file in {file.sha256: file for file in reversed(self.found.opaque)}.items():
            name = f"document-{digest[:16]}"
            url = URN + resource_id(self.namespace, sid("file"), digest)
            path = f"documents/{digest[:16]}"
            item = _document(name, path, file)
            inside = binary.embedded(item)
            data_url = URN + resource_id(self.namespace, sid("binary"), digest) if inside else quote(path)
            ctx = Writing({PATIENT: url, name: url, binary.binary_name(item): data_url})
            made = document_reference.to_fhir(item, ctx, sha1=file.sha1)
            entries.append((url, {key: value for key, value in made.items() if key != "subject"}))
            if inside:
                entries.append((data_url, binary.to_fhir(item, file.read(), ctx)))
            else:
                beside[path] = file
        return sorted(entries, key=lambda entry: entry[0]), beside

    # --- together

    def _bundle(
        self,
        key: str,
        entries: list[tuple[str, Json]],
        problems: dict[str, list[Problem]],
        said: dict[str, list[str]],
    ) -> Json:
        identity = resource_id(self.namespace, sid("converted"), key)
        bundle = claim(collection(entries, Writing({}), identity, None), self.known.keys(), self.tried)
        urls = [url for url, _ in entries]
        ours: list[Problem] = []
        for found in validate_bundle(bundle):
            number = found.where.removeprefix("Bundle.entry[").partition("]")[0]
            url = urls[int(number)] if found.where.startswith("Bundle.entry[") and number.isdigit() else ""
            if url in self.known:
                problems.setdefault(url, []).append(inside(found, self.known[url].resource))
            elif found.stops:
                ours.append(found)
        if ours:
            raise ProblemError(ours)
        problems.update({url: list(alike(problems[url])) for url in urls if url in problems})
        for url, resource in entries:
            said.setdefault(url, []).append(f"{resource['resourceType']}/{resource.get('id', '')}")
        return bundle

    def _account(self, said: dict[str, list[str]], problems: dict[str, list[Problem]]) -> Account:
        units = [self._unit(draft, said, problems) for draft in self.found.drafts]
        by_path = {path: image for image in self.images for path in image.files.values()}
        about = by_file(self.found.image_problems)
        for file in self.found.images:
            notes = tuple(about.get(file.path, ()))
            image = by_path.get(file.path)
            url = URN + resource_id(self.namespace, DICOM_UID, image.study.uid) if image else ""
            outcome: Outcome = "mapped" if image else "refused"
            units.append(
                Unit(
                    source=file.path,
                    sha256=file.sha256,
                    outcome=outcome,
                    resources=tuple(said.get(url, ())),
                    problems=notes,
                )
            )
        for file in self.found.opaque:
            url = URN + resource_id(self.namespace, sid("file"), file.sha256)
            units.append(_kept(file, tuple(said.get(url, ()))))
        return account(units)

    def _unit(self, draft: Draft, said: dict[str, list[str]], problems: dict[str, list[Problem]]) -> Unit:
        resources = tuple(name for url in draft.names for name in said.get(url, ()))
        notes = (*draft.problems, *(p for url in draft.names for p in problems.get(url, ())))
        outcome: Outcome = "refused" if draft.refused else "mapped"
        return Unit(source=draft.source, sha256=draft.sha256, outcome=outcome, resources=resources, problems=notes)


def _kept(file: File, resources: tuple[str, ...]) -> Unit:
    what = {"ccda": "C-CDA", "hl7v2": "HL7 v2", "fhir-xml": "FHIR XML, but not of a type of R4"}.get(
        file.kind, file.content_type
    )
    message = f"is {what}, kept whole as a document; its content is not mapped"
    note = problem("informational", file.path, message, rule="convert.kept", severity="information")
    if unread := _unread(file):
        message = f"holds FHIR that is not read: {unread}; kept whole as a document"
        note = problem("structure", file.path, message, rule="convert.kept", severity="warning")
    return Unit(source=file.path, sha256=file.sha256, outcome="kept", resources=resources, problems=(note,))


def _unread(file: File) -> str:
    """Why JSON that is meant as FHIR is not read as that; nothing where it is not meant so."""
    value = loads(file.read()) if file.kind == "json" else None
    if not like_resource(value):
        return ""
    if isinstance(value, list):
        return "a list is no resource: make it a Bundle, or NDJSON"
    return "it must name a resource type of FHIR R4, in resourceType"


def _document(name: str, path: str, file: File) -> Document:
    return Document(
        id=name,
        path=path,
        content_type=file.content_type,
        sha256=file.sha256,
        size=file.size,
        kind="undeclared_document",
    )
