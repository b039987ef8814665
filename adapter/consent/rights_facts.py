"""A request to amend, or for an accounting, as facts of the law."""

from adapter.consent.case_papers import day_of
from adapter.consent.facts import ExtensionNotice, Facts, Material, Representative
from adapter.consent.groups import Amendment
from mappings.domain.rights import AccountingRequest, AmendmentRequest, Right


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
        materials=tuple(Material(id=name) for name in asked.about) if isinstance(asked, AmendmentRequest) else (),
        amendment=None if isinstance(asked, AccountingRequest) else _amendment(asked),
    )
    return facts


def _amendment(asked: AmendmentRequest) -> Amendment:
    return Amendment(
        created_here=asked.created_here,
        originator_unavailable_reasonable_basis=asked.originator_unavailable,
        in_drs=asked.in_drs,
        accessible=asked.accessible,
        accurate_and_complete=asked.accurate_and_complete,
    )
