"""From a checked case to the matter of its workflow: what would go, and what the ledger has; nothing is written."""

import datetime as dt
import platform

from adapter.checked import Checked
from adapter.config import Settings
from adapter.consent.gate import release
from adapter.consent.policy import policies_of, policy_for
from adapter.consent.release import Release
from adapter.ledger.matter import Matter, matter
from adapter.ledger.store import Ledger
from adapter.letters import Occasion
from adapter.recording import content_digest, request_row
from adapter.sources.readings import read_again
from adapter.validation import validate_resource
from adapter.workflow.matter import At
from mappings.domain.values import Moment
from mappings.problems import ProblemError, refuse


def matter_at(checked: Checked, settings: Settings, now: Moment) -> At:
    """The matter of a checked case at a time.

    Raises:
        ProblemError: the case says nothing of a request for information, what is left cannot stand as a case, or the
            ledger cannot be read.
    """
    case = checked.loaded.case
    if case.access is None:
        message = "is missing: nothing says who asked for what, so there is no request to show"
        raise refuse("required", "case.json $.access", message, rule="workflow.request")
    goes = _release(checked, now)
    policy = policy_for(dt.date.fromisoformat(now.date), policies_of(settings.policy))
    return At(
        checked=checked,
        access=case.access,
        occasion=Occasion(
            case=case, facts=checked.facts, decision=checked.decision, policy=policy, office=settings.office
        ),
        now=now,
        namespace=settings.namespace,
        consent_shape=settings.consent_shape,
        content_sha256=content_digest(goes) if goes else None,
        goes=goes.items if goes else (),
        ledger=_recorded(checked, settings, now),
        machine=platform.node() or "localhost",
    )


def _release(checked: Checked, now: Moment) -> Release | None:
    """What goes on the decision; None where nothing does, or the request itself may not go."""
    if not checked.decision.permits or checked.loaded.case.request.id not in checked.decision.released:
        return None
    return release(checked.loaded, checked.decision, now, validate_resource, read_again)


def _recorded(checked: Checked, settings: Settings, now: Moment) -> Matter:
    """What the ledger has of it; of a ledger that is not there yet, nothing."""
    try:
        ledger = Ledger(settings.ledger)
    except ProblemError as error:
        if any(found.code == "not-found" for found in error.problems):
            return Matter()
        raise
    try:
        return matter(ledger, str(request_row(checked, now)["matter_id"]))
    finally:
        ledger.close()
