"""How many sections are left in a block, by the record of custody: what was cut is taken off, as far as it is told.

Nothing is estimated: where sections were cut and nobody told how many, what is left of that block is not known.
"""

from collections.abc import Iterator, Mapping

from mappings.domain.material import CustodyEvent
from mappings.domain.party import is_foreign
from mappings.problems import Problem, problem

RULE = "custody.quantity"


class Stock:
    """The sections of blocks and slides while a record is followed.

    Args:
        told: local name -> how many sections a block is good for when the record begins, or a slide stands for.
        cut_from: local name of a slide -> that of its block.
    """

    def __init__(self, told: Mapping[str, int], cut_from: Mapping[str, str]) -> None:
        self.told, self.cut_from = told, cut_from
        self._most = {name: number for name, number in told.items() if name not in cut_from}
        self._unsure: set[str] = set()
        self._sent: dict[str, int] = {}

    @property
    def left(self) -> dict[str, int]:
        """Local name of a block -> how many sections are left in it, where that is known."""
        return {name: number for name, number in self._most.items() if name not in self._unsure}

    def faults(self, event: CustodyEvent, where: str) -> Iterator[Problem]:
        """Why it cannot have been so many: more cut than were left, more sent than there are, others arrived."""
        if event.kind == "recut":
            for block, number in self._cut(event).items():
                if number is not None and number > self._most.get(block, number):
                    message = "cuts more sections than are left in the block: mend it, or `sections` of the block"
                    yield problem("business-rule", where, message, rule=RULE)
        for item in dict.fromkeys(event.items) if event.sections else ():
            yield from self._handed(event, item, where)

    def _handed(self, event: CustodyEvent, item: str, where: str) -> Iterator[Problem]:
        known = self.told.get(item) if item in self.cut_from else None
        assert event.sections is not None
        if event.kind in ("released", "shipped") and known is not None and event.sections != known:
            stops = event.sections > known
            rest = "there are not so many" if stops else "list those that stay as an item of their own"
            message = f"sends another number of sections than the item stands for: {rest}"
            yield problem("business-rule", where, message, rule=RULE, severity="error" if stops else "warning")
        sent = self._sent.get(item, known)
        if event.kind in ("received", "returned") and sent is not None and event.sections != sent:
            message = "brings another number of sections than were sent; tell the carrier and the sender"
            yield problem("business-rule", where, message, rule=RULE, severity="warning")

    def take(self, event: CustodyEvent) -> None:
        """Follow an event that can have been."""
        if event.kind == "recut":
            for block, number in self._cut(event).items():
                if number is None:
                    self._unsure.add(block)
                elif block in self._most:
                    self._most[block] -= number
        elif event.kind == "shipped":
            for item in event.items:
                self._sent.pop(item, None)
            self._sent |= dict.fromkeys(event.items, event.sections) if event.sections else {}

    def _cut(self, event: CustodyEvent) -> dict[str, int | None]:
        """How many sections an event cuts of each block; None where nobody tells.

        An event that names the block tells all that was cut of it. What came as FHIR counts its block's cuts itself.
        """
        named = [item for item in dict.fromkeys(event.items) if item not in self.cut_from]
        found: dict[str, int | None] = {block: event.sections for block in named}
        for item in dict.fromkeys(event.items):
            block = self.cut_from.get(item)
            if not block or block in named:
                continue
            number, before = event.sections or self.told.get(item), found.get(block, 0)
            found[block] = None if number is None or before is None else before + number
        return {block: number for block, number in found.items() if not (is_foreign(block) and is_foreign(event.id))}
