"""The golden outputs: what every scenario becomes, reviewed in the diff, judged by the reference validator in CI."""

import pathlib

import pytest

from tests.golden import CASES, produce, scenarios

SCENARIOS = (
    "authorization",
    "before-laryngectomy",
    "borderline-melanocytic",
    "cord-compression",
    "discordant-imaging-biopsy",
    "insurance-required",
    "patient-directive",
    "slides-on-loan",
    "soft-tissue-sarcoma",
    "svc-syndrome",
)


def test_the_scenarios_are_all_there() -> None:
    assert scenarios() == SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_becomes_what_was_reviewed(name: str, tmp_path: pathlib.Path) -> None:
    """Where this is meant to change: `make golden`, then read the diff."""
    expected = {place.name: place.read_bytes() for place in (CASES / name / "expected").iterdir()}
    assert produce(name, tmp_path) == expected
