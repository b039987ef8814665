"""FHIR packages (https://hl7.org/fhir/R4/packages.html, .tgz) and folders of JSON artefacts, read at run time.

Nothing is unpacked: members are read in memory, with limits, and only StructureDefinition, ValueSet and CodeSystem are
kept. What cannot be read whole is refused whole, with one Problem that names nothing of its content.
"""

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from adapter.validation import differentials, fhirpath, overlay
from adapter.validation.model import ProfileNode
from adapter.validation.terminology import Terminology
from mappings.fhir import wire
from mappings.fhir.wire import Json
from mappings.problems import IssueType, Problem, ProblemError, Severity, problem

RULE = "fhir.package"
MAX_BYTES = 400_000_000  # hl7.fhir.r4.core, the largest there is, has 120 MB
MAX_MEMBERS = 50_000
MAX_MEMBER = 32_000_000  # bytes of one artefact; the largest of any package has 10 MB
MAX_PARSED = 150_000_000  # bytes of all artefacts that are kept; those of R4 itself have 60 MB
_KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
_UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError)
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError, msgspec.MsgspecError)
Known = Callable[[str], bool]
_NO_PACKAGE = "is no FHIR package: give a .tgz or a folder of JSON artefacts"


def _nothing_known(url: str) -> bool:
    return False


class _Head(msgspec.Struct):
    """What tells an artefact among other JSON."""

    resourceType: str = ""


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """The artefacts of a package that validation uses, their file names, and the sha256 over names and bytes."""

    artefacts: tuple[Json, ...]
    names: tuple[str, ...] = ()
    digest: str


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a package adds to a set of definitions.

    Attributes:
        content: the JSON of a `sets.Content`.
        texts: what the package itself says of its invariants, by (id, expression); kept in memory alone.
        problems: what of it does not count, and why; none of these keeps the rest from being used.
        unheld: canonicals of value sets in a version that it binds to, where it holds another.
    """

    content: bytes
    texts: dict[tuple[str, str], str]
    problems: tuple[Problem, ...]
    unheld: frozenset[str]


class _TooLarge(EOFError):
    pass


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
            raise _TooLarge
        return data


def read(path: Path) -> Package:
    """Read a package (.tgz) or a folder of JSON artefacts.

    Raises:
        ProblemError: it is neither, is broken, or is larger than any FHIR package.
    """
    digest = hashlib.sha256()
    artefacts, names, size = [], [], 0
    try:
        for name, data in sorted(_folder(path) if path.is_dir() else _members(path)):
            found = _artefact(path, name, data)
            if found is not None:
                digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
                size += len(data)
                if size > MAX_PARSED:
                    raise _TooLarge
                artefacts.append(found)
                names.append(name)
    except _UNREADABLE as error:
        raise _refused(path, "structure", _why_unread(path, error)) from None
    if not artefacts:
        raise _refused(path, "not-found", _why_empty(path))
    return Package(artefacts=tuple(artefacts), names=tuple(names), digest=digest.hexdigest())


def _artefact(path: Path, name: str, data: bytes) -> Json | None:
    """An artefact that validation uses; None for what is of another kind."""
    try:
        if name == "package.json" or msgspec.json.decode(data, type=_Head).resourceType not in _KINDS:
            return None
        found: Json = wire.loads(data)
    except (msgspec.MsgspecError, UnicodeError):
        if data.removeprefix(b"\xef\xbb\xbf") == data or name == "package.json":
            message = "is not JSON as FHIR has it: mend it, or take it out of the package"
            raise _refused(path, "structure", message, name) from None
        return _artefact(path, name, data.removeprefix(b"\xef\xbb\xbf"))
    except ProblemError:
        message = "is not JSON as FHIR has it: mend it, or take it out of the package"
        raise _refused(path, "structure", message, name) from None
    return found


def _why_unread(path: Path, error: Exception) -> str:
    if isinstance(error, _TooLarge):
        return "is larger than any FHIR package"
    if isinstance(error, FileNotFoundError | PermissionError):
        return "cannot be read: see that it is there, and its permissions"
    try:
        with path.open("rb") as stream:
            first = stream.read(2)
    except OSError:
        return _NO_PACKAGE
    if not first:
        return "is an empty file: get the package again"
    return "is damaged or cut off: get the package again" if first == b"\x1f\x8b" else _NO_PACKAGE


def _why_empty(path: Path) -> str:
    if path.is_dir() and any(path.glob("*.tgz")):
        return "holds packages, not artefacts: name each .tgz by a --package of its own"
    kinds = "no StructureDefinition, ValueSet or CodeSystem"
    return f"holds {kinds}" if path.is_dir() else f"holds {kinds} in its folder package/"


def _refused(path: Path, code: IssueType, message: str, member: str = "") -> ProblemError:
    return ProblemError(_told(path, code, message, member))


def _told(path: Path, code: IssueType, message: str, member: str, severity: Severity = "error") -> Problem:
    """A Problem of a package, or of one file in it."""
    where = f"{path.name} {member}" if member else path.name
    return problem(code, where, message, rule=RULE, severity=severity)


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    inner = path / "package"
    for file in (inner if inner.is_dir() else path).glob("*.json"):
        if file.is_file() and not file.name.startswith("."):
            if file.stat().st_size > MAX_MEMBER:
                raise _TooLarge
            yield file.name, file.read_bytes()


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with gzip.open(path) as stream, tarfile.open(fileobj=_Limited(stream), mode="r|") as archive:
        for number, member in enumerate(archive):
            if number >= MAX_MEMBERS:
                raise _TooLarge
            folder, _, name = member.name.removeprefix("./").rpartition("/")
            if member.isfile() and folder == "package" and name.endswith(".json") and not name.startswith("."):
                if member.size > MAX_MEMBER:
                    raise _TooLarge
                file = archive.extractfile(member)
                yield name, file.read() if file else b""


def content(path: Path, base: Terminology, known: Known = _nothing_known) -> Loaded:
    """What a package adds to a set of definitions.

    Args:
        path: a package or a folder of artefacts.
        base: the code systems and value sets that stand behind it.
        known: whether a canonical is that of a base type.

    Raises:
        ProblemError: it cannot be read, or is not for R4; each Problem names the file.
    """
    package = read(path)
    members = tuple(zip(package.names, package.artefacts, strict=True))
    for name, each in members:
        if not str(each.get("fhirVersion", "4.0")).startswith("4.0"):
            raise _refused(path, "not-supported", "is made for another version of FHIR than R4 (4.0.1)", name)
    try:
        made = compiled(package.artefacts, base)
        for facts in made["profiles"].values():
            _check(facts)
        written = wire.dumps(made)
    except _MALFORMED:
        name = next((name for name, each in members if not _sound(each, base)), "")
        raise _refused(path, "structure", "holds a definition that does not follow FHIR R4", name) from None
    wrong = [found for name, each in members for found in _unfit(path, name, each, known)]
    if wrong:
        raise ProblemError(wrong)
    notes = [found for name, each in members for found in _notes(path, name, each)]
    texts = {key: text for each in package.artefacts for key, text in _texts(each)}
    return Loaded(content=written, texts=texts, problems=tuple(notes), unheld=_unheld(made))


def _unheld(made: Json) -> frozenset[str]:
    bound = (fact["binding"] for facts in made["profiles"].values() for _, fact in facts.get("elements", ())
             if "binding" in fact)  # fmt: skip
    return frozenset(url for url, *_ in bound if "|" in url)


def _sound(artefact: Json, base: Terminology) -> bool:
    try:
        for facts in compiled((artefact,), base)["profiles"].values():
            _check(facts)
    except _MALFORMED:
        return False
    return True


def _unfit(path: Path, name: str, artefact: Json, known: Known) -> Iterator[Problem]:
    """What of a StructureDefinition could only be passed over: it would count for less than it says."""
    if artefact["resourceType"] != "StructureDefinition" or known(str(artefact.get("url", ""))):
        return
    if differentials.constrains(artefact):
        for place in differentials.unknown_paths(artefact):
            message = f"constrains {place}, which R4 does not have: mend the path in the differential"
            yield _told(path, "structure", message, name)
    elif "derivation" not in artefact and not artefact.get("abstract") and artefact.get("kind") != "logical":
        message = "says no derivation, so that it is no profile: give derivation, baseDefinition and differential"
        yield _told(path, "required", message, name)


def _notes(path: Path, name: str, artefact: Json) -> Iterator[Problem]:
    if not artefact.get("url"):
        yield _told(path, "required", "has no url, so that nothing can name it; it does not count", name, "warning")
    if artefact["resourceType"] != "StructureDefinition" or not differentials.constrains(artefact):
        return
    label = str(artefact.get("url", "")).rpartition("/")[2]
    for key, expression, _ in _invariants(artefact):
        try:
            fhirpath.compiled(expression, "Element", key)
        except fhirpath.UnsupportedExpression as error:
            message = f"invariant {key} of {label} cannot be judged: {error} is not supported; the rest is judged"
            yield _told(path, "not-supported", message, name, "warning")


def _texts(artefact: Json) -> Iterator[tuple[tuple[str, str], str]]:
    if artefact["resourceType"] == "StructureDefinition":
        for key, expression, human in _invariants(artefact):
            if human.strip():
                yield (key, expression), human


def _invariants(structure: Json) -> Iterator[tuple[str, str, str]]:
    """Id, expression and words of each invariant, once."""
    elements = structure.get("differential") or structure.get("snapshot") or {}
    found = {
        (each["key"], each["expression"], str(each.get("human", "")))
        for element in elements.get("element", ())
        for each in element.get("constraint", ())
        if "expression" in each
    }
    yield from sorted(found)


def _check(facts: Json) -> None:
    """See that every fact has the type it must have, so that nothing fails on it later.

    Raises:
        msgspec.ValidationError: one has not.
    """
    node = overlay.finished(overlay.tree(facts["type"], facts.get("elements", ())))
    msgspec.convert(msgspec.to_builtins(node, enc_hook=str), type=ProfileNode)
    contexts = facts.get("contexts", []), facts.get("contextInvariants", []), facts.get("modifier", False)
    msgspec.convert((*contexts, facts["base"]), type=tuple[list[tuple[str, str]], list[str], bool, str])


def compiled(artefacts: tuple[Json, ...], base: Terminology | None) -> Json:
    """Profiles and terminology of artefacts, as facts."""
    from adapter.validation.terminology_compiler import compile_terminology

    sets = (each for each in artefacts if each["resourceType"] == "ValueSet")
    versions = {str(each["url"]): str(each["version"]) for each in sets if "url" in each and "version" in each}
    return {
        "profiles": differentials.compact_all(artefacts, versions=versions),
        "terminology": compile_terminology(artefacts, base),
    }
