"""The cancer itself as it is known: diagnoses and the procedures done."""

from typing import ClassVar, Literal

from mappings.domain.party import Item
from mappings.domain.values import Concept, Fact, Identifier, Moment, Span, need

Laterality = Literal["left", "right", "bilateral"]


class Stage(Fact, frozen=True, kw_only=True):
    """A stage as the source says it: system and edition, TNM categories, stage group (codes or words, no AJCC text)."""

    kind: Literal["clinical", "pathologic"] = "pathologic"
    system: Concept | None = None
    t: Concept | None = None
    n: Concept | None = None
    m: Concept | None = None
    group: Concept | None = None


class Diagnosis(Item, frozen=True, kw_only=True):
    """A diagnosis (FHIR Condition); `certainty` is the verification status, never changed by a review itself."""

    LINKS: ClassVar = {"asserter": ("Practitioner", "Role"), "primary": ("Diagnosis",), "evidence": ("Report", "*")}

    code: Concept
    kind: Literal["primary-cancer", "secondary-cancer", "other"] = "primary-cancer"
    clinical_status: Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"] | None = "active"
    certainty: Literal["unconfirmed", "provisional", "differential", "confirmed", "refuted"] | None = None
    identifiers: tuple[Identifier, ...] = ()
    morphology: Concept | None = None
    body_site: Concept | None = None
    laterality: Laterality | None = None
    stage: Concept | None = None
    onset: Moment | None = None
    recorded: Moment | None = None
    asserter: str | None = None
    primary: str | None = None
    evidence: tuple[str, ...] = ()
    note: str | None = None


class Procedure(Item, frozen=True, kw_only=True):
    """A procedure done or planned: biopsy, resection, radiotherapy."""

    LINKS: ClassVar = {"performers": ("Practitioner", "Role", "Organization"), "reasons": ("Diagnosis",)}

    code: Concept
    status: Literal[
        "preparation", "not-done", "in-progress", "on-hold", "stopped", "completed", "entered-in-error", "unknown"
    ] = "completed"
    identifiers: tuple[Identifier, ...] = ()
    performed: Moment | None = None
    period: Span | None = None
    performers: tuple[str, ...] = ()
    body_site: Concept | None = None
    reasons: tuple[str, ...] = ()
    outcome: Concept | None = None
    note: str | None = None

    def check(self) -> None:
        Item.check(self)
        need(not (self.performed and self.period), "only one of `performed` and `period`")
