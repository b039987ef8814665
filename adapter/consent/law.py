"""What a thing is in law: the kind of an item, whether it is in the record set, how sensitive it is.

FHIR resources are classified by meta.security, code, category and type (items.csv, first line that matches), DICOM
studies by modality. A type without a line is a clinical record in the designated record set: it is decided about, never
skipped. Supporting resources (who and where: Patient, Practitioner, Organization, Coverage ...) are no items, unless
a label makes them sensitive; they and Provenance follow the items that need them. A Device is supporting only while it
names no patient: an implant is a clinical record. A FHIR Specimen is information about a specimen, not the specimen.
A Binary, Bundle, Parameters or Basic may hold anything: it stays behind unless the DocumentReference that describes it,
or a line of the case, says what it is.

Limits: an HIV, genetic or SUD record without a label and without a code that items.csv knows is not recognised as one.
A Consent is taken for a record of privacy decisions unless it is about treatment or an advance directive and nothing in
it speaks of disclosure; what contains such a record is one itself.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from adapter.consent.foreign import discloses, objects
from adapter.consent.groups import Material
from adapter.consent.labels import labels_of
from adapter.consent.tables import rows

UNDECLARED = "undeclared_document"
DEFAULT = "clinical_record"
RECORD = "administrative_record"
BOUND = frozenset(("psychotherapy_notes", "sud_program_record", "sud_counseling_notes"))
"""Kinds that a label of the resource itself says: no line of the case and no other form of it makes less of them."""
STRICT = BOUND | {"administrative_record", "consent_form", "litigation_compilation"}
"""Kinds that keep an item back by themselves: what has one of them in any form has it in all."""
_UNFINISHED = frozenset({"registered", "partial", "preliminary"})
_FINISHED = frozenset({"final", "amended", "corrected", "appended"})


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One row of kinds.csv; None stands for an empty cell."""

    kind: str
    material: str
    in_drs: bool | None
    maintained_in: str | None
    part2: bool
    data_class: str | None
    description: str


class ItemInLaw(msgspec.Struct, frozen=True, kw_only=True):
    """What a FHIR resource is in law.

    Attributes:
        kind: a row of kinds.csv.
        also: the other strict kinds that its labels say it is.
        part2: a record of a Part 2 program, by kind or by label.
        data_classes: classes of data that state law may protect (hiv, genetic, mental_health, sud, ...).
        completed: False for an unfinished report, True for a finished one, None where the resource does not say.
        confidentiality: R or V where a label says so.
        labels: codes of labels that items.csv knows.
    """

    kind: str
    also: tuple[str, ...] = ()
    in_drs: bool | None
    maintained_in: str | None
    part2: bool
    data_classes: tuple[str, ...] = ()
    completed: bool | None = None
    confidentiality: str | None = None
    labels: tuple[str, ...] = ()


@functools.cache
def kinds() -> dict[str, Kind]:
    """Return the table of kinds by name."""
    truth = {"true": True, "false": False}
    return {
        row["kind"]: Kind(
            kind=row["kind"],
            material=row["class"],
            in_drs=truth.get(row["in_drs"]),
            maintained_in=row["maintained_in"] or None,
            part2=row["part2"] == "true",
            data_class=row["data_class"] or None,
            description=row["description"],
        )
        for row in rows("kinds.csv")
    }


def material(item_id: str, kind: str, **known: Any) -> Material:
    """Build the facts of one item: the defaults of its kind, overridden by what is known.

    An unknown kind gets no defaults, so that a decision asks for them.
    """
    row = kinds().get(kind)
    defaults: dict[str, Any] = {}
    if row is not None:
        defaults = {"in_drs": row.in_drs, "maintained_in": row.maintained_in, "part2": row.part2 or None}
    return Material(**{"id": item_id, "kind": kind, **defaults, **known})


def material_of(item_id: str, item: ItemInLaw, **known: Any) -> Material:
    """Build the facts of a classified resource, overridden by what is known."""
    read: dict[str, Any] = {"in_drs": item.in_drs, "maintained_in": item.maintained_in, "completed": item.completed}
    read |= {"part2": item.part2 or None, "data_classes": item.data_classes, "also": item.also}
    return Material(**{"id": item_id, "kind": item.kind, **read, **known})


def is_known(item: Material) -> bool:
    """Whether the item's kind is a row of kinds.csv."""
    return item.kind in kinds()


def is_undeclared(item: Material) -> bool:
    """Whether the item is opaque content that nobody declared."""
    return item.kind == UNDECLARED


def is_physical(item: Material) -> bool:
    """Whether the item is material and not information, by its kind or by where it is kept."""
    row = kinds().get(item.kind or "")
    return item.maintained_in == "physical" or (row is not None and row.material == "physical")


def kinds_of(item: Material) -> frozenset[str]:
    """Every kind the item is: one strict kind does not hide another."""
    return frozenset((*((item.kind,) if item.kind else ()), *item.also))


def is_psychotherapy(item: Material) -> bool:
    """Whether the item holds psychotherapy notes, whatever else it is."""
    return "psychotherapy_notes" in kinds_of(item)


def is_counseling(item: Material) -> bool:
    """Whether the item holds SUD counseling notes, whatever else it is."""
    return "sud_counseling_notes" in kinds_of(item)


def is_part2(item: Material) -> bool:
    """Whether the item is a Part 2 record; its kind cannot be overridden downwards."""
    rows_of = (kinds().get(kind) for kind in kinds_of(item))
    return item.part2 is True or any(row is not None and row.part2 for row in rows_of)


def strict_kinds(*told: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The kind of an item that several sources tell, the most telling last, and the strict kinds it is besides.

    >>> strict_kinds("sud_counseling_notes", "pathology_report")
    ('sud_counseling_notes', ())
    """
    named = [kind for kind in told if kind]
    strict = tuple(dict.fromkeys(kind for kind in named if kind in BOUND))
    return (strict[0], strict[1:]) if strict else (named[-1] if named else None, ())


def is_administrative(item: Material) -> bool:
    """Whether the item records a privacy decision and not care."""
    return "administrative_record" in kinds_of(item)


def data_classes_of(item: Material) -> frozenset[str]:
    """Return the item's classes of data: what is stated and what its kind has; stating one does not lift another."""
    theirs = {row.data_class for kind in kinds_of(item) if (row := kinds().get(kind))}
    stated = {item.data_class, *theirs, *item.data_classes}
    return frozenset(name for name in stated if name)


def classify_study(modalities: Iterable[str]) -> str:
    """Return the kind of a DICOM study by its modalities (PS3.3 C.7.3.1.1.1); slide images come first.

    >>> classify_study(["SR", "CT"]), classify_study(["US"]), classify_study([])
    ('ct_study', 'imaging_study', 'imaging_study')
    """
    present = set(modalities)
    for row in rows("items.csv"):
        if row["match"] == "modality" and row["code"] in present:
            return row["kind"]
    return "imaging_study"


def classify_resource(resource: dict[str, Any], more: Iterable[object] = ()) -> ItemInLaw | None:
    """Return what a FHIR R4 resource is in law, or None where it only supports items.

    Never raises: a malformed resource is read as far as it goes, and what cannot be read is decided about as a clinical
    record; without a resourceType it is undeclared content. A label counts in whatever system it stands: a local
    system's HIV is taken at its word, in whatever case it is written, wherever it stands (see `labels_of`; `more` are
    the labels of the Bundle it came in, which bind every entry).
    """
    name = resource.get("resourceType")
    type_name = name if isinstance(name, str) else ""
    labels = labels_of(resource, more)
    sensitive = [row for row in rows("items.csv") if row["match"] == "label" and row["code"].casefold() in labels]
    if not sensitive and _is_supporting(type_name, resource) and not _has_record(resource):
        return None
    kind, line_class = (RECORD, None) if _has_record(resource) else _by_lines(type_name, resource)
    strict, also = strict_kinds(*(row["kind"] for row in sensitive))
    kind = strict or kind
    row = kinds()[kind]
    classes = [line["data_class"] for line in sensitive if line["data_class"]]
    return ItemInLaw(
        kind=kind,
        also=also,
        in_drs=row.in_drs,
        maintained_in=row.maintained_in,
        part2=row.part2 or any(line["part2"] for line in sensitive),
        data_classes=tuple(dict.fromkeys(name for name in (*classes, line_class, row.data_class) if name)),
        completed=_completed(type_name, resource.get("status")),
        confidentiality="V" if "v" in labels else "R" if "r" in labels else None,
        labels=tuple(line["code"] for line in sensitive),
    )


def _has_record(resource: dict[str, Any]) -> bool:
    """Whether it is a Consent that speaks of disclosure, or contains a Consent that is no consent to care."""
    if resource.get("resourceType") == "Consent" and discloses(resource):
        return True
    inner = (one for one in objects(resource.get("contained")) if one.get("resourceType") == "Consent")
    return any(discloses(one) or _by_lines("Consent", one)[0] == RECORD for one in inner)


@functools.cache
def _supporting() -> frozenset[str]:
    return frozenset(row["type"] for row in rows("items.csv") if row["match"] == "supporting")


def _is_supporting(type_name: str, resource: dict[str, Any]) -> bool:
    if type_name == "Device":
        return "patient" not in resource
    return type_name in _supporting()


def _completed(type_name: str, status: object) -> bool | None:
    if type_name not in ("DiagnosticReport", "Observation") or not isinstance(status, str):
        return None
    return False if status in _UNFINISHED else True if status in _FINISHED else None


def _by_lines(type_name: str, resource: dict[str, Any]) -> tuple[str, str | None]:
    """Return kind and class of data by the first line of items.csv that matches type and coding."""
    if not type_name:
        return UNDECLARED, None
    found = {
        "code": set(_codings(resource, "code")) | set(_codings(resource, "type")),
        "category": set(_codings(resource, "category")),
        "scope": set(_codings(resource, "scope")),
        "modality": set(_codings(resource, "modality")) | _series(resource),
        "type": {("", "")},
    }
    for row in rows("items.csv"):
        right_type = row["type"] in ("", type_name)
        if right_type and (row["system"], row["code"]) in found.get(row["match"], ()):
            return row["kind"], row["data_class"] or None
    return DEFAULT, None


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _series(resource: dict[str, Any]) -> set[tuple[str, str]]:
    series = resource.get("series")
    return {coding for one in series for coding in _codings(one, "modality")} if isinstance(series, list) else set()


def _codings(value: object, key: str) -> Iterator[tuple[str, str]]:
    """Yield (system, code) of a CodeableConcept or Coding, or a list of them; what has another shape is passed over."""
    held = _get(value, key)
    for one in held if isinstance(held, list) else [held]:
        inner = _get(one, "coding")
        for coding in inner if isinstance(inner, list) else [one]:
            code, system = _get(coding, "code"), _get(coding, "system")
            if isinstance(code, str):
                yield (system if isinstance(system, str) else "", code)
