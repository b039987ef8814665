"""The case bundle: a tree of files that a FHIR system, a DICOM viewer and a person can each open.

Its manifest lists every file; it is sealed where a key is configured, that is, the manifest is signed.

bundle.json  manifest.json  manifest.jws  index.html  case.json  documents/  DICOMDIR  DICOM/  README.txt
"""

import datetime as dt
from pathlib import Path

from adapter.claims import claim, claimed, families
from adapter.config import Settings
from adapter.consent.notices import PART2_STATEMENT
from adapter.consent.release import Release
from adapter.custody.policy import policy_for
from adapter.custody.releases import going
from adapter.delivery.dicom_media import write_media
from adapter.delivery.manifest import (
    MANIFEST,
    SIGNATURE,
    Basis,
    Manifest,
    describe,
    encode,
    private_key,
    sign,
    versions,
)
from adapter.delivery.tree import check_target, writing
from adapter.holding import File
from adapter.viewer.page import render
from mappings.domain.native import encode_case
from mappings.fhir.binary import embedded
from mappings.fhir.bundle import Assembly, assemble
from mappings.fhir.wire import Json, pretty
from mappings.identity import file_set_uid
from mappings.problems import Problem, refuse

BUNDLE = "bundle.json"
CASE = "case.json"
PAGE = "index.html"
README = "README.txt"
PART2 = "PART2-STATEMENT.txt"
"""Accompanies every disclosure under a Part 2 consent (42 CFR 2.32(a)); the Consent in the Bundle tells its scope."""

README_TEXT = """\
SECOND OPINION CASE BUNDLE

index.html      the case for a person; opens in any browser, needs no network
bundle.json     the case as a FHIR R4 (4.0.1) Bundle
case.json       the same facts in the native format of second-opinion-adapter
documents/      the documents as files
DICOMDIR DICOM/ the images; any DICOM viewer opens DICOMDIR (there are none where these are missing)
manifest.json   every file with its SHA-256 and the legal basis of this release
manifest.jws    signature of the sender over manifest.json (where the sender signs)

Check that nothing was changed:   second-opinion verify THIS_FOLDER_OR_ZIP

This holds health information about one person. Use it for the purpose it was released for.
"""


def fhir_bundle(release: Release, settings: Settings) -> Json:
    """The release as a FHIR Bundle (collection); what is ours in it claims the profiles it satisfies."""
    made = assemble(release.case, release.carried, assembly(release, settings))
    return claim(made, theirs(release), families(settings))


def theirs(release: Release) -> frozenset[str]:
    """The fullUrls of what is carried: it leaves as it came and claims what it claimed."""
    return frozenset(item.full_url for item in release.carried)


def assembly(release: Release, settings: Settings) -> Assembly:
    """What the Bundle of a release is made of besides its case."""
    inside = [d for d in release.case.documents if embedded(d)]
    day = dt.date.fromisoformat(release.decided_at.date)
    return Assembly(
        namespace=settings.namespace,
        decided_at=release.decided_at,
        policies=tuple(dict.fromkeys(row.uri for row in release.basis)),
        data={d.id: release.documents[d.id].read() for d in inside},
        sha1={d.id: release.documents[d.id].sha1 for d in release.case.documents},
        patients=release.patients,
        consent_shape=settings.consent_shape,
        task_shape=settings.task_shape,
        specimen_releases=going(release.case, release.items, policy_for(day, settings.custody), day),
    )


def check_ready(target: Path, case: str, settings: Settings) -> None:
    """Raise ProblemError unless a delivery of `case` can be written to `target` and sealed (key set); touch nothing."""
    check_target(target, case)
    if settings.signing_key is not None:
        private_key(settings.signing_key)


def deliver(
    release: Release, bundle: Json, target: Path, settings: Settings, images: bool = True
) -> tuple[str, tuple[Problem, ...]]:
    """Write the bundle to `target` (a folder, or a zip by its ending); nothing is there until all is.

    Without `images` their files are left out: they lie on the medium beside it.

    Returns:
        The sha256 of manifest.json, and what was noticed while writing images.

    Raises:
        ProblemError: a file changed while it was read, or the target cannot be written.
    """
    with writing(target, release.case.id) as tree:
        (tree / BUNDLE).write_bytes(pretty(bundle))
        (tree / CASE).write_bytes(encode_case(release.case))
        (tree / PAGE).write_bytes(render(release))
        (tree / README).write_text(README_TEXT, encoding="ascii")
        if release.part2_statement:
            (tree / PART2).write_text(PART2_STATEMENT + "\n", encoding="ascii")
        _write_documents(release, tree)
        noticed = _write_images(release, tree, settings) if images else ()
        return _seal(release, tree, settings, claimed(bundle, theirs(release))), noticed


def _write_documents(release: Release, tree: Path) -> None:
    for item in release.case.documents:
        file = release.documents[item.id]
        place = tree / item.path
        place.parent.mkdir(parents=True, exist_ok=True)
        file.copy_to(place)
        _unchanged(file, place)


def _unchanged(file: File, copy: Path) -> None:
    """The bytes that leave are the bytes that were decided about."""
    import hashlib

    with copy.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
            raise refuse(
                "conflict", file.path, "changed while it was exported; run the export again", rule="bundle.file"
            )


def _write_images(release: Release, tree: Path, settings: Settings) -> tuple[Problem, ...]:
    if not release.instances:
        return ()
    files = {uid: file.location for uid, file in release.instances.items()}
    uid = file_set_uid(settings.namespace, "|".join(sorted(files)))
    return tuple(write_media(files, tree, uid))


def _seal(release: Release, tree: Path, settings: Settings, profiles: tuple[str, ...]) -> str:
    import hashlib

    basis = tuple(Basis(code=b.code, citation=b.citation, uri=b.uri) for b in release.basis)
    adapter_version, profiles_version = versions()
    made = Manifest(
        adapter_version=adapter_version,
        profiles_version=profiles_version,
        profiles=profiles,
        case=release.case.id,
        released_at=str(release.decided_at),
        carried=len(release.carried),
        basis=basis,
        files=describe(tree),
    )
    data = encode(made)
    (tree / MANIFEST).write_bytes(data)
    if settings.signing_key is not None:
        (tree / SIGNATURE).write_bytes(sign(data, settings.signing_key))
    return hashlib.sha256(data).hexdigest()


__all__ = ["Settings", "deliver", "fhir_bundle"]
