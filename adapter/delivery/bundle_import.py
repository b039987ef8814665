"""A case bundle back to a case folder: exporting that again under the same authority and time gives the same bytes."""

import os
import shutil
import tempfile
from pathlib import Path
from uuid import UUID

import msgspec

from adapter.delivery.manifest import read_manifest, thumbprints
from adapter.delivery.medium_read import CASE, Read, absent, volumes_of
from adapter.delivery.tree import check_parent, opened
from adapter.delivery.verify import Verified, verify_opened, verify_tree
from adapter.whole import keep_private
from mappings.domain.native import read_case
from mappings.fhir.bundle import take_apart
from mappings.fhir.context import URN
from mappings.fhir.wire import Json, pretty, read_object
from mappings.problems import Problem, ProblemError, problem, refuse

CARRIED = "fhir/carried.json"
_KEPT = ("documents", "DICOM")


def import_bundle(bundle: Path, folder: Path, trusted: tuple[Path, ...] = ()) -> tuple[Problem, ...]:
    """Write the case folder; nothing is there until all is.

    Of a medium, or one volume of it, that is the case in CASE/CASE.ZIP with the images of the volumes at hand.

    Returns:
        What is still to be added: the images of volumes that were not at hand.

    Raises:
        ProblemError: the bundle is not intact, its signer is not trusted where keys are given, a key
            is none, or `folder` exists or lies in a folder that does not.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise refuse("conflict", folder.name, "exists; name a new folder", rule="bundle.import")
    check_parent(folder)
    keys = thumbprints(trusted)
    with opened(bundle) as tree:
        volumes = volumes_of(tree)
        _check(verify_opened(tree, volumes, keys))
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.absolute().parent))
        try:
            if volumes:
                _write_medium(volumes, scratch / "case", keys)
            else:
                _write(tree, scratch / "case")
            keep_private(scratch / "case")
            if folder.exists():
                folder.rmdir()
            os.replace(scratch / "case", folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return tuple(_to_add(number) for number in absent(volumes)) if volumes else ()


def _check(found: Verified, within: str = "") -> None:
    if found.refusals:
        raise ProblemError(msgspec.structs.replace(each, where=f"{within}{each.where}") for each in found.refusals)


def _write_medium(volumes: tuple[Read, ...], folder: Path, keys: frozenset[str]) -> None:
    """The case of a medium with the images of these volumes, each in a folder of its own."""
    holds = next((volume for volume in volumes if (volume.folder / CASE).is_file()), None)
    if holds is None:
        message = "is not on this volume: name the volume that has it (README.TXT says which), or the folder of all"
        raise refuse("not-found", CASE, message, rule="bundle.import")
    with opened(holds.folder / CASE) as tree:
        _check(verify_tree(tree, keys), f"{holds.place(CASE)} ")
        _write(tree, folder)
    for volume in volumes:
        if (volume.folder / "DICOM").is_dir():
            shutil.copytree(volume.folder / "DICOM", folder / _images_of(volume.number))


def _images_of(number: int) -> str:
    return f"DICOM/VOLUME{number}"


def _to_add(number: int) -> Problem:
    message = f"was not at hand: copy its folder DICOM, if it has one, into the case folder as {_images_of(number)}"
    return problem("incomplete", f"volume {number}", message, rule="medium.volumes", severity="warning")


def _write(tree: Path, folder: Path) -> None:
    for name in ("case.json", "bundle.json"):
        if not (tree / name).is_file():
            raise refuse("not-found", name, "is missing; ask the sender for the bundle again", rule="bundle.import")
    data = (tree / "case.json").read_bytes()
    read_case(data)
    folder.mkdir()
    (folder / "case.json").write_bytes(data)
    for name in _KEPT:
        if (tree / name).is_dir():
            shutil.copytree(tree / name, folder / name)
    count = read_manifest(tree)[0].carried
    carried = carried_of(read_object((tree / "bundle.json").read_bytes()), count)
    if carried["entry"]:
        place = folder / CARRIED
        place.parent.mkdir()
        place.write_bytes(pretty(carried))


def carried_of(bundle: Json, count: int) -> Json:
    """The carried entries of a bundle (its last ones, so many as the manifest says); ours come from case.json."""
    entries: list[Json] = [{"fullUrl": url, "resource": resource} for url, resource in take_apart(bundle)]
    first = len(entries) - count
    ours = [_is_ours(entry) for entry in entries[: max(first, 0)]]
    if count < 0 or not ours or not all(ours) or entries[first - 1]["resource"].get("resourceType") != "Provenance":
        message = "is not how many entries of bundle.json came as FHIR; ask the sender for the bundle again"
        raise refuse("value", "manifest.json $.carried", message, rule="bundle.import")
    return {"resourceType": "Bundle", "type": "collection", "entry": entries[first:]}


def _is_ours(entry: Json) -> bool:
    """Whether an entry looks like one that `export` made: a URN of the resource's own id, derived (UUID version 5)."""
    name = str(entry["resource"].get("id"))
    try:
        return bool(entry["fullUrl"] == URN + name) and UUID(name).version == 5
    except ValueError:
        return False
