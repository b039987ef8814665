"""Images of an archive by DIMSE: C-FIND finds, C-GET or C-MOVE gives (PS3.4 annex C). The extra `dimse`."""

from pathlib import Path

from adapter.dimse.asking import Image, images_of, text, texts, uid_of
from adapter.dimse.peer import Peer
from adapter.dimse.taking import pieces, received_in, take
from adapter.sources.dicom_folder import read_instance
from adapter.sources.dicomweb import Fetched, Progress
from adapter.transfer.inbox import Expected, Inbox
from adapter.transfer.journal import Journal
from adapter.transfer.wanted import Listed, Wanted, person_of, wanted_of
from adapter.transfer.workers import several
from mappings.dicom.header import Issued
from mappings.problems import Problem, ProblemError, problem

_WANTED = ("PatientID", "IssuerOfPatientID", "AccessionNumber", "NumberOfStudyRelatedInstances", "ModalitiesInStudy",
           "StudyDate", "PatientName", "PatientBirthDate")  # fmt: skip


def find(peer: Peer, wanted: Wanted) -> tuple[tuple[Listed, ...], tuple[Problem, ...]]:
    """The studies that are asked for, as the archive lists them, and what is to be told.

    Raises:
        ProblemError: no answer, or one that cannot be told apart: several patients, an issuer that is not known.
    """
    keys = dict.fromkeys(_WANTED, "")
    keys["PatientID"] = wanted.patient.value if wanted.patient else ""
    keys["AccessionNumber"] = wanted.accession.value if wanted.accession else ""
    rows = [row for uid in wanted.studies or ("",) for row in peer.find("STUDY", {**keys, "StudyInstanceUID": uid})]
    listed = {one.uid: one for one in (_listed(peer, row) for row in rows)}
    return wanted_of(listed.values(), wanted, peer.pacs.patient_system, f"pacs.{peer.name}")


def _listed(peer: Peer, row: object) -> Listed:
    count = text(row, "NumberOfStudyRelatedInstances")
    return Listed(
        uid=uid_of(peer, row, "StudyInstanceUID"),
        patient=Issued(value=text(row, "PatientID"), issuer=text(row, "IssuerOfPatientID")),
        accession=Issued(value=text(row, "AccessionNumber")),
        person=person_of(text(row, "PatientName"), text(row, "PatientBirthDate")),
        instances=int(count) if count.isascii() and count.isdigit() and len(count) < 10 else None,
        modalities=texts(row, "ModalitiesInStudy"),
        date=text(row, "StudyDate"),
    )


def fetch(
    peer: Peer, studies: tuple[Listed, ...], folder: Path, journal: Journal, progress: Progress | None = None
) -> Fetched:
    """Have every instance of the studies in the folder; what is there already, whole, is not fetched again.

    Raises:
        ProblemError: the archive cannot be reached any more (what came is kept), or a file is in the way.
    """
    images = {study.uid: images_of(peer, study.uid) for study in studies}
    expected = [
        Expected(study.uid, one.series, one.uid, study.patient.value, study.person)
        for study in studies
        for one in sorted(images[study.uid].values(), key=lambda one: one.uid)
    ]
    inbox = Inbox(folder, journal, expected, read_instance)
    groups: dict[tuple[str, str], list[Image]] = {}
    for one in expected:
        groups.setdefault((one.study, one.series), []).append(images[one.study][one.uid])
    wanting = [group for _, group in sorted(groups.items()) if any(one.uid not in inbox.have for one in group)]
    at_once = 1 if peer.pacs.retrieve == "move" else peer.pacs.connections  # they would all listen on one port
    try:
        with received_in(folder):
            for _ in several(lambda group: _series(peer, group, inbox, progress), wanting, at_once):
                pass
    finally:
        inbox.close()
    return Fetched(
        studies=len(studies),
        instances=len(inbox.have),
        new=inbox.new,
        size=inbox.size,
        missing=len(inbox.expected) - len(inbox.have),
        problems=tuple(inbox.problems),
    )


def _series(peer: Peer, group: list[Image], inbox: Inbox, progress: Progress | None) -> None:
    """Fetch what is missing of a series: whole where nothing of it is here, else by name."""
    count = iter(range(1 << 60))

    def keep(came: Path) -> bool:
        scratch = inbox.scratch(inbox.expected[group[0].uid], next(count))
        try:
            sha256 = inbox.write(scratch, pieces(came), None)
            kept = sha256 is not None and inbox.take(scratch, sha256) is not None
        finally:
            scratch.unlink(missing_ok=True)
        if progress:
            progress(len(inbox.have), len(inbox.expected))
        return kept

    for attempt in range(peer.pacs.attempts):
        left = [one for one in group if one.uid in inbox.missing]
        if not left:
            return
        try:
            take(peer, left, keep, whole_series=len(left) == len(group))
        except ProblemError as error:
            if error.problems[0].code != "transient" or attempt + 1 == peer.pacs.attempts:
                raise
            peer.wait(attempt)
    for one in group:
        if one.uid in inbox.missing:
            message = "is listed, but the archive does not send it; ask its operator"
            inbox.refuse(one.uid, problem("not-found", f"instance {one.uid}", message, rule="dimse"))
