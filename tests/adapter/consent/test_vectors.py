"""The law's own cases: outcome, deadline and exclusions equal, the expected reasons among those given."""

import pathlib

import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.policy import load_policy
from mappings.fhir.wire import loads


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
