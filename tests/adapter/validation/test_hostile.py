"""Packages and inputs that would take more time or depth than there is, or that say what nothing can follow."""

import pathlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from adapter.validation import fhirpath, packages, validate_resource
from mappings.fhir.wire import Json
from mappings.problems import Problem, ProblemError
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


LONG = "a" * 40 + "!"


@pytest.mark.parametrize(
    "expression",
    [
        "name.family.matches('^(a+)+$')",
        "name.family.matches('^(a*b?)*$')",
        "name.family.matches('^((a+)|b)+$')",
        "name.family.matches('(.*)*x')",
        "descendants().all(%context.descendants().all(%context.descendants().exists()))",
        "name.repeat(children() | given).count() > 0 and name.given.select($this | 'x').select($this | 'y').count() > 0"
        " and (name.given | name.given).combine(name.given).select(%resource.name.given).count() > 0",
        "name.family" + ".replace('a', 'aaaaaaaaaa')" * 8 + ".length() > 0",
        "name.family" + ".replaceMatches('a', 'aaaaaaaaaa')" * 8 + ".length() > 0",
        "name.given.subsetOf(name.given)",
        "name.given.all($this in %resource.name.given)",
    ],
)
def test_an_invariant_that_takes_too_many_steps_cannot_be_judged(judged: Judged, expression: str) -> None:
    given = {**PATIENT, "name": [{"family": LONG, "given": [str(n) for n in range(1500)]}]}
    assert rules(judged(given, invariant(expression))) == [("warning", "x-1", "Patient")]


@pytest.mark.parametrize(
    "expression",
    [
        "name.family.matches('^a+!$')",
        "name.family.matches('^(a{1,9}!?){1,9}$')",
        "'a.b.c'.matches('^[a-z]+(\\\\.[a-z]+)*$')",
        "name.given.isDistinct() and name.given.distinct().count() = 300",
        "name.given.all($this in %resource.name.given)",
        "%resource.descendants().where($this is string).count() = 301",
    ],
)
def test_what_takes_a_measured_number_of_steps_is_judged(judged: Judged, expression: str) -> None:
    given = {**PATIENT, "name": [{"family": LONG, "given": [str(n) for n in range(300)]}]}
    assert judged(given, invariant(expression)) == []


def test_what_depends_on_the_resource_alone_is_found_once() -> None:
    compiled_once = fhirpath.compiled("contact.all(name.text in %resource.name.given.where($this != 'x'))", "Patient")
    resource: Json = {"resourceType": "Patient", "name": [{"given": ["a", "b", "x"]}],
                      "contact": [{"name": {"text": "a"}}, {"name": {"text": "b"}}]}  # fmt: skip
    memo: Any = {}
    here = fhirpath.Here(resource=resource, root=resource, resolve=lambda _: None, memo=memo)
    assert compiled_once(resource, None, here) is True
    assert [[value[0] for value in found] for found in memo.values()] == [["a", "b", "x"], ["a", "b"]]
    other = {**resource, "name": [{"given": ["a"]}]}
    assert compiled_once(other, None, here._replace(resource=other, memo={})) is False


def test_codes_below_many_codes_are_told_once_below_each(tmp_path: pathlib.Path) -> None:
    grid = [
        {"code": f"{n}{s}", "property": [{"code": "child", "valueCode": f"{n + 1}{t}"} for t in "ab"]}
        for n in range(24)
        for s in "ab"
    ]
    below = {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "20a"}]}
    found = held(tmp_path, codes(*grid), values(below))
    known = found.code_system(SYSTEM)
    assert known is not None
    assert len(known.walked) <= 4 * len(grid)
    inside = found.value_set("http://example.net/set")
    assert inside is not None
    assert [inside.verdict(SYSTEM, code) for code in ("20a", "20b", "23a", "19a")] == [True, False, True, False]


@pytest.mark.parametrize("limit", ["MAX_MEMBER", "MAX_PARSED"])
def test_a_package_of_too_many_bytes_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(packages, limit, 300)
    with pytest.raises(ProblemError, match="is larger than any FHIR package"):
        held(tmp_path, structure("p", "Patient"), structure("q", "Patient"))


def test_an_extension_that_holds_its_own_kind_is_judged_once_on_each_level(judged: Judged) -> None:
    own = {"path": "Extension.extension", "sliceName": "s", "type": [{"code": "Extension", "profile": [U + "e"]}]}
    by = {"discriminator": [{"type": "profile", "path": "$this"}], "rules": "open"}
    made = structure("e", "Extension", {"path": "Extension.extension", "slicing": by}, own, kind="complex-type",
                     context=[{"type": "element", "expression": "Element"}])  # fmt: skip
    nested: Json = {"url": U + "e", "valueString": "x"}
    for _ in range(40):
        nested = {"url": U + "e", "extension": [nested]}
    assert judged({**PATIENT, "extension": [nested]}, structure("p", "Patient"), made) == []


def test_many_contained_resources_are_found_by_their_id() -> None:
    inner = [{"resourceType": "Patient", "id": f"p{n}", "active": True} for n in range(3000)]
    links = [{"reference": f"#p{n}"} for n in range(3000)]
    given = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    began = time.process_time()
    assert validate_resource({**given, "contained": inner, "focus": links}) == []
    assert time.process_time() - began < 3
