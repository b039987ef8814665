"""One person a case: things that belong to somebody else stop it, and it is told which."""

import os
from collections.abc import Iterable

from adapter.sources.gather import Gathered, settings_for
from adapter.sources.persons import image_identity, ownership, patient_identity
from mappings.dicom.study import Found
from mappings.domain.case import Case
from mappings.domain.person import Identity, differing, same_person
from mappings.problems import Problem, ProblemError, problem


def check_person(case: Case, found: Gathered) -> None:
    """Raise where a carried Patient or an image is not the case's patient.

    Raises:
        ProblemError: one Problem for each other person, naming the files and which part of the identity differs.
    """
    strangers = [*_patients(case, found), *_images(case, found.studies)]
    if strangers:
        raise ProblemError(strangers)


def _patients(case: Case, found: Gathered) -> Iterable[Problem]:
    owners = ownership(found.carried, dict(found.aliases))
    for carried in found.carried:
        if carried.type != "Patient":
            continue
        identity = patient_identity(carried.resource)
        if not same_person(case.patient, identity):
            urls = {url for url in owners.of if carried.full_url in owners.about(url)}
            yield _stranger(sorted(d.source for d in found.drafts if urls & set(d.names)), case, identity)


def _images(case: Case, images: Iterable[Found]) -> Iterable[Problem]:
    verdicts: dict[Identity, tuple[str, ...] | None] = {}
    for image in images:
        other: dict[tuple[str, ...], list[str]] = {}
        for said in image.identities:
            for path in said.paths:
                chosen = settings_for(path, case.sources)
                identity = image_identity(said.identity, chosen.patient_system if chosen else None)
                if identity not in verdicts:
                    same = same_person(case.patient, identity)
                    verdicts[identity] = None if same else differing(case.patient, identity)
                if (parts := verdicts[identity]) is not None:
                    other.setdefault(parts, []).append(path)
        for unlike, strange in other.items():
            yield _said(sorted(strange), unlike)


def _stranger(files: list[str], case: Case, identity: Identity) -> Problem:
    return _said(files, differing(case.patient, identity))


_HELP = {
    "issuer": "the number comes without its issuer: say under `sources` (`patient_system`) who issues it there",
    "number": "the number (or its issuer) is another",
    "name": "the name is another",
    "birth date": "the birth date is another",
    "unreadable number": "an identifier is there, in a shape that cannot be read: mend it at its source",
    "unreadable name": "a name is there, in a shape that cannot be read: mend it at its source",
    "unreadable birth date": "a birth date is there that cannot be read (repeated, or no date): mend it at its source",
    "evidence": "there is neither a name nor a birth date beside the number",
}


def _said(files: list[str], parts: tuple[str, ...]) -> Problem:
    what = "; ".join(_HELP[part] for part in parts)
    message = (
        f"cannot be shown to belong to the case's patient ({what}); take out what belongs to somebody else, or say "
        "under `patient.known_as` in case.json under which number, name and birth date this source knows the patient"
    )
    return problem("conflict", _several(files), message, rule="case.person")


NAMED = 3
"""So many files are named of one person; the others are counted."""


def _several(files: list[str]) -> str:
    """The first files, how many more there are, and the folder that holds them all."""
    if len(files) <= NAMED:
        return ", ".join(files)
    shared = os.path.commonpath([file.rpartition("/")[0] for file in files])
    below = f" below {shared}/" if shared else ""
    return f"{', '.join(files[:NAMED])} and {len(files) - NAMED} more{below}"
