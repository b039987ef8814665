"""The case: everything known about one request for a second opinion, about one person."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from mappings.domain.access import Access
from mappings.domain.access_groups import InLaw
from mappings.domain.clinical import Diagnosis, Procedure
from mappings.domain.concordance import Concordance
from mappings.domain.custody import in_order
from mappings.domain.material import (
    Block,
    CustodyEvent,
    Document,
    Endpoint,
    ImagingStudy,
    Part,
    Slide,
    check_path,
)
from mappings.domain.party import (
    PATIENT,
    RELEASE,
    Coverage,
    Item,
    Organization,
    Patient,
    Practitioner,
    RelatedPerson,
    Role,
    is_foreign,
)
from mappings.domain.report import Report
from mappings.domain.request import ReviewRequest
from mappings.domain.rights import AccountingRequest, AmendmentRequest
from mappings.domain.values import Fact, Faults, Identifier, Moment, Span, need


class Material(Fact, frozen=True, kw_only=True):
    """A line under `materials`: what one material is, where no table can tell or where the case says otherwise.

    `path` names a file below the case folder (opaque ones are withheld unless a line declares them), `item` anything
    else: a local name, `Type/id`, or a study UID. Exactly one of the two.
    """

    path: str | None = None
    item: str | None = None
    id: str | None = None
    kind: str | None = None
    title: str | None = None
    date: Moment | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    period: Span | None = None
    about: tuple[str, ...] = ()
    maintained_in: Literal["ehr", "other_electronic", "paper", "physical"] | None = None
    in_drs: bool | None = None
    held: bool | None = None
    known_location: str | None = None
    completed: bool | None = None
    sensitivity: Literal["psychotherapy", "part2", "hiv", "genetic"] | None = None
    duplicate_of: str | None = None
    in_law: InLaw | None = None
    offered: bool = True
    """False keeps it out of what is asked for: it is neither released nor decided about."""

    def check(self) -> None:
        need((self.path is None) != (self.item is None), "needs exactly one of `path` and `item`")
        if self.path is not None:
            check_path(self.path)
            need(self.kind, "a line with `path` needs `kind`")


class SourceSettings(Fact, frozen=True, kw_only=True):
    """What a source cannot say itself: `zone` (IANA name) for times without offset, `base` of relative FHIR references,

    `patient_system` for patient numbers that come without an issuer.
    """

    path: str
    zone: str | None = None
    base: str | None = None
    patient_system: str | None = None

    def check(self) -> None:
        need(not self.path.endswith("/"), "field `path` names a folder without its last `/`")
        if self.path != ".":
            check_path(self.path)


class Case(Fact, frozen=True, kw_only=True):
    """The root of the native format (`case.json`). Every local name is unique and every link leads somewhere."""

    schema_: str | None = msgspec.field(name="$schema", default=None)
    format: Literal["second-opinion-case/1"] = "second-opinion-case/1"
    id: str
    test_data: bool = False
    """True marks everything emitted with the label HTEST: no real person."""
    patient: Patient
    request: ReviewRequest
    access: Access | None = None
    amendments: tuple[AmendmentRequest, ...] = ()
    accountings: tuple[AccountingRequest, ...] = ()
    holder: str
    """Local name of the organization that runs the adapter and holds the record."""
    organizations: tuple[Organization, ...] = ()
    practitioners: tuple[Practitioner, ...] = ()
    roles: tuple[Role, ...] = ()
    related_persons: tuple[RelatedPerson, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    parts: tuple[Part, ...] = ()
    blocks: tuple[Block, ...] = ()
    slides: tuple[Slide, ...] = ()
    custody: tuple[CustodyEvent, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    studies: tuple[ImagingStudy, ...] = ()
    documents: tuple[Document, ...] = ()
    reports: tuple[Report, ...] = ()
    concordances: tuple[Concordance, ...] = ()
    materials: tuple[Material, ...] = ()
    sources: tuple[SourceSettings, ...] = ()

    def check(self) -> None:
        if found := tuple(self._faults()):
            raise Faults(found)

    def _faults(self) -> Iterator[str]:
        """Everything that is wrong with the case as a whole."""
        kinds = {PATIENT: "Patient", RELEASE: "Origin"}
        if not self.id.strip() == self.id != "":
            yield "field `id` must not be empty or padded"
        for path, item in self.places():
            if item.id in kinds:
                yield f"`{path}.id`: a local name is used twice"
            kinds[item.id] = type(item).__name__
        yield from self._name_declared(kinds)
        for path, identifiers in self._numbers():
            if not all(":" in each.system for each in identifiers):
                yield f"`{path}.identifiers`: `system` must be the issuer's URI"
        if kinds.get(self.holder) != "Organization":
            yield "field `holder` must name an entry of `organizations`"
        for path, item in self.places():
            yield from _broken_links(path, item, kinds)
        if self.access is not None and self.access.recipient_party == self.holder:
            yield "`access.recipient_party` is the holder itself: name who gets what is released"
        unsaid = self.access is not None and self.access.engaged_by_payer is None
        if "insurance-required" in self.request.reasons and unsaid:
            yield (
                "reason `insurance-required` needs `access.engaged_by_payer`: whether the payer commissions the review"
            )
        if not in_order(self.custody):
            yield "`custody` is append-only: its events must be in the order of time"

    def _name_declared(self, kinds: dict[str, str]) -> Iterator[str]:
        """A line that declares a file names the Document that loading makes of it: links may lead there.

        Once loaded, the Document itself stands under the name.
        """
        declared = [line.id for line in self.materials if line.path and line.id]
        clashing = [name for name in declared if kinds.setdefault(name, "Document") != "Document"]
        if clashing or len(set(declared)) != len(declared):
            yield "`materials`: a local name is used twice"

    def _numbers(self) -> Iterator[tuple[str, tuple[Identifier, ...]]]:
        yield "patient", self.patient.identifiers
        for path, item in self.places():
            if not is_foreign(item.id):
                yield path, getattr(item, "identifiers", ())

    def places(self) -> Iterator[tuple[str, Item]]:
        """Everything that has a local name with its path, in the order of the fields (findings behind their report)."""
        yield "request", self.request
        if self.access:
            yield "access", self.access
        for field in OF_THE_HOLDER:
            yield from ((f"{field}[{number}]", asked) for number, asked in enumerate(getattr(self, field)))
        for name in LISTS:
            for number, item in enumerate(getattr(self, name)):
                yield f"{name}[{number}]", item
                if isinstance(item, Report):
                    yield from ((f"{name}[{number}].findings[{n}]", f) for n, f in enumerate(item.findings))

    def items(self) -> Iterator[Item]:
        """Everything that has a local name."""
        return (item for _, item in self.places())


OF_THE_HOLDER = ("amendments", "accountings")
"""Lists that stay with the holder whatever is released."""
LISTS = (
    "organizations",
    "practitioners",
    "roles",
    "related_persons",
    "coverages",
    "diagnoses",
    "procedures",
    "parts",
    "blocks",
    "slides",
    "custody",
    "endpoints",
    "studies",
    "documents",
    "reports",
    "concordances",
)


def _broken_links(path: str, item: Item, kinds: dict[str, str]) -> Iterator[str]:
    for field, allowed in type(item).LINKS.items():
        value = getattr(item, field)
        for name in (value,) if isinstance(value, str) else value or ():
            if not (is_foreign(name) or kinds.get(name) in allowed or (name in kinds and "*" in allowed)):
                yield f"`{path}.{field}` names nothing of the case that could stand there"
                break
