"""WADO-RS metadata (PS3.18 10.4.1.1.2): what the images of an archive are, without fetching them.

Names come from here, never from a search: servers answer searches in other character sets than the images have.
"""

import hashlib
from collections.abc import Iterator

import msgspec

from adapter.dicomweb.client import RULE, Client
from adapter.dicomweb.listing import instances_of
from adapter.holding import Draft, File
from adapter.sources.gather import Gathered
from adapter.transfer.wanted import Listed
from mappings.dicom.header import Header
from mappings.dicom.json_metadata import header
from mappings.dicom.study import Found, studies
from mappings.domain.material import Endpoint
from mappings.fhir.wire import dumps
from mappings.problems import Problem, problem, refuse

_WHAT = "metadata"


def gather_metadata(client: Client, listed: tuple[Listed, ...]) -> Gathered:
    """What the studies are, by their metadata; each names the archive as its endpoint.

    Raises:
        ProblemError: no answer, or one that is no metadata.
    """
    endpoint = Endpoint(id=f"endpoint-{client.name}", address=client.root, connection="dicom-wado-rs", name=client.name)
    files: list[File] = []
    headers: list[tuple[str, Header]] = []
    drafts: list[Draft] = []
    for study in listed:
        for name, found, digest in _metadata(client, study):
            if (found.study_uid, found.patient_id.value if found.patient_id else "") != (
                study.uid,
                study.patient.value,
            ):
                message = "names its study or patient otherwise than the archive lists it; it is not taken"
                note = problem("conflict", name, message, rule=RULE)
                drafts.append(Draft(source=name, sha256=digest, refused=True, problems=(note,)))
                continue
            headers.append((name, found))
            files.append(_file(name, digest))
    made, notes = studies(headers)
    return Gathered(
        images=tuple(files),
        studies=tuple(_at(endpoint, each) for each in made),
        image_problems=notes,
        endpoints=(endpoint,),
        drafts=(*drafts, *_missing(client, listed, headers)),
    )


def _metadata(client: Client, study: Listed) -> Iterator[tuple[str, Header, str]]:
    """Name, header and digest of each instance, series by series."""
    for series in sorted(set(instances_of(client, study.uid).values())):
        rows = client.get_json(("studies", study.uid, "series", series, "metadata"), [], _WHAT)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = "answers with no list of data sets"
            raise refuse("structure", f"pacs.{client.name} {_WHAT}", message, rule=RULE)
        for row in rows:
            found = header(row)
            name = f"{client.name}/studies/{study.uid}/series/{series}/instances/{found.instance_uid or 'unknown'}"
            yield name, found, hashlib.sha256(dumps(row)).hexdigest()


def _at(endpoint: Endpoint, found: Found) -> Found:
    """The study with where it can be fetched; what its instances enclose is not here."""
    study = msgspec.structs.replace(found.study, endpoints=(endpoint.id,))
    return msgspec.structs.replace(found, study=study, enclosed=())


def _missing(client: Client, listed: tuple[Listed, ...], headers: list[tuple[str, Header]]) -> Iterator[Draft]:
    """A unit for each study of which the archive lists instances whose metadata did not come."""
    for study in listed:
        here = sum(found.study_uid == study.uid for _, found in headers)
        if study.instances is not None and here < study.instances:
            name = f"{client.name}/studies/{study.uid}"
            message = f"has {study.instances} instances by the archive, and metadata of {here}"
            note: Problem = problem("incomplete", name, message, rule=RULE)
            yield Draft(source=name, sha256="", refused=True, problems=(note,))


def _file(name: str, digest: str) -> File:
    """A unit that is no file here: its digest is of its metadata."""
    return File(
        path=name,
        folder="",
        digest=bytes.fromhex(digest),
        sha1=b"",
        size=0,
        kind="dicom",
        content_type="application/dicom",
    )
