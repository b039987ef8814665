"""Every extension of ours as a StructureDefinition (https://hl7.org/fhir/R4/defining-extensions.html).

The parts come from the mappers that write them; what is written by hand here is where an extension may stand and what
it is for. Differentials only: a validator makes the snapshot from the base definition.
"""

from collections.abc import Mapping

import msgspec

from mappings.fhir import consent, datatypes, document_reference, organization, reasons, service_request, task
from mappings.fhir.wire import Json
from mappings.terminology.artefacts import header

BASE = "http://hl7.org/fhir/StructureDefinition/Extension"
Parts = Mapping[str, "str | Part"]
"""Name of a part -> its type as in `value[x]` (several with `|` between), or a Part where there is more to say."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is required, repeats, or has parts itself."""

    kind: str | None = None
    parts: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: str = "1"


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """One extension: its url, where it may stand, its value or its parts.

    Attributes:
        context: FHIRPath of the elements it may stand on, from the resource. Not an element name, although that would
            do: the validation engine of HL7 (6.7.9) refuses element contexts where it cannot download R4 core.
    """

    url: str
    title: str
    description: str
    context: str
    kind: str | None = None
    parts: Parts = msgspec.field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the url."""
        return self.url.rpartition("/")[2]


def _consent_facts() -> Parts:
    """The parts of all papers together; `discloser` is a name in one and a yes or no in another."""
    kinds: dict[str, list[str]] = {}
    for paper in consent.KINDS.values():
        for name, kind in paper.items():
            kinds.setdefault(name, []).append(kind)
    return {**{name: "|".join(dict.fromkeys(said)) for name, said in kinds.items()}, consent.LIMITED: "Boolean"}


_RATE = Part(parts=(("measure", "String"), ("lower", "Decimal"), ("upper", "Decimal"), ("source", "String")), most="*")

EXTENSIONS = (
    Extension(
        url=organization.ACCREDITATION,
        title="Accreditation",
        description="An accreditation or designation of an organization, with its number and period.",
        context="Organization",
        parts={"body": Part(kind="CodeableConcept", least=1), "number": "String", "period": "Period"},
    ),
    Extension(
        url=service_request.ADDED,
        title="Added by the release",
        description="A reference that the release added to those the requester gave.",
        context="ServiceRequest.supportingInfo",
        kind="Boolean",
    ),
    Extension(
        url=service_request.COMPUTED,
        title="Computed window",
        description="The period was computed from the turnaround of the scope; nobody asked for these days.",
        context="ServiceRequest.occurrence",
        kind="Boolean",
    ),
    Extension(
        url=consent.EXPIRY,
        title="Expiry by an event",
        description="The event with which a paper expires, or `none`: what a Period cannot say.",
        context="Consent.provision",
        kind="String",
    ),
    Extension(
        url=consent.FACTS,
        title="Stated elements of a paper",
        description="What a directive (45 CFR 164.524(c)(3)(ii)), an authorization (164.508) or a consent under 42 CFR"
        " part 2 states, element by element. What the paper does not state is absent.",
        context="Consent",
        parts=_consent_facts(),
    ),
    Extension(
        url=reasons.FACTORS,
        title="Decision factors",
        description="What speaks for a second opinion, and how often reviews changed the diagnosis as published."
        " Informs the people who decide and decides nothing.",
        context="ServiceRequest",
        parts={
            **reasons.FACTOR_PARTS,
            "published-rate": _RATE,
            "informs-only": Part(kind="Boolean", least=1),
        },
    ),
    Extension(
        url=document_reference.KIND,
        title="Kind of document in law",
        description="The kind of record the decision about a release tells apart, of which LOINC has not every one.",
        context="DocumentReference.type",
        kind="Code",
    ),
    Extension(
        url=document_reference.FILE,
        title="File",
        description="Where the file lies in the case, its SHA-256 in hexadecimal and its size in bytes.",
        context="DocumentReference.content.attachment",
        parts={
            "path": Part(kind="String", least=1),
            "sha256": Part(kind="String", least=1),
            "size": Part(kind="Decimal", least=1),
        },
    ),
    Extension(
        url=reasons.TREATMENT,
        title="Planned treatment",
        description="The treatment that waits for the second opinion or goes on beside it.",
        context="ServiceRequest",
        parts={**reasons.TREATMENT_PARTS, "description": Part(kind="String", least=1)},
    ),
    Extension(
        url=datatypes.RAW_START,
        title="Start as the source wrote it",
        description="A start that has no order with the end of its period because one is vaguer than the other.",
        context="descendants().ofType(Period).start",
        kind="String",
    ),
    Extension(
        url=datatypes.RAW_TIME,
        title="Time as the source wrote it",
        description="The time of day without an offset, which FHIR cannot say: the element itself holds the date.",
        context="descendants().ofType(dateTime)",
        kind="String",
    ),
    Extension(
        url=task.EVENT,
        title="Step of a request",
        description="One step of the request's life, of which a Task holds only the last.",
        context="Task",
        parts={
            **task.EVENT_PARTS,
            "status": Part(kind="Code", least=1),
            "at": Part(kind="DateTime", least=1),
        },
    ),
)
"""All of them, by name."""


def structures(version: str) -> tuple[Json, ...]:
    """The StructureDefinitions, sorted by id."""
    return tuple(_structure(each, version) for each in sorted(EXTENSIONS, key=lambda each: each.name))


def _structure(each: Extension, version: str) -> Json:
    return {
        **header("StructureDefinition", each.name, each.title, each.description, version),
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "fhirpath", "expression": each.context}],
        "type": "Extension",
        "baseDefinition": BASE,
        "derivation": "constraint",
        "differential": {"element": [_root(each), *_elements(each)]},
    }


def _root(each: Extension) -> Json:
    return {"id": "Extension", "path": "Extension", "short": each.title, "definition": each.description}


def _elements(each: Extension) -> list[Json]:
    if each.kind is not None:
        return _valued("Extension", each.url, each.kind)
    made: list[Json] = []
    for name, said in each.parts.items():
        made += _part(name.replace("_", "-"), Part(kind=said) if isinstance(said, str) else said, "Extension")
    return [*made, _fixed("Extension", each.url), _none("Extension", "value[x]")]


def _part(name: str, part: Part, within: str) -> list[Json]:
    here = f"{within}.extension:{name}"
    made: list[Json] = [
        {"id": here, "path": _path(here), "sliceName": name, "min": part.least, "max": part.most},
    ]
    if part.kind is not None:
        return made + _valued(here, name, part.kind)
    for inner, kind in part.parts:
        made += _part(inner, Part(kind=kind, least=1), here)
    return [*made, _fixed(here, name), _none(here, "value[x]")]


def _valued(here: str, url: str, kind: str) -> list[Json]:
    """No parts, a fixed url and a value."""
    value = f"{here}.value[x]"
    typed = {"id": value, "path": _path(value), "min": 1, "type": [{"code": _type(one)} for one in kind.split("|")]}
    return [_none(here, "extension"), _fixed(here, url), typed]


def _type(kind: str) -> str:
    """The name of the datatype: primitive ones begin with a small letter."""
    return kind if kind in ("CodeableConcept", "Period") else kind[0].lower() + kind[1:]


def _fixed(here: str, url: str) -> Json:
    return {"id": f"{here}.url", "path": _path(f"{here}.url"), "fixedUri": url}


def _none(here: str, element: str) -> Json:
    name = f"{here}.{element}"
    return {"id": name, "path": _path(name), "max": "0"}


def _path(name: str) -> str:
    """The path of an element id: without slice names."""
    return ".".join(step.partition(":")[0] for step in name.split("."))
