"""Requests to amend and for an accounting: decided like any other, and written down with their clock.

One that is in a case comes from there; one of somebody without a case is told by hand.
"""

import datetime as dt
from collections.abc import Iterator

from adapter.checked import Checked
from adapter.consent.clock import local_date, zone_named
from adapter.consent.decide import Decision, decide
from adapter.consent.facts import Facts, facts_from, moment
from adapter.consent.policy import Policy
from adapter.consent.rights_facts import facts_of_right
from adapter.ledger.due import BY_HAND
from adapter.ledger.store import Entry, matter_id, request_id
from adapter.recording import facts_digest, numbers_of, policy_told, subjects_of
from mappings.domain.case import Case
from mappings.domain.rights import AmendmentRequest, Right
from mappings.domain.values import Moment
from mappings.identity import within
from mappings.problems import refuse


def rights_of(case: Case) -> tuple[Right, ...]:
    """Every request of a case that releases nothing."""
    return (*case.amendments, *case.accountings)


def decided(checked: Checked, now: Moment) -> Iterator[tuple[Right, Facts, Decision]]:
    """Each such request of a case with its facts, and what is decided on them."""
    for asked in rights_of(checked.loaded.case):
        facts = facts_of_right(asked, str(now))
        yield asked, facts, decide(facts, checked.policy)


def entry_of(
    checked: Checked, asked: Right, facts: Facts, decision: Decision, now: Moment, action: str = "request"
) -> Entry:
    """A decision on such a request as the ledger takes it."""
    case = checked.loaded.case
    request = {
        "matter_id": matter_id(within(case.id, str(facts.pathway), asked.id), numbers_of(case)),
        "case_id": case.id,
        **_request(facts, now),
    }
    return Entry(
        request={"id": request_id(request), **request},
        subjects=subjects_of(case),
        decision=_decision(case.id, facts, decision, now, action),
        policy=policy_told(checked.policy),
    )


def by_hand(
    kind: str, name: str, number: tuple[str, str], received: tuple[str, str], policy: Policy, now: Moment
) -> Entry:
    """Such a request of somebody without a case: the patient's number, the time of receipt and the holder's zone.

    Raises:
        ProblemError: the time is none or lies ahead, or the zone is not known (without both no day can be counted).
    """
    if zone_named(received[1]) is None:
        message = "is no time zone of the tz database; name one, as America/New_York"
        raise refuse("value", "--tz", message, rule="ledger.request")
    facts = facts_from({"pathway": kind, "received_at": received[0], "holder_tz": received[1], "as_of": str(now)})
    decision = decide(facts, policy)
    if decision.deadline is None:
        message = "is no day and no time with UTC offset; write 2026-01-31 or 2026-01-31T09:30:00-05:00"
        raise refuse("value", "--received", message, rule="ledger.request")
    if _ahead(received, now, policy):
        message = "lies in the future: a request is written down once it is there"
        raise refuse("value", "--received", message, rule="ledger.day")
    request = {"matter_id": matter_id(within(name, kind), [number]), "case_id": name, **_request(facts, now)}
    return Entry(
        request={"id": request_id(request), **request},
        subjects=({"system": number[0], "value": number[1], "person_sha256": _UNNAMED},),
        decision=_decision(name, facts, decision, now, BY_HAND),
        policy=policy_told(policy),
    )


def _ahead(received: tuple[str, str], now: Moment, policy: Policy) -> bool:
    """Whether a time of receipt lies after now; a day, or a time without offset, is of the zone."""
    told = moment(received[0])
    if isinstance(told, dt.datetime) and told.tzinfo is not None:
        return told > dt.datetime.fromisoformat(str(now))
    day, today = (local_date(text, received[1], policy) for text in (received[0], str(now)))
    return day is None or today is None or day > today


_UNNAMED = ""
"""In place of the digest of name and birth date, where only the number is known."""


def _request(facts: Facts, now: Moment) -> dict[str, object]:
    return {
        "recorded_at": str(now),
        "pathway": facts.pathway,
        "requester": facts.requester,
        "purpose": None,
        "received_at": facts.received_at,
        "holder_tz": facts.holder_tz,
    }


def _decision(name: str, facts: Facts, decision: Decision, now: Moment, action: str) -> dict[str, object]:
    return {
        "case_id": name,
        "action": action,
        "decided_at": str(now),
        "outcome": decision.outcome,
        "deadline": decision.deadline,
        "facts_sha256": facts_digest(facts),
        "reasons": [{"code": r.code, "citation": r.citation, "item": r.item} for r in decision.reasons],
        "excluded": list(decision.excluded),
    }


def sent_before(asked: Right) -> Iterator[dict[str, object]]:
    """The extensions that the case says were sent, as rows of `notice` (less their request)."""
    kind = "amendment-extension" if isinstance(asked, AmendmentRequest) else "accounting-extension"
    for told in asked.extensions:
        if told.sent_on is not None:
            yield {
                "kind": kind,
                "sent_at": str(told.sent_on),
                "promised_on": str(told.until),
                "reasons": told.reasons,
            }
