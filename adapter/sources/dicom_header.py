"""The elements of a file -> `mappings.dicom.header.Header`: decoded in the file's character sets, split, trimmed.

What the instances of a series repeat is decoded once: its bytes are the key.
"""

import re
from typing import Any

import msgspec

from adapter.sources.dicom_elements import Elements, Odd, items
from mappings.dicom.charset import Charset, printable
from mappings.dicom.header import Content, Header, Issued, Tissue, Triplet
from mappings.dicom.series import KEY_OBJECTS

_CHARSET = 0x00080005
_SCHEMES = 0x00080110
_TEXTS = {
    "study_uid": 0x0020000D,
    "series_uid": 0x0020000E,
    "sop_class": 0x00080016,
    "modality": 0x00080060,
    "series_number": 0x00200011,
    "study_date": 0x00080020,
    "study_time": 0x00080030,
    "series_date": 0x00080021,
    "series_time": 0x00080031,
    "timezone_offset": 0x00080201,
    "body_part": 0x00180015,
    "laterality": 0x00200060,
    "image_laterality": 0x00200062,
    "study_description": 0x00081030,
    "series_description": 0x0008103E,
    "birth_date": 0x00100030,
    "sex": 0x00100040,
    "burned_in": 0x00280301,
    "label_in_image": 0x00480010,
    "document_title": 0x00420010,
    "document_type": 0x00420012,
}
_WHOLE = (0x00420010,)
"""ST: a backslash is a character of it."""
_OWN = {"instance_uid": 0x00080018, "instance_number": 0x00200013}
"""What differs from instance to instance."""
_CONTENT = {"content_date": 0x00080023, "content_time": 0x00080033}
"""Of documents alone: every image has another time."""
_SOP_CLASS, _META_CLASS, _META_INSTANCE, _SYNTAX = 0x00080016, 0x00020002, 0x00020003, 0x00020010
_IMAGE_TYPE, _TITLE, _NAME, _MIME = 0x00080008, 0x0040A043, 0x00100010, 0x00420012
_PATIENT = (0x00100020, 0x00100021, 0x00100024)
_IDENTITY = {"number": _PATIENT[:2], "name": (_NAME,), "birth date": (0x00100030,)}
"""Parts of the identity: of one that has two values nobody can say which is the patient's."""
_ACCESSION = (0x00080050, 0, 0x00080051)
_CONTAINER = (0x00400512, 0, 0x00400513)
_SPECIMEN = (0x00400551, 0, 0x00400562)
_OTHER_IDS, _OTHERS = 0x00101000, 0x00101002
_REGION, _PROCEDURES, _CONTAINER_TYPE, _TISSUES = 0x00082218, (0x00081032, 0x00321064), 0x00400518, 0x00400560
_STRUCTURE = 0x00082228
_MODIFIERS = (0x00082230, 0x00082220)
"""Of a primary anatomic structure, and of a region; software confuses the two, so that either stands in either."""
_EVIDENCE, _IN_SERIES, _IN_SOP, _REFERENCED = 0x0040A375, 0x00081115, 0x00081199, 0x00081155
_REFERRER, _PERFORMERS = 0x00080090, (0x00081050, 0x00081070)
_REST = (
    *(_CHARSET, _SCHEMES, _META_CLASS, _SYNTAX, _IMAGE_TYPE, _TITLE, _NAME, *_PATIENT, *_ACCESSION, *_CONTAINER),
    *(_OTHER_IDS, _OTHERS, _REGION, _STRUCTURE, *_PROCEDURES, _CONTAINER_TYPE, _TISSUES, _REFERRER, *_PERFORMERS),
    _EVIDENCE,
)
_SHARED = tuple(sorted({tag for tag in (*_TEXTS.values(), *_REST) if tag}))
WANTED = frozenset((*_SHARED, *_OWN.values(), *_CONTENT.values(), _META_INSTANCE))
"""Every tag that is read of a file."""

_CODE = re.compile(r"[A-Z0-9_ ]{0,16}")
_CODES = ("modality", "body_part", "laterality", "image_laterality", "sex", "burned_in", "label_in_image")
_LENGTHS = {"study_description": 64, "series_description": 64, "study_uid": 64, "series_uid": 64, "sop_class": 64}
_DIGITS = re.compile(r"(\d{8}|\d{4}\.\d{2}\.\d{2})?")
_DATES = ("study_date", "series_date", "birth_date")
_MOST = 4096
"""Headers that are remembered; more than that are no longer the series of one medium."""


class Reader:
    """Reads headers one after another and remembers what they share."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], Header] = {}

    def header(self, elements: Elements, broken: tuple[str, ...] = (), cut_off: bool = False) -> Header:
        """The header that these elements are; `broken` are tags whose value could not be read."""
        shared = self._shared(elements, broken)
        fields = Fields(elements, None)
        own: dict[str, Any] = {field: fields.text(tag) for field, tag in _OWN.items()}
        # The file meta information repeats it (PS3.10 section 7.1); a DICOMDIR has it only there.
        own["instance_uid"] = own["instance_uid"] or fields.text(_META_INSTANCE)
        if _MIME in elements:
            own |= {field: fields.text(tag) for field, tag in _CONTENT.items()}
        return msgspec.structs.replace(shared, **own, cut_off=cut_off)

    def _shared(self, elements: Elements, broken: tuple[str, ...]) -> Header:
        key = (*(elements.get(tag) for tag in _SHARED), broken)
        try:
            found = self._seen.get(key)
        except TypeError:  # a sequence that was opened already is no key
            return _shared(elements, broken)
        if found is None:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            found = self._seen[key] = _shared(elements, broken)
        return found


class Fields:
    """Elements as text. What cannot be decoded is absent, and its tag remembered in `broken`.

    `several` are the tags of which the first of several values was asked for.
    """

    def __init__(self, elements: Elements, outer: "Fields | None") -> None:
        self.elements = elements
        self.broken: list[str] = outer.broken if outer else []
        self.several: list[int] = outer.several if outer else []
        self.charset: Charset = outer.charset if outer else Charset()
        self.schemes: dict[str, str] = outer.schemes if outer else {}
        if _CHARSET in elements:
            self.charset = Charset(tuple(term.strip() for term in self.text(_CHARSET, whole=True).split("\\")))
            if not self.charset.known:
                self._break(_CHARSET)

    def text(self, tag: int, whole: bool = False) -> str:
        """The (first) value; with `whole` the text with its backslashes.

        A text with control characters is none: no one can say what it is without them.
        """
        value = self.elements.get(tag, b"")
        if not isinstance(value, bytes) or not value:
            return ""
        try:
            text, sure = self.charset.text(value)
        except UnicodeError:
            self._break(tag)
            return ""
        first, _, more = text.partition("\\")
        read = _clean(text if whole else first)
        if not whole and _clean(more):
            self.several.append(tag)
        if not sure or not printable(read) or (not whole and _clean(more)):
            self._break(tag)
        return read.replace("\f", "\n") if printable(read) else ""

    def texts(self, tag: int) -> tuple[str, ...]:
        return tuple(clean for part in self.text(tag, whole=True).split("\\") if (clean := _clean(part)))

    def items(self, tag: int) -> "list[Fields]":
        if tag not in self.elements:
            return []
        try:
            return [Fields(found, self) for found in items(self.elements[tag])]
        except Odd:
            self._break(tag)
            return []

    def first(self, tag: int) -> "Fields | None":
        return next(iter(self.items(tag)), None)

    def names(self, tag: int) -> str:
        """The names of a multi-valued element, each by its first component group that is not empty."""
        found = (_groups(name) for name in self.texts(tag))
        return "; ".join(groups[0] for groups in found if groups)

    def triplet(self, *tags: int) -> Triplet | None:
        """The first item of the first of these code sequences that has one."""
        return next((item.coded() for tag in tags for item in self.items(tag)), None)

    def modifiers(self, tag: int) -> tuple[Triplet, ...]:
        """The modifiers of the first item of an anatomic site."""
        sites = self.items(tag)[:1]
        return tuple(one.coded() for modifier in _MODIFIERS for site in sites for one in site.items(modifier))

    def coded(self) -> Triplet:
        """The item itself as a code: value, long or URN (PS3.3 section 8.8)."""
        value = next((text for tag in (0x00080100, 0x00080119, 0x00080120) if (text := self.text(tag))), "")
        scheme = self.text(0x00080102)
        uid = self.schemes.get(scheme, "")
        return Triplet(value=value, scheme=scheme, meaning=self.text(0x00080104), uid=uid)

    def issued(self, tags: tuple[int, int, int]) -> Issued | None:
        """A number (first tag) with its issuer: a word (second), or a sequence (third)."""
        number = self.text(tags[0])
        if not number:
            return None
        item = self.first(tags[2])
        return Issued(
            value=number,
            issuer=self.text(tags[1]) or (item.text(0x00400031) if item else ""),
            universal=item.text(0x00400032) if item else "",
            universal_type=item.text(0x00400033) if item else "",
        )

    def _break(self, tag: int) -> None:
        self.broken.append(f"({tag >> 16:04X},{tag & 0xFFFF:04X})")


def _clean(text: str) -> str:
    return text.strip(" \0").strip()


def _groups(name: str) -> tuple[str, ...]:
    """The component groups of a person name that are not empty: alphabetic, ideographic, phonetic."""
    return tuple(text for group in name.split("=") if (text := _clean(group).rstrip("^ ")))


def _shared(elements: Elements, broken: tuple[str, ...]) -> Header:
    fields = Fields(elements, None)
    fields.broken += broken
    for item in fields.items(_SCHEMES):
        fields.schemes[item.text(0x00080102)] = item.text(0x0008010C)
    texts: dict[str, Any] = {field: fields.text(tag, whole=tag in _WHOLE) for field, tag in _TEXTS.items()}
    texts["sop_class"] = texts["sop_class"] or fields.text(_META_CLASS)
    read = len(fields.broken)
    names = _groups(fields.text(_NAME))
    others = [found for item in fields.items(_OTHERS) if (found := item.issued(_PATIENT))]
    made: dict[str, Any] = {
        "anatomic_region": fields.triplet(_REGION),
        "region_modifiers": fields.modifiers(_REGION),
        "structure": fields.triplet(_STRUCTURE),
        "structure_modifiers": fields.modifiers(_STRUCTURE),
        "accession": fields.issued(_ACCESSION),
        "procedure": fields.triplet(*_PROCEDURES),
        "procedures": next((number for tag in _PROCEDURES if (number := len(fields.items(tag)))), 0),
        "patient_id": fields.issued(_PATIENT),
        "other_patient_ids": (*others, *(Issued(value=number) for number in fields.texts(_OTHER_IDS))),
        "patient_names": names,
        "referrer": fields.names(_REFERRER),
        "performer": next((name for tag in _PERFORMERS if (name := fields.names(tag))), ""),
        "container": fields.issued(_CONTAINER),
        "container_type": fields.triplet(_CONTAINER_TYPE),
        "specimens": tuple(_tissue(item) for item in fields.items(_TISSUES)),
        "image_type": fields.texts(_IMAGE_TYPE),
        "title": fields.triplet(_TITLE),
        "referenced": _evidence(fields) if texts["sop_class"] == KEY_OBJECTS else (),
        "transfer_syntax": fields.text(_SYNTAX),
    }
    lost = not names and "(0010,0010)" in (*broken, *fields.broken[read:])
    odd = (*fields.broken, *_irregular(texts))
    torn = [part for part, tags in _IDENTITY.items() if set(fields.several) & set(tags)]
    unreadable = tuple(dict.fromkeys((*(["name"] if lost else []), *torn)))
    return Header(**texts, **made, irregular=tuple(dict.fromkeys(odd)), unreadable=unreadable)


def _evidence(fields: Fields) -> tuple[str, ...]:
    """What a document lists as its evidence: SOP Instance UIDs, by study and series."""
    series = (one for study in fields.items(_EVIDENCE) for one in study.items(_IN_SERIES))
    uids = (sop.text(_REFERENCED) for one in series for sop in one.items(_IN_SOP))
    return tuple(dict.fromkeys(uid for uid in uids if uid))


def _irregular(texts: dict[str, str]) -> list[str]:
    """The tags of values that break the rules of their representation (PS3.5 section 6.2)."""
    odd = [field for field in _CODES if not _CODE.fullmatch(texts[field])]
    odd += [field for field, most in _LENGTHS.items() if len(texts[field]) > most]
    odd += [field for field in _DATES if not _DIGITS.fullmatch(texts[field])]
    return [f"({_TEXTS[field] >> 16:04X},{_TEXTS[field] & 0xFFFF:04X})" for field in odd]


def _tissue(item: Fields) -> Tissue:
    sites = item.items(_STRUCTURE)
    return Tissue(
        identifier=item.issued(_SPECIMEN),
        uid=item.text(0x00400554),
        short=item.text(0x00400600),
        detailed=item.text(0x00400602, whole=True),
        kind=item.triplet(0x0040059A),
        sites=tuple(site.coded() for site in sites),
        site_modifiers=item.modifiers(_STRUCTURE),
        steps=tuple(tuple(_content(one) for one in step.items(0x00400612)) for step in item.items(0x00400610)),
    )


def _content(item: Fields) -> Content:
    """A content item; numbers and references, which no step of TID 8001 needs, have neither text nor code."""
    text = next((found for tag in (0x0040A160, 0x0040A120, 0x0040A123) if (found := item.text(tag, whole=True))), "")
    return Content(name=item.triplet(0x0040A043) or Triplet(), text=text, code=item.triplet(0x0040A168))
