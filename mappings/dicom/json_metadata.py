"""DICOM JSON metadata (PS3.18 annex F, WADO-RS) -> `mappings.dicom.header.Header`, as a file's header is read.

Text is Unicode already. What has not the shape of the standard is absent and named in `irregular`.
"""

import re
from typing import Any

from mappings.dicom.charset import printable
from mappings.dicom.header import Content, Header, Issued, Tissue, Triplet
from mappings.dicom.series import KEY_OBJECTS
from mappings.fhir.wire import Json

_TEXTS = {
    "study_uid": "0020000D",
    "series_uid": "0020000E",
    "instance_uid": "00080018",
    "sop_class": "00080016",
    "transfer_syntax": "00083002",
    "modality": "00080060",
    "series_number": "00200011",
    "instance_number": "00200013",
    "study_date": "00080020",
    "study_time": "00080030",
    "series_date": "00080021",
    "series_time": "00080031",
    "timezone_offset": "00080201",
    "body_part": "00180015",
    "laterality": "00200060",
    "image_laterality": "00200062",
    "study_description": "00081030",
    "series_description": "0008103E",
    "birth_date": "00100030",
    "sex": "00100040",
    "burned_in": "00280301",
    "label_in_image": "00480010",
    "document_title": "00420010",
    "document_type": "00420012",
}
_PATIENT = ("00100020", "00100021", "00100024")
_IDENTITY = {"number": _PATIENT[:2], "name": ("00100010",), "birth date": ("00100030",)}
"""Parts of the identity: of one that has two values nobody can say which is the patient's."""
_MODIFIERS = ("00082230", "00082220")
_WHOLE = re.compile(r"[+-]?\d+")


def header(dataset: Json) -> Header:
    """The header that one object of the metadata is."""
    item = _Item(dataset, [], {})
    for scheme in item.items("00080110"):
        item.schemes[scheme.text("00080102")] = scheme.text("0008010C")
    others = [found for each in item.items("00101002") if (found := each.issued(*_PATIENT))]
    texts: dict[str, Any] = {field: item.text(tag) for field, tag in _TEXTS.items()}
    names = item.groups("00100010")
    made: dict[str, Any] = {
        "anatomic_region": item.triplet("00082218"),
        "region_modifiers": item.modifiers("00082218"),
        "structure": item.triplet("00082228"),
        "structure_modifiers": item.modifiers("00082228"),
        "accession": item.issued("00080050", "", "00080051"),
        "procedure": item.triplet("00081032", "00321064"),
        "procedures": next((number for tag in ("00081032", "00321064") if (number := len(item.items(tag)))), 0),
        "patient_id": item.issued(*_PATIENT),
        "other_patient_ids": (*others, *(Issued(value=number) for number in item.texts("00101000"))),
        "patient_names": names[0] if names else (),
        "referrer": item.names("00080090"),
        "performer": item.names("00081050") or item.names("00081070"),
        "container": item.issued("00400512", "", "00400513"),
        "container_type": item.triplet("00400518"),
        "specimens": tuple(_tissue(each) for each in item.items("00400560")),
        "image_type": item.texts("00080008"),
        "title": item.triplet("0040A043"),
        "referenced": _evidence(item) if texts["sop_class"] == KEY_OBJECTS else (),
    }
    if texts["document_type"]:
        made |= {"content_date": item.text("00080023"), "content_time": item.text("00080033")}
    torn = [part for part, tags in _IDENTITY.items() if any(len(item.values(tag)) > 1 for tag in tags)]
    unreadable = tuple(dict.fromkeys((*_lost(item), *torn)))
    return Header(**texts, **made, irregular=tuple(dict.fromkeys(item.odd)), unreadable=unreadable)


def _evidence(item: "_Item") -> tuple[str, ...]:
    series = (one for study in item.items("0040A375") for one in study.items("00081115"))
    uids = (sop.text("00081155") for one in series for sop in one.items("00081199"))
    return tuple(dict.fromkeys(uid for uid in uids if uid))


def _lost(item: "_Item") -> tuple[str, ...]:
    return ("name",) if "(0010,0010)" in item.odd else ()


class _Item:
    """One data set, or an item of a sequence. What has another shape is absent, and its tag remembered."""

    def __init__(self, members: Json, odd: list[str], schemes: dict[str, str]) -> None:
        self.members, self.odd, self.schemes = members, odd, schemes

    def values(self, tag: str) -> list[Any]:
        element = self.members.get(tag)
        if element is None:
            return []
        values = element.get("Value", []) if isinstance(element, dict) else None
        if not isinstance(values, list):
            self.note(tag)
            return []
        return [value for value in values if value is not None]

    def note(self, tag: str) -> None:
        self.odd.append(f"({tag[:4]},{tag[4:]})")

    def texts(self, tag: str) -> tuple[str, ...]:
        found = [self._written(tag, value) for value in self.values(tag)]
        return tuple(text for text in found if text)

    def text(self, tag: str) -> str:
        """The first value; that there are several is remembered."""
        found = self.texts(tag)
        if len(found) > 1:
            self.note(tag)
        return next(iter(found), "")

    def _written(self, tag: str, value: object) -> str:
        """A value as text: strings, and whole numbers (IS may be written as such)."""
        if isinstance(value, str) and printable(found := value.strip(" \0").strip()):
            return found.replace("\f", "\n")
        if not isinstance(value, bool) and _WHOLE.fullmatch(str(value)):
            return str(value)
        self.note(tag)
        return ""

    def items(self, tag: str) -> "list[_Item]":
        found = self.values(tag)
        if not all(isinstance(value, dict) for value in found):
            self.note(tag)
        return [_Item(value, self.odd, self.schemes) for value in found if isinstance(value, dict)]

    def groups(self, tag: str) -> list[tuple[str, ...]]:
        """Of each person name its component groups: alphabetic, ideographic, phonetic."""
        made = []
        for value in self.items(tag):
            parts = [value.members.get(group) for group in ("Alphabetic", "Ideographic", "Phonetic")]
            if any(part is not None and not isinstance(part, str) for part in parts):
                self.note(tag)
            texts = [p.strip().rstrip("^ ") for p in parts if isinstance(p, str)]
            if not all(map(printable, texts)):
                self.note(tag)
            made.append(tuple(text for text in texts if text and printable(text)))
        return made

    def names(self, tag: str) -> str:
        return "; ".join(groups[0] for groups in self.groups(tag) if groups)

    def triplet(self, *tags: str) -> Triplet | None:
        return next((item.coded() for tag in tags for item in self.items(tag)), None)

    def modifiers(self, tag: str) -> tuple[Triplet, ...]:
        """The modifiers of the first item of an anatomic site."""
        sites = self.items(tag)[:1]
        return tuple(one.coded() for modifier in _MODIFIERS for site in sites for one in site.items(modifier))

    def coded(self) -> Triplet:
        value = next((text for tag in ("00080100", "00080119", "00080120") if (text := self.text(tag))), "")
        scheme = self.text("00080102")
        return Triplet(value=value, scheme=scheme, meaning=self.text("00080104"), uid=self.schemes.get(scheme, ""))

    def issued(self, number: str, word: str, sequence: str) -> Issued | None:
        value = self.text(number)
        if not value:
            return None
        item = next(iter(self.items(sequence)), None)
        return Issued(
            value=value,
            issuer=(self.text(word) if word else "") or (item.text("00400031") if item else ""),
            universal=item.text("00400032") if item else "",
            universal_type=item.text("00400033") if item else "",
        )


def _tissue(item: _Item) -> Tissue:
    sites = item.items("00082228")
    return Tissue(
        identifier=item.issued("00400551", "", "00400562"),
        uid=item.text("00400554"),
        short=item.text("00400600"),
        detailed=item.text("00400602"),
        kind=item.triplet("0040059A"),
        sites=tuple(site.coded() for site in sites),
        site_modifiers=item.modifiers("00082228"),
        steps=tuple(tuple(_content(one) for one in step.items("00400612")) for step in item.items("00400610")),
    )


def _content(item: _Item) -> Content:
    name = next((groups[0] for groups in item.groups("0040A123") if groups), "")
    text = item.text("0040A160") or item.text("0040A120") or name
    return Content(name=item.triplet("0040A043") or Triplet(), text=text, code=item.triplet("0040A168"))
