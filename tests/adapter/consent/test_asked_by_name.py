"""What a decision lacks is asked for by the name of the fact, of the request or of the one item that it is about."""

import pytest

from adapter.consent.decide import Decision
from tests.adapter.consent.given import (
    ACCESS,
    AUTHORIZED,
    COUNSELING,
    DIRECTIVE,
    NOTES,
    PAYMENT,
    REPORT,
    SCAN,
    SUD,
    TPO_CONSENT,
    TREATMENT,
    USE,
    Request,
    decided,
    without,
)

FAMILY: Request = TREATMENT | {
    "requester": "family_member",
    "recipient": "family_member",
    "recipient_is_provider": False,
    "purpose": "involvement_in_care",
}
REPRESENTED: Request = ACCESS | {"requester": "personal_representative", "recipient": "personal_representative"}
PARENT: Request = ACCESS | {"requester": "parent", "recipient": "parent"}
CHILD: Request = {"unemancipated_minor": True}
AMEND: Request = {
    "pathway": "amendment",
    "requester": "patient",
    "received_at": "2026-03-02",
    "identity_verified": True,
    "materials": [REPORT],
}
PROCEEDINGS: Request = AUTHORIZED | {"purpose": "legal_proceedings", "materials": [SUD]}


def asked(decision: Decision) -> list[tuple[str, str | None, str]]:
    """(code, item, fact) of each reason that names a fact."""
    return [(one.code, one.item, one.fact) for one in decision.reasons if one.fact]


@pytest.mark.parametrize(
    ("request_", "fact"),
    [
        pytest.param(USE | {"requester": "payer"}, "requester", id="164.506(c)(1)"),
        pytest.param(USE | {"recipient": "payer"}, "recipient", id="164.506(c)(1)-to-another"),
        pytest.param(USE | {"purpose": "research"}, "purpose", id="164.506(c)(1)-not-tpo"),
        pytest.param(USE | {"pathway": "martian"}, "pathway", id="164.502(a)"),
        pytest.param(
            without(TREATMENT, "purpose") | AUTHORIZED | {"purpose": "martian"}, "purpose", id="no-such-purpose"
        ),
        pytest.param(TREATMENT | {"materials": []}, "materials", id="164.524(b)(1)"),
        pytest.param(without(TREATMENT, "recipient_is_provider"), "recipient_is_provider", id="164.506(c)(2)"),
        pytest.param(
            without(PAYMENT, "recipient_is_provider") | {"recipient": "review_center"},
            "recipient_is_provider",
            id="164.506(c)(3)",
        ),
        pytest.param(without(PAYMENT, "scope"), "scope", id="164.514(d)"),
        pytest.param(FAMILY, "family.involved_in_care", id="164.510(b)(1)(i)"),
        pytest.param(
            FAMILY | {"family": {"involved_in_care": True}}, "family.individual_agreed", id="164.510(b)(2)(i)"
        ),
        pytest.param(
            FAMILY | {"patient": {"deceased_on": "2020-05-01"}, "family": {"contrary_preference_known": False}},
            "family.involved_before_death",
            id="164.510(b)(5)",
        ),
        pytest.param(
            FAMILY | {"patient": {"deceased_on": "2020-05-01"}, "family": {"involved_before_death": True}},
            "family.contrary_preference_known",
            id="164.510(b)(5)-wish",
        ),
        pytest.param(REPRESENTED, "representative.type", id="164.502(g)(2)"),
        pytest.param(PARENT, "patient.unemancipated_minor", id="164.502(g)(3)"),
        pytest.param(
            PARENT | {"patient": CHILD, "minor": {"consented_alone": False}}, "minor.state_law", id="164.502(g)(3)(ii)"
        ),
        pytest.param(
            PARENT | {"patient": CHILD, "minor": {"state_law": "silent"}},
            "minor.consented_alone",
            id="164.502(g)(3)(i)(A)",
        ),
        pytest.param(without(ACCESS, "received_at"), "received_at", id="164.524(b)(2)"),
        pytest.param(without(ACCESS, "holder_tz"), "holder_tz", id="164.524(b)(2)-local-day"),
        pytest.param(without(ACCESS, "request_form"), "request_form", id="164.524(b)(1)-form"),
        pytest.param(ACCESS | {"request_form": "oral"}, "written_required", id="164.524(b)(1)-oral"),
        pytest.param(
            ACCESS | {"request_form": "oral", "written_required": True},
            "informed_of_written_rule",
            id="164.524(b)(1)-told",
        ),
        pytest.param(
            AMEND | {"materials": [], "amendment": {"accurate_and_complete": True}}, "materials", id="164.526(b)(1)"
        ),
        pytest.param(
            without(AMEND, "received_at") | {"amendment": {"in_drs": False}}, "received_at", id="164.526(b)(2)"
        ),
        pytest.param(
            {"pathway": "accounting", "requester": "patient", "received_at": "2026-03-02T23:00:00Z"},
            "holder_tz",
            id="164.528(c)(1)",
        ),
        pytest.param({"pathway": "retention", "document": "a notice"}, "created_on", id="164.530(j)(2)"),
    ],
)
def test_of_the_request(request_: Request, fact: str) -> None:
    decision = decided(request_)
    assert decision.outcome == "pend"
    assert ("FACT_MISSING", None, fact) in asked(decision)
    assert [one for one in asked(decision) if one[1] is not None] == []


@pytest.mark.parametrize(
    ("request_", "item", "fact"),
    [
        pytest.param(ACCESS, REPORT | {"kind": "martian"}, "kind", id="164.502(a)"),
        pytest.param(ACCESS, without(REPORT, "in_drs"), "in_drs", id="164.501"),
        pytest.param(ACCESS, REPORT | {"research": {"in_progress": True}}, "research", id="164.524(a)(2)(iii)"),
        pytest.param(ACCESS, REPORT | {"source": {"is_provider": False}}, "source", id="164.524(a)(2)(v)"),
        pytest.param(ACCESS, REPORT | {"privacy_act_denial_ok": True}, "federal_privacy_act", id="164.524(a)(2)(iv)"),
        pytest.param(
            ACCESS | {"determinations": [{"ground": "inmate_jeopardy"}], "patient": {"inmate": True}},
            REPORT,
            "holder",
            id="164.524(a)(2)(ii)",
        ),
        pytest.param(
            ACCESS | {"determinations": [{"ground": "substantial_harm_to_referenced_person"}]},
            REPORT,
            "names_other_person",
            id="164.524(a)(3)(ii)",
        ),
        pytest.param(
            REPRESENTED | {"representative": {"type": "guardian"}}, REPORT, "representative.scope", id="164.502(g)(2)"
        ),
        pytest.param(DIRECTIVE, without(REPORT, "maintained_in"), "maintained_in", id="Ciox"),
        pytest.param(
            DIRECTIVE | {"recipient": "app", "authorization": AUTHORIZED["authorization"]},
            SCAN,
            "recipient_is_provider",
            id="Ciox-to-another",
        ),
        pytest.param(TREATMENT | {"restrictions": [{}]}, REPORT, "restrictions.agreed", id="164.522(a)(1)(iii)"),
        pytest.param(
            PAYMENT, REPORT | {"restriction_requested": True}, "paid_in_full_out_of_pocket", id="164.522(a)(1)(vi)"
        ),
        pytest.param(
            AMEND | {"amendment": {"accurate_and_complete": False}},
            REPORT,
            "amendment.created_here",
            id="164.526(a)(2)(i)",
        ),
        pytest.param(
            AMEND | {"amendment": {"accurate_and_complete": False, "created_here": False}},
            REPORT,
            "amendment.originator_unavailable_reasonable_basis",
            id="164.526(a)(2)(i)-originator",
        ),
        pytest.param(
            AMEND | {"amendment": {"created_here": True}},
            REPORT,
            "amendment.accurate_and_complete",
            id="164.526(a)(2)(iv)",
        ),
        pytest.param(
            TREATMENT | {"part2_consent": TPO_CONSENT | {"expiry": "1 year"}, "recipient_name": "Acme Review"},
            SUD,
            "part2_consent.expiry",
            id="2.31(a)(7)",
        ),
    ],
)
def test_of_one_item(request_: Request, item: Request, fact: str) -> None:
    decision = decided(request_, item | {"id": "it"})
    assert decision.outcome == "pend"
    assert ("FACT_MISSING", "it", fact) in asked(decision)


@pytest.mark.parametrize(
    ("request_", "item", "paper"),
    [
        (TREATMENT | {"part2_consent": {}}, SUD, "part2_consent"),
        (TREATMENT | {"counseling_notes_consent": {}}, COUNSELING, "counseling_notes_consent"),
        (PROCEEDINGS | {"proceedings_consent": {"combined": False}}, SUD, "proceedings_consent"),
    ],
)
def test_what_a_part_2_consent_lacks_is_named_in_that_consent(request_: Request, item: Request, paper: str) -> None:
    faults = [fact for code, _, fact in asked(decided(request_, item)) if code == "PART2_CONSENT_DEFECTIVE"]
    assert {
        f"{paper}.patient_named",
        f"{paper}.discloser",
        f"{paper}.description",
        f"{paper}.recipients",
        f"{paper}.purpose",
        f"{paper}.revocation_right",
        f"{paper}.expiry",
        f"{paper}.signed",
        f"{paper}.signed_on",
    } <= set(faults)
    assert {fact.split(".")[0] for fact in faults} == {paper}


def test_a_subpoena_alone_lifts_no_bar_for_part_2_records() -> None:
    """42 CFR 2.12(d)(1), 2.61(b): out, and not for want of a paper that would cure it."""
    decision = decided(PROCEEDINGS, court_order={"under_part2": False})
    assert (decision.outcome, decision.excluded) == ("deny_not_permitted", ("sud",))


def test_psychotherapy_notes_ask_for_an_authorization_of_their_own() -> None:
    decision = decided(TREATMENT, NOTES)
    assert (decision.outcome, decision.released) == ("pend", ())
    assert {one.item for one in decision.reasons if one.ground.role == "open"} <= {"notes", None}


@pytest.mark.parametrize(
    ("request_", "code", "fact"),
    [
        pytest.param(
            REPRESENTED | {"representative": {"type": "executor"}},
            "AUTHORITY_NOT_VERIFIED",
            "representative.type",
            id="164.502(g)(4)-of-the-living",
        ),
        pytest.param(
            REPRESENTED
            | {"representative": {"type": "guardian", "scope": "all_health_care"}, "patient": {"deceased": True}},
            "AUTHORITY_NOT_VERIFIED",
            "representative.type",
            id="164.502(g)(2)-of-the-dead",
        ),
        pytest.param(
            REPRESENTED | {"election": {"reasonable_belief": "abuse"}},
            "ELECTION_INCOMPLETE",
            "election.best_interest_decision",
            id="164.502(g)(5)",
        ),
    ],
)
def test_of_authority(request_: Request, code: str, fact: str) -> None:
    decision = decided(request_)
    assert decision.outcome == "pend"
    assert (code, None, fact) in asked(decision)
