"""Packages and inputs that would take more time or depth than there is, or that say what nothing can follow."""

import pathlib
from collections.abc import Callable

import pytest

from adapter.validation import validate_resource
from mappings.fhir.wire import Json
from mappings.problems import Problem
from tests.adapter.validation.packaged import R4, U, held, rules, structure

SYSTEM = "http://example.net/codes"
Judged = Callable[..., list[Problem]]


@pytest.fixture
def judged(tmp_path: pathlib.Path) -> Judged:
    """Judges a resource by the first profile of a package made of artefacts."""

    def judge(resource: Json, *artefacts: Json) -> list[Problem]:
        return validate_resource(resource, profiles=[artefacts[0]["url"]], definitions=held(tmp_path, *artefacts))

    return judge


PATIENT: Json = {"resourceType": "Patient", "active": True}


@pytest.mark.parametrize("said", ["fixedDecimal", "patternDecimal", "minValueDecimal", "maxValueDecimal"])
def test_a_package_with_a_decimal_is_read(judged: Judged, said: str) -> None:
    element = {"path": "Observation.component.valueSampledData.period", said: 1.5}
    made = judged(
        {"resourceType": "Observation", "status": "final", "code": {"text": "x"}},
        structure("p", "Observation", element),
    )
    assert made == []


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ({"name": [{"given": ["a"], "_given": {"id": "x"}}]}, "Patient.name[0].given"),
        ({"name": [{"given": ["a"], "_given": None}]}, "Patient.name[0].given"),
        ({"name": [{"_given": None, "given": ["a"]}]}, "Patient.name[0].given"),
        ({"name": [{"given": ["a"], "_given": "x"}]}, "Patient.name[0].given"),
        ({"birthDate": "2020", "_birthDate": None}, "Patient.birthDate"),
        ({"birthDate": "2020", "_birthDate": []}, "Patient.birthDate"),
        ({"birthDate": "2020", "_birthDate": "x"}, "Patient.birthDate"),
        ({"active": True, "_birthDate": None}, "Patient.birthDate"),
        ({"active": True, "name": [{"text": "x", "_given": None}]}, "Patient.name[0].given"),
    ],
)
def test_what_stands_beside_a_primitive_must_have_its_shape(resource: Json, where: str) -> None:
    assert rules(validate_resource({"resourceType": "Patient", **resource})) == [("error", "fhir.json", where)]


@pytest.mark.parametrize(
    "resource",
    [
        {"name": [{"given": ["a", None], "_given": [None, {"extension": [{"url": R4 + "data-absent-reason",
                                                                        "valueCode": "unknown"}]}]}]},
        {"birthDate": "2020", "_birthDate": {"id": "x"}},
    ],
)  # fmt: skip
def test_what_stands_well_beside_a_primitive_is_good(resource: Json) -> None:
    assert validate_resource({"resourceType": "Patient", **resource}) == []


def test_a_target_profile_with_braces_is_a_name_like_any_other(judged: Judged) -> None:
    element = {"path": "Patient.generalPractitioner", "type": [{"code": "Reference", "targetProfile": [U + "{0[x]}"]}]}
    other = structure("{0[x]}", "Practitioner")
    found = judged({**PATIENT, "generalPractitioner": [{"reference": "Organization/1"}]},
                   structure("p", "Patient", element), other)  # fmt: skip
    assert rules(found) == [("error", "fhir.target", "Patient.generalPractitioner[0]")]


def test_a_chain_of_a_thousand_bases_is_merged(judged: Judged) -> None:
    chain = [structure(f"p{n}", "Patient", base=U + f"p{n + 1}") for n in range(1200)]
    last = structure("p1200", "Patient", {"path": "Patient.birthDate", "min": 1})
    assert rules(judged(PATIENT, *chain, last)) == [("error", "fhir.cardinality", "Patient.birthDate")]


def test_a_chain_of_bases_that_closes_on_itself_is_no_profile(judged: Judged) -> None:
    found = judged(PATIENT, *(structure(f"p{n}", "Patient", base=U + f"p{(n + 1) % 3}") for n in range(3)))
    assert [p.rule for p in found] == ["fhir.profile-unknown"]


def values(*include: Json) -> Json:
    return {"resourceType": "ValueSet", "url": "http://example.net/set", "compose": {"include": list(include)}}


def codes(*concepts: Json) -> Json:
    made = {"resourceType": "CodeSystem", "url": SYSTEM, "content": "complete", "caseSensitive": True}
    return {**made, "concept": list(concepts)}


def test_a_filter_that_is_no_regular_expression_cannot_be_evaluated(tmp_path: pathlib.Path) -> None:
    filtered = values({"system": SYSTEM, "filter": [{"property": "code", "op": "regex", "value": "["}]})
    found = held(tmp_path, codes({"code": "a"}), filtered).value_set("http://example.net/set")
    assert found is not None
    assert found.verdict(SYSTEM, "a") is None


def test_a_value_set_of_a_package_may_have_any_number_of_codes(tmp_path: pathlib.Path) -> None:
    many = values({"system": SYSTEM, "concept": [{"code": str(n)} for n in range(2500)]})
    found = held(tmp_path, many).value_set("http://example.net/set")
    assert found is not None
    assert (found.verdict(SYSTEM, "2499"), found.verdict(SYSTEM, "2500")) == (True, False)


def invariant(expression: str, kind: str = "Patient") -> Json:
    said = {"key": "x-1", "severity": "error", "human": "h", "expression": expression}
    return structure("p", kind, {"path": kind, "constraint": [said]})


def test_a_number_of_thousands_of_digits_cannot_be_judged(judged: Judged) -> None:
    found = judged(PATIENT, invariant("9" * 5000 + " > 1"))
    assert rules(found) == [("warning", "x-1", "Patient")]
    assert max(len(p.message) for p in found) < 400
