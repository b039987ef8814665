"""No JSON makes an expression fail: what has the wrong shape is passed over, and the verdict is a boolean."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.validation.facts import PRIMITIVES, type_facts
from adapter.validation.fhirpath import Here, UnsupportedExpression, compiled, evaluate
from mappings.fhir.wire import ExactDecimal, Json
from tests.adapter.validation.fhirpath.expressions import nothing, published

JUNK: list[Any] = [
    None,
    "",
    "x",
    "2020-13-45",
    "#",
    True,
    0,
    -1,
    ExactDecimal("1E400000"),
    ExactDecimal("0.10"),
    [],
    {},
    [None],
    [[]],
    [{}],
    [1, "x", {}, None],
    {"a": 1},
    {"value": "x", "code": [], "coding": {"system": 1}, "reference": {}},
    [{"resourceType": "Nonsense", "id": 1}, {"resourceType": ["Patient"]}],
    {"extension": {"url": 1}, "linkId": [{}], "path": 5},
]
# What a checker written without care meets: each member that expressions ask for, and junk in its place.
_NAMES = ("value", "code", "system", "start", "end", "low", "high", "reference", "contained", "extension", "id", "type")


def _here(value: Any) -> Here:
    return Here(value, value, nothing)


@pytest.mark.parametrize("junk", JUNK, ids=str)
def test_junk_in_place_of_the_value(junk: Any) -> None:
    verdicts = {
        compiled(expression, kind, key)(junk, extra, _here(junk))
        for kind, pairs in published().items()
        for key, expression in pairs
        for extra in (None, junk)
    }
    assert verdicts == {True, False}


@pytest.mark.parametrize("junk", JUNK, ids=str)
def test_junk_in_place_of_members(junk: Any) -> None:
    verdicts = set()
    for kind, pairs in published().items():
        names = [] if kind in PRIMITIVES or kind == "Resource" else list(type_facts(kind).elements)
        value = {"resourceType": kind, **dict.fromkeys(names, junk), **{f"_{name}": junk for name in names[:9]}}
        for key, expression in pairs:
            verdicts.add(compiled(expression, kind, key)(value, None, _here(value)))
    assert verdicts == {True, False}


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.sampled_from(JUNK)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*_NAMES, *(f"_{name}" for name in _NAMES), "resourceType"]), inner, max_size=6
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=_json, kind=st.sampled_from(["Observation", "Bundle", "Questionnaire", "Period", "Extension", "string"]))
def test_any_json(value: Any, kind: str) -> None:
    for key, expression in published().get(kind, ()):
        assert compiled(expression, kind, key)(value, value, _here(value)) in (True, False)


def test_a_property_without_name_is_no_element() -> None:
    value = {"resourceType": "Patient", "": {"a": 1}, "_": {"a": 1}}
    assert evaluate("nothing.exists() or children().exists()", "Patient", value, None, _here(value)) == [False]


def test_deep_nesting_has_an_answer() -> None:
    item: Json = {"linkId": "1"}
    for _ in range(3000):
        item = {"linkId": "1", "item": [item]}
    value = {"resourceType": "Questionnaire", "item": [item]}
    assert evaluate("descendants().linkId.isDistinct()", "Questionnaire", value, None, _here(value)) == [False]
    assert evaluate("repeat(item).count()", "Questionnaire", value, None, _here(value)) in ([3001], [])


def test_many_alike_are_told_apart_quickly() -> None:
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": {"resourceType": "Patient"}} for number in range(20000)]
    value = {"resourceType": "Bundle", "entry": entries}
    unique = "entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()"
    assert evaluate(unique, "Bundle", value, None, _here(value)) == [True]


def test_a_chain_is_run_or_refused_but_never_breaks() -> None:
    value = {"resourceType": "Patient", "active": True}
    assert compiled(" and ".join(["active"] * 150), "Patient")(value, None, _here(value)) is True
    for endless in (" and ".join(["active"] * 2000), ".".join(["name"] * 2000), "active" + ".not()" * 2000):
        with pytest.raises(UnsupportedExpression):
            compiled(endless, "Patient")
