"""What the facts say of the base types of R4, as they are read."""

import json
import pathlib

import msgspec
import pytest

from adapter.validation import facts
from adapter.validation.model import Binding, Constraint

VS = "http://hl7.org/fhir/ValueSet/"


def keys(kind: str) -> list[str]:
    return [each.key for each in facts.type_facts(kind).constraints]


def test_an_element_is_read_with_all_it_says() -> None:
    elements = facts.type_facts("Observation").elements
    assert elements["status"].bound == Binding(value_set=f"{VS}observation-status")
    assert elements["subject"].targets == {"Patient", "Group", "Device", "Location"}
    assert (elements["valueQuantity"].step, elements["valueQuantity"].group) == ("value.ofType(Quantity)", "value[x]")
    assert (elements["component"].kind, elements["component"].max) == ("Observation.component", None)
    assert elements["contained"].kind == "Resource"
    assert elements["id"].kind == "id"
    assert facts.type_facts("MedicationRequest").required["medication[x]"][0].name == "medicationCodeableConcept"


def test_the_file_says_what_it_is() -> None:
    path = pathlib.Path(facts.__file__).with_name(facts.FILE)
    assert path.stat().st_size < 500_000
    said = json.loads(path.read_bytes())
    assert (said["format"], said["fhirVersion"], len(said["resources"])) == (2, "4.0.1", 146)
    assert said["types"]["Period"] == ["Element", {"start": "0..1 dateTime", "end": "0..1 dateTime"}, "per-1"]
    assert "valueCodeableReference" not in str(said["types"]["Extension"])
    assert said["types"]["Group.member"][1]["entity"].count("RelatedPerson") == 0


def test_a_type_has_its_own_constraints_and_those_it_inherits_nearest_first() -> None:
    assert keys("DomainResource") == ["dom-2", "dom-3", "dom-4", "dom-5", "dom-6"]
    assert keys("Observation") == ["obs-6", "obs-7", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6"]
    assert keys("Patient.contact") == ["pat-1"]
    assert keys("Age") == ["age-1", "qty-3"]
    assert keys("SimpleQuantity") == ["sqty-1", "qty-3"]
    assert keys("Bundle.entry") == ["bdl-5", "bdl-8"]
    assert keys("HumanName") == []


def test_a_constraint_has_its_expression_and_severity() -> None:
    found = {each.key: each for each in facts.type_facts("Condition").constraints}
    assert found["con-5"] == Constraint(
        key="con-5",
        expression="verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status'"
        " and code='entered-in-error').empty() or clinicalStatus.empty()",
    )
    assert (found["con-3"].severity, found["dom-6"].severity) == ("warning", "warning")


def test_three_types_of_r4_have_a_constraint_of_one_name() -> None:
    kinds = ("Parameters.parameter", "Task", "TestReport.setup.action")
    said = [next(each for each in facts.type_facts(kind).constraints if each.key == "inv-1") for kind in kinds]
    assert [each.expression[:16] for each in said] == ["(part.exists() a", "lastModified.exi", "operation.exists"]


def test_an_element_has_the_constraints_that_stand_on_it_alone() -> None:
    assert [each.key for each in facts.type_facts("Organization").elements["telecom"].constraints] == ["org-3"]
    assert [each.key for each in facts.type_facts("Narrative").elements["div"].constraints] == ["txt-1", "txt-2"]
    assert facts.type_facts("Patient").elements["telecom"].constraints == ()


def test_a_binding_that_is_not_required_is_there_where_it_has_a_largest_value_set() -> None:
    language = facts.type_facts("Patient").elements["language"].bound
    assert language == Binding(value_set=f"{VS}languages", strength="preferred", most=f"{VS}all-languages")
    assert facts.type_facts("Condition").elements["onsetAge"].bound == Binding(
        value_set=f"{VS}age-units", strength="extensible", most=f"{VS}all-time-units"
    )
    assert facts.type_facts("Condition").elements["code"].bound is None
    expression = facts.type_facts("Expression").elements["language"].bound
    assert expression is not None
    assert expression.most == "http://www.rfc-editor.org/bcp/bcp13.txt"


def test_a_file_of_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    path = pathlib.Path(facts.__file__).with_name(facts.FILE)
    other = {**json.loads(path.read_bytes()), "format": 1}
    monkeypatch.setattr(facts, "_read", lambda name: msgspec.json.encode(other))
    facts._facts.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"definitions\.json has format 1, this version reads 2: make it again"):
            facts._facts()
    finally:
        facts._facts.cache_clear()
