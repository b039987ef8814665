"""A release on media to be burnt: IHE Portable Data for Imaging (RAD TF-3 4.47), on as many volumes as it takes.

TARGET/VOLUME1 ... VOLUMEn, each a tree to be burnt as it is, every name of which ISO 9660 level 1 takes (8.3):
INDEX.HTM, README.TXT, DICOMDIR, DICOM/, DOCUMENT/, CASE/CASE.ZIP, SHA256.TXT, SHA256.JWS.
"""

import hashlib
import re
import shutil
from pathlib import Path

from adapter.config import Settings
from adapter.consent.notices import PART2_STATEMENT
from adapter.consent.release import Release
from adapter.delivery.case_bundle import deliver
from adapter.delivery.dicom_media import write_media
from adapter.delivery.manifest import LIST, SEAL, sign, versions
from adapter.delivery.medium_pages import Listed, OnVolumes, index_page, readme
from adapter.delivery.medium_read import CASE
from adapter.delivery.part10 import Part10, parts_of
from adapter.delivery.tree import writing
from adapter.delivery.volumes import Volume, volumes
from mappings.domain.material import Document
from mappings.fhir.wire import Json
from mappings.identity import file_set_uid
from mappings.problems import Problem, problem, refuse

_EXPLICIT = "1.2.840.10008.1.2.1"
_RULE = "medium"


def deliver_medium(
    release: Release, bundle: Json, target: Path, capacity: int, settings: Settings
) -> tuple[str, tuple[Problem, ...]]:
    """Write the volumes below `target`; nothing is there until all is.

    Every file of the release is on one volume, instances byte for byte; a study is on one volume where it fits.

    Returns:
        The sha256 over the SHA256.TXT of all volumes, and what a receiver has to know, by the place on the medium.

    Raises:
        ProblemError: something is larger than a volume, a file changed, or the target cannot be written.
    """
    if target.suffix == ".zip":
        raise refuse("not-supported", target.name, "is no folder; media are written to a folder", rule=_RULE)
    with writing(target, release.case.id) as tree:
        archive = tree / "CASE.ZIP"
        scratch = tree / "case.zip"
        deliver(release, bundle, scratch, settings, images=False)
        scratch.rename(archive)
        names = {_place(number, item): item for number, item in enumerate(release.case.documents, 1)}
        sizes = [(CASE, archive.stat().st_size), *((name, item.size) for name, item in names.items())]
        images = parts_of(release)
        made = volumes(sizes, images, capacity)
        contents = _contents(release, made, names, settings)
        notes: list[Problem] = []
        for number, volume in enumerate(made, 1):
            folder = tree / f"VOLUME{number}"
            folder.mkdir()
            for name in volume.files:
                _copy(release, names.get(name), archive, folder / name)
            notes += _images(volume, folder, number, len(made), settings)
            (folder / "INDEX.HTM").write_bytes(index_page(release, contents, number))
            (folder / "README.TXT").write_bytes(readme(release, contents, number, settings.office))
            if contents.statement:
                (folder / "PART2.TXT").write_bytes((PART2_STATEMENT + "\n").replace("\n", "\r\n").encode("ascii"))
            _seal(folder, settings)
            _check(folder, capacity, release)
        archive.unlink()
        whole = hashlib.sha256(b"".join((tree / f"VOLUME{n}" / LIST).read_bytes() for n in range(1, len(made) + 1)))
        return whole.hexdigest(), (*_compressed(images), *notes)


def _place(number: int, item: Document) -> str:
    """A name that every file system takes; the title stands in INDEX.HTM."""
    ending = item.path.rpartition(".")[2].upper() if "." in item.path.rpartition("/")[2] else ""
    ending = {"JPEG": "JPG", "TIFF": "TIF", "HTML": "HTM", "JSON": "JSN"}.get(ending, ending)
    return f"DOCUMENT/D{number:07}.{ending if re.fullmatch(r'[A-Z0-9]{1,3}', ending) else 'BIN'}"


def _contents(release: Release, made: tuple[Volume, ...], names: dict[str, Document], settings: Settings) -> OnVolumes:
    on = {name: number for number, volume in enumerate(made, 1) for name in volume.files}
    studies: list[dict[str, int]] = []
    for volume in made:
        counts: dict[str, int] = {}
        for image in volume.images:
            counts[image.study] = counts.get(image.study, 0) + 1
        studies.append(counts)
    return OnVolumes(
        number=len(made),
        documents=tuple(
            Listed(title=item.title or item.path.rpartition("/")[2], place=name, volume=on[name])
            for name, item in names.items()
        ),
        studies=studies,
        case=on[CASE],
        statement=release.part2_statement,
        signed=settings.signing_key is not None,
        version=versions()[0],
    )


def _copy(release: Release, item: Document | None, archive: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if item is None:
        shutil.copyfile(archive, place)
        return
    file = release.documents[item.id]
    file.copy_to(place)
    with place.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
            raise refuse("conflict", file.path, "changed while it was exported; run it again", rule="bundle.file")


def _images(volume: Volume, folder: Path, number: int, of: int, settings: Settings) -> list[Problem]:
    if not volume.images:
        return []
    files = {image.uid: image.file.location for image in volume.images}
    uid = file_set_uid(settings.namespace, "|".join(sorted(files)))
    notes = write_media(files, folder, uid, f"VOL{number}OF{of}")
    return [
        problem(note.code, f"VOLUME{number}/{note.where}", note.message, rule=note.rule, severity=note.severity)
        for note in notes
    ]


def _compressed(images: tuple[Part10, ...]) -> list[Problem]:
    """The profile of CDs knows one transfer syntax (STD-GEN-CD, PS3.11 D.3.2); images go as they are all the same."""
    others = sum(image.syntax != _EXPLICIT for image in images)
    if not others:
        return []
    message = (
        f"{others} instances are not in Explicit VR Little Endian, as PDI wants it of a CD; they go as they are, and "
        "a viewer that cannot read them says so"
    )
    return [problem("informational", "DICOMDIR", message, rule="PS3.11 D.3.2", severity="information")]


def _seal(folder: Path, settings: Settings) -> None:
    """List every file of the volume with its digest, and sign the list where a key is set."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    data = "".join(lines).encode("ascii")
    (folder / LIST).write_bytes(data)
    if settings.signing_key is not None:
        (folder / SEAL).write_bytes(sign(data, settings.signing_key))


def _check(folder: Path, capacity: int, release: Release) -> None:
    """Refuse a volume that came out larger than the medium, or with a name that not every file system takes."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    if sum(-(-path.stat().st_size // 2048) * 2048 for path in found) > capacity:
        raise refuse(
            "too-long", release.case.id, "came out larger than the medium; take a larger one", rule="medium.size"
        )
    wrong = [path for path in folder.rglob("*") if not re.fullmatch(r"[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?", path.name)]
    if wrong:
        raise refuse("structure", wrong[0].name, "is no name for a medium (8.3)", rule="medium.name")


__all__ = ["deliver_medium"]
