"""Single points of the rules, each of which could be got wrong without any other test seeing it."""

from typing import Any

import pytest

from adapter.validation import overlay, validate_resource
from adapter.validation.model import Slicing, TypeRule
from mappings.fhir.wire import Json
from tests.adapter.validation.literal import CANONICAL, Literal, fixed, node, profile, types

OBSERVATION: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
HERE = "https://ehr.example/fhir/"


def judged(resource: Json, *profiles: Any) -> list[tuple[str | None, str]]:
    found = validate_resource(resource, profiles=[profiles[0].url], definitions=Literal(*profiles))
    return [(p.rule, p.where) for p in found]


@pytest.mark.parametrize(("text", "found"), [("12345", 0), ("123456", 1)])
def test_the_greatest_length_is_allowed(text: str, found: int) -> None:
    short = profile("short", "Observation", {"code": node(children={"text": node(max_length=5)})})
    expected = [("fhir.maxLength", "Observation.code.text")] * found
    assert judged({**OBSERVATION, "code": {"text": text}}, short) == expected


@pytest.mark.parametrize(("unit", "value", "found"), [("cm", 4, 1), ("cm", 5, 0), ("mm", 4, 0), (None, 4, 0)])
def test_a_limit_is_of_its_own_unit(unit: str | None, value: int, found: int) -> None:
    ucum = {"system": "http://unitsofmeasure.org"}
    least = fixed("Quantity", {"value": 5, **ucum, "code": "cm"})
    limited = profile("limited", "Observation", {"value[x]": node(types=types("Quantity"), min_value=least)})
    given = {"value": value, **({**ucum, "code": unit} if unit else {})}
    expected = [("fhir.limit", "Observation.value.ofType(Quantity)")] * found
    assert judged({**OBSERVATION, "valueQuantity": given}, limited) == expected


@pytest.mark.parametrize(
    ("mode", "link", "found"),
    [
        ("bundled", "Patient/p", 0),
        ("bundled", "Patient/elsewhere", 1),
        ("referenced", "Patient/elsewhere", 0),
        ("referenced", "Patient/p", 1),
        ("contained", "Patient/p", 1),
    ],
)
def test_a_target_stands_where_its_aggregation_says(mode: str, link: str, found: int) -> None:
    rule = TypeRule(code="Reference", aggregation=(mode,))
    asking = profile("asking", "Observation", {"subject": node(types=(rule,))})
    claimed = {**OBSERVATION, "id": "o", "meta": {"profile": [asking.url]}, "subject": {"reference": link}}
    patient = {"resourceType": "Patient", "id": "p", "active": True}
    entries = [{"fullUrl": f"{HERE}{r['resourceType']}/{r['id']}", "resource": r} for r in (claimed, patient)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    rules = [p.rule for p in validate_resource(bundle, definitions=Literal(asking)) if p.stops]
    assert rules == ["fhir.aggregation"] * found


def test_a_slice_of_a_slice_holds_what_the_outer_one_says() -> None:
    elements: list[Any] = [
        ["Patient.telecom", {"slicing": {"by": [["value", "system"]]}, "max": 3}],
        ["Patient.telecom:ph", {"min": 1, "max": 2}],
        ["Patient.telecom:ph.system", {"fixed": fixed("code", "phone")}],
        ["Patient.telecom:ph/home", {}],
        ["Patient.telecom:ph/home.use", {"fixed": fixed("code", "home")}],
    ]
    slices = overlay.finished(overlay.tree("Patient", elements)).children["telecom"].slices
    home = slices["ph/home"]
    assert {name: each.fixed and each.fixed["value"] for name, each in home.children.items()} == {
        "system": "phone",
        "use": "home",
    }
    assert (home.min, home.max, slices["ph"].min, slices["ph"].max) == (None, None, 1, 2)


def test_a_slicing_that_names_no_discriminator_keeps_those_of_its_base() -> None:
    base = node(slicing=Slicing(discriminators=(("value", "system"),)))
    over = node(slicing=Slicing(rules="closed", ordered=True))
    made = overlay.merged(base, over).slicing
    assert made == Slicing(discriminators=(("value", "system"),), rules="closed", ordered=True)
    other = node(slicing=Slicing(discriminators=(("exists", "period"),)))
    assert overlay.merged(base, other).slicing == other.slicing


def component(code: str) -> Json:
    return {"code": {"coding": [{"system": "urn:x", "code": code}]}}


def test_a_discriminator_may_lead_into_a_pattern() -> None:
    pattern = fixed("CodeableConcept", {"coding": [{"system": "urn:x", "code": "l"}]})
    slices = {"long": node(min=1, max=1, children={"code": node(pattern=pattern)})}
    slicing = Slicing(discriminators=(("value", "code.coding.code"),), rules="closed")
    made = profile("sliced", "Observation", {"component": node(slicing=slicing, slices=slices)})
    assert judged({**OBSERVATION, "component": [component("l")]}, made) == []
    assert judged({**OBSERVATION, "component": [component("l"), component("w")]}, made) == [
        ("fhir.slicing", "Observation.component[1]")
    ]
    given = {**OBSERVATION, "component": [component("l"), component("l")]}
    assert judged(given, made) == [("fhir.slice", "Observation.component")]


def marked(value: str) -> Json:
    return {"value": value, "extension": [{"url": CANONICAL + "mark", "valueCode": value}]}


def test_a_discriminator_may_lead_into_an_extension_named_by_its_profile() -> None:
    children = {"url": node(fixed=fixed("uri", CANONICAL + "mark")), "value[x]": node(types=types("code"))}
    mark = profile("mark", "Extension", children)
    by_url = Slicing(discriminators=(("value", "url"),))
    held = node(
        types=(TypeRule(code="Extension", profiles=(mark.url,)),),
        children={"value[x]": node(fixed=fixed("code", "A"))},
    )
    slices = {"a": node(min=1, children={"extension": node(slicing=by_url, slices={"m": held})})}
    slicing = Slicing(discriminators=(("value", f"extension('{mark.url}').value"),), rules="closed")
    made = profile("sliced", "Patient", {"identifier": node(slicing=slicing, slices=slices)})
    patient: Json = {"resourceType": "Patient"}
    assert judged({**patient, "identifier": [marked("A")]}, made, mark) == []
    assert judged({**patient, "identifier": [marked("A"), marked("B")]}, made, mark) == [
        ("fhir.slicing", "Patient.identifier[1]")
    ]


@pytest.mark.parametrize(("expression", "found"), [("gender.memberOf('urn:x')", 0), ("gender.exists()", 1)])
def test_a_context_invariant_that_cannot_be_judged_holds(expression: str, found: int) -> None:
    children = {"url": node(fixed=fixed("uri", CANONICAL + "mark")), "value[x]": node(types=types("code"))}
    mark = profile("mark", "Extension", children, context_invariants=(expression,))
    given = {"resourceType": "Patient", "active": True, "extension": [{"url": mark.url, "valueCode": "a"}]}
    rules = [p.rule for p in validate_resource(given, definitions=Literal(mark))]
    assert rules == ["fhir.extension-context"] * found


@pytest.mark.parametrize(("beside", "found"), [((TypeRule(code="Quantity"),), 0), ((), 1)])
def test_a_type_without_profile_beside_one_with_takes_any_value(beside: Any, found: int) -> None:
    metric = profile("metric", "Quantity", {"unit": node(min=1)})
    rules = (TypeRule(code="Quantity", profiles=(metric.url,)), *beside)
    made = profile("measured", "Observation", {"value[x]": node(types=rules)})
    expected = [("fhir.cardinality", "Observation.value.ofType(Quantity).unit")] * found
    assert judged({**OBSERVATION, "valueQuantity": {"value": 1}}, made, metric) == expected


@pytest.mark.parametrize(("kind", "expected"), [("history", set()), ("batch", {"bdl-7", "fhir.duplicate"})])
def test_a_history_alone_may_hold_the_same_again(kind: str, expected: set[str]) -> None:
    entry: Json = {
        "fullUrl": HERE + "Patient/p",
        "resource": {"resourceType": "Patient", "id": "p", "active": True},
        "request": {"method": "PUT", "url": "Patient/p"},
    }
    if kind == "history":
        entry["response"] = {"status": "200", "lastModified": "2026-01-05T10:00:00Z"}
    found = validate_resource({"resourceType": "Bundle", "type": kind, "entry": [entry, entry]})
    assert {p.rule for p in found if p.stops} == expected
