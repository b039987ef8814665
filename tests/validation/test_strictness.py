"""How strict our validator is, as facts: what of the reference validator's verdicts it shares (verdicts.json).

The verdicts were given by HL7's engine; the live test asks it again and holds the file to it.
"""

import pytest

from tests.validation import verdicts
from tests.validation.compare import Compared, compare, counts, ours
from tests.validation.faults import Fault, broken, faults, twins
from tests.validation.judge import judge
from tests.validation.places import is_same, normal

FAULTS = {fault.id: fault for fault in faults()}
TWINS = twins()

NOT_OURS = {
    ("entry-resource-list", "Bundle.entry[0]"): "bdl-5, as the entry has no resource; ours says what its resource is",
    ("resource-type-unknown", "Bundle.entry[3]"): "the same",
    ("empty-resource-in-entry", "Bundle.entry[0]"): "the same",
    ("dom-2", "Patient.contained[0].contained[0]"): "nobody refers to it; ours says that it must not be there at all",
    ("us-core-smoking-effective-type", "Observation.effective.start"): "a Period judged as the dateTime asked for",
}
"""What only the reference validator reports, and what ours reports of the same fault."""


@pytest.fixture(scope="module")
def compared() -> list[Compared]:
    """Every fault, by both."""
    kept = verdicts.kept()
    return [compare(f.id, f.kind, kept[f.id], ours(broken(TWINS[f.twin], f))) for f in FAULTS.values()]


def test_there_are_enough_faults_of_enough_kinds() -> None:
    assert len(FAULTS) == 377
    assert len({fault.kind for fault in FAULTS.values()}) == 24
    assert len(TWINS) == 73
    assert {fault.twin for fault in FAULTS.values()} <= set(TWINS)


@pytest.mark.parametrize("name", TWINS)
def test_a_good_twin_is_clean(name: str) -> None:
    assert [one for one in ours(TWINS[name]) if one.severity == "error"] == []
    assert verdicts.kept()[f"twin:{name}"] == []


def test_what_the_reference_validator_reports_is_reported_at_the_same_element(compared: list[Compared]) -> None:
    both, only_reference, _ = counts(compared)
    assert (both, only_reference) == (395, 5), "found by both, found by the reference validator alone"
    assert both / (both + only_reference) > 0.95


def test_what_only_the_reference_validator_reports_is_known(compared: list[Compared]) -> None:
    assert {(one.name, issue.place) for one in compared for issue in one.only_judge} == set(NOT_OURS)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    places = [one.place for one in ours(broken(TWINS[fault.twin], fault)) if one.severity == "error"]
    at = normal(fault.at)
    assert any(is_same(place, at) or place.startswith((f"{at}.", f"{at}[")) for place in places), places


def test_no_fault_passes_the_reference_validator_and_not_ours(compared: list[Compared]) -> None:
    assert [one.name for one in compared if one.only_judge and not one.both and not one.only_ours] == []


@pytest.mark.live
def test_the_kept_verdicts_are_those_of_the_reference_validator() -> None:
    assert verdicts.text(verdicts.ask()) == verdicts.FILE.read_text("utf-8")


@pytest.mark.live
def test_the_reference_validator_reports_what_is_broken() -> None:
    (found,) = judge([{"resourceType": "Patient", "gender": "x"}])
    assert ("error", "Patient.gender") in {(one.severity, one.place) for one in found}
