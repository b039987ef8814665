"""Requests as workflows before HL7's own engine: every state, both shapes of Consent, and generated cases."""

from pathlib import Path

import pytest

from mappings.fhir.wire import pretty
from tests.profiles.constraints import FOLDER
from tests.validation.judge import available, judge_paths
from tests.workflows import workflows

GUIDES = ("--with", "fast", "--with", "balp", "--with", "pcf", "--ig", str(FOLDER))
pytestmark = pytest.mark.live


def test_the_reference_validator_finds_no_error_in_any_and_a_seeded_one(tmp_path: Path) -> None:
    assert available(), "the reference validator is not here"
    made = dict(workflows())
    assert len(made) >= 70
    for name, bundle in made.items():
        (tmp_path / f"{name}.json").write_bytes(pretty(bundle))
    seeded = made["state-review-upheld-pcf"]
    text = pretty(seeded).decode().replace('"code": "review-of-denial"', '"code": "review-of-nothing"')
    (tmp_path / "seeded.json").write_text(text, "utf-8")
    found = judge_paths([tmp_path], GUIDES)
    wrong = {Path(name).stem for name, said in found.items() for one in said if one.severity == "error"}
    assert wrong == {"seeded"}
