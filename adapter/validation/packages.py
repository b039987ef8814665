"""FHIR packages (https://hl7.org/fhir/R4/packages.html, .tgz) and folders of JSON artefacts, read at run time.

Nothing is unpacked: members are read in memory, with limits, and only StructureDefinition, ValueSet and CodeSystem are
kept. What cannot be read whole is refused whole, with one Problem that names nothing of its content.
"""

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapter.validation import differentials, overlay
from adapter.validation.model import ProfileNode
from adapter.validation.terminology import Terminology
from mappings.fhir import wire
from mappings.fhir.wire import Json
from mappings.problems import IssueType, ProblemError, refuse

RULE = "fhir.package"
MAX_BYTES = 400_000_000  # hl7.fhir.r4.core, the largest there is, has 120 MB
MAX_MEMBERS = 50_000
_KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
_WANTED = re.compile(rb'"resourceType"\s*:\s*"(?:' + "|".join(_KINDS).encode() + rb')"')
_UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError)
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError, msgspec.MsgspecError)


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """The artefacts of a package that validation uses, and the sha256 over their names and bytes."""

    artefacts: tuple[Json, ...]
    digest: str


class _Limited(io.RawIOBase):
    """A stream that ends with an error after so many bytes."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = MAX_BYTES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise EOFError
        return data


def read(path: Path) -> Package:
    """Read a package (.tgz) or a folder of JSON artefacts.

    Raises:
        ProblemError: it is neither, is broken, or is larger than any FHIR package.
    """
    digest = hashlib.sha256()
    artefacts = []
    try:
        for name, data in sorted(_folder(path) if path.is_dir() else _members(path)):
            if _WANTED.search(data):
                found = wire.loads(data)
                if isinstance(found, dict) and found.get("resourceType") in _KINDS:
                    digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
                    artefacts.append(found)
    except _UNREADABLE:
        raise _refused(path, "structure", "is no FHIR package: give a .tgz or a folder of JSON artefacts") from None
    except ProblemError:
        raise _refused(path, "structure", "holds an artefact that is not JSON as FHIR has it") from None
    if not artefacts:
        raise _refused(path, "not-found", "holds no StructureDefinition, ValueSet or CodeSystem")
    return Package(artefacts=tuple(artefacts), digest=digest.hexdigest())


def _refused(path: Path, code: IssueType, message: str) -> ProblemError:
    return refuse(code, path.name, message, rule=RULE)


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    inner = path / "package"
    for file in (inner if inner.is_dir() else path).glob("*.json"):
        if file.is_file() and not file.name.startswith("."):
            yield file.name, file.read_bytes()


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with gzip.open(path) as stream, tarfile.open(fileobj=_Limited(stream), mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= MAX_MEMBERS:
                raise EOFError
            folder, _, name = member.name.removeprefix("./").rpartition("/")
            if member.isfile() and folder == "package" and name.endswith(".json") and not name.startswith("."):
                file = archive.extractfile(member)
                yield name, file.read() if file else b""


def content(path: Path, base: Terminology) -> bytes:
    """What a package adds to a set of definitions, as the JSON of `sets.Content`.

    Raises:
        ProblemError: it cannot be read, or is not for R4.
    """
    artefacts = read(path).artefacts
    if any(not str(each.get("fhirVersion", "4.0")).startswith("4.0") for each in artefacts):
        raise _refused(path, "not-supported", "is made for another version of FHIR than R4 (4.0.1)")
    try:
        made = compiled(artefacts, base)
        for facts in made["profiles"].values():
            _check(facts)
        return wire.dumps(made)
    except _MALFORMED:
        raise _refused(path, "structure", "holds a definition that does not follow FHIR R4") from None


def _check(facts: Json) -> None:
    """See that every fact has the type it must have, so that nothing fails on it later.

    Raises:
        msgspec.ValidationError: one has not.
    """
    node = overlay.finished(overlay.tree(facts["type"], facts.get("elements", ())))
    msgspec.convert(msgspec.to_builtins(node), type=ProfileNode)
    contexts = facts.get("contexts", []), facts.get("contextInvariants", []), facts.get("modifier", False)
    msgspec.convert((*contexts, facts["base"]), type=tuple[list[tuple[str, str]], list[str], bool, str])


def compiled(artefacts: tuple[Json, ...], base: Terminology | None) -> Json:
    """Profiles and terminology of artefacts, as facts."""
    from adapter.validation.terminology_compiler import compile_terminology

    return {
        "profiles": differentials.compact_all(artefacts),
        "terminology": compile_terminology(artefacts, base),
    }
