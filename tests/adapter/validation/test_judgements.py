"""What HL7's engine says of profiles, point by point, where it is easily got wrong."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from adapter.validation import validate_resource
from mappings.fhir.wire import Json, loads
from tests.adapter.validation.packaged import R4, U, held, rules, structure

Judged = Callable[..., list[tuple[str, str | None, str]]]
PATIENT: Json = {"resourceType": "Patient", "active": True}
OBSERVATION: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
ABSENT = {"extension": [{"url": R4 + "data-absent-reason", "valueCode": "unknown"}]}


@pytest.fixture
def judged(tmp_path: pathlib.Path) -> Judged:
    """Judges a resource by the first profile of a package made of artefacts."""

    def judge(resource: Json, *artefacts: Json) -> list[tuple[str, str | None, str]]:
        found = validate_resource(
            loads(json.dumps(resource).encode()),
            profiles=[artefacts[0]["url"]],
            definitions=held(tmp_path, *artefacts),
        )
        return rules(found)

    return judge


def extension(name: str, *elements: Json) -> Json:
    url = {"path": "Extension.url", "fixedUri": U + name}
    context = [{"type": "element", "expression": "Element"}]
    return structure(name, "Extension", url, *elements, kind="complex-type", context=context)


BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "closed"}
HELD: list[Json] = [
    {"path": "Patient.extension", "slicing": BY_URL},
    {"path": "Patient.extension", "sliceName": "one",
     "type": [{"code": "Extension", "profile": [U + "one"]}]},
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [
    ("one", []),
    ("two", [("error", "fhir.slicing", "Patient.extension[0]")]),
])  # fmt: skip
def test_closed_extensions_of_a_resource_profile_take_no_other(judged: Judged, name: str, expected: Any) -> None:
    given = {**PATIENT, "extension": [{"url": U + name, "valueString": "x"}]}
    assert judged(given, structure("p", "Patient", *HELD), extension("one"), extension("two")) == expected


def test_a_part_that_an_extension_has_not_is_said_once(judged: Judged) -> None:
    part = {"path": "Extension.extension", "sliceName": "part"}
    url = {"path": "Extension.extension.url", "fixedUri": "part"}
    one = extension("one", {"path": "Extension.extension", "slicing": BY_URL}, part, url)
    given = {**PATIENT, "extension": [{"url": U + "one", "extension": [{"url": "other", "valueString": "x"}]}]}
    found = judged(given, structure("p", "Patient"), one)
    assert found == [("error", "fhir.extension-unknown", "Patient.extension[0].extension[0]")]


def invariant(expression: str, kind: str = "Patient") -> Json:
    said = {"key": "x-1", "severity": "error", "human": "h", "expression": expression}
    return structure("p", kind, {"path": kind, "constraint": [said]})


@pytest.mark.parametrize("expression", [
    "birthDate + 10 years = @2022-02-28",
    "birthDate + 1 month = @2012-03-28",
    "birthDate - 1 day = @2012-02-27",
    "birthDate + 2 days = @2012-03-01",
    "birthDate + 1 week = @2012-03-06",
    "birthDate + 47 hours = @2012-02-29",
    "birthDate + 10 years > @2020-01-01",
    "@2012-01-31 + 1 month = @2012-02-29",
    "@2012-02-29 + 1 year = @2013-02-28",
    "@2014 + 24 months = @2016",
    "@2014 + 23 months = @2015",
    "@2014 - 1 day = @2014",
    "@2014-01 - 31 days = @2013-12",
    "@2012-03-04T23:30:00Z + 45 minutes = @2012-03-05T00:15:00Z",
    "@2012-03-04T00:00:10Z - 11 seconds = @2012-03-03T23:59:59Z",
    "@2012-03-04T10 + 90 minutes = @2012-03-04T11",
    "@2012-03-04T10:00:00.5Z + 500 milliseconds = @2012-03-04T10:00:01.0Z",
    "@2012-03-04T10:00:00+02:00 + 1 day = @2012-03-05T10:00:00+02:00",
    "(@9999-12-31 + 1 day).empty()",
    "(@0001-01-01 - 1 month).empty()",
    "1 week = 7 days",
    "1 year = 12 months",
    "1 hour > 59 minutes",
    "(1 month = 30 days).empty()",
    "@T23:30:00 + 1 hour = @T00:30:00",
])  # fmt: skip
def test_dates_are_moved_by_the_calendar(judged: Judged, expression: str) -> None:
    assert judged({**PATIENT, "birthDate": "2012-02-28"}, invariant(expression)) == []


@pytest.mark.parametrize("expression", [
    "birthDate + 10 years > @2022-02-28",
    "birthDate + 1 'kg' = birthDate",
    "1 week = 8 days",
    "birthDate + birthDate = birthDate",
])  # fmt: skip
def test_what_is_not_so_of_dates_is_an_error(judged: Judged, expression: str) -> None:
    given = {**PATIENT, "birthDate": "2012-02-28"}
    assert judged(given, invariant(expression)) == [("error", "x-1", "Patient")]


QUANTITY = {"path": "Observation.value[x]", "type": [{"code": "Quantity"}]}
VALUE = "Observation.value.ofType(Quantity)"


@pytest.mark.parametrize(("said", "rule"), [("fixedQuantity", "fhir.fixed"), ("patternQuantity", "fhir.pattern")])
@pytest.mark.parametrize(("written", "fits"), [("1.0", True), ("1", False), ("1.00", False), ("10e-1", False)])
def test_a_decimal_asked_for_is_written_as_it_is_asked(
    tmp_path: pathlib.Path, said: str, rule: str, written: str, fits: bool
) -> None:
    made = structure("p", "Observation", {**QUANTITY, said: {"value": 1.0}})
    given = loads(json.dumps({**OBSERVATION, "valueQuantity": {"value": 77}}).replace("77", written).encode())
    found = rules(validate_resource(given, profiles=[U + "p"], definitions=held(tmp_path, made)))
    assert found == [("error", rule, f"{VALUE}.value")] * (not fits)


BORN = {"path": "Patient.birthDate", "fixedDate": "2020-01-01"}


@pytest.mark.parametrize(("given", "expected"), [
    ({"birthDate": "2020-01-01"}, []),
    ({"birthDate": "2020-01-01", "_birthDate": {"id": "x"}}, []),
    ({"birthDate": "2020-01-01", "_birthDate": ABSENT}, [("error", "fhir.fixed", "Patient.birthDate")]),
    ({"_birthDate": ABSENT}, []),
    ({"birthDate": "2021-01-01"}, [("error", "fhir.fixed", "Patient.birthDate")]),
])  # fmt: skip
def test_a_fixed_primitive_has_no_extension_unless_it_says_why_it_is_absent(
    judged: Judged, given: Json, expected: Any
) -> None:
    assert judged({**PATIENT, **given}, structure("p", "Patient", BORN)) == expected


@pytest.mark.parametrize(("given", "expected"), [
    ({"birthDate": "2020-01-01", "_birthDate": ABSENT}, []),
    ({"_birthDate": ABSENT}, []),
    ({"birthDate": "2021-01-01"}, [("error", "fhir.pattern", "Patient.birthDate")]),
])  # fmt: skip
def test_a_primitive_with_a_pattern_may_have_an_extension(judged: Judged, given: Json, expected: Any) -> None:
    pattern = {"path": "Patient.birthDate", "patternDate": "2020-01-01"}
    assert judged({**PATIENT, **given}, structure("p", "Patient", pattern)) == expected


CODED = {"path": "Observation.code", "fixedCodeableConcept": {"coding": [{"system": "http://x.example", "code": "k"}]}}
CODING = {"system": "http://x.example", "code": "k"}


@pytest.mark.parametrize(("code", "where"), [
    ({"coding": [CODING]}, None),
    ({"id": "a", "coding": [{"id": "b", **CODING}]}, None),
    ({"coding": [{**CODING, "code": "j"}]}, "Observation.code.coding[0].code"),
    ({"coding": [CODING, CODING]}, "Observation.code"),
    ({"coding": [CODING], "text": "x"}, "Observation.code"),
])  # fmt: skip
def test_a_fixed_concept_may_have_ids_and_differs_at_a_place(judged: Judged, code: Json, where: str | None) -> None:
    found = judged({**OBSERVATION, "code": code}, structure("p", "Observation", CODED))
    assert found == [("error", "fhir.fixed", where)] * (where is not None)


def test_a_pattern_for_an_item_of_a_list_is_told_of_what_holds_the_list(judged: Judged) -> None:
    made = structure("p", "Observation", {"path": "Observation.code", "patternCodeableConcept": {"coding": [CODING]}})
    given = {**OBSERVATION, "code": {"coding": [{**CODING, "code": "j"}]}}
    assert judged(given, made) == [("error", "fhir.pattern", "Observation.code")]


def test_a_pattern_asks_for_as_many_items_as_it_has(judged: Judged) -> None:
    twice = structure("p", "Patient", {"path": "Patient.name", "patternHumanName": {"given": ["A", "A"]}})
    assert judged({**PATIENT, "name": [{"given": ["A"]}]}, twice) == [("error", "fhir.pattern", "Patient.name[0]")]
    assert judged({**PATIENT, "name": [{"given": ["A", "A"]}]}, twice) == []


def test_a_profile_imposes_another(judged: Judged) -> None:
    said = [{"url": R4 + "structuredefinition-imposeProfile", "valueCanonical": U + "q"}]
    back = [{"url": R4 + "structuredefinition-imposeProfile", "valueCanonical": U + "p"}]
    other = structure("q", "Patient", {"path": "Patient.birthDate", "min": 1}, extension=back)
    first = structure("p", "Patient", {"path": "Patient.gender", "min": 1}, extension=said)
    assert judged(PATIENT, first, other) == [
        ("error", "fhir.cardinality", "Patient.gender"),
        ("error", "fhir.cardinality", "Patient.birthDate"),
    ]


SET = {"resourceType": "ValueSet", "url": "http://x.example/set", "version": "2",
       "compose": {"include": [{"system": "http://x.example", "concept": [{"code": "a"}]}]}}  # fmt: skip


@pytest.mark.parametrize(("version", "expected"), [
    ("", [("error", "fhir.binding", "Observation.code")]),
    ("|2", [("error", "fhir.binding", "Observation.code")]),
    ("|1", [("warning", "fhir.binding-unknown", "Observation.code")]),
])  # fmt: skip
def test_a_value_set_of_another_version_is_not_the_one_asked_for(judged: Judged, version: str, expected: Any) -> None:
    binding = {"strength": "required", "valueSet": f"http://x.example/set{version}"}
    made = structure("p", "Observation", {"path": "Observation.code", "binding": binding})
    given = {**OBSERVATION, "code": {"coding": [{"system": "http://x.example", "code": "b"}]}}
    assert judged(given, made, SET) == expected


@pytest.mark.parametrize(("given", "where"), [
    ({"valueQuantity": {"value": 1, "unit": "x"}}, None),
    ({"valueQuantity": {"value": 1}}, f"{VALUE}.unit"),
    ({"valueCodeableConcept": {"coding": [CODING]}}, "Observation.value.ofType(CodeableConcept).text"),
    ({"valueString": "x"}, None),
])  # fmt: skip
def test_two_short_forms_of_a_choice_leave_its_other_types(judged: Judged, given: Json, where: str | None) -> None:
    short = ("Observation.valueQuantity.unit", "Observation.valueCodeableConcept.text")
    made = structure("p", "Observation", *({"path": path, "min": 1} for path in short))
    assert judged({**OBSERVATION, **given}, made) == [("error", "fhir.cardinality", where)] * (where is not None)
