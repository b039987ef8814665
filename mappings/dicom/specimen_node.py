"""A specimen as far as headers have told of it, and what it is known by."""

import hashlib

from mappings.dicom.header import Issued, Triplet
from mappings.domain.values import Identifier, Moment
from mappings.identity import DICOM_UID, ISSUER_NOT_STATED, within

Key = tuple[str, str]
"""Issuer and label."""


class Node:
    """A specimen as far as it has been told of."""

    def __init__(self, issued: Issued, place: str = "") -> None:
        self.issued, self.place = issued, place
        self.uids: list[str] = []
        self.labels: list[Issued] = []
        self.parent: Key | None = None
        self.form = ""
        self.kind: Triplet | None = None
        self.site: Triplet | None = None
        self.modifiers: tuple[Triplet, ...] = ()
        self.where = ""
        self.words = ""
        self.method: Triplet | None = None
        self.collected: Moment | None = None
        self.received: Moment | None = None
        self.fixative: Triplet | None = None
        self.stains: list[Triplet] = []

    @property
    def key(self) -> Key:
        """What it is known by."""
        return key_of(self.issued)


def key_of(issued: Issued) -> Key:
    """Issuer (or that there is none) and label."""
    return issued.system or ISSUER_NOT_STATED, issued.value


def name_of(key: Key) -> str:
    """The local name: a digest, since labels hold what no name may."""
    return f"specimen-{hashlib.sha256(within(*key).encode()).hexdigest()[:16]}"


def identifiers_of(node: Node) -> tuple[Identifier, ...]:
    """The label, other labels of what is on it, and the UIDs."""
    labels = [Identifier(system=system, value=value) for system, value in map(key_of, (node.issued, *node.labels))]
    uids = [Identifier(system=DICOM_UID, value=f"urn:oid:{uid}") for uid in node.uids]
    return (*labels, *uids)
