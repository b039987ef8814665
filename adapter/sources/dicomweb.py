"""Images of an archive by DICOMweb: QIDO-RS finds, WADO-RS gives (PS3.18 10.6, 10.4). What is fetched lies on disk."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from adapter.dicomweb.client import RULE, Client
from adapter.dicomweb.listing import ACCESSION, ISSUER, PATIENT_ID, STUDY, Row, instances_of, rows
from adapter.sources.dicom_folder import read_instance
from adapter.transfer.inbox import Expected, Inbox
from adapter.transfer.journal import Journal
from adapter.transfer.wanted import Listed, Wanted, person_of, wanted_of
from adapter.transfer.workers import several
from mappings.dicom.header import Issued
from mappings.problems import Problem, ProblemError, problem, refuse

ANY_INSTANCE = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""Instances as the archive has them: nothing is to be encoded anew on the way."""
_QUALIFIERS, _ACCESSION_ISSUER = "00100024", "00080051"
_LOCAL, _UNIVERSAL, _UNIVERSAL_TYPE = "00400031", "00400032", "00400033"
_MODALITIES, _COUNT, _DATE = "00080061", "00201208", "00080020"
_NAME, _BORN = "00100010", "00100030"

_OF_ONE = ("not-found", "not-supported", "processing")
"""What a server says of one instance; anything else it would say of all."""

Progress = Callable[[int, int], None]
"""Told how many instances of how many are here."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a fetch: instances here (of those that were there before: the rest of `new`), their bytes."""

    studies: int
    instances: int
    new: int
    size: int
    missing: int
    problems: tuple[Problem, ...]


def find(client: Client, wanted: Wanted) -> tuple[tuple[Listed, ...], tuple[Problem, ...]]:
    """The studies that are asked for, as the archive lists them, and what is to be told.

    Raises:
        ProblemError: no answer, or one that cannot be told apart: several patients, an issuer that is not known.
    """
    extra = (ISSUER, _QUALIFIERS, ACCESSION, _ACCESSION_ISSUER, _COUNT, _MODALITIES, _NAME, _BORN)
    query = [("includefield", tag) for tag in extra]
    if wanted.patient:
        query.append(("PatientID", wanted.patient.value))
    if wanted.accession:
        query.append(("AccessionNumber", wanted.accession.value))
    searches = [[*query, ("StudyInstanceUID", uid)] for uid in wanted.studies] or [query]
    listed = {
        one.uid: one
        for search in searches
        for one in map(_listed, rows(client, ("studies",), search, "search for studies", STUDY))
    }
    return wanted_of(listed.values(), wanted, client.pacs.patient_system, f"pacs.{client.name}")


def _listed(row: Row) -> Listed:
    count = row.text(_COUNT)
    return Listed(
        uid=row.text(STUDY),
        patient=_issued(row, row.text(PATIENT_ID), row.text(ISSUER), _QUALIFIERS),
        accession=_issued(row, row.text(ACCESSION), "", _ACCESSION_ISSUER),
        person=person_of(row.name(_NAME), row.text(_BORN)),
        instances=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None,
        modalities=row.texts(_MODALITIES),
        date=row.text(_DATE),
    )


def _issued(row: Row, value: str, issuer: str, sequence: str) -> Issued:
    item = next(iter(row.items(sequence)), Row({}))
    return Issued(
        value=value,
        issuer=issuer or item.text(_LOCAL),
        universal=item.text(_UNIVERSAL),
        universal_type=item.text(_UNIVERSAL_TYPE),
    )


def fetch(
    client: Client, studies: tuple[Listed, ...], folder: Path, journal: Journal, progress: Progress | None = None
) -> Fetched:
    """Have every instance of the studies in the folder; what is there already, whole, is not fetched again.

    Raises:
        ProblemError: the archive cannot be reached any more (what came is kept), or a file is in the way.
    """
    expected = [
        Expected(study.uid, series, uid, study.patient.value, study.person)
        for study in studies
        for uid, series in sorted(instances_of(client, study.uid).items())
    ]
    inbox = Inbox(folder, journal, expected, read_instance)
    groups: dict[tuple[str, str], list[Expected]] = {}
    for one in expected:
        groups.setdefault((one.study, one.series), []).append(one)
    work = [lot for _, group in sorted(groups.items()) for lot in _lots(group, inbox, client.pacs.connections)]
    try:
        for _ in several(lambda lot: _series(client, lot, inbox, progress), work, client.pacs.connections):
            pass
    finally:
        inbox.close()
    missing = len(inbox.expected) - len(inbox.have)
    return Fetched(
        studies=len(studies),
        instances=len(inbox.have),
        new=inbox.new,
        size=inbox.size,
        missing=missing,
        problems=(*_short(client, studies, expected), *inbox.problems),
    )


def _short(client: Client, studies: tuple[Listed, ...], expected: list[Expected]) -> list[Problem]:
    """Studies of which the archive lists another number of instances than it says they have."""
    notes = []
    for study in studies:
        found = sum(one.study == study.uid for one in expected)
        if study.instances is not None and found != study.instances:
            message = f"says {study.instances} instances of a study and lists {found}; ask its operator which is right"
            notes.append(problem("conflict", f"pacs.{client.name}", message, rule=RULE, severity="warning"))
    return notes


def _lots(group: list[Expected], inbox: Inbox, at_once: int) -> list[tuple[list[Expected], bool]]:
    """What one thread does of a series at a time: all of it in one request, or some of what is left of it."""
    left = [one for one in group if one.uid not in inbox.have]
    if len(left) == len(group) > 1:
        return [(group, True)]
    return [(lot, False) for number in range(at_once) if (lot := left[number::at_once])]


def _series(client: Client, lot: tuple[list[Expected], bool], inbox: Inbox, progress: Progress | None) -> None:
    """Fetch what is missing of a series: whole at first, then one by one."""
    group, whole = lot

    def told() -> None:
        if progress:
            progress(len(inbox.have), len(inbox.expected))

    def attempt() -> None:
        left = [one for one in group if one.uid in inbox.missing]
        if whole and len(left) == len(group):
            _take(client, ("studies", group[0].study, "series", group[0].series), group[0], inbox, told)
            left = [one for one in left if one.uid in inbox.missing]
        for one in left:
            path = ("studies", one.study, "series", one.series, "instances", one.uid)
            try:
                _take(client, path, one, inbox, told)
            except ProblemError as error:
                if error.problems[0].code not in _OF_ONE:
                    raise
                inbox.refuse(one.uid, error.problems[0])
            if one.uid in inbox.missing:
                message = "is listed, but is not what the archive sends for it; ask its operator"
                inbox.refuse(one.uid, problem("not-found", f"instance {one.uid}", message, rule=RULE))

    client.tried(attempt)


def _take(client: Client, path: tuple[str, ...], series: Expected, inbox: Inbox, told: Callable[[], None]) -> None:
    with client.opened(path, ANY_INSTANCE, "retrieval") as answer:
        for number, part in enumerate(client.parts(answer, "retrieval")):
            if number > 2 * len(inbox.expected) + 10:
                message = "sends more instances than it lists, without an end; ask its operator"
                raise refuse("too-costly", f"pacs.{client.name} retrieval", message, rule=RULE)
            scratch = inbox.scratch(series, number)
            try:
                sha256 = inbox.write(scratch, part.chunks, part.length)
                if sha256 is None:
                    raise client.passing("transient", "sent an instance that is cut off; try again", "retrieval")
                inbox.take(scratch, sha256)
            finally:
                scratch.unlink(missing_ok=True)
            told()
