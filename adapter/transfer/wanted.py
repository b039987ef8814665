"""Which studies are asked for, and which of those that an archive lists are them. Nothing is taken on its word.

An archive leaves out a key that it does not know and then lists whatever it has; one that follows wildcards lists more
than was meant. What is not exactly what was asked for is not taken, and that is told.
"""

import re
from collections.abc import Iterable

import msgspec

from mappings.dicom.header import Issued, dicom_date, person_name
from mappings.domain.material import check_uid
from mappings.domain.person import Identity, unlike
from mappings.problems import Problem, problem, refuse

_RULE = "fetch.asked"
_WILD = re.compile(r"[*?\\\x00-\x1f\x7f]")


class Number(msgspec.Struct, frozen=True):
    """A number and whose it is (a URI); None where that was not said."""

    value: str
    system: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: at least one of the three, all of those that are given.

    Raises:
        ProblemError: nothing is asked for, a number holds a wildcard or is too long, or a UID is none.
    """

    patient: Number | None = None
    accession: Number | None = None
    studies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.patient or self.accession or self.studies):
            raise refuse("required", "fetch", "needs a patient, an accession number or a study to ask for", rule=_RULE)
        for what, number in (("--patient", self.patient), ("--accession", self.accession)):
            if number and (_WILD.search(number.value) or not 0 < len(number.value) <= 64):
                message = "must be a number as it stands in the archive: 1 to 64 characters, none of * ? \\"
                raise refuse("value", what, message, rule=_RULE)
        for uid in self.studies:
            try:
                check_uid(uid, "it")
            except ValueError:
                raise refuse("value", "--study", "is no DICOM UID", rule="PS3.5 9") from None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A study as an archive lists it.

    `instances` is how many it says the study has; `modalities` and `date` are for a person to choose by. `person` is
    what it says of the patient beside the number, as far as that can be compared (see `comparable`).
    """

    uid: str
    patient: Issued
    accession: Issued
    person: Identity = Identity()
    instances: int | None = None
    modalities: tuple[str, ...] = ()
    date: str = ""


def wanted_of(
    listed: Iterable[Listed], wanted: Wanted, patient_system: str, where: str
) -> tuple[tuple[Listed, ...], tuple[Problem, ...]]:
    """Those that are what was asked for, sorted by UID, and what is to be told.

    Args:
        listed: what the archive lists.
        wanted: what was asked for.
        patient_system: whose patient numbers it holds where it names no issuer; empty where that is not known.
        where: the archive, for Problems.

    Raises:
        ProblemError: they are of several patients, or nobody knows whose a number is.
    """
    rows = sorted(listed, key=lambda one: one.uid)
    fitting = [one for one in rows if _fits(one, wanted, patient_system)]
    numbers = {(one.patient.value, _system(one, patient_system)) for one in fitting}
    if len(numbers) > 1 or any(unlike(fitting[0].person, one.person) for one in fitting):
        message = "lists studies of several patients for this; name the patient with the issuer: SYSTEM|NUMBER"
        raise refuse("multiple-matches", where, message, rule=_RULE)
    unknown = next((one for one in rows if one not in fitting and _issuer_unknown(one, wanted, patient_system)), None)
    if unknown is not None:
        message = (
            "does not say who issued its patient numbers; set `patient_system` for it, or ask without the issuer and "
            "compare the person"
        )
        raise refuse("incomplete", where, message, rule=_RULE)
    notes: list[Problem] = []
    if len(fitting) < len(rows):
        number = len(rows) - len(fitting)
        message = f"lists {number} studies that were not asked for; they are left there"
        notes.append(problem("informational", where, message, rule=_RULE, severity="warning"))
    if missing := set(wanted.studies) - {one.uid for one in fitting}:
        message = f"lacks {len(missing)} of the studies asked for (or has them under another number); check the UIDs"
        notes.append(problem("not-found", where, message, rule=_RULE))
    elif not fitting:
        message = "lists nothing for this; check the number, its issuer, and that the archive has it"
        notes.append(problem("not-found", where, message, rule=_RULE))
    return tuple(fitting), tuple(notes)


def _system(one: Listed, patient_system: str) -> str:
    return one.patient.system or patient_system


def _fits(one: Listed, wanted: Wanted, patient_system: str) -> bool:
    patient, accession = wanted.patient, wanted.accession
    if wanted.studies and one.uid not in wanted.studies:
        return False
    if patient and patient.value != one.patient.value:
        return False
    if patient and patient.system and patient.system != _system(one, patient_system):
        return False
    if accession is None:
        return True
    issuer = one.accession.system
    return accession.value == one.accession.value and (not accession.system or issuer in (None, accession.system))


def _issuer_unknown(one: Listed, wanted: Wanted, patient_system: str) -> bool:
    """Whether all that keeps a study from being the one is that nobody says who issued its patient's number."""
    if not (wanted.patient and wanted.patient.system) or _system(one, patient_system):
        return False
    return _fits(one, msgspec.structs.replace(wanted, patient=Number(wanted.patient.value)), patient_system)


def comparable(identity: Identity) -> Identity:
    """The birth date and the names in plain letters: archives lose other characters where they list."""
    plain = tuple(name for name in identity.names if name.label.isascii() and "?" not in name.label)
    return Identity(names=plain, birth_date=identity.birth_date)


def person_of(name: str, birth_date: str) -> Identity:
    """A patient as listed: the name (PN, PS3.5 6.2) and birth date (DA)."""
    found = person_name(name.partition("=")[0])
    return comparable(Identity(names=(found,) if found else (), birth_date=dicom_date(birth_date)))


def number_from(text: str) -> Number:
    """`SYSTEM|NUMBER` or `NUMBER`, as a person writes it."""
    system, bar, value = text.strip().rpartition("|")
    return Number(value.strip(), system.strip() or None) if bar else Number(text.strip())


__all__ = ["Listed", "Number", "Wanted", "comparable", "number_from", "person_of", "wanted_of"]
