"""Each hand-over of slides and blocks as an Origin: who gave what to whom, and when.

The Task (`custody_task`) says what was done, the Provenance whose hands the material went through; a request, a loss or
a cut moves nothing from one to the other and has none.
"""

from collections.abc import Iterable, Iterator

from mappings.domain.custody import receiver
from mappings.domain.material import CustodyEvent
from mappings.domain.party import is_foreign
from mappings.domain.provenance import Agent, Origin
from mappings.domain.values import Moment

SUFFIX = ".origin"
"""The origin of an event is named `EVENT.origin`."""
HANDED = ("shipped", "received", "returned")


def origins(events: Iterable[CustodyEvent], told_at: Moment) -> Iterator[Origin]:
    """The origins of the events by which something changed hands and that say whose.

    Provenance.recorded is an instant: where an event is only dated, it is `told_at`, when this is said.
    """
    for event in events:
        agents = _agents(event)
        if event.kind in HANDED and agents and not is_foreign(event.id):
            yield Origin(
                id=f"{event.id}{SUFFIX}",
                targets=(*dict.fromkeys(event.items), event.id),
                recorded=event.at if event.at.offset else told_at,
                activity="hand-over",
                agents=agents,
                occurred=event.at,
            )


def _agents(event: CustodyEvent) -> tuple[Agent, ...]:
    """Who hands over transmits, who has it then is its custodian; where one party is told, that one."""
    has = receiver(event) if event.kind == "received" else event.to
    gives = event.by if event.by != has else None
    told = (("transmitter", gives), ("custodian", has))
    return tuple(Agent(role=role, who=who) for role, who in told if who is not None)  # type: ignore[arg-type]
