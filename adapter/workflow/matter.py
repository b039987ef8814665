"""What a workflow is a function of: the checked case, the time, what goes, and what the ledger has of it."""

from uuid import UUID

import msgspec

from adapter.checked import Checked
from adapter.ledger.matter import Matter
from adapter.letters import Occasion
from mappings.domain.access import Access
from mappings.domain.case import Case
from mappings.domain.values import Moment
from mappings.fhir import access_task, consent


class At(msgspec.Struct, frozen=True, kw_only=True):
    """The matter a workflow is about, at a time.

    Attributes:
        access: the request, with what stays with the holder.
        occasion: what letters are written on.
        content_sha256: digest of what goes on the decision; None where nothing does.
        goes: the items that go.
        ledger: what was recorded.
        machine: the host that decided.
    """

    checked: Checked
    access: Access
    occasion: Occasion
    now: Moment
    namespace: UUID
    consent_shape: consent.Shape
    content_sha256: str | None
    goes: tuple[str, ...]
    ledger: Matter
    machine: str

    @property
    def case(self) -> Case:
        """The case as the holder has it."""
        return self.checked.loaded.case

    @property
    def request(self) -> str:
        """Local name of the Task of the request."""
        return f"{self.access.id}{access_task.SUFFIX}"
