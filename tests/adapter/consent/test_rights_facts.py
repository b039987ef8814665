"""A request to amend, or for an accounting, as facts: what the request says and nothing else."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import Facts
from adapter.consent.groups import Amendment, ExtensionNotice, Material, Representative
from adapter.consent.groups import AmendmentPart as Part
from adapter.consent.policy import policy_for
from adapter.consent.rights_facts import facts_of_right
from mappings.domain.access import Extension, Representation
from mappings.domain.rights import AccountingRequest, AmendmentPart, AmendmentRequest
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


SIDE = {"asks": "The side is wrong.", "about": ("report",), "created_here": True, "accurate_and_complete": False}
GRADE = {"asks": "The grade is wrong.", "about": ("report", "panel"), "created_here": True, "in_drs": True,
         "accessible": True, "accurate_and_complete": True}  # fmt: skip
MADE_ELSEWHERE = {"asks": "The date is wrong.", "about": ("panel",), "created_here": False,
                  "originator_unavailable": False, "in_drs": False, "accessible": False}  # fmt: skip


def in_parts(*parts: dict[str, Any]) -> AmendmentRequest:
    made = tuple(AmendmentPart(**part) for part in parts)
    return AmendmentRequest(
        id="amend", requested_by="patient", received_at=RECEIVED, holder_tz="America/New_York", identity_verified=True,
        about=tuple(dict.fromkeys(name for part in made for name in part.about)), parts=made,
    )  # fmt: skip


def test_each_part_of_a_request_to_amend_is_an_item_with_its_own_ground() -> None:
    facts = facts_of_right(in_parts(SIDE, GRADE, MADE_ELSEWHERE), "2026-03-16")
    assert (facts.materials, facts.amendment) == (
        (Material(id="part-1"), Material(id="part-2"), Material(id="part-3")), None
    )  # fmt: skip
    assert facts.amendment_parts == (
        Part(item="part-1", created_here=True, accurate_and_complete=False),
        Part(item="part-2", created_here=True, in_drs=True, accessible=True, accurate_and_complete=True),
        Part(
            item="part-3", created_here=False, originator_unavailable_reasonable_basis=False, in_drs=False,
            accessible=False,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "outcome", "excluded"),
    [
        ((SIDE,), "permit", ()),
        ((SIDE, GRADE), "permit_with_exclusions", ("part-2",)),
        ((GRADE, SIDE), "permit_with_exclusions", ("part-1",)),
        ((GRADE, MADE_ELSEWHERE), "deny_not_permitted", ("part-1", "part-2")),
        ((SIDE, {"asks": "x", "about": ("report",)}), "pend", ()),
    ],
)
def test_each_part_is_decided_by_itself(
    parts: tuple[dict[str, Any], ...], outcome: str, excluded: tuple[str, ...]
) -> None:
    made = decide(facts_of_right(in_parts(*parts), "2026-03-16"), policy_for(dt.date(2026, 3, 16)))
    assert (made.outcome, made.excluded) == (outcome, excluded)
    accepted = {reason.item for reason in made.reasons if reason.code == "AMENDMENT_TO_BE_MADE"}
    assert accepted == {f"part-{n}" for n, part in enumerate(parts, start=1) if part == SIDE}


def test_what_is_open_of_one_part_is_said_of_it() -> None:
    facts = facts_of_right(in_parts(SIDE, {"asks": "x", "about": ("report",)}), "2026-03-16")
    made = decide(facts, policy_for(dt.date(2026, 3, 16)))
    assert {(reason.item, reason.fact) for reason in made.reasons if reason.fact} == {
        ("part-2", "amendment.created_here"), ("part-2", "amendment.accurate_and_complete"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asks": "x"}, "said of each part"),
        ({"amended": "x"}, "said of each part"),
        ({"accurate_and_complete": False}, "said of each part"),
        ({"created_here": True}, "said of each part"),
        ({"about": ("report",)}, "must have every record"),
        ({"about": ("report", "panel", "other")}, "must have every record"),
    ],
)
def test_with_parts_nothing_is_said_twice(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        msgspec.structs.replace(in_parts(SIDE, GRADE), **change)
