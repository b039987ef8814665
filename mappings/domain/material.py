"""What is reviewed: tissue as part -> block -> slide -> whole-slide image, imaging studies, documents, and custody."""

import re
from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Concept, Fact, Identifier, Moment, PartialDate, Span, need

_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")  # images of old have roots that no OID has


def check_uid(uid: str, what: str) -> None:
    """Raise ValueError unless this is a DICOM UID (PS3.5 section 9: dotted numbers, at most 64 characters)."""
    need(len(uid) <= 64 and _UID.fullmatch(uid), f"{what} must be a DICOM UID")


_TOLD = re.compile(r"specimen-[0-9a-f]{16}")


def is_told(name: str) -> bool:
    """Whether a local name is of a part, block or slide that nothing but headers of images tells of.

    Such things are made anew from the images whenever a case is loaded or released, and are decided about with them.
    """
    return _TOLD.fullmatch(name) is not None


class Part(Item, frozen=True, kw_only=True):
    """What was taken from the patient (biopsy, resection); `identifiers` are the labels, ACSN the accession.

    `parent` is the larger part it was taken from, where a specimen was divided before it came to blocks.
    """

    LINKS: ClassVar = {"parent": ("Part",)}

    parent: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    description: str | None = None
    tissue: Concept | None = None
    body_site: Concept | None = None
    laterality: Literal["left", "right", "bilateral"] | None = None
    procedure: Concept | None = None
    collected: Moment | None = None
    received: Moment | None = None


class Block(Item, frozen=True, kw_only=True):
    """A paraffin block; `remaining` says how much tissue is left for further sections; no `part`: it is not told.

    `tissue` is what its source says that the specimen is, by a code, beside what a block is by itself.
    `sections` is how many could be cut of it, as the laboratory counts, when the record of custody begins.
    """

    LINKS: ClassVar = {"part": ("Part",)}

    part: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    description: str | None = None
    tissue: Concept | None = None
    fixative: Concept | None = None
    remaining: Literal["ample", "limited", "exhausted"] | None = None
    sections: int | None = None

    def check(self) -> None:
        Item.check(self)
        _check_sections(self.sections, 0)
        need(self.remaining != "exhausted" or not self.sections, "an exhausted block has no `sections` left")
        _check_tissue(self.tissue)


class Slide(Item, frozen=True, kw_only=True):
    """A glass slide cut from a block (or smeared from a part); `stain` H&E, special stain or IHC marker.

    `stained_with` are the substances, each by its code, where several make the stain. No `parent`: what it was cut
    from is not told. `tissue` is what its source says that the specimen on it is, by a code.
    `sections` is how many lie on it, or how many unstained slides this one item stands for.
    """

    LINKS: ClassVar = {"parent": ("Block", "Part")}

    parent: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    tissue: Concept | None = None
    stain: Concept | None = None
    stained_with: tuple[Concept, ...] = ()
    kind: Literal["original", "recut", "unstained"] = "original"
    description: str | None = None
    sections: int | None = None

    def check(self) -> None:
        Item.check(self)
        _check_sections(self.sections, 1)
        _check_tissue(self.tissue)


def _check_tissue(tissue: Concept | None) -> None:
    need(tissue is None or (tissue.codes and not tissue.text), "field `tissue` of a block or slide is codes alone")


def _check_sections(sections: int | None, least: int) -> None:
    need(sections is None or least <= sections < 10_000, f"field `sections` is a number from {least} to 9999")


class CustodyEvent(Item, frozen=True, kw_only=True):
    """One hand-over of a physical material. The record is append-only; `due_back` makes it a loan.

    `form` says in what form it is asked for or given: sections cut anew, the original on loan, the original for good.
    `sections` is how many are asked for, cut, sent or received of each item.
    """

    LINKS: ClassVar = {
        "items": ("Part", "Block", "Slide"),
        "by": ("Organization", "Role"),
        "to": ("Organization", "Role"),
    }

    items: tuple[str, ...]
    kind: Literal["requested", "released", "shipped", "received", "returned", "lost", "broken", "recut", "discarded"]
    at: Moment
    by: str | None = None
    to: str | None = None
    carrier: str | None = None
    tracking: str | None = None
    due_back: PartialDate | None = None
    form: Literal["recut", "loan", "transfer"] | None = None
    sections: int | None = None
    note: str | None = None

    def check(self) -> None:
        Item.check(self)
        _check_sections(self.sections, 1)
        need(self.items, "needs at least one entry in `items`")


class Endpoint(Item, frozen=True, kw_only=True):
    """Where images can be fetched; `address` is a URL without credentials."""

    LINKS: ClassVar = {"organization": ("Organization",)}

    address: str
    connection: Literal["dicom-wado-rs", "dicom-qido-rs", "dicom-stow-rs", "hl7-fhir-rest"] = "dicom-wado-rs"
    status: Literal["active", "suspended", "error", "off", "entered-in-error", "test"] = "active"
    name: str | None = None
    organization: str | None = None

    def check(self) -> None:
        Item.check(self)
        authority = re.split(r"[/?#]", self.address.partition("://")[2], maxsplit=1)[0]
        need("@" not in authority, "field `address` must not hold credentials")


class Instance(Fact, frozen=True, kw_only=True, gc=False):
    """One SOP Instance; frames are not instances."""

    uid: str
    sop_class: str
    number: int | None = None
    title: str | None = None

    def check(self) -> None:
        check_uid(self.uid, "field `uid`")
        check_uid(self.sop_class, "field `sop_class`")
        need(self.number is None or 0 <= self.number < 2**31, "field `number` is an unsigned 32-bit number")


class Series(Fact, frozen=True, kw_only=True):
    """One series of a study; `slides` are the local names of the glass slides a whole-slide image shows."""

    uid: str
    modality: str
    instances: tuple[Instance, ...]
    number: int | None = None
    description: str | None = None
    body_site: Concept | None = None
    laterality: Literal["left", "right", "bilateral", "unpaired"] | None = None
    started: Moment | None = None
    performer: str | None = None
    slides: tuple[str, ...] = ()

    def check(self) -> None:
        check_uid(self.uid, "field `uid`")
        need(self.number is None or 0 <= self.number < 2**31, "field `number` is an unsigned 32-bit number")
        site = self.body_site
        need(site is None or len(site.codes) + bool(site.text) == 1, "field `body_site` is one code or words, not both")


class ImagingStudy(Item, frozen=True, kw_only=True):
    """A DICOM study (radiology or whole-slide). `files` are the paths below the case of the instances that are here.

    `referrer` and the series' `performer` are names as the images carry them.
    """

    LINKS: ClassVar = {"endpoints": ("Endpoint",)}

    uid: str
    series: tuple[Series, ...]
    identifiers: tuple[Identifier, ...] = ()
    started: Moment | None = None
    description: str | None = None
    procedure: Concept | None = None
    referrer: str | None = None
    endpoints: tuple[str, ...] = ()
    status: Literal["registered", "available", "cancelled", "entered-in-error", "unknown"] = "available"

    def check(self) -> None:
        Item.check(self)
        check_uid(self.uid, "field `uid`")
        uids = [s.uid for s in self.series] + [i.uid for s in self.series for i in s.instances]
        need(len(set(uids)) == len(uids), "a series or instance UID must not repeat")

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities of the series, sorted, each once."""
        return tuple(sorted({series.modality for series in self.series}))


class Document(Item, frozen=True, kw_only=True):
    """A file for people: PDF, letter, proprietary slide image. `path` is below the case; the bytes stay as they are.

    `sha256` is lower-case hex over the bytes, `size` their number.
    """

    LINKS: ClassVar = {"authors": ("Practitioner", "Role", "Organization", "*"), "about": ("*",)}

    path: str
    content_type: str
    sha256: str
    size: int
    kind: str
    """What it is in law: a value of the table of kinds (`pathology_report`, `clinical_note`, ...)."""
    title: str | None = None
    date: Moment | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    period: Span | None = None
    about: tuple[str, ...] = ()

    def check(self) -> None:
        Item.check(self)
        need(re.fullmatch(r"[0-9a-f]{64}", self.sha256), "field `sha256` must be 64 hex digits")
        need(self.size >= 0, "field `size` must not be negative")
        check_path(self.path)


def check_path(path: str) -> None:
    """Raise ValueError unless this is a relative path with `/` that stays below its root."""
    parts = path.split("/")
    bad = not path or path.startswith("/") or "\\" in path or "\0" in path or any(p in ("", ".", "..") for p in parts)
    need(not bad, "a path must be relative, with `/`, and stay below the case folder")
