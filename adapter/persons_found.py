"""Who is spoken of in a heap of foreign files: persons told apart, and what is about each of them alone."""

from collections.abc import Collection

import msgspec

from adapter.sources.persons import Ownership, patient_identity, resolve
from mappings.dicom.study import Found
from mappings.domain.person import Identity, same_identity
from mappings.fhir.carried import Carried, pointers
from mappings.identity import within


class Person(msgspec.Struct, kw_only=True):
    """One person found in the sources: what is said of it, its carried Patients, its images.

    `root` is the source where images say it, if what they say is enough to know the person by only there.
    """

    identity: Identity
    root: str = ""
    patients: list[str] = []
    images: list[Found] = []


def persons_in(known: dict[str, Carried], images: tuple[Found, ...], roots: Collection[str] = ()) -> list[Person]:
    """The persons of the carried Patients and the images; two of one identity are one.

    A number without an issuer and a name alone are one person only below one of the `roots` given.
    """
    persons: list[Person] = []
    for url, item in known.items():
        if item.type == "Patient":
            _at(persons, patient_identity(item.resource), "").patients.append(url)
    for image in images:
        identity = identity_seen(image)
        if identity is not None:
            path = min(image.files.values())
            root = next((name for name in roots if path == name or path.startswith(f"{name}/")), "")
            _at(persons, identity, "" if identity.identifiers or identity.birth_date else root).images.append(image)
    return persons


def _at(persons: list[Person], identity: Identity, root: str) -> Person:
    for person in persons:
        near = bool(identity.birth_date) or (person.root == root and bool(root))
        words = near and _same_words(person.identity, identity)
        if words or same_identity(person.identity, identity):
            return person
    persons.append(Person(identity=identity, root=root, patients=[], images=[]))
    return persons[-1]


def identity_seen(image: Found) -> Identity | None:
    """Whose an image is; None where it does not say, or where its instances disagree."""
    first = image.identity
    named = bool(first.names) and bool(first.identifiers or first.numbers)
    return first if named and not first.unreadable and len(image.identities) == 1 else None


def about_alone(person: Person, known: dict[str, Carried], owners: Ownership, aliases: dict[str, str]) -> set[str]:
    """The fullUrls of everything about this person alone, and of the supporting resources that leads to."""
    own = set(person.patients)
    urls = {url for url in known if owners.about(url) and owners.about(url) <= own}
    queue = list(urls)
    while queue:
        item = known[queue.pop()]
        for _, _, literal in pointers(item.resource):
            target = resolve(item, literal, aliases)
            if target in known and target not in urls and owners.of[target] == "nobody":
                if not _open_to(known[target], own, owners, aliases):
                    continue
                urls.add(target)
                queue.append(target)
    return urls


def _open_to(item: Carried, own: set[str], owners: Ownership, aliases: dict[str, str]) -> bool:
    """Whether a supporting resource is guarded by nobody else (Binary.securityContext)."""
    guards = (resolve(item, literal, aliases) for _, _, literal in pointers(item.resource.get("securityContext")))
    return all(owners.about(url) <= own for url in guards if url in owners.of)


def _same_words(one: Identity, other: Identity) -> bool:
    """Whether two say word for word the same of their person, by a number, a name and a birth date or one source."""
    return bool(one.numbers) and bool(one.names) and one == other


def person_key(person: Person) -> str:
    """What the folder's name is derived from: the first carried Patient, else what the images say."""
    if person.patients:
        return min(person.patients)
    identity = person.identity
    numbers = [within(i.system, i.value) for i in identity.identifiers] + list(identity.numbers)
    words = (*sorted(numbers), *(name.label for name in identity.names), str(identity.birth_date or ""))
    return within(*words, person.root) if person.root else within(*words)
