"""Whether two records speak of one person: number with its issuer plus name and birth date, never a number alone."""

import unicodedata

from mappings.domain.party import KnownAs, Patient
from mappings.domain.values import Fact, Identifier, PartialDate, PersonName


class Identity(Fact, frozen=True, kw_only=True):
    """What a source says of a person. A number without an issuer stands in `numbers`.

    `unreadable` names the parts that are there and cannot be read: they agree with nobody.
    """

    identifiers: tuple[Identifier, ...] = ()
    numbers: tuple[str, ...] = ()
    names: tuple[PersonName, ...] = ()
    birth_date: PartialDate | None = None
    unreadable: tuple[str, ...] = ()


def identity_of(patient: Patient) -> Identity:
    """The identity in a patient's record."""
    return Identity(identifiers=patient.identifiers, names=patient.names, birth_date=patient.birth_date)


def same_person(patient: Patient, other: Identity) -> bool:
    """Whether `other` is the case's patient, by the patient's own data or by one entry of `known_as`."""
    own = _agree(patient.identifiers, patient.names, patient.birth_date, other)
    return own or any(matches(entry, patient, other) for entry in patient.known_as)


def matches(entry: KnownAs, patient: Patient, other: Identity) -> bool:
    """Whether the source knows the patient as this entry says: everything the entry states must be found there.

    Here a number that came without an issuer counts, because the case says so, but never alone: beside it stands the
    name (the patient's own where the entry has none) or the birth date. A name without a number needs the birth date,
    and no other number of an issuer the patient has.
    """
    born = entry.birth_date or patient.birth_date
    if other.unreadable or _contradict(born, other.birth_date):
        return False
    if not _named(entry.names or patient.names, other.names) and (entry.names or other.names):
        return False
    dated = born is not None and other.birth_date is not None
    if entry.identifiers:
        found = _shared(entry.identifiers, other.identifiers) or _bare(entry.identifiers, other)
        return found and (bool(other.names) or dated)
    return dated and not _other_number(patient.identifiers, other)


def differing(patient: Patient, other: Identity) -> tuple[str, ...]:
    """Which parts keep the two apart: `issuer`, `number`, `name`, `birth date`, `evidence`; never a value.

    A part that is there and cannot be read is `unreadable number`, `unreadable name`, `unreadable birth date`.
    """
    if other.unreadable:
        return tuple(f"unreadable {part}" for part in other.unreadable)
    found: list[str] = []
    if not _shared(patient.identifiers, other.identifiers):
        found.append("issuer" if _bare(patient.identifiers, other) else "number")
    if patient.names and other.names and not _named(patient.names, other.names):
        found.append("name")
    if _contradict(patient.birth_date, other.birth_date):
        found.append("birth date")
    return tuple(found) or ("evidence",)


def contradicts(patient: Patient, other: Identity) -> bool:
    """Whether `other` says what cannot be the case's patient: another name, birth date, or number of one issuer.

    What it leaves open contradicts nothing; one entry of `known_as` that fits settles it.
    """
    if same_person(patient, other):
        return False
    names = (*patient.names, *(name for entry in patient.known_as for name in entry.names))
    numbers = (*patient.identifiers, *(number for entry in patient.known_as for number in entry.identifiers))
    return (
        bool(other.unreadable)
        or bool(names and other.names and not _named(names, other.names))
        or _contradict(patient.birth_date, other.birth_date)
        or _other_number(numbers, other)
    )


def unlike(one: Identity, other: Identity) -> tuple[str, ...]:
    """What two sources say that cannot be of one person: `name`, `birth date`. What one of them leaves open is not."""
    named = bool(one.names and other.names) and not _named(one.names, other.names)
    return ("name",) * named + ("birth date",) * _contradict(one.birth_date, other.birth_date)


def same_identity(one: Identity, other: Identity) -> bool:
    """Whether two sources speak of one person, by the same rule."""
    return not one.unreadable and _agree(one.identifiers, one.names, one.birth_date, other)


def _agree(
    identifiers: tuple[Identifier, ...], names: tuple[PersonName, ...], born: PartialDate | None, other: Identity
) -> bool:
    if other.unreadable or not _shared(identifiers, other.identifiers) or _contradict(born, other.birth_date):
        return False
    if names and other.names:
        return _named(names, other.names)
    return born is not None and other.birth_date is not None


def _shared(ours: tuple[Identifier, ...], theirs: tuple[Identifier, ...]) -> bool:
    return bool({(i.system, i.value) for i in ours} & {(i.system, i.value) for i in theirs})


def _other_number(ours: tuple[Identifier, ...], other: Identity) -> bool:
    """Whether one issuer of ours gave the other a number, and none of them is ours."""
    issuers = {number.system for number in ours} & {number.system for number in other.identifiers}
    return bool(issuers) and not _shared(ours, other.identifiers)


def _bare(ours: tuple[Identifier, ...], other: Identity) -> bool:
    return bool({i.value for i in ours} & set(other.numbers))


def _contradict(one: PartialDate | None, other: PartialDate | None) -> bool:
    if one is None or other is None:
        return False
    common = min(len(one), len(other))
    return one[:common] != other[:common]


def _named(ours: tuple[PersonName, ...], theirs: tuple[PersonName, ...]) -> bool:
    return any(_same_name(one, other) for one in ours for other in theirs)


def _same_name(one: PersonName, other: PersonName) -> bool:
    """Same family name and same first given name; where a name came in one piece, the same words."""
    if one.family and other.family:
        first = (_fold(one.given[0]) if one.given else "", _fold(other.given[0]) if other.given else "")
        return _fold(one.family) == _fold(other.family) and (first[0] == first[1] or "" in first)
    return sorted(_fold(one.label).split()) == sorted(_fold(other.label).split())


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
