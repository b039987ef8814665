"""Foreign files to FHIR inside the holder's own walls: a use (45 CFR 164.506(c)(1)), never a disclosure.

One Bundle a person. What names nobody goes to `unassigned`; what is about two persons does too. Local paths only.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import msgspec

from adapter.account import Account, Outcome, Unit, account
from adapter.consent.facts import holder_use
from adapter.consent.gate import use
from adapter.consent.law import material
from adapter.consent.policy import policy_for
from adapter.consent.release import HolderUse
from adapter.holding import Draft, File
from adapter.persons_found import Person, about_alone, identity_seen, person_key, persons_in
from adapter.sources.gather import Gathered, gather
from adapter.sources.persons import ownership
from adapter.validation import validate_bundle
from mappings.dicom.study import Found, studies
from mappings.domain.material import Document
from mappings.domain.party import PATIENT, Patient
from mappings.domain.values import Identifier
from mappings.fhir import binary, document_reference, imaging_study
from mappings.fhir import patient as patient_mapper
from mappings.fhir.bundle import collection
from mappings.fhir.carried import Carried
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID, ISSUER_NOT_STATED, resource_id, sid
from mappings.problems import Problem, ProblemError, problem

UNASSIGNED = "unassigned"
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """Bundles by patient key (`unassigned` among them), the files that travel beside them, and the account."""

    bundles: dict[str, Json]
    files: dict[str, dict[str, File]]
    account: Account


def convert(paths: Iterable[Path], namespace: UUID, today: dt.date) -> Converted:
    """Convert files and folders.

    Raises:
        ProblemError: what we made of them is not valid FHIR.
    """
    gathered = [_prefixed(gather(path, namespace, path.name, exports_apart=False), path) for path in paths]
    found = Gathered(
        carried=_unique(item for one in gathered for item in one.carried),
        aliases={url: target for one in gathered for url, target in one.aliases.items()},
        images=tuple(image for one in gathered for image in one.images),
        opaque=tuple(file for one in gathered for file in one.opaque),
        drafts=tuple(draft for one in gathered for draft in one.drafts),
    )
    images, notes = studies(((file.path, header) for file, header in found.images), zones={})
    permitted = _permitted(found, images, today)
    return _Conversion(found, images, notes, namespace, permitted).run()


def _prefixed(found: Gathered, root: Path) -> Gathered:
    """Units named by what was given: a folder's name before the path below it."""
    if root.is_file():
        return found

    def named(path: str) -> str:
        return f"{root.name}/{path}"

    def located(one: Problem) -> Problem:
        return msgspec.structs.replace(one, where=named(one.where))

    return Gathered(
        carried=tuple(msgspec.structs.replace(c, unit=named(c.unit)) for c in found.carried),
        aliases=found.aliases,
        images=tuple((msgspec.structs.replace(f, path=named(f.path)), h) for f, h in found.images),
        opaque=tuple(msgspec.structs.replace(f, path=named(f.path)) for f in found.opaque),
        drafts=tuple(
            msgspec.structs.replace(d, source=named(d.source), problems=tuple(map(located, d.problems)))
            for d in found.drafts
        ),
    )


def _unique(carried: Iterable[Carried]) -> tuple[Carried, ...]:
    return tuple({item.full_url: item for item in carried}.values())


def _permitted(found: Gathered, images: Iterable[Found], today: dt.date) -> HolderUse:
    names = [item.full_url for item in found.carried] + [image.study.id for image in images]
    names += [f"file {number}" for number, _ in enumerate(found.opaque)]
    facts = holder_use(tuple(material(name, "clinical_record") for name in dict.fromkeys(names)))
    return use(facts, policy_for(today))


class _Conversion:
    def __init__(
        self,
        found: Gathered,
        images: tuple[Found, ...],
        notes: tuple[Problem, ...],
        namespace: UUID,
        permitted: HolderUse,
    ) -> None:
        self.found, self.images, self.notes, self.namespace, self.permitted = found, images, notes, namespace, permitted
        self.known = {item.full_url: item for item in found.carried if item.full_url in permitted.items}
        self.owners = ownership(found.carried, dict(found.aliases))
        self.headers = {file.path: header for file, header in found.images}

    def run(self) -> Converted:
        persons = persons_in(self.known, self.images, self.headers)
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
        images = (
            person.images if person else [image for image in self.images if identity_seen(image, self.headers) is None]
        )
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
        bundle = collection(entries, Writing({}), identity, None)
        urls = [url for url, _ in entries]
        ours: list[Problem] = []
        for found in validate_bundle(bundle):
            number = found.where.removeprefix("Bundle.entry[").partition("]")[0]
            url = urls[int(number)] if found.where.startswith("Bundle.entry[") and number.isdigit() else ""
            if url in self.known:
                problems.setdefault(url, []).append(found)
            elif found.stops:
                ours.append(found)
        if ours:
            raise ProblemError(ours)
        for url, resource in entries:
            said.setdefault(url, []).append(f"{resource['resourceType']}/{resource.get('id', '')}")
        return bundle

    def _account(self, said: dict[str, list[str]], problems: dict[str, list[Problem]]) -> Account:
        units = [self._unit(draft, said, problems) for draft in self.found.drafts]
        by_path = {path: image for image in self.images for path in image.files.values()}
        for file, _ in self.found.images:
            notes = tuple(note for note in self.notes if note.where.split(" ")[0] == file.path)
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
    what = {"ccda": "C-CDA", "hl7v2": "HL7 v2", "fhir-xml": "FHIR XML"}.get(file.kind, file.content_type)
    message = f"is {what}, kept whole as a document; its content is not mapped"
    note = problem("informational", file.path, message, rule="convert.kept", severity="information")
    return Unit(source=file.path, sha256=file.sha256, outcome="kept", resources=resources, problems=(note,))


def _document(name: str, path: str, file: File) -> Document:
    return Document(
        id=name,
        path=path,
        content_type=file.content_type,
        sha256=file.sha256,
        size=file.size,
        kind="undeclared_document",
    )
