"""The invariants written by hand give what their expressions give, on whole and on mutilated resources."""

import itertools
from collections.abc import Iterator

import pytest

from adapter.validation.fhirpath.closures import Frame
from adapter.validation.fhirpath.compiler import compile_text
from adapter.validation.fhirpath.corrections import corrected
from adapter.validation.fhirpath.native import NATIVE
from mappings.fhir import wire
from mappings.fhir.wire import Json
from tests.adapter.validation.fhirpath.expressions import Met, met, published
from tests.golden import CASES

# opd-3 is corrected to ask for a resource type, which an expression cannot without a terminology.
_NOT_THE_SAME = {"targetProfile.exists() implies (type = 'Reference' or type = 'canonical')"}

HELD = wire.read_object(
    b"""{"resourceType": "Observation", "id": "o", "text": {"status": "empty", "_div": {"id": "x"}}, "contained": [
    {"resourceType": "Patient", "id": "a", "link": [{"other": {"reference": "#b"}, "type": "seealso"}]},
    {"resourceType": "Patient", "id": "b", "meta": {"versionId": "1", "security": [{"code": "R"}]}},
    {"resourceType": "Patient", "id": "c", "managingOrganization": {"reference": "#"}},
    {"resourceType": "Library", "id": "d", "contained": [{"resourceType": "Patient", "id": "e"}], "url": "#a"}],
    "subject": {"reference": "#a", "extension": [{"url": "x", "valueCanonical": "#d"},
    {"url": "y", "extension": [{"url": "z", "valueUri": "#c"}], "valueBoolean": false}]},
    "specimen": {"reference": "#nobody"}, "device": {"display": "D"}, "focus": [{"reference": "#"}],
    "_issued": {"extension": [{"url": "x", "_valueString": {"extension": [{"url": "x", "valueUrl": "#c"}]}}]},
    "category": [{"id": "only"}]}"""
)


def _without(resource: Json) -> Iterator[Json]:
    """The resource, and each that one member less makes of it."""
    yield resource
    for name in resource:
        if name != "resourceType":
            yield {key: value for key, value in resource.items() if key != name}
    contained = resource.get("contained", [])
    for index in range(len(contained)):
        yield {**resource, "contained": contained[:index] + contained[index + 1 :]}


def _elements() -> list[Met]:
    bundles = [wire.read_object(path.read_bytes()) for path in sorted(CASES.glob("*/expected/bundle.json"))]
    resources = [entry["resource"] for bundle in bundles[:3] for entry in bundle["entry"]]
    return list(itertools.chain.from_iterable(met(one) for whole in [HELD, *resources] for one in _without(whole)))


def test_all_are_of_published_invariants() -> None:
    texts = {corrected(expression, key) for pairs in published().values() for key, expression in pairs}
    assert set(NATIVE) <= texts


@pytest.mark.parametrize("text", sorted(set(NATIVE) - _NOT_THE_SAME))
def test_native_is_what_the_expression_says(text: str) -> None:
    code = compile_text(text)
    kinds = {kind for kind, pairs in published().items() if any(corrected(e, k) == text for k, e in pairs)}
    verdicts = set()
    for one in [each for each in _elements() if each.kind in kinds]:
        this = (one.value, one.extra, one.kind)
        expected = code.truth(this, Frame(one.here, this)) is True
        assert NATIVE[text](one.value, one.extra, one.here) is expected, (one.kind, one.value)
        verdicts.add(expected)
    assert verdicts == {True, False}
