"""Whatever the JSON: it is written whole and reads as the same, or a Problem says what is not. Nothing raises."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.fhir_xml import read, write
from adapter.fhir_xml.forms import form, is_primitive
from adapter.validation.facts import Element
from mappings.fhir.wire import ExactDecimal, dumps
from tests.adapter.fhir_xml.test_round_trips import sorted_keys

NAMES = st.sampled_from(
    (
        *("id", "extension", "url", "valueString", "valueDecimal", "valueQuantity", "resourceType", "text", "status"),
        *("div", "contained", "name", "given", "_given", "family", "_family", "active", "_active", "birthDate", "foo"),
        *("contact", "value", "unit", "code", "reference", "identifier", "system", "period", "multipleBirthInteger"),
    )
)
DIVS = st.sampled_from(
    [
        '<div xmlns="http://www.w3.org/1999/xhtml">a</div>',
        "<div xmlns='http://www.w3.org/1999/xhtml'><div/>&#233;\r\n</div>",
        '<div xmlns="http://www.w3.org/1999/xhtml"><a title="</div>"/></div>',
        "<div>a</div>",
    ]
)
NUMBERS = st.sampled_from(["72.50", "-0", "1E+9", "0.0", "1.", "7e-3"]).map(
    lambda text: ExactDecimal(text) if text != "1." else text
)
TOKENS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), NUMBERS, DIVS, st.text(max_size=6))
TYPES = st.sampled_from(["Patient", "Observation", "Group", "Foo"])


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    plain = st.dictionaries(NAMES, values, max_size=5)
    return st.one_of(plain, st.builds(lambda kind, said: {"resourceType": kind, **said}, TYPES, plain))


VALUES = st.recursive(TOKENS, lambda inner: st.one_of(st.lists(inner, max_size=3), objects(inner)), max_leaves=12)
RESOURCES = st.builds(lambda said: {**said, "resourceType": "Patient"}, objects(VALUES))


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=6)
WRITTEN = st.sampled_from(["a\tb", "c\nd", "e\r\nf", '"', "'", "<&>", "]]>"])
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "decimal": st.sampled_from(["72.50", "-0", "1E+9", "0.0", "7e-3", "123456789012345678901"]).map(ExactDecimal),
    "integer": st.integers(-5, 5),
    "positiveInt": st.integers(1, 5),
    "unsignedInt": st.integers(0, 5),
    "xhtml": st.sampled_from(
        [
            '<div xmlns="http://www.w3.org/1999/xhtml"><div>a</div><br /></div>',
            "<div xmlns='http://www.w3.org/1999/xhtml'><!-- <div> --><div/>&#233;\r\n</div>",
            '<div xmlns="http://www.w3.org/1999/xhtml"><a title="/>"/>é</div>',
        ]
    ),
}


@st.composite
def of_kind(draw: st.DrawFn, kind: str, depth: int = 0) -> dict[str, Any]:
    """An object of a type as JSON has it, though not one that is valid."""
    known = form(kind)
    said: dict[str, Any] = {name: draw(TEXTS) for name in sorted(known.attributes) if draw(st.booleans())}
    names = sorted(known.elements) if depth < 4 else [n for n, e in known.elements.items() if is_primitive(e)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=4 - depth // 2, unique=True)) if names else []
    for name in chosen:
        element = known.elements[name]
        count = draw(st.integers(1, 3)) if element.max != 1 else 1
        values = [draw(a_value(element, depth)) for _ in range(count)]
        extras: list[Any] = [None] * count
        if is_primitive(element) and draw(st.booleans()):
            extras = [draw(st.none() | of_kind("Element", depth + 1)) or None for _ in range(count)]
            values = [draw(st.sampled_from([value, None])) if extras[n] else value for n, value in enumerate(values)]
        said |= {name: values if element.max != 1 else values[0]} if any(v is not None for v in values) else {}
        said |= {f"_{name}": extras if element.max != 1 else extras[0]} if any(e is not None for e in extras) else {}
    return said


def a_value(element: Element, depth: int) -> st.SearchStrategy[Any]:
    if is_primitive(element) or element.kind == "xhtml":
        return BY_KIND.get(element.kind, TEXTS | WRITTEN)
    return a_resource(depth + 1) if element.kind == "Resource" else of_kind(element.kind, depth + 1)


@st.composite
def a_resource(draw: st.DrawFn, depth: int = 0) -> dict[str, Any]:
    kind = draw(st.sampled_from(["Patient", "Observation", "Bundle", "Questionnaire", "Parameters", "Consent"]))
    return {"resourceType": kind, **draw(of_kind(kind, depth))}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(a_resource())
def test_what_has_the_form_of_fhir_comes_back_as_it_was(resource: dict[str, Any]) -> None:
    data, problems = write(resource)
    assert problems == ()
    again = read(data)
    assert (again.problems, again.lost) == ((), ())
    assert dumps(sorted_keys(again.resource)) == dumps(sorted_keys(resource))


@settings(max_examples=200, deadline=None)
@given(RESOURCES)
def test_written_whole_or_told(resource: dict[str, Any]) -> None:
    data, problems = write(resource)
    again = read(data)
    assert [p.rule for p in again.problems] == []
    assert again.resource is not None
    assert problems or dumps(sorted_keys(again.resource)) == dumps(sorted_keys(resource))


@settings(max_examples=200, deadline=None)
@given(RESOURCES | a_resource(), st.integers(0, 10_000), st.binary(max_size=3))
def test_reading_never_fails_and_what_it_reads_can_be_written(
    resource: dict[str, Any], place: int, change: bytes
) -> None:
    data, _ = write(resource)
    offset = place % len(data)
    found = read(data[:offset] + change + data[offset + len(change) :])
    said = found.resource or {"resourceType": "Patient"}
    _, problems = write(said)
    assert [p.where for p in problems if ".contained[" not in p.where and ".div" not in p.where] == []
