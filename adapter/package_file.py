"""Build the FHIR package as a file: `python -m adapter.package_file [OUT.tgz]` (default `NAME-VERSION.tgz`).

The layout is that of the FHIR NPM package specification (https://hl7.org/fhir/packages): package/package.json,
package/.index.json, the conformance artefacts beside them, examples in package/example/. Differentials only: whoever
loads it makes the snapshots. Same folder, same bytes: sorted members, no times, owners or file names of this machine.
"""

import gzip
import io
import json
import sys
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "profiles"
EXAMPLES = "examples"
_INDEXED = ("id", "url", "version", "kind", "type", "supplements", "content")


def members(folder: Path = FOLDER) -> dict[str, bytes]:
    """What the package holds: path below `package/` -> bytes, in the order of the file.

    Raises:
        ValueError: a JSON file of the folder is no JSON, no FHIR resource, or is not named after the one it holds.
    """
    artefacts = {path.name: path.read_bytes() for path in sorted(folder.glob("*-*.json"))}
    examples = {path.name: path.read_bytes() for path in sorted((folder / EXAMPLES).glob("*.json"))}
    made = {"package.json": (folder / "package.json").read_bytes(), ".index.json": _index(artefacts), **artefacts}
    if examples:
        made["example/.index.json"] = _index(examples, named=False)
        made |= {f"example/{name}": data for name, data in examples.items()}
    return made


def _index(files: Mapping[str, bytes], *, named: bool = True) -> bytes:
    rows = [_row(name, _read(name, data), named) for name, data in files.items()]
    return _json({"index-version": 2, "files": rows})


def _read(name: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise ValueError(f"{name} is not JSON: mend it, or take it out of the folder") from None


def _row(name: str, resource: Any, named: bool) -> dict[str, Any]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind is None:
        raise ValueError(f"{name} is no FHIR resource: take it out of the folder")
    if named and name != f"{kind}-{resource.get('id')}.json":
        raise ValueError(f"{name} must be named after the resource in it, TYPE-ID.json")
    said = {key: resource[key] for key in _INDEXED if isinstance(resource.get(key), str)}
    return {"filename": name, "resourceType": kind, **said}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """The `.tgz`: members below `package/`, in the order given."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            about = tarfile.TarInfo(f"package/{name}")
            about.size = len(data)
            about.mode = 0o644
            tar.addfile(about, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), compresslevel=9, mtime=0)


def build(out: Path | None = None, folder: Path = FOLDER) -> Path:
    """Write the package, by default `NAME-VERSION.tgz` in the working folder; return where it is."""
    about = json.loads((folder / "package.json").read_bytes())
    path = out or Path(f"{about['name']}-{about['version']}.tgz")
    path.write_bytes(pack(members(folder)))
    return path


def main(arguments: Iterable[str]) -> int:
    """Write the file and say where it is and what it holds."""
    given = list(arguments)
    if len(given) > 1 or any(one.startswith("-") for one in given):
        sys.stderr.write("usage: python -m adapter.package_file [OUT.tgz]\n")
        return 2
    try:
        path = build(Path(given[0]) if given else None)
        held = members()
    except ValueError as error:  # what `members` raises names a file of ours
        sys.stderr.write(f"error: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"error: {error.strerror or 'a file cannot be read or written'}: {error.filename}\n")
        return 1
    examples = sum(name.startswith("example/") for name in held if not name.endswith(".index.json"))
    artefacts = len(held) - examples - sum(name.endswith((".index.json", "package.json")) for name in held)
    sys.stdout.write(f"{path}: {artefacts} artefacts, {examples} examples\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
