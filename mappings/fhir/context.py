"""What a mapper is handed: where the things of a case are in FHIR, and back; what every resource is labelled with."""

from collections.abc import Iterable, Mapping

import msgspec

from mappings.fhir.wire import Json
from mappings.problems import refuse

HTEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data"}
URN = "urn:uuid:"


class Writing(msgspec.Struct, frozen=True):
    """The way out: local name -> fullUrl. Secondary resources of an item are named `ID#task`, `ID#binary`."""

    urls: Mapping[str, str]
    test_data: bool = False

    def id(self, name: str) -> str:
        """The id of our own resource of that name."""
        return self._url(name).removeprefix(URN)

    def to(self, name: str) -> Json:
        """A Reference to it.

        Raises:
            ProblemError: `not-found`; a reference that we write never dangles.
        """
        return {"reference": self._url(name)}

    def to_all(self, names: Iterable[str]) -> list[Json]:
        """References to them, in order."""
        return [self.to(name) for name in names]

    def maybe(self, name: str | None) -> Json | None:
        """A Reference, or None for None."""
        return None if name is None else self.to(name)

    def meta(self, **more: object) -> Json | None:
        """Resource.meta of ours: the label for test data, and what the mapper adds (source, profile, tag)."""
        made: Json = {key: value for key, value in more.items() if value}
        if self.test_data:
            made["security"] = [dict(HTEST)]
        return made or None

    def _url(self, name: str) -> str:
        if name not in self.urls:
            message = "nothing of this local name is part of what is written; name an entry of the case"
            raise refuse("not-found", "reference", message, rule="fhir.reference")
        return self.urls[name]


class Reading(msgspec.Struct, frozen=True):
    """The way in: fullUrl (or `Type/id`) -> local name. What is not listed keeps its reference as its name."""

    names: Mapping[str, str]

    def name(self, reference: object) -> str | None:
        """The local name of what a Reference points at; None for a contained resource or no literal reference."""
        literal = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(literal, str) or literal.startswith("#"):
            return None
        return self.names.get(literal, literal)

    def all(self, references: object) -> tuple[str, ...]:
        """The local names of a list of References."""
        found = (self.name(item) for item in references) if isinstance(references, list) else ()
        return tuple(name for name in found if name is not None)

    def own(self, resource: Json) -> str:
        """The local name of a resource itself: that of its urn:uuid, else `Type/id`."""
        kind, logical = str(resource.get("resourceType")), str(resource.get("id"))
        return self.names.get(URN + logical) or self.names.get(f"{kind}/{logical}") or f"{kind}/{logical}"


def inverse(writing: Writing) -> Reading:
    """The reading that undoes a writing."""
    return Reading({url: name for name, url in writing.urls.items()})
