"""The examples are what the adapter emits, one at least for each profile, and they satisfy what they claim."""

import json

import pytest

from adapter.validation import validate_resource
from mappings.identity import structure
from tests.profiles import examples
from tests.profiles.constraints import FOLDER, profiles
from tests.profiles.faults import example

NAMES = [path.stem for path in sorted(examples.FOLDER.glob("*.json"))]


def test_they_are_what_the_adapter_emits() -> None:
    made = dict(examples.examples())
    assert sorted(made) == [f"{name}.json" for name in NAMES], "run `python -m tests.profiles.examples`"
    stale = [name for name, data in made.items() if (examples.FOLDER / name).read_bytes() != data]
    assert stale == [], "run `python -m tests.profiles.examples`"


def test_every_profile_has_one() -> None:
    assert {each.profile for each in examples.EXAMPLES} == set(profiles())


@pytest.mark.parametrize("each", examples.EXAMPLES, ids=lambda each: each.name)
def test_it_claims_its_profile(each: examples.Example) -> None:
    (name,) = (name for name in NAMES if name.partition("-")[2] == each.name)
    assert structure(f"second-opinion-{each.profile}") in example(name)["meta"]["profile"]


def test_what_rests_on_us_core_and_mcode_claims_them_too() -> None:
    assert example("Condition-primary-cancer")["meta"]["profile"] == [
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-condition-problems-health-concerns",
        "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-primary-cancer-condition",
        structure("second-opinion-primary-cancer"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_marked_as_test_data_and_valid(name: str) -> None:
    read = example(name)
    assert name == f"{read['resourceType']}-{read['id']}"
    assert [label["code"] for label in read["meta"]["security"]] == ["HTEST"]
    assert [problem for problem in validate_resource(read) if problem.stops] == []


def test_no_profile_has_a_snapshot() -> None:
    for name, profile in profiles().items():
        assert profile["id"] == f"second-opinion-{name}"
        assert "snapshot" not in profile
        assert profile["version"] == json.loads((FOLDER / "package.json").read_bytes())["version"]


def test_invariants_have_keys_of_their_own() -> None:
    elements = (element for profile in profiles().values() for element in profile["differential"]["element"])
    keys = [each["key"] for element in elements for each in element.get("constraint", ())]
    assert sorted(keys, key=lambda key: int(key.removeprefix("so-"))) == [f"so-{n}" for n in range(1, len(keys) + 1)]
