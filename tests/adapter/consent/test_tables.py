"""Policies by day, reasons with their address, and the rules as they explain themselves."""

import datetime as dt
import pathlib
import re

import msgspec
import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.inquiry import RULES, explain
from adapter.consent.law import kinds
from adapter.consent.notices import PART2_STATEMENT
from adapter.consent.policy import policies_from, policy_for
from adapter.consent.reasons import grounds
from adapter.consent.tables import toml
from mappings.problems import ProblemError
from tests.adapter.consent.given import ACCESS, DIRECTIVE, SCAN, SLIDE, policy


def test_the_policy_of_a_day_is_the_one_in_effect() -> None:
    assert policy_for(dt.date(2020, 1, 22)).directive_needs_ehr is False
    assert policy_for(dt.date(2020, 1, 23)).directive_needs_ehr is True
    assert policy_for(dt.date(2024, 4, 15)).part2_tpo_single_consent is False
    assert policy_for(dt.date(2026, 11, 1)).part2_tpo_single_consent is True
    assert policy_for(dt.date(2026, 11, 1)).access_days == 30


def test_a_day_without_policy_is_refused() -> None:
    with pytest.raises(ProblemError, match="before the first policy"):
        policy_for(dt.date(2014, 10, 5))


@pytest.mark.parametrize("change", [{"martian": True}, {"access_days": "thirty"}, {"outside_right_alone": "permit"}])
def test_a_policy_with_an_unknown_switch_or_type_is_refused(change: dict[str, object]) -> None:
    table = toml("policy.toml")
    with pytest.raises(ProblemError):
        policies_from({"policy": [table["policy"][0] | change]})


def test_a_table_without_policy_or_with_two_of_one_day_is_refused() -> None:
    first = toml("policy.toml")["policy"][0]
    for rows in ([], [first, first]):
        with pytest.raises(ProblemError):
            policies_from({"policy": rows})


def test_counsel_can_put_specimens_in_the_record_set() -> None:
    facts = facts_from(ACCESS | {"materials": [SLIDE]})
    assert decide(facts, policy()).released == ()
    assert decide(facts, msgspec.structs.replace(policy(), specimens_in_drs=True)).released == ("slide",)


def test_before_ciox_a_directive_reached_any_medium() -> None:
    facts = facts_from(DIRECTIVE | {"materials": [SCAN]})
    assert decide(facts, policy_for(dt.date(2019, 1, 1))).released == ("scan",)
    assert decide(facts, policy()).outcome == "pend"


def test_standing_state_rules_come_from_the_policy() -> None:
    hiv = {"id": "m", "kind": "hiv_test_report", "maintained_in": "ehr", "in_drs": True}
    facts = facts_from(DIRECTIVE | {"materials": [hiv]})
    table = [msgspec.to_builtins(policy()) | {"effective_from": dt.date(2026, 1, 1)}]
    strict = policies_from({"policy": [table[0] | {"state_rules": {"hiv": {"written_consent_required": True}}}]})
    assert decide(facts, policy()).outcome == "permit"
    assert decide(facts, strict[0]).outcome == "pend"


def test_every_reason_says_who_does_what_and_where_it_is_written() -> None:
    for code, ground in grounds().items():
        assert ground.sentence.endswith("."), code
        assert ground.next_step.endswith("."), code
        assert ground.who in {"holder", "requester", "licensed_professional", "nobody"}, code
        assert re.match(r"https://www\.(ecfr|federalregister|hhs)\.gov/", ground.uri), code


def test_an_address_leads_to_the_paragraph() -> None:
    where = "https://www.ecfr.gov/current/title-45/section-164.524#p-164.524(c)(3)(ii)"
    assert grounds()["THIRD_PARTY_DIRECTIVE"].uri == where
    assert grounds()["PART2_NOTICE_REQUIRED"].uri == "https://www.ecfr.gov/current/title-42/section-2.32#p-2.32(a)"


def test_every_code_a_rule_can_say_is_in_the_table() -> None:
    folder = pathlib.Path(__file__).parents[3] / "adapter" / "consent"
    said = set()
    for module in folder.glob("*.py"):
        said |= set(re.findall(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"', module.read_text(encoding="utf-8")))
    assert said >= {"ACCESS_RIGHT", "HOLDER_USE", "FACT_MISSING"}
    assert said <= set(grounds())


def test_every_rule_explains_itself_once() -> None:
    rows = explain()
    assert len({row.rule for row in rows}) == len(rows) == len(RULES)
    assert all(row.paragraph and row.does.endswith(".") and row.bases for row in rows)
    assert "access.psychotherapy" in {row.rule for row in rows}
    assert all((rule.request is None) != (rule.item is None) for rule in RULES)


def test_the_part_2_statement_is_word_for_word() -> None:
    assert PART2_STATEMENT == "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


def test_a_decision_names_its_basis_and_what_to_do() -> None:
    decision = decide(facts_from(ACCESS), policy())
    assert [reason.code for reason in decision.basis] == ["ACCESS_RIGHT"]
    assert decision.basis[0].item == "report"
    pending = decide(facts_from(ACCESS | {"identity_verified": None}), policy())
    reason = next(one for one in pending.reasons if one.code == "IDENTITY_NOT_VERIFIED")
    assert reason.next_step == "Verify the identity; the clock runs meanwhile."
    assert reason.who == "requester"
    assert pending.basis == ()


def test_the_table_of_kinds_is_whole() -> None:
    assert all(row.description for row in kinds().values())
    assert {row.material for row in kinds().values()} == {"information", "physical"}
