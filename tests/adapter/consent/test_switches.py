"""Every reading of ours has a switch, and one request of its own that comes out otherwise when it is turned."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapter.consent.decide import decide
from adapter.consent.facts import facts_from
from adapter.consent.foreign_readings import Readings
from adapter.consent.policy import Policy, switches
from adapter.consent.reasons import grounds
from tests.adapter.consent.given import policy

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("switches.json").read_text("utf-8"))
"""Of each: the switch, the position it is turned to, facts, and what comes of them as shipped and turned."""
each = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["switch"])


def _comes_to(vector: dict[str, Any], under: Policy, told: dict[str, Any]) -> None:
    decision = decide(facts_from(vector["facts"]), under)
    assert decision.outcome == told["outcome"]
    assert decision.deadline == told["deadline"]
    assert list(decision.released) == told["released"]
    assert list(decision.excluded) == told["excluded"]
    assert set(told["codes"]) <= {reason.code for reason in decision.reasons}


@each
def test_as_shipped(vector: dict[str, Any]) -> None:
    _comes_to(vector, policy(), vector["shipped"])


@each
def test_turned(vector: dict[str, Any]) -> None:
    assert getattr(policy(), vector["switch"]) != vector["turned"]
    turned = msgspec.structs.replace(policy(), **{vector["switch"]: vector["turned"]})
    _comes_to(vector, turned, vector["other"])


@each
def test_the_vector_flips(vector: dict[str, Any]) -> None:
    assert vector["shipped"] != vector["other"]


def test_every_reading_has_its_vector_and_every_switch_its_words() -> None:
    readings = {switch.name for switch in switches() if switch.reading}
    assert [vector["switch"] for vector in VECTORS if vector["switch"] not in readings] == []
    of_consents = set(Readings.__struct_fields__)  # their vectors are Consents: test_consent_switches
    assert {vector["switch"] for vector in VECTORS} == readings - of_consents
    assert of_consents <= readings
    assert (len(VECTORS), len(readings)) == (27, 39)
    assert {switch.name for switch in switches()} == {*Policy.__struct_fields__} - {"effective_from"}
    assert [switch.name for switch in switches() if not switch.means.endswith(".")] == []
    assert [switch.name for switch in switches() if switch.reading != switch.other.endswith(".")] == []


def test_every_code_a_vector_names_is_in_the_table() -> None:
    named = {code for vector in VECTORS for side in ("shipped", "other") for code in vector[side]["codes"]}
    assert named <= set(grounds())
