"""What the instances of a series say of it: number, body site, side, time, and who made it."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from mappings.dicom.header import Header, person_name, triplet_concept
from mappings.dicom.notes import Notes
from mappings.dicom.sides import side
from mappings.dicom.times import moment
from mappings.domain.material import Instance, Series
from mappings.domain.values import Concept

Side = Literal["left", "right", "bilateral", "unpaired"]
LATERALITY: dict[str, Side] = {"L": "left", "R": "right", "B": "bilateral", "U": "unpaired"}
"""Values of (0020,0060) and (0020,0062)."""
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
"""SOP Class of a key object selection document."""
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")


class Member(NamedTuple):
    """An instance: where it was found, what is its own, and the header it shares with others."""

    path: str
    uid: str
    number: str
    header: Header
    cut_off: bool = False


def series_of(uid: str, members: list[Member], zones: Mapping[str, str], notes: Notes) -> Series:
    """The series that these instances are."""
    path, head = members[0].path, members[0].header
    other = next((each.path for each in members if each.header.modality != head.modality), None)
    if other:
        message = f"has another modality than {path} of the same series; that of {path} is taken"
        notes.add("conflict", f"{other} (0008,0060)", message, "PS3.3 C.7.3.1.1.1")
    if not _CODE.fullmatch(head.modality):
        notes.add("code-invalid", f"{path} (0008,0060)", "is no code; it is kept as words", "PS3.5 6.2")
    dated = next((each for each in members if each.header.series_date), members[0])
    stated = (dated.header.series_date, dated.header.series_time, dated.header.timezone_offset)
    numbered = next((each for each in members if each.header.series_number), members[0])
    instances = (_instance(member, notes) for member in members)
    return Series(
        uid=uid,
        modality=head.modality,
        instances=tuple(sorted(instances, key=lambda i: (i.number is None, i.number or 0, i.uid))),
        number=_number(numbered.path, numbered.header.series_number, "(0020,0011)", notes),
        description=first(members, "series_description"),
        body_site=_site(members, notes),
        laterality=_laterality(members, notes),
        started=moment(dated.path, stated, zones, ("(0008,0021)", "(0008,0031)"), notes),
        performer=person(members, "performer"),
    )


def _instance(member: Member, notes: Notes) -> Instance:
    header = member.header
    title = header.image_type[2] if header.modality == "SM" and len(header.image_type) > 2 else None
    title = title or header.document_title or (header.title.meaning if header.title else None)
    number = _number(member.path, member.number, "(0020,0013)", notes)
    return Instance(uid=member.uid, sop_class=header.sop_class, number=number, title=title or None)


def first(members: list[Member], field: str) -> str | None:
    """The first that is there of this element."""
    return next((value for member in members if (value := getattr(member.header, field))), None)


def person(members: list[Member], field: str) -> str | None:
    """A person's name as people write it (PS3.5 section 6.2.1 has it as family^given)."""
    written = first(members, field)
    names = [person_name(part.strip()) for part in written.split(";")] if written else []
    return "; ".join(name.label for name in names if name) or None


def concept_of(members: list[Member], field: str, tag: str, notes: Notes) -> Concept | None:
    """The first coded element that has a meaning; what no code system here has is kept as words, and said."""
    for member in members:
        triplet = getattr(member.header, field)
        if triplet is None:
            continue
        if triplet.value and not triplet.code:
            message = "is no code, or one of a scheme whose system is not known; its meaning is kept as words"
            notes.tell("code-invalid", f"{member.path} {tag}", message, "PS3.3 8.8")
        if found := triplet_concept(triplet):
            return found
    return None


def _number(path: str, text: str, tag: str, notes: Notes) -> int | None:
    """An IS as FHIR and the domain have it: no sign, 31 bits."""
    if not text:
        return None
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= 12 and int(digits) < 2**31:
        return int(digits)
    notes.add("value", f"{path} {tag}", "is no number from 0 to 2147483647 and is left out", "PS3.5 6.2")
    return None


def _site(members: list[Member], notes: Notes) -> Concept | None:
    """The region by its code, else the structure, else words, else the one structure that the tissue is of."""
    words = first(members, "body_part")
    coded = concept_of(members, "anatomic_region", "(0008,2218)", notes)
    coded = coded or concept_of(members, "structure", "(0008,2228)", notes)
    tissue = [site for header in dict.fromkeys(m.header for m in members) for t in header.specimens for site in t.sites]
    meant = dict.fromkeys(found for site in tissue if (found := triplet_concept(site)))
    return coded or (Concept(text=words) if words else None) or (next(iter(meant)) if len(meant) == 1 else None)


def _laterality(members: list[Member], notes: Notes) -> Side | None:
    """The side that series, images and the modifiers of their anatomic site agree on; where they differ, none."""
    path = members[0].path
    headers = dict.fromkeys(member.header for member in members)
    said = {value for h in headers for value in (h.laterality, h.image_laterality) if value}
    known = {LATERALITY[value] for value in said if value in LATERALITY}
    if len(known) != len(said):
        notes.add("code-invalid", f"{path} (0020,0060)", "is none of L, R, B, U and is left out", "PS3.3 C.7.3.1")
    known |= _modified(path, headers, notes)
    if len(known) > 1:
        message = (
            "and (0020,0062) or the modifiers of the anatomic site (0008,2220) name different sides within the series; "
            "none is taken: see the images"
        )
        notes.add("conflict", f"{path} (0020,0060)", message, "PS3.3 C.7.3.1")
    return known.pop() if len(known) == 1 else None


def _modified(path: str, headers: Iterable[Header], notes: Notes) -> set[Side]:
    """The sides that modifiers of region or structure name (PS3.16 CID 2); of any other modifier it is said."""
    modifiers = dict.fromkeys(one for h in headers for one in (*h.region_modifiers, *h.structure_modifiers))
    if any(side(one) is None for one in modifiers):
        message = "has a modifier of the anatomic site that is no side; it is not kept"
        notes.tell("incomplete", f"{path} (0008,2220)", message, "PS3.3 10.5")
    return {found for one in modifiers if (found := side(one))}
