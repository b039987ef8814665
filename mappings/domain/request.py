"""The request for a second opinion: what is asked of whom, why, how urgently, and what became of it."""

from datetime import date, timedelta
from typing import ClassVar, Literal, get_args

from mappings.domain.assessment import DecisionFactors
from mappings.domain.party import Item
from mappings.domain.values import Concept, Fact, Identifier, Moment, PartialDate, need

Scope = Literal["pathology-only", "multidisciplinary"]
Reason = Literal[
    "rare-cancer",
    "diagnostic-discordance",
    "before-irreversible-treatment",
    "borderline-pathology",
    "insurance-required",
    "patient-wish",
]
Urgency = Literal["routine", "urgent", "emergency"]
Emergency = Literal["superior-vena-cava-syndrome", "spinal-cord-compression"]
Status = Literal[
    "requested", "received", "accepted", "rejected", "in-progress", "on-hold", "completed", "failed", "cancelled"
]
STATUSES: tuple[str, ...] = get_args(Status)

NEXT: dict[str, frozenset[str]] = {
    "requested": frozenset({"received", "accepted", "rejected", "cancelled"}),
    "received": frozenset({"accepted", "rejected", "on-hold", "cancelled"}),
    "accepted": frozenset({"in-progress", "on-hold", "cancelled", "failed"}),
    "in-progress": frozenset({"on-hold", "completed", "failed", "cancelled"}),
    "on-hold": frozenset({"received", "accepted", "in-progress", "rejected", "failed", "cancelled"}),
    "completed": frozenset(),
    "rejected": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""Which status may follow which (HL7 Clinical Order Workflows: rejected = declined, failed = accepted, not done)."""


class RequestEvent(Fact, frozen=True, kw_only=True):
    """A step in the request's life; `detail` is the business status (what is waited for, why it was declined)."""

    status: Status
    at: Moment
    detail: (
        Literal["awaiting-materials", "awaiting-information", "awaiting-interpretation", "preliminary-outcome"] | None
    ) = None
    reason: str | None = None


class PlannedTreatment(Fact, frozen=True, kw_only=True):
    """What is planned if the first diagnosis stands; `held` must stay false in an emergency."""

    description: str
    code: Concept | None = None
    irreversible: bool = False
    scheduled: PartialDate | None = None
    held: bool = False


class Turnaround(Fact, frozen=True, kw_only=True):
    """When the review may be expected at the earliest and must be there at the latest (local calendar days)."""

    start: date
    earliest: date
    latest: date


class ReviewRequest(Item, frozen=True, kw_only=True):
    """Who asks whom for what. `events` is the life so far, oldest first; without any, the request was just made."""

    LINKS: ClassVar = {
        "requester": ("Role", "Practitioner", "Organization", "RelatedPerson", "Patient"),
        "performer": ("Organization", "Role"),
        "coverage": ("Coverage",),
        "supporting": ("*",),
        "diagnoses": ("Diagnosis", "*"),
    }

    scope: Scope
    reasons: tuple[Reason, ...]
    question: str
    authored_on: Moment
    requester: str
    performer: str
    identifiers: tuple[Identifier, ...] = ()
    urgency: Urgency = "routine"
    emergency: Emergency | None = None
    events: tuple[RequestEvent, ...] = ()
    due: PartialDate | None = None
    planned_treatment: PlannedTreatment | None = None
    factors: DecisionFactors | None = None
    coverage: str | None = None
    diagnoses: tuple[str, ...] = ()
    supporting: tuple[str, ...] = ()

    def check(self) -> None:
        Item.check(self)
        need(self.question.strip(), "field `question` must not be empty")
        need(self.reasons, "needs at least one entry in `reasons`")
        need(len(set(self.reasons)) == len(self.reasons), "`reasons` must not repeat")
        need((self.urgency == "emergency") == (self.emergency is not None), "`emergency` goes with urgency `emergency`")
        held = self.planned_treatment is not None and self.planned_treatment.held
        need(not (self.emergency and held), "an emergency is reviewed concurrently: treatment must not be held back")
        need("insurance-required" not in self.reasons or self.coverage, "reason `insurance-required` needs `coverage`")
        need(self.due is None or self.due.precision == "day", "field `due` must be a whole date")
        self._check_life()

    def _check_life(self) -> None:
        before = "requested"
        for event in self.events:
            need(event.status == before or event.status in NEXT[before], "`events` holds a step that cannot follow")
            before = event.status
        times = [event.at[:10] for event in self.events]
        need(times == sorted(times), "`events` must be in the order of time")

    @property
    def status(self) -> Status:
        """The status now: that of the last event."""
        return self.events[-1].status if self.events else "requested"

    @property
    def started_on(self) -> Moment:
        """When the clock of the turnaround starts: acceptance, until then the request."""
        return next((event.at for event in self.events if event.status == "accepted"), self.authored_on)

    @property
    def turnaround(self) -> Turnaround | None:
        """The promised window, or None where the start is not known to the day."""
        if self.started_on.date.precision != "day":
            return None
        window = turnaround(self.scope, self.urgency, date.fromisoformat(self.started_on.date))
        if self.due is None:
            return window
        return Turnaround(start=window.start, earliest=window.earliest, latest=date.fromisoformat(self.due))


def turnaround(scope: Scope, urgency: Urgency, start: date) -> Turnaround:
    """The window of a scope from a start day.

    Pathology-only: 3 to 7 business days (US federal holidays are none). Multidisciplinary: 14 to 28 calendar days.
    Urgent: due at the early end of the window. Emergency: due the next calendar day, concurrent with treatment.
    """
    if scope == "pathology-only":
        earliest, latest = business_day(start, 3), business_day(start, 7)
    else:
        earliest, latest = start + timedelta(days=14), start + timedelta(days=28)
    if urgency == "urgent":
        latest = earliest
    if urgency == "emergency":
        earliest, latest = start, start + timedelta(days=1)
    return Turnaround(start=start, earliest=earliest, latest=latest)


def business_day(start: date, count: int) -> date:
    """The count-th business day after `start` (Monday to Friday without US federal holidays, as observed)."""
    import holidays

    closed = holidays.country_holidays("US", years=(start.year, start.year + 1))
    day = start
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            count -= 1
    return day
