"""A request to amend, or for an accounting, as facts: what the request says and nothing else."""

import datetime as dt

from adapter.consent.facts import Facts
from adapter.consent.groups import Amendment, ExtensionNotice, Material, Representative
from adapter.consent.rights_facts import facts_of_right
from mappings.domain.access import Extension, Representation
from mappings.domain.rights import AccountingRequest, AmendmentRequest
from mappings.domain.values import Moment, PartialDate

RECEIVED = Moment("2026-03-02T10:15:00-05:00")
SENT = Extension(reasons="archive", until=PartialDate("2026-05-20"), sent_on=PartialDate("2026-04-20"))
UNSENT = Extension(reasons="archive", until=PartialDate("2026-05-20"))


def test_a_request_to_amend() -> None:
    asked = AmendmentRequest(
        id="amend",
        requester="personal_representative",
        requested_by="daughter",
        received_at=RECEIVED,
        holder_tz="America/New_York",
        identity_verified=True,
        authority_verified=False,
        representative=Representation(type="guardian", scope="all_health_care"),
        about=("report", "panel"),
        created_here=False,
        originator_unavailable=True,
        in_drs=True,
        accessible=True,
        accurate_and_complete=False,
        extensions=(SENT, UNSENT),
    )
    assert facts_of_right(asked, "2026-03-16") == Facts(
        pathway="amendment",
        requester="personal_representative",
        identity_verified=True,
        authority_verified=False,
        representative=Representative(type="guardian", scope="all_health_care"),
        received_at="2026-03-02T10:15:00-05:00",
        holder_tz="America/New_York",
        as_of="2026-03-16",
        extension_notices=(
            ExtensionNotice(
                sent_on=dt.date(2026, 4, 20), written=True, reasons="archive", promised_date=dt.date(2026, 5, 20)
            ),
        ),
        materials=(Material(id="report"), Material(id="panel")),
        amendment=Amendment(
            created_here=False,
            originator_unavailable_reasonable_basis=True,
            in_drs=True,
            accessible=True,
            accurate_and_complete=False,
        ),
    )


def test_a_request_for_an_accounting_says_nothing_of_records() -> None:
    asked = AccountingRequest(id="count", requested_by="patient", received_at=RECEIVED, identity_verified=True)
    assert facts_of_right(asked, "2026-03-16T10:00:00-04:00") == Facts(
        pathway="accounting",
        requester="patient",
        identity_verified=True,
        received_at="2026-03-02T10:15:00-05:00",
        as_of="2026-03-16T10:00:00-04:00",
    )


def test_what_was_not_said_is_not_known() -> None:
    asked = AmendmentRequest(id="amend", requested_by="patient")
    assert facts_of_right(asked, "2026-03-16") == Facts(
        pathway="amendment", requester="patient", as_of="2026-03-16", amendment=Amendment()
    )
