"""What a profile asks of elements: how often, of what type, with what value; and what it asks of targets."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from adapter.validation import Judge, satisfies, validate_resource
from adapter.validation.model import Binding, Constraint, TypeRule
from mappings.fhir.wire import ExactDecimal, Json
from tests.adapter.validation.literal import BASE, CANONICAL, Literal, fixed, node, profile, types

SECRET = "Zebulon-Quillfeather"
GENDER = Binding(value_set="http://hl7.org/fhir/ValueSet/administrative-gender")

LAB = {"coding": [{"system": "urn:x", "code": "lab"}]}
UP_TO_50 = node(min_value=fixed("decimal", 0), max_value=fixed("decimal", 50))

SIZE = profile(
    "size",
    "Observation",
    {
        "category": node(
            min=1, max=2, pattern=fixed("CodeableConcept", {"coding": [{"system": "urn:x", "code": "lab"}]})
        ),
        "status": node(fixed=fixed("code", "final")),
        "code": node(children={"text": node(min=1, max_length=5), "coding": node(max=0)}),
        "value[x]": node(
            min=1,
            types=types("Quantity", "string"),
            children={
                "unit": node(min=1),
                "value": node(min_value=fixed("decimal", 0), max_value=fixed("decimal", 50)),
            },
        ),
        "focus": node(max=0),
        "effective[x]": node(types=types("dateTime"), min_value=fixed("dateTime", "2026-01")),
        "subject": node(types=(TypeRule(code="Reference", targets=(CANONICAL + "person", BASE + "Group")),)),
        "note": node(children={"text": node(fixed=fixed("markdown", "as said"))}),
        "method": node(constraints=(Constraint(key="size-2", expression="text.exists() or coding.count() = 1"),)),
    },
    constraints=(Constraint(key="size-1", expression="issued.exists()", severity="warning"),),
)
PERSON = profile("person", "Patient", {"name": node(min=1)})
DEFINITIONS = Literal(SIZE, PERSON)
OBSERVATION: Json = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [{"system": "urn:x", "code": "lab", "display": "Lab"}, {"code": "other"}]}],
    "code": {"text": "size"},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-01-05",
    "issued": "2026-01-05T10:00:00Z",
    "valueQuantity": {"value": ExactDecimal("2.50"), "unit": "cm"},
    "note": [{"text": "as said"}],
    "method": {"text": "by eye"},
}


def judged(resource: Json) -> list[tuple[str, str]]:
    return [(p.rule, p.where) for p in validate_resource(resource, profiles=[SIZE.url], definitions=DEFINITIONS)]


def test_what_satisfies_a_profile_has_no_problem() -> None:
    assert judged(OBSERVATION) == []


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"category": None}, [("fhir.cardinality", "Observation.category")]),
    ({"category": OBSERVATION["category"] * 3}, [("fhir.cardinality", "Observation.category")]),
    ({"category": [{"text": SECRET}]}, [("fhir.pattern", "Observation.category[0]")]),
    ({"category": [{"coding": [{"system": "urn:x"}, {"code": "lab"}]}]}, [("fhir.pattern", "Observation.category[0]")]),
    ({"status": "preliminary"}, [("fhir.fixed", "Observation.status")]),
    ({"code": {"text": "longer"}}, [("fhir.maxLength", "Observation.code.text")]),
    (
        {"code": {"coding": [{"code": SECRET}]}},
        [("fhir.cardinality", "Observation.code.text"), ("fhir.cardinality", "Observation.code.coding")],
    ),
    ({"valueQuantity": None, "valueBoolean": True}, [("fhir.type", "Observation.value")]),
    ({"valueQuantity": None}, [("fhir.cardinality", "Observation.value")]),
    ({"valueQuantity": {"value": 3}}, [("fhir.cardinality", "Observation.value.ofType(Quantity).unit")]),
    (
        {"valueQuantity": {"value": Decimal("50.01"), "unit": "cm"}},
        [("fhir.limit", "Observation.value.ofType(Quantity).value")],
    ),
    ({"valueQuantity": {"value": -1, "unit": "cm"}}, [("fhir.limit", "Observation.value.ofType(Quantity).value")]),
    ({"focus": [{"display": SECRET}]}, [("fhir.cardinality", "Observation.focus")]),
    ({"effectiveDateTime": "2025-12-31"}, [("fhir.limit", "Observation.effective.ofType(dateTime)")]),
    ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026"}}, [("fhir.type", "Observation.effective")]),
    ({"note": [{"text": "as said"}, {"text": SECRET}]}, [("fhir.fixed", "Observation.note[1].text")]),
    ({"method": {"coding": [{"code": "a"}, {"code": "b"}]}}, [("size-2", "Observation.method")]),
    ({"issued": None}, [("size-1", "Observation")]),
    ({"subject": {"reference": "Device/1"}}, [("fhir.target", "Observation.subject")]),
    ({"subject": {"type": "Device", "display": SECRET}}, [("fhir.target", "Observation.subject")]),
]


@pytest.mark.parametrize(("members", "expected"), FAULTS, ids=[f"{f[1][0][0]}-{i}" for i, f in enumerate(FAULTS)])
def test_a_seeded_fault_against_a_profile_is_found(members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    made = {name: value for name, value in {**OBSERVATION, **members}.items() if value is not None}
    found = validate_resource(made, profiles=[SIZE.url], definitions=DEFINITIONS)
    assert [(p.rule, p.where) for p in found] == expected
    assert SECRET not in str(found)


def test_a_string_is_an_allowed_type_and_has_no_unit_to_miss() -> None:
    made = {name: value for name, value in OBSERVATION.items() if name != "valueQuantity"}
    assert judged({**made, "valueString": "two"}) == []


def test_an_invariant_of_a_profile_keeps_its_severity() -> None:
    made = {name: value for name, value in OBSERVATION.items() if name != "issued"}
    found = validate_resource(made, profiles=[SIZE.url], definitions=DEFINITIONS)
    assert [(p.severity, p.rule) for p in found] == [("warning", "size-1")]
    assert satisfies(made, SIZE.url, definitions=DEFINITIONS)
    assert not satisfies({**made, "status": "amended"}, SIZE.url, definitions=DEFINITIONS)


def test_true_is_not_one_and_a_fixed_object_is_the_whole_object() -> None:
    whole = profile("whole", "Observation", {"code": node(fixed=fixed("CodeableConcept", {"text": "size"}))})
    one = profile("one", "Observation", {"value[x]": node(fixed=fixed("integer", 1))})
    definitions = Literal(whole, one)
    assert satisfies(OBSERVATION, whole.url, definitions=definitions)
    assert satisfies({**OBSERVATION, "code": {"text": "size", "id": "a"}}, whole.url, definitions=definitions)
    assert not satisfies(
        {**OBSERVATION, "code": {"text": "size", "coding": [{"code": "a"}]}}, whole.url, definitions=definitions
    )
    assert satisfies({**OBSERVATION, "valueInteger": 1}, one.url, definitions=Literal(one)) is False
    plain = {name: value for name, value in OBSERVATION.items() if name != "valueQuantity"}
    assert satisfies({**plain, "valueInteger": 1}, one.url, definitions=definitions)
    assert not satisfies({**plain, "valueBoolean": True}, one.url, definitions=definitions)


# -- what a resource says it is


def claiming(*urls: Any) -> Json:
    return {"resourceType": "Patient", "meta": {"profile": list(urls)}, "active": True}


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ([PERSON.url], [("fhir.cardinality", "Patient.name")]),
        ([PERSON.url, PERSON.url], [("fhir.cardinality", "Patient.name")]),
        ([CANONICAL + SECRET], [("fhir.profile-unknown", "Patient.meta.profile[0]")]),
        ([BASE + "Patient", CANONICAL + SECRET], [("fhir.profile-unknown", "Patient.meta.profile[1]")]),
        ([SIZE.url], [("fhir.profile-type", "Patient.meta.profile[0]")]),
        ([BASE + "Group"], [("fhir.profile-type", "Patient.meta.profile[0]")]),
        ([BASE + "Patient", BASE + "DomainResource"], []),
    ],
)
def test_what_is_claimed_is_judged(urls: list[str], expected: list[tuple[str, str]]) -> None:
    found = validate_resource(claiming(*urls), definitions=DEFINITIONS)
    assert [(p.rule, p.where) for p in found] == expected
    assert SECRET not in str(found)


def test_a_claim_of_a_contained_resource_is_judged_where_it_stands() -> None:
    inner = {**claiming(PERSON.url), "id": "p"}
    made = {**OBSERVATION, "contained": [inner], "subject": {"reference": "#p"}}
    found = validate_resource(made, definitions=DEFINITIONS)
    assert [(p.rule, p.where) for p in found] == [("fhir.cardinality", "Observation.contained[0].name")]


def test_the_same_fault_of_base_and_profile_is_told_once() -> None:
    strict = profile("strict", "Observation", {"status": node(min=1, binding=GENDER)})
    made = {name: value for name, value in OBSERVATION.items() if name != "status"}
    found = validate_resource(made, profiles=[strict.url], definitions=Literal(strict))
    assert [(p.rule, p.where) for p in found] == [("fhir.cardinality", "Observation.status")]


def test_a_required_binding_of_a_profile_is_judged() -> None:
    bound = profile("bound", "Observation", {"code": node(children={"text": node(binding=GENDER)})})
    from adapter.validation.facts import definitions

    class WithCodes(Literal):
        def value_set(self, url: str) -> Any:
            return definitions().value_set(url)

    found = validate_resource(OBSERVATION, profiles=[bound.url], definitions=WithCodes(bound))
    assert [(p.rule, p.where) for p in found] == [("fhir.binding", "Observation.code.text")]
    assert found[0].message.endswith("male | female | other | unknown")


def test_a_value_must_satisfy_one_of_the_profiles_of_its_type() -> None:
    metric = profile("metric", "Quantity", {"unit": node(fixed=fixed("string", "cm"))})
    exact = profile("exact", "Quantity", {"comparator": node(max=0), "code": node(min=1)})
    one = profile("one", "Observation", {"value[x]": node(types=(TypeRule(code="Quantity", profiles=(metric.url,)),))})
    either = TypeRule(code="Quantity", profiles=(metric.url, exact.url))
    two = profile("two", "Observation", {"value[x]": node(types=(either,))})
    definitions = Literal(metric, exact, one, two)
    inches = {**OBSERVATION, "valueQuantity": {"value": 1, "unit": "in"}}
    found = validate_resource(inches, profiles=[one.url], definitions=definitions)
    assert [(p.rule, p.where) for p in found] == [("fhir.fixed", "Observation.value.ofType(Quantity).unit")]
    found = validate_resource(inches, profiles=[two.url], definitions=definitions)
    assert [(p.rule, p.where) for p in found] == [("fhir.profile", "Observation.value.ofType(Quantity)")]
    coded = {**OBSERVATION, "valueQuantity": {"value": 1, "unit": "in", "system": "urn:x", "code": "in"}}
    assert validate_resource(coded, profiles=[two.url], definitions=definitions) == []


# -- references in a Bundle

HERE = "https://ehr.example/fhir/"


def bundle(*resources: Json) -> Json:
    entries = [{"fullUrl": f"{HERE}{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


NAMED: Json = {"resourceType": "Patient", "id": "1", "name": [{"text": "A"}]}
NAMELESS: Json = {"resourceType": "Patient", "id": "1", "active": True}
CLAIMED: Json = {**OBSERVATION, "id": "o", "meta": {"profile": [SIZE.url]}}


def test_a_target_in_the_bundle_is_judged_by_the_profile_asked_of_it() -> None:
    assert Judge(bundle(NAMED, CLAIMED), DEFINITIONS).problems() == []
    found = Judge(bundle(NAMELESS, CLAIMED), DEFINITIONS).problems()
    assert [(p.rule, p.where) for p in found] == [("fhir.target", "Bundle.entry[1].resource.subject")]


def test_a_target_that_is_contained_is_judged_too() -> None:
    made = {**CLAIMED, "contained": [{**NAMELESS, "id": "p"}], "subject": {"reference": "#p"}}
    found = validate_resource(made, definitions=DEFINITIONS)
    assert [(p.rule, p.where) for p in found] == [("fhir.target", "Observation.subject")]


def test_resources_that_point_at_each_other_come_to_an_end() -> None:
    ring = profile(
        "ring", "Observation", {"hasMember": node(types=(TypeRule(code="Reference", targets=(CANONICAL + "ring",)),))}
    )
    definitions = Literal(ring)
    claim = {"profile": [ring.url]}
    plain = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "meta": claim}
    one = {**plain, "id": "a", "hasMember": [{"reference": "Observation/b"}]}
    two = {**plain, "id": "b", "hasMember": [{"reference": "Observation/a"}]}
    assert Judge(bundle(one, two), definitions).problems() == []
    chain = [{**plain, "id": f"c{n}", "hasMember": [{"reference": f"Observation/c{n + 1}"}]} for n in range(300)]
    assert Judge(bundle(*chain, {**plain, "id": "c300"}), definitions).problems() == []


def test_what_was_taken_as_satisfied_on_the_way_is_judged_again_where_it_is_not() -> None:
    again = TypeRule(code="Reference", targets=(CANONICAL + "ring",))
    members = {"hasMember": node(types=(again,)), "value[x]": node(min=1)}
    ring = profile("ring", "Observation", members)
    plain = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "meta": {"profile": [ring.url]}}
    one = {**plain, "id": "a", "hasMember": [{"reference": "Observation/b"}]}
    two = {**plain, "id": "b", "hasMember": [{"reference": "Observation/a"}], "valueString": "x"}
    found = {(p.rule, p.where) for p in Judge(bundle(one, two), Literal(ring)).problems()}
    assert found == {
        ("fhir.cardinality", "Bundle.entry[0].resource.value"),
        ("fhir.target", "Bundle.entry[1].resource.hasMember[0]"),
    }


def test_an_aggregation_says_where_the_target_must_stand() -> None:
    inside = TypeRule(code="Reference", aggregation=("contained",))
    local = profile("local", "Observation", {"subject": node(types=(inside,))})
    found = Judge(
        bundle(NAMED, {**OBSERVATION, "id": "o", "meta": {"profile": [local.url]}}), Literal(local)
    ).problems()
    assert [(p.rule, p.where) for p in found] == [("fhir.aggregation", "Bundle.entry[1].resource.subject")]
    made = {**OBSERVATION, "contained": [{**NAMED, "id": "p"}], "subject": {"reference": "#p"}}
    assert validate_resource(made, profiles=[local.url], definitions=Literal(local)) == []


def test_a_judge_says_what_keeps_a_resource_of_a_bundle_from_a_profile() -> None:
    whole = bundle(NAMELESS, {**OBSERVATION, "id": "o"})
    before = copy.deepcopy(whole)
    judge = Judge(whole, DEFINITIONS)
    patient, observation = (entry["resource"] for entry in whole["entry"])
    assert [(p.rule, p.where) for p in judge.errors(patient, PERSON.url)] == [
        ("fhir.cardinality", "Bundle.entry[0].resource.name")
    ]
    assert [p.rule for p in judge.errors(observation, SIZE.url)] == ["fhir.target"]
    assert [p.rule for p in judge.errors(observation, CANONICAL + "none")] == ["fhir.profile-unknown"]
    assert [p.rule for p in judge.errors(dict(patient), PERSON.url)] == ["fhir.profile"]
    assert judge.errors(patient, BASE + "Patient") == []
    assert whole == before
