"""INDEX.HTM and README.TXT of a medium (IHE RAD TF-3 4.47.4.1.2.3): who made it, what is on it, and on the others."""

import unicodedata
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import msgspec

from adapter.config import Office
from adapter.consent.release import Release
from mappings.domain.material import ImagingStudy
from mappings.domain.party import PATIENT

XHTML = "http://www.w3.org/1999/xhtml"
DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML Basic 1.0//EN" '
    '"http://www.w3.org/TR/xhtml-basic/xhtml-basic10.dtd">\n'
)
_PRIVATE = "This medium holds health information about one person. Use it for the purpose it was released for."


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A document on the medium: its title, where it lies, and on which volume."""

    title: str
    place: str
    volume: int


class OnVolumes(msgspec.Struct, frozen=True, kw_only=True):
    """What is on which volume, for all of them.

    `studies` are the instances of each study (by UID) on each volume; `case` is the volume of CASE.ZIP; `signed` says
    that the volumes are.
    """

    number: int
    documents: tuple[Listed, ...]
    studies: Sequence[dict[str, int]]
    case: int
    statement: bool
    signed: bool
    version: str


def index_page(release: Release, contents: OnVolumes, volume: int) -> bytes:
    """INDEX.HTM of a volume, counted from 1: XHTML Basic, links to what is on this volume only."""
    case = release.case
    title = f"Images and reports, volume {volume} of {contents.number}"
    html = ET.Element("html", {"xmlns": XHTML, "xml:lang": "en"})
    ET.SubElement(ET.SubElement(html, "head"), "title").text = title
    body = ET.SubElement(html, "body")
    _text(body, "h1", title)
    _text(body, "p", f"From: {_holder(release)}. To: {_recipient(release)}. Released: {release.decided_at}.")
    _text(body, "p", f"Patient: {case.patient.names[0].label}. {_PRIVATE}")
    _text(body, "h2", "Reports and other documents")
    _links(body, [(one.title, one.place, one.volume) for one in contents.documents], volume)
    _text(body, "h2", "Images")
    if any(contents.studies):
        _text(body, "p", "A DICOM viewer opens the file DICOMDIR. There is no viewer on this medium.")
    rows = [_study(study, contents, volume) for study in case.studies if _count(study, contents)]
    _list(body, rows or ["none"])
    _text(body, "h2", "More")
    more = [("The case: a page for people (index.html) and FHIR R4 for systems (zip)", "CASE/CASE.ZIP", contents.case)]
    more += [("Prohibition on redisclosure (42 CFR 2.32)", "PART2.TXT", volume)] if contents.statement else []
    _links(body, [*more, ("About this medium", "README.TXT", volume)], volume)
    return (DOCTYPE + ET.tostring(html, encoding="unicode") + "\n").encode()


def readme(release: Release, contents: OnVolumes, volume: int, office: Office) -> bytes:
    """README.TXT of a volume: ASCII, lines that end as every system reads them."""
    reach = (office.phone, office.email, *office.address)
    lines = [
        f"IMAGES AND REPORTS, VOLUME {volume} OF {contents.number}",
        "",
        f"Made by       {_holder(release)}",
        *(f"              {line}" for line in (office.name or office.title, *reach) if line),
        f"Made for      {_recipient(release)}",
        f"Released      {release.decided_at}",
        f"Made with     second-opinion-adapter {contents.version}",
        "",
        "INDEX.HTM     what is on this volume, for any browser; needs no network",
        "DICOMDIR      the directory of the images; any DICOM viewer opens it (where there are images)",
        "DICOM         the images",
        "DOCUMENT      reports and other documents",
        f"CASE\\CASE.ZIP the case as FHIR R4 with its documents (on volume {contents.case});",
        "              second-opinion import PLACE --to FOLDER makes a case folder of it and the",
        "              images, where PLACE is this volume or a folder that has all volumes in it",
        "SHA256.TXT    the digest of every file on this volume; sha256sum -c SHA256.TXT checks them",
        *(["SHA256.JWS    signature of the sender over SHA256.TXT"] if contents.signed else []),
        *(["PART2.TXT     prohibition on redisclosure (42 CFR 2.32)"] if contents.statement else []),
        "",
        "All volumes:",
        *(f"  volume {number}: {_told(contents, number)}" for number in range(1, contents.number + 1)),
        "",
        "There is no viewer and no other program on this medium, and nothing starts by itself.",
        "The images are copies of the originals, as they were made; whether they suit a diagnosis on",
        "your equipment is for you to judge.",
        _PRIVATE,
    ]
    return "".join(f"{_ascii(line)}\r\n" for line in lines).encode("ascii")


def _told(contents: OnVolumes, number: int) -> str:
    here = contents.studies[number - 1]
    documents = sum(one.volume == number for one in contents.documents)
    parts = [_several(sum(here.values()), len(here))] if here else []
    parts += [f"{documents} documents"] if documents else []
    parts += ["CASE.ZIP"] if contents.case == number else []
    return ", ".join(parts) or "nothing"


def _several(instances: int, studies: int) -> str:
    return f"{instances} instances of {studies} imaging {'study' if studies == 1 else 'studies'}"


def _study(study: ImagingStudy, contents: OnVolumes, volume: int) -> str:
    modalities = ", ".join(sorted({series.modality for series in study.series}))
    told = [str(study.started or "undated"), modalities, study.description or ""]
    places = [(number, here[study.uid]) for number, here in enumerate(contents.studies, 1) if study.uid in here]
    if len(places) == 1:
        number, count = places[0]
        where = "on this volume" if number == volume else f"on volume {number}"
        return f"{'; '.join(filter(None, told))}: {count} instances, {where}"
    spread = ", ".join(f"{count} on volume {number}" for number, count in places)
    return f"{'; '.join(filter(None, told))}: {_count(study, contents)} instances: {spread}"


def _count(study: ImagingStudy, contents: OnVolumes) -> int:
    return sum(here.get(study.uid, 0) for here in contents.studies)


def _holder(release: Release) -> str:
    case = release.case
    return next(one.name for one in case.organizations if one.id == case.holder)


def _recipient(release: Release) -> str:
    case = release.case
    party = case.access.recipient_party if case.access else ""
    party = next((role.organization or role.practitioner for role in case.roles if role.id == party), party)
    named = {PATIENT: "the patient"} | {one.id: one.name for one in case.organizations}
    named |= {one.id: one.names[0].label for one in case.practitioners if one.names}
    named |= {one.id: one.names[0].label for one in case.related_persons if one.names}
    return named.get(party, "the recipient")


def _ascii(text: str) -> str:
    """Letters without their marks; what has no ASCII at all as `?`. INDEX.HTM has it whole. A line stays a line."""
    plain = unicodedata.normalize("NFKD", _line(text))
    return "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode("ascii")


def _line(text: str) -> str:
    """Line ends and what else is no sign as a blank: what is called in two lines adds no line of its own."""
    return "".join(c if c.isprintable() else " " for c in text)


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    made = ET.SubElement(parent, name)
    made.text = _line(text)
    return made


def _list(parent: ET.Element, rows: Sequence[str]) -> None:
    made = ET.SubElement(parent, "ul")
    for row in rows:
        _text(made, "li", row)


def _links(parent: ET.Element, rows: Sequence[tuple[str, str, int]], volume: int) -> None:
    """Each with a link where it lies on this volume, else with the number of the one it lies on."""
    made = ET.SubElement(parent, "ul")
    for title, place, number in rows:
        if number == volume:
            _text(ET.SubElement(made, "li"), "a", title).set("href", place)
        else:
            _text(made, "li", f"{title}: on volume {number}")
    if not rows:
        _text(made, "li", "none")


__all__ = ["Listed", "OnVolumes", "index_page", "readme"]
