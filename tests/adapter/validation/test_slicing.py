"""How slices are told apart, and what is asked of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from adapter.validation import Judge, validate_resource
from adapter.validation.model import Binding, ProfileNode, Slicing, TypeRule
from mappings.fhir.wire import Json
from tests.adapter.validation.literal import BASE, CANONICAL, Literal, fixed, node, profile, types


def sliced(by: list[tuple[Any, str]], slices: Mapping[str, ProfileNode], **said: Any) -> ProfileNode:
    rules, ordered = said.pop("rules", "open"), said.pop("ordered", False)
    slicing = Slicing(discriminators=tuple(by), rules=rules, ordered=ordered)
    return node(slicing=slicing, slices=dict(slices), **said)


def coded(code: str, **said: Any) -> ProfileNode:
    """A slice whose code holds one code."""
    children = {
        "code": node(pattern=fixed("CodeableConcept", {"coding": [{"code": code}]})),
        **said.pop("children", {}),
    }
    return node(children=children, **said)


def component(code: str, **members: Any) -> Json:
    return {"code": {"coding": [{"code": code}]}, **members}


def observation(*components: Json, **members: Any) -> Json:
    made: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **members}
    return {**made, "component": list(components)} if components else made


def judged(resource: Json, element: str, constrained: ProfileNode, *others: Any) -> list[tuple[str, str]]:
    made = profile("sliced", str(resource["resourceType"]), {element: constrained})
    found = validate_resource(resource, profiles=[made.url], definitions=Literal(made, *others))
    return [(p.rule, p.where) for p in found]


SIZES = {
    "long": coded("l", min=1, max=1, children={"value[x]": node(min=1, types=types("Quantity"))}),
    "wide": coded("w", max=1),
}
BY_CODE: list[tuple[Any, str]] = [("pattern", "code")]
VALUE = {"valueQuantity": {"value": 1}}


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([component("l", **VALUE)], []),
        ([component("l", **VALUE), component("w"), component("other")], []),
        ([component("w")], [("fhir.slice", "Observation.component")]),
        ([], [("fhir.slice", "Observation.component")]),
        ([component("l", **VALUE), component("l", **VALUE)], [("fhir.slice", "Observation.component")]),
        ([component("w"), component("l")], [("fhir.cardinality", "Observation.component[1].value")]),
        ([component("l", valueString="a")], [("fhir.type", "Observation.component[0].value")]),
    ],
)
def test_slices_by_pattern(components: list[Json], expected: list[tuple[str, str]]) -> None:
    assert judged(observation(*components), "component", sliced(BY_CODE, SIZES)) == expected


def test_a_missing_slice_is_named_by_its_definition() -> None:
    made = profile("size", "Observation", {"component": sliced(BY_CODE, SIZES)})
    found = validate_resource(observation(), profiles=[made.url], definitions=Literal(made))
    assert [p.message for p in found] == ["lacks the slice long: size asks for it"]


@pytest.mark.parametrize(
    ("rules", "ordered", "codes", "expected"),
    [
        ("closed", False, ["w", "l"], []),
        ("closed", False, ["l", "x"], [("fhir.slicing", "Observation.component[1]")]),
        ("openAtEnd", False, ["l", "w", "x"], []),
        ("openAtEnd", False, ["l", "x", "w"], [("fhir.slicing", "Observation.component[2]")]),
        ("open", True, ["l", "x", "w"], []),
        ("open", True, ["w", "l"], [("fhir.slicing", "Observation.component[1]")]),
    ],
)
def test_rules_of_slicing(rules: str, ordered: bool, codes: list[str], expected: list[tuple[str, str]]) -> None:
    components = [component(code, **VALUE) for code in codes]
    constrained = sliced(BY_CODE, SIZES, rules=rules, ordered=ordered)
    assert judged(observation(*components), "component", constrained) == expected


def test_what_is_in_no_slice_is_judged_by_the_element_itself() -> None:
    constrained = sliced(BY_CODE, {"long": coded("l")}, children={"interpretation": node(max=0)})
    components = [component("x", interpretation=[{"text": "a"}]), component("l", interpretation=[{"text": "a"}])]
    found = judged(observation(*components), "component", constrained)
    assert found == [("fhir.cardinality", "Observation.component[0].interpretation")]


def test_what_fits_two_slices_is_ambiguous() -> None:
    both = {"coding": [{"code": "l"}, {"code": "w"}]}
    found = judged(observation({"code": both, **VALUE}), "component", sliced(BY_CODE, SIZES))
    assert found == [("fhir.slicing", "Observation.component[0]")]


def test_slices_by_several_values_of_a_coding() -> None:
    coding = node(children={"code": node(fixed=fixed("code", "lab")), "system": node(fixed=fixed("uri", "urn:x"))})
    lab = node(min=1, children={"coding": coding})
    constrained = sliced([("value", "coding.code"), ("value", "coding.system")], {"lab": lab})
    assert (
        judged(observation(category=[{"coding": [{"system": "urn:x", "code": "lab"}]}]), "category", constrained) == []
    )
    found = judged(observation(category=[{"coding": [{"system": "urn:y", "code": "lab"}]}]), "category", constrained)
    assert found == [("fhir.slice", "Observation.category")]


def test_slices_by_a_value_that_stands_in_a_slice_below() -> None:
    inner = node(children={"code": node(fixed=fixed("code", "8480-6"))})
    coding = sliced([("value", "code")], {"systolic": inner})
    pressure = node(min=1, children={"code": node(children={"coding": coding})})
    constrained = sliced([("value", "code.coding.code")], {"systolic": pressure})
    assert judged(observation(component("8480-6")), "component", constrained) == []
    assert judged(observation(component("8462-4")), "component", constrained) == [
        ("fhir.slice", "Observation.component")
    ]


def test_slices_by_required_binding() -> None:
    gender = Binding(value_set="http://hl7.org/fhir/ValueSet/administrative-gender")
    constrained = sliced([("value", "$this")], {"gender": node(max=1, binding=gender)})
    made = profile("bound", "Patient", {"name": node(children={"given": constrained})})

    class WithCodes(Literal):
        def value_set(self, url: str) -> Any:
            from adapter.validation.facts import definitions

            return definitions().value_set(url)

    patient = {"resourceType": "Patient", "name": [{"given": ["female", "Ada", "male"]}]}
    found = validate_resource(patient, profiles=[made.url], definitions=WithCodes(made))
    assert [(p.rule, p.where) for p in found] == [("fhir.slice", "Patient.name[0].given")]


def test_slices_by_type() -> None:
    quantity = node(types=types("Quantity"), children={"unit": node(min=1)})
    text = node(types=types("string"), max=0)
    constrained = sliced([("type", "$this")], {"valueQuantity": quantity, "valueString": text})
    assert judged(observation(valueQuantity={"value": 1, "unit": "cm"}), "value[x]", constrained) == []
    found = judged(observation(valueQuantity={"value": 1}), "value[x]", constrained)
    assert found == [("fhir.cardinality", "Observation.value.ofType(Quantity).unit")]
    assert judged(observation(valueString="a"), "value[x]", constrained) == [("fhir.slice", "Observation.value")]
    assert judged(observation(valueBoolean=True), "value[x]", constrained) == []


def test_slices_by_existence() -> None:
    valued = node(min=1, children={"value[x]": node(min=1), "interpretation": node(min=1)})
    empty = node(children={"value[x]": node(max=0), "dataAbsentReason": node(min=1)})
    constrained = sliced([("exists", "value")], {"valued": valued, "empty": empty})
    found = judged(observation(component("a", **VALUE), component("b")), "component", constrained)
    assert found == [
        ("fhir.cardinality", "Observation.component[0].interpretation"),
        ("fhir.cardinality", "Observation.component[1].dataAbsentReason"),
    ]


def test_slices_of_extensions_by_url() -> None:
    mark = CANONICAL + "mark"
    one = node(min=1, max=1, types=(TypeRule(code="Extension", profiles=(mark,)),), children={"url": URL})
    constrained = sliced([("value", "url")], {"mark": one})
    extension = profile("mark", "Extension", {"url": URL, "value[x]": node(min=1, types=types("string"))})
    patient = {"resourceType": "Patient", "active": True}
    given = {
        **patient,
        "extension": [{"url": mark, "valueString": "a"}, {"url": "http://example.org/x", "valueCode": "b"}],
    }
    assert judged(given, "extension", constrained, extension) == [("fhir.extension-unknown", "Patient.extension[1]")]
    assert judged(patient, "extension", constrained, extension) == [("fhir.slice", "Patient.extension")]
    twice = {**patient, "extension": [{"url": mark, "valueString": "a"}] * 2}
    assert judged(twice, "extension", constrained, extension) == [("fhir.slice", "Patient.extension")]
    wrong = {**patient, "extension": [{"url": mark, "valueCode": "a"}]}
    assert judged(wrong, "extension", constrained, extension) == [("fhir.type", "Patient.extension[0].value")]


URL = node(fixed=fixed("uri", CANONICAL + "mark"))


def test_slices_by_the_value_of_an_extension() -> None:
    marked = node(
        min=1,
        children={
            "extension": sliced(
                [("value", "url")], {"mark": node(children={"url": URL, "value[x]": node(fixed=fixed("code", "a"))})}
            )
        },
    )
    constrained = sliced([("value", f"extension('{CANONICAL}mark').value")], {"marked": marked})
    extension = profile("mark", "Extension", {"url": URL})
    given = component("x", extension=[{"url": CANONICAL + "mark", "valueCode": "a"}])
    other = component("x", extension=[{"url": CANONICAL + "mark", "valueCode": "b"}])
    assert judged(observation(given), "component", constrained, extension) == []
    assert judged(observation(other), "component", constrained, extension) == [("fhir.slice", "Observation.component")]


# -- through references

HERE = "https://ehr.example/fhir/"
LAB = profile("lab", "Observation", {"category": node(min=1)})


def to(*targets: str, **said: Any) -> ProfileNode:
    return node(types=(TypeRule(code="Reference", targets=targets),), **said)


def report(constrained: ProfileNode, *targets: Json) -> list[tuple[str, str]]:
    made = profile("report", "DiagnosticReport", {"result": constrained})
    links = [{"reference": f"{t['resourceType']}/{t['id']}"} for t in targets]
    whole = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"}, "result": links}
    claimed = {**whole, "meta": {"profile": [made.url]}}
    entries = [{"fullUrl": f"{HERE}{r['resourceType']}/{r['id']}", "resource": r} for r in (claimed, *targets)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return [(p.rule, p.where) for p in Judge(bundle, Literal(made, LAB)).problems()]


PLAIN = observation(id="plain")
TESTED = observation(id="lab", category=[{"text": "lab"}])
RESULT = "Bundle.entry[0].resource.result"


def test_slices_by_the_profile_of_the_target() -> None:
    constrained = sliced([("profile", "resolve()")], {"lab": to(LAB.url, min=1, max=1)})
    assert report(constrained, TESTED, PLAIN) == []
    assert report(constrained, PLAIN) == [("fhir.slice", RESULT)]
    assert report(constrained, TESTED, {**TESTED, "id": "other"}) == [("fhir.slice", RESULT)]


def test_slices_by_the_type_of_the_target() -> None:
    constrained = sliced([("type", "$this.resolve()")], {"observation": to(BASE + "Observation", max=1)})
    assert report(constrained, TESTED) == []
    assert report(constrained, TESTED, PLAIN) == [("fhir.slice", RESULT)]


def test_slices_by_a_value_of_the_target() -> None:
    named = profile("named", "Observation", {"code": node(pattern=fixed("CodeableConcept", {"text": "y"}))})
    constrained = sliced([("value", "resolve().code")], {"y": to(named.url, min=1)})
    made = profile("report", "DiagnosticReport", {"result": constrained})
    contained = {**PLAIN, "id": "o"}
    whole = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"}, "contained": [contained]}
    linked = {**whole, "result": [{"reference": "#o"}]}
    found = validate_resource(linked, profiles=[made.url], definitions=Literal(made, named))
    assert [(p.rule, p.where) for p in found] == [("fhir.slice", "DiagnosticReport.result")]
    right = {**linked, "contained": [{**contained, "code": {"text": "y"}}]}
    assert validate_resource(right, profiles=[made.url], definitions=Literal(made, named)) == []


def test_slices_of_entries_by_their_resource() -> None:
    lab = node(min=1, children={"resource": node(types=(TypeRule(code="Observation", profiles=(LAB.url,)),))})
    by_type = sliced([("type", "resource")], {"lab": lab})
    by_profile = sliced([("profile", "resource")], {"lab": lab})
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": HERE + "Observation/plain", "resource": PLAIN}],
    }
    assert judged(bundle, "entry", by_type, LAB) == [("fhir.cardinality", "Bundle.entry[0].resource.category")]
    assert judged(bundle, "entry", by_profile, LAB) == [("fhir.slice", "Bundle.entry")]


# -- re-slices


def test_a_slice_is_sliced_again() -> None:
    inner = Slicing(discriminators=(("value", "interpretation.text"),), rules="closed")
    high = node(fixed=fixed("string", "high"))
    slices = {
        "long": coded("l", slicing=inner),
        "long/high": coded("l", max=1, children={"interpretation": node(children={"text": high})}),
    }
    constrained = sliced(BY_CODE, slices)
    good = component("l", interpretation=[{"text": "high"}])
    assert judged(observation(good, component("w")), "component", constrained) == []
    assert judged(observation(good, good), "component", constrained) == [("fhir.slice", "Observation.component")]
    low = component("l", interpretation=[{"text": "low"}])
    assert judged(observation(low), "component", constrained) == [("fhir.slicing", "Observation.component[0]")]


def test_a_name_with_a_slash_alone_is_no_slice_of_a_slice() -> None:
    constrained = sliced(BY_CODE, {"core/long": coded("l", min=1)})
    assert judged(observation(component("l")), "component", constrained) == []
    assert judged(observation(component("w")), "component", constrained) == [("fhir.slice", "Observation.component")]
