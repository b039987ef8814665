"""What a study is as its files show it: the study itself, its files, whose it is, what its headers tell beside."""

import msgspec

from mappings.dicom.header import Header, Triplet
from mappings.dicom.series import Member
from mappings.domain.material import ImagingStudy
from mappings.domain.person import Identity
from mappings.domain.values import Fact, Identifier, Moment

_ENCLOSING = {
    "1.2.840.10008.5.1.4.1.1.104.1": "application/pdf",
    "1.2.840.10008.5.1.4.1.1.104.2": "text/XML",
    "1.2.840.10008.5.1.4.1.1.104.3": "model/stl",
    "1.2.840.10008.5.1.4.1.1.104.4": "model/obj",
    "1.2.840.10008.5.1.4.1.1.104.5": "model/mtl",
}
"""SOP Classes of encapsulated documents (PS3.4 section B.5) -> the media type that each has (PS3.3 A.45, A.85)."""


class Said(Fact, frozen=True, kw_only=True):
    """Whose images these are, as they say, and the paths of the files that say so."""

    identity: Identity
    paths: tuple[str, ...]


class Enclosed(Fact, frozen=True, kw_only=True):
    """A document that an instance encloses (PS3.3 section A.45): PDF, CDA and others by their media type.

    `concept` is the concept name of its title (0040,A043).
    """

    uid: str
    path: str
    content_type: str
    title: str = ""
    concept: Triplet | None = None
    date: Moment | None = None


class Found(Fact, frozen=True, kw_only=True):
    """A study as its files show it.

    Attributes:
        study: the study; its series name no slides yet.
        files: SOP Instance UID -> path.
        identities: whose it is, as the files say, the first path first.
        containers: series UID -> identifiers of the containers (glass slides) and specimens it shows.
        enclosed: the documents that its instances enclose.
        headers: series UID -> the different headers of its instances, without what is an instance's own.
        members: the instances one by one, where one of them encloses a document.
    """

    study: ImagingStudy
    files: dict[str, str]
    identities: tuple[Said, ...]
    containers: dict[str, tuple[str, ...]]
    headers: dict[str, tuple[Header, ...]]
    enclosed: tuple[Enclosed, ...] = ()
    members: tuple[Member, ...] = ()

    @property
    def identity(self) -> Identity:
        """Whose it is, as the first file says."""
        return self.identities[0].identity


def content_type(header: Header) -> str:
    """The media type of the document that an instance encloses; empty where it encloses none.

    An instance of such a class encloses one whether it says its media type or not.
    """
    return header.document_type or _ENCLOSING.get(header.sop_class, "")


def image_identity(found: Identity, patient_system: str | None) -> Identity:
    """The identity in an image's header; a number without an issuer gets the system configured for its source."""
    if patient_system is None:
        return found
    named = tuple(Identifier(system=patient_system, value=number) for number in found.numbers)
    return msgspec.structs.replace(found, identifiers=(*found.identifiers, *named), numbers=())
