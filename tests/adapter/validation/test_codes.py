"""Ring 2: what is said of codes, where; by values that stand alone and by whole resources."""

import json
from typing import Any

import msgspec
import pytest

from adapter.validation import codes, facts
from adapter.validation.model import Binding
from adapter.validation.structure import Walk
from adapter.validation.terminology import Terminology
from adapter.validation.terminology_compiler import compile_terminology

THO = "http://terminology.hl7.org/CodeSystem/"
CLINICAL = THO + "condition-clinical"
GENDER = "http://hl7.org/fhir/administrative-gender"
UCUM = "http://unitsofmeasure.org"
SECRET = "Xq7Secret"
REQUIRED = Binding(value_set="http://hl7.org/fhir/ValueSet/condition-clinical")
LANGUAGE = Binding(
    value_set="http://hl7.org/fhir/ValueSet/languages",
    strength="preferred",
    most="http://hl7.org/fhir/ValueSet/all-languages",
)


def judged(kind: str, value: Any, binding: Binding = REQUIRED) -> str | None:
    """The severity found, after a look at the message."""
    found = codes.judge(kind, value, binding, facts.definitions())
    assert SECRET not in str(found)
    return found[0] if found else None


def concept(*codings: tuple[str | None, str | None]) -> dict[str, Any]:
    return {"coding": [{k: v for k, v in (("system", s), ("code", c)) if v is not None} for s, c in codings]}


def found(resource: dict[str, Any]) -> list[tuple[str, str, str]]:
    walk = Walk()
    walk.resource(resource, None)
    problems = list(codes.check(walk.nodes))
    assert SECRET not in json.dumps([msgspec.to_builtins(one) for one in problems])
    return [(one.severity, one.where, one.rule) for one in problems]


def condition(**more: Any) -> dict[str, Any]:
    status = concept((CLINICAL, "active"))
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": status, **more}


def test_one_coding_in_the_required_set_is_enough() -> None:
    assert judged("CodeableConcept", concept((CLINICAL, "active"))) is None
    assert judged("CodeableConcept", concept(("http://example.org/x", SECRET), (CLINICAL, "active"))) is None


@pytest.mark.parametrize(
    "value",
    [
        concept((CLINICAL, SECRET)),
        concept((CLINICAL, "Active")),
        concept(("http://example.org/x", "active")),
        concept((None, "active")),
        concept((CLINICAL, None)),
        {"text": SECRET},
        {"coding": [{"display": SECRET}]},
        {"coding": []},
        {"coding": SECRET},
        {"coding": [SECRET, None]},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]},
        {},
    ],
)
def test_a_concept_without_a_coding_of_the_required_set_is_an_error(value: dict[str, Any]) -> None:
    assert judged("CodeableConcept", value) == "error"


def test_a_coding_and_a_code_are_held_to_the_required_set_too() -> None:
    assert judged("Coding", {"system": CLINICAL, "code": "active"}) is None
    assert judged("Coding", {"system": CLINICAL, "code": SECRET}) == "error"
    assert judged("Coding", {"code": "active"}) is None, "HL7's engine asks nothing of a Coding without a system"
    assert judged("Coding", {"system": 1, "code": ["active"]}) is None, "its types are another ring's"
    assert judged("CodeableConcept", {"coding": [{"code": "active"}]}) == "error"
    assert judged("CodeableConcept", {"coding": [{"display": "active"}]}) == "error"
    assert judged("code", "active") is None
    assert judged("code", SECRET) == "error"
    assert judged("uri", SECRET) == "error"


def test_a_quantity_without_a_code_is_not_outside_its_set() -> None:
    units = Binding(value_set="http://hl7.org/fhir/ValueSet/units-of-time")
    assert judged("Duration", {"value": 1, "system": UCUM, "code": "d"}, units) is None
    assert judged("Duration", {"value": 1, "system": UCUM, "code": "kg"}, units) == "error"
    assert judged("Quantity", {"value": 1, "unit": "days"}, units) is None


@pytest.mark.parametrize("strength", ["extensible", "preferred", "example"])
def test_what_a_weaker_binding_would_rather_have_is_no_problem(strength: Any) -> None:
    weaker = Binding(value_set=REQUIRED.value_set, strength=strength)
    assert judged("CodeableConcept", concept((CLINICAL, SECRET)), weaker) is None
    assert judged("CodeableConcept", {"text": SECRET}, weaker) is None


CORE = "http://hl7.org/fhir/ValueSet/"
STATE = "http://hl7.org/fhir/us/core/ValueSet/us-core-usps-state"


@pytest.mark.parametrize("strength", ["extensible", "preferred"])
@pytest.mark.parametrize(
    ("kind", "value", "value_set", "said"),
    [
        ("string", "MA", STATE, None),
        ("string", "AE", STATE, None),
        ("string", "ma", STATE, "error"),
        ("string", "Ontario", STATE, "error"),
        ("code", "resolved", CORE + "condition-clinical", None),
        ("code", SECRET, CORE + "condition-clinical", "error"),
        ("uri", "Patient", CORE + "resource-types", None),
        ("uri", SECRET, CORE + "resource-types", "error"),
        ("string", SECRET, CORE + "observation-codes", None),
        ("string", SECRET, CORE + "defined-types", None),
        ("CodeableConcept", {"coding": [{"code": SECRET}]}, CORE + "condition-clinical", None),
    ],
)
def test_a_plain_code_under_a_weaker_binding_is_one_of_the_only_system_of_its_set(
    strength: Any, kind: str, value: Any, value_set: str, said: str | None
) -> None:
    assert judged(kind, value, Binding(value_set=value_set, strength=strength)) == said
    assert judged(kind, value, Binding(value_set=value_set, strength="example")) is None


@pytest.mark.parametrize(("named", "faults"), [("Patient", 0), ("Group", 0), (SECRET, 1), (7, 0)])
def test_a_reference_names_a_resource_type(named: Any, faults: int) -> None:
    subject = {"reference": "http://example.org/fhir/Patient/1", "type": named}
    assert found(condition(subject=subject)) == [("error", "Condition.subject.type", "fhir.code")] * faults


def test_the_largest_value_set_bounds_a_weaker_binding() -> None:
    assert judged("code", "sw-KE", LANGUAGE) is None
    assert judged("code", "english", LANGUAGE) == "error"
    assert judged("CodeableConcept", concept(("urn:ietf:bcp:47", "de")), LANGUAGE) is None
    assert judged("CodeableConcept", concept(("http://example.org/l", "de")), LANGUAGE) == "error"
    assert judged("CodeableConcept", {"text": "Deutsch"}, LANGUAGE) is None
    assert judged("CodeableConcept", {"coding": [{"code": "de"}]}, LANGUAGE) is None


def test_what_needs_contents_that_nobody_ships_is_not_judged() -> None:
    loinc = Binding(value_set="http://hl7.org/fhir/ValueSet/observation-codes")
    assert judged("CodeableConcept", concept(("http://loinc.org", SECRET)), loinc) is None
    assert judged("CodeableConcept", concept((CLINICAL, "active")), loinc) == "error"
    absent = Binding(value_set="http://example.org/ValueSet/absent")
    assert judged("CodeableConcept", {"text": SECRET}, absent) is None


def test_other_types_and_other_json_are_left_to_the_other_rings() -> None:
    assert judged("Reference", {"reference": "Patient/1"}) is None
    assert judged("code", None) is None
    assert judged("Quantity", None) is None


def test_the_message_names_the_set_and_its_codes() -> None:
    found = codes.judge(
        "code", SECRET, Binding(value_set="http://hl7.org/fhir/ValueSet/administrative-gender"), facts.definitions()
    )
    assert found == (
        "error",
        "is not in the value set http://hl7.org/fhir/ValueSet/administrative-gender; "
        "use one of male | female | other | unknown",
    )
    assert codes.judge("CodeableConcept", {"text": SECRET}, REQUIRED, facts.definitions()) == (
        "error",
        "names no code: one of the value set http://hl7.org/fhir/ValueSet/condition-clinical is required; "
        "use one of active | recurrence | relapse | inactive | remission | resolved | unknown",
    )
    assert codes.judge("code", "Englisch", LANGUAGE, facts.definitions()) == (
        "error",
        "is not in the value set http://hl7.org/fhir/ValueSet/all-languages (the largest set allowed here)",
    )


def test_a_good_resource_has_no_problem() -> None:
    onset = {"value": 61, "unit": "years", "system": UCUM, "code": "a"}
    code = concept(("http://snomed.info/sct", "254837009"), ("http://hl7.org/fhir/sid/icd-10-cm", "C50.911"))
    assert found(condition(onsetAge=onset, code=code, language="en-US")) == []


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"code": concept((GENDER, SECRET))}, "Condition.code"),
        ({"code": concept(("http://snomed.info/sct", "1"), (GENDER, SECRET))}, "Condition.code"),
        ({"category": [concept((THO + "condition-category", SECRET))]}, "Condition.category[0]"),
        ({"meta": {"security": [{"system": THO + "v3-ActCode", "code": SECRET}]}}, "Condition.meta.security[0]"),
        ({"meta": {"tag": [{"system": THO + "v3-ActCode", "code": SECRET}]}}, "Condition.meta.tag[0]"),
        ({"onsetAge": {"value": 1, "system": UCUM, "code": "years"}}, "Condition.onset.ofType(Age)"),
        ({"identifier": [{"type": concept((THO + "v2-0203", SECRET))}]}, "Condition.identifier[0].type"),
        ({"extension": [{"url": "http://example.org/e", "valueCoding": {"system": GENDER, "code": SECRET}}]},
         "Condition.extension[0].value.ofType(Coding)"),
    ],
)  # fmt: skip
def test_a_code_that_its_system_has_not_is_an_error_bound_or_not(more: dict[str, Any], place: str) -> None:
    assert found(condition(**more)) == [("error", place, "fhir.code")]


def test_a_code_that_neither_its_system_nor_the_required_set_has_is_said_twice() -> None:
    assert found(condition(clinicalStatus=concept((CLINICAL, SECRET)))) == [
        ("error", "Condition.clinicalStatus", "fhir.code"),
        ("error", "Condition.clinicalStatus", "fhir.binding"),
    ]


@pytest.mark.parametrize("system", ["administrative-gender", "2.16.840.1.113883.6.1", "#gender", "LOINC"])
def test_a_system_is_an_absolute_uri(system: str) -> None:
    tag = {"meta": {"tag": [{"system": system, "code": "male"}]}}
    assert found(condition(**tag)) == [("error", "Condition.meta.tag[0]", "fhir.code")]
    dose = [{"url": "http://example.org/e", "valueQuantity": {"value": 1, "system": system, "code": "a"}}]
    assert found(condition(extension=dose)) == [("error", "Condition.extension[0].value.ofType(Quantity)", "fhir.code")]
    assert found(condition(code=concept((system, "male")))) == [("warning", "Condition.code", "fhir.code")]


def test_an_age_is_held_to_the_largest_set_of_units_by_its_type() -> None:
    other = {"value": 1, "system": "http://example.org/units", "code": "a"}
    assert found(condition(onsetAge=other)) == [("error", "Condition.onset.ofType(Age)", "fhir.binding")]


def test_a_value_set_is_not_a_code_system() -> None:
    tag = {"meta": {"tag": [{"system": "http://hl7.org/fhir/ValueSet/administrative-gender", "code": "male"}]}}
    assert found(condition(**tag)) == [("error", "Condition.meta.tag[0]", "fhir.code")]
    unknown = {"meta": {"tag": [{"system": "http://example.org/fhir/ValueSet/gender", "code": "male"}]}}
    assert found(condition(**unknown)) == []


@pytest.mark.parametrize("system", ["http://example.org/x", "urn:oid:2.16.840.1.113883.6.1", "https://loinc.org"])
def test_a_system_that_nobody_here_knows_is_not_judged(system: str) -> None:
    assert found(condition(code=concept((system, SECRET)))) == []


def test_displays_and_versions_are_not_judged() -> None:
    coding = {"system": GENDER, "code": "male", "display": "Female", "version": "9.9"}
    assert found(condition(code={"coding": [coding]})) == []


def test_a_concept_that_names_a_system_we_know_whole_names_a_code_of_it() -> None:
    without = {"system": GENDER, "display": SECRET}
    assert found(condition(code={"coding": [without]})) == [("error", "Condition.code", "fhir.code")]
    assert found(condition(code={"coding": [{**without, "system": "http://loinc.org"}]})) == []
    assert found(condition(code={"coding": [{**without, "system": "https://clinic.example/codes"}]})) == []
    assert found({"resourceType": "Patient", "meta": {"tag": [without]}}) == []


def test_a_set_that_rests_on_contents_nobody_ships_is_not_asked_of_a_code_without_system() -> None:
    types = Binding(value_set="http://hl7.org/fhir/us/core/ValueSet/us-core-documentreference-type")
    assert judged("CodeableConcept", {"coding": [{"code": "11526-1"}]}, types) is None
    assert judged("CodeableConcept", {"coding": [{"display": SECRET}]}, types) is None
    assert judged("CodeableConcept", {"text": SECRET}, types) == "error"


def test_currencies_languages_units_of_time_and_media_types_are_bound_by_their_types() -> None:
    request = {
        "resourceType": "ServiceRequest",
        "language": "Englisch",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "occurrenceTiming": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "days"}},
        "extension": [
            {"url": "http://example.org/e", "valueMoney": {"value": 1, "currency": "DOLLAR"}},
            {"url": "http://example.org/e", "valueAttachment": {"contentType": "pdf", "language": "zz"}},
        ],
    }
    assert sorted(found(request)) == [
        ("error", "ServiceRequest.extension[0].value.ofType(Money).currency", "fhir.binding"),
        ("error", "ServiceRequest.extension[1].value.ofType(Attachment).contentType", "fhir.binding"),
        ("error", "ServiceRequest.extension[1].value.ofType(Attachment).language", "fhir.binding"),
        ("error", "ServiceRequest.language", "fhir.binding"),
        ("error", "ServiceRequest.occurrence.ofType(Timing).repeat.periodUnit", "fhir.binding"),
    ]
    assert found({"resourceType": "Binary", "contentType": "application/pdf"}) == []
    assert found({"resourceType": "Binary", "contentType": "application / pdf"}) == [
        ("error", "Binary.contentType", "fhir.binding")
    ]


def test_a_server_may_name_its_formats_in_short() -> None:
    statement = {"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1"}
    assert found({**statement, "format": ["json", "xml", "application/fhir+json"], "patchFormat": ["json"]}) == []
    assert found({**statement, "format": ["yaml"]}) == [("error", "CapabilityStatement.format[0]", "fhir.binding")]


def test_other_definitions_are_asked_where_they_are_given() -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": "http://example.org/x",
        "content": "complete",
        "concept": [{"code": "a"}],
    }
    known: Any = Terminology(msgspec.json.encode(compile_terminology([system])))
    walk = Walk()
    walk.resource(condition(code=concept(("http://example.org/x", "b"))), None)
    assert [one.where for one in codes.check(walk.nodes, known)] == ["Condition.code"]


ODD: tuple[Any, ...] = (None, 1, True, [], {}, "", [None], {"a": 1}, {"system": [], "code": {}})


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_coding_has_no_code_to_judge_but_a_concept_without_code_lacks_one(odd: Any) -> None:
    assert judged("Coding", odd) is None
    assert judged("Quantity", odd) is None
    assert judged("CodeableConcept", odd) == "error"


@pytest.mark.parametrize(("odd", "severity"), [(one, None) for one in ODD if one != ""] + [("", "error")])
def test_only_text_can_be_a_code_and_the_empty_text_is_none_of_the_set(odd: Any, severity: str | None) -> None:
    assert judged("code", odd) == severity
    assert judged("uri", odd) == severity


@pytest.mark.parametrize("odd", ODD)
def test_odd_json_in_a_resource_hides_no_other_fault(odd: Any) -> None:
    coded = {"code": {"coding": [odd]}, "clinicalStatus": {"coding": odd}, "onsetAge": odd, "meta": {"tag": [odd]}}
    faults = found(condition(**coded, verificationStatus=concept((CLINICAL, "active"))))
    assert ("error", "Condition.verificationStatus", "fhir.binding") in faults
