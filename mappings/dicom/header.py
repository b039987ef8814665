"""What is read of a DICOM instance's header (PS3.3), as text, and whose it is.

Times, codes and names are kept as the file has them; `mappings.dicom.study` gives them meaning.
"""

import re

from mappings.domain.person import Identity
from mappings.domain.values import Code, Concept, Fact, Identifier, Moment, PartialDate, PersonName, need
from mappings.identity import issuer

SYSTEMS = {
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "NCIt": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
}
"""Coding Scheme Designator (PS3.16 section 8) -> code system; codes of other schemes are kept as their meaning."""
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DNS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
_CODE = re.compile(r"\S+( \S+)*")
"""A code as FHIR has it: single blanks between its words."""
_DATE = re.compile(r"(\d{4})([.-]?)(\d{2})\2(\d{2})", re.ASCII)
_BORN = re.compile(r"(\d{4})(0[1-9]|1[0-2])?(?:00){0,2}", re.ASCII)
_TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})(\.\d{1,6})?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})", re.ASCII)


_LEGACY = ("SRT", "SNM3", "99SDM")
"""Designators of SNOMED-RT: its codes are not those of SNOMED CT, whose OID they are often given."""


class Triplet(Fact, frozen=True, kw_only=True):
    """An item of a code sequence (PS3.3 section 8.8); `uid` is what the header says of its scheme (0008,010C)."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""
    uid: str = ""

    def check(self) -> None:
        need(all(text == text.strip() for text in (self.value, self.scheme, self.meaning)), "texts must not be padded")

    @property
    def system(self) -> str | None:
        """The code system as a URI: a scheme of the table, else the OID that the header gives its scheme."""
        if known := SYSTEMS.get(self.scheme):
            return known
        named = self.scheme and self.scheme not in _LEGACY
        return f"urn:oid:{self.uid}" if named and _OID.fullmatch(self.uid) else None

    @property
    def code(self) -> Code | None:
        """The code with its system; None where there is none, or where it has not the shape of a code."""
        if self.system is None or not _CODE.fullmatch(self.value):
            return None
        return Code(system=self.system, code=self.value, display=self.meaning or None)


_UNIVERSAL = {"ISO": (_OID, "urn:oid:"), "UUID": (_UUID, "urn:uuid:"), "DNS": (_DNS, "urn:dns:"), "URI": (_URI, "")}
"""Type of a universal issuer (PS3.3 section 10.14) -> its form, and what makes a URI of it."""


class Issued(Fact, frozen=True, kw_only=True):
    """A number and its issuer: universal (with its type: ISO, URI, DNS, UUID) or a local word."""

    value: str = ""
    issuer: str = ""
    universal: str = ""
    universal_type: str = ""

    def check(self) -> None:
        need(all(text == text.strip() for text in (self.value, self.issuer, self.universal)), "must not be padded")

    @property
    def system(self) -> str | None:
        """The issuer as a URI; None where there is none.

        A universal one counts where it has the form of its type, or of an OID. Else it is a word, as a local one is:
        a word stands below our own `sid/issuer`.
        """
        shape, prefix = _UNIVERSAL.get(self.universal_type.upper(), (_OID, "urn:oid:"))
        if shape.fullmatch(self.universal):
            return prefix + self.universal
        word = self.issuer or self.universal
        if not word:
            return None
        return f"urn:oid:{word}" if _OID.fullmatch(word) else issuer(word)

    def identifier(self) -> Identifier | None:
        """The number with its issuer, or None where one of them is missing."""
        return Identifier(system=self.system, value=self.value) if self.value and self.system else None


class Content(Fact, frozen=True, kw_only=True):
    """A content item (PS3.3 section C.17.3): its concept name, and its value as text or code."""

    name: Triplet
    text: str = ""
    code: Triplet | None = None


class Tissue(Fact, frozen=True, kw_only=True):
    """An item of the Specimen Description Sequence (PS3.3 section C.7.6.22): what is in the container.

    `site_modifiers` are those of the first site. `steps` are the preparation steps in the order of the header, each as
    its content items (PS3.16 TID 8001).
    """

    identifier: Issued | None = None
    uid: str = ""
    short: str = ""
    detailed: str = ""
    kind: Triplet | None = None
    sites: tuple[Triplet, ...] = ()
    site_modifiers: tuple[Triplet, ...] = ()
    steps: tuple[tuple[Content, ...], ...] = ()


class Header(Fact, frozen=True, kw_only=True):
    """The header of one SOP Instance; an absent or empty element is an empty text.

    `patient_names` are the component groups as written (alphabetic, ideographic, phonetic). `title` is the concept name
    of a document (SR, key object selection); `referenced` are the SOP Instance UIDs that a key object selection lists
    as its evidence (0040,A375). `structure` is the primary anatomic structure of an image; modifiers are those of the
    first item. `irregular` are the tags whose values break DICOM's own rules; `cut_off` says that the file ends before
    its pixel data do; `unreadable` are the parts of the identity that are there and cannot be read, or have several
    values.
    """

    study_uid: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    sop_class: str = ""
    transfer_syntax: str = ""
    modality: str = ""
    series_number: str = ""
    instance_number: str = ""
    study_date: str = ""
    study_time: str = ""
    series_date: str = ""
    series_time: str = ""
    timezone_offset: str = ""
    body_part: str = ""
    anatomic_region: Triplet | None = None
    region_modifiers: tuple[Triplet, ...] = ()
    structure: Triplet | None = None
    structure_modifiers: tuple[Triplet, ...] = ()
    laterality: str = ""
    image_laterality: str = ""
    study_description: str = ""
    series_description: str = ""
    accession: Issued | None = None
    procedure: Triplet | None = None
    procedures: int = 0
    patient_id: Issued | None = None
    other_patient_ids: tuple[Issued, ...] = ()
    patient_names: tuple[str, ...] = ()
    birth_date: str = ""
    sex: str = ""
    referrer: str = ""
    performer: str = ""
    container: Issued | None = None
    container_type: Triplet | None = None
    specimens: tuple[Tissue, ...] = ()
    image_type: tuple[str, ...] = ()
    burned_in: str = ""
    label_in_image: str = ""
    title: Triplet | None = None
    referenced: tuple[str, ...] = ()
    document_title: str = ""
    document_type: str = ""
    content_date: str = ""
    content_time: str = ""
    irregular: tuple[str, ...] = ()
    cut_off: bool = False
    unreadable: tuple[str, ...] = ()

    @property
    def identity(self) -> Identity:
        """Whose image this is, as the header says; a number without issuer stands apart."""
        numbered = [found for found in (self.patient_id, *self.other_patient_ids) if found]
        identifiers = tuple(made for found in numbered if (made := found.identifier()))
        first = self.patient_id
        bare = (first.value,) if first and first.value and not first.system else ()
        names = tuple(name for group in self.patient_names if (name := person_name(group)))
        born = birth_date(self.birth_date)
        wrong = ("birth date",) if born is None and self.birth_date.strip("0.-") else ()  # zeros: it is not known
        return Identity(
            identifiers=identifiers,
            numbers=bare,
            names=names,
            birth_date=born,
            unreadable=tuple(dict.fromkeys((*self.unreadable, *wrong))),
        )


def person_name(text: str) -> PersonName | None:
    """One component group of a PN (PS3.5 section 6.2.1): family, given, middle, prefix, suffix; without `^` a text."""
    if "^" not in text:
        return PersonName(text=text.strip()) if text.strip() else None
    family, given, middle, prefix, suffix = (part.strip() for part in [*text.split("^"), "", "", "", ""][:5])
    if not (family or given or middle):
        return None
    return PersonName(
        family=family or None,
        given=tuple(part for part in (given, middle) if part),
        prefix=(prefix,) if prefix else (),
        suffix=(suffix,) if suffix else (),
    )


def dicom_date(text: str) -> PartialDate | None:
    """A DA (also the older form with dots, and that of ISO 8601), or None where it is none."""
    found = _DATE.fullmatch(text)
    try:
        return PartialDate("-".join(found.group(1, 3, 4))) if found else None
    except ValueError:
        return None


def birth_date(text: str) -> PartialDate | None:
    """A patient's birth date, or what is known of it where zeros or nothing stand for the rest; None where it is none.

    >>> birth_date("19600200"), birth_date("1960"), birth_date("00000000")
    ('1960-02', '1960', None)
    """
    found = _BORN.fullmatch(text)
    try:
        return PartialDate("-".join(filter(None, found.groups()))) if found else dicom_date(text)
    except ValueError:
        return None


def dicom_time(text: str) -> str | None:
    """A TM that is known to the second, as hh:mm:ss[.ffffff]; None where it is less precise or none."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction = found.groups()
    made = f"{hour}:{minute}:{second}{fraction or ''}"
    try:
        Moment(f"2000-01-01T{made}")
    except ValueError:
        return None
    return made


def dicom_offset(text: str) -> str | None:
    """Timezone Offset From UTC (0008,0201), +hhmm, as +hh:mm; None where it is none."""
    found = _OFFSET.fullmatch(text)
    made = "{}{}:{}".format(*found.groups()) if found else ""
    try:
        return Moment(f"2000-01-01T00:00:00{made}").offset if made else None
    except ValueError:
        return None


def triplet_concept(triplet: Triplet | None) -> Concept | None:
    """A coded item as one code, or as its meaning where the scheme has no system here."""
    if triplet is None:
        return None
    if code := triplet.code:
        return Concept(codes=(code,))
    return Concept(text=triplet.meaning) if triplet.meaning else None
