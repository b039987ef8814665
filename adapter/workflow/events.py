"""Every decision of the gate as AuditEvent, and the disclosures that the ledger has (IHE BALP)."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapter.workflow.history import addresses
from adapter.workflow.matter import At
from adapter.workflow.papers import concerns, papers
from mappings.domain.audit import GateRecord, Grounds, NetworkPoint
from mappings.domain.values import Moment
from mappings.terminology.tables import table

IN_RECORD = frozenset(("CONSENT_DENIES", "CONSENT_UNCLEAR", "CONSENT_NO_AUTHORITY"))
"""Reasons that are about Consents which came as FHIR."""
Told = list[Mapping[str, Any]]


def gate_records(at: At, organization: str | None) -> Iterator[GateRecord]:
    """Each decision on record, or, where none is, the one that was made now; `organization` is behind the recipient."""
    now = [{"code": r.code, "citation": r.citation, "item": r.item} for r in at.checked.decision.reasons]
    decision = at.checked.decision
    rows = [
        (f"gate-{row['id']}", row["decided_at"], row["outcome"], row["deadline"], row["reasons"])
        for row in at.ledger.decisions
    ]
    for name, time, outcome, deadline, reasons in rows or [
        ("gate", str(at.now), decision.outcome, decision.deadline, now)
    ]:
        consents, about = _rests_on(at, reasons)
        codes = [reason["code"] for reason in about or reasons]
        yield GateRecord(
            id=name,
            recorded=Moment(time),
            permitted=outcome in ("permit", "permit_with_exclusions"),
            text=f"{outcome}; answer by {deadline}" if deadline else outcome,
            holder=at.case.holder,
            address=NetworkPoint(kind="machine", address=at.machine),
            recipient=at.access.recipient_party,
            recipient_organization=organization,
            purpose=at.access.purpose if at.access.purpose in table("purpose-of-use").values else None,
            consents=consents,
            grounds=_grounds(about) if consents else (),
            policies=addresses(codes),
        )


def _rests_on(at: At, reasons: Told) -> tuple[tuple[str, ...], Told]:
    """The Consents that a decision with these reasons rests on, and the reasons that are about them."""
    about = [reason for reason in reasons if reason["code"] in IN_RECORD]
    found: list[str] = []
    for paper in papers(at.access):
        if concerned := [reason for reason in reasons if concerns(at, paper, reason)]:
            found.append(paper.name)
            about += concerned
    wanted = {reason["item"] for reason in reasons if reason["code"] in IN_RECORD}
    for carried in at.checked.facts.carried_consents:
        if wanted & set(carried.applies_to):
            found.append(str(carried.id).partition("#")[0])
    return tuple(dict.fromkeys(found)), about


def _grounds(reasons: Told) -> tuple[Grounds, ...]:
    return tuple(dict.fromkeys(Grounds(code=reason["code"], citation=reason["citation"]) for reason in reasons))
