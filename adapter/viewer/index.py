"""Finding things of a release by their local name: what to call them, and where they stand on the page."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from adapter.completeness import of_release
from adapter.consent.release import Release
from adapter.viewer.markup import Html, el, fragment, joined, relative
from adapter.viewer.say import label, labels, names, quantity
from adapter.viewer.words import FINDINGS, REPORT_KINDS, ROLES, plain
from mappings.completeness.assess import Completeness
from mappings.domain.case import Case
from mappings.domain.clinical import Diagnosis
from mappings.domain.material import Block, Document, ImagingStudy, Part, Slide
from mappings.domain.party import PATIENT, Coverage, Item, Organization, Practitioner, RelatedPerson, Role
from mappings.domain.report import Finding, Report
from mappings.fhir.carried import Carried

T = TypeVar("T", bound=Item)


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """The release with its things by name; `anchors` are positions, so that no value gets into an id of the page."""

    release: Release
    things: dict[str, Item]
    anchors: dict[str, str]
    carried: dict[str, Carried]
    completeness: Completeness

    @property
    def case(self) -> Case:
        """The released facts."""
        return self.release.case

    def get(self, name: str | None, kind: type[T]) -> T | None:
        """The thing of this name, if it is of this kind."""
        thing = self.things.get(name) if name else None
        return thing if isinstance(thing, kind) else None

    def found(self, name: str) -> Carried | None:
        """The carried resource of this fullUrl or `Type/id`, where exactly one fits."""
        if name in self.carried:
            return self.carried[name]
        fits = [c for url, c in self.carried.items() if url.endswith(f"/{name}")]
        return fits[0] if len(fits) == 1 else None

    def party(self, name: str | None) -> Html | None:
        """Who a local name is, in one line."""
        if name is None:
            return None
        if name == PATIENT:
            return fragment(names(self.case.patient.names), " (patient)")
        thing = self.things.get(name)
        if isinstance(thing, Role):
            return joined(", ", self.party(thing.practitioner), self.party(thing.organization))
        if isinstance(thing, Organization):
            return fragment(thing.name)
        if isinstance(thing, Practitioner | RelatedPerson):
            return names(thing.names)
        return fragment(self.title(name))

    def parties(self, all_names: Iterable[str]) -> Html:
        """Several, in one line."""
        return joined("; ", *(self.party(name) for name in all_names))

    def title(self, name: str) -> str:
        """What a thing is called, as text."""
        thing = self.things.get(name)
        if isinstance(thing, Part | Block | Slide):
            return _material(thing)
        if isinstance(thing, Report):
            return f"{REPORT_KINDS[thing.kind]}, {ROLES[thing.role].lower()}"
        if isinstance(thing, Document):
            return thing.title or plain(thing.kind)
        if isinstance(thing, ImagingStudy):
            return thing.description or " and ".join(thing.modalities) or "Imaging study"
        if isinstance(thing, Diagnosis):
            return thing.code.label
        if isinstance(thing, Finding):
            said = thing.text or label(thing.value) or (quantity(thing.quantity) if thing.quantity else None)
            return ": ".join(p for p in (label(thing.code) or FINDINGS[thing.kind], said) if p)
        if isinstance(thing, Coverage):
            return thing.plan or "Insurance"
        carried = self.found(name)
        return _carried(carried) if carried else "/".join(name.split("/")[-2:])

    def link(self, name: str) -> Html:
        """A link to where the thing stands on the page, or its title alone."""
        anchor = self.anchors.get(name)
        return el("a", self.title(name), href=f"#{anchor}") if anchor else fragment(self.title(name))

    def links(self, all_names: Iterable[str]) -> Html:
        """Several, in one line."""
        return joined("; ", *(self.link(name) for name in all_names))


def index(release: Release) -> Index:
    """The index of a release."""
    case = release.case
    anchors: dict[str, str] = {}
    groups: tuple[tuple[str, tuple[Item, ...]], ...] = (
        ("part", case.parts),
        ("block", case.blocks),
        ("slide", case.slides),
        ("study", case.studies),
        ("document", case.documents),
        ("report", case.reports),
        ("diagnosis", case.diagnoses),
    )
    for stem, group in groups:
        anchors.update({item.id: f"{stem}-{number}" for number, item in enumerate(group, 1)})
    return Index(
        release=release,
        things={item.id: item for item in case.items()},
        anchors=anchors,
        carried={carried.full_url: carried for carried in release.carried},
        completeness=of_release(release),
    )


def href(document: Document) -> str:
    """Where a document lies in the bundle, seen from the page: below `documents/`, under its path in the case."""
    path = document.path.removeprefix("documents/")
    return relative(f"documents/{path}")


def _material(thing: Part | Block | Slide) -> str:
    stem = type(thing).__name__
    return " ".join(p for p in (stem, labels(thing.identifiers) or thing.id) if p)


def _carried(carried: Carried) -> str:
    return f"{carried.type} {carried.resource.get('id', '')}".strip()
