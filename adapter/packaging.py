"""Write the FHIR package under profiles/ anew from the tables and mappers: `python -m adapter.packaging [--check]`.

The bytes depend on nothing else, so that a difference is a change of a table or mapper. Files of ours that no table or
mapper makes any more are removed; profiles (made by hand), package.json, README.md and other files are left alone.
What the validator needs of the whole package, profiles included, goes to adapter/validation/own.json.
"""

import json
import sys
from pathlib import Path

from adapter.validation import facts
from adapter.validation.definitions import render
from adapter.validation.packages import compiled
from mappings.fhir import wire
from mappings.fhir.extensions import structures
from mappings.terminology.artefacts import terminology

FOLDER = Path(__file__).resolve().parent.parent / "profiles"
OWN = Path(facts.__file__).with_name(facts.OWN)
KINDS = ("CodeSystem", "ValueSet", "ConceptMap", "StructureDefinition")


def artefacts(folder: Path = FOLDER) -> dict[str, bytes]:
    """What the package holds: file name -> bytes, with the version of the folder's package.json."""
    version = json.loads((folder / "package.json").read_bytes())["version"]
    made = (*terminology(version), *structures(version))
    return {f"{each['resourceType']}-{each['id']}.json": _bytes(each) for each in made}


def _bytes(resource: object) -> bytes:
    return (json.dumps(resource, indent=2, ensure_ascii=False) + "\n").encode()


def own_facts(folder: Path = FOLDER) -> bytes:
    """What the validator needs of the package: of that which is made, and of the profiles made by hand."""
    by_hand = (wire.read_object(path.read_bytes()) for path in _by_hand(folder))
    made = (wire.read_object(data) for data in artefacts(folder).values())
    return render(compiled((*made, *by_hand), facts.packaged().terminology))


def _facts_file(folder: Path) -> Path:
    return OWN if folder == FOLDER else folder / OWN.name


def _by_hand(folder: Path) -> list[Path]:
    """The profiles: no mapper makes a StructureDefinition of anything but an Extension."""
    files = sorted(folder.glob("StructureDefinition-*.json"))
    return [path for path in files if json.loads(path.read_bytes()).get("type") != "Extension"]


def stale(folder: Path = FOLDER) -> list[str]:
    """The file names that differ from what tables and mappers make, are missing, or are left over; sorted."""
    wanted = artefacts(folder)
    differ = [name for name, data in wanted.items() if not _same(folder / name, data)]
    if not _same(_facts_file(folder), own_facts(folder)):
        differ.append(OWN.name)
    return sorted([*differ, *_left_over(folder, wanted)])


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _left_over(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    kept = {*wanted, *(path.name for path in _by_hand(folder))}
    present = (path.name for kind in KINDS for path in folder.glob(f"{kind}-*.json"))
    return [name for name in present if name not in kept]


def write(folder: Path = FOLDER) -> list[str]:
    """Make the folder hold what tables and mappers make, and the facts follow it; return what was changed."""
    wanted = artefacts(folder)
    changed = stale(folder)
    for name in changed:
        if name == OWN.name:
            _facts_file(folder).write_bytes(own_facts(folder))
        elif name in wanted:
            (folder / name).write_bytes(wanted[name])
        else:
            (folder / name).unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Write (or with `--check` only compare); the names of the files go to stdout. Exit code 1 where one is stale."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m adapter.packaging [--check]\n")
        return 2
    checking = bool(arguments)
    names = stale() if checking else write()
    sys.stdout.writelines(f"{'stale' if checking else 'wrote'} {name}\n" for name in names)
    return 1 if checking and names else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
