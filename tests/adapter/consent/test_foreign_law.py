"""Consents in the record as facts: on which bases they bind, and that no word about them permits more."""

from typing import Any

import pytest

from adapter.consent.decide import Decision, decide
from adapter.consent.facts import facts_from
from tests.adapter.consent.given import ACCESS, AUTHORIZED, DIRECTIVE, PAYMENT, REPORT, SCAN, TREATMENT, USE, policy

ON_SCAN = {"id": "Consent/c", "rules": ["actor"], "applies_to": ["scan"]}


def decided(request: dict[str, Any], *consents: dict[str, Any], **more: Any) -> Decision:
    """The decision about a report and a scan with these Consents in the record."""
    told = request | {"materials": [REPORT, SCAN | {"maintained_in": "ehr"}], "carried_consents": list(consents)} | more
    return decide(facts_from(told), policy())


@pytest.mark.parametrize("request_", [TREATMENT, PAYMENT, AUTHORIZED], ids=["treatment", "payment", "authorization"])
def test_a_denial_keeps_the_item_and_no_other(request_: dict[str, Any]) -> None:
    decision = decided(request_, ON_SCAN | {"says": "denies"})
    assert (decision.released, decision.excluded) == (("report",), ("scan",))
    assert ("CONSENT_DENIES", "scan") in {(r.code, r.item) for r in decision.reasons}


@pytest.mark.parametrize("says", ["unclear", "permits", "silent", None])
@pytest.mark.parametrize("rules", [["actor"], []])
def test_any_other_word_pends(says: str | None, rules: list[str]) -> None:
    decision = decided(TREATMENT, ON_SCAN | {"says": says, "rules": rules})
    assert decision.outcome == "pend"
    fact = f"carried_consents.{rules[0] if rules else 'not-covered'}"
    assert [(r.item, r.fact) for r in decision.reasons if r.code == "CONSENT_UNCLEAR"] == [("scan", fact)]


def test_without_items_it_is_about_every_item() -> None:
    assert decided(TREATMENT, {"says": "denies"}).outcome == "deny_not_permitted"
    assert decided(TREATMENT, {}).outcome == "pend"


@pytest.mark.parametrize("request_", [ACCESS, USE], ids=["access", "use"])
@pytest.mark.parametrize("says", ["denies", "unclear", "no_authority"])
def test_it_binds_neither_the_patients_own_access_nor_the_holders_use(request_: dict[str, Any], says: str) -> None:
    assert decided(request_, {"says": says}).released == ("report", "scan")


def test_an_emergency_treatment_goes_on_with_a_note_and_a_payment_does_not() -> None:
    for says in ("denies", "unclear"):
        assert decided(TREATMENT, ON_SCAN | {"says": says}, emergency=True).released == ("report", "scan")
    assert decided(PAYMENT, ON_SCAN | {"says": "denies"}, emergency=True).released == ("report",)


def test_a_directive_waits_and_its_deadline_stays() -> None:
    free, held = decided(DIRECTIVE), decided(DIRECTIVE, ON_SCAN | {"says": "denies"})
    assert (free.outcome, held.outcome) == ("permit", "pend")
    assert free.deadline == held.deadline == "2026-04-01"


def test_a_paper_without_authority_holds_what_rests_on_it_only() -> None:
    failing = ON_SCAN | {"says": "no_authority", "paper": "authorization"}
    assert decided(AUTHORIZED, failing).released == ("report",)
    assert decided(TREATMENT, failing).released == ("report", "scan")
    assert decided(TREATMENT, failing | {"paper": None}).released == ("report",)
    assert decided(DIRECTIVE, failing | {"paper": "directive"}).released == ("report",)


def test_the_next_step_says_which_element_fails_which_rule() -> None:
    pending = next(r for r in decided(TREATMENT, ON_SCAN | {"says": "unclear"}).reasons if r.code == "CONSENT_UNCLEAR")
    assert pending.next_step.startswith("Consent.provision.actor (actor): An actor that cannot be resolved")
    directed = decided(DIRECTIVE, ON_SCAN | {"says": "denies"})
    assert next(r for r in directed.reasons if r.code == "CONSENT_UNCLEAR").next_step.startswith("Ask the patient")
