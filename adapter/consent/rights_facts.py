"""A request to amend, or for an accounting, as facts of the law."""

from typing import Any

from adapter.consent.case_papers import day_of
from adapter.consent.facts import ExtensionNotice, Facts, Material, Representative
from adapter.consent.groups import Amendment, AmendmentPart
from mappings.domain.rights import AccountingRequest, AmendmentRequest, Right
from mappings.domain.rights import AmendmentPart as Part


def facts_of_right(asked: Right, as_of: str) -> Facts:
    """The facts of one such request at a time (date, or date-time with offset)."""
    by = asked.representative
    facts = Facts(
        pathway="amendment" if isinstance(asked, AmendmentRequest) else "accounting",
        requester=asked.requester,
        identity_verified=asked.identity_verified,
        authority_verified=asked.authority_verified,
        representative=Representative(type=by.type, scope=by.scope) if by else None,
        received_at=str(asked.received_at) if asked.received_at else None,
        holder_tz=asked.holder_tz,
        as_of=as_of,
        extension_notices=tuple(
            ExtensionNotice(
                sent_on=day_of(told.sent_on), written=True, reasons=told.reasons, promised_date=day_of(told.until)
            )
            for told in asked.extensions
            if told.sent_on is not None
        ),
        **({} if isinstance(asked, AccountingRequest) else _amendment(asked)),
    )
    return facts


def part_id(number: int) -> str:
    """What a part of a request to amend is called in decisions; parts are counted from 0 and called from 1."""
    return f"part-{number + 1}"


def _amendment(asked: AmendmentRequest) -> dict[str, Any]:
    """What is to be amended, and what decides it: the records by one ground, or each part by its own."""
    if not asked.parts:
        return {
            "materials": tuple(Material(id=name) for name in asked.about),
            "amendment": Amendment(**_grounds(asked)),
        }
    named = [(part_id(number), part) for number, part in enumerate(asked.parts)]
    return {
        "materials": tuple(Material(id=name) for name, _ in named),
        "amendment_parts": tuple(AmendmentPart(item=name, **_grounds(part)) for name, part in named),
    }


def _grounds(told: AmendmentRequest | Part) -> dict[str, bool | None]:
    return {
        "created_here": told.created_here,
        "originator_unavailable_reasonable_basis": told.originator_unavailable,
        "in_drs": told.in_drs,
        "accessible": told.accessible,
        "accurate_and_complete": told.accurate_and_complete,
    }
