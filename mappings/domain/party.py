"""The people and organizations of a case."""

import re
from typing import ClassVar, Literal

from mappings.domain.values import (
    Address,
    Concept,
    Contact,
    Fact,
    Identifier,
    Moment,
    PartialDate,
    PersonName,
    Span,
    need,
)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FOREIGN = re.compile(r"(?:https?://|urn:)\S{1,490}|[A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64}")

PATIENT = "patient"
"""The local name of the case's patient."""

RELEASE = "release"
"""The local name of the record of a release; no item of a case may have it."""


def is_foreign(name: str) -> bool:
    """Whether a local name is that of something that came as FHIR: its fullUrl, or `Type/id` for short."""
    return "/" in name or name.startswith("urn:")


class Item(Fact, frozen=True, kw_only=True):
    """Something a case can point at by its local name.

    `id` is unique in the case; a reading of something that came as FHIR has its fullUrl as `id`.
    `LINKS` says which fields hold local names, and what they may name (`*` is anything).
    """

    LINKS: ClassVar[dict[str, tuple[str, ...]]] = {}

    id: str

    def check(self) -> None:
        named = _ID.fullmatch(self.id) or _FOREIGN.fullmatch(self.id)
        need(named, "field `id` must be a short name: letters, digits, `.`, `_`, `-`")


class KnownAs(Fact, frozen=True, kw_only=True):
    """Another identifier, name or birth date under which a source knows the patient of the case."""

    identifiers: tuple[Identifier, ...] = ()
    names: tuple[PersonName, ...] = ()
    birth_date: PartialDate | None = None

    def check(self) -> None:
        need(self.identifiers or self.names, "needs `identifiers` or `names`")


class Patient(Fact, frozen=True, kw_only=True):
    """The person the case is about. Identity is (issuer, number) plus name and birth date, never one number alone."""

    identifiers: tuple[Identifier, ...]
    names: tuple[PersonName, ...]
    birth_date: PartialDate | None = None
    gender: Literal["male", "female", "other", "unknown"] | None = None
    deceased: bool | None = None
    deceased_on: Moment | None = None
    contacts: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()
    language: str | None = None
    known_as: tuple[KnownAs, ...] = ()

    def check(self) -> None:
        need(self.identifiers, "needs at least one entry in `identifiers`")
        need(self.names, "needs at least one entry in `names`")
        need(self.deceased is None or self.deceased_on is None, "only one of `deceased` and `deceased_on`")


class RelatedPerson(Item, frozen=True, kw_only=True):
    """Somebody who acts for the patient; `relationship` is a v3-RoleCode of authority (guardian, power of attorney)."""

    names: tuple[PersonName, ...]
    relationship: Literal["guardian", "health_care_proxy", "power_of_attorney", "durable_power_of_attorney", "other"]
    contacts: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()
    birth_date: PartialDate | None = None


class Practitioner(Item, frozen=True, kw_only=True):
    """A physician or other professional."""

    names: tuple[PersonName, ...]
    identifiers: tuple[Identifier, ...] = ()
    contacts: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()


class Accreditation(Fact, frozen=True, kw_only=True):
    """An accreditation a review center is chosen for."""

    body: Literal["cap", "coc", "nci-designated", "nci-comprehensive"]
    number: str | None = None
    period: Span | None = None


class Organization(Item, frozen=True, kw_only=True):
    """A hospital, laboratory, review center or payer. A CLIA number goes into `identifiers`."""

    name: str
    kind: Literal["provider", "laboratory", "review_center", "payer", "other"] = "provider"
    identifiers: tuple[Identifier, ...] = ()
    accreditations: tuple[Accreditation, ...] = ()
    contacts: tuple[Contact, ...] = ()
    addresses: tuple[Address, ...] = ()

    def check(self) -> None:
        Item.check(self)
        uses = [contact.use for contact in self.contacts] + [address.use for address in self.addresses]
        need("home" not in uses, "an organization has no contact or address of use `home`")


class Role(Item, frozen=True, kw_only=True):
    """A practitioner at an organization (FHIR's PractitionerRole): who asks and who answers."""

    LINKS: ClassVar = {"practitioner": ("Practitioner",), "organization": ("Organization",)}

    practitioner: str
    organization: str
    specialty: Concept | None = None
    contacts: tuple[Contact, ...] = ()


class Coverage(Item, frozen=True, kw_only=True):
    """The patient's insurance; `member_id` is the number on the card."""

    LINKS: ClassVar = {"payer": ("Organization",)}

    payer: str
    member_id: str
    status: Literal["active", "cancelled", "draft", "entered-in-error"] = "active"
    relationship: Literal["self", "spouse", "child", "parent", "other"] | None = "self"
    plan: str | None = None
    period: Span | None = None
