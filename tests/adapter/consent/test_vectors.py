"""The law's own cases: outcome, deadline and exclusions equal, the expected reasons among those given."""

import json
import pathlib
from typing import Any

import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.policy import load_policy
from mappings.fhir.wire import loads
from tests.adapter.consent import table

OURS: list[dict[str, Any]] = json.loads(pathlib.Path(__file__).with_name("vectors.json").read_text("utf-8"))
"""Vectors for what those of the law leave untouched."""


def test_every_vector_of_the_law_is_decided_as_expected(shared: pathlib.Path, subtests: pytest.Subtests) -> None:
    vectors = loads((shared / "access" / "vectors.json").read_bytes())
    assert len(vectors) == 101
    for vector in vectors:
        with subtests.test(vector["id"]):
            decision = decide(facts_from(vector["facts"]), load_policy()[-1])
            expected = vector["expected"]
            given = {(reason.code, reason.citation) for reason in decision.reasons}
            wanted = {(reason["code"], reason["citation"]) for reason in expected["reasons"]}
            assert decision.outcome == expected["outcome"]
            assert decision.deadline == expected["deadline"]
            assert set(decision.excluded) == set(expected["excluded"])
            assert wanted <= given


def test_no_vector_releases_what_it_excludes_or_what_does_not_permit(shared: pathlib.Path) -> None:
    for vector in loads((shared / "access" / "vectors.json").read_bytes()):
        decision = decide(facts_from(vector["facts"]), load_policy()[-1])
        permitted = vector["expected"]["outcome"].startswith("permit")
        assert set(decision.released).isdisjoint(vector["expected"]["excluded"])
        assert decision.permits == permitted
        assert permitted or decision.released == ()


def test_every_reason_code_of_the_law_is_in_the_table(shared: pathlib.Path) -> None:
    from adapter.consent.reasons import grounds

    table = grounds()
    for row in loads((shared / "access" / "reason_codes.json").read_bytes()):
        assert table[row["code"]].citation == row["citation"]


@pytest.mark.parametrize("vector", OURS, ids=lambda vector: vector["id"])
def test_every_vector_of_ours_is_decided_as_expected(vector: dict[str, Any]) -> None:
    decision = decide(facts_from(vector["facts"]), load_policy()[-1])
    expected = vector["expected"]
    assert (decision.outcome, decision.deadline) == (expected["outcome"], expected["deadline"])
    assert list(decision.excluded) == expected["excluded"]
    assert set(expected["codes"]) <= {reason.code for reason in decision.reasons}


def test_every_rule_has_a_vector(shared: pathlib.Path) -> None:
    paths = (shared / "access" / "vectors.json", *table.FILES[1:])
    found = table.by_rule([named for path in paths for named in table.of_file(path)], load_policy()[-1])
    assert [rule for rule, told in found.items() if not told and not rule.startswith("consent.")] == []


def test_the_table_has_a_line_for_every_rule_and_every_reading() -> None:
    page = table.main([str(table.HERE / "vectors.json")]).splitlines()
    assert "| `basis.provider` | 45 CFR 164.506(c)(2) | FACT_MISSING | 1: R05 |" in page
    assert "| `access.litigation` | 45 CFR 164.524(a)(1)(ii) |  | 0:  |" in page
    assert "| `leap_day_to_march` | 45 CFR 164.530(j)(2) | Years counted from 29 February end on 1 March. |" in page
