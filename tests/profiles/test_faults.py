"""Every constraint of every profile of ours is broken once, and the validators say so at that element."""

from typing import Any

import pytest

from adapter.validation import validate_resource
from mappings.identity import CANONICAL
from tests.profiles.constraints import FOLDER, constraints, profiles
from tests.profiles.faults import Fault, broken, example, faults
from tests.validation.judge import available, judge
from tests.validation.places import is_same, normal

FAULTS = faults()
BASE = "http://hl7.org/fhir/StructureDefinition/"


def _is_part(fault: Fault) -> bool:
    """Whether it is what an extension's own definition asks of it, wherever it stands."""
    return fault.constraint == "type" and "extension:" in fault.element


def _without_ours(value: Any) -> Any:
    """The resource, and what is in it, without the claims of our profiles."""
    if isinstance(value, list):
        return [_without_ours(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_ours(each) for key, each in value.items()}
    if isinstance(meta := kept.get("meta"), dict) and "profile" in meta:
        meta["profile"] = [url for url in meta["profile"] if not url.startswith(CANONICAL)] or [
            BASE + kept["resourceType"]
        ]
    return kept


def test_every_constraint_has_its_fault() -> None:
    constrained = [(name, *each) for name, profile in profiles().items() for each in constraints(profile)]
    assert len(constrained) > 350
    assert sorted((each.profile, each.element, each.constraint) for each in FAULTS) == sorted(constrained)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_reported_at_its_element(fault: Fault) -> None:
    whole = example(fault.example)
    assert [problem for problem in validate_resource(whole) if problem.stops] == []
    stopped = [problem for problem in validate_resource(broken(fault)) if problem.stops]
    assert [problem for problem in stopped if is_same(normal(problem.where), fault.place)], stopped


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.constraint.startswith("so-")], ids=lambda f: f.name)
def test_an_invariant_is_named(fault: Fault) -> None:
    assert fault.constraint in {problem.rule for problem in validate_resource(broken(fault)) if problem.stops}


def _is_modifier(fault: Fault) -> bool:
    """Whether it adds a modifier that nothing defines: R4 itself forbids to use the resource then."""
    return fault.element.endswith(".modifierExtension")


ALONE = [each for each in FAULTS if not _is_part(each) and not _is_modifier(each)]


@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.name)
def test_nothing_but_the_profile_would_report_it(fault: Fault) -> None:
    stopped = [problem for problem in validate_resource(_without_ours(broken(fault))) if problem.stops]
    assert [problem for problem in stopped if is_same(normal(problem.where), fault.place)] == []


@pytest.mark.live
def test_the_reference_validator_reports_every_fault_at_its_element() -> None:
    if not available():
        pytest.skip("the reference validator is absent")
    judged = judge((broken(fault) for fault in FAULTS), ("--with", "fast", "--ig", str(FOLDER)))
    missed = [
        fault.name
        for fault, findings in zip(FAULTS, judged, strict=True)
        if not any(
            finding.severity == "error"
            and finding.rule == fault.rule
            and any(is_same(place, fault.place) for place in (finding.place, *finding.also))
            for finding in findings
        )
    ]
    assert missed == []
