"""FHIR files, JSON and XML, to carried resources: single ones, Bundles entry by entry, NDJSON line by line."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from uuid import UUID, uuid5

import msgspec

from adapter import fhir_xml
from adapter.consent.labels import labels_of
from adapter.holding import File
from adapter.sources.shapes import unreadable
from mappings.fhir.carried import Carried, base_of, source_base
from mappings.fhir.wire import Json, dumps, loads
from mappings.identity import resource_id, sid
from mappings.problems import Problem, ProblemError, problem

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class FhirUnit(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a FHIR file: the resource it holds, or the Problem why it holds none.

    `labels` are the security labels of the Bundle and the entry around it. `unread` is what of a refused resource could
    be read: enough to know what points at it, never to be carried.
    """

    source: str
    sha256: str
    resource: Json | None = None
    unread: Json | None = None
    full_url: str | None = None
    labels: tuple[Json, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_fhir(file: File, types: frozenset[str]) -> tuple[FhirUnit, ...] | None:
    """The units of a JSON or FHIR XML file; None where it is JSON or XML (or looks like it) but not FHIR at all.

    `types` are the resource types of R4. A file that is neither is one unit with its Problem. What came as XML is
    carried as the JSON that says the same; where JSON cannot say it all, the unit holds no resource.
    """
    data = file.read()
    if file.kind == "fhir-xml":
        return _xml(file, fhir_xml.read(data), types)
    try:
        value = loads(data)
    except ProblemError as error:
        lines = list(_lines(file, data, types))
        if any(line.resource for line in lines):
            return tuple(lines)
        located = tuple(_at(found, file.path) for found in error.problems)
        return (FhirUnit(source=file.path, sha256=file.sha256, problems=located),)
    if not _is_resource(value):
        lines = list(_lines(file, data, types)) if data.strip().count(b"\n") else []
        return tuple(lines) if any(line.resource for line in lines) else None
    if value["resourceType"] == "Bundle" and isinstance(value.get("entry"), list):
        return tuple(_entries(value, file.path, types))
    return (_unit(value, file.path, file.sha256, None, types),)


def _xml(file: File, read: fhir_xml.XmlReading, types: frozenset[str]) -> tuple[FhirUnit, ...] | None:
    """The units of FHIR XML. Their sha256 is the file's: an entry has no bytes of its own that could be hashed."""
    located = [_at(found, file.path) for found in read.problems]
    if read.resource is None:
        foreign = any(found.rule == "fhir.xml.namespace" for found in read.problems)
        return None if foreign else (FhirUnit(source=file.path, sha256=file.sha256, problems=tuple(located)),)
    message = "came as FHIR XML, and is carried as the JSON that says the same"
    note = problem("informational", file.path, message, rule=fhir_xml.RULE, severity="information")
    bundle = read.resource["resourceType"] == "Bundle" and isinstance(read.resource.get("entry"), list)
    units = (
        _entries(read.resource, file.path, types)
        if bundle
        else iter((_unit(read.resource, file.path, "", None, types),))
    )
    made = []
    for number, unit in enumerate(units):
        entry = f"Bundle.entry[{number}]" if bundle else ""
        own = [found for found in located if _stands_in(found, file.path, entry, first=not number)]
        lost = any(where.startswith(entry) or not where.startswith("Bundle.entry[") for where in read.lost)
        made.append(_from_xml(unit, file, [*own, *(() if number else (note,))], lost=lost))
    return tuple(made)


def _stands_in(found: Problem, path: str, entry: str, *, first: bool) -> bool:
    """Whether a Problem is about one entry; what is about none is said with the first."""
    where = found.where.removeprefix(f"{path} ").partition(" ")[0]
    return f"{where}.".startswith(f"{entry}." if entry else "") or (first and not where.startswith("Bundle.entry["))


def _from_xml(unit: FhirUnit, file: File, notes: list[Problem], *, lost: bool) -> FhirUnit:
    if lost and unit.resource is not None:
        message = (
            "says what no JSON can (or its entry or Bundle does, where labels stand), and is not carried in part; mend "
            "the XML where the other lines say"
        )
        found = problem("structure", unit.source, message, rule=fhir_xml.RULE)
        unit = _refused(unit, found)
        notes = [note for note in notes if note.severity != "information"]
    return msgspec.structs.replace(unit, sha256=file.sha256, problems=(*unit.problems, *notes))


def _refused(unit: FhirUnit, found: Problem) -> FhirUnit:
    """The unit without its resource, which stays known by its name alone."""
    return msgspec.structs.replace(unit, resource=None, unread=unit.resource, problems=(*unit.problems, found))


def _at(found: Problem, path: str) -> Problem:
    return msgspec.structs.replace(found, where=f"{path} {found.where}")


def _in_line(found: Problem, source: str) -> Problem:
    """The Problem of a line, which knows no line but its own."""
    return msgspec.structs.replace(found, where=f"{source} {found.where.removeprefix('line 1 ')}")


def _is_resource(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def like_resource(value: object) -> bool:
    """Whether something is meant as FHIR: an object with some spelling of resourceType, or a list of such."""
    if isinstance(value, list):
        return any(isinstance(each, dict) and like_resource(each) for each in value)
    return isinstance(value, dict) and any(name.lower() == "resourcetype" for name in value)


def _unit(resource: Json, source: str, sha256: str, full_url: str | None, types: frozenset[str]) -> FhirUnit:
    if resource["resourceType"] not in types:
        message = "names no resource type of FHIR R4 (4.0.1); the file is kept whole if the case declares it"
        found = problem("not-supported", f"{source} resourceType", message, rule="fhir.type")
        return FhirUnit(source=source, sha256=sha256, problems=(found,))
    unit = FhirUnit(source=source, sha256=sha256, resource=resource, full_url=full_url)
    return _misshapen(unit, unreadable(resource))


def _misshapen(unit: FhirUnit, places: Iterable[str]) -> FhirUnit:
    """The unit, refused where elements that say whose it is or what protects it have a shape that R4 has not."""
    wrong = list(places)
    if not wrong or unit.resource is None:
        return unit
    message = (
        "stands once where R4 has a list, is repeated where R4 has one, or is of another kind: what it says of person "
        f"and protection cannot be read, so the resource stays behind; mend {', '.join(wrong[:5])} at its source"
    )
    return _refused(unit, problem("structure", f"{unit.source} {wrong[0]}", message, rule="fhir.shape"))


# How a search found and paged things (link, total, search) speaks of the query alone, and ends with it unsaid.
_BUNDLE = frozenset(("resourceType", "id", "type", "entry", "signature", "link", "total"))
_ENTRY = frozenset(("id", "fullUrl", "resource", "link", "search"))


def _entries(bundle: Json, path: str, types: frozenset[str]) -> Iterator[FhirUnit]:
    around, outer = [*_around(bundle, path)], {name: held for name, held in bundle.items() if name != "entry"}
    for number, entry in enumerate(bundle["entry"]):
        source = f"{path}#entry[{number}]"
        resource = entry.get("resource") if isinstance(entry, dict) else None
        digest = hashlib.sha256(dumps(entry)).hexdigest()
        if not isinstance(resource, dict) or not _is_resource(resource):
            found = problem("structure", source, "holds no resource; nothing of it can be carried", rule="fhir.entry")
            yield FhirUnit(source=source, sha256=digest, problems=(*_dropped_of(entry, source), found, *around))
        else:
            url = entry.get("fullUrl")
            unit = _unit(resource, source, digest, url if isinstance(url, str) else None, types)
            notes = (*unit.problems, *_dropped_of(entry, source), *around)
            own = {name: held for name, held in entry.items() if name != "resource"}
            unit = msgspec.structs.replace(unit, labels=_labels(bundle, outer, own), problems=notes)
            yield _misshapen(unit, (*unreadable(outer), *(() if url is None or isinstance(url, str) else ("fullUrl",))))
        around = []
    if not bundle["entry"]:
        message = "is a Bundle without entries; there is nothing to carry"
        around.append(problem("informational", path, message, rule="fhir.bundle", severity="information"))
        yield FhirUnit(source=path, sha256=hashlib.sha256(dumps(bundle)).hexdigest(), problems=tuple(around))
    if "signature" in bundle:
        message = "a signature over the whole Bundle does not hold for its entries alone; it is not carried"
        digest = hashlib.sha256(dumps(bundle["signature"])).hexdigest()
        found = problem("informational", f"{path}#signature", message, rule="fhir.bundle", severity="information")
        yield FhirUnit(source=f"{path}#signature", sha256=digest, problems=(found,))


def _around(bundle: Json, path: str) -> Iterator[Problem]:
    """What a Bundle says beside its entries; it is said once, with the first of them."""
    meta = bundle.get("meta")
    bound = isinstance(meta, dict) and set(meta) <= {"security"}
    said = bundle.keys() - _BUNDLE - ({"meta"} if bound else set())
    yield from _dropped(path, sorted(said), "Bundle")


def _dropped_of(entry: object, source: str) -> Iterator[Problem]:
    yield from _dropped(source, sorted(entry.keys() - _ENTRY) if isinstance(entry, dict) else [], "entry")


def _dropped(where: str, members: list[str], what: str) -> Iterator[Problem]:
    """An information that names elements of a Bundle that are about the Bundle, and end with it."""
    known = [member for member in members if re.fullmatch(r"[A-Za-z_]{1,30}", member)]
    if members:
        message = f"says {', '.join(known) or 'something'} of its {what}, not of a resource; that is not carried"
        yield problem("informational", where, message, rule="fhir.bundle", severity="information")


def _labels(bundle: Json, outer: Json, own: Json) -> tuple[Json, ...]:
    """The security labels of the Bundle and of an entry, wherever they stand there.

    They bind all that is in it (https://hl7.org/fhir/R4/security-labels.html).
    """
    meta = bundle.get("meta")
    found = meta.get("security") if isinstance(meta, dict) else None
    told = tuple(label for label in found if isinstance(label, dict)) if isinstance(found, list) else ()
    more = (labels_of(outer) | labels_of(own)) - labels_of({}, told)
    return (*told, *({"code": code} for code in sorted(more)))


def _lines(file: File, data: bytes, types: frozenset[str]) -> Iterator[FhirUnit]:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        source, digest = f"{file.path}#line {number}", hashlib.sha256(line).hexdigest()
        try:
            value = loads(line)
        except ProblemError as error:
            located = tuple(_in_line(found, source) for found in error.problems)
            yield FhirUnit(source=source, sha256=digest, problems=located)
            continue
        if isinstance(value, dict) and _is_resource(value):
            yield _unit(value, source, digest, None, types)
        else:
            found = problem("structure", source, "is JSON but no FHIR resource", rule="fhir.ndjson")
            yield FhirUnit(source=source, sha256=digest, problems=(found,))


def place(unit: FhirUnit, key: str, base: str | None, namespace: UUID) -> Carried:
    """Give a resource its fullUrl: the entry's own, else base + Type/id (the id derived where it has none)."""
    assert unit.resource is not None
    kind, logical = unit.resource["resourceType"], unit.resource.get("id")
    usable = isinstance(logical, str) and _ID.fullmatch(logical)
    known = unit.full_url if unit.full_url and (base_of(unit.full_url) or unit.full_url.startswith("urn:")) else None
    home = (base_of(known) if known else None) or base or source_base(key)
    if known is None:
        known = f"{home}/{kind}/{logical if usable else _derived(namespace, key, unit.source)}"
    return Carried(unit=unit.source, base=home, full_url=known, resource=unit.resource, labels=unit.labels)


def _derived(namespace: UUID, key: str, source: str) -> str:
    return resource_id(namespace, sid("source"), f"{key}|{source}")


def source_key(namespace: UUID, *names: str) -> str:
    """A short key for a source that has no base: derived from what it is called, never from what it holds."""
    return uuid5(namespace, "|".join(names)).hex[:16]
