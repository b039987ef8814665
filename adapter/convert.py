"""Foreign files to FHIR inside the holder's own walls: a use (45 CFR 164.506(c)(1)), never a disclosure.

One Bundle a person. What names nobody goes to `unassigned`; what is about two persons does too. Local paths only.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.account import Account, Outcome, Unit, account, alike
from adapter.claims import claim
from adapter.closing import inside
from adapter.consent.policy import Policy
from adapter.converted_files import Documents
from adapter.converted_images import Made, gender_of, images_as_fhir
from adapter.holding import Draft, File
from adapter.own_use import Usable, usable
from adapter.persons_found import Person, about_alone, identity_seen, person_key, persons_in
from adapter.sources.files import printable
from adapter.sources.gather import Gathered, by_file, gather_several
from adapter.sources.persons import ownership
from adapter.validation import validate_bundle
from mappings.domain.party import PATIENT, Patient
from mappings.domain.values import Identifier
from mappings.fhir import patient as patient_mapper
from mappings.fhir.bundle import collection
from mappings.fhir.context import URN, Writing
from mappings.fhir.wire import Json
from mappings.identity import DICOM_UID, ISSUER_NOT_STATED, resource_id, sid
from mappings.problems import Problem, ProblemError

UNASSIGNED = "unassigned"


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """Bundles by patient key (`unassigned` among them), the files that travel beside them, and the account."""

    bundles: dict[str, Json]
    files: dict[str, dict[str, File]]
    account: Account


def convert(
    paths: Iterable[Path],
    namespace: UUID,
    today: dt.date,
    tried: Collection[str] = frozenset(),
    policies: tuple[Policy, ...] | None = None,
    own_use: str = "conversion",
) -> Converted:
    """Convert files and folders; `tried` are the families of profiles that what we make of them may claim.

    `policies` are the deployment's, `own_use` says for which use of the holder's own it is (see `adapter.own_use`).

    Raises:
        ProblemError: what we made of them is not valid FHIR.
    """
    roots = named_roots(paths)
    allowed = usable(gather_several(roots, namespace), today, policies, own_use)
    return _Conversion(allowed, namespace, tuple(roots), tried).run()


def convert_gathered(
    found: Gathered,
    root: str,
    namespace: UUID,
    today: dt.date,
    tried: Collection[str] = frozenset(),
    policies: tuple[Policy, ...] | None = None,
    own_use: str = "conversion",
) -> Converted:
    """The same for what comes from no folder; the names of its units begin with `root`."""
    return _Conversion(usable(found, today, policies, own_use), namespace, (root,), tried).run()


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


class _Conversion:
    def __init__(
        self,
        allowed: Usable,
        namespace: UUID,
        roots: tuple[str, ...],
        tried: Collection[str],
    ) -> None:
        found = allowed.found
        self.roots, self.tried, self.allowed = roots, tried, allowed
        self.found, self.images, self.namespace = found, found.studies, namespace
        self.known = {item.full_url: item for item in found.carried}
        self.owners = ownership(found.carried, dict(found.aliases))
        self.files = {file.path: file for file in found.images}
        self.images_made: list[Made] = []
        self.documents = Documents(found.opaque, namespace)

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
            made = self._imaging(person)
            self.images_made.append(made)
            bundles[key] = self._bundle(key, [*made.entries, *self._carried(urls)], problems, said)
            files |= {key: made.beside} if made.beside else {}
        rest = set(self.known) - used
        documents, beside = self.documents.entries()
        made = self._imaging(None)
        self.images_made.append(made)
        loose = [*made.entries, *documents, *self._carried(rest)]
        if loose:
            bundles[UNASSIGNED] = self._bundle(UNASSIGNED, loose, problems, said)
            files[UNASSIGNED] = made.beside | beside
        return Converted(bundles=bundles, files=files, account=self._account(said, problems))

    # --- entries

    def _carried(self, urls: Iterable[str]) -> Iterator[tuple[str, Json]]:
        return ((url, self.known[url].resource) for url in sorted(urls))

    def _imaging(self, person: Person | None) -> Made:
        if person is None:
            loose = (image for image in self.images if identity_seen(image) is None)
            return images_as_fhir(loose, self.files, self.namespace, None, self.found.endpoints)
        patient, entries = self._patient(person), []
        url = person.patients[0] if person.patients else None
        if person.images and patient is not None and url is None:
            url = URN + resource_id(self.namespace, sid("person"), person_key(person))
            entries.append((url, patient_mapper.to_fhir(patient, Writing({PATIENT: url}))))
        known = (url, person_key(person)) if url else None
        made = images_as_fhir(person.images, self.files, self.namespace, known, self.found.endpoints)
        made.entries = [*entries, *made.entries]
        return made

    def _patient(self, person: Person) -> Patient | None:
        identity = person.identity
        try:
            bare = tuple(Identifier(system=ISSUER_NOT_STATED, value=number) for number in identity.numbers)
            numbers = (*identity.identifiers, *bare)
            return Patient(
                identifiers=numbers,
                names=identity.names,
                birth_date=identity.birth_date,
                gender=gender_of(person.images),
            )
        except ValueError:
            return None

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
        study_of = {path: image.study.uid for image in self.images for path in image.files.values()}
        about = by_file((*self.found.image_problems, *(p for made in self.images_made for p in made.problems)))
        more = {path: urls for made in self.images_made for path, urls in made.urls.items()}
        study_urls = {uid: URN + resource_id(self.namespace, DICOM_UID, uid) for uid in set(study_of.values())}
        resources = {uid: tuple(said.get(url, ())) for uid, url in study_urls.items()}  # shared by thousands of units
        for file in self.found.images:
            uid = study_of.get(file.path)
            named = resources[uid] if uid else ()
            if uid and file.path in more:
                named = (*named, *(name for url in more[file.path] for name in said.get(url, ())))
            kept = self.allowed.image_kept(file.path)
            outcome: Outcome = "mapped" if uid else "withheld" if kept else "refused"
            notes = (*about.get(file.path, ()), *kept)
            units.append(Unit(source=file.path, sha256=file.sha256, outcome=outcome, resources=named, problems=notes))
        units += self.documents.units(said)
        units += self.allowed.files_kept()
        return account(units)

    def _unit(self, draft: Draft, said: dict[str, list[str]], problems: dict[str, list[Problem]]) -> Unit:
        resources = tuple(name for url in draft.names for name in said.get(url, ()))
        notes = (*draft.problems, *(p for url in draft.names for p in problems.get(url, ())))
        outcome: Outcome = "refused" if draft.refused else "mapped"
        unit = Unit(source=draft.source, sha256=draft.sha256, outcome=outcome, resources=resources, problems=notes)
        return self.allowed.withheld(unit, draft)
